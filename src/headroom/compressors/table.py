"""Tables of text: CSV, TSV, Markdown, psql, MySQL, columns aligned by blanks (`kubectl get`, `ps`), repeated blocks of
`key: value` lines (YAML lists, `dpkg -s`), and blocks of any other lines that differ in values alone (printed objects,
sections of settings, elements of XML).

Drawing, padding and quotes are left out, and what holds for every row, or for most, is said once above them. The rule
it keeps: the drawing follows from the cells and one word in the header, or the row stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines.cost import sampled_cost
from headroom.compressors._lines.heads import is_notice
from headroom.compressors._table import aligned, blocks, delimited, drawn, forms
from headroom.compressors._table import grid as _table_grid
from headroom.compressors._table import units as _units
from headroom.compressors._table.grid import END, MARK, Found, Grid, spans, with_notices, without_notices
from headroom.compressors._texture import shows_file, texture
from headroom.detect import has_surrogate
from headroom.errors import FormatError
from headroom.types import Facts, PartClass, Unit

MIN_FORMED = 0.5
"""Share of a text that must stand in blocks which are alike: source has some, here and there."""

BLOCKS_FIT = 0.28
"""How surely such a text is a table: below every kind that knows what its lines say."""

LEAST_GAIN = 0.97
"""Above this share of the estimated tokens nothing is gained for sure."""

SAMPLED_LINES = 200
_HTML = re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE).match
"""Pages and lock files have kinds of their own, which know what may be left out of them."""

RESTORERS: dict[str, Callable[[Grid], list[str]]] = {
    **dict.fromkeys(delimited.NAMES, delimited.restore),
    **dict.fromkeys(("markdown", "psql", "mysql"), drawn.restore),
    "aligned": aligned.restore,
    **dict.fromkeys(_table_grid.NAMED, blocks.restore),
    "each": forms.restore,
}
"""By the first word of a shape."""


class Table(ByteExact):
    """Tables, alone or between other text."""

    name = "table"
    version = 2
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        """How surely the text is a table, or the share of its characters that stand in tables."""
        share, _ = _delimited(facts)
        if share:
            return share
        regions = _regions(facts)
        size = sum([sum(map(len, facts.lines[start:stop])) + stop - start for start, stop, _ in regions])
        sure = BLOCKS_FIT if any(grid.form for *_, grid in regions) else 0.92
        return sure * min(1.0, size / len(facts.text)) if size else 0.0

    def encode(self, facts: Facts) -> str | None:
        if MARK in facts.text or has_surrogate(facts.text):
            return None
        share, name = _delimited(facts)
        if share:
            return _whole(facts, name)
        out: list[str] = []
        at = 0
        for start, stop, grid in _regions(facts):
            made = _table_grid.write(grid)
            if made is None or not _gains(made, facts.lines[start:stop]):
                continue
            out += facts.lines[at:start]
            out += made
            if stop < len(facts.lines):
                out.append(END)
            at = stop
        return "\n".join([*out, *facts.lines[at:]]) if at else None

    def decode(self, rendering: str) -> str:
        lines = rendering.split("\n")
        out: list[str] = []
        at = 0
        found = False
        while at < len(lines):
            if not lines[at].startswith(MARK):
                out.append(lines[at])
                at += 1
                continue
            found = True
            end = next((i for i in range(at, len(lines)) if lines[i] == END), len(lines))
            grid = _table_grid.read(lines[at:end])
            restore = RESTORERS.get(grid.shape.partition(" ")[0].rstrip(","))
            if restore is None:
                raise FormatError(f"no such shape: {grid.shape[:60]!r}")
            out += restore(grid)
            at = end + 1
        if not found:
            raise FormatError("holds no table")
        return "\n".join(out)

    def units(self, facts: Facts) -> Sequence[Unit]:
        """The rows of tables of bulk data; those of a list of named things are none."""
        return [unit for table in _bulk(facts) for unit in table.units]

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        """How many rows a run has, and what their clock and their numbers are."""
        return _units.told(_bulk(facts), run)


def _bulk(facts: Facts) -> list[_units.Bulk]:
    return facts.once("table.bulk", lambda: list(_bulk_tables(facts)))


def _bulk_tables(facts: Facts) -> Iterator[_units.Bulk]:
    _, name = _delimited(facts)
    if name:
        found = delimited.find(facts.text, name)
        grids = [(0, found[0])] if found else []
    else:
        grids = [(start, grid) for start, _, grid in _regions(facts) if not grid.shape.startswith(_table_grid.BLOCKS)]
    for number, (start, grid) in enumerate(grids):
        table = _units.bulk(facts.lines, start, grid, number)
        if table is not None:
            yield table


def _delimited(facts: Facts) -> tuple[float, str]:
    return facts.once(
        "table.delimited",
        lambda: delimited.looks([line for line in facts.lines[:SAMPLED_LINES] if not is_notice(line)]),
    )


def _regions(facts: Facts) -> list[Found]:
    return facts.once("table.regions", lambda: _found(facts))


def _found(facts: Facts) -> list[Found]:
    """All tables that are drawn or aligned, or else blocks, in order."""
    plain, above = without_notices(facts.lines)
    found: list[Found] = []
    for find in (drawn.find, aligned.find, blocks.find):
        while (table := find(plain, found[-1][1] if found else 0)) is not None:
            found.append(table)
        if found:
            break
    else:
        known = shows_file(facts.call) or texture(facts).kind in ("lock", "dump") or _HTML(facts.text)
        found = [] if known else forms.every(plain)
        if sum([sum(map(len, plain[start:stop])) for start, stop, _ in found]) < MIN_FORMED * len(facts.text):
            return []
    placed = [with_notices(facts.lines, above, table) for table in found]
    return [table for table in placed if table is not None]


def _whole(facts: Facts, name: str) -> str | None:
    """A text that is one delimited table."""
    plain, above = without_notices(facts.lines)
    found = delimited.find("\n".join(plain), name)
    if found is None:
        return None
    *_, (_, stop, _) = spans(0, found[0])
    table = with_notices(facts.lines, above, (0, stop, found[0]))
    if table is None:
        return None
    rest = facts.lines[table[1] :]
    made = _table_grid.write(table[2])
    if made is None or any(line.startswith(END) for line in rest):
        return None
    if rest:
        made += [END, *rest]
    return "\n".join(made) if _gains(made, [facts.text]) else None


def _gains(made: Sequence[str], lines: Sequence[str]) -> bool:
    return sampled_cost("\n".join(made)) < LEAST_GAIN * sampled_cost("\n".join(lines))
