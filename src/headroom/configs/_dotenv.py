"""Files of variables (`.env`), edited in place: a key is a line `NAME=value`, and the last one of a name counts.

Read as Node's dotenv does, which the agents use: quotes may span lines, `export` is allowed, `#` opens a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from headroom.configs._syntax import Path, Refused, appended, cut, newline
from headroom.types import Json

NULL_IS_TABLE = False

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<key>[\w.-]+)(?:[ \t]*=[ \t]*|:[ \t]+)
    (?P<value>'(?:\\'|[^'])*' | "(?:\\"|[^"])*" | `(?:\\`|[^`])*` | [^\#\r\n]*?)[ \t]*(?:\#[^\r\n]*)?(?=\r?$)""",
    re.MULTILINE | re.VERBOSE,
)
_PLAIN = re.compile(r"[\w./:@%+,~-]+")
_QUOTES = "'\"`"


class _Line(NamedTuple):
    """A variable: `text[at:end]` is its line, `text[start:stop]` its value as it is written."""

    key: str
    at: int
    end: int
    start: int
    stop: int


def load(text: str) -> dict[str, Json]:
    """The variables. No text is broken: what is no variable is passed over, as the agents do."""
    return {line.key: _value(text[line.start : line.stop]) for line in _lines(text)}


def put(text: str, path: Path, value: Json) -> str:
    """Sets a variable; a new one goes on a line at the end."""
    written = _written(value)
    line = _line(text, path)
    if line is None:
        return appended(text, f"{path[0]}={written}", newline(text))
    return cut(text, line.start, line.stop, written)


def add(text: str, path: Path, value: Json) -> str:
    """There are no lists."""
    raise Refused("a file of variables has no lists")


def drop(text: str, path: Path) -> str:
    """Takes out the line of a variable."""
    line = _line(text, path)
    if line is None:
        raise Refused(f"{path[0]} is not there")
    before = re.compile(r"\r?\n\Z").search(text, 0, line.at)
    if before:
        return cut(text, before.start(), line.end)
    after = re.compile(r"\r?\n").match(text, line.end)
    return cut(text, line.at, after.end() if after else line.end)


def source(text: str, path: Path) -> str:
    """How a value is written; at no path: the whole text."""
    line = _line(text, path) if path else None
    return text[line.start : line.stop] if line else text


def paste(text: str, path: Path, source: str) -> str:
    """Writes a value as `source` is."""
    line = _line(text, path) if path else None
    return cut(text, line.start, line.stop, source) if line else source


def _lines(text: str) -> Iterator[_Line]:
    for found in _LINE.finditer(text):
        yield _Line(found["key"], found.start(), found.end(), found.start("value"), found.end("value"))


def _line(text: str, path: Path) -> _Line | None:
    """The line that counts for a name, None if there is none."""
    if len(path) != 1:
        raise Refused("a file of variables has no tables")
    return next((line for line in reversed(list(_lines(text))) if line.key == path[0]), None)


def _value(written: str) -> str:
    quote = written[:1]
    if len(written) < 2 or quote not in _QUOTES or written[-1] != quote:
        return written
    inner = written[1:-1]
    return inner.replace("\\n", "\n").replace("\\r", "\r") if quote == '"' else inner


def _written(value: Json) -> str:
    """A value as it stands in a line. Raises Refused."""
    if not isinstance(value, str):
        raise Refused("a variable is a string")
    if _PLAIN.fullmatch(value):
        return value
    quote = next((quote for quote in "'`" if quote not in value), "")
    if not quote or "\\" in value:
        raise Refused("this value cannot be written in a file of variables")
    return f"{quote}{value}{quote}"
