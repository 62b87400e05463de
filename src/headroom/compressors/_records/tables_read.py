"""The decoder of tables of records (see `tables.py`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compressors._columns import read
from headroom.compressors._columns.cells import INLINE, MISSING, Style, Value, split_rows
from headroom.compressors._columns.json_text import NAME, Tree, unrelaxed
from headroom.compressors._records.rows import unflatten
from headroom.compressors._records.shapes import (
    NOTICE_START,
    ORDER,
    TEXT_BELOW,
    Kind,
    Opening,
    hidden_rows,
    is_notice,
)
from headroom.errors import FormatError

_child = re.compile(rf"({NAME})\[\]( or \[\])?\{{").fullmatch
_ordered = re.compile(rf"({NAME})(,|\Z)").match
_text = re.compile(rf"({NAME})={TEXT_BELOW}").fullmatch


class Header:
    """A table's header: its own lines, and the tables nested in it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.children: dict[str, Header] = {}
        self.empty: set[str] = set()
        """Nested lists that are empty, not missing, where a row has none."""
        self.order: list[str] = []
        """The order of the records' keys, where it matters."""
        self.text: str | None = None
        """The column whose texts stand below the rows."""


def read_header(lines: Sequence[str], at: int) -> tuple[Header, int]:
    """The header that starts at line `at`, and the line after it. Raises FormatError."""
    header = Header()
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith(":"):
            header.lines.append(line)
            return header, at
        if found := _child(line):
            name = found.group(1)
            if name in header.children:
                raise FormatError(f"described twice: {name[:40]!r}")
            header.children[name], at = read_header(lines, at)
            if found.group(2):
                header.empty.add(name)
            if at >= len(lines) or lines[at] != "}":
                raise FormatError("a nested table's header does not end with }")
            at += 1
        elif line.startswith(ORDER):
            header.order = _read_order(line[len(ORDER) :])
        elif (found := _text(line)) and header.text is None:
            header.text = found.group(1)
        else:
            header.lines.append(line)
    raise FormatError("a table without a line of column names")


def _read_order(text: str) -> list[str]:
    names = []
    at = 0
    while at <= len(text):
        found = _ordered(text, at)
        if not found:
            raise FormatError(f"not a list of names: {text[:60]!r}")
        names.append(found.group(1))
        at = found.end() if found.group(2) else len(text) + 1
    return names


def read_table(opening: Opening, lines: Sequence[str], at: int) -> tuple[Tree, int]:
    """The list or object of a table whose header starts at line `at`, and the line after it. Raises FormatError."""
    kind, n, hidden = opening
    header, at = read_header(lines, at)
    rows, groups, told, at = _rows(lines, at, n)
    if hidden_rows(told) != hidden:
        raise FormatError("a table without some of its notices")
    odd = {i: unrelaxed_value(row[2:]) for i, row in enumerate(rows) if row.startswith("==")}
    if odd:
        regular = [i for i in range(n) if i not in odd]
        if not regular or any(groups[i] for i in odd):
            raise FormatError("a table of odd rows")
        made = _records(header, [rows[i] for i in regular], [groups[i] for i in regular], None)
        several = dict(zip(regular, _trees(kind, made, len(regular)), strict=True))
        whole: Tree = [odd[i] if i in odd else several[i] for i in range(n)]
    else:
        whole = _whole(kind, _records(header, rows, groups, None), n)
    return (_with(told, whole) if told else whole), at


def _with(told: dict[int, str], tree: Tree) -> Tree:
    """A list or object with notices at their places."""
    if type(tree) is list:
        rest = iter(tree)
        return [told[i] if i in told else next(rest) for i in range(len(tree) + len(told))]
    members = iter(tree.items())
    made = [(told[i], None) if i in told else next(members) for i in range(len(tree) + len(told))]
    if len(dict(made)) != len(made):
        raise FormatError("a notice is said twice")
    return dict(made)


def _rows(lines: Sequence[str], at: int, n: int) -> tuple[list[str], list[list[str]], dict[int, str], int]:
    """`n` rows from line `at` on, the lines below each (one blank cut off), the notices among them by their place, and
    the line after. Raises FormatError."""
    rows = list(lines[at : at + n])
    if len(rows) == n and not any(line.startswith((" ", NOTICE_START)) for line in lines[at : at + n + 1]):
        return rows, [[] for _ in rows], {}, at + n
    rows, groups = [], []
    told: dict[int, str] = {}
    while len(rows) < n or (at < len(lines) and is_notice(lines[at])):
        if at >= len(lines):
            raise FormatError(f"{len(rows)} rows instead of {n}")
        if is_notice(lines[at]):
            told[len(rows) + len(told)] = lines[at]
            at += 1
            continue
        rows.append(lines[at])
        at += 1
        group: list[str] = []
        while at < len(lines) and lines[at].startswith(" "):
            group.append(lines[at][1:])
            at += 1
        groups.append(group)
    return rows, groups, told, at


