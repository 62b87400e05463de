"""Which values are tables, and the words that open them: the vocabulary that the writers and readers of JSON share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from headroom.compressors._columns.json_text import Tree
from headroom.compressors._records.rows import FILLED, OVERLAP, share
from headroom.notices import read

TEXT_BELOW = "<text below>"
ORDER = "<order> "
NOTICE_START = "[… "
"""No row starts like this: a cell that opens with a bracket is a nested value, in which these are quoted."""

_controls = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").search


def holds_controls(text: str) -> bool:
    """True if `text` cannot stand as plain lines."""
    return _controls(text.replace("\t", " ")) is not None


class Kind(NamedTuple):
    """A kind of table: what its opening line calls the rows, and whether they have keys."""

    name: str
    keyed: bool = False

    def opening(self, n: int, hidden: int = 0) -> str:
        """The line that opens a table of `n` rows, among which notices stand for `hidden` more."""
        size = f"{n} of {n + hidden} {self.name}" if hidden else f"{n} {self.name}"
        return f"{{{size}}}" if self.keyed else f"[{size}]"


ROWS, MAP, LISTS, VALUES = Kind("rows"), Kind("rows", True), Kind("lists"), Kind("values")
DOCUMENTS = Kind("documents")
KINDS = {(kind.name, kind.keyed): kind for kind in (ROWS, MAP, LISTS, VALUES, DOCUMENTS)}

_size = r"([1-9][0-9]{0,8})(?: of ([1-9][0-9]{0,8}))?"
_opening = re.compile(rf"\[{_size} (rows|lists|values|documents)\]|\{{{_size} rows\}}").fullmatch


class Opening(NamedTuple):
    """What the opening line of a table says: its kind, the rows that stand below it, and those that notices hide."""

    kind: Kind
    n: int
    hidden: int


def read_opening(line: str) -> Opening | None:
    """What a table's opening line says; None if `line` is none."""
    found = _opening(line)
    if not found:
        return None
    shown, total, name, members, of = found.groups()
    n, total = int(shown or members), total or of
    kind = KINDS[name, False] if name else MAP
    return Opening(kind, n, int(total) - n if total else 0)


def notices_of(tree: Tree) -> dict[int, str]:
    """The notices that stand among the elements of a list, or among the members of an object (with the value null),
    each at its place."""
    if type(tree) is dict:
        return {i: key for i, (key, value) in enumerate(tree.items()) if value is None and is_notice(key)}
    return {i: value for i, value in enumerate(tree) if type(value) is str and is_notice(value)}


def is_notice(text: str) -> bool:
    """True if `text` tells what was left out, and is nothing else."""
    return text.startswith(NOTICE_START) and read(text) is not None


def hidden_rows(told: Mapping[int, str]) -> int:
    """How many rows these notices stand for."""
    found = [omission for text in told.values() if (omission := read(text)) and omission.unit == "rows"]
    return sum(max(0, omission.last - omission.first + 1) for omission in found)


def without(tree: Tree, places: Mapping[int, object]) -> Tree:
    """A list or object without the elements or members at these places."""
    if not places:
        return tree
    if type(tree) is dict:
        return {key: value for i, (key, value) in enumerate(tree.items()) if i not in places}
    return [value for i, value in enumerate(tree) if i not in places]


def table_kind(tree: Tree) -> Kind | None:
    """The kind of table that a list or object is, if any. Notices do not count."""
    tree = without(tree, notices_of(tree))
    if type(tree) is dict:
        values = list(tree.values())
        if len(values) >= 3 and all(type(v) is dict and v for v in values) and share(values) >= FILLED:
            return MAP
        return None
    if len(tree) < 2:
        return None
    kinds = set(map(type, tree))
    if dict in kinds:
        dicts = [value for value in tree if type(value) is dict]
        whole = len(dicts) == len(tree)
        if (whole or (len(tree) >= 8 and len(dicts) * 3 > len(tree))) and share(dicts) >= OVERLAP:
            return ROWS
        return None
    if kinds == {list}:
        width = len(tree[0])
        fit = len(tree) >= 3 and width >= 2 and all(len(row) == width for row in tree)
        return LISTS if fit else None
    strings = [value for value in tree if type(value) is str]
    long = len(strings) == len(tree) >= 6 and sum(map(len, strings)) > 16 * len(tree)
    return VALUES if long and list not in kinds else None
