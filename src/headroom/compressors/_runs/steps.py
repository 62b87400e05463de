"""The steps that run output goes through, each with the clause that tells a reader what it wrote.

A clause is also what the decoder goes by: it undoes the steps of the legend's clauses from the last to the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from typing import NamedTuple

from headroom.compressors._lines import echoes, legend, prefix, strokes, templates
from headroom.compressors._runs import diagnostics, groups, headlines, joins, runners, snippets, tracebacks, versions
from headroom.errors import FormatError

Lines = Sequence[str]
Fixed = Callable[[str], bool]
Coded = tuple[list[str], str]
"""Lines after a step, and the clause that tells it."""


HEADLINE = re.compile(
    r"(?:\x1b\[[\d;]*m)*(?:(?:error|warning)(?:\[\w+\])?: |(?:FAILED|FAIL|ERROR) |\s*--- FAIL|_{3,} .* _{3,}\Z"
    r"|=+ .*\d (?:passed|failed|error)|test result: |Tests: |Ran \d+ tests?|\s+\d+:\d+ +error "
    r"|\s*(?:\x1b\[[\d;]*m)*(?:[✕✗✖✘❌×] |● .+ › |not ok |[1-9]\d{0,3}\) \S|\[  FAILED  \] |\[ERROR\] ))"
)
"""Lines that say what failed, or how a run ended."""

_TOLD_AGAIN = re.compile(r"Summary of all failing tests\Z|=== Failed\Z")
_TOLD = re.compile(r"Test Suites: |DONE \d")
"""What opens and what closes a part in which a runner tells every failure once more, word for word."""

_OPENINGS = frozenset("\x1bewFE \t-_=tTRn[✕✗✖✘❌×●123456789")
_FAILED = (" FAILED", " FAIL", " ERROR")

MIN_PAIR = 24
"""Two lines get a heading if they share this many characters; more lines get one for less."""

STAND_IN = "\x1f"
"""Opens what stands in a headline's place while repetitions are looked for."""


class Step(NamedTuple):
    """Writes lines or finds nothing to write; knows its clause; reads the lines back."""

    encode: Callable[[Lines, Fixed], Coded | None]
    clause: re.Pattern[str]
    decode: Callable[[Lines, re.Match[str]], list[str]]
    signs: tuple[str, ...] = ("",)
    """One of these stands in every text in which the step finds something."""


def _echoed(lines: Lines, _fixed: Fixed, apart: Container[int] = ()) -> Coded | None:
    """Repetitions and references. A headline is never inside one, unless it stands several times in a row, or where a
    runner tells all failures again; the lines that are `apart` are not looked at."""
    told: list[str] = []
    headlines: list[str] = []
    protect = not any(line[:1] == STAND_IN for line in lines)
    again = _told_again(lines) if protect else frozenset()
    above = ""
    for i, line in enumerate(lines):
        # A diagnostic whose arrow has no source line under it would be read as another one.
        opening = line[-1:] == "|" and "--> " in above and not line.strip(" |")
        above = line
        left_out = i in apart and line[:1] not in ("[", "\\")  # these may need an escape
        if not protect or not (opening or left_out or (_is_headline(line) and line not in again)):
            told.append(line)
            continue
        if left_out or not headlines or line != headlines[-1] or told[-1] != _stand_in(len(headlines)):
            headlines.append(line)
        told.append(_stand_in(len(headlines)))
    out = echoes.encode(told)
    if headlines:
        out = [headlines[int(line[1:]) - 1] if line[:1] == STAND_IN else line for line in out]
    notes = [line for line in out if line[:1] == "["]
    clauses = [legend.TIMES] if any(map(echoes.NOTE.match, notes)) else []
    if any(map(echoes.REFERENCE.match, notes)):
        clauses.append(legend.REFERENCES)
    return (out, "; ".join(clauses)) if clauses else None


def _told_again(lines: Lines) -> frozenset[str]:
    """The lines of the parts in which a runner tells all failures once more."""
    found: set[str] = set()
    inside = False
    for line in lines:
        inside = bool(_TOLD_AGAIN.match(line)) or (inside and not _TOLD.match(line))
        if inside:
            found.add(line)
    return frozenset(found)


def _is_headline(line: str) -> bool:
    return (line[:1] in _OPENINGS and bool(HEADLINE.match(line))) or line.endswith(_FAILED)


def _stand_in(number: int) -> str:
    return f"{STAND_IN}{number}"


def _templated(lines: Lines, fixed: Fixed) -> Coded | None:
    found = templates.encode(lines, fixed)
    if found is None:
        return None
    out, notation = found
    clause = f"{legend.TEMPLATES}; {legend.EQUAL}" if notation.equal else legend.TEMPLATES
    clause = clause.replace("{", notation.braces[0]).replace("}", notation.braces[1])
    return out, f"{clause}; {legend.LAST}" if notation.last else clause


def _headed(lines: Lines, fixed: Fixed) -> Coded | None:
    free = [i for i, line in enumerate(lines) if not fixed(line)]
    cuts = [prefix.LITERAL] * len(lines)
    for i, cut in zip(free, prefix.headings([lines[i] for i in free]), strict=True):
        cuts[i] = cut
    _drop_pairs(cuts, free)
    if max(cuts, default=0) <= 0:
        return None
    out = prefix.write(lines, cuts)
    ends = any(line[:2] == "@…" for line in out)
    return out, f"{legend.HEADINGS}; {legend.ENDINGS}" if ends else legend.HEADINGS


