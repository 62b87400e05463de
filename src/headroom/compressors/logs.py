"""Server and system logs of any format: the kinds of lines are found in the text, none is known beforehand.

The first line of a kind stands whole and names it; later lines give the name and what varies. Time that neighbours
share stands above them. The order of lines is kept, and lines that continue a record (stack traces, wrapped text)
stay where they are, word for word or by reference to the same block further up. See `codec` for the notation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import codec
from headroom.compressors._lines import units as _units
from headroom.compressors._lines.heads import GRAVITY, HEAD, TIME, is_notice
from headroom.types import Facts, PartClass, Unit

SAMPLE_LINES = 120
"""A text is judged by this many lines from its beginning and as many from its middle."""

MIN_LINES = 5

MIN_STARTS = 0.08
"""Share of lines that must begin a record."""

MIN_SHARE = 0.4
"""Share of these that must say when, how grave or who."""

FEW_LINES = 300
"""Up to this many lines it is tried whether telling repetitions pays beside templates; in more lines it does."""

MARK = "[log codes: "

STEPS = ("long-references", "timed")

_SOURCE = re.compile(r"^(?:<\d{1,3}>|\[[\w .:/#-]{2,40}\]|[\w./-]{2,40}\[\d+\]:|[\w.-]{1,40} +\| )", re.ASCII)

# Lines of other kinds of text that hold a time or a level as well.
_OTHER = re.compile(
    r"\s*[\[{].*[\]}],?\s*$"  # JSON
    r"|[-dlbcps][rwxsStT-]{9}[.+@]?\s"  # ls -l
    r"|(?!\d)[^\s:]*[./][^\s:]*[^\W\d]:\d+[:-]"  # grep
    r"|\^?[0-9a-f]{7,40} .*\([^)]*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} +\d+\)"  # git blame
    r"|\s*\d+(?:[→\t]|[:-]\s*\{)"  # a numbered file view, a grep of JSON lines
    r"|\d\d:\d\d \+\d+(?: ~\d+)?(?: -\d+)?: "  # the tests of Dart
    r"|[+]\s|@@ -|diff --git |index [0-9a-f]{7}",  # a diff
    re.ASCII,
)
_RESULT = re.compile(r"\s+(?:[✓✔√✗✘✖×✕] |(?:PASS|FAIL|SLOW) \[|--- (?:PASS|FAIL|SKIP): |PASSED|FAILED|(?:not )?ok \d)")
"""The result of a test, which continues no record."""

_CODE = re.compile(
    r"[;{]\s*$|^\s*(?:def|class|import|from|return|if|for|while|func|fn|let|const|var|#include|//|/\*)\b"
)


class Logs(ByteExact):
    """Line templates under headings of time."""

    name = "logs"
    version = 3
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        lines = _sample(facts.lines)
        if len(lines) < MIN_LINES:
            return 0.0
        n = len(lines)
        if sum(1 for line in lines if _OTHER.match(line[:400]) and line[0] != "[") > 0.4 * n:
            return 0.0
        if sum(1 for line in lines if _CODE.search(line[:400])) > 0.3 * n or _is_table(lines):
            return 0.0
        # Lines that start with a blank continue a record; they say nothing for or against.
        starts = [line for line in lines if line[0] not in " \t" or _RESULT.match(line)]
        if len(starts) < max(MIN_LINES - 1, MIN_STARTS * n):
            return 0.0
        timed = sum(1 for line in starts if TIME.search(line, 0, HEAD))
        graded = sum(1 for line in starts if GRAVITY.search(line, 0, HEAD))
        named = sum(1 for line in starts if _SOURCE.match(line))
        share = max(timed, 0.8 * graded, 0.6 * named) / len(starts)
        return 0.9 * share if share >= MIN_SHARE else 0.0

    def encode(self, facts: Facts) -> str | None:
        if len(facts.lines) <= FEW_LINES:
            return codec.best(facts.text, (STEPS, STEPS[1:]), MARK)
        return codec.encode(facts.text, STEPS, MARK)

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)

    def units(self, facts: Facts) -> Sequence[Unit]:
        """The entries, each with the lines that continue it; those are alike that differ in numbers and ids alone."""
        return _units.read(facts).units

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        """The kinds of entries in a run, how often each stands there, and what its first number measured."""
        return _units.told(facts, run)


def _sample(lines: Sequence[str]) -> list[str]:
    middle = max(SAMPLE_LINES, len(lines) // 2)
    sample = (*lines[:SAMPLE_LINES], *lines[middle : middle + SAMPLE_LINES])
    return [line for line in sample if line.strip() and not is_notice(line)]  # an outline of a log is still a log


def _is_table(lines: Sequence[str]) -> bool:
    """True if all lines have the same number of the same separator: CSV, TSV, a Markdown table."""
    for separator, least in ((",", 3), ("\t", 2), (";", 3)):
        counts = Counter(line.count(separator) for line in lines)
        count, times = counts.most_common(1)[0]
        if count >= least and times >= 0.95 * len(lines) and sum(line.count(" ") for line in lines) < 4 * len(lines):
            return True
    return False
