"""What a deep outline of a source file leaves out: tables and licences, and a few bodies of a long file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from headroom.compressors._code import bodies, tables
from headroom.types import Unit


def units(lines: Sequence[str], query: str) -> list[Unit]:
    """The units of a file in order, without overlap: bodies as a whole, tables line by line. A table in a body that
    stays is a table; one in a body that may go is of the body."""
    rows = tables.units(lines)
    found = bodies.units(lines, query)
    held = {row.first for row in rows}
    whole = [body for body in found if not body.keep or held.isdisjoint(range(body.first, body.last + 1))]
    taken = {number for body in whole for number in range(body.first, body.last + 1)}
    return sorted([*whole, *(row for row in rows if row.first not in taken)], key=lambda unit: unit.first)


def told(run: Sequence[Unit]) -> str:
    """How many lines of what are left out. Between two bodies a signature is shown: a run holds one at most."""
    counts: Counter[str] = Counter()
    for unit in run:
        counts[unit.kind] += unit.last - unit.first + 1
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
