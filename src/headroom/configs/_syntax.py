"""What the editors of JSON, TOML and YAML have in common: the protocol, its errors, and values inside nested tables.

An editor cuts and pastes text at places it is sure of. Whether the result is right is judged by its reader, which is
asked again after every edit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Protocol

from headroom.types import Json

Path = tuple[str | int, ...]
"""Keys, and places in lists."""

MISSING = object()
"""What `at` answers where there is nothing."""

_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")

UNIT = "  "
"""One step of indentation where the file shows none of its own."""


class Broken(Exception):
    """The text is not of its form."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


class Refused(Exception):
    """The text is of its form, but written in a way that the editor does not change."""


class Syntax(Protocol):
    """Reads and edits texts of one form. Every method raises Broken on a text that is not of the form."""

    @property
    def NULL_IS_TABLE(self) -> bool:
        """True if a key without a value is where a table may be written."""

    def load(self, text: str) -> dict[str, Json]:
        """The value of the whole text; an empty text is an empty table."""

    def put(self, text: str, path: Path, value: Json) -> str:
        """The text with this key set; tables on the way are made. Raises Refused."""

    def add(self, text: str, path: Path, value: Json) -> str:
        """The text with one more element at the end of the list at `path`, which is there. Raises Refused."""

    def drop(self, text: str, path: Path) -> str:
        """The text without the key or element at `path`, which is there. Raises Refused."""

    def source(self, text: str, path: Path) -> str:
        """How the value at `path`, which is there, is written; at no path: the whole value, if it is one text."""

    def paste(self, text: str, path: Path, source: str) -> str:
        """The text with the value at `path`, which is there, written as `source`. Raises Refused."""


def at(value: Json, path: Sequence[str | int]) -> Json:
    """The value at `path`, or MISSING."""
    for step in path:
        inside = step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))
        if not inside:
            return MISSING
        value = value[step]
    return value


def placed(value: Json, path: Sequence[str | int], new: Json) -> Json:
    """The value with `new` at `path`; what it holds elsewhere is shared, and tables on the way are made."""
    if not path:
        return new
    table = dict(value) if isinstance(value, dict) else {}
    table[path[0]] = placed(table.get(path[0]), path[1:], new)
    return table


def without(value: Json, path: Sequence[str | int]) -> Json:
    """The value without what is at `path`, which is there."""
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: without(held, rest) if key == step else held for key, held in value.items() if rest or key != step}
    return [without(held, rest) if i == step else held for i, held in enumerate(value) if rest or i != step]


def bared(value: Json, path: Sequence[str | int]) -> Json:
    """The value without the empty tables and lists that hold nothing at the end of `path`. TOML and YAML have ways to
    write a table that vanish with its last key, so two values are compared bare."""
    for end in range(len(path), 0, -1):
        held = at(value, path[:end])
        if held is MISSING:
            continue
        if held in ({}, [], None):
            value = without(value, path[:end])
        else:
            break
    return value


def same(one: Json, other: Json) -> bool:
    """Equality that tells 1 from true and from 1.0, and takes not-a-number for itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(held, other[key]) for key, held in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or (one != one and other != other))


def place_of(value: Json, elements: Json) -> int | None:
    """Where in a list this value stands first."""
    if not isinstance(elements, list):
        return None
    return next((i for i, held in enumerate(elements) if same(held, value)), None)


def newline(text: str) -> str:
    """How the text ends its lines."""
    return "\r\n" if "\r\n" in text else "\n"


def line_at(text: str, position: int) -> int:
    """The number of the line that a character stands in."""
    return text.count("\n", 0, position) + 1


def cut(text: str, start: int, end: int, new: str = "") -> str:
    """The text with one stretch of it replaced."""
    return text[:start] + new + text[end:]


def flow(value: Json) -> str:
    """The value as JSON on one line, as YAML reads it too: what YAML takes for a line end or forbids is escaped."""
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False))


def indent_at(text: str, position: int) -> str:
    """The blanks that open the line of a character."""
    start = text.rfind("\n", 0, position) + 1
    blanks = re.compile(r"[ \t]*").match(text, start)
    return blanks.group() if blanks else ""


def appended(text: str, block: str, nl: str, gap: int = 1) -> str:
    """The text with a block of lines after everything that is in it; blank lines at its end stay there. `gap` newlines
    come before the block."""
    full = len(text.rstrip(" \t\r\n"))
    end = len(text) - len(text[full:].lstrip(" \t"))
    return cut(text, end, end, nl * gap + block) if full else block + nl + text
