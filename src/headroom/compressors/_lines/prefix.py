"""Shared-prefix headings: a beginning that neighbouring lines share is written once, above them.

`@p` sets the prefix p; a line indented by one space stands for p and its rest; `@` alone unsets it; any other line
stands for itself. `@…x` is the prefix before with its end replaced by x. A line that would be read as one of these is
written after a backslash. The steps differ only in where they cut: `headings` at the longest beginning that
neighbours share, `clock_headings` at one delimiter for the whole text, where the time of a log line turns over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from headroom.compressors._lines.cost import cost
from headroom.compressors._lines.echoes import is_note
from headroom.compressors._lines.heads import is_notice
from headroom.errors import FormatError

LITERAL = -1
"""A cut that says: this line stands for itself."""

MIN_PREFIX = 5
"""Shorter prefixes cost as much as their heading."""

LOOK_AHEAD = 400
"""A heading is judged over at most this many lines, which keeps the work linear."""

CLOCK_CHARS = 64
"""How far into a line its time may end."""

CLOCK_SAMPLE = 180
CLOCK_CUTS = 14

CLOSE = 0.6
"""A second delimiter is worth a trial if it saves this share of what the first does, by estimate."""

HEAD_CHARS = 1.7
"""Characters in a token of a time."""

MAX_HEADS = 20_000

_ELLIPSIS = "…"
_TAIL = re.compile(r"[^\s\[\]T|(]*\Z")
_DIGITS = {ord(c): "0" for c in "123456789"}
_LETTER = re.compile(r"[^\W\d_]+")


def write(lines: Sequence[str], cuts: Sequence[int]) -> list[str]:
    """The lines with `line[:cut]` in headings; a cut of LITERAL leaves the line as it is."""
    out: list[str] = []
    prefix: str | None = None
    last = ""
    for i, (line, cut) in enumerate(zip(lines, cuts, strict=True)):
        if cut > 0 and line[0] != _ELLIPSIS:
            head = line[:cut]
            if head != prefix:
                out.append(_heading(head, last))
                prefix = last = head
            out.append(" " + line[cut:])
            continue
        first = line[:1]
        if first == " " and prefix is not None:
            if i + 1 < len(lines) and cuts[i + 1] <= 0 and lines[i + 1][:1] == " ":
                out.append("@")
                prefix = None
                out.append(line)
            else:
                out.append("\\" + line)
        else:
            out.append("\\" + line if first in ("@", "\\") and first else line)
    return out


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `write` was given. Raises FormatError on a heading that continues none."""
    out: list[str] = []
    prefix: str | None = None
    last = ""
    for line in lines:
        first = line[:1]
        if first == " " and prefix is not None:
            out.append(prefix + line[1:])
        elif first == "@":
            if line == "@":
                prefix = None
                continue
            prefix = line[1:]
            if prefix[0] == _ELLIPSIS:
                tail = prefix[1:]
                if len(tail) >= len(last):
                    raise FormatError(f"the heading {line[:40]!r} is longer than the one before")
                prefix = last[: len(last) - len(tail)] + tail
            last = prefix
        elif first == "\\":
            out.append(line[1:])
        else:
            out.append(line)
    return out


def headings(lines: Sequence[str]) -> list[int]:
    """Cuts at the longest beginnings that neighbouring lines share, greedily from the top."""
    apart = [_is_apart(line) for line in lines]
    shared = [0 if any(apart[i : i + 2]) else common_start(*pair) for i, pair in enumerate(pairwise(lines))]
    cuts = [LITERAL] * len(lines)
    i, end = 0, len(lines) - 1
    while i < end:
        low = shared[i]
        line = lines[i]
        cut = _boundary(line, low) if low >= MIN_PREFIX else 0
        if cut < MIN_PREFIX:
            i += 1
            continue
        best_gain, best_stop, best_cut = 0.0, i, 0
        price = _price(line, cut)
        for j in range(i, min(end, i + LOOK_AHEAD)):
            if shared[j] < low:
                low = shared[j]
                if low < MIN_PREFIX:
                    break
                if low < cut:
                    cut = _boundary(line, low)
                    if cut < MIN_PREFIX:
                        break
                    price = _price(line, cut)
            gain = (j - i + 1) * price - 2.0
            if gain > best_gain:
                best_gain, best_stop, best_cut = gain, j + 1, cut
        if best_gain > 1.0 and best_cut >= MIN_PREFIX:
            cuts[i : best_stop + 1] = [best_cut] * (best_stop + 1 - i)
            i = best_stop + 1
        else:
            i += 1
    return cuts


