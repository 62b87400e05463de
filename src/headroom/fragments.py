"""JSON values that follow each other in a text, whether or not brackets stand around them: the elements of an array
whose start or end is missing, the members of such an object, documents one after the other.

`@12:5` names the values that stand from line 12, column 5 on: an array of them, of which `@12:5[3].name` is a part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from headroom.errors import RangeError

Decode = Callable[[str, int], tuple[Any, int]]
"""Reads the value that starts at a place of a text: the value and its end. Raises ValueError, RecursionError."""

ROOT = r"@[1-9]\d{0,8}(?::[1-9]\d{0,8})?"
"""Pattern of the name of values in a text: line, and column where it is not the first."""

_root = re.compile(r"@(\d{1,9})(?::(\d{1,9}))?", re.ASCII).match
_key = re.compile(r'("(?:[^"\\\n]++|\\.)*+")[ \t\n\r]*+:[ \t\n\r]*+').match
_between = re.compile(r"[ \t\n\r]*+(,?)[ \t\n\r]*+").match
_ends_number = re.compile(r"[,\]}\s]").match
_strict = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode


class Item(NamedTuple):
    """An element, a document, or a member with its key, and where it and its value stand."""

    key: str | None
    value: Any
    start: int
    begins: int
    """Where the value begins; `start` but for members."""
    end: int


def item_at(text: str, start: int, decode: Decode) -> Item:
    """What stands at `start`. Raises as `decode` does, and ValueError for a number that may lack its last digits."""
    key, begins = None, start
    if found := _key(text, start):
        key, begins = json.loads(found[1]), found.end()
    value, end = decode(text, begins)
    if text[end - 1].isdigit() and not _ends_number(text, end):
        raise ValueError("the text ends in a number")
    return Item(key, value, start, begins, end)


def next_at(text: str, end: int) -> tuple[int, bool]:
    """Where something may follow what ends at `end`, and whether a comma stands between them."""
    found = _between(text, end)
    assert found is not None  # the pattern fits an empty text
    return found.end(), bool(found[1])


def items(text: str, start: int, decode: Decode = _strict) -> Iterator[Item]:
    """The values from `start` on, parted by commas, or (objects and arrays) by white space, until one is not whole."""
    comma = True
    while comma or text[start : start + 1] in ("{", "["):
        try:
            found = item_at(text, start, decode)
        except (ValueError, RecursionError):
            return
        yield found
        start, comma = next_at(text, found.end)


def place(text: str, at: int) -> str:
    """The name of the values that start at character `at`."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return f"@{line}:{column}" if column > 1 else f"@{line}"


def find(text: str, path: str) -> tuple[int, str]:
    """Where the values start that a path starting with `@` names, and the rest of the path. Raises RangeError where
    the text has no such place."""
    found = _root(path)
    if found is None:
        raise RangeError(f"{path!r} names no line; write it as the notice does, like @12[0].items")
    line, column = int(found[1]), int(found[2] or 1)
    at = -1
    for _ in range(line - 1):
        at = text.find("\n", at + 1)
        if at < 0:
            raise RangeError(f"{path!r} lies outside the text, which has {text.count(chr(10)) + 1:,} lines")
    start = at + column
    if next(items(text, start), None) is None:
        raise RangeError(f"no JSON begins at {found[0]}; read it as text, by lines")
    return start, path[found.end() :]
