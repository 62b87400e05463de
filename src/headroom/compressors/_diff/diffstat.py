"""The table that `git diff --stat` prints, without padding and with each folder named once.

` folder/:` stands before the names on the lines below it, until another folder or a line with a whole path; ` ./:`
leaves a folder. The summary that ends a table tells where it starts, by its number of files, or by the number of rows
that stands behind it where the table's start is missing: a table without a summary stays as it is.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

HERE = " ./:"
MAX_LENGTH = 1_000

_COUNT = re.compile(r" *([0-9]{1,9}|Bin(?: [0-9]{1,12} -> [0-9]{1,12} bytes)?)( [+-]+)?")
_ENTRY = re.compile(r" (\S(?:.*[^\s|])?) ([0-9]{1,9}|Bin(?: [0-9]{1,12} -> [0-9]{1,12} bytes)?)( [+-]+)?")
_FOLDER = re.compile(r" (\S(?:.*\S)?/):")
_SUMMARY = re.compile(
    r"( ([0-9]{1,9}) files? changed(?:, [0-9]+ insertions?\(\+\))?(?:, [0-9]+ deletions?\(-\))?)"
    r"(?: \((?:([0-9]{1,9}) rows, )?width ([0-9]{1,3})\))?"
)
_ENDS = frozenset("+-0123456789sn")


class Row(NamedTuple):
    """A file of a table: its name, the number of changes or `Bin …`, the graph with the blank before it."""

    name: str
    changes: str
    graph: str


class Table(NamedTuple):
    """A table's lines in the other form, and the index of the line after it."""

    lines: list[str]
    stop: int


def shortened(lines: list[str], at: int) -> Table | None:
    """The short form of the table that starts at `lines[at]`; None if none does."""
    rows: list[Row] = []
    stop = at
    while stop < len(lines) and (row := _row(lines[stop])) is not None:
        rows.append(row)
        stop += 1
    summary = _summary(lines, stop)
    if not rows or summary is None or summary[4]:
        return None
    original = lines[at : stop + 1]
    width = lines[at].rindex(" | ") - 1
    told = "" if width == max(len(row.name) for row in rows) else f" (width {width})"
    if int(summary[2]) != len(rows):
        told = f" ({len(rows)} rows, width {width})"
    short = [*_entries(rows), lines[stop] + told]
    return Table(short, stop + 1) if restored(short, 0) == Table(original, len(short)) else None


def restored(lines: list[str], at: int) -> Table | None:
    """git's form of the short table that starts at `lines[at]`; None if none does."""
    rows = []
    folder = ""
    stop = at
    while stop < len(lines) and (line := lines[stop])[:1] == " ":
        entry = _entry(line)
        if entry is not None:
            name = entry[1]
            folder = "" if "/" in name else folder
            rows.append(Row(folder + name, entry[2], entry[3] or ""))
        elif _is_folder(line):
            folder = "" if line == HERE else line[1:-1]
        else:
            break
        stop += 1
    summary = _summary(lines, stop) if rows else None
    if summary is None or int(summary[3] or summary[2]) != len(rows):
        return None
    width = int(summary[4] or max(len(row.name) for row in rows))
    digits = max(len(row.changes.partition(" ")[0]) for row in rows)
    return Table([*(_padded(row, width, digits) for row in rows), summary[1]], stop + 1)


def run_end(lines: list[str], at: int) -> int:
    """The index after the lines from `at` on that may be of a short table."""
    stop = at
    while stop < len(lines) and _is_short(lines[stop]):
        stop += 1
    return stop


def rows_end(lines: list[str], at: int) -> int:
    """The index after the rows, as git writes them, from `at` on."""
    stop = at
    while stop < len(lines) and _row(lines[stop]) is not None:
        stop += 1
    return stop


def ends(row: str, line: str) -> bool:
    """True if `line` is the summary of a table and `row` its last row."""
    return is_summary(line) and _row(row) is not None


def is_summary(line: str) -> bool:
    return line[:1] == " " and len(line) <= MAX_LENGTH and _SUMMARY.fullmatch(line) is not None


def _is_short(line: str) -> bool:
    """True if a decoder may take `line` for one of a short table, the summary aside."""
    return line[:1] == " " and (_entry(line) is not None or _is_folder(line))


def _entry(line: str) -> re.Match[str] | None:
    return _ENTRY.fullmatch(line) if line[-1] in _ENDS and len(line) <= MAX_LENGTH else None


def _is_folder(line: str) -> bool:
    return line[-2:] == "/:" and len(line) <= MAX_LENGTH and _FOLDER.fullmatch(line) is not None


def _row(line: str) -> Row | None:
    if line[:1] != " " or len(line) > MAX_LENGTH:
        return None
    name, bar, rest = line.rpartition(" | ")
    count = _COUNT.fullmatch(rest) if bar else None
    return None if count is None else Row(name[1:].rstrip(" "), count[1], count[2] or "")


def _summary(lines: list[str], at: int) -> re.Match[str] | None:
    return _SUMMARY.fullmatch(lines[at]) if at < len(lines) and len(lines[at]) <= MAX_LENGTH else None


def _entries(rows: list[Row]) -> list[str]:
    out: list[str] = []
    inside = False
    for folder, group in groupby(rows, key=_folder):
        members = list(group)
        heading = folder if folder and len(members) > 1 else ""
        if heading:
            out.append(f" {heading}:")
        elif inside and "/" not in members[0].name:
            out.append(HERE)
        inside = bool(heading)
        out += [f" {row.name[len(heading) :]} {row.changes}{row.graph}" for row in members]
    return out


def _folder(row: Row) -> str:
    """The folder a row may stand below; a name like `{old => new}/x` has none."""
    folder = row.name[: row.name.rfind("/") + 1]
    return "" if "=>" in folder else folder


def _padded(row: Row, width: int, digits: int) -> str:
    count, blank, rest = row.changes.partition(" ")
    return f" {row.name:<{width}} | {count:>{digits}}{blank}{rest}{row.graph}"
