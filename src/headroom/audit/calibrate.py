"""How deep the levels may go for a user's own agents, kind by kind and size by size, from what an audit found.

A level holds for a kind and size if the share of used lines that it hides, in a mean output of which any line was
used, stays under a bound. So that it also holds for outputs to come, one more is counted that loses all its lines
(the correction of conformal risk control): with n outputs, (lost + 1) / (n + 1) must be within the bound. So 1 % takes
99 outputs at the least, and of what was seen less often nothing is cut. Sizes are never thrown together: the loss of a
kind sits in its longest outputs, and many short ones would hide it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from headroom.audit import advice
from headroom.audit.rows import LEVELS, SIZES, Row
from headroom.errors import SettingError
from headroom.policy import Threshold
from headroom.settings import THRESHOLDS

BOUND = advice.BOUND / 2
"""Half of what is tolerable: averages over one half of a user's sessions were met on the other, not much better."""

FEWEST_SESSIONS = 5
"""Outputs of one session are alike: from fewer sessions nothing follows for the next."""


@dataclass(slots=True)
class Evidence:
    """All outputs of a kind and size."""

    kind: str
    size: str
    outputs: int = 0
    needed: int = 0
    """Those of which a line was used."""
    sessions: int = 0
    """Sessions with such."""


class Measured(NamedTuple):
    """What a level would have done to them."""

    cut: int
    used: int
    hidden: int
    lost: float


class Calibrated(NamedTuple):
    """A threshold and what it rests on."""

    threshold: Threshold
    evidence: Evidence
    measured: Measured


def calibrated(rows: Iterable[Row], bound: float = BOUND) -> list[Calibrated]:
    """For each kind and size the deepest level that holds; those where none does are not among them."""
    found: dict[tuple[str, str], Evidence] = {}
    sums: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        met = set()
        for group in row.groups:
            key = (group.kind, group.size)
            one = found.setdefault(key, Evidence(*key))
            one.outputs += group.outputs
            one.needed += group.needed
            if group.needed:
                met.add(key)
            for level, each in group.levels.items():
                sum_ = sums.setdefault((*key, level), [0, 0, 0, 0.0])
                for at, value in enumerate((each.cut, each.used, each.hidden, each.lost)):
                    sum_[at] += value
        for key in met:
            found[key].sessions += 1
    made = []
    for key, one in sorted(found.items(), key=lambda each: (each[0][0], _limits(each[0][1]))):
        for level in reversed(LEVELS):
            cut, used, hidden, lost = sums.get((*key, level), [0, 0, 0, 0.0])
            measured = Measured(int(cut), int(used), int(hidden), lost)
            if holds(one, measured, bound):
                start, end = _limits(one.size)
                made.append(Calibrated(Threshold(one.kind, level, start, end), one, measured))
                break
    return made


def holds(evidence: Evidence, measured: Measured, bound: float) -> bool:
    """True if a level that did this is proved to stay under `bound`; not where it was never seen to cut anything."""
    if not measured.cut or evidence.sessions < FEWEST_SESSIONS:
        return False
    return (measured.lost + 1) / (evidence.needed + 1) <= bound


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
        "thresholds": [one.threshold._asdict() | asdict(one.evidence) | one.measured._asdict() for one in found],
    }


def text(found: Sequence[Calibrated], *, sessions: int, bound: float, day: date) -> str:
    """The file of thresholds, in TOML. Its last one is for all that is not among `found`: nothing is cut."""
    head = [
        f"# Written by headroom audit --calibrate on {day.isoformat()}, from {sessions} sessions.",
        f"# Nothing is left out but where at most {bound:.2%} of the lines that your agents used afterwards would have",
        "# been hidden. The level in force is still the most that is done. Delete this file to undo it.",
    ]
    tables = [_table(one.threshold, _evidence(one)) for one in found]
    rest = _table(Threshold("*", "lossless"), "everything else was not seen often enough, or hid too much")
    return "\n\n".join(["\n".join(head), *tables, rest]) + "\n"


def _evidence(one: Calibrated) -> str:
    evidence, measured = one.evidence, one.measured
    return (
        f"{evidence.outputs} outputs, {evidence.needed} of them used, in {evidence.sessions} sessions; {measured.cut}"
        f" cut; {measured.hidden} of {measured.used} lines used of those hidden"
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
