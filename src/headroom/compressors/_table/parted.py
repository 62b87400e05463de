"""What a line of a repeated block is: the texts around a value, by which lines are alike, and the value.

A line has a value behind a key (`id: 7,`, `'id' => 7`), between tags, or where a name stands in it, a string in quotes
or a number. Whether a name is a value or is what all blocks have (`ports:`) is told by how often such lines stand in
the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

DEEP = 1_000
"""The indentation of a blank line, which stands anywhere."""

WIDE = 1_000
"""Lines of more characters are no lines of a block."""

REPEATED = 3
"""A line that stands so often word for word is none whose name is a value."""

_KEYED = re.compile(
    r"(\s*(?:[-+~#*] )?[\[({]*['\"]?([A-Za-z_$@./][\w$@./-]*(?: [\w$@./()-]+){0,3})['\"]?\]?"
    r"\s*(?:=>|:=|[:=])\s*)(\S.*)",
    re.DOTALL,
).fullmatch
_ELEMENT = re.compile(r"(\s*<([\w:.-]+)>)([^<>\n]+)(</\2>\s*)").fullmatch
_NAMED = (
    ("section", re.compile(r"(\s*\[{1,2})([^\[\]]+)(\]{1,2})").fullmatch),
    ("name", re.compile(r"(\s*['\"]?)([\w$@./{}-]+)(['\"]?(?: \w+)?:?(?: [{\[(]|(?<=:)))").fullmatch),
    ("name", re.compile(r"(\s*\S.{0,80}?[\s\"'])([\w$@./-]+)([\"']? [{\[(]|[\"']?:)").fullmatch),
    ("", re.compile(r"(\s*[A-Za-z][\w-]*[ \t]+)(\S+?)(;?)").fullmatch),
    ("name", re.compile(r"(\s*\S{1,20} )(\S+)( \S.*)").fullmatch),
)
"""Lines that hold a name, by what the name is called; or else by the first word before it."""

_VARIES = re.compile(r"""'[^'\n]*'|"[^"\n]*"|[\w.@/+-]*\d[\w.@/+:-]*""").finditer
"""Strings in quotes and words that hold a number: from the first to the last of them is the value of any other line."""

STEADY = 0.8
"""Where most lines of one of these forms stand at least so often as the commonest, they are what a block is made of,
and no names: `ports:`."""

_PAIRS = {")": "(", "]": "[", "}": "{"}


class Line(NamedTuple):
    """A line of a block: what stands before and after its value, and the name of the value; none if it has none."""

    before: str
    after: str
    name: str


class Parted(NamedTuple):
    """What a line is, and its value."""

    kind: Line
    value: str
    sure: bool
    """False for a line that may be what all blocks have."""


def parted(often: Mapping[str, int]) -> dict[str, Parted]:
    """What lines are that stand so many times in the text."""
    choices = {line: _choices(line) for line in often}
    times: Counter[Line] = Counter()
    most: Counter[Line] = Counter()
    for line, parts in choices.items():
        for part in parts:
            times[part.kind] += often[line]
            most[part.kind] = max(most[part.kind], often[line])
    steady: Counter[Line] = Counter()
    for line, parts in choices.items():
        for part in parts:
            steady[part.kind] += often[line] if often[line] >= max(REPEATED, STEADY * most[part.kind]) else 0
    made: dict[str, Parted] = {}
    for line, parts in choices.items():
        best = max(parts, key=lambda part: times[part.kind], default=None)
        names = best is not None and (best.sure or 2 * steady[best.kind] < times[best.kind])
        made[line] = best if names and best is not None else Parted(Line(line, "", ""), "", True)
    return made


def _choices(line: str) -> list[Parted]:
    """What a line may be that has a value."""
    if len(line) > WIDE:
        return []
    if found := _KEYED(line):
        before, key, rest = found[1], found[2], found[3]
        value = rest.rstrip()
        if value[-1] in ",;" and len(value) > 1:
            value = value[:-1]
        while value and value[-1] in _PAIRS and value.count(value[-1]) > value.count(_PAIRS[value[-1]]):
            value = value[:-1]
        if value and value[-1] not in "{[(":
            return [Parted(Line(before, rest[len(value) :], re.sub(r"[^\w$@]+", "_", key)), value, True)]
    if found := _ELEMENT(line):
        return [Parted(Line(found[1], found[4], re.sub(r"\W+", "_", found[2])), found[3], True)]
    named = [
        Parted(Line(m[1], m[3], name or _first_word(m[1])), m[2], False) for name, match in _NAMED if (m := match(line))
    ]
    varies = [found.span() for found in _VARIES(line)]
    if varies:
        start, stop = varies[0][0], varies[-1][1]
        named.append(Parted(Line(line[:start], line[stop:], _first_word(line[:start])), line[start:stop], False))
    return named


def _first_word(text: str) -> str:
    found = re.search(r"[A-Za-z_]\w*", text)
    return found[0] if found else "value"


def opens(kind: Line) -> bool:
    """True for a line that a block may begin with: one that is neither blank nor a bracket that closes."""
    return bool(kind.name or kind.before.strip(" \t)]},;"))


def depth(kind: Line) -> int:
    """The indentation of a line; of a blank one no less than any."""
    shown = f"{kind.before}{kind.name}"
    return len(shown) - len(shown.lstrip()) if shown.strip() else DEEP
