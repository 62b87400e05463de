"""Tables of one text that have the same columns: the header stands above the first alone. So the rows on both sides of
a gap, or of two answers of one interface, cost their header once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from headroom.compressors._columns.cells import estimate
from headroom.compressors._columns.json_text import Tree
from headroom.compressors._records.regions import Piece, Region
from headroom.compressors._records.shapes import (
    DOCUMENTS,
    ROWS,
    Kind,
    hidden_rows,
    notices_of,
    read_opening,
    table_kind,
)
from headroom.compressors._records.tables import write_table
from headroom.compressors._records.tables_read import read_header
from headroom.errors import FormatError

AS_ABOVE = "<columns as above>"
"""Stands in the place of a table's header that is the one of the table before."""

Layout = tuple[list[str], set[str]]
"""The lines below the header of a region, and the notation they use."""


def joined(found: Sequence[Piece], alone: Mapping[int, Layout]) -> dict[int, Layout]:
    """The layouts of those regions, by their place, of which the tables become shorter where they share a header;
    `alone` are those that each region has by itself."""
    made: dict[int, Layout] = {}
    for kind, group in _groups(found, alone):
        lists = [rows for _, rows in group]
        lines, notation = write_table(kind, [row for rows in lists for row in rows])
        _, at = read_header(lines, 1)
        header = lines[1:at]
        layouts: dict[int, Layout] = {}
        for (i, rows), body in zip(group, _split(lines[at:], list(map(len, lists))), strict=True):
            told = notices_of(rows)
            opening = kind.opening(len(rows) - len(told), hidden_rows(told))
            layouts[i] = ([opening, *(header if not layouts else [AS_ABOVE]), *body], set() if layouts else notation)
        if sum(_cost(layouts[i]) for i in layouts) < sum(_cost(alone[i]) for i in layouts):
            made |= layouts
    return made


def header_of(lines: Sequence[str]) -> list[str]:
    """The header of the table that the lines of a region are; empty if they are none. Raises FormatError."""
    if not lines or read_opening(lines[0]) is None:
        return []
    return list(lines[1 : read_header(lines, 1)[1]])


def with_header(lines: list[str], above: Sequence[str]) -> list[str]:
    """The lines of a region with the header of the table before, where they refer to it. Raises FormatError."""
    if lines[1:2] != [AS_ABOVE]:
        return lines
    if not above:
        raise FormatError("no table stands above")
    return [lines[0], *above, *lines[2:]]


def _groups(found: Sequence[Piece], alone: Mapping[int, Layout]) -> Iterator[tuple[Kind, list[tuple[int, list[Tree]]]]]:
    """Regions that follow each other and are tables of one kind, at least two, each with its rows."""
    kind: Kind | None = None
    group: list[tuple[int, list[Tree]]] = []
    for i, piece in enumerate(found):
        if not isinstance(piece, Region) or i not in alone or not read_opening(alone[i][0][0]):
            continue  # it is no table
        own = _table(piece)
        if group and kind and (own is None or own[0] is not kind or not _alike(group[0][1], own[1])):
            if len(group) > 1:
                yield kind, group
            group = []
        if own is not None:
            kind = own[0]
            group.append((i, own[1]))
    if kind and len(group) > 1:
        yield kind, group


def _table(region: Region) -> tuple[Kind, list[Tree]] | None:
    """The rows of a region that is a table of objects, and the kind of table."""
    if region.exact or region.form == "members":
        return None
    several = len(region.trees) > 1 or region.form == "elements"
    rows = region.trees if several else region.trees[0]
    if type(rows) is not list or not rows or table_kind(rows) is not ROWS:
        return None
    return (DOCUMENTS if several and region.form == "documents" else ROWS), rows


def _alike(rows: list[Tree], others: list[Tree]) -> bool:
    """True if two tables share most names of their columns."""
    one, other = (set(next((row for row in some if type(row) is dict), ())) for some in (rows, others))
    return 2 * len(one & other) > max(len(one), len(other))


def _split(lines: Sequence[str], counts: Sequence[int]) -> Iterator[list[str]]:
    """The lines of a table's rows, so many rows each time; what is indented belongs to the row above."""
    starts = [i for i, line in enumerate(lines) if not line.startswith(" ")]
    ends = [*starts, len(lines)]
    for count, last in zip(counts, accumulate(counts), strict=True):
        yield list(lines[ends[last - count] : ends[last]])


def _cost(layout: Layout) -> float:
    return estimate("\n".join(layout[0]))
