"""Two texts as a unified diff, in time that grows with their length (almost) whatever they hold.

Lines that stand once in each text are matched first, as many as keep their order (patience diff); only what lies
between two of them is compared line by line.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

CONTEXT = 3
"""Unchanged lines shown around a change, as `diff -u` does."""

COMPARED = 1_000_000
"""Pairs of lines between two matches that are compared at most: above, the one text counts as replaced by the other.
A second at worst."""


def unified(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The hunks of the diff, line by line, without the lines that name the files; nothing where both are equal."""
    for group in _Matcher(before, after).get_grouped_opcodes(CONTEXT):
        (_, a, _, b, _), (_, _, a_end, _, b_end) = group[0], group[-1]
        yield f"@@ -{_range(a, a_end)} +{_range(b, b_end)} @@"
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[i:i_end])
                continue
            yield from (f"-{line}" for line in before[i:i_end])
            yield from (f"+{line}" for line in after[j:j_end])


def _range(start: int, end: int) -> str:
    """A range of lines as hunks write it: `first,count`, where an empty one is named by the line before it."""
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + (count > 0)},{count}"


class _Matcher(SequenceMatcher[str]):
    """A matcher that is handed its blocks."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__(None, "", "")
        self._blocks = [*_blocks(before, after), Match(len(before), len(after), 0)]

    def get_matching_blocks(self) -> list[Match]:
        return self._blocks


def _blocks(before: Sequence[str], after: Sequence[str]) -> list[Match]:
    """The runs of lines that both texts have, in order, none beside another."""
    blocks: list[Match] = []
    a = b = 0
    for i, j in [*_anchors(before, after), (len(before), len(after))]:
        if 0 < (i - a) * (j - b) <= COMPARED:
            for found in SequenceMatcher(None, before[a:i], after[b:j], autojunk=False).get_matching_blocks():
                _add(blocks, Match(a + found.a, b + found.b, found.size))
        _add(blocks, Match(i, j, int(i < len(before))))
        a, b = i + 1, j + 1
    return blocks


def _add(blocks: list[Match], new: Match) -> None:
    if blocks and (blocks[-1].a + blocks[-1].size, blocks[-1].b + blocks[-1].size) == new[:2]:
        blocks[-1] = blocks[-1]._replace(size=blocks[-1].size + new.size)
    elif new.size:
        blocks.append(new)


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """The places of lines that stand once in each text: the longest selection that rises in both."""
    once = {line for line, count in Counter(before).items() if count == 1}
    once &= {line for line, count in Counter(after).items() if count == 1}
    place = {line: j for j, line in enumerate(after) if line in once}
    pairs = [(i, place[line]) for i, line in enumerate(before) if line in once]
    lows: list[int] = []
    ends: list[int] = []  # of each pile its top card, by its index in `pairs`
    below: list[int] = []
    for index, (_, j) in enumerate(pairs):
        pile = bisect_left(lows, j)
        below.append(ends[pile - 1] if pile else -1)
        lows[pile : pile + 1] = [j]
        ends[pile : pile + 1] = [index]
    chosen: list[tuple[int, int]] = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = below[at]
    return chosen[::-1]
