"""Whether two texts say the same, judged without the package's own code: byte-equal, or equal as JSON values.

Values are compared strictly: row order, types, the text of numbers, null, missing, "", {} and [] are kept apart, and
so are duplicate keys; only the order of keys in an object and the blanks between tokens are free.
"""

from __future__ import annotations

import json
from typing import Any

_NUMBER = "number"
_OBJECT = "object"
_DOCUMENT = "document"


def _object(pairs: list[tuple[str, Any]]) -> tuple[str, Any]:
    return _OBJECT, sorted(pairs, key=lambda pair: pair[0])


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=lambda text: (_NUMBER, text),
    parse_float=lambda text: (_NUMBER, text),
    parse_constant=lambda text: (_NUMBER, text),
)


def value(text: str) -> Any:
    """The JSON value of a text in a form that `==` compares strictly. Raises ValueError or RecursionError."""
    start = len(text) - len(text.lstrip(" \t\r\n"))
    found, end = _DECODER.raw_decode(text, start)
    if text[end:].strip(" \t\r\n"):
        raise ValueError(f"text after the value: {text[end : end + 20]!r}")
    return found


def pieces(text: str) -> list[Any]:
    """A text as its JSON documents (values) and what stands between them (blanks at the seams dropped), in order.

    A document starts with `{` or `[` at the beginning of a line and ends at the end of a line.
    """
    found: list[Any] = []
    plain: list[str] = []
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end + 1
        if text[at] in "{[":
            try:
                item, stop = _DECODER.raw_decode(text, at)
            except (ValueError, RecursionError):
                stop = -1
            if stop >= 0 and text[stop : stop + 1] in ("", "\n", "\r"):
                _flush(plain, found)
                found.append((_DOCUMENT, item))
                at = stop
                continue
        plain.append(text[at:end])
        at = end
    _flush(plain, found)
    return found


def _flush(plain: list[str], found: list[Any]) -> None:
    between = "".join(plain).strip("\r\n")
    plain.clear()
    if between:
        found.append(between)


def same(a: str, b: str) -> bool:
    """True if the texts are equal, or equal as one JSON value, or piece by piece."""
    if a == b:
        return True
    try:
        return bool(value(a) == value(b))
    except (ValueError, RecursionError):
        found = pieces(a)
        return any(isinstance(piece, tuple) for piece in found) and bool(found == pieces(b))
