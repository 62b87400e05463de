"""Tables drawn with lines: Markdown, psql, MySQL.

The rule is that a drawing is a property of the whole table: unpadded cells, or columns as wide as their widest cell,
aligned to one side; a line under the names that follows from the widths. A row drawn otherwise stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headroom.compressors._table.grid import Grid, pad
from headroom.errors import FormatError


class Edges(NamedTuple):
    """What stands before a row, between its cells, and after it."""

    left: str
    between: str
    right: str


EDGES = {
    "markdown": Edges("| ", " | ", " |"),
    "psql": Edges(" ", " | ", ""),
    "mysql": Edges("| ", " | ", " |"),
}
RULES = {
    "A": ("| ", " | ", " |", 0),
    "B": ("|", "|", "|", 2),
    "C": ("", "+", "", 2),
    "D": ("+", "+", "+", 2),
}
"""Lines of dashes: left, between, right, and by how much they are longer than the column is wide."""

_RULE = re.compile(r"\|(?: *:?-+:? *\|)+|-+(?:\+-+)+|\+(?:-+\+)+").fullmatch
_SHAPE = re.compile(
    r"(markdown|psql|mysql) (plain|padded)(?: ([lrc]+)/([lrc]+))?(?: ([A-D])([0-9]))?(?: ([lrcn]+))?"
).fullmatch
_COLONS = {"n": ("-", "-"), "l": (":", "-"), "r": ("-", ":"), "c": (":", ":")}
_PIPE = re.compile(r"(?<!\\)\|")


def find(lines: Sequence[str], start: int) -> tuple[int, int, Grid] | None:
    """The next table from line `start` on: where it starts and ends, and its grid."""
    at = start
    while at < len(lines):
        line = lines[at]
        found = _table(lines, at, start) if line[:1] in ("|", "-", "+") and _RULE(line) else None
        if found is not None and found[2] is not None:
            return found[0], found[1], found[2]
        at = found[1] if found is not None else at + 1
    return None


def _table(lines: Sequence[str], at: int, floor: int) -> tuple[int, int, Grid | None] | None:
    """Where the table of a line of dashes starts and ends, and its grid if a shape draws it; None if it is none."""
    edge = {"|": "markdown", "-": "psql", "+": "mysql"}[lines[at][0]]
    if edge == "mysql":
        if at + 2 >= len(lines) or lines[at + 2] != lines[at]:
            return None
        first, body = at, at + 3
        head, rule = lines[at + 1], lines[at]
    else:
        if at - 1 < floor:
            return None
        first, body = at - 1, at + 1
        head, rule = lines[at - 1], lines[at]
    edges = EDGES[edge]
    names = _cells(head, edges)
    if names is None or len(names) < 2 or len(names) != len(re.findall(r"-+", rule)):
        return None
    stop = body
    rows: list[list[str]] = []
    while stop < len(lines):
        cells = _cells(lines[stop], edges)
        if cells is None or len(cells) != len(names):
            break
        rows.append(cells)
        stop += 1
    if len(rows) < 2 or (edge == "mysql" and (stop >= len(lines) or lines[stop] != rule)):
        return None
    grid = _grid(edge, names, rows, head, rule, list(lines[body:stop]))
    return first, stop + (edge == "mysql"), grid


def _cells(line: str, edges: Edges) -> list[str] | None:
    """The cells of a row without their padding; None if the line is no row."""
    if edges.right:
        if line[:1] != "|" or line[-1:] != "|" or len(line) < 2:
            return None
        inner = line[1:-1]
    else:
        inner = line
        if "|" not in line:
            return None
    return [cell.strip(" ") for cell in (_PIPE.split(inner) if "\\" in inner else inner.split("|"))]


def _grid(edge: str, names: list[str], rows: list[list[str]], head: str, rule: str, lines: list[str]) -> Grid | None:
    """The grid of a table if a shape draws its names and its line, and some of its rows."""
    first, after = (1, 3) if edge == "mysql" else (0, 2)
    for shape in _shapes(edge, names, rows, head, rule, lines):
        drawn = _drawn(shape, names, rows)
        if drawn[first] != head:
            continue
        kept: list[list[str] | str] = [
            row if line == again else line for row, line, again in zip(rows, lines, drawn[after:], strict=False)
        ]
        if all(isinstance(row, str) for row in kept):
            return None
        again = _drawn(shape, names, kept)  # the widest cell may stand in a row that is kept as it was
        return Grid(shape, names, kept) if again[after : after + len(lines)] == lines else None
    return None


def _shapes(
    edge: str, names: list[str], rows: list[list[str]], head: str, rule: str, lines: list[str]
) -> Iterator[str]:
    """Shapes that draw the line under the names as it stands."""
    edges = EDGES[edge]
    marks = _marks(rule) if edge == "markdown" else ""
    said = f" {marks}" if set(marks) - {"n"} else ""
    for least in (1, 3) if edge == "markdown" else (1,):
        full = _widths(names, rows, least)
        for name in RULES:
            if _rule(name, [least] * len(names), marks) == rule:
                yield f"{edge} plain {name}{least}{said}"
            if _rule(name, full, marks) == rule:
                aligns = _aligns(rows, lines, full, edges)
                heads = _head(names, head, full, aligns, edges)
                if heads is not None:
                    sides = f" {heads}/{aligns}" if set(heads + aligns) - {"l"} else ""
                    yield f"{edge} padded{sides} {name}{least}{said}"


def _marks(rule: str) -> str:
    """How a Markdown table's line says each column is aligned."""
    cells = [cell.strip(" ") for cell in rule[1:-1].split("|")]
    ends = {ends: letter for letter, ends in _COLONS.items()}
    return "".join([ends[(cell[0] if len(cell) > 1 else "-", cell[-1])] for cell in cells])


