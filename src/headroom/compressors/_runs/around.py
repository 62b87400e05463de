"""Lines that open, close or part what went well: names of groups, their sums, rules, the first line of two."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compressors._runs.forms import (
    FINISHED,
    GROUPS,
    HEADINGS,
    PACKAGES,
    PASSED,
    RULES,
    SKIPPED,
    STARTED,
    STEPS,
    SUMS,
    VERDICTS,
    Line,
    read,
    tells_of_failure,
)  # fmt: skip

_TREE = " │├└─╷"
_OPENED = re.compile(r"(?P<lead>\s*)(?:▶ +)?(?P<name>\S.*?)(?: \.\.\.)?\Z")
_RULE = re.compile(r"([-=])\1{19,}\Z")
_SUM = re.compile(
    r"\d+ tests?, \d+ passed, 0 failed"
    r"|\t Executed \d+ tests?, with (?:\d+ tests? skipped and )?0 failures \(0 unexpected\)"
    r"| +1\.\.\d+\Z"
)
_FIRST_OF_TWO = re.compile(r"\w+ \([\w.<>]+\)\Z")
"""The name of a test of unittest whose description, with the verdict, stands below."""

_FILE = re.compile(r"\S+\.\w+:\Z")
_DETAILS = re.compile(r" *---\Z")
DETAILS_LINES = 12
"""As many lines TAP has below a passed test at most."""

_EXAMPLES = re.compile(r"(\d+) examples?, (\d+) (?:failures?|errors?)(?:, (\d+) (?:pending|errors?))?")
_BELOW_EXAMPLES = re.compile(r"(?:Failures|Pending):|Finished in |\d+ examples?, |Pending: ")
_NOT_PASSED = re.compile(r"\((?:FAILED - \d+|PENDING: .*|ERROR - \d+)\)\Z|FAILED \[\d+\]\Z|# PENDING")


def added(lines: Sequence[str], quiet: dict[int, Line]) -> dict[int, Line]:
    """The quiet lines with those around them, by their index."""
    quiet = quiet | _listed(lines) | _closed(lines)
    for i in [i for i, line in quiet.items() if line.form == "tree"]:  # a mark on a group says nothing of its tests
        if i + 1 < len(lines) and depth(lines[i + 1]) > depth(lines[i]):
            del quiet[i]
    quiet |= _named_again(lines, quiet)
    quiet |= _behind(lines, quiet)
    quiet |= dict.fromkeys(_headings(lines, quiet), Line(HEADINGS, "heading"))
    return quiet | {i - 1: Line(VERDICTS, "verdict") for i in _verdicts(lines, quiet)}


def _verdicts(lines: Sequence[str], quiet: dict[int, Line]) -> list[int]:
    """The packages of Go that passed, which the line above says as well."""
    return [i for i, line in quiet.items() if line.kind == PACKAGES and i and lines[i - 1] == "PASS"]


def _named_again(lines: Sequence[str], quiet: dict[int, Line]) -> dict[int, Line]:
    """The lines that name a group which a line below says to have passed, `▶ Cart` or `Cart ...`, and those lines."""
    closings: dict[tuple[int, str], int] = {
        (depth(lines[i]), line.name): i for i, line in quiet.items() if line.form in ("check", "ended")
    }
    again: dict[int, Line] = {}
    for i in range(len(lines) - 2, -1, -1):
        line = lines[i]
        below = i + 1 + (lines[i + 1][:1] in ("-", "=") and bool(_RULE.match(lines[i + 1])))
        if not line or i in quiet or not (below in quiet or below in again):
            continue
        if _FIRST_OF_TWO.match(line) and quiet.get(below, _NONE).form == "ended":
            again[i] = Line(STARTED, "first of two")
        elif closings and (match := _OPENED.match(line)):
            closing = closings.get((len(match["lead"]), match["name"].rstrip()), -1)
            if closing > i:
                again |= {i: Line(STARTED, "group opened"), closing: Line(GROUPS, "group")}
    return again


_NONE = Line("", "")


def _behind(lines: Sequence[str], quiet: dict[int, Line]) -> dict[int, Line]:
    """Rules, sums of groups and details that follow quiet lines. The last sum stays."""
    behind: dict[int, Line] = {}
    for start, above in quiet.items():
        i = start + 1
        while i < len(lines) and i not in quiet:
            line, stop = lines[i], i + 1
            if _RULE.match(line):
                behind[i] = Line(RULES, "rule")
            elif above.kind in (GROUPS, PASSED) and _SUM.match(line):
                behind[i] = Line(SUMS, "sum")
            elif above.form == "tap" and (stop := _details(lines, i)):
                behind |= dict.fromkeys(range(i, stop), Line(RULES, "detail"))
            else:
                break
            i = stop
    last = max((i for i, line in behind.items() if line.kind == SUMS), default=-1)
    return {i: line for i, line in behind.items() if i != last}


def _details(lines: Sequence[str], i: int) -> int:
    """The end of what TAP says of a passed test from line i on; 0 if nothing or a failure is said."""
    end = lines[i].replace("---", "...")
    known = range(i + 1, min(i + DETAILS_LINES, len(lines))) if _DETAILS.match(lines[i]) else ()
    stop = next((j + 1 for j in known if lines[j] == end), 0)
    return 0 if any(map(tells_of_failure, lines[i:stop])) else stop


def _headings(lines: Sequence[str], quiet: dict[int, Line]) -> list[int]:
    """The lines under which nothing but passed tests stands, deeper than they are: names of groups. One at the margin
    stands below a blank line, and if it is a file's, so may its tests."""
    ends: dict[int, int] = {}
    checks = {
        i for i, line in quiet.items()
        if line.kind in (PASSED, SKIPPED, FINISHED, STEPS)
        and (lines[i][:1] in _TREE or line.form in ("marked", "check"))
    }  # fmt: skip
    if not checks:
        return []
    for i in range(max(checks) - 1, -1, -1):
        line = lines[i]
        at_margin = line[:1] != " "
        if i in quiet or not line or (at_margin and line[:1] not in _TREE and i and lines[i - 1].strip()):
            continue
        deep = -1 if at_margin and _FILE.match(line) else depth(line)
        if depth(lines[i + 1]) <= deep or not line.strip() or tells_of_failure(line):
            continue
        at = i + 1
        while at < len(lines) and (depth(lines[at]) > deep or not lines[at].strip()):
            if at in ends:
                at = ends[at]
            elif at in checks or (deep >= 0 and _is_gap(lines, at, deep)):
                at += 1
            else:
                break
        if at > i + 1 and (at >= len(lines) or not lines[at].strip() or depth(lines[at]) <= deep):
            ends[i] = at
    return sorted(ends)


