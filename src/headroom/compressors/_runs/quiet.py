"""Lines of a run that say that all went well: each is known by its own marker, never by what stands around it.

A line that holds a word of failure is never one of them, and nothing is in the parts where a runner quotes what the
tests themselves printed: there a `PASSED` may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

FAILURE = re.compile(
    r"(?i)(?<![a-z])(?:error|fail(?:ed|ures?|s|ing)?|fatal|panic(?:ked)?|exception|traceback|not ok|timed out)\b"
    r"|[✕✗✖✘❌×❯]|\(retry #?x?\d"
)
"""A line with one of these tells of no success, whatever else it says."""

SLOW_SECONDS = (1.0, 10.0, 100.0)
"""A test that took less is not slow; one that took more stands out where few of its group did."""

PASSED, SKIPPED, STARTED = "passed tests", "skipped tests", "test starts"
LOGGED = "logged lines"
PROGRESS, FILES, CLASSES, HEADINGS = "progress lines", "passed test files", "passed test classes", "group headings"
PACKAGES, VERDICTS = "passed packages", "verdicts"
RESULTS = frozenset((PASSED, SKIPPED, STARTED, PROGRESS, FILES, CLASSES, HEADINGS, PACKAGES, VERDICTS))
"""What the lines of tests that went well are called: nobody reads them one by one."""


class Line(NamedTuple):
    """What a quiet line reports."""

    kind: str
    """In the plural, as a notice calls several of them."""
    alike: str
    """Key of the lines that say the same of something else."""
    name: str = ""
    """The test or class it is about, where the runner may also say that it failed."""
    seconds: float | None = None


_PERCENT = r"(?: +\[ {0,2}\d{1,3}%\])"
_TIME = r"(?:<?\d+(?:\.\d+)? ?(?:ms|s|m|seconds|sec))"
_TABLE: tuple[tuple[str, str, str], ...] = (
    # name of the form, kind, pattern; a group of a form is named for it
    ("pytest", PASSED, rf"\S+\.\w+::.*\S PASSED(?: \([\d.]+s\))?{_PERCENT}?"),
    ("xdist", PASSED, r"\[gw\d+\] \[ {0,2}\d{1,3}%\] PASSED \S.*"),
    ("listed", "passed tests in the summary", r"PASSED \S+\.\w+::\S.*"),
    ("go", PASSED, rf"(?: {{4}})*--- PASS: (?P<go_name>\S+) \({_TIME}\)"),
    ("cargo", PASSED, rf"test \S+(?: - .*)? \.\.\. ok(?: {_TIME}| <{_TIME}>)?"),
    ("nextest", PASSED, r" +PASS \[ *[\d.]+s\] .*\S"),
    ("unittest", PASSED, r"\w+ \([\w.<>]+\)(?: .*)? \.\.\. ok"),
    ("tap", PASSED, r" *ok \d+(?: -)? (?!.*# ?(?i:skip|todo)\b)\S.*"),
    ("dotnet", PASSED, rf" {{2,}}Passed \S.* \[{_TIME}\]"),
    ("gradle", PASSED, r"\S.* > \S.* PASSED"),
    ("gtest", PASSED, rf"\[       OK \] \S.* \({_TIME}\)"),
    ("ctest", PASSED, r" *\d+/\d+ Test +#\d+: (?P<ctest_name>\S+) \.+ +Passed +[\d.]+ sec"),
    ("vitest", FILES, rf" *[✓✔√] +(?:\|?[\w-]+\|? +)?\S+\.\w+ +\(?\d+ tests?(?: \| \d+ skipped)?\)?(?: +{_TIME})?"),
    ("check", PASSED, rf" *[✓✔√] \S.*?(?: \(?{_TIME}\)?)?"),
    ("jest", FILES, rf"PASS  ?\S+\.\w+(?: \({_TIME}\))?"),
    ("sympy", FILES, r"\S+\.py\[\d+\] [.sfwX]* *\[OK\]"),
    ("package", PACKAGES, r"ok  \t\S+\t(?:[\d.]+s|\(cached\)).*"),
    ("bare", "packages without tests", r"\?   \t\S+\t\[no test files\]|\t\S+\t\tcoverage: 0\.0% of statements"),
    ("surefire", CLASSES, r"\[(?:INFO|WARNING)\] Tests run: \d+, Failures: 0, Errors: 0, Skipped: \d+, Time elapsed: .*"
     r" --? in (?P<surefire_name>\S+)"),
    ("running", STARTED, r"\[INFO\] Running (?P<running_name>\S+)"),
    ("run", STARTED, r"=== (?:RUN|PAUSE|CONT) {1,3}(?P<run_name>\S+)|\[ RUN      \] (?P<run_gtest>\S+)"),
    ("start", STARTED, r" +Start +\d+: (?P<start_name>\S+)"),
    ("skip", SKIPPED, rf"\S+\.\w+::.*\S SKIPPED(?: \(.*\))?{_PERCENT}?|(?: {{4}})*--- SKIP: \S+ \({_TIME}\)"
     r"|test \S+(?: - .*)? \.\.\. ignored(?:, .*)?|\w+ \([\w.<>]+\)(?: .*)? \.\.\. skipped .*| *[○↓] \S.*"
     r"|\S.* > \S.* SKIPPED| {2,}Skipped \S.*| *ok \d+\b.* # ?(?i:skip)\b.*"),
    ("xfail", "tests expected to fail", rf"\S+\.\w+::.*\S XFAIL(?: \(.*\))?{_PERCENT}?"),
    ("dots", PROGRESS, rf"(?:[\w./+@-]+\.\w+ )?[.sx]+{_PERCENT}|[.S]+ +\d+ / \d+ \( *\d+%\)"),
    # builds and installers
    ("built", "", r" *(?P<built_verb>Compiling|Checking|Downloaded|Downloading|Fresh|Adding|Updating|Locking) [\w.-]+"
     r" v\d[\w.+-]*(?: .*\(.*v\d.*\))?"),
    ("pip", "", r" *(?P<pip_verb>Downloading|Using cached|Requirement already satisfied:|Obtaining"
     r"|Preparing metadata|Getting requirements to build|Installing build dependencies)\b.*"),
    ("bar", "progress bars", r" *[━╸╺█▏▎▍▌▋▊▉░]{10,}.*\d.*"),
    ("apt", "", r"(?P<apt_verb>Get:|Hit:|Ign:|Unpacking|Selecting|Preparing to unpack|Setting up)(?:\d+)? .*"),
    ("npm", "npm requests", r"npm http (?:fetch [A-Z]+ [23]\d\d|cache) .*"),
    ("fetched", "downloads", r"(?:\[INFO\] )?Download(?:ing|ed) from \S+: \S+.*|go: downloading \S+ v\S+"),
    ("task", "tasks with nothing to do", r"> Task :\S+ (?:UP-TO-DATE|NO-SOURCE|FROM-CACHE|SKIPPED)"),
    ("step", "build steps", r"\[ *\d{1,3}%\] (?:Building|Built|Linking|Generating|Automatic) .*"
     r"|\[\d+/\d+\] (?:Building|Linking|Compiling|Generating|Copying) .*"),
)  # fmt: skip

_KINDS = {form: kind for form, kind, _ in _TABLE}
_LINE = re.compile("|".join(f"(?P<{form}>(?:{pattern})\\Z)" for form, _, pattern in _TABLE))
_VERBS = ("built", "pip", "apt")
_VOUCHED: dict[str, tuple[str, re.Pattern[str]]] = {
    "check": (
        "lines marked ✓",
        re.compile(r"\s*(?:Tests:? +\d|Test (?:Files|Suites):? |\d+ passing|PASS  ?\S|RUN  v\d|# tests \d|ℹ tests \d)"),
    ),
    "tap": ("lines marked ok", re.compile(r"\s*(?:TAP version|\d+\.\.\d+\Z|# (?:tests|pass) +\d)")),
}
"""Marks that other programs use as well: what they are called unless a line of this form says that tests were run."""

_NAMES = ("go", "surefire", "running", "run", "ctest", "start")

COLOUR = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
_TOOK = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|seconds|sec)\b\W*(?:\[ {0,2}\d{1,3}%\])?\Z")
_UNIT = {"ms": 0.001, "m": 60.0}
_ENDED_BADLY = re.compile(
    r" *--- FAIL: (\S+)| *\d+/\d+ Test +#\d+: (\S+) \.*\*\*\*|\[  FAILED  \] (\S+)|\[ERROR\] .*Tests run: .* in (\S+)"
    r"|(?:\[\w+\] )?Tests run: .*FAIL.* (\S+)"
)

_QUOTED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(r"=+ (?:FAILURES|ERRORS|PASSES|warnings summary) =+\Z"), re.compile(r"=+ .* =+\Z")),
    (re.compile(r"\s+console\.\w+\Z"), re.compile(r"\s+at |(?:PASS|FAIL) ")),
    (re.compile(r"std(?:out|err) \| "), re.compile(r"\Z")),
    (re.compile(r"  ● "), re.compile(r"(?:PASS|FAIL) |Test Suites:")),
    (re.compile(r"---- .* std(?:out|err) ----\Z"), re.compile(r"failures:\Z")),
    (re.compile(r"={70}\Z"), re.compile(r"Ran \d+ tests? in ")),
    (re.compile(r"failures:\Z"), re.compile(r"test result: ")),
)
"""What opens and what closes a part of the output in which tests are quoted."""

_OPENINGS = re.compile("|".join(f"(?:{opening.pattern})" for opening, _ in _QUOTED))


def found(lines: Sequence[str]) -> dict[int, Line]:
    """The quiet lines by their index, in order."""
    quiet: dict[int, Line] = {}
    failed: set[str] = set()
    closing: re.Pattern[str] | None = None
    for i, line in enumerate(lines):
        text = COLOUR.sub("", line) if "\x1b" in line else line
        if "FAIL" in text or "ERROR" in text or "***" in text:
            failed.update(name for match in _ENDED_BADLY.finditer(text) for name in match.groups() if name)
        if closing is not None:
            if not closing.match(text):
                continue
            closing = None
        opened = _OPENINGS.match(text)
        if opened:
            closing = next(end for opening, end in _QUOTED if opening.match(text))
        elif text and (line_is := _read(text)):
            quiet[i] = line_is
    for form, (kind, runner) in _VOUCHED.items():
        marked = [i for i, line in quiet.items() if line.alike.split(" ")[0] == form]
        if marked and not any(runner.match(COLOUR.sub("", line)) for line in lines):
            quiet |= {i: quiet[i]._replace(kind=kind) for i in marked}
    return _without_failed(quiet, lines, failed)


def told_below(lines: Sequence[str]) -> dict[int, Line]:
    """The results of failed tests, by their index, that pytest's own summary names again with the reason."""
    summed = {match[1] for line in lines if (match := _SUMMED.match(line))}
    return {
        i: Line("failed tests told again below", f"told below {match[2]}")
        for i, line in enumerate(lines)
        if (match := _FAILED.match(line)) and match[1] in summed
    }