def _widths(names: list[str], rows: list[list[str]], least: int) -> list[int]:
    return [
        max(least, len(name), *map(len, column)) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    ]


def _rule(name: str, widths: Sequence[int], marks: str) -> str:
    left, between, right, more = RULES[name]
    cells = []
    for i, width in enumerate(widths):
        first, last = _COLONS[marks[i] if marks else "n"]
        cells.append(first + "-" * (width + more - 2) + last if width + more > 1 else "-")
    return left + between.join(cells) + right


def _aligns(rows: list[list[str]], lines: list[str], widths: list[int], edges: Edges) -> str:
    """The side each column is aligned to, from the rows that are drawn in full."""
    made = ""
    at = len(edges.left)
    for i, width in enumerate(widths):
        best = "l"
        for row, line in zip(rows, lines, strict=True):
            if 0 < len(row[i]) < width:
                shown = line[at : at + width]
                best = next((a for a in "lrc" if pad([row[i]], width, a)[0].rstrip() == shown.rstrip()), "l")
                break
        made += best
        at += width + len(edges.between)
    return made


def _head(names: list[str], head: str, widths: list[int], aligns: str, edges: Edges) -> str | None:
    """The side each name is aligned to; None if it cannot be told."""
    for letters in (aligns, "c" * len(names), "l" * len(names)):
        if _row(names, widths, letters, edges) == head:
            return letters
    return None


def _row(cells: Sequence[str], widths: Sequence[int], aligns: str, edges: Edges) -> str:
    padded = [pad([cell], width, align)[0] for cell, width, align in zip(cells, widths, aligns, strict=True)]
    if not edges.right:  # psql centres its names, with a blank on both sides, and ends other rows with the cell
        padded[-1] = f"{padded[-1]} " if aligns[-1] == "c" else padded[-1].rstrip(" ")
    return edges.left + edges.between.join(padded) + edges.right


def _drawn(shape: str, names: list[str], rows: Sequence[list[str] | str]) -> list[str]:
    """All lines of a table. Raises FormatError."""
    known = _SHAPE(shape)
    if known is None or not names:
        raise FormatError(f"no such shape: {shape[:60]!r}")
    edge, padded, heads, aligns, rule_name, least, marks = known.groups()
    cells = [row for row in rows if not isinstance(row, str)]
    edges = EDGES[edge]
    if any(len(letters) != len(names) for letters in (heads, aligns, marks) if letters) or not rule_name or not cells:
        raise FormatError(f"not a letter for each column: {shape[:60]!r}")
    if padded == "padded":
        widths = _widths(names, cells, int(least))
        heads, aligns = heads or "l" * len(names), aligns or "l" * len(names)
        columns = [
            [name, *pad(column, width, align)]
            for name, column, width, align in zip(names, zip(*cells, strict=True), widths, aligns, strict=True)
        ]
        if not edges.right:
            columns[-1] = [cell.rstrip(" ") for cell in columns[-1]]
        made = [edges.left + edges.between.join(row) + edges.right for row in zip(*columns, strict=True)][1:]
        head = _row(names, widths, heads, edges)
    else:
        widths = [int(least)] * len(names)
        made = [edges.left + edges.between.join(row) + edges.right for row in cells]
        head = edges.left + edges.between.join(names) + edges.right
    rule = _rule(rule_name, widths, marks or "")
    known_rows = iter(made)
    body = [row if isinstance(row, str) else next(known_rows) for row in rows]
    return [rule, head, rule, *body, rule] if edge == "mysql" else [head, rule, *body]


def restore(grid: Grid) -> list[str]:
    """The original lines. Raises FormatError."""
    return _drawn(grid.shape, grid.names, grid.rows)
