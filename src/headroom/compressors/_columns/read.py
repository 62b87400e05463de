"""The column codec's decoder: header lines and rows back to columns. The rule is that whatever the writer cannot have
written raises FormatError, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import zip_longest

from headroom.compressors._columns import cells as _cells
from headroom.compressors._columns.cells import DEFAULT, MISSING, STYLES, Style, Value
from headroom.compressors._columns.json_text import NAME, WORDS, Tree, unquote
from headroom.compressors._columns.templates import Part, Template, fill, read_template, resolve, sides
from headroom.errors import FormatError

Nested = Callable[[str, str], Tree]
"""Reads a nested value: (column's name, text that starts with a bracket)."""

_fact = re.compile(rf"({NAME})(\??)=").match
_column_name = re.compile(rf"({NAME})(.|\Z)", re.DOTALL).match


def line_value(text: str, nested: Callable[[str], Tree]) -> Value | Template:
    """What stands after `=` in a header line. Raises FormatError."""
    if text[:1] not in ('"', "[", "{", "") and "<" in text:
        return read_template(text)
    if not text:
        raise FormatError("no value after =")
    return _cells.read(text, nested)


def read(
    header: Sequence[str], rows: Sequence[str], nested: Nested, style: Style | None = None
) -> dict[str, list[Value]]:
    """The columns of a table; the last header line names the cells. Raises FormatError."""
    return _Reader(header, rows, nested, style).columns()


class _Reader:
    def __init__(self, header: Sequence[str], rows: Sequence[str], nested: Nested, style: Style | None) -> None:
        self._nested = nested
        self._n = len(rows)
        self._facts: dict[str, tuple[bool, Value | Template]] = {}
        for line in header[:-1]:
            found = _fact(line)
            if not found or found.group(1) in self._facts:
                raise FormatError(f"not a header line: {line[:60]!r}")
            name = found.group(1)
            self._facts[name] = found.group(2) == "?", line_value(line[found.end() :], self._reader(name))
        names, self._style = _names(header[-1], style)
        self._cells: dict[str, Sequence[str]] = {}
        self._ends: dict[str, dict[int, str]] = {}
        self._split(names, rows)
        self._names = dict.fromkeys([*self._facts, *self._cells, *self._ends])
        self._made: dict[str, list[Value]] = {}
        self._open: set[str] = set()

    def _reader(self, name: str) -> Callable[[str], Tree]:
        return lambda text: self._nested(name, text)

    def _split(self, names: list[str], rows: Sequence[str]) -> None:
        style, width = self._style, len(names)
        split = [_cells.split(row, style, width) for row in rows]
        if any(len(cells) > width for cells in split):
            for i, cells in enumerate(split):
                for text in cells[width:]:
                    name, cell = _cells.entry(text)
                    if i in self._ends.setdefault(name, {}) or name in names:
                        raise FormatError(f"said twice: {name[:40]!r}")
                    self._ends[name][i] = cell
                del cells[width:]
        columns = list(zip_longest(*split, fillvalue=style.none))
        for _ in names[len(columns) :]:
            columns.append((style.none,) * self._n)
        self._cells = dict(zip(names, columns, strict=True))

    def columns(self) -> dict[str, list[Value]]:
        return {name: self._column(name) for name in self._names}

    def _column(self, name: str) -> list[Value]:
        if name in self._made:
            return self._made[name]
        if name in self._open or len(self._open) > 200:
            raise FormatError(f"templates that refer to each other: {name[:40]!r}")
        self._open.add(name)
        usual, fact = self._facts.get(name, (False, MISSING))
        if isinstance(fact, Template):
            made = self._templated(name, usual, self._resolved(name, fact))
        elif name in self._cells:
            if fact is not MISSING and not usual:
                raise FormatError(f"both constant and a cell: {name[:40]!r}")
            made = self._read(name, self._cells[name], [fact] * self._n)
        else:
            made = self._with_ends(name, [fact] * self._n)
        self._open.discard(name)
        self._made[name] = made
        return made

    def _with_ends(self, name: str, made: list[Value]) -> list[Value]:
        nested = self._reader(name)
        for row, cell in self._ends.get(name, {}).items():
            made[row] = _cells.read(cell, nested) if cell else MISSING
        return made

    def _read(self, name: str, cells: Sequence[str], usual: list[Value]) -> list[Value]:
        nested, none = self._reader(name), self._style.none
        different = set(cells) - {none, DEFAULT}
        known: dict[str, Value] = {cell: _cells.read(cell, nested) for cell in different}
        known[none] = MISSING
        if DEFAULT not in cells:
            return [known[cell] for cell in cells]
        if name not in self._facts:
            raise FormatError(f"~ without a default: {name[:40]!r}")
        return [usual[row] if cell == DEFAULT else known[cell] for row, cell in enumerate(cells)]

    def _resolved(self, name: str, template: Template) -> Template:
        """The template with its references as whole names."""
        parts: list[Part] = []
        for part in template.parts:
            if isinstance(part, tuple) and part[0]:
                target = resolve(part[0], name, self._names)
                if target is None:
                    raise FormatError(f"no such column: {part[0][:40]!r}")
                part = (target,)
            parts.append(part)
        return Template(tuple(parts))

    def _templated(self, name: str, usual: bool, template: Template) -> list[Value]:
        others = {other: self._column(other) for other in template.references}
        if not template.holed:
            made = fill(template.parts, others, self._n)
            if name in self._cells:
                return self._read(name, self._cells[name], made)
            return self._with_ends(name, made)
        if usual:
            raise FormatError(f"a default with a hole: {name[:40]!r}")
        nested, around = self._reader(name), sides(template, others, self._n)
        if name in self._cells:
            none = self._style.none
            return [
                MISSING if cell == none else _whole(cell, pair, nested)
                for cell, pair in zip(self._cells[name], around, strict=True)
            ]
        made = [MISSING] * self._n
        for row, cell in self._ends.get(name, {}).items():
            made[row] = _whole(cell, around[row], nested) if cell else MISSING
        return made


def _whole(cell: str, around: tuple[str, str] | None, nested: Callable[[str], Tree]) -> Value:
    """The value of a holed column's cell."""
    if not cell:
        raise FormatError("an empty cell")
    first = cell[0]
    if first == '"':
        return unquote(cell)
    if first == "=":
        return _cells.read(cell, nested)
    if cell in WORDS:
        return WORDS[cell]
    if around is None:
        raise FormatError(f"a piece of a template without its other pieces: {cell[:40]!r}")
    return f"{around[0]}{cell}{around[1]}"


def _names(line: str, style: Style | None) -> tuple[list[str], Style]:
    if not line.startswith(":"):
        raise FormatError(f"not a line of column names: {line[:60]!r}")
    names: list[str] = []
    at = 1
    sep = style.sep if style else ""
    while at <= len(line):
        found = _column_name(line, at)
        if not found or found.group(1) in names:
            raise FormatError(f"not a line of column names: {line[:60]!r}")
        names.append(found.group(1))
        sep = sep or found.group(2)
        if found.group(2) not in ("", sep):
            raise FormatError(f"not a line of column names: {line[:60]!r}")
        if not found.group(2):
            break
        at = found.end()
    if style is None:
        style = STYLES.get(sep or "|")
        if style is None:
            raise FormatError(f"not a separator: {sep!r}")
    return names, style
