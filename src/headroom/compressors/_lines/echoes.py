"""Repeated lines: a run of equal neighbours is written once, and a block that stands further up is referred to.

`[line above ×5]` says that the line above stands five times in all; `[3 lines above ×12]` says so of a block of
three; `[= lines 12-40 above]` stands for those lines of the original text, counted from 1, and `[= lines 3, 12-40, 50
above]` for several stretches of them. A notice counts for the lines that it stands for, so that all numbers of a text
from which something was left out are those of the original. A line that would be read as one of these is written after
a backslash.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from headroom import notices, policy
from headroom.errors import FormatError

MAX_BLOCK = 64
"""Longest block of lines whose immediate repetition is looked for."""

MIN_REFERENCE = 4
"""Shortest block that is referred to: the reader has to look it up."""

MIN_REFERENCE_CHARS = 80
"""... and it must hold this much text, since a reference costs about nine tokens."""

MIN_JOINED, MAX_JOINED = 3, 24
"""So many references, with single lines that stand further up between them, share one line."""

MAX_CHARS = 2 * policy.MAX_CHARS
"""A rendering that claims to stand for more than any part may hold is garbage."""

NOTE = re.compile(r"\[(?:(?P<one>line)|(?P<many>[1-9]\d{0,2}) lines) above ×(?P<times>[1-9]\d{0,8})\]\Z", re.ASCII)
_RANGE = r"[1-9]\d{0,8}(?:-[1-9]\d{0,8})?"
REFERENCE = re.compile(rf"\[= lines (?P<ranges>{_RANGE}(?:, {_RANGE}){{0,{2 * MAX_JOINED}}}) above\]\Z", re.ASCII)
_ESCAPED = re.compile(r"\\*\[(?:line above ×|\d+ lines above ×|= lines \d)", re.ASCII)


def is_note(line: str) -> bool:
    """True for a line that stands for lines above it: every later step carries it as it is."""
    return line[:1] == "[" and bool(NOTE.match(line) or REFERENCE.match(line))


def encode(lines: Sequence[str], *, min_times: int = 2, min_reference: int = MIN_REFERENCE) -> list[str]:
    """The lines with repetitions told: of at least `min_times` lines, and of blocks of `min_reference` lines that
    stand further up."""
    out: list[str] = []
    numbers = [1]
    for line in lines:
        numbers.append(_next(numbers[-1], line))
    above: list[tuple[int, int, int]] = []
    last_seen: dict[str, int] = {}
    first_seen: dict[str, int] = {}
    blocks: dict[tuple[str, ...], int] = {}
    i, n = 0, len(lines)
    again = {line for line, times in Counter(lines).items() if times > 1}
    while i < n:
        if lines[i] not in again:
            out.append(_literal(lines[i]))
            above.append((numbers[i], 0, 0))
            i += 1
            continue
        period, times = _repetition(lines, i, last_seen.get(lines[i], -1))
        stands = numbers[first_seen[lines[i]]] if lines[i] in first_seen else 0
        if times and _pays(lines, i, period, times, min_times):
            above.append((numbers[i], 0, 0))
            out.append(f"[line above ×{times + 1}]" if period == 1 else f"[{period} lines above ×{times + 1}]")
            step = period * times
        else:
            start, step = _reference(lines, i, blocks, min_reference)
            if step:
                above.append((numbers[i], numbers[start], numbers[start + step - 1]))
                out.append(f"[= lines {numbers[start]}-{numbers[start + step - 1]} above]")
            else:
                step = 1
                above.append((numbers[i], stands, stands))
                out.append(_literal(lines[i]))
        for j in range(max(i, i + step - MAX_BLOCK), i + step):
            last_seen[lines[j]] = j
        first_seen.setdefault(lines[i], i)
        for j in range(i, i + step):
            if j + 1 >= MIN_REFERENCE and lines[j] in again:
                blocks.setdefault(tuple(lines[j + 1 - MIN_REFERENCE : j + 1]), j + 1 - MIN_REFERENCE)
        i += step
    return _joined(out, above)


def _joined(told: Sequence[str], above: Sequence[tuple[int, int, int]]) -> list[str]:
    """The same with many references, between which no line is new, on one line. `above` says of each line its number,
    and what lines of the original it tells again, from and to; 0 where that is none."""
    out: list[str] = []
    i = 0
    while i < len(told):
        stop = i
        while stop < len(told) and stop - i < 2 * MAX_JOINED and 0 < above[stop][2] < above[i][0]:
            if stop > i and above[stop][1] == above[stop][2] and above[stop - 1][1] == above[stop - 1][2]:
                break
            stop += 1
        ranges = [f"{first}" if first == last else f"{first}-{last}" for _, first, last in above[i:stop]]
        if sum("-" in numbers for numbers in ranges) < MIN_JOINED:
            out += told[i : max(stop, i + 1)]
        else:
            out.append(f"[= lines {', '.join(ranges)} above]")
        i = max(stop, i + 1)
    return out


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `encode` was given. Raises FormatError on a note about lines that do not stand above."""
    out: list[str] = []
    numbers = [1]
    room = MAX_CHARS
    for line in lines:
        while len(numbers) <= len(out):
            numbers.append(_next(numbers[-1], out[len(numbers) - 1]))
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
                told = _told(reference["ranges"], numbers, len(out))
                room -= sum(len(out[at]) + 1 for at in told)
                if not told or room < 0:
                    raise FormatError(f"the reference {line[:60]!r} points at lines that are not above")
                out.extend([out[at] for at in told])
                continue
        out.append(line)
    return out


def _next(number: int, line: str) -> int:
    """The number of the line below one of this number: a notice stands for several."""
    omission = notices.read(line) if line[:2] == "[…" else None
    stands = omission is not None and omission.unit == "lines" and omission.first == number <= omission.last
    return omission.last + 1 if omission and stands else number + 1


def _told(ranges: str, numbers: Sequence[int], known: int) -> list[int]:
    """The places of the lines that a reference names, among the `known` ones of these numbers; empty if one is not
    there, or hidden behind a notice."""
    told: list[int] = []
    for first, _, last in (each.partition("-") for each in ranges.split(", ")):
        start, stop = (bisect_left(numbers, int(number), 0, known) for number in (first, last or first))
        if not start <= stop < known or (numbers[start], numbers[stop]) != (int(first), int(last or first)):
            return []
        if numbers[stop] - numbers[start] != stop - start:
            return []
        told += range(start, stop + 1)
    return told


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