def quoted_logs(lines: Sequence[str]) -> dict[int, Line]:
    """Lines of no weight that tests logged and pytest quotes under a failure, by their index: they are alike where
    they differ in numbers only."""
    logged: dict[int, Line] = {}
    inside = False
    for i, line in enumerate(lines):
        if line[:1] in "-_=" and _RULED.match(line):
            logged.pop(i - 1, None)  # the last word before a failure stays
            inside = bool(_CAPTURED.match(line))
        elif inside and _LIGHT.search(line) and not FAILURE.search(line):
            logged[i] = Line(LOGGED, _VARIES.sub("0", line))
    return logged


_SUMMED = re.compile(r"(?:FAILED|ERROR) (\S+\.\w+::\S+)(?: - .+)?\Z")
_FAILED = re.compile(r"(\S+\.\w+::\S+) (FAILED|ERROR)" + _PERCENT + r"\Z")
_CAPTURED = re.compile(r"-+ Captured \w+ \w+ -+\Z")
_RULED = re.compile(r"([-_=])\1{2,}.*\1\1\Z")
_LIGHT = re.compile(r"\b(?:DEBUG|INFO|TRACE)\b")
_VARIES = re.compile(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f-]*\b", re.IGNORECASE)


def _read(text: str) -> Line | None:
    match = _LINE.match(text)
    if match is None or match.lastgroup is None:
        return None
    form = next(form for form, _, _ in _TABLE if match[form] is not None)
    if form != "surefire" and FAILURE.search(text):
        return None
    groups = match.groupdict()
    if form in _VERBS:
        verb = groups[f"{form}_verb"].rstrip(":")
        return Line(f"{verb} lines", f"{form} {verb}")
    name = groups.get(f"{form}_name") or (groups["run_gtest"] if form == "run" else "") or ""
    took = _TOOK.search(text) if form not in ("dots", "tap") else None
    seconds = float(took[1]) * _UNIT.get(took[2], 1.0) if took else None
    kind = _KINDS[form]
    return Line(kind, f"{form}{'' if seconds is None else ' timed'}", name if form in _NAMES else "", seconds)


