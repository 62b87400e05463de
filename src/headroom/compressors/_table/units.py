"""The rows of a table as units that may be left out: bulk data alone, never a list of things with names.

What a column is to a reader is told by its cells: a clock or a counter, a number that measures, a state that takes few
values, an id that tells nothing by itself. A table with a column of any other text is a list of distinct things.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from headroom.compressors._lines.measures import LONGEST, Measure, in_order, room, summary
from headroom.compressors._lines.templates import FEW_ALARMS
from headroom.compressors._lines.units import SLOT, fails, form
from headroom.compressors._table.grid import Grid, spans
from headroom.types import Unit

MIN_ROWS = 100
"""A table of fewer rows is read row by row."""

STATES, STATE_ROWS = 24, 12
"""A column of states has at most this many different cells, and so many rows to each of them on average."""

NUMBER_STATES = 6
"""Numbers of at most this many different values are states (a code, a shard); more of them measure."""

Role = Literal["clock", "number", "state", "id", "name"]

_CLOCK = re.compile(
    r"(?:\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4})(?:[T ]\d\d:\d\d\S*)?|\d\d:\d\d(?::\d\d\S*)?"
).fullmatch
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(| ?[%A-Za-zµ]{1,4}(?:/s)?)").fullmatch
_ID_NAME = re.compile(r"(?i)(?:^|[^a-z])(?:id|pid|tid|uid|gid|port|zip|phone|code|line|year)s?$|Id$|^#$").search


class Column(NamedTuple):
    """One column: its name, what it is to a reader, its unit if it measures, and its cells as they stand."""

    name: str
    role: Role
    unit: str
    cells: Sequence[str]


class Bulk(NamedTuple):
    """The rows of a table that may be cut, by the line each begins on, and its columns."""

    units: list[Unit]
    columns: list[Column]
    places: dict[int, int]
    """The line a row begins on, counted from 1, to its place among the cells of the columns."""


def bulk(lines: Sequence[str], start: int, grid: Grid, number: int) -> Bulk | None:
    """The rows of a grid that begins on line `start`, counted from 0; None where it is no bulk data."""
    rows = [(first, last, cells) for first, last, cells in spans(start, grid) if not isinstance(cells, str)]
    if len(rows) < MIN_ROWS:
        return None
    columns = [_column(name, cells) for name, *cells in zip(grid.names, *[cells for _, _, cells in rows], strict=True)]
    roles = [column.role for column in columns]
    # An id beside a clock is an event's; without one the rows are things.
    if "name" in roles or "number" not in roles or ("id" in roles and "clock" not in roles):
        return None
    texts = ["\n".join(lines[first - 1 : last]) for first, last, _ in rows]
    failing = fails(texts)
    keys = [form(text) if bad else repr(key) for text, bad, key in zip(texts, failing, _keys(columns), strict=True)]
    members: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        members.setdefault(key, []).append(i)
    numbered = {key: f"{number} {i}" for i, key in enumerate(members)}
    shown = {
        i for places in members.values() for i in (places if len(places) <= FEW_ALARMS else places[:1] + places[-1:])
    }
    units = [
        Unit(
            first,
            last,
            text,
            "rows",
            numbered[key],
            "failure" if bad and i in shown else "",
            tuple(_values(columns, i)),
        )
        for i, ((first, last, _), text, bad, key) in enumerate(zip(rows, texts, failing, keys, strict=True))
    ]
    return Bulk(units, columns, {first: i for i, (first, _, _) in enumerate(rows)})


def told(tables: Sequence[Bulk], run: Sequence[Unit]) -> str:
    """How many rows a run has, from when to when, and what their numbers are: least, greatest and mean."""
    table = next(table for table in tables if run[0].first in table.places)
    places = [table.places[unit.first] for unit in run if unit.first in table.places]
    left = room(run)
    made = f"{len(run):,} row{'s' * (len(run) > 1)}"
    for column in sorted(table.columns, key=lambda column: column.role != "clock"):
        said = _said(column, [column.cells[i] for i in places])
        if said and len(made) + len(said) + 2 <= left:
            made += f", {said}"
    return made


def _column(name: str, cells: Sequence[str]) -> Column:
    filled = [cell for cell in cells if cell]
    distinct = set(filled)
    few = bool(distinct) and len(distinct) <= min(STATES, len(filled) / STATE_ROWS)
    amounts = [_AMOUNT(cell) for cell in filled]
    unit = amounts[0][2] if amounts and amounts[0] else ""
    if not filled or len(distinct) == 1:
        return Column(name, "state", "", cells)
    if all(map(_CLOCK, filled)):
        return Column(name, "clock", "", cells)
    if all(amount and amount[2] == unit and len(amount[1]) <= LONGEST for amount in amounts):
        series = [float(amount[1]) for amount in amounts if amount]
        if _ID_NAME(name) or not all(map(math.isfinite, series)):
            return Column(name, "state" if few else "id", "", cells)
        if in_order(series) and len(distinct) > len(filled) / 2 and len(filled) == len(cells):
            return Column(name, "clock", "", cells)
        return (
            Column(name, "state", "", cells)
            if few and len(distinct) <= NUMBER_STATES
            else Column(name, "number", unit, cells)
        )
    if few:
        return Column(name, "state", "", cells)
    masks = {SLOT.sub("0", cell) for cell in filled}
    return Column(name, "id" if len(masks) == 1 and masks != distinct else "name", "", cells)


def _keys(columns: Sequence[Column]) -> list[tuple[str | bool, ...]]:
    """For each row what makes it like others: its states, and which other cells are empty."""
    told_apart = [
        column.cells if column.role == "state" else [bool(cell) for cell in column.cells] for column in columns
    ]
    return list(zip(*told_apart, strict=True))


def _values(columns: Sequence[Column], i: int) -> Iterator[float]:
    """The numbers of a row that measure."""
    for column in columns:
        if column.role == "number" and column.cells[i]:
            yield _number(column, column.cells[i])


def _number(column: Column, cell: str) -> float:
    return float(cell.removesuffix(column.unit))


def _said(column: Column, cells: Sequence[str]) -> str:
    """What a notice says of these cells of a column; nothing of ids and states."""
    filled = [cell for cell in cells if cell]
    if column.role == "clock" and len(filled) > 1:
        return f"{column.name} {filled[0]} to {filled[-1]}"
    if column.role == "number" and filled:
        return summary([_number(column, cell) for cell in filled], Measure(column.name, column.unit))
    return ""
