"""The general line codec: steps over lists of lines, put together under one legend line.

A step turns lines into fewer or shorter lines and is undone exactly; later steps see only lines, so any combination
decodes by undoing the steps backwards. A rendering opens with a legend that names the notations it uses and no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from headroom.compressors._lines import echoes, legend, prefix, templates
from headroom.compressors._lines.cost import cost, sampled_cost
from headroom.compressors._lines.heads import is_notice
from headroom.errors import FormatError

TRIAL_LINES = 180
"""Whether and where to cut the time off is tried on this many lines."""

Lines = Sequence[str]
Coded = tuple[list[str], str]
"""Lines after a step, and the clause that tells it."""

_TEMPLATES_CLAUSE = re.compile(r"A := text (.)v(.): .*", re.DOTALL)


def _fixed(line: str) -> bool:
    """True for a line that an earlier step wrote (a heading, a note), and for a notice, which stays as it is."""
    return line[:1] in ("@", "\\") or echoes.is_note(line) or is_notice(line)


def _long_references(lines: Lines) -> Coded | None:
    return _echoed(echoes.encode(lines, min_times=4, min_reference=6))


def _references(lines: Lines) -> Coded | None:
    return _echoed(echoes.encode(lines))


def _echoed(out: list[str]) -> Coded | None:
    notes = [line for line in out if line[:1] == "["]
    clauses = []
    if any(map(echoes.NOTE.match, notes)):
        clauses.append(legend.TIMES)
    if any(map(echoes.REFERENCE.match, notes)):
        clauses.append(legend.REFERENCES)
    return (out, "; ".join(clauses)) if clauses else None


def _headings(lines: Lines) -> Coded | None:
    return _headed(prefix.write(lines, prefix.headings(lines)))


def _headed(out: list[str]) -> Coded | None:
    heads = [line for line in out if line[:1] == "@"]
    if not heads:
        return None
    return out, f"{legend.HEADINGS}; {legend.ENDINGS}" if any(head[1:2] == "…" for head in heads) else legend.HEADINGS


def _timed(lines: Lines) -> Coded | None:
    """Templates, below headings for the time where that is shorter for a sample of the lines."""
    sample = _trial(lines)
    best_k, fewest, best = 0, 0, None
    for k in (0, *prefix.clocks(lines)):
        coded = _under_clock(sample, k)
        tokens = cost("\n".join(coded[0] if coded else sample))
        if not k or tokens < fewest:
            best_k, fewest, best = k, tokens, coded
    return best if sample is lines else _under_clock(lines, best_k)


def _under_clock(lines: Lines, k: int) -> Coded | None:
    """Templates below headings for the time up to its k-th delimiter; without headings for 0."""
    headed = _headed(prefix.write(lines, prefix.clock_headings(lines, k))) if k else None
    if headed is None:
        return _templated(lines)
    coded = _templated(headed[0])
    return (coded[0], f"{headed[1]}{legend.AND}{coded[1]}") if coded else headed


def _trial(lines: Lines) -> Lines:
    """Lines from the beginning, the middle and near the end."""
    if len(lines) <= TRIAL_LINES:
        return lines
    third, size = len(lines) // 3, TRIAL_LINES // 3
    return [line for start in (0, third, 2 * third) for line in lines[start : start + size]]


def _templated(lines: Lines) -> Coded | None:
    found = templates.encode(lines, _fixed)
    if found is None:
        return None
    out, notation = found
    clauses = [legend.TEMPLATES, legend.EQUAL] if notation.equal else [legend.TEMPLATES]
    clause = "; ".join(clauses).replace("{", notation.braces[0]).replace("}", notation.braces[1])
    return out, f"{clause}; {legend.LAST}" if notation.last else clause


STEPS: Mapping[str, Callable[[Lines], Coded | None]] = MappingProxyType(
    {
        "references": _references,
        "long-references": _long_references,
        "timed": _timed,
        "templates": _templated,
        "headings": _headings,
    }
)
"""What each step is called. `references` tells repetitions and blocks from further up, the `long-` ones only where more
than a template would save. `headings` tells shared beginnings, `templates` kinds of lines, `timed` these below headings
for the time."""

_UNDO: Mapping[str, Callable[[Lines], list[str]]] = MappingProxyType(
    {
        legend.TIMES: echoes.decode,
        legend.REFERENCES: echoes.decode,
        legend.HEADINGS: prefix.decode,
    }
)


def encode(text: str, steps: Sequence[str], mark: str) -> str | None:
    """`text` after these steps, in order, under a legend that opens with `mark`; None if none of them found anything.

    `mark` is the kind's own, such as `[log codes: `. A text that holds it is left alone.
    """
    return _run(text, steps, mark)[0]


def best(text: str, combinations: Sequence[Sequence[str]], mark: str) -> str | None:
    """The shortest by estimate of several combinations of steps, or None where none is shorter than the text."""
    shortest, fewest = None, sampled_cost(text)
    tried: set[tuple[str, ...]] = set()
    for steps in combinations:
        if tuple(steps) in tried:
            continue
        rendering, found = _run(text, steps, mark)
        tried.add(found)  # the steps that found nothing would change nothing for being left out
        if rendering is not None and (tokens := sampled_cost(rendering)) < fewest:
            shortest, fewest = rendering, tokens
    return shortest


def _run(text: str, steps: Sequence[str], mark: str) -> tuple[str | None, tuple[str, ...]]:
    """The rendering, and which of the steps found something."""
    if mark in text:
        return None, ()
    lines: Lines = text.split("\n")
    clauses: list[str] = []
    found: list[str] = []
    for step in steps:
        done = STEPS[step](lines)
        if done is not None:
            lines = done[0]
            clauses.append(done[1])
            found.append(step)
    if not clauses:
        return None, ()
    return f"{mark}{legend.AND.join(clauses)}]\n" + "\n".join(lines), tuple(found)


def decode(rendering: str, mark: str) -> str:
    """The text a rendering stands for. Raises FormatError."""
    header, _, body = rendering.partition("\n")
    if not header.startswith(mark) or header[-1] != "]":
        raise FormatError(f"no header of the line codec: {header[:60]!r}")
    lines = body.split("\n")
    for clause in reversed(header[len(mark) : -1].split(legend.AND)):
        undo = _UNDO.get(clause.partition("; ")[0])
        if undo is not None:
            lines = undo(lines)
            continue
        match = _TEMPLATES_CLAUSE.fullmatch(clause)
        if match is None or match[1] + match[2] not in templates.BRACES:
            raise FormatError(f"the line codec has no clause {clause[:60]!r}")
        lines = templates.decode(lines, match[1] + match[2])
    return "\n".join(lines)
