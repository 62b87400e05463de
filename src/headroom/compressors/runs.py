"""Output of test runs, builds, linters and installers.

What a run repeats is told once: equal lines and blocks, beginnings that neighbours share, the gutter of compiler
diagnostics, the frames of tracebacks, versions, and the fixed words of messages that come by the dozen. The rule it
keeps: lines that tell a failure, an exit status or a total stand word for word in their place, and source text is
never made into templates. See `steps` for the notations.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import legend
from headroom.compressors._lines.cost import cost, sampled_cost
from headroom.compressors._runs import diagnostics, groups, joins, messages, signs, steps, tracebacks, units
from headroom.compressors._runs.steps import GROUPS, HEADINGS, STRUCTURE, TEMPLATES, Fixed, Step
from headroom.errors import FormatError
from headroom.notices import NOTICE
from headroom.types import Facts, PartClass, Unit

MARK = "[run codes: "

TEMPLATES_GAIN = 0.08
"""Templates must save this share on top of all else: they are the harder ones to read."""

MANY_LINES = 150
"""In texts as long as this the gain of a step is estimated from characters alone..."""

CHARS_PER_TOKEN = 6
"""... of which this many make a token: what repeats most is blanks and rules, of which tokens are long."""

TRIAL_LINES = 180
"""Whether templates pay is tried on this many lines of a long text."""

_START = r"(?:\b|(?<=[\d\[]m))"  # a colour code may stand right before the word
NEWS = re.compile(
    rf"{_START}(?:FAIL(?:ED|URES?|S)?|ERRORS?|FATAL|PANIC|Error|Exception|Traceback|BUILD|panicked)\b"
    rf"|{_START}(?:[Ee]rror|fatal|panic)(?:\[\w+\])?:|{_START}error TS\d|\d:\d+ +error\b"
    r"|\d (?:passed|failed|errors?|failures?|failing|passing|problems?)\b|^\W*\d+ (?:tests?|packages?)\b"
    rf"|^\W*{_START}(?:Ran|running|collected|added|removed|changed|Resolved|Installed|audited|Tests?)\b.*?\d+ \w"
    r"|^\s*Failed \S|\*\*\*[A-Z]\w+|:line \d+\Z|[✕✗✖✘❌×❯]|\bnot ok\b|exit(?:ed)?(?: with)? (?:code|status)"
    r"|returncode|test result:"
    r"|^\s*Finished |warnings? generated|^\s*[\w.$\\]*(?:Error|Exception|Failure)(?: \[\w+\])?(?::|\Z)"
    r"|^\S+\.\w+:\d+: (?:[A-Z]\w+)?\Z"
)
"""Lines with one of these stand word for word."""

_HINTS = (
    "fail", "error", "fatal", "panic", "exception", "traceback", "build", "passed", "passing", "problem", " test",
    " package", "not ok", "exit", "returncode", "test result", "finished ", "generated", "ran ", "running ",
    "collected ", "added ", "removed ", "changed ", "resolved ", "installed ", "audited ", "tests", ".py:", "failure",
    "***", ":line ", *"✕✗✖✘❌×❯",
)  # fmt: skip
"""In small letters, one of the words that every line of news holds: quicker to look for."""

_SOURCE = re.compile(
    r"(?: {4}|\t|>  |E  |\| )\s*(?!--- |[✓✔√○]|\d|\S+\.\w+:\d+: )"
    r"(?:(?:def|class|return|if|elif|for|while|assert|import|from|with|try|else|except|raise|self|async|await|func|let"
    r"|const|var|fn|pub|use|@)\b|[@#\"'({\[)}\]]|.*[;{}\[(,:=)]\s*$|.*\s[-+*/|:]?=\s)"
)

_RESULT = re.compile(r"^(?:=== |\s*--- )| (?:PASSED|SKIPPED|XFAIL|XPASS)\Z|^test \S+ \.\.\. \w+\Z|^\s*\S+\Z")
"""The result of one test, that one starts, or a line of one word: a path, a name."""

_WORD = re.compile(r"[^\W\d_]{2}")
_WRITTEN = re.compile(r"\\|\[(?:line above|\d+ lines above|= lines) |>  ")
_IN_DIAGNOSTIC = re.compile(_WRITTEN.pattern + r"|\^\d|[|+~:-](?: |\Z)| *--> ")


class Runs(ByteExact):
    """Repetitions, joined lines, compact diagnostics and frames, headings, templates."""

    name = "runs"
    version = 4
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)
    light = units.LIGHT

    def fit(self, facts: Facts) -> float:
        return signs.fit(facts)

    def encode(self, facts: Facts) -> str | None:
        if MARK in facts.text:
            return None
        plans = [plan for plan in (STRUCTURE, steps.grouping(facts.text)) if plan]
        renderings = [told for plan in plans if (told := _encoded(facts, plan)) is not None]
        return min(renderings, key=cost) if len(renderings) > 1 else next(iter(renderings), None)

    def decode(self, rendering: str) -> str:
        header, _, body = rendering.partition("\n")
        if not header.startswith(MARK) or header[-1] != "]":
            raise FormatError(f"no header of a run: {header[:60]!r}")
        return "\n".join(steps.decode(header[len(MARK) : -1], body.split("\n")))

    def units(self, facts: Facts) -> Sequence[Unit]:
        return units.units(facts.lines, signs.runs_tests(facts))

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        return units.told(run)


def _encoded(facts: Facts, plan: Sequence[Step]) -> str | None:
    """The rendering by these structural steps and what fits behind them; None where there is nothing to gain."""
    known = _Fixed(_suspects(facts.text), diagnostics.present(facts.lines))
    known.update(dict.fromkeys(messages.verbatim(facts.lines), True))
    fixed = known.__getitem__
    lines: Sequence[str] = facts.lines
    clauses: list[str] = []
    for step in plan:
        if any(sign in facts.text for sign in step.signs):
            lines = _apply(step, lines, clauses, fixed)
    if GROUPS in plan:
        if not (clauses and GROUPS.clause.match(clauses[-1])):
            return None
        known.update(dict.fromkeys(groups.written(lines), True))
    lines, clauses = _finished(lines, clauses, fixed)
    if not clauses:
        return None
    return f"{MARK}{legend.AND.join(clauses)}]\n" + "\n".join(lines)


class _Fixed(dict[str, bool]):
    """Which lines stand for themselves: news, source text, notices, and what an earlier step wrote."""

    def __init__(self, suspects: Container[str], diagnostic: bool) -> None:
        super().__init__()
        self._suspects = suspects
        self._written = _IN_DIAGNOSTIC if diagnostic else _WRITTEN

    def __missing__(self, line: str) -> bool:
        fixed = self[line] = (
            not line
            or bool(self._written.match(line))
            or (line[0] == "_" == line[-1])
            or line[:4] == "E   "
            or (line[:2] == "[…" and bool(NOTICE.fullmatch(line)))
            or not _WORD.search(line)
            or (line in self._suspects and bool(NEWS.search(line)))
            or (line[0] in " \tE|>" and bool(_SOURCE.match(line)))
            or tracebacks.is_frame(line)
        )
        return fixed


def _suspects(text: str) -> set[str]:
    """The lines that may be news: those with one of the words that all news hold."""
    low = text.lower()
    if len(low) != len(text):  # some letters are two in small
        return set(text.split("\n"))
    return messages.holding(text, low, _HINTS)


def _finished(lines: Sequence[str], clauses: list[str], fixed: Fixed) -> tuple[Sequence[str], list[str]]:
    """The lines under headings, with templates where these save enough; whether they do is tried on a sample."""
    free = sum(len(line) for line in lines if not fixed(line))
    plans = [(HEADINGS,), (TEMPLATES, HEADINGS)] if free > TEMPLATES_GAIN * sum(map(len, lines)) else [(HEADINGS,)]
    sample = lines
    if len(plans) > 1 and len(lines) > 2 * TRIAL_LINES:
        third, size = len(lines) // 3, TRIAL_LINES // 3
        sample = [line for start in (0, third, 2 * third) for line in lines[start : start + size]]
    tried = [_planned(plan, sample, clauses, fixed) for plan in plans]
    prices = [sampled_cost("\n".join(out)) + cost(legend.AND.join(told)) for out, told in tried]
    chosen = 1 if len(plans) > 1 and prices[1] < (1 - TEMPLATES_GAIN) * prices[0] else 0
    return tried[chosen] if sample is lines else _planned(plans[chosen], lines, clauses, fixed)


def _planned(
    plan: Sequence[Step], lines: Sequence[str], clauses: Sequence[str], fixed: Fixed
) -> tuple[Sequence[str], list[str]]:
    told = list(clauses)
    for step in plan:
        whole = _whole(lines, told, fixed) if step is TEMPLATES else _undefining(lines, fixed)
        lines = _apply(step, lines, told, whole)
    return lines, told


def _whole(lines: Sequence[str], clauses: Sequence[str], fixed: Fixed) -> Fixed:
    """Names the lines that are no row of a template: also results of tests, and lines that several were joined to."""
    mark = [match[1] for clause in clauses if (match := joins.PATTERN.match(clause))]
    whole = {line for line in lines if fixed(line) or _RESULT.search(line) or (mark and mark[0] in line)}
    return whole.__contains__


def _undefining(lines: Sequence[str], fixed: Fixed) -> Fixed:
    """Names the lines that get no heading: also those that define a template, and its rows: a row whose name stands
    elsewhere is a riddle."""
    names = {line.partition(" := ")[0].strip() for line in lines if " := " in line}
    whole = {line for line in lines if " := " in line or fixed(line) or line.lstrip(" ").partition(" ")[0] in names}
    return whole.__contains__


def _apply(step: Step, lines: Sequence[str], clauses: list[str], fixed: Fixed) -> Sequence[str]:
    """The lines after a step, if it saves more than the clause that tells it."""
    done = step.encode(lines, fixed)
    if done is None:
        return lines
    gain = float(sum(map(len, lines)) + len(lines) - sum(map(len, done[0])) - len(done[0])) / CHARS_PER_TOKEN
    if len(lines) < MANY_LINES:
        gain = cost("\n".join(lines)) - cost("\n".join(done[0]))
    if gain <= cost(done[1]) + 2:
        return lines
    clauses.append(done[1])
    return done[0]
