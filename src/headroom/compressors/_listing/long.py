"""`ls -l` in all its lengths: `ls -la`, `ls -laR`, of a folder, of many, of single files.

Mode, links, owner and date that most entries share are said once, on the first line; a row is what is left
(`51371 client.rs`, `×6 cli/`). The rule it keeps: every column is as wide as its widest cell in that folder, as `ls`
writes it; a folder where it is not says how wide its columns are, and a row that still differs stays as it was behind
a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from headroom.compressors._listing.entries import DATE, MODE, SIZE, Entry, Usual, common_case, read_usual
from headroom.compressors._listing.paths import ESCAPE, common
from headroom.errors import FormatError

MARK = "[ls -l rows"
MIN_ROWS = 3
MIN_SHARE = 0.5
PAIR = "; folder: total ×links of . and .."
"""Said in the header where rows of `.` and `..` are told beside their folder's total."""

_FIRST = frozenset("-dlbcps")
_ROW = re.compile(rf"({MODE})( +)([0-9]+) ([^\s,]+)( +)([^\s,]+)( +)({SIZE}) ({DATE}) (\S.*)").fullmatch
_TOTAL = re.compile(rf"total ({SIZE})").fullmatch
_OPENING = re.compile(rf"(?:(total)|(.*):)(?: ({SIZE})(?: ×([0-9]+) ×([0-9]+))?)?").fullmatch
_WIDE = re.compile(r"\[wide ((?:[0-9]{1,3} ){3}[0-9]{1,3})\]").fullmatch

Widths = tuple[int, int, int, int]
"""Of links, owner, group and size."""


class Layout(NamedTuple):
    """How a platform spaces its columns: the width of the mode, the blanks on both sides of the group."""

    mode: int
    gap: int
    name: str


LAYOUTS = (Layout(10, 1, ""), Layout(11, 2, " (BSD spacing)"), Layout(11, 1, " (ACL spacing)"))
_HEADER = re.compile(
    rf"{re.escape(MARK)}({'|'.join(re.escape(layout.name) for layout in LAYOUTS)})(?: under (.+/))?, unless shown: "
    rf"(.+?)(?:{re.escape(PAIR)})?\]"
)


class Listing(NamedTuple):
    """A text as entries: one for each line that is one, in its layout, with the folder all names stand under."""

    layout: Layout
    entries: list[Entry | None]
    root: str
    share: float


def looks(sample: Sequence[str]) -> float:
    """The share of the lines of a sample that `ls -l` writes."""
    filled = [line for line in sample if line]
    rows = sum([1 for line in filled if line[0] in _FIRST and _ROW(line)])
    if rows < MIN_ROWS:
        return 0.0
    share = sum([1 for line in filled if line[-1] == ":" or _TOTAL(line)], rows) / len(filled)
    return share if share >= MIN_SHARE else 0.0


def find(lines: list[str]) -> Listing | None:
    """The entries of a text, None if it has too few."""
    entries = [_entry(line) if line[:1] in _FIRST else None for line in lines]
    rows = [entry for entry in entries if entry]
    filled = sum(map(bool, lines))
    named = sum([1 for line in lines if line[-1:] == ":" or line.startswith("total ")])
    if len(rows) < MIN_ROWS or len(rows) + named < MIN_SHARE * filled:
        return None
    start = next(at for at, entry in enumerate(entries) if entry)
    seen = rows[: min(_end(entries, start) - start, 200)]
    layout = max(LAYOUTS, key=lambda layout: _exact(lines[start : start + len(seen)], seen, layout))
    root = ""
    if all("/" in entry.name for entry in rows):
        names = [entry.name.partition(" -> ")[0] for entry in rows]
        root = common(min(names), max(names))
    return Listing(layout, entries, root, (len(rows) + named) / filled)


def _entry(line: str) -> Entry | None:
    """The cells of a row; None if the line is none, or has a date that would not come back."""
    row = _ROW(line)
    if row is None:
        return None
    mode, _, links, owner, _, group, _, size, date, name = row.groups()
    short = " ".join(date.split())
    return Entry(mode, links, owner, group, size, short, name) if _date(short) == date else None