def _drop_pairs(cuts: list[int], free: Sequence[int]) -> None:
    """Leaves out headings of two lines that share little: they save a token and cost a look."""
    shared = [cuts[i] for i in free] or [prefix.LITERAL]
    start = 0
    for place, cut in enumerate([*shared[1:], prefix.LITERAL], 1):
        if cut != shared[start]:
            if place - start < 3 and shared[start] < MIN_PAIR:
                for i in free[start:place]:
                    cuts[i] = prefix.LITERAL
            start = place


def _plain(
    clause: str,
    encode: Callable[[Lines], list[str] | None],
    decode: Callable[[Lines], list[str]],
    signs: tuple[str, ...],
) -> Step:
    """A step without parameters."""

    def write(lines: Lines, _fixed: Fixed) -> Coded | None:
        out = encode(lines)
        return None if out is None else (out, clause)

    return Step(write, re.compile(re.escape(clause) + r"\Z"), lambda lines, _: decode(lines), signs)


_ECHOES = Step(
    _echoed,
    re.compile(f"(?:{re.escape(legend.TIMES)}|{re.escape(legend.REFERENCES)})(?:; .*)?\\Z"),
    lambda lines, _: echoes.decode(lines),
)


def _snippets(lines: Lines) -> list[str] | None:
    """Snippets of source, where no diagnostics stand that are written in a like way."""
    return None if diagnostics.present(lines) else snippets.encode(lines)


_GUTTERS = _plain(diagnostics.CLAUSE, diagnostics.encode, diagnostics.decode, ("--> ",))

STRUCTURE: tuple[Step, ...] = (
    _ECHOES,
    _GUTTERS,
    _plain(headlines.CLAUSE, headlines.encode, headlines.decode, ("__ ",)),
    Step(
        lambda lines, _: tracebacks.encode(lines),
        tracebacks.PATTERN,
        tracebacks.decode,
        (", line ", ": in "),
    ),
    _plain(runners.PAIRS, runners.pair, runners.unpair, ("=== RUN   ",)),
    Step(
        lambda lines, _: runners.count(lines),
        runners.PERCENT,
        lambda lines, match: runners.counted(lines, int(match[1]), int(match[2])),
        ("collected ",),
    ),
    _plain(runners.RULES, runners.rule, runners.ruled, ("_ _ _ _ ", "- - - - ")),
    _plain(snippets.CLAUSE, _snippets, snippets.decode, ("|", "│", "▕")),
    Step(lambda lines, _: strokes.encode(lines), strokes.PATTERN, lambda lines, _: strokes.decode(lines)),
    _plain(versions.CLAUSE, versions.encode, versions.decode, versions.INSTALLERS),
    Step(joins.encode, joins.PATTERN, lambda lines, match: joins.decode(lines, match[1] + match[2])),
)
"""What is always tried, in this order: references count the lines of the original."""


def grouping(text: str) -> tuple[Step, ...]:
    """The structural steps for a text whose diagnostics are to be told in groups; empty where none of them stands often
    enough. A repetition must not be told inside what a group tells, nor a path left out there."""
    likely = any(sign in text for sign in groups.SIGNS)
    apart = groups.repeated(text.split("\n")) if likely else frozenset()
    if not apart:
        return ()

    def gutters(lines: Lines, _fixed: Fixed) -> Coded | None:
        told = diagnostics.encode(lines, short=False)
        return None if told is None else (told, diagnostics.CLAUSE)

    instead = {
        _ECHOES: _ECHOES._replace(encode=lambda lines, fixed: _echoed(lines, fixed, apart)),
        _GUTTERS: _GUTTERS._replace(encode=gutters),
    }
    return (*(instead.get(step, step) for step in STRUCTURE), GROUPS)


GROUPS = Step(
    lambda lines, _: groups.encode(lines),
    groups.PATTERN,
    lambda lines, match: groups.decode(lines, match["left"] + match["right"]),
)
"""Diagnostics alike in groups. It comes behind all of `STRUCTURE`, taken as `grouping` says."""

TEMPLATES = Step(
    _templated,
    re.compile(r"A := text (.)v(.): later A v is that line with value v(?:; .*)?\Z"),
    lambda lines, match: templates.decode(lines, match[1] + match[2]),
)
HEADINGS = Step(_headed, re.compile(re.escape(legend.HEADINGS) + r"(?:; .*)?\Z"), lambda lines, _: prefix.decode(lines))


def decode(clauses: str, lines: Lines) -> list[str]:
    """The lines before the steps of these clauses. Raises FormatError."""
    for clause in reversed(clauses.split(legend.AND)):
        for step in (*STRUCTURE, GROUPS, TEMPLATES, HEADINGS):
            match = step.clause.match(clause)
            if match:
                lines = step.decode(lines, match)
                break
        else:
            raise FormatError(f"run output has no clause {clause[:60]!r}")
    return list(lines)
