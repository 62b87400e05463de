"""Lines of a run that say that all went well: each is known by its own form (see `forms`), never by what stands around
it.

A line that holds a word of failure is never one of them, and nothing is in the parts where a runner quotes what the
tests themselves printed: there a `PASSED` may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compressors._runs import forms
from headroom.compressors._runs.forms import COLOUR, STARTED, Line

SLOW_SECONDS = (1.0, 10.0, 100.0)
"""A test that took less is not slow; one that took more stands out where few of its group did."""

_ENDED_BADLY = re.compile(
    r" *--- FAIL: (\S+)| *\d+/\d+ Test +#\d+: (\S+) \.*\*\*\*|\[  FAILED  \] (\S+)|\[ERROR\] .*Tests run: .* in (\S+)"
    r"|(?:\[\w+\] )?Tests run: .*FAIL.* (\S+)|Test (?:Case|Suite) '([^']+)' failed"
    r"|[✘\U00100884] +(Suite .*) failed after"
    r"|\d\d:\d\d \+\d+(?: ~\d+)? -\d+: (\S.*) \[E\]"
    r"|[✘\U00100884] +Test (.*?)(?: with \d+ test cases?)? failed after"
)
_NUMBERED = re.compile(r" *\d+\) (\S.*) \([\w.]+\)\Z")
"""A failure of ExUnit, whose line among the finished tests looks like all others."""

_QUOTED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(r"=+ (?:FAILURES|ERRORS|PASSES|warnings summary) =+\Z"), re.compile(r"=+ .* =+\Z")),
    (re.compile(r"\s+console\.\w+\Z"), re.compile(r"\s+at |(?:PASS|FAIL) ")),
    (re.compile(r"std(?:out|err) \| "), re.compile(r"\Z")),
    (re.compile(r"  ● "), re.compile(r"(?:PASS|FAIL) |Test Suites:")),
    (re.compile(r"---- .* std(?:out|err) ----\Z"), re.compile(r"failures:\Z")),
    (re.compile(r"={70}\Z"), re.compile(r"Ran \d+ tests? in ")),
    (re.compile(r"failures:\Z"), re.compile(r"test result: ")),
    (re.compile(r"\s*(?:Failures|Failures \(\d+\)|There (?:was|were) \d+ (?:failures?|errors?)|✖ failing tests):\Z"
                r"| ERRORS \Z| {2}\d+ failing\Z| {2}\d+\) \[[\w -]+\] › "),
     re.compile(r"Finished in |> \S+@\S+|\s*\d+ (?:passing|passed)\b|Tests: \d|Test run finished|(?:ok|FAILED) \| \d")),
)  # fmt: skip
"""What opens and what closes a part of the output in which tests are quoted."""

_OPENINGS = re.compile("|".join(f"(?:{opening.pattern})" for opening, _ in _QUOTED))


def found(lines: Sequence[str], called: bool = False) -> dict[int, Line]:
    """The quiet lines by their index, in order. `called` if the command is known to be one that runs tests: a mark
    that other programs use as well is then a verdict."""
    quiet: dict[int, Line] = {}
    failed: set[str] = set()
    closing: re.Pattern[str] | None = None
    for i, line in enumerate(lines):
        text = COLOUR.sub("", line) if "\x1b" in line else line
        if "FAIL" in text or "ERROR" in text or "***" in text or "failed" in text or text[-3:] == "[E]":
            failed.update(name for match in _ENDED_BADLY.finditer(text) for name in match.groups() if name)
        elif text[-1:] == ")" and (match := _NUMBERED.match(text)):
            failed.add(match[1])
        if closing is not None:
            if not closing.match(text):
                continue
            closing = None
        opened = _OPENINGS.match(text)
        if opened:
            closing = next(end for opening, end in _QUOTED if opening.match(text))
        elif text and (line_is := forms.read(text)):
            quiet[i] = line_is
    marked = [i for i, line in quiet.items() if line.form in forms.CLAIMED]
    if called or (
        marked and any(forms.RUNNER.match(COLOUR.sub("", line) if "\x1b" in line else line) for line in lines)
    ):
        marked = [i for i in marked if quiet[i].form == "said"]  # by what the tests print, at best
    quiet |= {i: forms.claimed(quiet[i], COLOUR.sub("", lines[i])) for i in marked}
    return _without_failed(quiet, lines, failed)


def _without_failed(quiet: dict[int, Line], lines: Sequence[str], failed: set[str]) -> dict[int, Line]:
    """The same without what is said to have failed as well, without starts of what did not end well, and without those
    that a test's own words follow, or what may tell how they ended."""
    passed = {line.name for line in quiet.values() if line.kind != STARTED and line.name}
    kept: dict[int, Line] = {}
    last = len(lines) - 1
    for i, line in quiet.items():
        if line.name in failed:
            continue
        if line.kind == STARTED and (line.name not in passed or (i < last and i + 1 not in quiet)):
            continue
        if line.kind in forms.UNTOLD and i < last and i + 1 not in quiet and lines[i + 1].strip():
            continue
        kept[i] = line
    return kept