def clocks(lines: Sequence[str], most: int = 2) -> list[int]:
    """Which delimiters the time of these lines may be cut at, by what headings would save; best first.

    It is the one after which the beginnings change seldom enough: the minute in a busy log, the day in a quiet one.
    What never changes needs no heading, since templates hold it.
    """
    sample = _windows(lines)
    gains: list[tuple[float, int]] = []
    least = 0.02 * sum(min(len(line), 160) for line in sample) / 3
    for k in range(1, CLOCK_CUTS + 1):
        heads = [found[0] for found in map(_head(k), sample) if found]
        if not heads or len(heads) * 2 < len(sample):
            break
        gain = _clock_gain(heads)
        if gain > least:
            gains.append((gain, k))
    gains.sort(reverse=True)
    return [k for gain, k in gains[:most] if gain > CLOSE * gains[0][0]]


def clock_headings(lines: Sequence[str], k: int) -> list[int]:
    """Cuts at the k-th delimiter for all lines that start like most do; the others stand for themselves."""
    match = _head(k)
    heads = [found[0] for found in map(match, _windows(lines)) if found]
    masks = Counter(map(_mask, heads))
    known = {mask for mask, n in masks.items() if n > 1 and n * 50 >= len(heads)}
    fits: dict[str, bool] = {}
    cuts = []
    for line, found in zip(lines, map(match, lines), strict=True):
        if not found or _is_apart(line):
            cuts.append(LITERAL)
            continue
        head = found[0]
        if head not in fits:
            if len(fits) > MAX_HEADS:
                fits.clear()
            fits[head] = _mask(head) in known
        cuts.append(len(head) if fits[head] else LITERAL)
    return cuts


def _is_apart(line: str) -> bool:
    """True for a line that stands for others: nobody would find it under a heading."""
    return is_notice(line) or is_note(line)


def _clock_gain(heads: Sequence[str]) -> float:
    """Tokens that headings save over templates alone, by estimate."""
    constant = common_start(min(heads), max(heads))
    gain, before, price = 0.0, "", 0
    for head in heads:
        if head != before:
            gain -= len(_heading(head, before)) / HEAD_CHARS + 2
            before = head
            price = cost(head[constant:])
        gain += price
    return gain


def _windows(lines: Sequence[str]) -> list[str]:
    """Lines from the beginning, the middle and the end; those that start with a blank continue another one."""
    if len(lines) > CLOCK_SAMPLE:
        step = len(lines) // 3
        size = CLOCK_SAMPLE // 3
        lines = [line for start in range(0, step * 3, step) for line in lines[start : start + size]]
    return [line for line in lines if line and line[0] not in " \t"]


@lru_cache(maxsize=CLOCK_CUTS)
def _head(k: int) -> Callable[[str], re.Match[str] | None]:
    """Finds the beginning of a line up to its k-th delimiter; padding belongs to the delimiter before it."""
    match = re.compile(rf"(?=[^ \t\n])(?:[^\W_]*+(?:[^\w ]|_| +)){{{k}}}").match
    return lambda line: match(line, 0, CLOCK_CHARS)


def _mask(head: str) -> str:
    return _LETTER.sub("a", head.translate(_DIGITS))


def _heading(head: str, last: str) -> str:
    if len(head) == len(last):
        same = common_start(head, last)
        start = same - len(_TAIL.search(head, 0, same)[0])  # type: ignore[index]
        if start > 3:
            return f"@{_ELLIPSIS}{head[start:]}"
    return "@" + head


def common_start(a: str, b: str, limit: int = 4_000) -> int:
    """Length of the common beginning, at most `limit`, by halving: slices compare at memory speed."""
    if a == b:
        return len(a)
    low, high = 0, min(len(a), len(b), limit)
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _boundary(line: str, limit: int) -> int:
    """The last cut up to `limit` that follows a delimiter."""
    while limit and (line[limit - 1].isalnum() or line[limit - 1] == "_"):
        limit -= 1
    return limit


def _price(line: str, cut: int) -> float:
    return cost(line[:cut]) - 0.5 if cut <= 200 else cut / 4
