"""Whether two texts say the same, judged without the package's own code: byte-equal, or equal as JSON values.

Values are compared strictly: row order, types, the text of numbers, null, missing, "", {} and [] are kept apart, and
so are duplicate keys; only the order of keys in an object and the blanks between tokens and between values are free.
"""

from __future__ import annotations

import json
import re
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
    """A text as the JSON values in it and what stands between them: verbatim, unless that is JSON's blanks alone."""
    found: list[Any] = []
    at = plain = 0
    while (at := _next(text, at)) >= 0:
        try:
            item, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        found += [_between(text[plain:at]), (_DOCUMENT, item)]
        at = plain = end
    return [*found, _between(text[plain:])]


def _between(text: str) -> str:
    return text if text.strip(" \t\r\n") else ""


def _next(text: str, start: int) -> int:
    """Where the next array or object may begin, -1 if nowhere."""
    places = [at for bracket in "{[" if (at := text.find(bracket, start)) >= 0]
    return min(places, default=-1)


_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[\[\]{},:]|(?:-?\d[\d.eE+-]*|true|false|null)(?=\s*[,\]}]|\s*\n)')


def tokens(text: str) -> list[Any]:
    """A text as whole JSON values, tokens of JSON, and what is neither, verbatim with the blanks around it."""
    found: list[Any] = []
    at = plain = 0
    while at < len(text):
        item, end = _token(text, at)
        blank = not text[plain:at].strip(" \t\r\n")
        if end == at or (item in (":", ",") and not (blank and found)):  # these part tokens, and words as well
            at += 1
            continue
        found += [item] if blank else [text[plain:at], item]
        at = plain = end
    return [*found, text[plain:]] if text[plain:].strip(" \t\r\n") else found


def _token(text: str, at: int) -> tuple[Any, int]:
    """The value or token that starts here, and its end; `at` if there is none."""
    if text[at] in "[{":
        try:
            item, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return text[at], at + 1
        return (_DOCUMENT, item), end
    match = _TOKEN.match(text, at)
    if match is None:
        return None, at
    try:
        return (_DOCUMENT, _DECODER.decode(match[0])), match.end()
    except (ValueError, RecursionError):
        return match[0], match.end()


def same(a: str, b: str) -> bool:
    """True if the texts are equal, or equal as one JSON value, as JSON values with equal text between them, or as the
    tokens of JSON that is not whole."""
    if a == b:
        return True
    try:
        return bool(value(a) == value(b))
    except (ValueError, RecursionError):
        found = pieces(a)
        return (len(found) > 1 and bool(found == pieces(b))) or bool(_cut(a) and tokens(a) == tokens(b))


def _cut(text: str) -> bool:
    """True if there is an object or array in the text that is not whole."""
    return any("{" in part or "[" in part for part in pieces(text) if isinstance(part, str))
