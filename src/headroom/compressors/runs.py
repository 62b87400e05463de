"""Output of test runs, builds, linters and installers.

What a run repeats is told once: equal lines and blocks, beginnings that neighbours share, the gutter of compiler
diagnostics, the frames of tracebacks, and the fixed words of messages that come by the dozen. The rule it keeps: lines
that tell a failure, an exit status or a total stand word for word in their place, and source text is never made into
templates. See `_lines` for the general notation, `_diagnostics`, `_tracebacks` and `_tests` for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from headroom.compressors import _diagnostics, _joins, _lines, _tests, _tracebacks
from headroom.compressors._cost import sampled_cost
from headroom.compressors._exact import ByteExact
from headroom.errors import FormatError
from headroom.types import Facts, PartClass

MARK = "[run codes: "

Coded = tuple[list[str], str]


class Own(NamedTuple):
    """A step of this kind of text: writes lines or finds nothing, and reads them back."""

    encode: Callable[[Sequence[str]], list[str] | None]
    decode: Callable[[Sequence[str]], list[str]]


OWN: Mapping[str, Own] = MappingProxyType(
    {
        _diagnostics.CLAUSE: Own(_diagnostics.encode, _diagnostics.decode),
        _tracebacks.CLAUSE: Own(_tracebacks.encode, _tracebacks.decode),
        _tests.PAIRS: Own(_tests.pair, _tests.unpair),
    }
)
"""The steps of this kind, by their clause in the legend."""

NEWS = re.compile(
    r"\b(?:FAIL(?:ED|URES?|S)?|ERRORS?|FATAL|PANIC|Error|Exception|Traceback|BUILD|panicked)\b"
    r"|\b(?:[Ee]rror|fatal|panic|FAIL)(?:\[\w+\])?:|\berror TS\d|\d:\d+ +error\b"
    r"|\d (?:passed|failed|errors?|failures?|failing|passing|problems?|tests?|packages?)\b"
    r"|[✕✗✖✘❌×]|\bnot ok\b|exit(?:ed)?(?: with)? (?:code|status)|returncode|test result:|Finished|warnings? generated|^E "
)
"""Lines with one of these stand word for word."""

_SOURCE = re.compile(
    r"(?: {4}|\t|>  |E  |\| )\s*"
    r"(?:(?:def|class|return|if|elif|for|while|assert|import|from|with|try|else|except|raise|self|async|await|func|let"
    r"|const|var|fn|pub|use|@)\b|[@#\"'({\[)}\]]|.*[;{}\[(,:=)]\s*$|.*[^=!<>]=[^=])"
)


class Runs(ByteExact):
    """Repetitions, headings, templates, compact diagnostics and frames."""

    name = "runs"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        return 0.5

    def encode(self, facts: Facts) -> str | None:
        if MARK in facts.text:
            return None
        lines: list[str] = facts.lines
        clauses: list[str] = []
        for step in (_general("crlf"), _general("references"), *map(_own, OWN), _tests.count, _joined):
            lines = _apply(step, lines, clauses)
        plain, plain_clauses = _headed(lines, clauses)
        words = list(clauses)
        templated, words = _headed(_apply(_around(_is_fixed, _general("templates")), lines, words), words)
        best = min(((plain, plain_clauses), (templated, words)), key=_price)
        if not best[1]:
            return None
        return f"{MARK}{' | '.join(best[1])}]\n" + "\n".join(best[0])

    def decode(self, rendering: str) -> str:
        legend, _, body = rendering.partition("\n")
        if not legend.startswith(MARK) or legend[-1] != "]":
            raise FormatError(f"no legend of a run: {legend[:60]!r}")
        lines = body.split("\n")
        for clause in reversed(legend[len(MARK) : -1].split(" | ")):
            own = OWN.get(clause)
            percent = _tests.PERCENT.match(clause)
            if percent:
                lines = _tests.counted(lines, int(percent[1]), int(percent[2]))
                continue
            if _joins.is_clause(clause):
                lines = _joins.decode(lines, clause)
                continue
            lines = own.decode(lines) if own else _lines.decode("\n".join((f"{MARK}{clause}]", *lines)), MARK).split("\n")
        return "\n".join(lines)


Step = Callable[[Sequence[str]], Coded | None]


def _joined(lines: Sequence[str]) -> Coded | None:
    return _joins.encode(lines, _is_fixed)


def _headed(lines: list[str], clauses: list[str]) -> Coded:
    clauses = list(clauses)
    lines = _apply(_around(_is_fixed, _general("headings")), lines, clauses)
    return lines, clauses


def _price(coded) -> int:
    return sampled_cost("\n".join(coded[0])) + sampled_cost(" | ".join(coded[1]))


def _general(name: str) -> Step:
    return _lines.STEPS[name]


def _own(clause: str) -> Step:
    def step(lines: Sequence[str]) -> Coded | None:
        out = OWN[clause].encode(lines)
        return None if out is None else (out, clause)

    return step


def _apply(step: Step, lines: list[str], clauses: list[str]) -> list[str]:
    done = step(lines)
    if done is None:
        return lines
    gain = sampled_cost("\n".join(lines)) - sampled_cost("\n".join(done[0]))
    if gain <= sampled_cost(done[1]) + 2:
        return lines
    clauses.append(done[1])
    return done[0]


def _is_fixed(line: str) -> bool:
    return bool(NEWS.search(line) or _SOURCE.match(line) or line[:1] in "\\^|+-~:>" and line[:1])


def _around(fixed: Callable[[str], bool], step: Step) -> Step:
    """A step over the other lines; fixed ones are put back where they were."""

    def around(lines: Sequence[str]) -> Coded | None:
        keep = [fixed(line) for line in lines]
        done = step([line for line, fix in zip(lines, keep, strict=True) if not fix])
        if done is None:
            return None
        coded = iter(done[0])
        names = {line.lstrip(" ").partition(" ")[0] for line in done[0] if " := " in line}
        heads = any(line[:1] == "@" for line in done[0])
        out: list[str] = []
        for line, fix in zip(lines, keep, strict=True):
            if fix:
                out.append("\\" + line if _speaks(line, names, heads) else line)
                continue
            for text in coded:
                out.append(text)
                if text[:1] != "@":
                    break
        out.extend(coded)
        return out, done[1]

    return around


def _speaks(line: str, names: set[str], heads: bool) -> bool:
    first = line[:1]
    if first in ("@", "\\") or (first == " " and heads):
        return True
    body = line[1:] if first == " " else line
    name, _, rest = body.partition(" ")
    return body[:1] == "\\" or name in names or rest.startswith(":= ")
