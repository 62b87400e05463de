"""Frames of libraries in traces: between the project's own frame and the place that raised, they say how, not why.

A frame is a library's where its path or its package is one that no project's own code has. Of each trace the frame
that raised stays, and every message; the notice names the library that was entered, or the frame stays that enters it.
A trace told before goes as a whole.
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
RAISED = "what raised"
PASSED_ON = 6
"""As many lines a message that is told with its place only may have, with those that part it from the next."""

PYTHON = "a library of Python"
"""What makes alike all that a trace says of one: even a short run may go, since what called it is shown above."""


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
_OPENING = re.compile(r"\s*\Z|Traceback |[_=-]{3,}|(?:_ ){3}|The above exception|During handling")
"""What stands above the first frame of a trace, or of the part of it below an entry of pytest."""

_PACKAGE = re.compile(r"(?:(?:site|dist)-packages/|/lib(?:64)?/python\d[\w.]*/(?!\w+-packages/)|<frozen )(\w+)")
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
    places = [
        i for i, line in enumerate(lines)
        if line[-1:] != ":" and ": " in line and _PLACE.match(line) and _LIBRARY.search(line)
    ]  # fmt: skip
    python = SOURCE if places else PYTHON
    bulk = _frames(lines, python)
    bulk |= _own(lines, bulk)
    told: set[tuple[str, ...]] = set()
    for place in places:
        bulk |= _entry(lines, place, told)
    if places:
        bulk |= {i: Bulk(Line(SOURCE, SOURCE), 1) for i, line in enumerate(lines) if _RULE.match(line)}
    return bulk | _told(lines, bulk, python)


def _frames(lines: Sequence[str], alike: str) -> dict[int, Bulk]:
    """Each frame of a library with the source below it. Of neighbours told for the first time, the outer ones stay; in
    a trace of Python, whose last frame raised, only those that `_edges` names."""
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
        entered = "" if text in told else _entered(lines, run[0][0])
        for place, (start, stop) in enumerate(run):
            edge = "edge of a library's frames" if place in edges else ""
            failure = not python and text not in told and any(map(FAILURE.search, lines[start:stop]))
            said = Line(f"{FRAMES} from {entered} on" if entered else FRAMES, alike if python else FRAMES)
            bulk[start] = Bulk(said, stop - start, edge or ("failure" if failure else ""))
        told.add(text)
    return bulk


def _edges(lines: Sequence[str], run: Sequence[tuple[int, int]]) -> set[int]:
    """The places of those frames of a library, in a run of them in a trace of Python, in which something was raised,
    and by which the project enters it where the call is not shown."""
    (start, _), (_, stop) = run[0], run[-1]
    called = stop < len(lines) and (_PYTHON.search(lines[stop]) or _RULE.match(lines[stop]))
    raised = set() if called or _passed_on(lines, start, run[-1]) else {len(run) - 1}
    return raised if _OPENING.match(lines[start - 1] if start else "") or _entered(lines, start) else raised | {0}


def _passed_on(lines: Sequence[str], start: int, last: tuple[int, int]) -> bool:
    """True for a part of a chain of exceptions in which a library only raised one of its own for another, for which one
    more was raised: the statement says no more than the message below it."""
    above = [line for line in lines[max(0, start - 2) : start] if line]
    below = [i for i in range(last[1], min(last[1] + PASSED_ON, len(lines))) if lines[i][:2] != "E "]
    follows = any(map(_CHAIN.match, (lines[i] for i in below[:2])))
    return bool(follows and above and _CHAIN.match(above[-1]) and lines[last[0] + 1].lstrip().startswith("raise "))


def _entered(lines: Sequence[str], start: int) -> str:
    """The package of Python whose frame begins at line `start`, if source of the project that calls it is shown above;
    else empty."""
    package = _PACKAGE.search(lines[start])
    above = lines[start - 1] if start else ""
    if _RULE.match(above):  # the entry above it ends with its place
        shown = not _LIBRARY.search(lines[start - 2])
    else:
        shown = above[:1] == " " and not _FRAME.match(above) and not _OPENING.match(above)
    return package[1] if package and shown else ""


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
            own[i] = Bulk(Line(OWN, bulk[stop].said.alike), stop - i)
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


def _entry(lines: Sequence[str], place: int, told: set[tuple[str, ...]]) -> dict[int, Bulk]:
    """The source and the arguments that pytest shows above a place in a library; at the end of a trace the statement
    that raised and the lines above it stay, and the place, if they were not `told` before."""
    start = place
    while start and not any(pattern.match(lines[start - 1]) for pattern in (_HEAD, _CHAIN, _PLACE)):
        start -= 1
        if _RULE.match(lines[start]):
            break
    inner = place + 1 < len(lines) and bool(_RULE.match(lines[place + 1]))
    raised = start if inner else next((i for i in range(start, place) if lines[i][:1] == ">"), start)
    said = tuple(lines[i] for i in range(start, place) if lines[i][:2] == "E ")
    source = (lines[raised], lines[place])
    # An error that was told word for word is told by reference, with the source around it.
    again = source in told and (source + said not in told or any(map(_CHAIN.match, lines[place : place + 3])))
    told |= {source, source + said}
    entry: dict[int, Bulk] = {}
    for i in range(start, place + 1):
        if lines[i][:2] == "E " or _FRAME.match(lines[i]):
            continue
        near = not inner and raised - i <= CONTEXT
        keep = RAISED if near and not again else ""
        entry[i] = Bulk(Line(SOURCE, SOURCE), 1, "" if inner and i == place else keep)
    return entry


def _told(lines: Sequence[str], bulk: dict[int, Bulk], alike: str) -> dict[int, Bulk]:
    """What the causes of a failure say again: an exception that another one followed, where its lines were told."""
    again: dict[int, Bulk] = {}
    seen: set[str] = set()
    pending: list[int] = []
    for i, line in enumerate(lines):
        chained = bool(_CHAIN.match(line))
        if _HEAD.match(line):
            pending = []
        elif chained:
            again |= {j: Bulk(Line(TOLD, alike), 1) for j in (*pending, *([i] if pending and line in seen else ()))}
            pending = []
        elif line[:2] == "E " and line in seen:
            pending.append(i)
        elif i in bulk and bulk[i].keep not in ("", RAISED) and bulk[i].rows == 1 and line in seen:
            again[i] = bulk[i]._replace(keep="")
        if chained or line[:2] == "E " or i in bulk:
            seen.add(line)
    return again