def unrelaxed_value(text: str) -> Tree:
    """The tree of any relaxed value, plain ones included."""
    return unrelaxed(f"[{text}]")[0] if text else _none()


def _none() -> Tree:
    raise FormatError("no value")


def _whole(kind: Kind, columns: dict[str, list[Value]], n: int) -> Tree:
    if not kind.keyed:
        return _trees(kind, columns, n)
    keys = columns.pop("{key}", [])
    if any(type(key) is not str for key in keys) or len(set(keys)) != n:
        raise FormatError("a table of an object's keys without good keys")
    return dict(zip(keys, _trees(kind, columns, n), strict=True))


def _trees(kind: Kind, columns: dict[str, list[Value]], n: int) -> list[Tree]:
    if kind.name == "values":
        values = columns.get("value", [MISSING])
        if len(columns) != 1 or MISSING in values:
            raise FormatError("a table of values that has none")
        return values
    trees = [{} if tree is MISSING else tree for tree in unflatten(columns, n)]
    if any(type(tree) is not dict for tree in trees):
        raise FormatError("a row that is no object")
    if kind.name != "lists":
        return trees
    width = [str(i) for i in range(len(trees[0]))]
    if any(len(tree) != len(width) for tree in trees) or any(key not in trees[0] for key in width):
        raise FormatError("lists of different length")
    return [[tree[key] for key in width] for tree in trees]


class _Inline:
    """A cell's rows of a nested table, and the list that they become."""

    __slots__ = ("list", "rows")

    def __init__(self, rows: list[str]) -> None:
        self.rows = rows
        self.list: list[Tree] = []


def _records(header: Header, rows: list[str], groups: list[list[str]], style: Style | None) -> dict[str, list[Value]]:
    """A table's columns, still flat, with nested lists in their place."""
    waiting: dict[str, list[_Inline]] = {}

    def nested(name: str, text: str) -> Tree:
        if name in header.children and text[0] == "[" and text != "[]":
            cell = _Inline(split_rows(text))
            waiting.setdefault(name, []).append(cell)
            return cell
        return unrelaxed(text)

    columns = read.read(header.lines, rows, nested, style)
    below = [name for name in header.children if name not in waiting]
    for name, cells in waiting.items():
        child = header.children[name]
        inner = _lists(child, [cell.rows for cell in cells], INLINE)
        for cell, made in zip(cells, inner, strict=True):
            cell.list = made
        columns[name] = [value.list if type(value) is _Inline else value for value in columns[name]]
    if header.text is not None:
        texts: list[Value] = ["\n".join(group) if group else MISSING for group in groups]
        _merge(columns, header.text, texts)
    elif any(groups):
        if len(below) != 1:
            raise FormatError("indented lines that belong to no column")
        made = _lists(header.children[below[0]], groups, None)
        empty: Value = [] if below[0] in header.empty else MISSING
        own = columns.get(below[0], [MISSING] * len(rows))
        lists = [made[i] if group else empty if own[i] is MISSING else MISSING for i, group in enumerate(groups)]
        _merge(columns, below[0], lists)
    if header.order:
        first = [name for name in header.order if name in columns]
        columns = {name: columns[name] for name in dict.fromkeys([*first, *columns])}
    return columns


def _merge(columns: dict[str, list[Value]], name: str, values: list[Value]) -> None:
    own = columns.get(name, [MISSING] * len(values))
    if any(a is not MISSING and b is not MISSING for a, b in zip(own, values, strict=True)):
        raise FormatError(f"said twice: {name[:40]!r}")
    columns[name] = [b if a is MISSING else a for a, b in zip(own, values, strict=True)]


def _lists(header: Header, groups: list[list[str]], style: Style | None) -> list[list[Tree]]:
    """The list of objects that each group of lines stands for."""
    rows: list[str] = []
    inner: list[list[str]] = []
    counts: list[int] = []
    for lines in groups:
        before = len(rows)
        for line in lines:
            if style is None and line.startswith(" "):
                if len(rows) == before:
                    raise FormatError("an indented line below nothing")
                inner[-1].append(line[1:])
            else:
                rows.append(line)
                inner.append([])
        counts.append(len(rows) - before)
    trees = [{} if tree is MISSING else tree for tree in unflatten(_records(header, rows, inner, style), len(rows))]
    taken = iter(trees)
    return [[next(taken) for _ in range(count)] for count in counts]
