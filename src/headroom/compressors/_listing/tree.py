"""Trees drawn with lines: `tree` in its Unicode and ASCII forms, and tools that draw like it.

The drawing is nearly all of the cost. The rendering has one line a folder (`src/core/: a.rs b.rs sub/`; a name that
ends in `/` has a line of its own), or, where names hold blanks, one name a line indented by one blank a level. The
rule it keeps: the drawing follows from the order of the names and their depth, or the tree is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from headroom.errors import FormatError

BY_FOLDER = "[tree by folder"
BY_INDENT = "[tree by indent"
END = "[end]"
"""The line after a tree, where what follows would read as part of it."""

MIN_ROWS = 5
MAX_DEPTH = 100
BLANK_SHARE = 0.25
"""From this share of names with blanks on, folders cannot be joined to their names."""


class Drawing(NamedTuple):
    """The four pieces lines of a tree are drawn with."""

    name: str
    through: str
    """Left of what a folder holds that another follows."""
    space: str
    """Left of what the last folder holds."""
    child: str
    last: str


DRAWINGS = (
    Drawing("nbsp", "│\xa0\xa0 ", "    ", "├── ", "└── "),
    Drawing("plain", "│   ", "    ", "├── ", "└── "),
    Drawing("ascii", "|   ", "    ", "|-- ", "`-- "),
    Drawing("dos", "|   ", "    ", "+---", "\\---"),
    Drawing("double", "│  ", "   ", "├─ ", "└─ "),
    Drawing("narrow", "│ ", "  ", "├─", "└─"),
    Drawing("plus", "|   ", "    ", "+-- ", "\\-- "),
)
_FIRST = tuple(piece for drawing in DRAWINGS for piece in (drawing.child, drawing.last))
_ROWS = [
    re.compile(rf"(?:{re.escape(d.through)}|{d.space})*(?:{re.escape(d.child)}|{re.escape(d.last)})").match
    for d in DRAWINGS
]
_HEADER = re.compile(
    rf"(?:{re.escape(BY_FOLDER)}|{re.escape(BY_INDENT)}); ({'|'.join(d.name for d in DRAWINGS)})(?:; root (.+))?\]"
)
_HEADING = re.compile(r"(.*?/):(?: (.+))?").fullmatch


class Tree(NamedTuple):
    """A drawn tree: lines before `start` and from `stop` on are other text; depth and name of each line between."""

    drawing: Drawing
    root: str
    start: int
    stop: int
    depths: list[int]
    names: list[str]


def looks(sample: Sequence[str]) -> float:
    """The share of the lines of a sample that a tree is drawn with."""
    best = max(sum([1 for line in sample if rows(line)]) for rows in _ROWS)
    if best < MIN_ROWS:
        return 0.0
    return best / (sum(map(bool, sample)) or 1)


def find(lines: list[str]) -> Tree | None:
    """The tree of a text that opens with its root and the first line drawn below it, None if there is none."""
    if len(lines) < MIN_ROWS or not lines[0] or not lines[1].startswith(_FIRST):
        return None
    best: Tree | None = None
    for drawing in DRAWINGS:
        tree = _read(lines, drawing)
        if tree is not None and (best is None or tree.stop > best.stop):
            best = tree
    if best is None or best.stop - best.start < MIN_ROWS:
        return None
    drawn = _drawn(best.drawing, best.depths)
    if drawn is None or any(a + b != c for a, b, c in zip(drawn, best.names, lines[1:], strict=False)):
        return None
    return best


def _read(lines: list[str], drawing: Drawing) -> Tree | None:
    """Depth and name of each line from the second on, up to the first that is not drawn."""
    depths: list[int] = []
    names: list[str] = []
    through, space, child, last = drawing[1:]
    step, end = len(through), len(child)
    stop = 1
    for line in lines[1:]:
        at = 0
        depth = 0
        while depth < MAX_DEPTH and (line.startswith(through, at) or line.startswith(space, at)):
            at += step
            depth += 1
        if not line.startswith((child, last), at) or len(line) == at + end:
            break
        depths.append(depth)
        names.append(line[at + end :])
        stop += 1
    return Tree(drawing, lines[0], 1, stop, depths, names) if names else None


def _drawn(drawing: Drawing, depths: Sequence[int]) -> list[str] | None:
    """What stands before each name; None where a depth has no parent."""
    through, space, child, last = drawing[1:]
    open_: list[bool] = []  # at each depth: a sibling comes below
    ends: list[bool] = []
    for depth in reversed(depths):
        if depth >= len(open_):
            open_ += [False] * (depth + 1 - len(open_))
        ends.append(not open_[depth])
        open_[depth] = True
        del open_[depth + 1 :]
    ends.reverse()
    above: list[str] = [""]
    made = []
    for depth, end in zip(depths, ends, strict=True):
        if depth >= len(above):
            return None
        made.append(above[depth] + (last if end else child))
        del above[depth + 1 :]
        above.append(above[depth] + (space if end else through))
    return made


def encode(lines: list[str], tree: Tree) -> list[str] | None:
    """The rendering's lines, header first; None where a line would read as another."""
    blanks = sum([1 for name in tree.names if " " in name])
    folders = blanks <= BLANK_SHARE * len(tree.names) and not any("/" in name or name[-1] == ":" for name in tree.names)
    body = _by_folder(tree) if folders else None
    if body is None:
        folders = False
        if any(name[0] == " " or name == END for name in tree.names):
            return None
        body = [" " * depth + name for depth, name in zip(tree.depths, tree.names, strict=True)]
    root = "" if tree.root == "." else f"; root {tree.root}"
    rest = lines[tree.stop :]
    if rest and (not folders or _HEADING(rest[0]) or rest[0][:1] == " " or rest[0] == END):
        body.append(END)
    return [f"{BY_FOLDER if folders else BY_INDENT}; {tree.drawing.name}{root}]", *body, *rest]


