"""A table's cells as codec columns and back: what every shape of table has in common once its drawing is gone.

The rule is that a cell is its text: what reads as a number stands as it was written, an empty cell is a missing value,
and lines that are no rows keep their place behind a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from headroom.compressors._columns import read as _columns_read
from headroom.compressors._columns import write as _columns
from headroom.compressors._columns.cells import MISSING, STYLES, Value
from headroom.compressors._columns.json_text import LITERAL, NAME, NAMES, WORDS, key_name, split_name
from headroom.compressors._lines.cost import cost
from headroom.compressors._lines.heads import is_notice
from headroom.errors import FormatError

MARK = "[compact table"
NAMED = ("yaml", "records")
"""Shapes of which a name is a path of keys, as the codec writes it."""

BLOCKS = (*NAMED, "each")
"""Shapes of which a row is several lines."""

END = "[end of table]"
"""The line after a table that other text follows."""

ESCAPE = "\\"
MIN_ROWS = 3
MAX_COLUMNS = 200

HEAD_LINES = {"markdown": 2, "psql": 2, "mysql": 3}
"""Lines above the first row, by the first word of a shape; one line of names for all others."""

SEPARATORS = {" ": (0.0, 0.5), ",": (0.02, 1.0)}
"""Separators, and from and to which share of cells that hold a blank (and need quotes between blanks) each is tried."""

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
_formed = re.compile(r"each row is the (\d{1,3}) lines below").match
_fact_name = re.compile(rf"({NAME})\??=").match
_cell_name = re.compile(rf"({NAME})(.|\Z)", re.DOTALL).match
_literals = re.compile(rf"^(?:{LITERAL})$", re.MULTILINE).findall
_PLACES = re.compile(r"[0-9]+").findall


class Grid(NamedTuple):
    """A table in a shape: how it is drawn (`shape`, one word and its settings), the names of its columns, and its
    lines below the names: cells, or text that is no row."""

    shape: str
    names: list[str]
    rows: list[list[str] | str]
    form: Sequence[str] = ()
    """Lines between the header and the columns: what a row is made of."""


Found = tuple[int, int, Grid]
"""Where a table starts and ends, in lines counted from 0, the end exclusive; and its grid."""


def spans(start: int, grid: Grid) -> Iterator[tuple[int, int, list[str] | str]]:
    """Each row of a table that begins on line `start`, counted from 0, and the lines it stands on, counted from 1."""
    at = start + HEAD_LINES.get(grid.shape.partition(" ")[0], 1 + "".join(grid.names).count("\n"))
    for row in grid.rows:
        height = 1 if isinstance(row, str) else 1 + sum([cell.count("\n") for cell in row])
        yield at + 1, at + height, row
        at += height


def without_notices(lines: Sequence[str]) -> tuple[list[str], list[int]]:
    """The lines that are no notices, and how many notices stand above each of them."""
    kept: list[str] = []
    above: list[int] = []
    for at, line in enumerate(lines):
        if not is_notice(line):
            above.append(at - len(kept))
            kept.append(line)
    return kept, above


def with_notices(lines: Sequence[str], above: Sequence[int], found: Found) -> Found | None:
    """What was found in lines without notices, as it stands in `lines`: notices between rows become rows that are
    kept as they are. None where a notice stands within a row or the heading."""
    start, stop, grid = found
    placed = start + above[start], stop + above[stop - 1]
    if above[start] == above[stop - 1]:
        return *placed, grid
    rows: list[list[str] | str] = []
    passed = above[start]
    for first, last, row in spans(start, grid):
        if grid.shape.startswith(BLOCKS) or above[first - 1] != above[last - 1]:
            return None
        rows += lines[first - 1 + passed : first - 1 + above[first - 1]]
        rows.append(row)
        passed = above[first - 1]
    rows += lines[stop - 1 + passed : stop - 1 + above[stop - 1]]  # above the line that closes a table
    head = next(spans(start, grid))[0] - 2
    return (*placed, grid._replace(rows=rows)) if above[start] == above[head] else None


def write(grid: Grid) -> list[str] | None:
    """The lines of a table, header first; None where it has too few rows or one would read as something else."""
    cells = [row for row in grid.rows if not isinstance(row, str)]
    if len(cells) < MIN_ROWS or len(cells[0]) > MAX_COLUMNS:
        return None
    names = grid.names if grid.shape.startswith(NAMED) else [key_name(name) for name in grid.names]
    if len(set(names)) < len(names):
        return None
    columns = {name: _values(column) for name, column in zip(names, zip(*cells, strict=True), strict=True)}
    table = _table(columns, len(cells))
    if any(row[:1] == ESCAPE or row == END or is_notice(row) for row in (*table.rows, *grid.form)):
        return None
    known = iter(table.rows)
    body = [_verbatim(row) if isinstance(row, str) else next(known) for row in grid.rows]
    legend = [words for sign, words in LEGEND if sign in table.notation]
    at = _places(table.header, names)
    return [f"{MARK}: {'; '.join([grid.shape, *at, *legend])}]", *grid.form, *table.header, *body]


def _table(columns: dict[str, list[Value]], n: int) -> _columns.Table:
    """The columns written with commas or blanks, whichever is cheaper in a sample."""
    step = -(-n // SAMPLED_ROWS)
    sample = {name: column[::step] for name, column in columns.items()}
    cells = [value for column in sample.values() for value in column]
    spaced = sum([1 for value in cells if type(value) is str and " " in value]) / len(cells)
    signs = [sign for sign, (least, most) in SEPARATORS.items() if least <= spaced <= most]
    if len(signs) > 1 and all(set(column) != {MISSING} for column in sample.values()):
        written = [_columns.write(sample, len(range(0, n, step)), STYLES[sign]) for sign in signs]
        costs = [cost("\n".join([*table.header, *table.rows])) for table in written]
        signs = [signs[costs.index(min(costs))]]
    table = _columns.write(columns, n, STYLES[signs[0]])
    return table if len(_listed(table.header[-1])) > 1 else _columns.write(columns, n)


def read(lines: Sequence[str]) -> Grid:
    """The table of its lines. Raises FormatError."""
    header = _HEADER(lines[0])
    formed = _formed(header[1]) if header else None
    form = lines[1 : 1 + int(formed[1])] if formed else ()
    lines = [lines[0], *lines[1 + len(form) :]]
    end = next((at for at, line in enumerate(lines) if line[:1] == ":"), 0)
    if header is None or not end:
        raise FormatError("a table opens with its header lines")
    body = lines[end + 1 :]
    rows = [line for line in body if line[:1] != ESCAPE and not is_notice(line)]
    if not rows:
        raise FormatError("a table has rows")
    columns = _columns_read.read(lines[1 : end + 1], rows, _no_nested)
    names = _ordered(list(columns), lines[1 : end + 1], header[2])
    cells = zip(*[_texts(columns[name]) for name in names], strict=True)
    if not header[1].startswith(NAMED):
        keys = [split_name(name) for name in names]
        if any(len(key) != 1 for key in keys):
            raise FormatError(f"not a name: {names[0][:60]!r}")
        names = [key[0] or "" for key in keys]
    kept = [line if is_notice(line) else line[1:] if line[:1] == ESCAPE else None for line in body]
    return Grid(header[1], names, [list(next(cells)) if line is None else line for line in kept], form)


def _verbatim(row: str) -> str:
    """A line that is no row, behind a backslash unless it is a notice."""
    return row if is_notice(row) else ESCAPE + row


def _no_nested(name: str, text: str) -> Value:
    raise FormatError(f"a cell of {name[:40]!r} is no text: {text[:40]!r}")


def _values(column: Sequence[str]) -> list[Value]:
    """The cells of a column: literals as such, empty ones as missing, unless all are."""
    distinct = set(column)
    known: dict[str, Value] = dict(zip(distinct, distinct, strict=True))
    literals = distinct.intersection(_literals("\n".join(distinct)))  # a line of a cell of several lines is no cell
    known.update({text: (text,) for text in literals})
    known.update({text: WORDS[text] for text in literals & WORDS.keys()})
    if "" in known and len(known) > 1:
        known[""] = MISSING
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
