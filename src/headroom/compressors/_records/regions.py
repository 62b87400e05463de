"""Where a text is JSON: whole documents, alone or in a row, between lines of other text. The rule is that what stands
around them is kept to the character, and that looking costs at most a few passes over the text.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from headroom.compressors._columns.json_text import NotJsonError, Tree, parse, parse_at, skip_space
from headroom.compressors._records.shapes import NOTICE_START, is_notice

SHORTEST = 80
"""Characters from which JSON between other text is looked at: a header costs as much as this."""

PASSES = 3
"""How often, on average, a character may be read in vain before the search gives up."""

_start = re.compile(
    r"(?m)^(?:[ \t]*|[A-Za-z][\w ./-]{0,40}[:=] ?)"
    r'(?=\{\s*"|\[\s*(?:[\[{"]|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*[,\]]|true\b|false\b|null\b))'
).finditer
"""Where a line turns to what looks like an object or list: `[INFO]` and `[2031-04-02 …` do not."""

_end_of_line = re.compile(r"[ \t]*\r?(?=\n|\Z)").match


class Region(NamedTuple):
    """JSON documents with nothing but white space between them, and where they stand in the text. A notice that stands
    on a line among them is a string; no document is one."""

    trees: list[Tree]
    start: int
    end: int


Piece = str | Region


def pieces(text: str, shortest: int = SHORTEST) -> list[Piece]:
    """A text as other text and regions, in order; [] if it has no region of `shortest` characters between other text.
    White space around a single region goes."""
    start = skip_space(text, 0)
    if text[start : start + 1] in ("{", "[") and text[start:]:
        try:
            return [Region([parse(text)], start, len(text))]
        except (NotJsonError, RecursionError):
            pass  # not one document: perhaps several
    found = _search(text, shortest)
    if not found:
        return []
    made: list[Piece] = []
    at = 0
    for region in found:
        made += [text[at : region.start], region]
        at = region.end
    made.append(text[at:])
    if len(found) == 1 and not any(piece.strip() for piece in made if isinstance(piece, str)):
        return [found[0]]
    return [piece for piece in made if piece]


def _search(text: str, shortest: int) -> list[Region]:
    found: list[Region] = []
    at = wasted = 0
    for begin in _start(text):
        start = begin.end()
        if start < at:
            continue
        trees: list[Tree] = []
        here, end = start, start
        while text[here : here + 1] in ("{", "["):
            tree, after, cost = _document(text, here)
            if after is None and trees and (notice := _notice(text, here)):
                tree, after = notice, here + len(notice)
            if after is None:
                wasted += cost
                break
            trees.append(tree)
            end = after
            here = skip_space(text, after)
        if trees and end - start >= shortest:
            found.append(Region(trees, start, end))
            at = end
        elif trees:
            wasted += end - start
        if wasted > PASSES * len(text):
            break
    return found


def _notice(text: str, start: int) -> str | None:
    """The line that starts here, if it is a notice that stands for documents, one a line."""
    if not text.startswith(NOTICE_START, start):
        return None
    end = text.find("\n", start)
    line = text[start:] if end < 0 else text[start:end]
    return line if is_notice(line) else None


def _document(text: str, start: int) -> tuple[Tree, int | None, int]:
    """The document that starts here, where it ends (None if it is none), and the characters read in vain."""
    try:
        tree, end = parse_at(text, start)
    except json.JSONDecodeError as error:
        # The error counts the lines before it: the later in the text, the dearer.
        return None, None, error.pos - start + 1 + start // 64
    except (NotJsonError, RecursionError):
        return None, None, len(text) // 2
    if not tree or not _end_of_line(text, end):
        return None, None, end - start
    return tree, end, 0