@lru_cache(maxsize=4096)
def _date(short: str) -> str:
    """A date as `ls` pads it."""
    parts = short.split(" ")
    if parts[0].isalpha() and len(parts) == 3:
        return f"{parts[0]} {parts[1]:>2} {parts[2]:>5}"
    if len(parts) == 3 and parts[1].isalpha():
        return f"{parts[0]:>2} {parts[1]} {parts[2]:>5}"
    return short


def _end(entries: Sequence[Entry | None], start: int) -> int:
    """Where the run of rows from `start` on ends."""
    return next((at for at in range(start, len(entries)) if entries[at] is None), len(entries))


def _exact(lines: list[str], rows: list[Entry], layout: Layout) -> int:
    """How many of the lines this layout restores."""
    widths = _widths(rows)
    made = _lines(rows, layout, widths)
    if made != lines:
        wider = _shown_widths(lines[0], rows, layout)
        made = _lines(rows, layout, wider) if wider else made
    return sum([1 for line, again in zip(lines, made, strict=True) if line == again])


def encode(lines: list[str], found: Listing) -> list[str]:
    """The rendering's lines, header first."""
    entries = found.entries
    usual = common_case([entry for entry in entries if entry])
    out: list[str] = []
    paired = False
    at = 0
    while at < len(lines):
        start, opening = (at, None) if entries[at] else _opening(lines, at, first=not out)
        stop = _end(entries, start)
        rows = _block(lines, start, stop, found, usual)
        if opening is not None:
            links = _own(opening, entries[start : start + 2], rows, usual, found.root)
            paired = paired or bool(links)
            out.append(opening + links)
            rows = rows[2:] if links else rows
        out += rows
        at = stop
    under = f" under {found.root}" if found.root else ""
    header = f"{MARK}{found.layout.name}{under}, unless shown: {usual.text}{PAIR if paired else ''}]"
    return [header, *out]


def _opening(lines: list[str], at: int, *, first: bool) -> tuple[int, str]:
    """A line that is no row: (where rows may follow, what is written). Takes in the total below a folder's name."""
    line = lines[at]
    head = at + 1 if line == "" and not first else at
    if (head > at or first) and head < len(lines) and lines[head][-1:] == ":" and lines[head][0] != ESCAPE:
        total = _TOTAL(lines[head + 1]) if head + 1 < len(lines) else None
        return (head + 2, f"{lines[head]} {total[1]}") if total else (head + 1, lines[head])
    if _TOTAL(line):
        return at + 1, line
    return at + 1, ESCAPE + line if line else line


def _own(opening: str, pair: Sequence[Entry | None], rows: list[str], usual: Usual, root: str) -> str:
    """` ×8 ×4` for an opening with a total where the first rows are `.` and `..` and have nothing else of their own."""
    if (
        len(pair) < 2
        or opening[-1:] in ("", ":")
        or opening[0] == ESCAPE
        or pair[0] is None
        or pair[1] is None
        or root
        or rows[0][0] in "[\\"
        or rows[1][0] == ESCAPE
    ):
        return ""
    if list(pair) != [usual.folder(".", pair[0].links), usual.folder("..", pair[1].links)]:
        return ""
    return f" ×{pair[0].links} ×{pair[1].links}"


def _block(lines: list[str], start: int, stop: int, found: Listing, usual: Usual) -> list[str]:
    """The rows of one folder; columns that are wider than their cells are said first."""
    rows = [entry for entry in found.entries[start:stop] if entry]
    if not rows:
        return []
    out = []
    made = _lines(rows, found.layout, _widths(rows))
    if made != lines[start:stop]:
        wider = _shown_widths(lines[start], rows, found.layout)
        if wider:
            out.append(f"[wide {' '.join(map(str, wider))}]")
            made = _lines(rows, found.layout, wider)
    cut = len(found.root)
    for line, again, entry in zip(lines[start:stop], made, rows, strict=True):
        short = usual.short(entry, entry.name[cut:]) if line == again else ESCAPE + line
        if short[0] == "[" or short[-1] == ":" or (" " in entry.name and usual.read(short) != _cut(entry, cut)):
            short = ESCAPE + line
        out.append(short)
    return out


