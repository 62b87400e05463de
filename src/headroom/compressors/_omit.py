"""How line-based compressors leave lines out: the lines stay as they are, and runs of them become notices."""

from __future__ import annotations

from collections.abc import Sequence

from headroom.compressors import _select
from headroom.notices import read
from headroom.types import Facts, Notices, Omission, Outline, Unit


class ByLines:
    """`outline` and `restored` for kinds whose units are runs of lines. Without `units` nothing is left out."""

    def units(self, facts: Facts) -> Sequence[Unit]:
        """The units of the text in order, without overlap; lines between them are always shown."""
        return ()

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        """What a notice says of a run of neighbouring units that are left out."""
        return _select.told(run)

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        judged = _select.select(self.units(facts), facts.query, deep)
        made: list[str] = []
        omissions: list[Omission] = []
        at = 1
        for run in _select.dropped(judged):
            first, last = run[0].first, run[-1].last
            omission = Omission(unit="lines", first=first, last=last, what=self.told(facts, run))
            made += [*facts.lines[at - 1 : first - 1], notices.write(omission)]
            omissions.append(omission)
            at = last + 1
        if not judged:
            return None
        return Outline("\n".join([*made, *facts.lines[at - 1 :]]), tuple(omissions), tuple(judged))

    def restored(self, facts: Facts, outline: str) -> bool:
        made: list[str] = []
        for line in outline.split("\n"):
            omission = read(line)
            if omission is None:
                made.append(line)
            elif omission.unit == "lines" and len(made) == omission.first - 1:
                made += facts.lines[omission.first - 1 : omission.last]
        return made == facts.lines
