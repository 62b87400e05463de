"""What is decided of a part before anybody looks at its content: whether it must stay, and what it is to the agent."""

from __future__ import annotations

import re
from collections.abc import Iterable

from headroom import detect, policy
from headroom.compressors import MARKS
from headroom.types import Item, PartClass

_SHELL_RETRIEVAL = re.compile(r"\bheadroom\s+get\s")
"""A shell call that fetched an original."""


def reason(part: Item, tokens: int, level: policy.Level) -> str | None:
    """Why a part must stay as it is before anybody looks at its content, or None."""
    text, call = part.text, part.call
    if "\0" in text:
        return "binary"
    if len(text) > policy.MAX_CHARS:
        return "too-large"
    if detect.has_surrogate(text):
        return "not-unicode"
    about = part_class(part, tokens)
    if level.action(about or "machine") == "keep":
        return "small" if about == "small" else "level"
    if call is not None and _is_retrieval(call.name, call.args.values()):
        return "retrieved"
    if (call is not None and detect.names_secret_file(call.args)) or detect.holds_secret(text):
        return "secret"
    if any(mark in text for mark in MARKS):
        return "contains-format"
    return None


def part_class(part: Item, tokens: int) -> PartClass | None:
    """The level table's column of a part as far as it does not depend on the kind of content."""
    if tokens < policy.MIN_TOKENS:
        return "small"
    if part.call is not None and part.call.name in policy.INSTRUCTION_TOOLS:
        return "instructions"
    if part.kind == "text":
        return "pasted" if tokens >= policy.PASTED_TOKENS else "instructions"
    if part.is_error and tokens < policy.ERROR_TOKENS:
        return "error"
    return None


def _is_retrieval(tool: str, args: Iterable[object]) -> bool:
    return tool.endswith("headroom_retrieve") or any(isinstance(a, str) and _SHELL_RETRIEVAL.search(a) for a in args)
