"""What of a run may be left out: that tests passed, that packages were fetched, what tests logged over and over, and
the frames of libraries inside a trace.

Everything else is shown: a failure, its place, its message, a warning, a sum, and whatever is of no known form. What
failures have in common beyond that is told once by the encoding, in full.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom.compressors import _select
from headroom.compressors._lines.heads import TIME
from headroom.compressors._runs import again, around, forms, frames, quiet
from headroom.types import Unit

MAX_VALUES = 8
"""Numbers of a logged line that are compared."""

LIGHT = forms.RESULTS | {frames.PYTHON}
"""What nobody reads one by one."""

_UNTOLD = (forms.HEADINGS, forms.STARTED, forms.VERDICTS, forms.RULES, forms.SUMS)
"""Kinds that a notice names only where there are no others: they go with the tests it counts."""

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?=(?:[a-zµ%]{1,3})?(?![\w.]))")
_DOTS = re.compile(r"([.sxSFE]+)(?= +(?:\[|\d+ /))")
_DONE = {".": "passed", "s": "skipped", "S": "skipped", "x": "expected to fail", "F": "failures told below",
         "E": "errors told below"}  # fmt: skip
_TESTS = re.compile(r"\((\d+) tests?\b|\bTests run: (\d+)|\.py\[(\d+)\] ")


def units(lines: Sequence[str], called: bool = False) -> list[Unit]:
    """The text as units, in order: each quiet line, with the blank lines that part it from one above, each frame of a
    library, and what stands between them. `called` if the command is known to be one that runs tests."""
    quiet_lines = _quiet(lines, called) | again.quoted_logs(lines) | again.told_below(lines)
    known = frames.found(lines) | {i: frames.Bulk(said, 1) for i, said in quiet_lines.items()}
    if not known:
        return []
    made: list[Unit] = []
    firsts: dict[str, tuple[float, ...]] = {}
    at = 0
    for i in sorted(known):
        if i > at and (at == 0 or any(map(str.strip, lines[at:i]))):
            made.append(_shown(at, i))
            firsts.clear()
            at = i
        unit = _unit(lines, at, i, known[i])
        if unit.kind == again.LOGGED:
            unit = _compared(unit, firsts)
        made.append(unit)
        at = i + known[i].rows
    if at < len(lines):
        made.append(_shown(at, len(lines)))
    return made


def _quiet(lines: Sequence[str], called: bool) -> dict[int, forms.Line]:
    """The lines that say that all went well, seen without what the program logged between them, and that too."""
    logged = again.light(lines)
    rest = [i for i in range(len(lines)) if i not in logged] if logged else range(len(lines))
    seen = [lines[i] for i in rest] if logged else lines
    found = {rest[at]: line for at, line in around.added(seen, quiet.found(seen, called)).items()}
    return found | again.logs_amid(lines, logged, found) if logged else found


def _shown(start: int, stop: int) -> Unit:
    return Unit(start + 1, stop, "", keep="not known to be quiet")


def _unit(lines: Sequence[str], start: int, i: int, bulk: frames.Bulk) -> Unit:
    said = bulk.said
    values: tuple[float, ...] = ()
    text = "\n".join(lines[start : i + bulk.rows])
    if said.seconds is not None:
        values = tuple(said.seconds if said.seconds >= least else 0.0 for least in quiet.SLOW_SECONDS)
    elif said.kind == again.LOGGED:
        values = tuple(map(float, _NUMBER.findall(TIME.sub("", text))[:MAX_VALUES]))
    return Unit(start + 1, i + bulk.rows, text, said.kind, said.alike, bulk.keep, values)


def _compared(unit: Unit, firsts: dict[str, tuple[float, ...]]) -> Unit:
    """A logged line, its numbers set against those of the first of its kind below the same failure: what is another
    number below each failure, such as the name of an order, is no value that changes."""
    first = firsts.setdefault(unit.alike, unit.values)
    return unit._replace(values=tuple(value - start for value, start in zip(unit.values, first, strict=False)))


def told(run: Sequence[Unit]) -> str:
    """A run in the words of a notice: how many of which kind, and the sums that the lines themselves tell."""
    quiet_kinds = [unit for unit in run if unit.kind not in _UNTOLD]
    words = _select.told(quiet_kinds or run)
    for kind, tests in ((forms.PROGRESS, _dots(run)), (forms.FILES, _sum(run)), (forms.CLASSES, _sum(run))):
        if tests:
            words = words.replace(kind, f"{kind} ({tests})", 1)
    return words


def _dots(run: Sequence[Unit]) -> str:
    """How many tests of which outcome the progress lines of a run tell of."""
    counted: Counter[str] = Counter()
    for unit in run:
        match = _DOTS.search(forms.COLOUR.sub("", unit.text)) if unit.kind == forms.PROGRESS else None
        counted.update(_DONE[c] for c in (match[1] if match else ""))
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counted.most_common())


def _sum(run: Sequence[Unit]) -> str:
    """How many tests stand behind the files or classes of a run; nothing where one does not say."""
    counts = [_TESTS.search(unit.text) for unit in run if unit.kind in (forms.FILES, forms.CLASSES)]
    if not counts or not all(counts):
        return ""
    return f"{sum(int(next(filter(None, match.groups()))) for match in counts if match):,} tests"