def _by_folder(tree: Tree) -> list[str] | None:
    """One line a folder, each where its first child stands; None where two folders are called the same."""
    out: list[list[str]] = [["./"]]
    stack: list[tuple[str, list[str]]] = [("", out[0])]  # path and line of the folders above
    depths, names = tree.depths, tree.names
    count = len(names)
    for at in range(count):
        depth, name = depths[at], names[at]
        del stack[depth + 1 :]
        path, line = stack[depth]
        if at + 1 < count and depths[at + 1] > depth:
            line.append(f"{name}/")
            below = [f"{path}{name}/"]
            out.append(below)
            stack.append((below[0], below))
        else:
            line.append(name)
    if len({line[0] for line in out}) < len(out):
        return None
    return list(chain.from_iterable(map(_folder_line, out)))


def _folder_line(line: list[str]) -> list[str]:
    folder, *names = line
    joined = " ".join(names)
    if joined.count(" ") == len(names) - 1:
        return [f"{folder}: {joined}"]
    return [f"{folder}:", *[f" {name}" for name in names]]


def decode(header: str, lines: Sequence[str]) -> list[str]:
    """The original lines. Raises FormatError."""
    known = _HEADER.fullmatch(header)
    if known is None:
        raise FormatError("a tree opens with its header line")
    drawing = next(d for d in DRAWINGS if d.name == known[1])
    if header.startswith(BY_FOLDER):
        depths, names, rest = _walked(lines)
    else:
        depths, names, rest = _indented(lines)
    drawn = _drawn(drawing, depths)
    if drawn is None:
        raise FormatError("a name of a tree has no folder")
    return [known[2] or ".", *map(str.__add__, drawn, names), *rest]


def _indented(lines: Sequence[str]) -> tuple[list[int], list[str], list[str]]:
    stop = next((at for at, line in enumerate(lines) if line == END), len(lines))
    texts = [line.lstrip(" ") for line in lines[:stop]]
    return [len(line) - len(text) for line, text in zip(lines, texts, strict=False)], texts, list(lines[stop + 1 :])


def _walked(lines: Sequence[str]) -> tuple[list[int], list[str], list[str]]:
    """Depths and names in the order of the drawing, and the lines after the tree."""
    folders: dict[str, list[str]] = {}
    stop = 0
    while stop < len(lines):
        heading = _HEADING(lines[stop])
        if heading is None:
            break
        stop += 1
        if heading[2] is not None:
            names = heading[2].split(" ")
        else:
            names = []
            while stop < len(lines) and lines[stop][:1] == " ":
                names.append(lines[stop][1:])
                stop += 1
        if heading[1] in folders or not names:
            raise FormatError(f"a folder of a tree stands twice or is empty: {heading[1][:60]!r}")
        folders[heading[1]] = names
    depths: list[int] = []
    found: list[str] = []
    stack = [("", iter(folders.pop("./", [])))]
    while stack:
        path, rest_of = stack[-1]
        name = next(rest_of, None)
        if name is None:
            stack.pop()
            continue
        depths.append(len(stack) - 1)
        below = folders.pop(path + name, None) if name.endswith("/") else None
        if below is None:
            found.append(name)
            continue
        found.append(name[:-1])
        stack.append((path + name, iter(below)))
    if folders or not found:
        raise FormatError("a folder of a tree is not named above")
    return depths, found, list(lines[stop + (lines[stop : stop + 1] == [END]) :])
