"""Lists and maps of records as tables: which values are one, and how nested lists and long texts stand in it. The rule
is that every row is one line, and that indented lines belong to the line above them.

A table opens with its size: `[9 rows]` a list of objects, `{9 rows}` an object of objects (their keys are the column
`{key}`), `[9 lists]` lists of equal length, `[9 values]` plain values, `[9 documents]` one JSON document a line. A
nested list of objects is described in the header, `labels[]{ ... }`, and stands in a cell as `[a,b;c,d]` or, where
that gets long, as indented rows below its parent. One column of texts with line breaks may stand below, too.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from headroom.compressors._columns import write
from headroom.compressors._columns.cells import INLINE, MISSING, Style, Value, shared_start
from headroom.compressors._columns.json_text import Tree, relaxed
from headroom.compressors._records.rows import Children, Flat, add_column, flatten
from headroom.compressors._records.shapes import (
    ORDER,
    TEXT_BELOW,
    Kind,
    hidden_rows,
    holds_controls,
    notices_of,
    without,
)

INLINE_CHARS = 200
"""A nested list longer than this per parent goes below its row: in a cell one could not see its end."""

LONG_TEXT = 60
"""Average characters from which a column of texts with line breaks goes below the rows."""


class Rows(NamedTuple):
    """A table without its opening line: each row is its line and the indented lines below it."""

    header: list[str]
    rows: list[list[str]]
    notation: set[str]


def write_table(kind: Kind, tree: Tree, ordered: bool = False) -> tuple[list[str], set[str]]:
    """The lines of a table, opening line included, and the notation they use. `kind` must fit `tree`. `ordered` adds
    the order of the records' keys, where the text they came from depends on it. A notice is a line of its own."""
    told = notices_of(tree)
    tree = without(tree, told)
    n = len(tree)
    if kind.name == "rows" and not kind.keyed and (odd := {i for i, v in enumerate(tree) if type(v) is not dict}):
        table = _rows(flatten([value for value in tree if type(value) is dict]), n - len(odd), None, ordered)
        regular = iter(table.rows)
        rows = [["==" + relaxed(value)] if i in odd else next(regular) for i, value in enumerate(tree)]
        table = Rows(table.header, rows, table.notation | {"odd"})
    else:
        table = _rows(_columns_of(kind, tree), n, None, ordered)
    lines = [kind.opening(n, hidden_rows(told)), *table.header]
    below = iter(table.rows)
    for i in range(n + len(told)):
        lines += [told[i]] if i in told else next(below)
    return lines, table.notation


def _columns_of(kind: Kind, tree: Tree) -> Flat:
    flat = Flat({}, {}, {})
    if kind.keyed:
        flat.columns["{key}"] = list(tree)
        inner = flatten(list(tree.values()))
        flat.columns.update(inner.columns)
        flat.children.update(inner.children)
        flat.order.update(inner.order)
    elif kind.name == "lists":
        for i, column in enumerate(zip(*tree, strict=True)):
            add_column(str(i), list(column), flat)
    elif kind.name == "values":
        flat.columns["value"] = [(relaxed(v), 0) if type(v) in (list, dict) else v for v in tree]
    else:
        return flatten(tree)
    return flat


def _rows(flat: Flat, n: int, style: Style | None, ordered: bool) -> Rows:
    columns = dict(flat.columns)
    header: list[str] = []
    notation: set[str] = set()
    below: list[list[str]] | None = None
    if ordered:
        header.append(ORDER + ",".join(flat.order))
    name = _below(flat) if style is None else None
    if name is not None:
        notation.add("below")
        if name in flat.children:
            below = _children_below(name, flat.children[name], columns, header, notation, ordered)
        else:
            below = _text_below(name, columns, header)
    for child, children in flat.children.items():
        if child != name:
            columns[child] = _children_inline(child, children, columns.get(child), header, notation, ordered)
    table = write.write(columns, n, style)
    rows = [[row] for row in table.rows]
    if below:
        rows = [[row, *lines] for row, lines in zip(table.rows, below, strict=True)]
    return Rows([*header, *table.header], rows, notation | table.notation)


def _below(flat: Flat) -> str | None:
    """The one column that goes below the rows, if any: the longest nested lists, or the longest texts."""
    best, most = None, 0
    for name, children in flat.children.items():
        size = len(repr(children.rows))
        if size > INLINE_CHARS * sum(1 for count in children.counts if count) and size > most:
            best, most = name, size
    for name, column in flat.columns.items():
        if type(column[0]) is not str and name in flat.children:
            continue
        strings = [value for value in column if type(value) is str]
        size = sum(map(len, strings))
        if size > most and size > LONG_TEXT * len(strings) and name != "{key}" and len(set(strings)) > 1:
            broken = sum(["\n" in value for value in strings])
            if broken * 3 >= len(strings) and not _alike(strings) and not any(map(holds_controls, strings)):
                best, most = name, size
    # A row needs a cell of its own beside what stands below it.
    return best if len(flat.columns.keys() | flat.children.keys()) > 1 else None


def _alike(strings: list[str]) -> bool:
    """True if most of these texts is the same in all, so that a template shows them better."""
    some = strings[:: max(1, len(strings) // 8)]
    start = shared_start(some)
    end = shared_start([text[start:][::-1] for text in some])
    return 2 * (start + end) * len(some) > sum(map(len, some))


def _children_below(
    name: str,
    children: Children,
    columns: dict[str, list[Value]],
    header: list[str],
    notation: set[str],
    ordered: bool,
) -> list[list[str]]:
    table = _rows(flatten(children.rows), len(children.rows), None, ordered)
    notation |= table.notation | {"nested"}
    own = columns.get(name)
    opening = f"{name}[]{{"
    if own is not None and ("[]", 0) in own:
        told = [count is not None or value is not MISSING for count, value in zip(children.counts, own, strict=True)]
        if all(told):
            opening = f"{name}[] or []{{"
            columns[name] = [MISSING if value == ("[]", 0) else value for value in own]
            if columns[name].count(MISSING) == len(own):
                del columns[name]
    header += [opening, *table.header, "}"]
    rows = iter(table.rows)
    groups = []
    for count in children.counts:
        group: list[str] = []
        for _ in range(count or 0):
            group += [" " + line for line in next(rows)]
        groups.append(group)
    return groups


def _children_inline(
    name: str,
    children: Children,
    own: list[Value] | None,
    header: list[str],
    notation: set[str],
    ordered: bool,
) -> list[Value]:
    table = _rows(flatten(children.rows), len(children.rows), INLINE, ordered)
    notation |= table.notation | {"nested"}
    header += [f"{name}[]{{", *table.header, "}"]
    rows = [row[0] for row in table.rows]
    ends = list(accumulate(count or 0 for count in children.counts))
    return [
        (f"[{';'.join(rows[end - count : end])}]", 0) if count else own[i] if own else MISSING
        for i, (end, count) in enumerate(zip(ends, children.counts, strict=True))
    ]


def _text_below(name: str, columns: dict[str, list[Value]], header: list[str]) -> list[list[str]]:
    header.append(f"{name}={TEXT_BELOW}")
    column = columns.pop(name)
    rest = [MISSING if type(value) is str else value for value in column]
    if rest.count(MISSING) != len(rest):
        columns[name] = rest
    return [[" " + line for line in value.split("\n")] if type(value) is str else [] for value in column]
