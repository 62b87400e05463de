"""Tables of text: CSV, TSV, Markdown, psql, MySQL, columns aligned by blanks (`kubectl get`, `ps`), and
repeated blocks of `key: value` lines (YAML lists, `dpkg -s`).

Drawing, padding and quotes are left out, and what holds for every row, or for most, is said once above them. The rule
it keeps: the drawing follows from the cells and one word in the header, or the row stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines.cost import sampled_cost
from headroom.compressors._table import aligned, blocks, delimited, drawn
from headroom.compressors._table import grid as _table_grid
from headroom.compressors._table.grid import END, MARK, Grid
from headroom.detect import has_surrogate
from headroom.errors import FormatError
from headroom.types import Facts, PartClass

LEAST_GAIN = 0.97
"""Above this share of the estimated tokens nothing is gained for sure."""

SAMPLED_LINES = 200
RESTORERS: dict[str, Callable[[Grid], list[str]]] = {
    **dict.fromkeys(delimited.NAMES, delimited.restore),
    **dict.fromkeys(("markdown", "psql", "mysql"), drawn.restore),
    "aligned": aligned.restore,
    **dict.fromkeys(_table_grid.NAMED, blocks.restore),
}
"""By the first word of a shape."""


class Table(ByteExact):
    """Tables, alone or between other text."""

    name = "table"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        """How surely the text is a table, or the share of its characters that stand in tables."""
        share, _ = _delimited(facts)
        if share:
            return share
        size = sum([sum(map(len, facts.lines[start:stop])) for start, stop, _ in _regions(facts)])
        return 0.92 * size / len(facts.text) if size else 0.0

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
        text = "\n".join(out)
        return text.replace("\n", "\r\n") if lines[0][-1:] == "\r" and lines[0].startswith(MARK) else text


def _delimited(facts: Facts) -> tuple[float, str]:
    return facts.once(
        "table.delimited",
        lambda: delimited.looks([line.removesuffix("\r") for line in facts.lines[:SAMPLED_LINES]]),
    )


def _regions(facts: Facts) -> list[tuple[int, int, Grid]]:
    return facts.once("table.regions", lambda: _found(facts.lines))


def _found(lines: list[str]) -> list[tuple[int, int, Grid]]:
    """All tables that are drawn or aligned, in order."""
    found: list[tuple[int, int, Grid]] = []
    for find in (drawn.find, aligned.find, blocks.find):
        at = 0
        while (table := find(lines, at)) is not None:
            found.append(table)
            at = table[1]
        if found:
            break
    return found


def _whole(facts: Facts, name: str) -> str | None:
    """A text that is one delimited table."""
    carriage = "\r" if facts.text.count("\r\n") == facts.text.count("\n") == facts.text.count("\r") > 0 else ""
    text = facts.text.replace("\r\n", "\n") if carriage else facts.text
    found = delimited.find(text, name)
    if found is None:
        return None
    grid, rest = found
    made = _table_grid.write(grid)
    if made is None or any(line.startswith(END) for line in rest.split("\n")):
        return None
    made[0] += carriage
    if rest:
        made += [END, *rest[1:].split("\n")]
    return "\n".join(made) if _gains(made, [facts.text]) else None


def _gains(made: Sequence[str], lines: Sequence[str]) -> bool:
    return sampled_cost("\n".join(made)) < LEAST_GAIN * sampled_cost("\n".join(lines))
