"""The entries of `ls -l`: what they share, a row without it, and such a row read back.

The rule is that a cell stands in a row only where it differs from the common case, and that every kind of cell has a
look of its own, so that a row reads without counting columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

MODE = "[-dlbcps][-rwxsStT]{9}[.+@]?"
SIZE = "[0-9][0-9.,]*[KMGTP]?"
_TIME = "[0-2][0-9]:[0-9]{2}"
_END = f"(?:{_TIME}| ?[12][0-9]{{3}})"
DATE = (
    rf"(?:[A-Z][a-z]{{2}} [ 1-3]?[0-9] {_END}|[ 1-3]?[0-9] [A-Z][a-z]{{2}} {_END}|"
    rf"[12][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}} {_TIME}(?::[0-9]{{2}}\.[0-9]{{9}} [+-][0-9]{{4}})?)"
)
ARROW = " -> "
TYPES = {"-": "file", "d": "dir/", "l": "link->"}
"""Types that are seen from a name: a folder's ends in `/`, a link's shows its target, any other is a file's."""

MIN_REPEATS = 3
"""A date that fewer rows share is not worth saying first."""

_ROW = re.compile(
    rf"(?:({MODE}) )?(?:×([0-9]+) )?(?:([^\s,]+),([^\s,]+) )?(?:({SIZE}) )?(?:({DATE}|{_TIME}) )?(.+)"
).fullmatch
_KIND = r"(?:{} ({})(?: ×([0-9]+))?{}; )?"
_USUAL = re.compile(
    _KIND.format("file", MODE, "")
    + _KIND.format("dir/", MODE, rf"(?: ({SIZE}))?")
    + _KIND.format("link->", MODE, "")
    + rf"([^\s,]+),([^\s,]+)(?:; ({DATE}))?(?:; times of (\S+(?: \S+)?))?"
).fullmatch


class Entry(NamedTuple):
    """One row: cells without padding."""

    mode: str
    links: str
    owner: str
    group: str
    size: str
    date: str
    name: str


class Usual(NamedTuple):
    """What an entry has unless its row says otherwise."""

    modes: dict[str, str]
    """By type, the first letter of a mode."""
    links: dict[str, str]
    size: str
    """Of folders; "" where each says its own."""
    owner: str
    group: str
    date: str
    """"" where each says its own."""
    day: str
    """Of dates of which a row says the time alone; "" for none."""

    @property
    def text(self) -> str:
        """As the header says it."""
        said = []
        for kind, name in TYPES.items():
            if kind in self.modes:
                size = f" {self.size}" if kind == "d" and self.size else ""
                said.append(f"{name} {self.modes[kind]} ×{self.links[kind]}{size}")
        said.append(f"{self.owner},{self.group}")
        if self.date:
            said.append(self.date)
        if self.day:
            said.append(f"times of {self.day}")
        return "; ".join(said)

    def folder(self, name: str, links: str) -> Entry:
        """A folder with nothing of its own but its name and links."""
        return Entry(self.modes.get("d", ""), links, self.owner, self.group, self.size, self.date, name)

    def short(self, entry: Entry, name: str) -> str:
        """The row of an entry called `name` here: what is particular to it."""
        kind = entry.mode[0]
        said = []
        looks = "d" if name[-1] == "/" else "l" if ARROW in name else "-"
        if entry.mode != self.modes.get(kind) or (kind != "d" and kind != looks):
            said.append(entry.mode)
        if entry.links != self.links.get(kind):
            said.append(f"×{entry.links}")
        if entry.owner != self.owner or entry.group != self.group:
            said.append(f"{entry.owner},{entry.group}")
        dated = entry.date != self.date
        if entry.size != self._size(kind, name) or (
            dated and entry.date[:2].strip().isdigit()
        ):  # a day would read as a size
            said.append(entry.size)
        if dated:
            day, _, time = entry.date.rpartition(" ")
            said.append(time if self.day and day == self.day and ":" in time else entry.date)
        said.append(f"{name}/" if kind == "d" else name)
        return " ".join(said)

    def _size(self, kind: str, name: str) -> str:
        """The size of an entry whose row says none: "" if it must say one."""
        if kind == "l" and ARROW in name:
            return str(len(name.partition(ARROW)[2].encode("utf-8", "surrogatepass")))
        return self.size if kind == "d" else ""

    def read(self, row: str) -> Entry | None:
        """The entry of a row; None if it is none."""
        found = _ROW(row)
        if found is None:
            return None
        mode, links, owner, group, size, date, name = found.groups()
        kind = mode[0] if mode else "d" if name[-1] == "/" else "l" if ARROW in name else "-"
        name = name[:-1] if kind == "d" and name[-1] == "/" else name
        mode = mode or self.modes.get(kind)
        links = links or self.links.get(kind)
        size = size or self._size(kind, name)
        date = self.date if date is None else f"{self.day} {date}" if " " not in date else date
        if not (mode and links and size and date and name):
            return None
        return Entry(mode, links, owner or self.owner, group or self.group, size, date, name)


def common_case(rows: Sequence[Entry]) -> Usual:
    """What most of some rows have."""
    modes: dict[str, str] = {}
    links: dict[str, str] = {}
    size = ""
    for kind in TYPES:
        of_kind = [row for row in rows if row.mode[0] == kind]
        if of_kind:
            modes[kind] = _most([row.mode for row in of_kind])[0]
            links[kind] = _most([row.links for row in of_kind])[0]
            if kind == "d":
                value, count = _most([row.size for row in of_kind])
                size = value if count > 1 or len(of_kind) == 1 else ""
    owner, group = Counter([(row.owner, row.group) for row in rows]).most_common(1)[0][0]
    date, count = _most([row.date for row in rows])
    date = date if count >= MIN_REPEATS else ""
    days = [row.date.rpartition(" ")[0] for row in rows if row.date != date and row.date[-3:-2] == ":"]
    day, count = _most(days) if days else ("", 0)
    return Usual(modes, links, size, owner, group, date, day if count >= MIN_REPEATS else "")


def _most(values: list[str]) -> tuple[str, int]:
    return Counter(values).most_common(1)[0]


def read_usual(text: str) -> Usual | None:
    """What a header says; None if it says something else."""
    found = _USUAL(text)
    if found is None:
        return None
    file, files, folder, folders, size, link, links, owner, group, date, day = found.groups()
    kinds = (("-", file, files), ("d", folder, folders), ("l", link, links))
    return Usual(
        {kind: mode for kind, mode, _ in kinds if mode},
        {kind: count for kind, _, count in kinds if count},
        size or "", owner, group, date or "", day or "",
    )  # fmt: skip
