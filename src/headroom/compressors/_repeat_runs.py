"""Which runs of a new text's lines stand elsewhere: in an earlier text, or further up in the same view."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from headroom.compressors._lines.cost import cost
from headroom.compressors._repeat_lines import (
    MARKS,
    MAX_PLACES,
    SIGNS,
    VIEW,
    WINDOW,
    Index,
    Reference,
    Stretch,
    first_words,
    indexes,
    windows,
)
from headroom.compressors._repeat_meaning import LITERAL, RECORDS, Decode, Meaning, alike

MIN_TOKENS = 45
"""A run must hold this much, by estimate: a reference costs about fifteen, and the reader has to look it up."""

MIN_OWN_TOKENS = 30
"""... and this much where the reader finds it further up in the same view: that is named shorter, and found sooner."""

JUDGED_CHARS = 1_200
JUDGED_LINES = 100
"""A run is judged by its beginning."""

MAX_SOURCES = 4
"""The latest texts that hold a window are compared; of equal runs the latest text's is told."""

LITERAL_KINDS = frozenset({"raw", "reading"})
"""Kinds whose lines stand for themselves. Those of others hang on the legend above them, and on more."""

NAMED: dict[str, re.Pattern[str]] = {"records": re.compile(r"[\w$@/.-]+(?:\[\])*[=~]|[ \t]|[]}]?\Z")}
"""By kind, how lines start that say themselves what they are, and so mean the same under any legend of that kind: a
key's value, a line of a text; no row of a table."""


class Earlier(NamedTuple):
    """A text that stands earlier in the same request."""

    name: str
    """How the model knows it: `Read src/flow.py`, `Bash go test ./...`, `your Write a.py`."""
    text: str
    """As sent. Empty for a text that cannot be referred to: its name still counts."""
    kind: str
    """Name of the compressor that rendered it, `raw` if it was sent as it is."""
    outline: bool = False
    """True if something is left out of it: then only a text that is wholly the same refers to it, or, to the lines that
    it shows, one with their numbers if it numbers them."""


_ANY = re.compile("")

OWN = -1
"""The source of a run that stands further up in the same stretch."""


class Run(NamedTuple):
    """Lines `start` to `stop` of a stretch stand in an earlier text, there from number `number` on."""

    start: int
    stop: int
    source: int
    """Index of the earlier text, or `OWN`."""
    number: int
    sign: str = ""
    """What each of the lines begins with here beyond what it is there."""


class Sources:
    """Where windows of a new text stand in earlier ones."""

    def __init__(self, sent: str, kind: str, earlier: Sequence[Earlier], nth: Sequence[int], keys: set[int]) -> None:
        self.earlier, self.nth = earlier, nth
        self.indexes: dict[int, Index] = {}
        self.lines: dict[int, re.Pattern[str]] = {}
        self.having: dict[int, list[int]] = {}
        legend = sent.partition("\n")[0]
        for i in reversed(range(len(earlier))):
            comparable = _comparable(kind, legend, earlier[i])
            if not nth[i] or comparable is None or (earlier[i].outline and earlier[i].kind != VIEW):
                continue
            index = indexes.get(earlier[i].text, earlier[i].kind)
            if index is None or (earlier[i].outline and index.view is None):
                continue
            if earlier[i].kind not in (*LITERAL, RECORDS) and earlier[i].text.startswith(MARKS):
                continue  # what its lines hang on may be told by reference
            for key in index.first.keys() & keys:
                self.indexes[i] = index
                self.lines[i] = comparable
                having = self.having.setdefault(key, [])
                if len(having) < MAX_SOURCES:
                    having.append(i)

    def longest(self, lines: Sequence[str], at: int, key: int, number: int | None, least: int, most: int) -> Run | None:
        """The longest run of `lines` around `at`, from `least` to before `most`, that one earlier text holds."""
        best: tuple[int, int, bool, int] | None = None
        for i in self.having[key]:
            index, alike = self.indexes[i], self.lines[i].match
            for place in index.places(key):
                _, end, there = index.stretch(place)
                size = _equal(lines, at, most, index.lines, place, end)
                if self.lines[i] is not _ANY:
                    size = next((n for n in range(size) if not alike(lines[at + n])), size)
                rank = (size, i, number is not None and there == number + at, place)
                if size >= WINDOW and (best is None or rank > best):
                    best = rank
        if best is None:
            return None
        size, i, _, place = best
        index = self.indexes[i]
        start, _, there = index.stretch(place)
        back, alike = 0, self.lines[i].match
        while (
            at - back > least and place - back > start and lines[at - back - 1] == index.lines[place - back - 1]
            and alike(lines[at - back - 1])
        ):  # fmt: skip
            back += 1
        return Run(at - back, at + size, i, there - back)

    def reference(self, stretch: Stretch, run: Run) -> Reference:
        """What stands for a run of a stretch."""
        first, last = run.number, run.number + run.stop - run.start - 1
        if run.source == OWN:
            return Reference(first, last, "", 1, "")
        lines = [line[len(run.sign) :] for line in stretch.lines[run.start : run.stop]]
        words = "" if self.indexes[run.source].view else first_words(lines, first)
        return Reference(first, last, self.earlier[run.source].name, self.nth[run.source], words)


def _comparable(kind: str, legend: str, source: Earlier) -> re.Pattern[str] | None:
    """How those lines of an earlier text start that mean in a text of this kind what they mean there."""
    if source.kind in LITERAL_KINDS or (source.kind == kind and source.text.partition("\n")[0] == legend):
        return _ANY
    return NAMED.get(kind) if source.kind == kind else None


def _equal(lines: Sequence[str], at: int, stop: int, others: Sequence[str], place: int, end: int) -> int:
    size, limit = 0, min(stop - at, end - place)
    while size < limit and lines[at + size] == others[place + size]:
        size += 1
    return size


