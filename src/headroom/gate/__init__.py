"""The facts gate: what a text that leaves something out must still say.

A fact is a thing that an agent acts on and that no notice can stand for: that something failed, where, with which code,
and how often. `lost` reads the facts from the original and looks for each in what is shown; one loss refuses the
outline. Two rules stand above the table of facts: what tells of failure is never shown as a text that does not, and a
run that stopped half-way never looks complete.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from headroom.gate import _records, _shapes
from headroom.gate._lines import TYPES, Lines

_NOTICE = re.compile(r"\[… (?:lines|rows|cells|unseen in lines) \d[^\n\[\]]*(?:\[\d+\][^\n\[\]]*)*\]")
_CLAIMS = re.compile(
    r"(?i)\ball (?:\w+ )?(?:tests|checks|passed|green)\b|\bno (?:errors|failures)\b|\b0 (?:failed|errors)\b"
)
"""Words of a notice that would make a failed run look like one that went well."""

_RESULTS = (" PASSED", "--- PASS: ", " ... ok\n", "\n✓ ", "\n ✓ ", "\n  ✓ ", "\n    ✓ ", "\n  ✔ ")
"""What test runners write for each passed test."""

RUN = 3
"""So many of them make a run."""

_ENDED = re.compile(r"\s*(?:ok|FAIL|PASS)\b")
"""The last line of a run that ended, where it is no sum."""


class Look(NamedTuple):
    """What an outline lost, and what would bring it back."""

    lost: list[str]
    """Each fact as a few words; empty if the outline may be sent."""
    lines: frozenset[str]
    """The lines of the original that state these facts, without the blanks around them; empty where showing lines
    would not do."""


def lost(original: str, shown: str) -> list[str]:
    """The facts of `original` that `shown` no longer states, each as a few words; empty if it may be sent.

    `shown` is an outline: the lines or JSON rows of the original, without some of them, and with notices in their
    place. What a notice says does not count as shown. Time grows with the length of both.
    """
    return look(original, shown).lost


def look(original: str, shown: str) -> Look:
    """As `lost`, with the lines that would have to be shown as well."""
    lines, bodies = _records.split(_NOTICE.sub("", original).split("\n"))
    bodies += _records.within(lines, _records.LONG_LINE)
    reader = Lines(lines)
    stated = reader.facts()
    there = _NOTICE.sub("", shown).split("\n")
    same = {line.strip() for line in there}
    kept = {fact for fact, at in stated if lines[at].strip() in same}
    missing = {fact: lines[at].strip() for fact, at in stated if fact not in kept}
    records = dict.fromkeys(fact for body in bodies for fact in _records.facts(body))
    failed = any(fact.kind != "total" for fact in (*missing, *kept, *records))
    if missing or records:
        rest, parts = _records.split(there)
        found = _records.all_facts([*parts, *_records.within(rest)]) | {fact for fact, _ in Lines(rest).facts()}
        missing |= {fact: fact.form for fact in records}
        missing = {fact: words for fact, words in missing.items() if fact not in found}
    words = [f"{fact.kind}: {text[:80]}" for fact, text in missing.items()]
    better = _looks_better(original, shown, failed, reader.sums)
    stand = not better and missing.keys().isdisjoint(records)
    return Look(words + better, frozenset(missing.values()) if stand else frozenset())


def states_code(line: str) -> bool:
    """True for a line that states an exit code or an HTTP status, whatever else it says; not for one that is marked as
    that of a passed test."""
    return (
        _shapes.PASSED.match(line) is None
        and any(one.sign.search(line) and one.pattern.search(line) for one in TYPES if one.anywhere)
    )  # fmt: skip


def _looks_better(original: str, shown: str, failed: bool, ended: bool) -> list[str]:
    """What would make the outline of a failed or unfinished run read as that of one that went well."""
    found = []
    if failed and any(_CLAIMS.search(notice) for notice in _NOTICE.findall(shown)):
        found.append("a notice that reads as success")
    if not ended and sum(original.count(result) for result in _RESULTS) >= RUN:
        last = original.rstrip().rpartition("\n")[2]
        if not _ENDED.match(last) and last not in shown:
            found.append(f"end of the run: {last[:80]}")
    return found
