"""The notices that stand where something was left out: one grammar, written and read here alone.

    [… lines 41-252: 198 × INFO heartbeat · headroom_retrieve('k3f7q2…', lines='41-252')]
    [… rows 300-350 of $.items: 51 rows alike]
    [… unseen in lines 3-9: 1,240 states that the program drew over]

The first notice of a part tells the way back with the name of the original, the others only their range. There is no
double quote and no backslash in a notice, so that it may stand in a JSON string as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.types import Omission, WayBack

MARKS = ("headroom_retrieve(", "headroom get ")
"""One of these stands in the first notice of every part that has any."""

CUT = "[…]"
"""Stands in a long string of a row for the part of it that is not shown."""

GONE = "…"
"""Stands for a string of a row that is not shown at all."""

MAX_WHAT = 160
"""Characters of a notice's own words: it must stay far below what it stands for."""

PATH = re.compile(r"(?:\$|@\d+(?::\d+)?)(?:\.[A-Za-z_][\w-]*|\[\d+\])*", re.ASCII)
"""The JSON paths that may stand in a notice: from the document (`$`), or from the values that begin at a line and
column of the text (`@12:5`). Behind a key of another form nothing is left out."""

NOTICE = re.compile(
    rf"\[… (lines|rows|cells|unseen in lines) (\d+)(?:-(\d+))?(?: of ({PATH.pattern}))?: ([^\n\]\[]*?)"
    r"(?: · (?:headroom_retrieve\('\w+'[^\n()]*\)|headroom get \w+(?: --path '[^'\n]*')?(?: --\w+ [\d-]+)?))?\]"
)


class PartNotices:
    """Writes the notices of one part, whose original is stored as `ref`."""

    def __init__(self, ref: str, way: WayBack) -> None:
        self._ref = ref
        self._shell = way == "shell"
        self._told = False

    def anew(self) -> PartNotices:
        """A writer of the same part that has told nothing yet."""
        return PartNotices(self._ref, "shell" if self._shell else "tool")

    def write(self, omission: Omission) -> str:
        """The notice of `omission`, with the way back in the first one."""
        numbers = spec(omission)
        where = f" of {omission.path}" if omission.path else ""
        way = "" if self._told else f" · {self._way(omission, numbers)}"
        self._told = True
        return f"[… {omission.unit} {numbers}{where}: {_plain(omission.what)}{way}]"

    def _way(self, omission: Omission, numbers: str) -> str:
        option = "rows" if omission.unit in ("rows", "cells") else "lines"
        if self._shell:
            path = f" --path '{omission.path}'" if omission.path else ""
            return f"headroom get {self._ref}{path} --{option} {numbers}"
        path = f" path='{omission.path}'," if omission.path else ""
        return f"headroom_retrieve('{self._ref}',{path} {option}='{numbers}')"


def spec(omission: Omission) -> str:
    """The range of an omission as `headroom_retrieve` takes it: `41-252`, or `41` for one."""
    return str(omission.first) if omission.first == omission.last else f"{omission.first}-{omission.last}"


def screen_equal(omissions: Sequence[Omission]) -> bool:
    """True if nothing is left out but what a terminal would not show either."""
    return bool(omissions) and all(omission.unit == "unseen in lines" for omission in omissions)


def is_outline(omissions: Sequence[Omission]) -> bool:
    """True if something is left out that a terminal would show."""
    return bool(omissions) and not screen_equal(omissions)


def read(text: str) -> Omission | None:
    """The omission that `text`, one whole notice, tells of; None if it is no notice."""
    match = NOTICE.fullmatch(text)
    if match is None:
        return None
    unit, first, last, path, what = match.groups()
    return Omission(unit=unit, first=int(first), last=int(last or first), what=what, path=path or "")  # type: ignore[arg-type]


def found(text: str) -> list[str]:
    """All notices that stand in `text`, as written."""
    return [match.group() for match in NOTICE.finditer(text)]


def stand(outline: str, rendering: str) -> bool:
    """True if every notice of `outline` stands in `rendering` as it is: one with a line of its own there, on one."""
    lines = frozenset(rendering.split("\n"))
    alone = frozenset(outline.split("\n"))
    return all(notice in (lines if notice in alone else rendering) for notice in found(outline))


def _plain(words: str) -> str:
    """`words` as they may stand in a notice: one line without what would end it or need an escape in JSON."""
    shown = "".join(c if c.isprintable() and c not in '[]"\\·' else " " for c in words)
    shown = " ".join(shown.split())
    return shown if len(shown) <= MAX_WHAT else f"{shown[: MAX_WHAT - 1]}…"
