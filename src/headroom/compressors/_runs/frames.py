"""Frames of libraries in traces: between the project's own frame and the place that raised, they say how, not why.

A frame is a library's where its path or its package is one that no project's own code has. Of each trace the frame
that enters the library and the one that raised stay, and every message; a trace told before goes as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from headroom.compressors._runs.forms import FAILURE, Line

MANY = 12
"""Frames of one line each go only where this many follow each other: fewer are told by reference to the first trace."""

CONTEXT = 4
"""Lines of source that stay above the statement of a library that raised: they say under what condition it did."""

FRAMES, SOURCE, TOLD = "library frames", "lines of library source", "lines of causes told above"
OWN = "frames told above"

_LIBRARY = re.compile(
    r"(?:site|dist)-packages/|/lib(?:64)?/python\d|<frozen |node_modules/|\(node:|/rustc/|\.cargo/registry/|/go/src/"
    r"|/go/pkg/mod/|\tat (?:java\.base/|java\.|javax\.|jdk\.|sun\.|org\.(?:junit|testng|apache|springframework|mockito"
    r"|gradle|hibernate|opentest4j)\.)"
    r"|^ +\d+: +(?:0x[0-9a-f]+ - )?(?:<?(?:std|core|alloc|test)::|rust_begin_unwind|_*rust_)"
)
_FRAME = re.compile(
    r"[^\s:][^:\n]*:\d+: in \S|\s*File \"[^\"\n]+\", line \d+, in |\s+at \S.*[):\d]\Z| +\d+: +\S+::|\tat \S+\(.*\)\Z"
)
_PYTHON = re.compile(r":\d+: in |\", line \d+, in ")
_OPENING = re.compile(r"\s*\Z|Traceback |[_=-]{3,}|The above exception|During handling")
"""What stands above the first frame of a trace."""

_PLACE = re.compile(r"(\S+):\d+: (?:[A-Z][\w.]*)?\Z")
_RULE = re.compile(r"([_-]) (?:\1 ){19,}\Z")
_HEAD = re.compile(r"_{3,} .* _{3,}\Z|_ .* _\Z|=+ .* =+\Z|-+ Captured .* -+\Z")
_CHAIN = re.compile(r"(?:The above exception was the direct cause|During handling of the above exception)")


class Bulk(NamedTuple):
    """Some lines of a trace: what they are, how many, and why they stay if they must."""

    said: Line
    rows: int
    keep: str = ""


def found(lines: Sequence[str]) -> dict[int, Bulk]:
    """The library's part of all traces, by the index of its first line."""
    bulk = _frames(lines)
    bulk |= _own(lines, bulk)
    places = [i for i, line in enumerate(lines) if line[-1:] != ":" and ": " in line and _PLACE.match(line)]
    for place in places:
        if _LIBRARY.search(lines[place]):
            bulk |= _entry(lines, place)
    return bulk | _told(lines, bulk)


def _frames(lines: Sequence[str]) -> dict[int, Bulk]:
    """Each frame of a library with the source below it. Of neighbours told for the first time, the outer ones stay; in
    a trace of Python, whose last frame raised, only where the project enters the library and where it raised."""
    bulk: dict[int, Bulk] = {}
    told: set[tuple[str, ...]] = set()
    i, n = 0, len(lines)
    while i < n:
        run: list[tuple[int, int]] = []
        while i < n and _is_library(lines, i):
            stop = _below(lines, i)
            run.append((i, stop))
            i = stop
        if not run:
            i += 1
            continue
        if len(run) == run[-1][1] - run[0][0] < MANY:
            continue
        text = tuple(lines[run[0][0] : run[-1][1]])
        python = bool(_PYTHON.search(lines[run[0][0]]))
        edges = set() if text in told else _edges(lines, run) if python else {0, len(run) - 1}
        for place, (start, stop) in enumerate(run):
            edge = "edge of a library's frames" if place in edges else ""
            failure = not python and text not in told and any(map(FAILURE.search, lines[start:stop]))
            bulk[start] = Bulk(Line(FRAMES, FRAMES), stop - start, edge or ("failure" if failure else ""))
        told.add(text)
    return bulk


