"""Committed tables: rows of CSV whose order and rounding make a difference between two runs readable in review."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Cell = str | int | float | None
Row = Mapping[str, Cell]


def percent(before: int, after: int) -> float:
    """Saved share in percent, one decimal; negative if it grew, 0 of nothing."""
    return round(100 * (before - after) / before, 1) + 0.0 if before else 0.0


def write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Writes `rows` with exactly these columns; a missing value is an empty cell. Raises ValueError on another key."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="raise", lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)


def text(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """The same rows for a terminal: first column to the left, the others to the right."""
    cells = [list(columns), *([_cell(row.get(c)) for c in columns] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    return "\n".join(
        "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    )


def _cell(value: Cell) -> str:
    return "" if value is None else str(value)
