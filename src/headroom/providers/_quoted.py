r"""A text that a tool gives inside JSON: `{"output": "line\nline", "exit_code": 1}`, as shells behind MCP and many an
agent of one's own do. The text inside is the part, as a compressor knows it; the JSON stays around it.

Looking for it costs next to nothing: a string that is most of a document reaches over its middle.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from headroom.types import Quotes, quoted

LEAST_LINES = 10
LEAST_SHARE = 0.7
"""Of its document, that a string must be; a document with less of it is for those who know JSON."""

_QUOTES: tuple[Quotes, ...] = ("json", "ascii")


class Opened(NamedTuple):
    """A document in three pieces, and how the one in the middle is quoted there."""

    head: str
    text: str
    tail: str
    quotes: Quotes


def opened(document: str) -> Opened | None:
    """The one long text that `document` holds in a string; None if it holds none, or one that is JSON itself."""
    if document[:1] not in ("{", "[") or document.count("\\n") < LEAST_LINES:
        return None
    middle = len(document) // 2
    start, end = _quote_before(document, middle), _quote_after(document, middle)
    if start < 0 or end < 0 or end - start < LEAST_SHARE * len(document):
        return None
    head, inside, tail = document[: start + 1], document[start + 1 : end], document[end:]
    try:
        json.loads(head + tail)
        text = json.loads(f'"{inside}"')
    except (ValueError, RecursionError):
        return None
    if text.count("\n") < LEAST_LINES or _is_json(text):
        return None
    return next((Opened(head, text, tail, quotes) for quotes in _QUOTES if quoted(text, quotes) == inside), None)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _quote_before(document: str, at: int) -> int:
    """The last quotation mark before a place that no backslash escapes; -1 if there is none."""
    while (at := document.rfind('"', 0, at)) > 0 and _is_escaped(document, at):
        pass
    return at


def _quote_after(document: str, at: int) -> int:
    while (at := document.find('"', at)) >= 0 and _is_escaped(document, at):
        at += 1
    return at


def _is_escaped(document: str, at: int) -> bool:
    before = at
    while before > 0 and document[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1