class Above:
    """What stands of a stretch so far, and as itself: runs that come again further down are told by it."""

    def __init__(self, stretch: Stretch, keys: Sequence[int], number: int, again: set[int]) -> None:
        """`again` are the keys that stand more than once in `keys`."""
        self.lines, self.keys, self.number, self.again = stretch.lines, keys, number, again
        self.places: dict[int, list[int]] = {}
        self.told = bytearray(len(stretch.lines))
        self.added = 0

    def add(self, at: int) -> None:
        """The lines before `at` stand above."""
        for place in range(self.added, at - WINDOW + 1):
            if self.keys[place] in self.again:
                having = self.places.setdefault(self.keys[place], [])
                if len(having) < MAX_PLACES:
                    having.append(place)
        self.added = max(self.added, at - WINDOW + 1)

    def tell(self, run: Run) -> None:
        """The lines of a run do not stand as themselves."""
        self.told[run.start : run.stop] = b"\1" * (run.stop - run.start)
        self.added = run.stop

    def longest(self, at: int, least: int) -> Run | None:
        """The longest run around `at`, not below `least`, that stands above it."""
        runs = (self._run(place, at, least) for place in self.places.get(self.keys[at], ()))
        return max((run for run in runs if run is not None), key=lambda run: run.stop - run.start, default=None)

    def _run(self, place: int, at: int, least: int) -> Run | None:
        size = _equal(self.lines, at, len(self.lines), self.lines, place, at)
        told = self.told.find(1, place, place + size)
        size = size if told < 0 else told - place
        if size < WINDOW:
            return None
        back = 0
        while (
            at - back > least and place > back and place + size < at - back and not self.told[place - back - 1]
            and self.lines[at - back - 1] == self.lines[place - back - 1]
        ):  # fmt: skip
            back += 1
        return Run(at - back, at + size, OWN, self.number + place - back)


def above_in(stretch: Stretch, keys: Sequence[int]) -> Above | None:
    """What can stand twice in a stretch; None where its lines have no numbers to be named by, or none comes again."""
    if stretch.number is None or len(set(keys)) == len(keys):
        return None
    again = {key for key, times in Counter(keys).items() if key and times > 1}
    return Above(stretch, keys, stretch.number, again) if again else None


class Signed:
    """The lines of a diff's stretch without their signs, in runs of one sign: so they were read or written."""

    def __init__(self, stretch: Stretch) -> None:
        self.signs = [line[:1] if line[:1] in SIGNS else "" for line in stretch.lines]
        self.lines = [line[1:] for line in stretch.lines]
        self.keys: list[int] = []
        self.runs: list[tuple[int, int]] = []
        """For each line where the run of its sign starts and ends."""
        for sign, group in groupby(self.signs):
            start, stop = len(self.runs), len(self.runs) + len(list(group))
            keys = windows(self.lines[start:stop]) if sign else []
            self.keys += keys + [0] * (stop - start - len(keys))
            self.runs += [(start, stop)] * (stop - start)

    def longest(self, at: int, least: int, sources: Sources) -> Run | None:
        """The longest run around `at`, not below `least`, that one earlier text holds without the sign."""
        start, stop = self.runs[at]
        run = sources.longest(self.lines, at, self.keys[at], None, max(least, start), stop)
        return None if run is None else run._replace(sign=self.signs[at])


def runs_of(
    stretch: Stretch, keys: Sequence[int], sources: Sources, signed: Signed | None = None, *, own: bool = True
) -> Iterator[Run]:
    """The runs of a stretch that are worth a reference, from the top, each as long as it gets."""
    above = above_in(stretch, keys) if own else None
    at = done = 0
    while at < len(keys):
        found = []
        if above is not None:
            above.add(at)
            if keys[at] in above.places:
                found.append(above.longest(at, done))
        if keys[at] in sources.having:
            found.append(sources.longest(stretch.lines, at, keys[at], stretch.number, done, len(stretch.lines)))
        if signed is not None and signed.keys[at] in sources.having:
            found.append(signed.longest(at, done, sources))
        worth = [run for run in found if run is not None and _worth(stretch.lines, run)]
        if worth:
            run = max(worth, key=lambda run: run.stop - run.start)
            yield run
            at = done = run.stop
            if above is not None:
                above.tell(run)
        else:
            at += 1


class Sense:
    """Of the runs of a text what may be told: lines that say something else where they stand are read by nobody."""

    def __init__(self, sent: str, kind: str, earlier: Sequence[Earlier], decode: Decode) -> None:
        self._here = Meaning(sent, kind, decode)
        self._earlier, self._decode = earlier, decode
        self._there: dict[int, Meaning] = {}

    def pieces(self, stretch: Stretch, run: Run) -> Iterator[Run]:
        """The pieces of a run of a stretch whose lines mean the same here and there, if they are worth a reference."""
        if self._here.kind in LITERAL or run.source == OWN:
            yield run
            return
        there = self._there.get(run.source)
        if there is None:
            source = self._earlier[run.source]
            there = self._there[run.source] = Meaning(source.text, source.kind, self._decode)
        lines = stretch.lines[run.start : run.stop]
        for start, stop in alike(lines, self._here, stretch.at + run.start, there, run.number - 1):
            piece = run._replace(start=run.start + start, stop=run.start + stop, number=run.number + start)
            if stop - start >= WINDOW and _worth(stretch.lines, piece):
                yield piece


def _worth(lines: Sequence[str], run: Run) -> bool:
    text = "\n".join(lines[run.start : min(run.stop, run.start + JUDGED_LINES)])
    return cost(text[:JUDGED_CHARS]) >= (MIN_OWN_TOKENS if run.source == OWN else MIN_TOKENS)
