"""Tables aligned by blanks alone: `kubectl get`, `docker ps`, `ps`, `df`, `pip list`, `dpkg -l`.

Columns are the stretches between positions where every line is blank. The rule is that a row is its cells padded to
the columns' widths, each to one side; a row that is not stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

from headroom.compressors._table.grid import Grid, pad
from headroom.errors import FormatError

MIN_ROWS = 3
SAMPLED_ROWS = 400
"""Rows that decide where columns are."""

ODD_ROWS = 15
"""One row in so many may be drawn otherwise (a cell wider than its column) and still not hide where columns are."""

MAX_WIDTH = 2000
TRIMMED = " trimmed"

_SHAPE = re.compile(rf"aligned((?: [0-9]{{1,4}}[lr][0-9]{{0,3}})+)({TRIMMED})?").fullmatch
_FIELD = re.compile(r"([0-9]+)([lr])([0-9]*)").findall
_WORD = r"[\w%#/()|:+-]*"
_TITLE = rf"(?:[A-Z%#|]|1K){_WORD}(?: [A-Za-z]{_WORD})*"
_HEAD = re.compile(rf" *{_TITLE}(?:  +{_TITLE})+ *|(?:[A-Z%][A-Z%/0-9:]* +){{3,}}[A-Z]+").fullmatch
_RULED = re.compile(r"[-=+ ]*[-=+]{3}[-=+ ]*").fullmatch


class Column(NamedTuple):
    """A stretch of a line: from `start` to `stop` (exclusive), which for the last column is the line's end."""

    start: int
    stop: int


class Field(NamedTuple):
    """What a column takes of a line: its width, the side its cells are aligned to, blanks after it."""

    width: int
    side: str
    gap: int

    @property
    def text(self) -> str:
        return f"{self.width}{self.side}{self.gap or ''}"


def find(lines: Sequence[str], start: int) -> tuple[int, int, Grid] | None:
    """The next table from line `start` on: where it starts and ends, and its grid."""
    at = start
    while at + MIN_ROWS < len(lines):
        if not _HEAD(lines[at]) or len(lines[at]) > MAX_WIDTH:
            at += 1
            continue
        stop = at + 1
        while stop < len(lines) and lines[stop] and "\t" not in lines[stop]:
            stop += 1
        if stop - at > MIN_ROWS:
            grid = _grid(list(lines[at:stop]))
            if grid is not None:
                return at, stop, grid
        at = stop if stop > at + 40 else at + 1
    return None


def _grid(lines: list[str]) -> Grid | None:
    """The grid of a header and the rows below it."""
    seen = [line for line in lines[:SAMPLED_ROWS] if not _RULED(line)]
    end = max(map(len, lines))
    for odd in sorted({0, len(seen) // ODD_ROWS}):
        columns = _columns(seen, odd)
        if len(columns) > 1:
            grid = _fitted(lines, [*columns[:-1], Column(columns[-1].start, end)])
            if grid is not None:
                return grid
    return None


def _columns(lines: list[str], odd: int) -> list[Column]:
    """Stretches with a name in the first line, parted by positions where it and all but `odd` lines are blank."""
    filled = [len(lines) - signs.count(" ") > odd or signs[0] != " " for signs in zip_longest(*lines, fillvalue=" ")]
    drawn = "".join(["1" if there else "0" for there in filled])
    columns: list[Column] = []
    for found in re.finditer("1+", drawn):
        start, stop = found.span()
        body = any(line[start:stop].strip(" ") for line in lines[1:])
        if columns and (not lines[0][start:stop].strip(" ") or not body):
            columns[-1] = Column(columns[-1].start, stop)
        else:
            columns.append(Column(start, stop))
    return columns


def _fitted(lines: list[str], columns: list[Column]) -> Grid | None:
    """The grid if most rows are their cells padded; the shape is the widths and sides of all columns."""
    starts = [0, *[column.start for column in columns[1:]]]
    cuts = list(pairwise([*starts, max(map(len, lines)) + 1]))
    cells = [[line[start:stop].strip(" ") for start, stop in cuts] for line in lines]
    sides = "".join([_side(column, [line[column.start : column.stop] for line in lines]) for column in columns])
    if sides[0] == "l" and columns[0].start:
        return None
    for padded in (False, True):
        fields = _fields(columns, sides, padded=padded)
        for trimmed in ("", TRIMMED):
            made = _drawn(fields, cells, trimmed=bool(trimmed))
            same = sum([1 for line, again in zip(lines, made, strict=True) if line == again])
            if made[0] == lines[0] and same * 10 >= 8 * len(lines) and same > MIN_ROWS:
                rows: list[list[str] | str] = [
                    row if line == again and not _RULED(line) else line
                    for row, line, again in zip(cells, lines, made, strict=True)
                ]
                return Grid(f"aligned {' '.join([field.text for field in fields])}{trimmed}", cells[0], rows[1:])
    return None


def _side(column: Column, cells: list[str]) -> str:
    """`r` where more cells end at the column's end than start at its start."""
    filled = [cell for cell in cells if cell.strip(" ")]
    left = sum([1 for cell in filled if cell[0] != " "])
    right = sum([1 for cell in filled if len(cell) == column.stop - column.start and cell[-1] != " "])
    return "r" if right > left else "l"


def _fields(columns: list[Column], sides: str, *, padded: bool) -> list[Field]:
    """What each column takes of a line. The last one, aligned to the left, takes what it needs unless `padded`."""
    fields = []
    at = 0
    for i, (column, side) in enumerate(zip(columns, sides, strict=True)):
        if i == len(columns) - 1:
            fields.append(Field(column.stop - at if side == "r" or padded else 0, side, 0))
            break
        after = columns[i + 1].start
        if side == "r" and sides[i + 1] == "l":
            fields.append(Field(column.stop - at, side, after - column.stop))
        else:
            after = after if sides[i + 1] == "l" else column.stop
            fields.append(Field(after - at, side, 0))
        at = after
    return fields


def _drawn(fields: Sequence[Field], rows: Sequence[Sequence[str]], *, trimmed: bool) -> list[str]:
    columns = []
    for field, column in zip(fields, zip(*rows, strict=True), strict=True):
        gap = " " * field.gap
        columns.append([cell + gap for cell in pad(column, field.width, field.side)])
    lines = ["".join(row) for row in zip(*columns, strict=True)]
    return [line.rstrip(" ") for line in lines] if trimmed else lines


def restore(grid: Grid) -> list[str]:
    """The original lines. Raises FormatError."""
    shape = _SHAPE(grid.shape)
    fields = [Field(int(w), side, int(gap or 0)) for w, side, gap in _FIELD(shape[1])] if shape else []
    if shape is None or len(fields) != len(grid.names):
        raise FormatError(f"no such shape: {grid.shape[:60]!r}")
    cells = [grid.names, *[row for row in grid.rows if not isinstance(row, str)]]
    made = iter(_drawn(fields, cells, trimmed=bool(shape[2])))
    return [next(made), *[row if isinstance(row, str) else next(made) for row in grid.rows]]
