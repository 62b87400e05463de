"""The marks of failed tests in pytest's rows of dots: each is a fact, which the block of a failure states as well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_ROW = re.compile(r"(\S+\.py) ([.sxX]*[FE][.sxXFE]*)\s+\[ *\d+%\]\s*\Z")
_SECTION = re.compile(r"=+ (FAILURES|ERRORS)? ?.*=+\s*\Z")
_HEADLINE = re.compile(r"_{2,} (?!ERROR collecting )\S.* _{2,}\s*\Z")
_PLACE = re.compile(r"([^\s:]+\.py):\d+: ")


def marks(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The failed tests of each file, as `tests/test_a.py failure 2`, with the number of a line that states it: a row,
    which has a mark for each, or a headline among the failures, below which a place in the file stands."""
    in_rows: Counter[str] = Counter()
    in_blocks: Counter[str] = Counter()
    inside, headline = False, -1
    named: set[str] = set()
    for at, line in enumerate(lines):
        if line[:1] == "=" and (section := _SECTION.match(line)):
            inside, headline = section[1] is not None, -1
        elif inside and line[:2] == "__" and _HEADLINE.match(line):
            headline, named = at, set()
        elif headline >= 0 and ".py:" in line and (place := _PLACE.match(line)) and place[1] not in named:
            named.add(place[1])
            in_blocks[place[1]] += 1
            yield f"{place[1]} failure {in_blocks[place[1]]}", headline
        elif "%]" in line and (row := _ROW.match(line)):
            for _ in range(row[2].count("F") + row[2].count("E")):
                in_rows[row[1]] += 1
                yield f"{row[1]} failure {in_rows[row[1]]}", at
