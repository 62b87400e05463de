"""Numbers that measure something (durations, sizes, counts, shares), and what is said of many of them in a notice.

A number measures if a unit follows it, a name of a quantity stands before it, or it has a fraction; ids, ports, clocks
and versions do not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from headroom.notices import MAX_WHAT
from headroom.types import Unit

UNITS = (
    r"(?:ns|us|µs|ms|s|secs?|seconds?|mins?|minutes?|hours?|%|[kKMGT]i?B|[KMGT]b|B|bytes?|chars?|items?|rows?|records?"
    r"|files?|entries|requests?|connections?|messages?|blocks?|tasks?|threads?|times|req/s|[kKMG]?B/s|ops/s)"
)
"""What stands right after a number, or one blank after it, that measures."""

UNIT = re.compile(rf"( ?)({UNITS})(?![A-Za-z0-9_/])")
NAME = re.compile(
    r"(?i)(?<![a-z])((?:[a-z]+[._-])*(?:took|taken|elapsed|duration|latency|time|delay|wait(?:ed)?|age|size|length|len"
    r"|bytes|count|total|used|free|load|cpu|mem(?:ory)?|heap|rows|depth|lag|rate|score|temp(?:erature)?|progress|avg"
    r"|mean|max|min|percent|pct|usage|throughput|sent|received|rss)(?:[._-]?(?:ms|us|ns|s|sec|secs|seconds|bytes|kb|mb"
    r"|gb|pct|percent))?)[\"' ]{0,2}[=:(]*[\"' ]{0,2}\Z"
)
"""The name of a quantity right before its number."""

BEFORE = 32
"""Characters before a number in which its name is looked for."""

LONGEST = 15
"""Digits of a number that measures: longer ones are ids, and a float does not hold them."""

LEAST_WORDS, WORDS_SHARE = 40, 8
"""The words of a notice take so many characters, or an eighth of what they stand for: encoded, that is half of it."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?").fullmatch
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3},\d{3}(?:\.\d+)?\Z")


class Measure(NamedTuple):
    """What a number measures: its name and unit as they stand in the text; either may be empty."""

    name: str
    unit: str


def measure(line: str, start: int, stop: int) -> Measure | None:
    """What the number at `line[start:stop]` measures, or None if it does not."""
    unit = UNIT.match(line, stop)
    name = NAME.search(line[max(0, start - BEFORE) : start])
    if unit is None and name is None and "." not in line[start:stop]:
        return None
    if stop - start > LONGEST or (name is None and line[start - 1 : start] in tuple("-/:._#")):
        return None  # an id, or the last piece of one, of a path, of a clock
    if _THOUSANDS.search(line[max(0, start - 4) : stop]):
        return None  # the end of a number in which commas stand
    return Measure(name[1] if name else "", unit[1] + unit[2] if unit else "")


def numbers(texts: Sequence[str]) -> list[float] | None:
    """The texts as numbers, or None if one is none."""
    if not all(map(_NUMBER, texts)):
        return None
    return list(map(float, texts))


def in_order(series: Sequence[float]) -> bool:
    """True for a counter or a clock: values that never fall, or never rise, and do change."""
    return series[0] != series[-1] and (
        all(a <= b for a, b in pairwise(series)) or all(a >= b for a, b in pairwise(series))
    )


def summary(series: Sequence[float], measured: Measure) -> str:
    """The least, the greatest and the mean of a series, as words: `took 3-41 ms, mean 12`."""
    name = f"{measured.name} " if measured.name else "" if measured.unit else "values "
    low, high = min(series), max(series)
    if low == high:
        return f"{name}{figure(low)}{measured.unit}"
    between = " to " if low < 0 else "-"
    mean = math.fsum(series) / len(series)
    return f"{name}{figure(low)}{between}{figure(high)}{measured.unit}, mean {rounded(mean)}"


def room(run: Sequence[Unit]) -> int:
    """How many characters the words of a notice on a run may take."""
    return min(MAX_WHAT, max(LEAST_WORDS, sum(len(unit.text) for unit in run) // WORDS_SHARE))


def figure(value: float) -> str:
    """A value in full, without an exponent."""
    return str(int(value)) if value == int(value) else f"{value:.15f}".rstrip("0") if abs(value) < 1e-4 else repr(value)


def rounded(value: float) -> str:
    """A value to four digits or to a whole number, whichever says more, without an exponent."""
    if abs(value) >= 1000:
        return str(round(value))
    shown = f"{value:.4g}"
    return f"{value:.12f}".rstrip("0").rstrip(".") if "e" in shown else shown
