"""Whether an outline's notices complete it: each notice of rows stands for the very rows it names, and each shortened
string shows pieces of the original one in order. Everything else must be equal as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence

from headroom.compressors._columns.json_text import Tree
from headroom.compressors._records.regions import Piece, named, region_at, several
from headroom.compressors._records.shapes import NOTICE_START
from headroom.compressors._records.shorten import left_out
from headroom.notices import CUT, GONE, PATH, read
from headroom.types import Omission


def step(path: str, key: str | int) -> str | None:
    """The path of a member or element of what stands at `path` (empty for the document); None where a notice cannot
    say it."""
    made = f"{path or '$'}[{key}]" if isinstance(key, int) else f"{path or '$'}.{key}"
    return made if PATH.fullmatch(made) else None


def all_complete(found: Sequence[Piece], text: str, outline: str) -> bool:
    """True if `outline` is `text` once each notice in it is replaced; `found` are the pieces of the text."""
    at = 0
    for piece in found:
        if isinstance(piece, str):
            if not outline.startswith(piece, at):
                return False
            at += len(piece)
            continue
        region = region_at(outline, at, piece.form, not several(piece))
        if region is None or several(region) is not several(piece):
            return False
        if not completes(named(region, "")[0], *named(piece, text)):
            return False
        at = region.end
    return at == len(outline)


def completes(made: Tree, tree: Tree, path: str | None = "", gone: frozenset[str] = frozenset()) -> bool:
    """True if `made` is `tree` once each notice in it is replaced by what it names; `gone` are the names of strings
    that a notice around says are left out."""
    if type(made) is not type(tree):
        return False
    if type(made) is str:
        return made in (tree, GONE) or (CUT in made and _shows(made, tree))
    if type(made) is list:
        return _row_by_row([(item, None) for item in made], [(i, item) for i, item in enumerate(tree)], path, gone)
    if type(made) is dict:
        there = [(key, item) for key, item in tree.items() if key in made or key not in gone or type(item) is not str]
        return _row_by_row(list(made.items()), there, path, gone, keyed=True)
    return bool(made == tree)


def _row_by_row(
    made: list[tuple[Tree, Tree]], rows: list[tuple[str | int, Tree]], path: str | None, gone: frozenset[str],
    keyed: bool = False,
) -> bool:  # fmt: skip
    """The same for the rows of a list or the members of an object, in order; elements of a list stand first in their
    pair."""
    notices = [_notice(first, second, keyed) for first, second in made]
    gone |= {name for told in notices if told and told.unit == "cells" for name in left_out(told.what)}
    at = 0
    for (first, second), told in zip(made, notices, strict=True):
        if told:
            if told.path != path:
                return False
            if told.unit == "rows":
                if told.first != at + 1 or not told.first <= told.last <= len(rows):
                    return False
                at = told.last
            continue
        if at >= len(rows):
            return False
        key, row = rows[at]
        if keyed and first != key:
            return False
        below = None if path is None else step(path, key)
        if not completes(second if keyed else first, row, below, gone):
            return False
        at += 1
    return at == len(rows)


def _notice(first: Tree, second: Tree, keyed: bool) -> Omission | None:
    """What a row or a member tells of, if it is a notice."""
    if type(first) is not str or (keyed and second is not None) or not first.startswith(NOTICE_START):
        return None
    return read(first)


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
