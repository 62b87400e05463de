"""From records to columns and back: which nested values become columns of their own. The rule is that flattening is
undone by the columns' names alone.

`user.login` is a key of the object `user`; `match[].line` a key of the only element of the list `match`. Where a row
has something else there (null, `{}`, an empty list), a column `user` beside `user.login` says so. Lists of records
become a table of their own, shared by all rows (`Children`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import chain
from typing import NamedTuple

from headroom.compressors._columns.cells import MISSING, Value
from headroom.compressors._columns.json_text import Tree, key_name, relaxed, split_name
from headroom.errors import FormatError

FILLED = 0.4
"""Objects become columns if their keys are alike to this degree: less alike ones are maps (see `share`)."""

OVERLAP = 0.3
"""The same for a list's objects becoming rows; a row's rare keys cost nothing in other rows."""


class Children(NamedTuple):
    """A column of lists of objects: all their elements as rows, and how many each parent row has."""

    rows: list[dict[str, Tree]]
    counts: list[int | None]
    """None where the parent has no list of objects there."""


class Flat(NamedTuple):
    """Records as columns; nested values that did not become columns are (relaxed text, 0)."""

    columns: dict[str, list[Value]]
    children: dict[str, Children]
    order: dict[str, None]
    """All names in the order of the records' keys."""


def share(rows: Collection[Mapping[str, Tree]]) -> float:
    """How alike these objects are, 0 to 1: the share of rows that have a key, averaged over all rows' keys."""
    counts = Counter(chain.from_iterable(rows)).values()
    total = sum(counts)
    return sum([count * count for count in counts]) / (total * len(rows)) if total else 0.0


def flatten(rows: list[dict[str, Tree]]) -> Flat:
    """Columns of `rows`, in the order in which keys first appear."""
    flat = Flat({}, {}, {})
    _add_keys(rows, "", flat)
    return flat


def add_column(name: str, column: list[Tree], flat: Flat) -> None:
    """Adds a column of trees (or MISSING), flattened where that pays."""
    kinds = set(map(type, column))
    if dict in kinds:
        dicts = [value for value in column if type(value) is dict and value]
        if dicts and share(dicts) >= FILLED:
            rest = [MISSING if type(value) is dict and value else value for value in column]
            _add_rest(name, rest, flat)
            _add_keys([value if type(value) is dict else {} for value in column], name + ".", flat)
            return
    if list in kinds:
        _add_lists(name, column, flat)
        return
    _add_rest(name, column, flat)


def _add_keys(rows: list[dict[str, Tree]], prefix: str, flat: Flat) -> None:
    for key in dict.fromkeys(chain.from_iterable(rows)):
        add_column(prefix + key_name(key), [row.get(key, MISSING) for row in rows], flat)


def _add_rest(name: str, column: list[Tree], flat: Flat) -> None:
    if dict in (kinds := set(map(type, column))) or list in kinds:
        column = [(relaxed(value), 0) if type(value) in (dict, list) else value for value in column]
    if column.count(MISSING) != len(column):
        flat.columns[name] = column
        flat.order[name] = None


def _add_lists(name: str, column: list[Tree], flat: Flat) -> None:
    lists = [value for value in column if type(value) is list and value]
    if all(len(value) == 1 for value in lists):
        items = [value[0] if type(value) is list and value else MISSING for value in column]
        if lists and not any(type(item) is list for item in items):
            rest = [MISSING if type(value) is list and value else value for value in column]
            _add_rest(name, rest, flat)
            add_column(name + "[]", items, flat)
            return
    elements = list(chain.from_iterable(lists))
    if lists and all(type(element) is dict and element for element in elements) and share(elements) >= OVERLAP:
        counts = [len(value) if type(value) is list and value else None for value in column]
        flat.children[name] = Children(elements, counts)
        flat.order[name] = None
        column = [MISSING if type(value) is list and value else value for value in column]
    _add_rest(name, column, flat)


class _Node:
    """A place in a row's tree: a value of its own, keys, or one element."""

    __slots__ = ("keys", "own")

    def __init__(self) -> None:
        self.own: list[Value] | None = None
        self.keys: dict[str | None, _Node] = {}


def unflatten(columns: Mapping[str, list[Value]], n: int) -> list[Value]:
    """The rows that `columns` came from, as trees. Raises FormatError."""
    root = _Node()
    for name, column in columns.items():
        node = root
        for key in split_name(name):
            node = node.keys.setdefault(key, _Node())
        node.own = column
    return _build(root, n)


def _build(node: _Node, n: int) -> list[Value]:
    if not node.keys:
        return node.own or [MISSING] * n
    if None in node.keys:
        if len(node.keys) > 1:
            raise FormatError("a list that is also an object")
        made: list[Value] = [MISSING if v is MISSING else [v] for v in _build(node.keys[None], n)]
    else:
        names = list(node.keys)
        columns = [_build(child, n) for child in node.keys.values()]
        if any(MISSING in column for column in columns):
            made = [
                {k: v for k, v in zip(names, row, strict=True) if v is not MISSING} or MISSING
                for row in zip(*columns, strict=True)
            ]
        else:
            made = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if node.own is None:
        return made
    if any(a is not MISSING and b is not MISSING for a, b in zip(made, node.own, strict=True)):
        raise FormatError("a row says two things of one key")
    return [b if a is MISSING else a for a, b in zip(made, node.own, strict=True)]