def _without_failed(quiet: dict[int, Line], lines: Sequence[str], failed: set[str]) -> dict[int, Line]:
    """The same without starts of what did not end well, and without those that a test's own words follow."""
    passed = {line.name for line in quiet.values() if line.kind != STARTED and line.name}
    gtest = any("[       OK ]" in lines[i] for i, line in quiet.items() if line.kind == PASSED)
    kept: dict[int, Line] = {}
    last = len(lines) - 1
    for i, line in quiet.items():
        if line.kind == STARTED:
            well = line.name not in failed and (line.name in passed or (gtest and lines[i].startswith("[ RUN")))
            if not well or (i < last and i + 1 not in quiet):
                continue
        kept[i] = line
    return kept


def verdicts(lines: Sequence[str], quiet: dict[int, Line]) -> list[int]:
    """The lines by which Go ends the tests of a package that the next line says to have passed."""
    return [i - 1 for i, line in quiet.items() if line.kind == PACKAGES and i and lines[i - 1] == "PASS"]


def headings(lines: Sequence[str], quiet: dict[int, Line]) -> list[int]:
    """The indented lines under which nothing but passed tests stands, deeper than they are: names of groups."""
    ends: dict[int, int] = {}
    checks = {i for i, line in quiet.items() if line.kind in (PASSED, SKIPPED) and lines[i][:1] == " "}
    if not checks:
        return []
    for i in range(max(checks) - 1, -1, -1):
        line = lines[i]
        depth = _depth(line)
        if not depth or i in quiet or FAILURE.search(line) or _depth(lines[i + 1]) <= depth:
            continue
        at = i + 1
        while at < len(lines) and (_depth(lines[at]) > depth or not lines[at].strip()):
            if at in ends:
                at = ends[at]
            elif at in checks or (not lines[at].strip() and at + 1 < len(lines) and _depth(lines[at + 1]) > depth):
                at += 1
            else:
                break
        if at > i + 1 and (at >= len(lines) or not lines[at].strip() or _depth(lines[at]) <= depth):
            ends[i] = at
    return sorted(ends)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
