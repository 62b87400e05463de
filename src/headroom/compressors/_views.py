"""Texts as they are looked at: as a terminal shows them, and without the clock that a pipeline writes before each line.

A clock is what is looked at in a log; before the lines of a test run or a build it only keeps these from being known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from headroom import gate
from headroom.compressors._screen import COLOUR, Screen, screen

LEAST_LINES = 10
CLOCKED = 0.95
"""Share of the lines with something on them that begin with a time where a clock was written before all of them."""

_STAMP = re.compile(
    r"\ufeff?\[?(?:\d{4}-\d\d-\d\d[T ])?(?P<time>\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?\]?"
    r"(?: |\Z)",
    re.ASCII,
)
_COLOURS = re.compile(r"(?i)\bcolou?r|\bansi\b|\bescape|\\(?:x1b|033|e\[|u001b)")
_CLOCKS = re.compile(r"(?i)\btime|\bslow|\bduration|\bhow long|\bhang|\bstuck|\blatency|\bperformance|\bwhen\b")
"""Words of questions about the very thing that would go."""


def views(text: str, query: str) -> Iterator[Screen]:
    """Less of `text` that may stand for it where the level allows that, the least first; no fact of the gate goes."""
    bare = None if _CLOCKS.search(query) else _undated(text)
    bases = (None,) if bare is None else (bare, None)
    for colours in (True,) if _COLOURS.search(query) else (False, True):
        for base in bases:
            seen = screen(text if base is None else base.text, colours)
            seen = seen if base is None else _both(base, seen)
            if seen is not None and not gate.lost("\n".join([seen.text, *seen.erased]), seen.text):
                yield seen


def without(line: str) -> str:
    """A line without its first time and its colours: so it stands in a view where they went."""
    return _STAMP.sub("", COLOUR.sub("", line), count=1)


def _both(bare: Screen, seen: Screen | None) -> Screen:
    if seen is None:
        return bare
    first, last = min(bare.first, seen.first), max(bare.last, seen.last)
    return seen._replace(what=f"{bare.what}, {seen.what}", first=first, last=last, clocked=False)


def _undated(text: str) -> Screen | None:
    """`text` without the times before its lines; None where there are none before most of them."""
    lines = text.split("\n")
    stamps = [_STAMP.match(line) for line in lines]
    found = [at for at, stamp in enumerate(stamps) if stamp]
    if len(found) < LEAST_LINES or len(found) < CLOCKED * sum(1 for line in lines if line.strip()):
        return None
    plain = "\n".join([line[stamp.end() :] if stamp else line for line, stamp in zip(lines, stamps, strict=True)])
    begun, ended = (stamp["time"] for stamp in (stamps[found[0]], stamps[found[-1]]) if stamp)
    what = f"{len(found):,} times before lines, {begun} to {ended}"
    return Screen(plain, what, found[0] + 1, found[-1] + 1, (), aligned=True, coloured=True, clocked=False)
