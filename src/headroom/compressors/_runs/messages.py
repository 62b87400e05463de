"""What a runner says of a failed test, which stands word for word: its name, the message, and the block below it.

A failure is announced by a line of its own, `✖ adds`, `adds ... FAILED`, `not ok 3 - adds`, `  2) Refunds of an order`
or `panicked at src/a.rs:3:5:`, and told up to the next test; or it stands in a part that a runner gives to failures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from headroom.compressors._runs import forms

LIMIT = 40
"""The block of a failure is taken to be this long at most..."""

SHORT = 8
"""... and what stands below the announcement of a message up to a blank line, this long."""

_FAILED = re.compile(
    r"[>\s]*(?:\[\w+\] )?(?:[✕✗✖✘❌×\U00100884] +\S|\(fail\) |not ok\b|\[ {0,2}FAIL(?:ED)?\b"
    r"|==> X |● .+ › |error: (?:expect\(|\w*Error\b)"
    r"|FAIL(?:ED)? *[!:]|FAIL \S|x +\d+ \[|\d+\) (?:Failure:|Error:|\[[\w -]+\] › ))"
    r"|.*(?:\bFAILED(?: \(.*\))?|\| FAIL \||\*\*\* FAILED \*\*\*.*| = [\d.]+ s = [FE]|\(FAILED - \d+\)"
    r"|\[E\]|: FAILED:)\Z"
)
"""A line that says that a test failed."""

_HINTS = (
    "FAIL", "not ok", "(fail)", "==> X", "● ", "error: ", " s = F", " s = E", ") Failure:", ") Error:", ") [", "[E]",
    "  x  ", *"✕✗✖✘❌×\U00100884",
)  # fmt: skip
"""One of these stands in every such line: quicker to look for."""

_TIMED = re.compile(r" {2,}[^\W\d_]+(?: [^\W\d_]+)? [\w.]+\.\w.* \[[<\d][^\]]*\]\Z")
"""The same by a word of any language, as .NET prints it: that it is no word of success is seen from `forms`."""

_ITEM = re.compile(r" *[1-9]\d{0,3}\) \S")
"""The heading of a failure in a list of them: mocha, RSpec, PHPUnit, minitest, ExUnit, Playwright."""

_ANNOUNCES = ": Failure"
"""So ends the first line of a failure of googletest."""

_PART = re.compile(
    r"\s*(?:Failures|Failures \(\d+\)|✖ failing tests|Failed tests):\Z| ERRORS \Z| {2}\d+ failing\Z"
    r"|There (?:was|were) \d+ (?:failures?|errors?):\Z"
)
_PART_LAST = frozenset(":g ")
_PART_ENDS = re.compile(r"Finished in |> \S+@\S+|\s*\d+ (?:passing|passed)\b|Tests:? |Test run finished|Ran \d+|PASS ")
_END = re.compile(
    r"=+ .* =+\Z|-{3,} .* -{3,}\Z|_{3,} .* _{3,}\Z|test result: |failures:\Z|Tests:? +\d"
    r"|Test Suites: |PASS "
)
"""Lines behind which something else is told."""


def verbatim(lines: Sequence[str]) -> set[str]:
    """The lines that tell of failed tests, in the parts and blocks of these."""
    text = "\n".join(lines)
    failed = {line for line in holding(text, text, _HINTS) if _FAILED.match(line)}
    failed |= {line for line in holding(text, text, ("s]\n",)) if _TIMED.match(line) and forms.read(line) is None}
    found = _announced(lines)
    left = 0
    part = False
    for line in lines:
        if part:
            part = not _PART_ENDS.match(line)
        elif line[-1:] in _PART_LAST and _PART.match(line):
            part = True
        if line in failed:
            left = LIMIT + 1
        elif left and line and (_END.match(line) or forms.read(line)):
            left = 0
        left = max(0, left - 1)
        if line and (part or left):
            found.add(line)
    return found


def holding(text: str, searched: str, hints: Iterable[str]) -> set[str]:
    """The lines of `text` in which a hint stands, as `searched` shows it: the same text, or that in small letters."""
    found = set()
    for hint in hints:
        at = searched.find(hint)
        while at >= 0:
            stop = text.find("\n", at)
            stop = len(text) if stop < 0 else stop
            found.add(text[text.rfind("\n", 0, at) + 1 : stop])
            at = searched.find(hint, stop)
    return found


def _announced(lines: Sequence[str]) -> set[str]:
    """The lines that announce what went wrong and those below, up to a blank one or the next item of a list."""
    found: set[str] = set()
    left, depth = 0, 0
    for line in lines:
        beside = len(line) - len(line.lstrip(" "))
        if _ITEM.match(line) or line.endswith(_ANNOUNCES) or (line[-1:] == ":" and "panicked at " in line):
            left, depth = SHORT + 1, beside
        else:
            left = 0 if not line or line == "stack backtrace:" or beside == depth > 0 else left - 1
        if left > 0:
            found.add(line)
    return found
