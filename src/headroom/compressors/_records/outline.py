"""A JSON document without the rows that only repeat others, and with long cells shortened. The rule is that the outline
is JSON again, in which a notice stands for the rows it names: a string among the elements of a list, or a key with
the value null among the members of an object that is used as a map.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from headroom.compressors import _select
from headroom.compressors._columns.json_text import Tree, dump
from headroom.compressors._records import shorten
from headroom.compressors._records.alike import ALIKE, FAILED, NAMED, Alike, describe
from headroom.compressors._records.regions import Piece, Region, named, several, written
from headroom.compressors._records.restore import step
from headroom.compressors._records.shapes import NOTICE_START, table_kind
from headroom.notices import CUT, GONE
from headroom.types import Facts, Judged, Notices, Omission, Outline, Unit

LEAST_ROWS = 8
"""Lists and maps with fewer rows are shown whole: they are read row by row."""

MEAN_RUN = 3
"""Rows that a notice must stand for on average."""

TORN = "too few to leave out"

TOLD_ROWS = 10
"""Rows from which a notice also says between which values the numbers of the rows were."""

TOLD_MEASURES = 2
TOLD_KINDS = 4


def outline(tree: Tree, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
    """What is left of the document that is the text of `facts`, or None where nothing can be left out."""
    if not speaks_plainly(facts.text, tree):
        return None
    maker = _Maker(facts.query, notices, deep)
    made = maker.value(tree, "")
    if not maker.omissions:
        return None
    return Outline(dump(made), tuple(maker.omissions), tuple(maker.units))


def outline_of(found: Sequence[Piece], facts: Facts, notices: Notices, deep: bool) -> Outline | None:
    """The same for the regions of a text, which stay where they are in it."""
    regions = [piece for piece in found if isinstance(piece, Region)]
    if not speaks_plainly(facts.text, [region.trees for region in regions]):
        return None
    maker = _Maker(facts.query, notices, deep)
    made = [
        piece if isinstance(piece, str) else maker.region(piece, facts.text) or facts.text[piece.start : piece.end]
        for piece in found
    ]
    if not maker.omissions:
        return None
    return Outline("".join(made), tuple(maker.omissions), tuple(maker.units))


def speaks_plainly(text: str, tree: Tree) -> bool:
    """True if nothing in the document of a text reads as a notice or as a cut."""
    if "…" not in text and "\\u2026" not in text:
        return True
    return not any(text == GONE or NOTICE_START in text or CUT in text for text in _texts(tree))


def worth_rows(tree: Tree) -> bool:
    """True if a list or object is a list or map of records, or a list of sentences, with enough rows to leave some
    out."""
    if len(tree) < LEAST_ROWS or (kind := table_kind(tree)) is None:
        return False
    if kind.name == "values":
        return 2 * sum(" " in text for text in tree) > len(tree)
    return kind.name == "rows"


def _texts(value: Tree) -> Iterator[str]:
    """Every string of a document, keys included."""
    if type(value) is str:
        yield value
    elif type(value) is dict:
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif type(value) is list:
        for inner in value:
            yield from _texts(inner)


class _Maker:
    """Makes the outline of one document; `omissions` and `units` are in the order of the document."""

    def __init__(self, query: str | None, notices: Notices, deep: bool) -> None:
        self._query = query
        self._asked = frozenset(shorten.words(query or ""))
        self._notices = notices
        self._deep = deep
        self.omissions: list[Omission] = []
        self.units: list[Judged] = []

    def region(self, region: Region, text: str) -> str | None:
        """What is left of a region of `text`, as it is written there; None where that is all of it."""
        if region.exact or region.end - region.start < _select.MIN_CUT_CHARS:
            return None
        told = len(self.omissions)
        tree = self.value(*named(region, text))
        if len(self.omissions) == told:
            return None
        return written(tree if several(region) else [tree], region.form)

    def value(self, tree: Tree, path: str) -> Tree:
        """What is left of the value at `path`."""
        if type(tree) is list:
            if worth_rows(tree):
                return [item for _, item in self._rows(None, tree, path)]
            return [self._below(item, path, i) for i, item in enumerate(tree)]
        if type(tree) is dict:
            if worth_rows(tree):
                return self._map(tree, path)
            return {key: self._below(item, path, key) for key, item in tree.items()}
        return tree

    def _below(self, tree: Tree, path: str, key: str | int) -> Tree:
        below = step(path, key)
        return tree if below is None else self.value(tree, below)

    def _map(self, tree: dict[str, Tree], path: str) -> dict[str, Tree]:
        keys = list(tree)
        return {
            (item if at is None else keys[at]): (None if at is None else item)
            for at, item in self._rows(keys, list(tree.values()), path)
        }

    def _rows(self, keys: Sequence[str] | None, rows: list[Tree], path: str) -> Iterator[tuple[int | None, Tree]]:
        """The rows that stay, each with its place, and the notices, without one."""
        alike = describe(keys, rows, path, self._asked)
        judged = _whole_if_torn(_select.select(alike.units, self._query, self._deep))
        self.units += judged
        runs = {run[0].first: run for run in _select.dropped(judged)}
        what = shorten.plan(rows, alike.labelled or keys is not None, self._asked)
        special = sum(_is_special(one) for one in judged) <= shorten.KEPT_SHARE * len(judged)
        changed = False
        at = 0
        while at < len(rows):
            if run := runs.get(at + 1):
                last = run[-1].last
                yield None, self._notice("rows", at + 1, last, _told(alike, run), path)
                at = last
                continue
            made = shorten.shorten(rows[at], what, special and _is_special(judged[at])) if what.words else rows[at]
            changed = changed or made != rows[at]
            yield at, made
            at += 1
        if changed:
            yield None, self._notice("cells", 1, len(rows), what.words, path)

    def _notice(self, unit: str, first: int, last: int, what: str, path: str) -> str:
        omission = Omission(unit="rows" if unit == "rows" else "cells", first=first, last=last, what=what, path=path)
        self.omissions.append(omission)
        return self._notices.write(omission)


def _whole_if_torn(judged: list[Judged]) -> list[Judged]:
    """The same without cuts of single rows, and without any where what stays and what goes alternate: then notices
    cost as much as the rows, and nobody can read what is between them."""
    runs = [run for run in _select.dropped(judged) if len(run) > 1]
    if sum(map(len, runs)) < MEAN_RUN * len(runs):
        runs = []
    gone = {unit.first for run in runs for unit in run}
    return [one if one.shown or one.unit.first in gone else Judged(one.unit, True, TORN) for one in judged]


def _is_special(one: Judged) -> bool:
    """True for a row that is shown for what it says."""
    return one.why in (NAMED, FAILED)


def _told(alike: Alike, run: Sequence[Unit]) -> str:
    """What a notice says of a run of rows: how many of which kind, and the range of their numbers."""
    said = _counted(run)
    if len(run) < TOLD_ROWS:
        return said
    ranges: list[str] = []
    for name, column in alike.measures.items():
        numbers = [number for unit in run if (number := column[unit.first - 1]) is not None]
        if numbers and min(numbers) < max(numbers) and len(ranges) < TOLD_MEASURES:
            mean = sum(numbers) / len(numbers)
            ranges.append(f"{name.rpartition('.')[2]} {min(numbers):g} to {max(numbers):g} (mean {mean:.4g})")
    return ", ".join([said, *ranges])


def _counted(run: Sequence[Unit]) -> str:
    """How many rows of which kind: `4 INFO, 1 DEBUG rows`, `35 status=active, 18 inactive rows`."""
    kinds = Counter(unit.kind for unit in run).most_common()
    if len(kinds) == 1:
        return f"{len(run):,} {kinds[0][0]}"
    said: list[str] = []
    named = ""
    kinds.sort(key=lambda kind: kind[0] == ALIKE)
    for kind, count in kinds[:TOLD_KINDS]:
        name, sign, value = kind.removesuffix(" rows").rpartition("=")
        said.append(f"{count:,} {'other' if kind == ALIKE else value if name == named else name + sign + value}")
        named = name
    rest = sum(count for _, count in kinds[TOLD_KINDS:])
    return ", ".join([*said, *([f"{rest:,} other"] if rest else [])]) + " rows"
