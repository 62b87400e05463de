"""Paths with something before them: `du`, `wc`, `git ls-tree`, `git ls-files -s`, checksums.

Each folder is named once, as a heading; below it a row is its values and the name (`590 core.py`). The rule it keeps:
the blanks between values and path are those the command writes, or the row stays as it was behind a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

from headroom.compressors._listing.paths import ESCAPE, HERE, common, folder_of
from headroom.errors import FormatError

MARK = "[rows by folder"
HEADER = re.compile(rf"{re.escape(MARK)}(?: under (.+[/\\]))?: (.+)\]")
MIN_ROWS = 4
MIN_SHARE = 0.6

USUAL_MODE = "100644"
USUAL_TYPE = "100644 blob"


class Kind(NamedTuple):
    """How one command writes a row."""

    name: str
    """What the header says of it; `%d` is the width of the numbers."""
    row: Callable[[str], re.Match[str] | None]
    """Matches a row: what stands before the path, and the path."""
    short: Callable[[str], str]
    """The values of what stands before a path."""
    whole: Callable[[str, int], str]
    """What stands before a path, of its values."""
    shown: Callable[[str], re.Match[str] | None]
    """Matches a row of a rendering: values, name."""


def _counts(values: str, width: int) -> str:
    return "".join([f"{value:>{width}} " for value in values.split(" ")])


def _tree_short(lead: str) -> str:
    return " ".join(lead.split()).removeprefix(f"{USUAL_TYPE} ")


def _tree_whole(values: str, _width: int) -> str:
    fields = values.split(" ")
    if len(fields) < 3:
        fields = [*USUAL_TYPE.split(" "), *fields]
    end = f" {fields[3]:>7}" if len(fields) > 3 else ""
    return f"{' '.join(fields[:3])}{end}\t"


def _index_short(lead: str) -> str:
    return lead[:-1].removeprefix(f"{USUAL_MODE} ").removesuffix(" 0")


def _index_whole(values: str, _width: int) -> str:
    fields = values.split(" ")
    if len(fields[0]) != 6:
        fields = [USUAL_MODE, *fields]
    return f"{' '.join(fields if len(fields) > 2 else [*fields, '0'])}\t"


_SHA = "[0-9a-f]{40}(?:[0-9a-f]{24})?"
_PATH = r"""([./~].*\S|[^\s|:"'<>(\[]\S*)"""
_SIZE = r"[0-9][0-9.,]*[KMGTPEkB]?i?"

KINDS = (
    Kind(
        f"ls-tree, {USUAL_TYPE} unless shown",
        re.compile(rf"([0-7]{{6}} (?:blob|tree|commit) {_SHA}(?: +(?:\d+|-))?\t)(\S.*)").fullmatch,
        _tree_short,
        _tree_whole,
        re.compile(rf"((?:[0-7]{{6}} [a-z]+ )?{_SHA}(?: (?:\d+|-)(?= ))?) (.+)").fullmatch,
    ),
    Kind(
        f"ls-files -s, {USUAL_MODE} and stage 0 unless shown",
        re.compile(rf"([0-7]{{6}} {_SHA} [0-3]\t)(\S.*)").fullmatch,
        _index_short,
        _index_whole,
        re.compile(rf"((?:[0-7]{{6}} )?{_SHA}(?: [1-3](?= ))?) (.+)").fullmatch,
    ),
    Kind(
        "checksums",
        re.compile(r"([0-9a-f]{32,128} [ *])(\S.*)").fullmatch,
        lambda lead: lead[:-2] if lead[-1] == " " else lead[:-2] + "*",
        lambda values, _: f"{values[:-1]} *" if values[-1] == "*" else f"{values}  ",
        re.compile(r"([0-9a-f]{32,128}\*?) (.+)").fullmatch,
    ),
    Kind(
        "du",
        re.compile(rf"({_SIZE}\t){_PATH}").fullmatch,
        lambda lead: lead[:-1],
        lambda values, _: f"{values}\t",
        re.compile(rf"({_SIZE}) (.+)").fullmatch,
    ),
    Kind(
        "wc, %d wide",
        re.compile(rf"((?: *+[0-9]++){{1,5}} ){_PATH}").fullmatch,  # possessive: digits are not split anew
        lambda lead: " ".join(lead.split()),
        _counts,
        re.compile(r"([0-9]+(?: [0-9]+)*) (.+)").fullmatch,
    ),
)


class Rows(NamedTuple):
    """A text as rows: the kind, the numbers' width, (values, path) of each line or None, and the common folder."""

    kind: Kind
    width: int
    rows: list[tuple[str, str] | None]
    root: str
    separator: str
    share: float


def looks(sample: Sequence[str]) -> float:
    """The share of the lines of a sample that are rows of the kind that fits best."""
    filled = [line for line in sample if line]
    for kind in KINDS:
        rows = sum([1 for line in filled if (row := kind.row(line)) and ("/" in row[2] or "\\" in row[2])])
        if rows >= MIN_ROWS and rows >= MIN_SHARE * len(filled):
            return rows / len(filled)
    return 0.0


def find(lines: list[str]) -> Rows | None:
    """The rows of a text, None if it has too few."""
    for kind in KINDS:
        if sum([1 for line in lines[:40] if kind.row(line)]) >= min(MIN_ROWS, len(lines)):
            break
    else:
        return None
    matched = [kind.row(line) for line in lines]
    width = next((len(row[1]) - len(row[1].lstrip(" ").partition(" ")[2]) for row in matched if row), 0) - 1
    rows: list[tuple[str, str] | None] = []
    for row in matched:
        values = kind.short(row[1]) if row else ""
        rows.append((values, row[2]) if row and kind.whole(values, width) == row[1] else None)
    paths = [row[1] for row in rows if row]
    separator = "\\" if sum([path.count("\\") for path in paths]) > len(paths) else "/"
    deep = [path for path in paths if separator in path]
    filled = sum(map(bool, lines))
    if len(deep) < MIN_ROWS or len(paths) < MIN_SHARE * filled:
        return None
    root = common(min(deep), max(deep))
    if len(root) < 2 or len(paths) - len(deep) > max(2, len(deep) // 8):
        root = ""
    return Rows(kind, width, rows, root, separator, len(paths) / filled)


def encode(lines: list[str], found: Rows) -> list[str]:
    """The rendering's lines, header first."""
    root, separator = found.root, found.separator
    kind = found.kind.name % found.width if "%d" in found.kind.name else found.kind.name
    out = [f"{MARK} under {root}: {kind}]" if root else f"{MARK}: {kind}]"]
    folders = [_group(row, found) for row in found.rows]
    _take_in(folders, found)
    at = 0
    headed = False
    for folder, run in groupby(folders):
        stop = at + sum(1 for _ in run)
        if folder is None:
            out += [ESCAPE + line if line else line for line in lines[at:stop]]
            headed = headed and not any(lines[at:stop])
        else:
            shown = folder[len(root) :]
            if stop - at > 1 and (shown or (headed and root)) and not _clash(shown, root):
                out.append(f"{shown or '.' + separator}:")
                headed = True
                out += [_below(row, folder) for row in found.rows[at:stop] if row]
            else:
                for line, row in zip(lines[at:stop], found.rows[at:stop], strict=True):
                    written = _alone(row, headed, found) if row else None
                    out.append(ESCAPE + line if written is None else written)
                    headed = False
        at = stop
    return out


def _group(row: tuple[str, str] | None, found: Rows) -> str | None:
    """The folder of a row; None for a line that stays as it is."""
    if row is None or not row[1].startswith(found.root):
        return None
    folder = folder_of(row[1], found.separator)
    name = row[1][len(folder) :]
    if name in (".", ":") or "/" in name or "\\" in name or (" " in row[1] and not _clear(found, row, name)):
        return None
    return folder


def _clear(found: Rows, row: tuple[str, str], name: str) -> bool:
    """True if values and path, or name, can be told apart where the path holds a blank."""
    shown = [found.kind.shown(f"{row[0]} {end}") for end in (row[1][len(found.root) :], name)]
    return all(match is not None and match[1] == row[0] for match in shown)


def _take_in(folders: list[str | None], found: Rows) -> None:
    """The row of a folder itself, below the rows of what it holds, joins them."""
    above: str | None = None
    for at, row in enumerate(found.rows):
        if row is not None and above and len(above) > len(found.root) and row[1] == above[:-1]:
            folders[at] = above
        above = folders[at]


def _clash(shown: str, root: str) -> bool:
    """True where a heading would read as another one."""
    return shown[:1] == ESCAPE or bool(root and shown in HERE) or shown.endswith((":/", ":\\"))


def _below(row: tuple[str, str], folder: str) -> str:
    """A row below its heading; the folder's own row is named `.`."""
    return f"{row[0]} {row[1][len(folder) :] or '.'}"


def _alone(row: tuple[str, str], headed: bool, found: Rows) -> str | None:
    """A row without a heading; None where it would read as something else."""
    path = row[1][len(found.root) :]
    if found.separator not in path and headed:
        if not found.root:
            return None
        path = f".{found.separator}{path}"
    elif path.startswith(HERE) and found.root:
        return None
    return f"{row[0]} {path}"


def decode(header: str, lines: Sequence[str]) -> list[str]:
    """The original lines. Raises FormatError."""
    known = HEADER.fullmatch(header)
    if known is None:
        raise FormatError("rows of paths open with their header line")
    root = known[1] or ""
    kind, width = _kind(known[2])
    out = []
    folder: str | None = None
    for line in lines:
        if not line or line[0] == ESCAPE:
            if line:
                folder = None
            out.append(line[1:])
        elif line[-2:] in ("/:", "\\:"):
            folder = root + ("" if root and line[:-1] in HERE else line[:-1])
        else:
            row = kind.shown(line)
            if row is None:
                raise FormatError(f"not a row: {line[:60]!r}")
            values, name = row[1], row[2]
            if "/" in name or "\\" in name:
                path = root + (name[2:] if root and name.startswith(HERE) else name)
                folder = None
            elif folder is not None:
                path = folder[:-1] if name == "." else folder + name
            else:
                path = root + name
            out.append(kind.whole(values, width) + path)
    return out


def _kind(name: str) -> tuple[Kind, int]:
    for kind in KINDS:
        start, with_width, end = kind.name.partition("%d")
        number = name[len(start) : len(name) - len(end)]
        if name == kind.name or (
            with_width and name.startswith(start) and name.endswith(end) and number.isdigit() and len(number) < 4
        ):
            return kind, int(number) if with_width else 0
    raise FormatError(f"no such kind of rows: {name[:60]!r}")
