"""Paths, one a line: `find`, Glob, `git ls-files`, `git status`, archives' contents, linters' file lists.

Neighbouring lines that differ only in what follows their last separator become one: `src/core/: a.py b.py`. Whatever
stands before the folder (git's ` M `, `modified:`) is part of what they share. The folder of all paths is named once,
on the first line. The rule it keeps: order stays, a line is its folder and its name joined, and a name that holds a
blank stands on a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from headroom.compressors._paths import MAX_PATH
from headroom.errors import FormatError

MARK = "[paths by folder"
HEADER = re.compile(rf"{re.escape(MARK)}(?: under (.+[/\\]))?\]")
ESCAPE = "\\"
HERE = ("./", ".\\")
"""How the folder named on the first line is written as a heading."""

MIN_PATHS = 4
"""Fewer paths than this do not pay for the header."""

MIN_SHARE = 0.5
"""A text of which less than this share of its lines are paths is something else."""

HEADING = re.compile(r"(.*?[/\\]):(?: (.+))?").fullmatch
_LEAD = (
    r"(?:\t(?:(?:new file|modified|deleted|renamed|copied|typechange|both modified|both added|both deleted|"
    r"(?:added|deleted) by (?:us|them)):[ ]+)?|[ MTADRCU?!]{2}[ ]|[AMDTRC][0-9]{0,3}\t|"
    r"[ ](?:create|delete)[ ]mode[ ][0-7]{6}[ ])?"
)
_CHARACTER = r"""[^\s<>{}"'`;*|?:]"""
_SPELLED = re.compile(
    rf"{_LEAD}(?:[A-Za-z][A-Za-z+]*:(?=[/\\]))?"
    rf"(?:(?!//){_CHARACTER}*[/\\](?={_CHARACTER}*\w|\Z){_CHARACTER}*:?|"
    rf"(?:\.{{0,2}}|~|[A-Za-z]:)[/\\]\w(?:{_CHARACTER}| (?! ))*[/\\](?:{_CHARACTER}| (?! ))+)"
).fullmatch
_BARE = re.compile(r"[\w.+@~%=,-]*[A-Za-z][\w.+@~%=,-]*").fullmatch


def _is_path(line: str) -> bool:
    # The expression looks for its slash at every character of a line that fits nowhere: no longer line is tried.
    return len(line) <= MAX_PATH and _SPELLED(line) is not None


class Paths(NamedTuple):
    """What is known of a text: which lines are paths, the folder they share, and the share of lines that are paths."""

    flags: list[bool]
    root: str
    separator: str
    share: float


def looks(sample: Sequence[str]) -> float:
    """The share of the lines of a sample that are paths, 0 if too few have a folder."""
    filled = [line for line in sample if line]
    found = [line for line in filled if ("/" in line or "\\" in line) and _is_path(line)]
    paths = len(found)
    if paths < MIN_PATHS or paths < 0.3 * len(filled) or 2 * sum([line[-1] == ":" for line in found]) > paths:
        return 0.0  # too few, or the headings of `ls -R`
    share = (paths + sum([1 for line in filled if _BARE(line)])) / len(filled)
    return share if share >= MIN_SHARE else 0.0


def find(lines: list[str]) -> Paths | None:
    """The paths of a text, None if it is no list of paths."""
    separator = (
        "\\" if sum([line.count("\\") for line in lines[:50]]) > sum([line.count("/") for line in lines[:50]]) else "/"
    )
    flags = [separator in line and _is_path(line) for line in lines]
    paths = [line for line, is_path in zip(lines, flags, strict=True) if is_path]
    filled = sum(map(bool, lines))
    bare = sum([1 for line, is_path in zip(lines, flags, strict=True) if not is_path and line and _BARE(line)])
    if len(paths) < MIN_PATHS or len(paths) + bare < MIN_SHARE * filled:
        return None
    root = common(min(paths), max(paths))
    if len(root) < 2 or root.startswith(("\t", " ")) or filled - len(paths) > max(2, len(paths) // 8):
        root = ""
    return Paths(flags, root, separator, (len(paths) + bare) / filled)


def common(low: str, high: str) -> str:
    """The longest folder that the first and last of sorted paths, and so all of them, stand under."""
    end = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    cut = max(low.rfind("/", 0, min(end, len(low) - 1)), low.rfind("\\", 0, min(end, len(low) - 1))) + 1
    return low[:cut]


def folder_of(path: str, separator: str) -> str:
    """What stands before a path's name; a separator at the very end belongs to the name."""
    return path[: path.rfind(separator, 0, len(path) - 1) + 1]


def encode(lines: list[str], found: Paths) -> list[str]:
    """The rendering's lines, header first."""
    root, separator = found.root, found.separator
    out = [f"{MARK} under {root}]" if root else f"{MARK}]"]
    cut = len(root)
    size = len(separator) + 1
    folders = [
        line[: line.rfind(separator, 0, len(line) - 1) + 1] if is_path or (line and not root) else None
        for line, is_path in zip(lines, found.flags, strict=True)
    ]
    at = 0
    below = False  # the line above is a name on a line of its own
    for folder, run in groupby(folders):
        stop = at + sum(1 for _ in run)
        if folder is None:
            out += [ESCAPE + line if line else line for line in lines[at:stop]]
        elif stop - at == 1 or len(folder) < size:
            out += [_alone(line, line[cut:], below=below and i == 0) for i, line in enumerate(lines[at:stop])]
            below = False
        else:
            made = _together(folder, lines[at:stop], found)
            out += [ESCAPE + line for line in lines[at:stop]] if made is None or (below and made[0][0] == " ") else made
            below = out[-1] == f" {lines[stop - 1][len(folder) :]}"
        at = stop
    return out


def _alone(line: str, rest: str, *, below: bool) -> str:
    """A line by itself, the common folder left out; `below` names that stand on lines of their own."""
    if not rest or rest[0] == ESCAPE or (below and rest[0] == " ") or (":" in rest and HEADING(rest)):
        return ESCAPE + line if line else line
    return rest


def _together(folder: str, lines: list[str], found: Paths) -> list[str] | None:
    """Lines that share a folder; None where a decoder would read another folder."""
    shown = folder[len(found.root) :] or f".{found.separator}"
    heading = HEADING(f"{shown}:")
    if (
        heading is None
        or heading[1] != shown
        or shown[0] == ESCAPE
        or (found.root and folder[len(found.root) :] in HERE)
    ):
        return None
    size = len(folder)
    names = [line[size:] for line in lines]
    joined = " ".join(names)
    if joined.count(" ") == len(names) - 1:
        return [f"{shown}: {joined}"]
    if shown[0] == " ":
        return [_alone(line, line, below=False) for line in lines]
    out = []
    for spaced, run in groupby(names, key=lambda name: " " in name or not name):
        if spaced:
            out += [f"{shown}:", *[f" {name}" for name in run]]
        else:
            out.append(f"{shown}: {' '.join(run)}")
    return out


def decode(header: str, lines: Sequence[str]) -> list[str]:
    """The original lines. Raises FormatError."""
    known = HEADER.fullmatch(header)
    if known is None:
        raise FormatError("a list of paths opens with its header line")
    root = known[1] or ""
    out: list[str] = []
    folder: str | None = None
    for line in lines:
        if line[:1] == " " and folder is not None:
            out.append(folder + line[1:])
            continue
        folder = None
        heading = HEADING(line) if ":" in line and line[0] != ESCAPE else None
        if heading is not None:
            start = root + ("" if root and heading[1] in HERE else heading[1])
            if heading[2] is None:
                folder = start
            else:
                out += [start + name for name in heading[2].split(" ")]
        elif not line or line[0] == ESCAPE:
            out.append(line[1:])
        else:
            out.append(root + line)
    return out
