"""The decoder of documents written as lines (see `_objects`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compressors._columns.json_text import NAME, Tree, split_name, unrelaxed
from headroom.compressors._columns.read import line_value
from headroom.compressors._columns.templates import Template
from headroom.compressors._records.shapes import TEXT_BELOW, read_opening
from headroom.compressors._records.strings import printed, read_print
from headroom.compressors._records.tables_read import read_table
from headroom.errors import FormatError

_key = re.compile(rf"({NAME})=").match


class Reader:
    """Reads documents from lines, each from where the last one ended."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0
        self._frames: list[dict[str, Tree]] = []

    def documents(self) -> list[Tree]:
        """All documents of a region. Raises FormatError."""
        if not self._lines:
            raise FormatError("no document")
        first = self._lines[0]
        made: list[Tree]
        opening = read_opening(first)
        if opening and opening.kind.name == "documents":
            made, self._at = read_table(opening, self._lines, 1)
        elif first == "[documents":
            self._at = 1
            made = self._items()
        elif first[:1] in ("[", "{"):
            made = [self._value(self._next())]
        else:
            made = [self._keys(None)]
        if self._at != len(self._lines):
            raise FormatError(f"lines after the end: {self._lines[self._at][:60]!r}")
        return made

    def value(self) -> Tree:
        """A value as it stands after a key. Raises FormatError."""
        made = self._value(self._next())
        if self._at != len(self._lines):
            raise FormatError(f"lines after the end: {self._lines[self._at][:60]!r}")
        return made

    def _next(self) -> str:
        if self._at >= len(self._lines):
            raise FormatError("the text ends inside a document")
        self._at += 1
        return self._lines[self._at - 1]

    def _keys(self, end: str | None) -> dict[str, Tree]:
        made: dict[str, Tree] = {}
        self._frames.append(made)
        while end is not None or self._at < len(self._lines):
            line = self._next()
            if line == end:
                break
            found = _key(line)
            if not found:
                raise FormatError(f"not key=value: {line[:60]!r}")
            path = split_name(found.group(1))
            value = self._value(line[found.end() :])
            for key in reversed(path[1:]):
                value = [value] if key is None else {key: value}
            first = path[0]
            if first is None or first in made:
                raise FormatError(f"said twice: {line[:60]!r}")
            made[first] = value
        self._frames.pop()
        return made

    def _items(self) -> list[Tree]:
        made = []
        while (line := self._next()) != "]":
            made.append(self._value(line))
        return made

    def _value(self, text: str) -> Tree:
        if text == "{":
            return self._keys("}")
        if text == "[":
            return self._items()
        if form := read_print(text):
            outer, self._frames = self._frames, []
            inner = self._value(text[form[1] :])
            self._frames = outer
            return printed(inner, form[0])
        if text == TEXT_BELOW:
            return self._text()
        if opening := read_opening(text):
            if opening.kind.name == "documents":
                raise FormatError("documents inside a document")
            made, self._at = read_table(opening, self._lines, self._at)
            return made
        value = line_value(text, unrelaxed)
        return self._filled(value) if isinstance(value, Template) else value

    def _text(self) -> str:
        lines = []
        while self._at < len(self._lines) and self._lines[self._at].startswith(" "):
            lines.append(self._lines[self._at][1:])
            self._at += 1
        if not lines:
            raise FormatError("no text below")
        return "\n".join(lines)

    def _filled(self, template: Template) -> Tree:
        values = [part if isinstance(part, str) else self._named(part[0]) for part in template.parts]
        if len(values) == 1:
            return values[0]
        if any(type(value) not in (str, tuple) for value in values):
            raise FormatError(f"a template of more than text: {template.text[:60]!r}")
        return "".join(value if type(value) is str else value[0] for value in values)

    def _named(self, name: str) -> Tree:
        path = split_name(name)
        value: Tree = next((frame for frame in reversed(self._frames) if path[0] in frame), None)
        for key in path:
            if type(value) is not dict or key not in value:
                raise FormatError(f"no such key: {name[:60]!r}")
            value = value[key]
        return value
