"""The diagnostics in the output of a compiler or linter as blocks: a message, its place, and the source text below it.

A block of rustc, clippy or ruff ends at a blank line, and its gutter was told before (see `diagnostics`). One of gcc,
clang, javac, swiftc or mypy is a line that opens with a place, the source line below it, and its marks. Blocks are
compared in a form of which place, width and column are no part:

    --> a.rs:12:5       the arrow of a block as wide as its longest line number
    | text, > text      the source line, with the gutter of gcc and without one
    :@4: marks          marks that begin 4 characters past the column
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

TEXT, SOURCE, COUNT, MARKS, AT = "text", "source", "count", "marks", "at"
"""What a part of a line is: words, source text, a number of carets, marks, the place of the block."""

_ARROW = re.compile(r"( {0,8})--> (.*):([1-9]\d{0,8}):([1-9]\d{0,8})\Z", re.ASCII)
_PLACED = re.compile(
    r"(?P<at>(?P<path>(?:[A-Za-z]:[\\/])?[^\s:()\[\]|>'\"`=][^\s:|'\"`]*):(?P<line>[1-9]\d{0,8})"
    r"(?::(?P<column>[1-9]\d{0,8}))?): (?P<text>(?:fatal )?(?:warning|error|note|remark|info)\b.*)\Z",
    re.ASCII | re.DOTALL,
)
_SOURCE = re.compile(r"(LL|[1-9]\d{0,8})?([|+~-]) (.*)\Z", re.ASCII | re.DOTALL)
_CARETS = re.compile(r"\^([1-9]\d{0,3})(.*)\Z", re.ASCII | re.DOTALL)
_MARKS = re.compile(r":([ ^~_|+-]*)(.*)\Z", re.DOTALL)
_UNDERLINE = re.compile(r"\s*[\^~][\^~ ]*\Z")
_FROM_COLUMN = re.compile(r":@(-?\d{1,4}):(.*)\Z", re.ASCII | re.DOTALL)
_VARIES = re.compile(r"`[^`]+`|‘[^’]+’|(?<!\w)'[^']+'(?!\w)|\"[^\"]+\"|(?<![\w.])\d+(?!\w)")
_ONCE = re.compile(r"= (?:note|help): `?[#-]")
"""The note about the level of a lint, which is told with its first warning only."""

_WORD = re.compile(r"(?<!\w)\w+")
_CHILDREN = ("note:", "help:")
_ERROR = re.compile(r"(?:fatal )?error\b")
_GCC_GUTTER = 5

MAX_LINES = 16
"""As many lines belong to a message without an arrow at most."""


class Part(NamedTuple):
    """A piece of a line that may differ between blocks alike, and the fixed text before it."""

    before: str
    kind: str
    value: str


_END = Part("", "", "")


class Block(NamedTuple):
    """One diagnostic: its lines `first` to `stop`, their comparable form, and its place."""

    first: int
    stop: int
    lines: tuple[str, ...]
    path: str
    line: int
    column: int
    """Counted from 1; 0 if not told."""
    parts: tuple[tuple[Part, ...], ...]
    """The parts of each line; the last of a line has no value: it is the end of the line."""


def found(lines: Sequence[str]) -> Iterator[Block]:
    """The blocks of a text in order. The lines of rustc's have lost their gutter."""
    i, n = 0, len(lines)
    while i + 1 < n:
        block = _arrowed(lines, i) or _placed(lines, i)
        own = lines[block.first : block.stop] if block else ()
        if block is None or restored(block.lines) != list(own) or any(line[:2] == "[…" for line in own):
            i += 1
            continue
        yield block
        i = block.stop


def _arrowed(lines: Sequence[str], i: int) -> Block | None:
    arrow = _arrow(lines[i + 1])
    inside = i and lines[i - 1] and lines[i].startswith(_CHILDREN)
    if arrow is None or inside or lines[i][:1] in ("", " "):
        return None
    stop = i + 2
    while stop < len(lines) and lines[stop]:
        stop += 1
    if stop == len(lines):
        return None
    block = lines[i:stop]
    gutter = " " * _width(block)
    told = tuple(line[len(gutter) :] if line.startswith(gutter + "--> ") and _arrow(line) else line for line in block)
    return Block(i, stop + 1, told, arrow[2], int(arrow[3]), int(arrow[4]), parts(told))


def _arrow(line: str) -> re.Match[str] | None:
    return _ARROW.match(line) if "--> " in line[:12] else None


def _width(block: Sequence[str]) -> int:
    """The width of the longest line number that a block tells."""
    arrows = [match[3] for line in block if (match := _arrow(line))]
    numbers = [match[1] for line in block if line[:1].isdigit() and (match := _SOURCE.match(line))]
    return max(map(len, [*arrows, *numbers]), default=0)


def _placed(lines: Sequence[str], i: int) -> Block | None:
    head = _PLACED.match(lines[i]) if ":" in lines[i] else None
    if head is None:
        return None
    stop = i + 1
    while stop < len(lines) and stop - i < MAX_LINES and lines[stop] and not _PLACED.match(lines[stop]):
        stop += 1
    told = [lines[i], *_below(lines[i + 1 : stop], head["line"])]
    if len(told) == 1 and _ERROR.match(head["text"]):
        return None
    return Block(i, i + len(told), tuple(told), head["path"], int(head["line"]), int(head["column"] or 0), parts(told))


