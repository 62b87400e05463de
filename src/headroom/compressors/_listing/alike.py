"""Folders that hold the same, below one folder, told once: `./locale/{de fr it}: messages.po`.

Works on the lines of `names`, one a folder. What stands below such a folder follows with `{}` in its place
(`./locale/{}/extra: a.po`), and belongs to each. In the order of a listing a folder comes before all it holds, and the
folders in one stand in the order of its names: so that order need not be kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headroom.errors import FormatError

LEGEND = "{a b}: each of these, {} below: in each"

MIN_GAIN = 60
"""Characters that must be saved below a folder: reading braces costs attention, and the legend its tokens."""

EACH = "{}"
_ANY = re.compile(r"([^ ].*?):(?: (.+))?")
_HEADING = re.compile(rf"(?!.*[{{}}]){_ANY.pattern}")
_SIGNS = "/*@=|"


class Section(NamedTuple):
    """A folder, the names in it as written beside it, and the lines below that belong to it."""

    path: str
    names: str
    below: tuple[str, ...] = ()

    def line(self, path: str) -> str:
        return f"{path}: {self.names}" if self.names else f"{path}:"


Block = list[Section]
"""A folder and those below it."""


class Told(NamedTuple):
    """Lines for some sections, and how many characters fewer they are."""

    lines: list[str]
    gain: int


def fold(lines: Sequence[str]) -> list[str] | None:
    """The lines with folders alike told once; None where that gains too little."""
    first = next((i for i, line in enumerate(lines) if _HEADING.fullmatch(line)), len(lines))
    last = len(lines) - (lines[-1:] == [""])
    sections = _sections(lines[first:last])
    if sections is None:
        return None
    told = _told(sections)
    made = [*lines[:first], *told.lines, *lines[last:]]
    return made if told.gain >= MIN_GAIN and unfold(made) == list(lines) else None


def _sections(lines: Sequence[str]) -> Block | None:
    """The folders that lines tell of; None where one could be taken for a group."""
    made: Block = []
    for line in lines:
        heading = _HEADING.fullmatch(line)
        if heading is not None:
            made.append(Section(heading[1], heading[2] or ""))
        elif line[:1] in (" ", ""):
            made[-1] = made[-1]._replace(below=(*made[-1].below, line))
        else:
            return None
    return made


def _told(sections: Sequence[Section]) -> Told:
    """The lines of sections, grouped below the folders where that saves most."""
    lines: list[str] = []
    gain = 0
    at = 0
    while at < len(sections):
        parent = sections[at]
        lines += [parent.line(parent.path), *parent.below]
        stop = at + 1
        while stop < len(sections) and sections[stop].path.startswith(f"{parent.path}/"):
            stop += 1
        inner = sections[at + 1 : stop]
        plain = _told(inner)
        grouped = _grouped(parent, inner)
        best = grouped if grouped is not None and grouped.gain > plain.gain else plain
        lines += best.lines
        gain += best.gain
        at = stop
    return Told(lines, gain)


def _grouped(parent: Section, inner: Sequence[Section]) -> Told | None:
    """The sections below a folder, those of alike folders once; None where their order is not that of its names."""
    blocks = _blocks(parent, inner)
    places = {name: i for i, name in enumerate(_folders(parent))}
    order = [places.get(name, -1) for name, _ in blocks]
    if not blocks or min(order) < 0 or order != sorted(set(order)):
        return None
    groups: dict[tuple[tuple[str, str, tuple[str, ...]], ...], list[str]] = defaultdict(list)
    for name, block in blocks:
        start = len(f"{parent.path}/{name}")
        groups[tuple((one.path[start:], one.names, one.below) for one in block)].append(name)
    lines: list[str] = []
    for shape, names in groups.items():
        one = " ".join(names)
        for number, (rest, held, below) in enumerate(shape):
            folder = one if len(names) == 1 else EACH if number else f"{{{one}}}"
            lines += [Section(f"{parent.path}/{folder}{rest}", held).line(f"{parent.path}/{folder}{rest}"), *below]
    before = sum(len(one.path) + len(one.names) + sum(map(len, one.below)) + 3 for one in inner)
    return Told(lines, before - sum(len(line) + 1 for line in lines))


def _blocks(parent: Section, inner: Sequence[Section]) -> list[tuple[str, Block]]:
    """The folders directly below one, each with what is below it."""
    made: list[tuple[str, Block]] = []
    for section in inner:
        name = section.path[len(parent.path) + 1 :].partition("/")[0]
        if made and made[-1][0] == name:
            made[-1][1].append(section)
        else:
            made.append((name, [section]))
    return made


def _folders(parent: Section) -> list[str]:
    """The names in a folder, without the sign of their kind."""
    return [name.rstrip(_SIGNS) for name in (*parent.names.split(" "), *(line[1:] for line in parent.below))]


def unfold(lines: Sequence[str]) -> list[str]:
    """The lines that `fold` was given. Raises FormatError."""
    first = next((i for i, line in enumerate(lines) if _ANY.fullmatch(line)), len(lines))
    last = len(lines) - (lines[-1:] == [""])
    made = list(lines[:first])
    for section in _untold(list(_read(lines[first:last]))):
        made += [section.line(section.path), *section.below]
    return [*made, *lines[last:]]


def _read(lines: Sequence[str]) -> Iterator[Section]:
    """The folders and groups of folders that lines tell of."""
    made: Section | None = None
    for line in lines:
        heading = _ANY.fullmatch(line)
        if heading is not None:
            if made is not None:
                yield made
            made = Section(heading[1], heading[2] or "")
        elif made is None or line[:1] not in (" ", ""):
            raise FormatError(f"not a folder and its names: {line[:60]!r}")
        else:
            made = made._replace(below=(*made.below, line))
    if made is not None:
        yield made


def _untold(sections: Sequence[Section]) -> Iterator[Section]:
    at = 0
    while at < len(sections):
        parent = sections[at]
        yield parent
        stop = at + 1
        while stop < len(sections) and sections[stop].path.startswith(f"{parent.path}/"):
            stop += 1
        inner = sections[at + 1 : stop]
        grouped = any(_named(parent, one) is not None for one in inner)
        yield from _ungrouped(parent, inner) if grouped else _untold(inner)
        at = stop


def _ungrouped(parent: Section, inner: Sequence[Section]) -> Iterator[Section]:
    """The sections below a folder in the order of its names."""
    blocks: dict[str, Block] = {}
    each: list[str] = []
    for one in inner:
        named = _named(parent, one)
        each = each if named is None else named
        rest = one.path[len(parent.path) + 1 :]
        if named is not None:
            rest = ""
        elif rest.startswith(EACH):
            rest = rest[len(EACH) :]
        else:
            name, slash, rest = rest.partition("/")
            each, rest = [name], slash + rest
        for name in each:
            blocks.setdefault(name, []).append(one._replace(path=f"{parent.path}/{name}{rest}"))
    places = {name: i for i, name in enumerate(_folders(parent))}
    if not blocks.keys() <= places.keys():
        raise FormatError(f"a group names folders that {parent.path[:60]!r} does not hold")
    for name in sorted(blocks, key=places.__getitem__):
        yield from blocks[name]


def _named(parent: Section, one: Section) -> list[str] | None:
    """The folders of a group right below `parent`; None if it is none."""
    rest = one.path[len(parent.path) + 1 :]
    if rest[:1] != "{" or rest[-1:] != "}" or rest == EACH or "/" in rest:
        return None
    return rest[1:-1].split(" ")
