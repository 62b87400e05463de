"""What pytest tells again of failures, results of which it gives the reason below and logs that it quotes; and what the
program logged while tests passed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence

from headroom.compressors._lines.heads import HEAD, TIME
from headroom.compressors._lines.units import SLOT
from headroom.compressors._runs.forms import FAILURE, PERCENT, PROGRESS, Line

LOGGED = "logged lines"

_DOTS = re.compile(rf"(\S+\.py) ([.sxFE]+){PERCENT}\Z")
_SECTION = re.compile(r"=+ (?:FAILURES|ERRORS) =+\Z")
_HEADLINE = re.compile(r"_{2,} (?!ERROR collecting )\S.* _{2,}\Z")
_PLACE = re.compile(r"([^\s:]+\.py):\d+: ")
_SUMMED = re.compile(r"(?:FAILED|ERROR) (\S+\.\w+::\S+)(?: - .+)?\Z")
_FAILED = re.compile(r"(\S+\.\w+::\S+) (FAILED|ERROR)" + PERCENT + r"\Z")
_CAPTURED = re.compile(r"-+ Captured \w+ \w+ -+\Z")
_RULED = re.compile(r"([-_=])\1{2,}.*\1\1\Z")
_LIGHT = re.compile(r"\b(?:DEBUG|INFO|TRACE)\b")
_LIGHT_HEAD = re.compile(
    r"\b(?:DEBUG|INFO|TRACE)\b|[\[(<|=]\"?(?:debug|info|trace)\b|\"level\": ?\"?(?:debug|info|trace|[123]0)\b"
)
"""How a log says of a line that it has no weight: in words, or in numbers as pino and Bunyan do."""

_VARIES = re.compile(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f-]*\b", re.IGNORECASE)


def told_below(lines: Sequence[str]) -> dict[int, Line]:
    """The results of failed tests, by their index, that pytest tells again: those that its summary names with the
    reason, and the rows of dots of files that have as many failures of their own below as marks."""
    summed = {match[1] for line in lines if (match := _SUMMED.match(line))}
    again = {
        i: Line("failed tests told again below", f"told below {match[2]}")
        for i, line in enumerate(lines)
        if (match := _FAILED.match(line)) and match[1] in summed
    }
    rows = [(i, match) for i, line in enumerate(lines) if line[-2:] == "%]" and (match := _DOTS.match(line))]
    marks: Counter[str] = Counter()
    for _, row in rows:
        marks[row[1]] += row[2].count("F") + row[2].count("E")
    blocks = _blocks(lines) if any(marks.values()) else marks
    return again | {i: Line(PROGRESS, "dots") for i, row in rows if 0 < marks[row[1]] <= blocks[row[1]]}


def _blocks(lines: Sequence[str]) -> Counter[str]:
    """How many failures pytest tells under a headline below which a place in a file stands, for each file."""
    blocks: Counter[str] = Counter()
    inside = False
    named: set[str] | None = None
    for line in lines:
        if line[:1] == "=" and _RULED.match(line):
            inside, named = bool(_SECTION.match(line)), None
        elif inside and line[:2] == "__" and _HEADLINE.match(line):
            named = set()
        elif named is not None and ".py:" in line and (place := _PLACE.match(line)) and place[1] not in named:
            named.add(place[1])
            blocks[place[1]] += 1
    return blocks


def quoted_logs(lines: Sequence[str]) -> dict[int, Line]:
    """Lines of no weight that tests logged and pytest quotes under a failure, by their index: they are alike where
    they differ in numbers only."""
    logged: dict[int, Line] = {}
    inside = False
    for i, line in enumerate(lines):
        if line[:1] in "-_=" and _RULED.match(line):
            logged.pop(i - 1, None)  # the last word before a failure stays
            inside = bool(_CAPTURED.match(line))
        elif inside and _LIGHT.search(line) and not FAILURE.search(line):
            logged[i] = Line(LOGGED, _VARIES.sub("0", line))
    return logged


def light(lines: Sequence[str]) -> frozenset[int]:
    """The lines that a program logged, with a time and a word that says they have no weight, by their index."""
    return frozenset(
        i for i, line in enumerate(lines)
        if _LIGHT_HEAD.search(line, 0, HEAD) and TIME.search(line, 0, HEAD) and not FAILURE.search(line)
    )  # fmt: skip


def logs_amid(lines: Sequence[str], logged: Container[int], quiet: Container[int]) -> dict[int, Line]:
    """Those of the `logged` lines that stand amid tests that passed, by their index: nothing but more of them and
    blank lines stand between one and the next line that is `quiet`. The last words before a failure stay."""
    amid: dict[int, Line] = {}
    passes = False
    for i in range(len(lines) - 1, -1, -1):
        if i not in logged:
            passes = i in quiet or (passes and not lines[i].strip())
        elif passes:
            amid[i] = Line(LOGGED, SLOT.sub("0", lines[i]))
    return amid
