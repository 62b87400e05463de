"""Runs of lines that hold data, and notices of a licence: what nobody reads a source file for.

Lines are of one shape if they differ in their names, numbers and strings only. A long run of shapes that come back
after the same few lines is a table: fixtures, translations, palettes, members of an enumeration with their values. Its
first lines show the shape, its last one where it ends. Lines without a literal are no data (fields of a type), nor are
statements and calls that are handed names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headroom.compressors._omit import FAILURE
from headroom.types import Unit

MIN_LINES = 20
"""Of the lines left out with runs of 12 lines or more, recorded agents used several; with this length, hardly any."""

MAX_PERIOD = 8
"""Lines that one entry of a table may run over."""

ENTRIES = 4
"""So many entries make a run of entries over several lines."""

SHOWN = 2
"""Entries at the start of a table that show what the others are like."""

MIN_LICENCE = 4
"""A shorter comment at the top of a file is about the file."""

WIDTH = 500
"""Characters of a line that are looked at."""

_LITERAL = re.compile(
    r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`|(?<![\w.])[-+]?\.?\d[\w.]*%?|#[0-9a-fA-F]{3,8}\b"
)
_NAME = re.compile(r"[^\W\d]\w*")
_STATEMENT = re.compile(
    r"\s*(?:\}\s*)?(?:if|else|elif|for|while|do|switch|case|default|match|when|try|except|catch|finally|with|return|raise"
    r"|throw|yield|await|assert|def|func|fn|fun|function|class|struct|interface|type|import|from|use|defer|go|del)\b"
)
_WORKS = re.compile(r"\ba\([^()]*\ba\b")
"""In a shape, a call that is handed a name: it works something out."""
_COMMENT = re.compile(r"\s*(?://|#(?!!)|/\*|\*|<!--|--|;)")
_LICENCE = re.compile(r"(?i)\bcopyright\b|\blicen[cs]e|\bSPDX-")
_LEFT_OVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|BUG)\b")


class Run(NamedTuple):
    """Lines `first` to `last`, counted from 0, of which the first `shown` and the last one stay."""

    first: int
    last: int
    shown: int
    kind: str


def units(lines: Sequence[str]) -> list[Unit]:
    """A unit for each line of a table or a licence; those that tell of failures or of work left over stay."""
    made: list[Unit] = []
    for run in (*_licence(lines), *_tables(lines)):
        for at in range(run.first, run.last + 1):
            edge = at < run.first + run.shown or at == run.last
            made.append(Unit(at + 1, at + 1, lines[at], run.kind, f"{run.kind} {run.first}", _reason(lines[at], edge)))
    return made


def _reason(line: str, edge: bool) -> str:
    if edge:
        return "shows the form"
    return "failure" if FAILURE.search(line) else "work left over" if _LEFT_OVER.search(line) else ""


def _licence(lines: Sequence[str]) -> Iterator[Run]:
    """The comment that a file opens with, if it is about rights."""
    start = 1 if lines and lines[0].startswith("#!") else 0
    end = start
    while end < len(lines) and (_COMMENT.match(lines[end]) or not lines[end].strip()):
        end += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    if end - start >= MIN_LICENCE and _LICENCE.search("\n".join(lines[start:end])):
        yield Run(start, end - 1, SHOWN, "lines of a licence")


def _tables(lines: Sequence[str]) -> Iterator[Run]:
    shapes = [_shape(line) for line in lines]
    at = _licensed(lines)
    while at < len(lines):
        size, period = max((_length(shapes, at, period), -period) for period in range(1, MAX_PERIOD + 1))
        if size >= MIN_LINES and _is_data(lines[at : at - period], shapes[at : at - period]):
            yield Run(at, at + size - 1, max(SHOWN, -period), "lines alike")
            at += size
        else:
            at += 1


def _is_data(lines: Sequence[str], shapes: Sequence[str]) -> bool:
    """True if the lines of one entry hold literals and do nothing."""
    works = any(map(_WORKS.search, shapes)) or any(map(_STATEMENT.match, lines))
    return not works and any("0" in shape for shape in shapes)


def _licensed(lines: Sequence[str]) -> int:
    """The line after a licence."""
    return next((run.last + 1 for run in _licence(lines)), 0)


def _length(shapes: Sequence[str], at: int, period: int) -> int:
    """How many lines from `at` on have the shape of the line `period` above them, with the first `period` lines."""
    end = at + period
    while end < len(shapes) and shapes[end] == shapes[end - period]:
        end += 1
    return end - at if end - at >= ENTRIES * period and end <= len(shapes) else 0


def _shape(line: str) -> str:
    """A line with a 0 for each literal and an a for each name."""
    return " ".join(_NAME.sub("a", _LITERAL.sub("0", line[:WIDTH])).split())