def _cut(entry: Entry, cut: int) -> Entry:
    return entry._replace(name=entry.name[cut:]) if cut else entry


def _shown_widths(line: str, rows: list[Entry], layout: Layout) -> Widths | None:
    """The widths that the first row of a folder shows, where some are larger than its cells."""
    row = _ROW(line)
    if row is None:
        return None
    entry = rows[0]
    group = max([len(other.group) for other in rows])
    return (
        len(row[2]) - 1 - max(0, layout.mode - len(entry.mode)) + len(entry.links),
        len(row[5]) - layout.gap + len(entry.owner),
        group,
        max(0, len(row[7]) - layout.gap - group + len(entry.group)) + len(entry.size),
    )


def _widths(rows: Sequence[Entry]) -> Widths:
    links, owner, group, size = ([len(cell) for cell in cells] for cells in list(zip(*rows, strict=True))[1:5])
    return max(links), max(owner), max(group), max(size)


def _lines(rows: Sequence[Entry], layout: Layout, widths: Widths) -> list[str]:
    """The rows as `ls` writes them."""
    gap = " " * layout.gap
    a, b, c, d = (max(0, width) for width in widths)
    form = f"%-{layout.mode}s %{a}s %-{b}s{gap}%-{c}s{gap}%{d}s %s %s"
    return [form % (e.mode, e.links, e.owner, e.group, e.size, _date(e.date), e.name) for e in rows]


def decode(header: str, lines: Sequence[str]) -> list[str]:
    """The original lines. Raises FormatError."""
    known = _HEADER.fullmatch(header)
    usual = read_usual(known[3]) if known else None
    if known is None or usual is None:
        raise FormatError("ls -l rows open with their header line")
    layout = next(layout for layout in LAYOUTS if layout.name == known[1])
    root = known[2] or ""
    out: list[str] = []
    rows: list[Entry | str] = []
    wide: Widths | None = None
    for line in [*lines, None]:
        opening = None
        if line:
            if line[0] == ESCAPE and _entry(line[1:]):
                rows.append(line[1:])
                continue
            if line[0] != ESCAPE and (line[-1] == ":" or ": " in line or line.startswith("total ")):
                opening = _OPENING(line)
            if opening is None and line[0] not in "[\\":
                entry = usual.read(line)
                if entry is None:
                    raise FormatError(f"not a row: {line[:60]!r}")
                rows.append(entry._replace(name=root + entry.name))
                continue
        out += _restored(rows, layout, wide)
        rows, wide = [], None
        if line is None:
            break
        if opening is not None:
            out += _opened(opening, first=not out)
            if opening[4]:
                rows = [usual.folder(".", opening[4]), usual.folder("..", opening[5])]
        elif (widths := _WIDE(line)) is not None:
            a, b, c, d = map(int, widths[1].split(" "))
            wide = a, b, c, d
        elif line and line[0] == "[":
            raise FormatError(f"not a row: {line[:60]!r}")
        else:
            out.append(line[1:])
    return out


def _opened(opening: re.Match[str], *, first: bool) -> list[str]:
    """The lines that one with a folder's name or total stands for."""
    _, folder, total, _, _ = opening.groups()
    out = [] if folder is None or first else [""]
    if folder is not None:
        out.append(f"{folder}:")
    return [*out, f"total {total}"] if total else out


def _restored(rows: list[Entry | str], layout: Layout, wide: Widths | None) -> list[str]:
    """The rows of one folder as `ls` writes them; a string is a row that stands for itself."""
    entries = [_entry(row) if isinstance(row, str) else row for row in rows]
    cells = [entry for entry in entries if entry]
    if not cells:
        return [row for row in rows if isinstance(row, str)]
    made = iter(_lines(cells, layout, wide or _widths(cells)))
    out = []
    for row, entry in zip(rows, entries, strict=True):
        line = next(made) if entry else ""
        out.append(row if isinstance(row, str) else line)
    return out
