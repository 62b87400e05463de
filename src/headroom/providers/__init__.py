"""The wire dialects, each as a lens: items are read out of a request body, edits written back at their leaves.

The rule kept here: whatever is not an edited leaf stays the very object that came in, and a body that no dialect fits
is nobody's to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headroom.errors import RangeError
from headroom.providers.anthropic import Anthropic
from headroom.providers.converse import Converse
from headroom.providers.gemini import Gemini
from headroom.providers.openai_chat import OpenAIChat
from headroom.providers.openai_responses import OpenAIResponses
from headroom.providers.text import Text
from headroom.types import Edit, Json, Path, Provider

PROVIDERS: tuple[Provider, ...] = (Anthropic(), OpenAIChat(), OpenAIResponses(), Gemini(), Converse(), Text())
"""In order of precedence: of two that fit a body equally well (plain strings only), the first is taken."""


def detect(body: Json) -> Provider | None:
    """The dialect that fits `body` best, None if none fits at all."""
    scores = [provider.fit(body) for provider in PROVIDERS]
    best = max(scores)
    return PROVIDERS[scores.index(best)] if best > 0 else None


def write(body: Json, edits: Sequence[Edit]) -> Json:
    """`body` with each edit's text at its leaf; the same object if there are no edits.

    Only the lists and dicts on the way to an edited leaf are copied, everything else is shared; `body` itself is
    never changed. Raises RangeError where a leaf does not exist or is not a string.
    """
    root = [body]
    fresh = {id(root)}
    for leaf, text in edits:
        node: Any = root
        for depth, key in enumerate((0, *leaf)):
            child = _child(node, key, leaf, depth)
            if depth == len(leaf):
                if not isinstance(child, str):
                    raise RangeError(f"{leaf!r} is a {type(child).__name__}, not a string; edit string leaves only")
                node[key] = text
            elif id(child) not in fresh:
                child = dict(child) if isinstance(child, dict) else list(child)
                node[key] = child
                fresh.add(id(child))
            node = child
    return root[0]


def _child(node: Any, key: str | int, leaf: Path, depth: int) -> Any:
    """What stands under `key`: a container on the way, anything at the end."""
    if isinstance(node, dict):
        there = key in node
    else:
        there = isinstance(node, list) and isinstance(key, int) and 0 <= key < len(node)
    if there and (depth == len(leaf) or isinstance(node[key], dict | list)):
        return node[key]
    raise RangeError(f"the body has no leaf {leaf!r}: the way ends at {leaf[:depth]!r}; read the body again")


__all__ = ["PROVIDERS", "detect", "write"]