def _below(lines: Sequence[str], number: str) -> list[str]:
    """What belongs to a message in the lines below it: source text with marks, and indented lines below these."""
    gutter, blank = f"{number:>{_GCC_GUTTER}} | ", " " * _GCC_GUTTER + " | "
    if lines and lines[0].startswith(gutter):
        marks = takewhile(lambda line: line.startswith(blank), lines[1:])
        return ["| " + lines[0][len(gutter) :], *(": " + line[len(blank) :] for line in marks)]
    row = next((row for row, line in enumerate(lines[:3]) if row and _UNDERLINE.match(line)), 0)
    if not row:
        return []
    details = takewhile(lambda line: line[:2] == "  ", lines[row + 1 :])
    return [*lines[: row - 1], "> " + lines[row - 1], ": " + lines[row], *details]


def restored(told: Sequence[str]) -> list[str]:
    """The lines of a block from their comparable form."""
    place = _place(told)
    if place is None:
        return []
    arrowed = place.re is _ARROW
    at = column(told)
    lines = [_at_column(line, at) for line in told]
    if arrowed:
        gutter = " " * _width(lines)
        return [gutter + line if line[:4] == "--> " and _arrow(line) else line for line in lines] + [""]
    gutter = f"{place['line']:>{_GCC_GUTTER}} " if lines[1:2] and lines[1][0] == "|" else ""
    below = " " * (len(gutter) - 1) + " | " if gutter else ""
    signs = {"|": gutter + "| ", ">": "", ":": below}
    return [lines[0], *(signs[line[0]] + line[2:] if line[:2] in ("| ", "> ", ": ") else line for line in lines[1:])]


def _place(told: Sequence[str]) -> re.Match[str] | None:
    return (_arrow(told[1]) if len(told) > 1 else None) or (_PLACED.match(told[0]) if told else None)


def column(told: Sequence[str]) -> int:
    """The column that a block in its comparable form tells, from 1; 0 if none."""
    place = _place(told)
    return int(place[4] if place.re is _ARROW else place["column"] or 0) if place else 0


def underlined(told: Sequence[str], at: int) -> dict[str, str]:
    """What marks from column `at` of the first source line on are likely to underline, by name: the word that begins
    there, and the rest of the line but for a comma or semicolon at its end. Only those that are there."""
    line = next((line for line in told if line[:2] in ("| ", "> ")), "")[2:]
    word = _WORD.match(line, at - 1) if at else None
    rest = line[at - 1 :].rstrip(";,") if at else ""
    return ({"word": word[0]} if word else {}) | ({"rest": rest} if rest else {})


def _at_column(line: str, column: int) -> str:
    match = _FROM_COLUMN.match(line)
    return f":{' ' * (column + int(match[1]))}{match[2]}" if match else line


def from_column(marks: str, column: int) -> str:
    """The marks of a line, `marks` being what stands behind the colon, as they are told from the column on."""
    bare = marks.lstrip(" ")
    return f"@{len(marks) - len(bare) - column}:{bare}"


def parts(told: Sequence[str]) -> tuple[tuple[Part, ...], ...]:
    """The parts of each line of a block in its comparable form."""
    return tuple(tuple(_parts(line, row)) for row, line in enumerate(told))


def _parts(line: str, row: int) -> list[Part]:
    arrow = _arrow(line)
    if arrow:
        start = len(arrow[1]) + 4
        return [Part(line[:start], AT if row == 1 else TEXT, line[start:]), _END]
    if row == 0:
        placed = _PLACED.match(line)
        return [Part("", AT, placed["at"]), *_message(": ", placed["text"])] if placed else _message("", line)
    sign = line[:1]
    if sign == ":" and (marks := _MARKS.match(line)):
        return [Part(":", MARKS, marks[1]), *_words(marks[2])]
    if sign == "^" and (carets := _CARETS.match(line)):
        return [Part("^", COUNT, carets[1]), *_words(carets[2])]
    if line[:2] == "> ":
        return [Part("> ", SOURCE, line[2:]), _END]
    source = _SOURCE.match(line)
    if source:
        number = [Part("", TEXT, source[1])] if source[1] else []
        return [*number, Part(source[2] + " ", SOURCE, source[3]), _END]
    return _words(line)


def _message(before: str, text: str) -> list[Part]:
    """A message: that of an error is told word for word."""
    return [Part(before + text, "", "")] if _ERROR.match(text) else _words(before + text)


def _words(text: str) -> list[Part]:
    """What stands in quotes may differ, and numbers."""
    told, end = [], 0
    for match in _VARIES.finditer(text):
        quoted = not match[0][0].isdigit()
        start, stop = match.start() + quoted, match.end() - quoted
        told.append(Part(text[end:start], TEXT, text[start:stop]))
        end = stop
    return [*told, Part(text[end:], "", "")]


def key(block: Block) -> tuple[object, ...]:
    """What blocks alike have in common."""
    return tuple((part.before, part.kind) for line in block.parts for part in line)


def source(block: Block) -> tuple[str, ...]:
    """The source text of a block, without what its message puts in quotes."""
    told = block.parts
    names = {part.value for part in told[0] if part.kind == TEXT and part.value}
    texts = [part.value for line in told for part in line if part.kind == SOURCE]
    if not names:
        return tuple(texts)
    name = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")(?!\w)")
    return tuple(name.sub("\0", text) for text in texts)


def extra(block: Block) -> dict[int, str]:
    """The lines, by their row, that only the first block of its kind tells."""
    return {row: line for row, line in enumerate(block.lines) if row > 1 and _ONCE.match(line)}


def bare(block: Block) -> Block | None:
    """A block without these lines; None if it has none."""
    rows = extra(block)
    if not rows:
        return None
    lines = tuple(line for row, line in enumerate(block.lines) if row not in rows)
    return block._replace(lines=lines, parts=parts(lines))
