"""Repeated lines: a run of equal neighbours is written once, and a block that stands further up is referred to.

`[line above ×5]` says that the line above stands five times in all; `[3 lines above ×12]` says so of a block of
three; `[= lines 12-40 above]` stands for those lines of the original text, counted from 1. A line that would be read
as one of these is written after a backslash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom import policy
from headroom.errors import FormatError

MAX_BLOCK = 64
"""Longest block of lines whose immediate repetition is looked for."""

MIN_REFERENCE = 4
"""Shortest block that is referred to: the reader has to look it up."""

MIN_REFERENCE_CHARS = 80
"""... and it must hold this much text, since a reference costs about nine tokens."""

MAX_CHARS = 2 * policy.MAX_CHARS
"""A rendering that claims to stand for more than any part may hold is garbage."""

NOTE = re.compile(r"\[(?:(?P<one>line)|(?P<many>[1-9]\d{0,2}) lines) above ×(?P<times>[1-9]\d{0,8})\]\Z", re.ASCII)
REFERENCE = re.compile(r"\[= lines (?P<first>[1-9]\d{0,8})-(?P<last>[1-9]\d{0,8}) above\]\Z", re.ASCII)
_ESCAPED = re.compile(r"\\*\[(?:line above ×|\d+ lines above ×|= lines \d)", re.ASCII)


def encode(lines: Sequence[str], *, min_times: int = 2, min_reference: int = 0) -> list[str]:
    """The lines with repetitions told: of at least `min_times` lines, and of blocks of `min_reference` lines that
    stand further up (never, where that is 0)."""
    out: list[str] = []
    last_seen: dict[str, int] = {}
    blocks: dict[tuple[str, ...], int] = {}
    i, n = 0, len(lines)
    again = {line for line, times in Counter(lines).items() if times > 1}
    while i < n:
        if lines[i] not in again:
            out.append(_literal(lines[i]))
            i += 1
            continue
        period, times = _repetition(lines, i, last_seen.get(lines[i], -1))
        if times and _pays(lines, i, period, times, min_times):
            out.append(f"[line above ×{times + 1}]" if period == 1 else f"[{period} lines above ×{times + 1}]")
            step = period * times
        else:
            start, step = _reference(lines, i, blocks, min_reference) if min_reference else (0, 0)
            if step:
                out.append(f"[= lines {start + 1}-{start + step} above]")
            else:
                step = 1
                out.append(_literal(lines[i]))
        for j in range(max(i, i + step - MAX_BLOCK), i + step):
            last_seen[lines[j]] = j
        if min_reference:
            for j in range(i, i + step):
                if j + 1 >= MIN_REFERENCE and lines[j] in again:
                    blocks.setdefault(tuple(lines[j + 1 - MIN_REFERENCE : j + 1]), j + 1 - MIN_REFERENCE)
        i += step
    return out


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `encode` was given. Raises FormatError on a note about lines that do not stand above."""
    out: list[str] = []
    room = MAX_CHARS
    for line in lines:
        first = line[:1]
        if first == "\\" and _ESCAPED.match(line):
            out.append(line[1:])
            continue
        if first == "[":
            note = NOTE.match(line)
            if note:
                size = 1 if note["one"] else int(note["many"])
                times = int(note["times"])
                block = out[len(out) - size :]
                room -= (sum(map(len, block)) + size) * (times - 1)
                if size > len(out) or times < 2 or room < 0:
                    raise FormatError(f"the note {line[:60]!r} repeats lines that are not there")
                out.extend(block * (times - 1))
                continue
            reference = REFERENCE.match(line)
            if reference:
                start, stop = int(reference["first"]) - 1, int(reference["last"])
                block = out[start:stop]
                room -= sum(map(len, block)) + len(block)
                if not start < stop <= len(out) or room < 0:
                    raise FormatError(f"the reference {line[:60]!r} points at lines that are not above")
                out.extend(block)
                continue
        out.append(line)
    return out


def _literal(line: str) -> str:
    return "\\" + line if line[:1] in ("[", "\\") and _ESCAPED.match(line) else line


def _repetition(lines: Sequence[str], i: int, seen: int) -> tuple[int, int]:
    """How many lines ending above `i` follow again at `i`, and how often."""
    period = i - seen
    if seen < 0 or period > MAX_BLOCK:
        return 0, 0
    times, j, n = 0, i, len(lines)
    block = lines[seen:i]
    while j + period <= n and lines[j : j + period] == block:
        times += 1
        j += period
    return period, times


def _pays(lines: Sequence[str], i: int, period: int, times: int, min_times: int) -> bool:
    if period == 1:
        return times + 1 >= min_times and (times > 5 or len(lines[i]) * times > 24)
    chars = sum(map(len, lines[i : i + period]))
    return times * period >= min_times and chars * times > 24 + 8 * period


def _reference(lines: Sequence[str], i: int, blocks: dict[tuple[str, ...], int], least: int) -> tuple[int, int]:
    """Where the lines from `i` on stand above, and how many of them."""
    start = blocks.get(tuple(lines[i : i + MIN_REFERENCE]), -1)
    if start < 0 or i + MIN_REFERENCE > len(lines) or start + MIN_REFERENCE > i:
        return 0, 0
    size, limit = MIN_REFERENCE, min(i - start, len(lines) - i)
    while size < limit and lines[start + size] == lines[i + size]:
        size += 1
    chars = sum(map(len, lines[i : i + size]))
    return (start, size) if size >= least and chars >= MIN_REFERENCE_CHARS else (0, 0)
