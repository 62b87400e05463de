"""How deep the levels may go for a user's own agents, kind by kind and size by size, from what an audit found.

A level holds for a kind and size if the share of used lines that it hides, in a mean output of which any line was
used, stays under a bound. So that it also holds for outputs to come, one more is counted that loses all its lines
(the correction of conformal risk control): with n outputs, (lost + 1) / (n + 1) must be within the bound. So 1 % takes
99 outputs at the least, and of what was seen less often nothing is cut. Sizes are never thrown together: the loss of a
kind sits in its longest outputs, and many short ones would hide it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from headroom.audit import advice
from headroom.audit.rows import LEVELS, SIZES, Group, Row
from headroom.errors import SettingError
from headroom.policy import Threshold
from headroom.settings import THRESHOLDS

BOUND = advice.BOUND / 2
"""Half of what is tolerable: averages over one half of a user's sessions were met on the other, not much better."""

FEWEST_SESSIONS = 5
"""Outputs of one session are alike: from fewer sessions nothing follows for the next."""


class Evidence(NamedTuple):
    """What is known of the outputs of a kind and size, and of what a level does to them."""

    outputs: int
    needed: int
    """Those of which a line was used."""
    sessions: int
    """Sessions with such."""
    cut: int
    """Outputs of which the level leaves something out."""
    used: int
    """Lines of those that were used."""
    hidden: int
    lost: float
    """For each output the share of its used lines that is hidden, summed over all."""


class Calibrated(NamedTuple):
    """A threshold and what it rests on."""

    threshold: Threshold
    size: str
    evidence: Evidence


def calibrated(rows: Iterable[Row], bound: float = BOUND) -> list[Calibrated]:
    """For each kind and size the deepest level that holds; those where none does are not among them."""
    found: dict[tuple[str, str], list[tuple[int, Group]]] = defaultdict(list)
    for session, row in enumerate(rows):
        for group in row.groups:
            found[group.kind, group.size].append((session, group))
    made = []
    for (kind, size), groups in sorted(found.items(), key=lambda each: (each[0][0], _limits(each[0][1])[0])):
        evidence = {level: _evidence(groups, level) for level in LEVELS}
        level = next((level for level in reversed(LEVELS) if holds(evidence[level], bound)), None)
        if level is not None:
            made.append(Calibrated(Threshold(kind, level, *_limits(size)), size, evidence[level]))
    return made


def _evidence(groups: Sequence[tuple[int, Group]], level: str) -> Evidence:
    """All that is known of some groups, each with the number of its session."""
    sums = [group.levels[level] for _, group in groups]
    return Evidence(
        outputs=sum(group.outputs for _, group in groups),
        needed=sum(group.needed for _, group in groups),
        sessions=len({session for session, group in groups if group.needed}),
        cut=sum(each.cut for each in sums),
        used=sum(each.used for each in sums),
        hidden=sum(each.hidden for each in sums),
        lost=sum(each.lost for each in sums),
    )


def holds(evidence: Evidence, bound: float) -> bool:
    """True if the level is proved to stay under `bound`; not where it was never seen to cut anything."""
    if not evidence.cut or evidence.sessions < FEWEST_SESSIONS:
        return False
    return (evidence.lost + 1) / (evidence.needed + 1) <= bound


def _limits(size: str) -> tuple[int, int | None]:
    """From how many tokens on a size class is, and below how many; None is no limit."""
    limits = [0, *(limit for limit, _ in SIZES)]
    start, end = next(pair for pair, (_, name) in zip(pairwise(limits), SIZES, strict=True) if name == size)
    return start, None if end == SIZES[-1][0] else end


def record(found: Sequence[Calibrated], *, path: Path, sessions: int, bound: float, day: date) -> dict[str, Any]:
    """The same as the file says, as plain JSON values."""
    return {
        "path": str(path),
        "day": day.isoformat(),
        "sessions": sessions,
        "bound": bound,
        "thresholds": [{**one.threshold._asdict(), "size": one.size, **one.evidence._asdict()} for one in found],
    }


def text(found: Sequence[Calibrated], *, sessions: int, bound: float, day: date) -> str:
    """The file of thresholds, in TOML. Its last one is for all that is not among `found`: nothing is cut."""
    head = [
        f"# Written by headroom audit --calibrate on {day.isoformat()}, from {sessions} sessions.",
        f"# Nothing is left out but where at most {bound:.2%} of the lines that your agents used afterwards would have",
        "# been hidden. The level in force is still the most that is done. Delete this file to undo it.",
    ]
    tables = [_table(one.threshold, _told(one.evidence)) for one in found]
    rest = _table(Threshold("*", "lossless"), "everything else was not seen often enough, or hid too much")
    return "\n\n".join(["\n".join(head), *tables, rest]) + "\n"


def _told(one: Evidence) -> str:
    return (
        f"{one.outputs} outputs, {one.needed} of them used, in {one.sessions} sessions; {one.cut} cut;"
        f" {one.hidden} of {one.used} lines used of those hidden"
    )


def _table(threshold: Threshold, comment: str) -> str:
    values: list[tuple[str, str]] = [("kind", f'"{threshold.kind}"'), ("level", f'"{threshold.level}"')]
    if threshold.from_tokens:
        values.append(("from_tokens", str(threshold.from_tokens)))
    if threshold.below_tokens is not None:
        values.append(("below_tokens", str(threshold.below_tokens)))
    return "\n".join([f"[[thresholds]]  # {comment}", *(f"{name} = {value}" for name, value in values)])


def write(home: Path, content: str) -> Path:
    """Puts the file of thresholds in the home folder, whole or not at all, in place of an earlier one; returns its
    path. Raises SettingError if it cannot be written."""
    path = home / THRESHOLDS
    aside = path.with_name(f"{THRESHOLDS}.new")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside.write_text(content, encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise SettingError(f"{path} cannot be written ({error.strerror}); make its folder writable") from error
    return path
