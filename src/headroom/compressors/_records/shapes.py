"""Which values are tables, and the words that open them: the vocabulary that the writers and readers of JSON share."""

from __future__ import annotations

import re
from typing import NamedTuple

from headroom.compressors._columns.json_text import Tree
from headroom.compressors._records.rows import FILLED, OVERLAP, share

TEXT_BELOW = "<text below>"
ORDER = "<order> "

_controls = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").search


def holds_controls(text: str) -> bool:
    """True if `text` cannot stand as plain lines."""
    return _controls(text.replace("\t", " ")) is not None


class Kind(NamedTuple):
    """A kind of table: what its opening line calls the rows, and whether they have keys."""

    name: str
    keyed: bool = False

    def opening(self, n: int) -> str:
        return f"{{{n} {self.name}}}" if self.keyed else f"[{n} {self.name}]"


ROWS, MAP, LISTS, VALUES = Kind("rows"), Kind("rows", True), Kind("lists"), Kind("values")
DOCUMENTS = Kind("documents")
KINDS = {(kind.name, kind.keyed): kind for kind in (ROWS, MAP, LISTS, VALUES, DOCUMENTS)}

_opening = re.compile(r"\[([1-9][0-9]{0,8}) (rows|lists|values|documents)\]|\{([1-9][0-9]{0,8}) rows\}").fullmatch


def read_opening(line: str) -> tuple[Kind, int] | None:
    """Kind and size of a table that opens with this line."""
    found = _opening(line)
    if not found:
        return None
    if found.group(3):
        return MAP, int(found.group(3))
    return KINDS[found.group(2), False], int(found.group(1))


def table_kind(tree: Tree) -> Kind | None:
    """The kind of table that a list or object is, if any."""
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
