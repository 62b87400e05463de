"""What `headroom compress --explain` prints: every unit of the text, shown or left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from headroom import policy
from headroom.cli import output
from headroom.compressors import BY_NAME
from headroom.types import Item, Judged, Outline

VERDICTS = {
    "outlined": "left out of it: what is marked below",
    "facts-lost": f"nothing left out: {policy.REASONS['facts-lost'].partition(':')[0]}",
    "no-gain": f"nothing left out: it would save under {policy.OUTLINE_GAIN_TOKENS} tokens"
    f" or under {policy.OUTLINE_GAIN_SHARE:.0%}",
}
"""What became of an outline, by the word that `Moment.explain` is told."""

WAYLESS = "nothing left out: there is no way back (--way none)"
SMALL = f"nothing left out: it is below {policy.OUTLINE_TOKENS:,} tokens once encoded"
LEVEL = "nothing left out: the level {level} leaves nothing out of {kind}"
ALIKE = "nothing left out: nothing in it repeats that could be left out"


class Explanation(NamedTuple):
    """What there is to say of why a text became what it is."""

    verdict: str
    units: Sequence[Judged]
    """Every unit that was judged, in order; empty where nothing was weighed."""


class Listener:
    """Hears of every outline that is weighed, and keeps the one that was taken, else the last."""

    def __init__(self) -> None:
        self.taken = ""
        self.outline: Outline | None = None

    def __call__(self, part: Item, outline: Outline, why: str) -> None:
        if self.taken != "outlined" or why == "outlined":
            self.taken, self.outline = why, outline


def explained(heard: Listener, *, reason: str, kind: str, level: str, way: str, tokens: int) -> Explanation:
    """Why a text of `kind`, decided for `reason` and of `tokens` as sent, was or was not outlined."""
    if reason == "unseen":
        return Explanation(policy.REASONS[reason], ())
    if heard.outline is not None:
        return Explanation(VERDICTS[heard.taken], heard.outline.units)
    if reason not in ("encoded", "repeats", "no-gain"):
        return Explanation(f"left as it is: {policy.REASONS[reason]}", ())
    if way == "none":
        return Explanation(WAYLESS, ())
    if tokens < policy.OUTLINE_TOKENS:
        return Explanation(SMALL, ())
    if policy.level(level).action(BY_NAME[kind].content) != "outline":
        return Explanation(LEVEL.format(level=level, kind=kind), ())
    return Explanation(ALIKE, ())


def table(units: Sequence[Judged]) -> str:
    """The units as lines of columns; neighbours of which the same can be said are one line."""
    rows = [("range", "units", "kind", "", "why")]
    for (path, kind, shown, why), group in groupby(units, _said):
        run = [one.unit for one in group]
        where = f"{run[0].first}-{run[-1].last}" if run[-1].last > run[0].first else f"{run[0].first}"
        of = f" of {path}" if path else ""
        rows.append((where + of, f"{len(run):,}", kind, "shown" if shown else "left out", why))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{output.plain(line)}\n" for line in lines)


def totals(units: Sequence[Judged]) -> str:
    """How many units and of how many characters are shown and left out."""
    shown = [one.unit for one in units if one.shown]
    cut = [one.unit for one in units if not one.shown]
    counts = (f"{len(some):,} ({sum(len(unit.text) for unit in some):,} characters)" for some in (shown, cut))
    return f"{len(units):,} units: shown {next(counts)}, left out {next(counts)}"


def record(units: Sequence[Judged]) -> list[dict[str, Any]]:
    """The units for `--json`."""
    return [
        {"first": unit.first, "last": unit.last, "path": unit.path, "kind": unit.kind, "shown": shown, "why": why}
        for unit, shown, why in units
    ]


def _said(one: Judged) -> tuple[str, str, bool, str]:
    return one.unit.path, one.unit.kind, one.shown, one.why
