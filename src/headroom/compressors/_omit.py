"""How line-based compressors leave lines out: the lines stay as they are, and runs of them become notices."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from headroom.compressors import _select
from headroom.notices import read
from headroom.types import Facts, Notices, Omission, Outline, Unit

FAILURE = re.compile(r"\b(?:error|fail(?:ed|ure|ures)?|fatal|panic(?:ked)?|exception|traceback)\b", re.IGNORECASE)
"""Words of failure as code, diffs and names hold them; what runs and logs print is wider, and theirs."""


def without(lines: Sequence[str], omissions: Sequence[Omission], notices: Notices) -> str:
    """The lines with a notice in place of each omission; omissions in order, without overlap."""
    made: list[str] = []
    at = 0
    for omission in omissions:
        made += [*lines[at : omission.first - 1], notices.write(omission)]
        at = omission.last
    return "\n".join([*made, *lines[at:]])


def _stated(units: Sequence[Unit], facts: Facts) -> Sequence[Unit]:
    """The units, those cut at the lines that must be shown which hold any."""
    if not facts.stated:
        return units
    made: list[Unit] = []
    for unit in units:
        at = unit.first
        for number in range(unit.first, unit.last + 1):
            if facts.lines[number - 1].strip() in facts.stated:
                made += _piece(unit, facts, at, number - 1)
                made += [one._replace(keep="fact") for one in _piece(unit, facts, number, number)]
                at = number + 1
        made += [unit] if at == unit.first else _piece(unit, facts, at, unit.last)
    return made


def _piece(unit: Unit, facts: Facts, first: int, last: int) -> list[Unit]:
    if last < first:
        return []
    return [unit._replace(first=first, last=last, text="\n".join(facts.lines[first - 1 : last]))]


class ByLines:
    """`outline` and `restored` for kinds whose units are runs of lines. Without `units` nothing is left out."""

    only_deep = False
    """True for kinds of which nothing is left out but at levels that are deep."""

    light: Container[str] = ()
    """The kinds of units of which even short runs are left out."""

    def units(self, facts: Facts) -> Sequence[Unit]:
        """The units of the text in order, without overlap; lines between them are always shown."""
        return ()

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        """What a notice says of a run of neighbouring units that are left out."""
        return _select.told(run)

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        units = [] if self.only_deep and not deep else _stated(self.units(facts), facts)
        judged = _select.select(units, facts.query, deep, self.light)
        if not judged:
            return None
        omissions = [
            Omission(unit="lines", first=run[0].first, last=run[-1].last, what=self.told(facts, run))
            for run in _select.dropped(judged)
        ]
        return Outline(without(facts.lines, omissions, notices), tuple(omissions), tuple(judged))

    def restored(self, facts: Facts, outline: str) -> bool:
        made: list[str] = []
        for line in outline.split("\n"):
            omission = read(line)
            if omission is None:
                made.append(line)
            elif omission.unit == "lines" and len(made) == omission.first - 1:
                made += facts.lines[omission.first - 1 : omission.last]
        return made == facts.lines
