"""Neighbouring lines that differ in one word share a line: `=== RUN   TestAdd/{empty one many}` is three lines.

The braces are a pair that no line of the text holds, so that nothing needs an escape. The words hold no blank; what
stands before and behind the braces belongs to each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import ne

from headroom import policy
from headroom.compressors._lines.prefix import common_start
from headroom.errors import FormatError

BRACES = ("{}", "«»", "‹›", "⟨⟩", "⟦⟧")

CLAUSE = "{a b}: a line for each"
PATTERN = re.compile(r"([{«‹⟨⟦])a b([}»›⟩⟧]): a line for each\Z")

MAX_LINES = 48
"""As many lines share one at most: a reader has to find the end of it."""

MAX_CHARS = 900
_OPENS = frozenset(" \t/:([='\"|@>,")
_CLOSES = frozenset(" \t)]:'\",;")
"""A word begins behind one of the first, and ends before one of the second."""

_WORD = re.compile(r"\S*[^\W\d_]\S*")

MIN_SHARED = 6
CHARS_PER_TOKEN = 4
MIN_GAIN = 4.0


def encode(lines: Sequence[str], fixed: Callable[[str], bool]) -> tuple[list[str], str] | None:
    """The lines with neighbours joined, and the clause that names the braces; None where no two can be joined.

    `fixed` names lines that stay for themselves.
    """
    text = "\n".join(lines)
    braces = next((pair for pair in BRACES if pair[0] not in text and pair[1] not in text), None)
    if braces is None:
        return None
    shared = [_shared(a, b) for a, b in pairwise(lines)]
    out: list[str] = []
    i, n = 0, len(lines)
    while i < n:
        stop, start, end = (i, 0, 0) if i + 1 == n or sum(shared[i]) < MIN_SHARED else _run(lines, shared, i, fixed)
        if stop == i:
            out.append(lines[i])
            i += 1
            continue
        words = " ".join(line[start : len(line) - end] for line in lines[i : stop + 1])
        line = lines[i]
        out.append(f"{line[:start]}{braces[0]}{words}{braces[1]}{line[len(line) - end :]}")
        i = stop + 1
    return (out, CLAUSE.translate({ord("{"): braces[0], ord("}"): braces[1]})) if len(out) < n else None


def decode(lines: Sequence[str], braces: str) -> list[str]:
    """The lines that `encode` was given. Raises FormatError on more text than any part holds."""
    left, right = braces[0], braces[1]
    room = policy.MAX_CHARS
    out: list[str] = []
    for line in lines:
        start, opened, rest = line.partition(left)
        words, closed, end = rest.rpartition(right)
        if opened and closed:
            parts = words.split(" ")
            room -= len(parts) * (len(start) + len(end))
            if room < 0:
                raise FormatError(f"the line {line[:60]!r} stands for more text than any part holds")
            out.extend(start + word + end for word in parts)
        else:
            out.append(line)
    return out


def _run(
    lines: Sequence[str], shared: Sequence[tuple[int, int]], i: int, fixed: Callable[[str], bool]
) -> tuple[int, int, int]:
    """The last line that shares one with line i, and the lengths of what is common before and behind the words."""
    line = lines[i]
    best, best_gain = (i, 0, 0), MIN_GAIN
    if fixed(line):
        return best
    before, behind = shared[i]
    shortest = len(line)
    chars = 0
    price, last = 0.0, (-1, -1)
    for j in range(i, min(len(shared), i + MAX_LINES - 1)):
        if best[0] == j and (j == i or sum(shared[j]) < before + behind) and _closer(shared, j):
            break
        before, behind = min(before, shared[j][0]), min(behind, shared[j][1])
        other = lines[j + 1]
        shortest = min(shortest, len(other))
        start, end = before, min(behind, shortest - before)
        chars += len(other) - start - end
        if start + end < MIN_SHARED or chars > MAX_CHARS or shortest <= start + end or fixed(other):
            break
        known = (start, end) == last
        if not all(_WORD.fullmatch(text, start, len(text) - end) for text in ((other,) if known else lines[i : j + 2])):
            break
        if not known:
            last = (start, end)
            price = (start + end) / CHARS_PER_TOKEN + 1
        gain = (j + 1 - i) * price - 2.0
        if gain > best_gain:
            best, best_gain = (j + 1, start, end), gain
    return best


def _closer(shared: Sequence[tuple[int, int]], j: int) -> bool:
    """True if line j + 1 has more in common with the one below it than with the one above."""
    return j + 1 < len(shared) and sum(shared[j + 1]) > sum(shared[j])


def _shared(a: str, b: str) -> tuple[int, int]:
    """Lengths of the common beginning and the common end, cut at delimiters, where lines differ in one word."""
    if a == b:
        return 0, 0
    words, others = a.split(" "), b.split(" ")
    if len(words) != len(others):
        return 0, 0
    differ = list(map(ne, words, others))
    if sum(differ) != 1:
        return 0, 0
    place = differ.index(True)
    word, other = words[place], others[place]
    before = sum(map(len, words[:place])) + place
    behind = len(a) - before - len(word)
    limit = min(len(word), len(other))
    start = common_start(word, other, min(limit, 400))
    end = common_start(word[::-1], other[::-1], min(limit - start, 400))
    return _start(a, before + start), _end(a, behind + end)


def _start(line: str, limit: int) -> int:
    """The last place up to `limit` that follows a delimiter."""
    while limit and line[limit - 1] not in _OPENS:
        limit -= 1
    return limit


def _end(line: str, limit: int) -> int:
    """The length of the longest end up to `limit` that begins with a delimiter."""
    n = len(line)
    while limit and line[n - limit] not in _CLOSES:
        limit -= 1
    return limit
