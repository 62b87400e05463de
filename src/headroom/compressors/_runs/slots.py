"""Blocks alike as one: the first of them with named slots, and what stands in these, a row for each.

A value that follows from another one (the same again, with something around it, its length) is no slot of its own.
Source text stands whole in the rows, unless all that differs in it is a value told anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, count
from typing import NamedTuple

from headroom import policy
from headroom.compressors._lines.cost import cost
from headroom.compressors._runs import blocks
from headroom.compressors._runs.blocks import AT, COUNT, MARKS, SOURCE, TEXT, Block, Part
from headroom.compressors._runs.joins import BRACES
from headroom.errors import FormatError

FIRST = "[first] "
"""Opens a line that the first block has and the others have not."""

BARS = ("|", "¦", "‖", "∥")
"""One of these stands between values that hold blanks."""

UNDERLINED = {"word": "; word: the one at the column", "rest": "; rest: from the column to , or ; at the end"}
"""Slots that are in no row, since the source line tells them, and the words of a legend for each."""

_LETTER = re.compile(r"\w")
MAX_CHARS = 8 * policy.MAX_CHARS
"""A group that may stand for more is garbage: slots are taken to hold the longest value everywhere."""

_NAMES = "xyzuvwrst"
_PLACE = re.compile(r"(?!\d+(?::\d+)?\Z)(.*?)(:[1-9]\d{0,8}(?::[1-9]\d{0,8})?)\Z", re.ASCII | re.DOTALL)
_LINE = re.compile(r"(\d{1,9})(?::\d+)?\Z", re.ASCII)


class Slot(NamedTuple):
    """A name and what stands there, block by block."""

    name: str
    values: tuple[str, ...]


class _Table:
    """The slots of one group, and how a value is told in terms of them."""

    def __init__(self, group: Sequence[Block], braces: str, underlined: Sequence[Slot]) -> None:
        self.slots: list[Slot] = []
        self._underlined = underlined
        self._group = group
        self._left, self._right = braces[0], braces[1]

    def tell(self, part: Part, values: tuple[str, ...]) -> str:
        """What stands in the pattern for a part with these values."""
        if part.kind == AT:
            return self._place(values)
        if part.kind == MARKS and len(set(values)) > 1:
            values = tuple(
                blocks.from_column(value, block.column) for value, block in zip(values, self._group, strict=True)
            )
        if len(set(values)) == 1:
            return values[0]
        return self._derived(part, values) or self._new(part, values)

    def _ref(self, name: str) -> str:
        return f"{self._left}{name}{self._right}"

    def _place(self, values: tuple[str, ...]) -> str:
        paths = {block.path for block in self._group}
        known = len(paths) == 1
        start = len(self._group[0].path) + 1 if known else 0
        self.slots.append(Slot("at", tuple(value[start:] for value in values)))
        return values[0][:start] + self._ref("at")

    def _derived(self, part: Part, values: tuple[str, ...]) -> str:
        lines = [block.line for block in self._group]
        if part.kind == TEXT and all(value.isdecimal() for value in values):
            apart = int(values[0]) - lines[0]
            if abs(apart) < 10 and all(value == str(line + apart) for value, line in zip(values, lines, strict=True)):
                return self._ref(f"at{apart:+d}")
        for slot in [*self.slots, *(() if part.kind == SOURCE else self._underlined)]:
            if slot.name == "at":
                continue
            pairs = list(zip(values, slot.values, strict=True))
            if all(value == str(len(of)) for value, of in pairs):
                return self._ref("#" + slot.name)
            at = values[0].find(slot.values[0])
            before, after = values[0][: max(at, 0)], values[0][at + len(slot.values[0]) :]
            inner = part.kind == SOURCE and (_LETTER.match(before[-1:]) or _LETTER.match(after[:1]))
            if at >= 0 and not inner and all(value == before + of + after for value, of in pairs):
                return before + self._ref(slot.name) + after
        return ""

    def _new(self, part: Part, values: tuple[str, ...]) -> str:
        before = ""
        name = {SOURCE: "source", MARKS: "marks", COUNT: "carets"}.get(part.kind, "")
        if part.kind == SOURCE:
            before = " " * min(len(value) - len(value.lstrip(" ")) for value in values)
        taken = {slot.name for slot in self.slots}
        names = [name] if name else list(_NAMES)
        name = next(n for n in chain(names, (f"{names[0]}{i}" for i in count(2))) if n not in taken)
        self.slots.append(Slot(name, tuple(value[len(before) :] for value in values)))
        return before + self._ref(name)


def told(group: Sequence[Block], extra: dict[int, str], braces: str) -> list[str] | None:
    """The lines of a group: the pattern, the names of its slots, and a row for each block. None where that cannot be.

    `extra` are lines of the first block, by their row, which the others have not; they are not in `group`.
    """
    seen = [blocks.underlined(block.lines, block.column) for block in group]
    known = [Slot(name, tuple(one[name] for one in seen)) for name in UNDERLINED if all(name in one for one in seen)]
    ways = [_told(group, extra, braces, underlined) for underlined in ((known, []) if known else ([],))]
    return min((way for way in ways if way), key=lambda way: cost("\n".join(way)), default=None)


def _told(group: Sequence[Block], extra: dict[int, str], braces: str, underlined: Sequence[Slot]) -> list[str] | None:
    table = _Table(group, braces, underlined)
    each = [block.parts for block in group]
    pattern = []
    for row, line in enumerate(each[0]):
        text = ""
        for column, part in enumerate(line):
            values = tuple(parts[row][column].value for parts in each)
            text += part.before + (table.tell(part, values) if part.kind else "")
        pattern.append(text)
    for row, text in sorted(extra.items()):
        pattern.insert(row, FIRST + text)
    rows = _rows(table.slots, braces)
    return None if rows is None or any(_names(line, braces) for line in pattern) else pattern + rows


def _rows(slots: Sequence[Slot], braces: str) -> list[str] | None:
    """The names of the slots, and the values below them."""
    spaced = [slot for slot in slots if any(" " in value for value in slot.values)]
    slots = sorted(slots, key=lambda slot: (slot.name != "at", slot in spaced))
    if not slots or slots[0].name != "at" or slots[0] in spaced:
        return None
    places = _shortened(slots[0].values)
    bar = " "
    if len(spaced) > 1:
        said = "".join(value for slot in slots for value in slot.values)
        mark = next((bar for bar in BARS if bar not in said), "")
        if not mark:
            return None
        bar = f" {mark} "
    head = bar.join(f"{braces[0]}{slot.name}{braces[1]}" for slot in slots) + ":"
    rows = [bar.join(values) for values in zip(places, *(slot.values for slot in slots[1:]), strict=True)]
    return [head, " ".join(rows)] if len(slots) == 1 else [head, *rows]


def _shortened(places: Sequence[str]) -> list[str]:
    """Places without the path where it is that of the row above."""
    short, path = [], ""
    for place in places:
        match = _PLACE.match(place)
        own = match[1] if match else ""
        short.append(place[len(own) :] if own and own == path else place)
        path = own
    return short


def _lengthened(places: Sequence[str]) -> list[str]:
    long, path = [], ""
    for place in places:
        match = _PLACE.match(place)
        path = (match[1] if match else "") or (path if place[:1] == ":" else "")
        long.append(path + place if place[:1] == ":" else place)
    return long


def _names(line: str, braces: str) -> re.Match[str] | None:
    left, right = map(re.escape, braces)
    name = rf"{left}\w+{right}"
    return re.match(rf"{left}at{right}(?:( (?:[{''.join(BARS)}] )?){name}(?:\1{name})*)?:\Z", line)


def read(lines: Sequence[str], at: int, times: int, braces: str) -> tuple[list[list[str]], int]:
    """The blocks of the group whose pattern begins at line `at`, and the line behind it. Raises FormatError."""
    start = at
    while at < len(lines) and not _names(lines[at], braces):
        at += 1
    if at == len(lines):
        raise FormatError("a group of diagnostics has no rows")
    pattern, head = lines[start:at], _names(lines[at], braces)
    assert head is not None
    names = re.findall(r"\w+", lines[at])
    bar = head[1] or " "
    if len(names) == 1:
        rows = [[place] for place in lines[at + 1].split(" ")] if at + 1 < len(lines) else []
        stop = at + 2
    else:
        stop = at + 1 + times
        rows = [line.split(bar, len(names) - 1) for line in lines[at + 1 : stop]]
    if len(rows) != times or any(len(row) != len(names) for row in rows):
        raise FormatError(f"a group of {times} diagnostics has {len(rows)} rows, or not the slots it names")
    longest = max((len(value) for row in rows for value in row), default=0)
    if times * sum(len(line) + line.count(braces[0]) * longest for line in pattern) > MAX_CHARS:
        raise FormatError("diagnostics that stand for more text than any part holds")
    places = _lengthened([row[0] for row in rows])
    found = [
        _filled(pattern, dict(zip(names, [place, *row[1:]], strict=True)), index == 0, braces)
        for index, (place, row) in enumerate(zip(places, rows, strict=True))
    ]
    return found, stop


def end(lines: Sequence[str], at: int, times: int) -> int:
    """The line behind the group whose pattern begins at line `at`, in a rendering that may tell none."""
    heads = (i for i in range(at, len(lines)) if any(_names(lines[i], pair) for pair in BRACES))
    head = next(heads, None)
    if head is None:
        return at
    return head + 2 if len(re.findall(r"\w+", lines[head])) == 1 else head + 1 + times


def _filled(pattern: Sequence[str], values: dict[str, str], first: bool, braces: str) -> list[str]:
    """One block of a group."""

    def value(match: re.Match[str]) -> str:
        if match[2] not in values and match[2] not in UNDERLINED:
            raise FormatError(f"a diagnostic has no slot {match[2]!r}")
        told = values.get(match[2], match[0])
        if match[3] and match[2] == "at":
            line = _LINE.search(told)
            return str(int(line[1]) + int(match[3])) if line else ""
        return str(len(told)) if match[1] and match[2] in values else told + (match[3] or "")

    left, right = map(re.escape, braces)
    slot = re.compile(rf"{left}(#?)(\w+)([+-]\d)?{right}")
    own = {row: line[len(FIRST) :] for row, line in enumerate(pattern) if line.startswith(FIRST)}
    told = [slot.sub(value, line) for row, line in enumerate(pattern) if row not in own]
    values = blocks.underlined(told, blocks.column(told))
    told = [slot.sub(value, line) for line in told]
    lines = blocks.restored(told)
    for row, text in own.items() if first else ():
        lines.insert(row, text)
    return lines
