"""A table's cells as codec columns and back: what every shape of table has in common once its drawing is gone.

The rule is that a cell is its text: what reads as a number stands as it was written, an empty cell is a missing value,
and lines that are no rows keep their place behind a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from headroom.compressors import _columns, _columns_read
from headroom.compressors._cells import MISSING, STYLES, Value
from headroom.compressors._cost import cost
from headroom.compressors._json_text import NAME, NAMES, key_name, literal, scalar, split_name
from headroom.errors import FormatError

MARK = "[compact table"
END = "[end of table]"
"""The line after a table that other text follows."""

ESCAPE = "\\"
MIN_ROWS = 3
MAX_COLUMNS = 200

SEPARATORS = (",", " ")
SAMPLED_ROWS = 40
"""Rows, evenly spread, that decide on the separator."""

LEGEND = (
    ("constant", "k=v above rows holds in all"),
    ("default", "k?=v unless the row says else"),
    ("tilde", "~ is k's ?= value"),
    ("tail", "rows may end with own k=v"),
    ("hole", "<> is the cell"),
    ("reference", "<k> is k's value"),
    ("dash", "- is empty"),
)
"""What a header says of the notation that stands below it."""

_HEADER = re.compile(rf"{re.escape(MARK)}: ([^;\]]+)(?:; at ([0-9]+(?:,[0-9]+)*))?(?:; [^\n]*)?\]").fullmatch
_fact_name = re.compile(rf"({NAME})\??=").match
_cell_name = re.compile(rf"({NAME})(.|\Z)", re.DOTALL).match
_PLACES = re.compile(r"[0-9]+").findall


class Grid(NamedTuple):
    """A table in a shape: how it is drawn (`shape`, one word and its settings), the names of its columns (empty where
    they stand in a line of their own), and its lines below the names: cells, or text that is no row."""

    shape: str
    names: list[str]
    rows: list[list[str] | str]


def write(grid: Grid) -> list[str] | None:
    """The lines of a table, header first; None where it has too few rows or one would read as something else."""
    cells = [row for row in grid.rows if not isinstance(row, str)]
    if len(cells) < MIN_ROWS or len(cells[0]) > MAX_COLUMNS:
        return None
    names = [key_name(name) for name in grid.names] or [f"c{i + 1}" for i in range(len(cells[0]))]
    if len(set(names)) < len(names):
        return None
    columns = {name: _values(column) for name, column in zip(names, zip(*cells, strict=True), strict=True)}
    table = _table(columns, len(cells))
    if any(row[:1] == ESCAPE or row == END for row in table.rows):
        return None
    known = iter(table.rows)
    body = [ESCAPE + row if isinstance(row, str) else next(known) for row in grid.rows]
    legend = [words for sign, words in LEGEND if sign in table.notation]
    at = _places(table.header, names)
    return [f"{MARK}: {'; '.join([grid.shape, *at, *legend])}]", *table.header, *body]


def _table(columns: dict[str, list[Value]], n: int) -> _columns.Table:
    """The columns written with the separator that is cheaper in a sample."""
    step = -(-n // SAMPLED_ROWS)
    sample = {name: [*column[::step]] for name, column in columns.items()}
    if all(set(column) != {MISSING} for column in sample.values()):
        size = len(range(0, n, step))
        written = [(_columns.write(sample, size, STYLES[sign]), STYLES[sign]) for sign in SEPARATORS]
        costs = [cost("\n".join([*table.header, *table.rows])) for table, _ in written]
        table, style = written[costs.index(min(costs))]
        if n > size:
            table = _columns.write(columns, n, style)
        if len(_listed(table.header[-1])) > 1:  # one name alone shows no separator
            return table
    return _columns.write(columns, n)


def read(lines: Sequence[str]) -> Grid:
    """The table of its lines. Raises FormatError."""
    header = _HEADER(lines[0].removesuffix("\r"))
    end = next((at for at, line in enumerate(lines) if line[:1] == ":"), 0)
    if header is None or not end:
        raise FormatError("a table opens with its header lines")
    body = lines[end + 1 :]
    rows = [line for line in body if line[:1] != ESCAPE]
    if not rows:
        raise FormatError("a table has rows")
    columns = _columns_read.read(lines[1 : end + 1], rows, _no_nested)
    names = _ordered(list(columns), lines[1 : end + 1], header[2])
    cells = zip(*[_texts(columns[name]) for name in names], strict=True)
    keys = [".".join([key or "" for key in split_name(name)]) for name in names]
    return Grid(header[1], keys, [line[1:] if line[:1] == ESCAPE else list(next(cells)) for line in body])


def _no_nested(name: str, text: str) -> Value:
    raise FormatError(f"a cell of {name[:40]!r} is no text: {text[:40]!r}")


def _value(text: str) -> Value:
    return scalar(text) if text[0] in "-0123456789tfn" and literal(text) else text


def _values(column: Sequence[str]) -> list[Value]:
    known: dict[str, Value] = {text: _value(text) if text else MISSING for text in set(column)}
    if len(known) == 1 and "" in known:
        known[""] = ""
    return [known[text] for text in column]


def _texts(values: Sequence[Value]) -> list[str]:
    texts = []
    for value in values:
        if type(value) is str:
            texts.append(value)
        elif value is MISSING:
            texts.append("")
        else:
            texts.append(value[0] if type(value) is tuple else NAMES[value])
    return texts


def _listed(line: str) -> list[str]:
    """The names of a line `:name|name`."""
    names = []
    at = 1
    while at < len(line) and (found := _cell_name(line, at)):
        names.append(found[1])
        at = found.end()
    return names


def _split(header: Sequence[str], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names of columns that stand outside the rows' cells (those of header lines, then others), and of cells."""
    facts = [found[1] for line in header[:-1] if (found := _fact_name(line))]
    listed = _listed(header[-1])
    outside = [name for name in facts if name not in listed]
    rest = sorted(set(names).difference(outside, listed))
    return [*outside, *rest], listed


def _places(header: Sequence[str], names: list[str]) -> list[str]:
    """`at 3,7` where columns outside the rows' cells have their places, in the original."""
    outside, listed = _split(header, names)
    if [*outside, *listed] == names:
        return []
    return [f"at {','.join([str(names.index(name) + 1) for name in outside])}"]


def _ordered(found: list[str], header: Sequence[str], at: str | None) -> list[str]:
    """The names in their original order. Raises FormatError."""
    outside, listed = _split(header, found)
    if at is None:
        return [*outside, *listed]
    places = {int(place) - 1: name for place, name in zip(_PLACES(at), outside, strict=False)}
    if len(places) != len(outside) or not places.keys() <= set(range(len(found))):
        raise FormatError(f"places that no columns have: {at[:40]!r}")
    rest = iter(listed)
    return [places[i] if i in places else next(rest) for i in range(len(found))]


def pad(texts: Sequence[str], width: int, align: str) -> list[str]:
    """Cells padded to a width: `l`, `r` or `c` (centred, the odd blank on the right)."""
    form: Callable[[str], str] = {"l": lambda t: t.ljust(width), "r": lambda t: t.rjust(width)}.get(
        align, lambda t: (" " * ((width - len(t)) // 2) + t).ljust(width)
    )
    return [form(text) for text in texts]
