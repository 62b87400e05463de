"""Where the statements and values of a TOML text stand. The text was read by `tomllib` before: what is not TOML does
not come here, so nothing is checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from headroom.configs._syntax import Path

TRIVIA = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]*")


@dataclass(slots=True)
class Node:
    """A value: `text[start:end]`, with what is in it if it is an array or an inline table."""

    start: int
    end: int
    children: list[Child] = field(default_factory=list)
    opened: str = ""
    """The opening bracket."""


@dataclass(slots=True)
class Child:
    """An element, without keys, or a key of an inline table with its value; keys can be dotted."""

    keys: tuple[str, ...]
    start: int
    node: Node


@dataclass(slots=True)
class Statement:
    """A header or a key with its value."""

    path: Path
    """Of the table or key in the whole text; elements of arrays of tables are counted."""
    start: int
    """Where its first line begins, with its indentation."""
    end: int
    """Where its last line ends, comment included, the newline not."""
    section: int
    """The statement that heads its section; -1 is the root."""
    node: Node | None = None
    """None: a header."""


@lru_cache(maxsize=4)
def statements(text: str) -> list[Statement]:
    """All statements in order."""
    return list(_Scanner(text).statements())


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def statements(self) -> Iterator[Statement]:
        counts: dict[Path, int] = {}
        section: Path = ()
        head = -1
        for number in range(len(self.text)):
            self.position = self.trivia(self.position)
            if self.position >= len(self.text):
                return
            start = self.text.rfind("\n", 0, self.position) + 1
            if self.text[self.position] == "[":
                double = self.text.startswith("[[", self.position)
                self.position += 1 + double
                section = _numbered(self.keys(), counts, more=double)
                self.position += 1 + double
                head = number
                yield Statement(section, start, self.line_end(), number)
            else:
                path = (*section, *self.keys())
                self.position += 1
                node = self.value()
                yield Statement(path, start, self.line_end(), head, node)

    def trivia(self, position: int) -> int:
        found = TRIVIA.match(self.text, position)
        return found.end() if found else position

    def blanks(self) -> None:
        found = _BLANKS.match(self.text, self.position)
        self.position = found.end() if found else self.position

    def line_end(self) -> int:
        end = self.text.find("\n", self.position)
        self.position = len(self.text) if end < 0 else end
        return self.position - (end >= 0 and self.text[end - 1] == "\r")

    def keys(self) -> tuple[str, ...]:
        """A dotted key; the position is at what follows it and its blanks."""
        found: list[str] = []
        while True:
            self.blanks()
            key = _KEY.match(self.text, self.position)
            assert key is not None
            self.position = key.end()
            word = key.group()
            found.append(tomllib.loads(f"key = {word}")["key"] if word[0] in "\"'" else word)
            self.blanks()
            if not self.text.startswith(".", self.position):
                return tuple(found)
            self.position += 1

    def value(self) -> Node:
        self.blanks()
        start = self.position
        opened = self.text[start]
        if opened in "[{":
            return self.inside(start, opened)
        found = _STRING.match(self.text, start) or _SCALAR.match(self.text, start)
        assert found is not None
        self.position = start + len(found.group().rstrip(" \t"))
        return Node(start, self.position)

    def inside(self, start: int, opened: str) -> Node:
        """An array or an inline table; the position is after it."""
        closing = "]" if opened == "[" else "}"
        children: list[Child] = []
        self.position = self.trivia(start + 1)
        while self.text[self.position] != closing:
            begin = self.position
            keys: tuple[str, ...] = ()
            if opened == "{":
                keys = self.keys()
                self.position += 1
            children.append(Child(keys, begin, self.value()))
            self.position = self.trivia(self.position)
            if self.text[self.position] == ",":
                self.position = self.trivia(self.position + 1)
        self.position += 1
        return Node(start, self.position, children, opened)


def _numbered(keys: tuple[str, ...], counts: dict[Path, int], *, more: bool) -> Path:
    """The path that a header names: an array of tables on the way stands for its last element."""
    path: Path = ()
    for i, key in enumerate(keys):
        path = (*path, key)
        if more and i == len(keys) - 1:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path
