"""Counts what a warehouse holds, shelf by shelf."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shelf:
    """One shelf and the crates on it."""

    name: str
    crates: tuple[str, ...]

    def holds(self, article: str) -> bool:
        return article in self.crates


def load(path: Path) -> list[Shelf]:
    """Reads shelves from a file of two columns."""
    shelves: dict[str, list[str]] = {}
    with path.open(newline="") as rows:
        for name, crate in csv.reader(rows):
            # an empty name continues the shelf above
            shelves.setdefault(name or next(reversed(shelves)), []).append(crate)
    return [Shelf(name, tuple(crates)) for name, crates in shelves.items()]


def totals(shelves: list[Shelf]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for shelf in shelves:
        counted.update(shelf.crates)
    return counted


if __name__ == "__main__":
    for article, n in totals(load(Path("shelves.csv"))).most_common():
        print(f"{n:>6} {article}")