def _is_gap(lines: Sequence[str], at: int, deep: int) -> bool:
    """True for a blank line above something deeper."""
    return not lines[at].strip() and at + 1 < len(lines) and depth(lines[at + 1]) > deep


def _listed(lines: Sequence[str]) -> dict[int, Line]:
    """The passed examples of RSpec and its kin, which bear no mark: of lines that are indented, those above nothing
    deeper. They count only if they are as many as the sum says."""
    total = next((match for line in lines if "example" in line and (match := _EXAMPLES.match(line))), None)
    if total is None:
        return {}
    stop = next((i for i, line in enumerate(lines) if _BELOW_EXAMPLES.match(line)), 0)
    leaves = [
        i for i in range(stop)
        if lines[i][:1] == " " and lines[i].strip() and not (depth(lines[i + 1]) > depth(lines[i]))
    ]  # fmt: skip
    passed = [i for i in leaves if not _NOT_PASSED.search(lines[i])]
    if len(passed) != int(total[1]) - int(total[2]) - int(total[3] or 0):
        return {}
    return {i: Line(PASSED, "example") for i in passed if not tells_of_failure(lines[i])}


def _closed(lines: Sequence[str]) -> dict[int, Line]:
    """The tests of a JUnit report that are closed on the line below, with nothing in them, and those lines."""
    closed: dict[int, Line] = {}
    for i, line in enumerate(lines):
        if line[-11:] == "</testcase>" and i and lines[i - 1][-1:] == ">" and line.strip() == "</testcase>":
            passed = read(f"{lines[i - 1][:-1]}/>")
            if passed is not None and passed.form == "junit":
                closed |= {i - 1: passed, i: Line(RULES, "closing")}
    return closed


def depth(line: str) -> int:
    """How far a line is indented, by blanks or by the branches of a drawn tree."""
    return len(line) - len(line.lstrip(_TREE if line[:1] in "│├└╷" or "─ " in line[:40] else " "))
