"""Whether an outline's notices complete it: each notice of rows stands for the very rows it names, and each shortened
string shows pieces of the original one in order. Everything else must be equal as JSON.
"""

from __future__ import annotations

from headroom.compressors._columns.json_text import Tree
from headroom.compressors._records.shapes import is_notice
from headroom.notices import CUT, GONE, PATH, read


def step(path: str, key: str | int) -> str | None:
    """The path of a member or element of what stands at `path` (empty for the document); None where a notice cannot
    say it."""
    made = f"{path or '$'}[{key}]" if isinstance(key, int) else f"{path or '$'}.{key}"
    return made if PATH.fullmatch(made) else None


def completes(made: Tree, tree: Tree, path: str | None = "") -> bool:
    """True if `made` is `tree` once each notice in it is replaced by what it names."""
    if type(made) is not type(tree):
        return False
    if type(made) is str:
        return made in (tree, GONE) or (CUT in made and _shows(made, tree))
    if type(made) is list:
        return _row_by_row([(item, None) for item in made], [(i, item) for i, item in enumerate(tree)], path, False)
    if type(made) is dict:
        return _row_by_row(list(made.items()), list(tree.items()), path, True)
    return bool(made == tree)


def _row_by_row(
    made: list[tuple[Tree, Tree]], rows: list[tuple[str | int, Tree]], path: str | None, keyed: bool
) -> bool:
    """The same for the rows of a list or the members of an object, in order; elements of a list stand first in their
    pair."""
    at = 0
    for first, second in made:
        if type(first) is str and (second is None or not keyed) and is_notice(first):
            omission = read(first)
            if omission is None or omission.path != path:
                return False
            if omission.unit == "rows":
                if omission.first != at + 1 or not omission.first <= omission.last <= len(rows):
                    return False
                at = omission.last
            continue
        if at >= len(rows):
            return False
        key, row = rows[at]
        if keyed and first != key:
            return False
        below = None if path is None else step(path, key)
        if not completes(second if keyed else first, row, below):
            return False
        at += 1
    return at == len(rows)


def _shows(made: str, text: str) -> bool:
    """True if the pieces between the cuts of `made` stand in `text` in order, the ends at its ends."""
    first, *rest = made.split(CUT)
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - len(rest[-1]) >= at and text.endswith(rest[-1])