def _edges(lines: Sequence[str], run: Sequence[tuple[int, int]]) -> set[int]:
    """The places of those frames of a library, in a run of them in a trace of Python, by which the project enters it
    and in which something was raised."""
    (start, _), (_, stop) = run[0], run[-1]
    raised = {len(run) - 1} if stop == len(lines) or not _PYTHON.search(lines[stop]) else set()
    return raised if start == 0 or _OPENING.match(lines[start - 1]) else raised | {0}


def _own(lines: Sequence[str], bulk: dict[int, Bulk]) -> dict[int, Bulk]:
    """The project's frames that lead into a library's frames that go, where they were told before, word for word."""
    own: dict[int, Bulk] = {}
    told: set[tuple[str, ...]] = set()
    i, n = 0, len(lines)
    while i < n:
        if i in bulk or not _FRAME.match(lines[i]):
            i += bulk[i].rows if i in bulk else 1
            continue
        stop = _below(lines, i)
        text = tuple(lines[i:stop])
        if text in told and stop in bulk and not bulk[stop].keep:
            own[i] = Bulk(Line(OWN, FRAMES), stop - i)
        told.add(text)
        i = stop
    return own


def _is_library(lines: Sequence[str], i: int) -> bool:
    line = lines[i]
    if not line or not _FRAME.match(line):
        return False
    return bool(_LIBRARY.search(line)) or (i + 1 < len(lines) and line[:1] == " " and "/rustc/" in lines[i + 1])


def _below(lines: Sequence[str], i: int) -> int:
    """The end of the frame that begins at line i: what stands below it is deeper."""
    depth = len(lines[i]) - len(lines[i].lstrip())
    stop = i + 1
    if lines[i].lstrip().startswith("at "):
        return stop
    while stop < len(lines) and stop - i < 8 and len(lines[stop]) - len(lines[stop].lstrip()) > depth:
        if _FRAME.match(lines[stop]) and not lines[stop].lstrip().startswith("at "):
            break
        stop += 1
    return stop


def _entry(lines: Sequence[str], place: int) -> dict[int, Bulk]:
    """The source and the arguments that pytest shows above a place in a library; at the end of a trace the statement
    that raised stays, and the place."""
    start = place
    while start and not any(pattern.match(lines[start - 1]) for pattern in (_HEAD, _CHAIN, _PLACE)):
        start -= 1
        if _RULE.match(lines[start]):
            break
    inner = place + 1 < len(lines) and bool(_RULE.match(lines[place + 1]))
    raised = start if inner else next((i for i in range(start, place) if lines[i][:1] == ">"), start)
    entry: dict[int, Bulk] = {}
    for i in range(start, place + inner):
        if lines[i][:2] == "E " or (lines[i][:1] == ">" and not inner) or _FRAME.match(lines[i]):
            continue
        keep = "failure" if FAILURE.search(lines[i]) else "above what raised" if 0 < raised - i <= CONTEXT else ""
        entry[i] = Bulk(Line(SOURCE, SOURCE), 1, keep)
    return entry


def _told(lines: Sequence[str], bulk: dict[int, Bulk]) -> dict[int, Bulk]:
    """What the causes of a failure say again: an exception that another one followed, where its lines were told."""
    again: dict[int, Bulk] = {}
    seen: set[str] = set()
    pending: list[int] = []
    for i, line in enumerate(lines):
        chained = bool(_CHAIN.match(line))
        if _HEAD.match(line):
            pending = []
        elif chained:
            again |= {j: Bulk(Line(TOLD, TOLD), 1) for j in (*pending, *([i] if line in seen else ()))}
            pending = []
        elif line[:2] == "E " and line in seen:
            pending.append(i)
        elif i in bulk and bulk[i].keep and bulk[i].rows == 1 and line in seen:
            again[i] = bulk[i]._replace(keep="")
        if chained or line[:2] == "E " or i in bulk:
            seen.add(line)
    return again
