"""Bare names, one a line, as `ls` and `ls -R` print them.

The names of a folder stand side by side: `./src: a.py b.py`. The rule it keeps: order stays, and a name that holds a
blank, like any other line that does not fit, stands on a line of its own behind one blank.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

from headroom.compressors._listing import alike
from headroom.errors import FormatError

PLAIN = "[ls names joined"
BY_FOLDER = "[ls -R names joined"
HEADERS = (f"{PLAIN}]", f"{BY_FOLDER}, folder: names]", f"{BY_FOLDER}, folder: names; {alike.LEGEND}]")

MIN_NAMES = 8
MIN_SHARE = 0.8
MIN_NESTED = 3
"""So many headings that name a folder in a folder are those of a listing, whatever the names below are."""

_NAME = re.compile(r"(?=[^\s]*[^\W\d_])[\w.+@~%=,()#\[\]&-]+[/*@=|]?").fullmatch
_FOLDER = re.compile(r"(?!.*: )(\S.*):").fullmatch
_HEADING = re.compile(r"(.*?):(?: (.+))?").fullmatch


def looks(sample: Sequence[str]) -> float:
    """The share of the lines of a sample that are names or, above such, `folder:`."""
    filled = [line for line in sample if line]
    names = [line for line in filled if _NAME(line)]
    if len(names) < MIN_NAMES:
        return 0.0
    headings = [line for line in filled if line[-1] == ":" and _FOLDER(line)]
    share = (len(names) + len(headings)) / len(filled)
    nested = sum([1 for line in headings if "/" in line])
    files = nested >= MIN_NESTED and 2 * nested >= len(headings)
    return share if share >= MIN_SHARE and (files or _like_files(names)) else 0.0


def _like_files(names: list[str]) -> bool:
    """True unless a list of words, of code or of figures: file names hold no comma, have extensions, or come sorted,
    and hardly repeat."""
    if 2 * sum([1 for name in names if "," in name]) > len(names):
        return False
    dotted = sum([1 for name in names if "." in name[1:-1]])
    if dotted * 3 >= len(names):
        return True
    ordered = sum([1 for a, b in pairwise(names) if a.lower() <= b.lower()])
    return ordered * 10 >= 9 * (len(names) - 1) and len(set(names)) == len(names)


def encode(lines: list[str]) -> list[str]:
    """The rendering's lines, header first."""
    starts = [
        at
        for at, line in enumerate(lines)
        if line[-1:] == ":" and _FOLDER(line) and (at == 0 or (lines[at - 1] == "" and at > 1))
    ]
    if not starts:
        return [HEADERS[0], *_joined(lines)]
    out = [HEADERS[1], *_joined(lines[: max(0, starts[0] - 1)], named=False)]
    for start, stop in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        body = lines[start + 1 : stop - 1]
        ends = stop > len(lines) and body[-1:] == [""]
        names = body[:-1] if ends else body
        first = next((i for i, name in enumerate(names) if not name or " " in name), len(names))
        out.append(f"{lines[start]} {' '.join(names[:first])}" if first else lines[start])
        out += [f" {name}" for name in names[first:]]
        if ends:
            out.append("")
    folded = alike.fold(out[1:])
    return out if folded is None else [HEADERS[2], *folded]


def _joined(lines: list[str], *, named: bool = True) -> list[str]:
    """Lines outside any folder."""
    if not named:
        return [f" {line}" for line in lines]
    out: list[str] = []
    for spaced, run in groupby(lines, key=lambda line: " " in line or not line):
        if spaced:
            out += [f" {line}" if line else line for line in run]
        else:
            out.append(" ".join(run))
    return out


def decode(header: str, lines: Sequence[str]) -> list[str]:
    """The original lines. Raises FormatError."""
    if header not in HEADERS:
        raise FormatError("a list of names opens with its header line")
    if header == HEADERS[2]:
        lines = alike.unfold(lines)
    out: list[str] = []
    for line in lines:
        if not line:
            out.append(line)
        elif line[0] == " ":
            out.append(line[1:])
        elif header == HEADERS[0]:
            out += line.split(" ")
        else:
            heading = _HEADING(line)
            if heading is None:
                raise FormatError(f"not a folder and its names: {line[:60]!r}")
            if out:
                out.append("")
            out.append(f"{heading[1]}:")
            out += heading[2].split(" ") if heading[2] else []
    return out
