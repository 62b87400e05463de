"""What linters and compilers say of many places, told as kinds of messages: `12:5: E501 141`.

The place of a finding, its line and column, stands as it was; what is said there goes through the templates of the
line codec. Only a text most of whose results are findings is told so: what a search hit is source, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headroom.compressors._lines import legend, templates
from headroom.compressors._paths import CALLED, Line

CLAUSE = legend.TEMPLATES.replace("line", "text")
PATTERN = re.sub(r"\\\{(=?v)\\\}", r"[{«‹⟨⟦]\1[}»›⟩⟧]", f"{re.escape(CLAUSE)}(?:; {re.escape(legend.EQUAL)})?")
"""Matches the clause in which a header tells how messages are told."""

MIN_FINDINGS = 5
"""Fewer never pay for the clause."""

MIN_SHARE = 0.5
"""Share of the results that must be findings: a hit of a search may look like one by chance."""

_FINDING = re.compile(r"\d+(?::| -) (?=\S)| ?(?:fatal error|error|warning|note|info)\b[: ]|(?:,\d+)*\): ")
"""What follows the number of a line where a linter or compiler says what is wrong there: a column, or how grave it
is."""

_RULE = re.compile(
    r"(?<![\w.-])([A-Z]{1,8}\d{2,6})\b|\b([A-Z][A-Za-z]+/[A-Z]\w+)(?=: )"
    r"|[\[(](?:-W|\S*[/:])?([a-z][a-zA-Z\d]*(?:[-_][a-z\d]+)*)[\])]\Z"
)
_WORD = re.compile(r"[^\W\d_]{2,}")

MOST_OF_A_RULE = 9
"""So many kinds of messages are named for one rule."""


def _names(text: str) -> list[str]:
    """What a message may be called, by its constant text: the name of its rule, or its first two words."""
    found = _RULE.search(text)
    name = re.sub(r"\W", "_", found[found.lastindex or 0]) if found else "_".join(_WORD.findall(text)[:2])
    return [name, *(f"{name}_{number}" for number in range(2, MOST_OF_A_RULE + 1))] if name else []


MESSAGES = templates.Manner(re.compile(r"[\d'\"`‘’“”«»]"), few=2, few_alarms=2, ditto=0, names=_names)
"""Quoted words are names of the source. Two are no kind; that they are errors is no news in a list of errors; and each
row says all of its values, as nobody reads all rows above it."""

_PLACE = re.compile(r"(?:\d+(?::| -))? (?=\S)|(?:,\d+)*\): ")

Lines = Sequence[Line | str]


def is_finding(line: Line) -> bool:
    """True if the text behind the number of a line is what a linter or compiler says of it."""
    return line.mark == CALLED or (line.mark == ":" and _FINDING.match(line.text) is not None)


def encode(lines: Lines) -> tuple[list[Line | str], str] | None:
    """The lines with kinds of messages, and the clause that tells it; None where there are too few or none pays."""
    results = [line for line in lines if not isinstance(line, str)]
    finds = sum(map(is_finding, results))
    if finds < MIN_FINDINGS or finds < MIN_SHARE * len(results):
        return None
    told, messages = _messages(lines)
    found = templates.encode(messages, manner=MESSAGES)
    if found is None:
        return None
    out, notation = found
    clause = f"{CLAUSE}; {legend.EQUAL}" if notation.equal else CLAUSE
    clause = clause.translate({ord("{"): notation.braces[0], ord("}"): notation.braces[1]})
    return _with(lines, told, out), clause


def decode(lines: Lines, clause: str) -> list[Line | str]:
    """The lines that `encode` was given. Raises FormatError where a message does not fit its kind."""
    told, messages = _messages(lines)
    at = CLAUSE.index("{")
    return _with(lines, told, templates.decode(messages, clause[at] + clause[at + 2]))


def _messages(lines: Lines) -> tuple[dict[int, Line], list[str]]:
    """The lines that say something of a place, by their number and without what they say; and what they say."""
    told, messages = {}, []
    for at, line in enumerate(lines):
        if isinstance(line, str) or line.number is None:
            continue
        place = _PLACE.match(line.text)
        if place is not None:
            told[at] = line._replace(text=place[0])
            messages.append(line.text[place.end() :])
    return told, messages


def _with(lines: Lines, told: Mapping[int, Line], messages: Sequence[str]) -> list[Line | str]:
    """The lines with these messages."""
    out = list(lines)
    for (at, line), message in zip(told.items(), messages, strict=True):
        out[at] = line._replace(text=line.text + message)
    return out
