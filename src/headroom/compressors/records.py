"""JSON in all the ways tools print it, as tables and `key=value` lines. The rule is that the decoder returns every
document equal as a JSON value (row order, types, number text; null, missing, "", {} and [] apart; the order of keys
is free), and every character around the documents as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compressors._columns.cells import estimate
from headroom.compressors._columns.json_text import NotJsonError, Tree, dump, minify, parse, parse_at
from headroom.compressors._omit import ByLines
from headroom.compressors._records.alike import describe
from headroom.compressors._records.objects import Writer
from headroom.compressors._records.objects_read import Reader
from headroom.compressors._records.outline import outline, speaks_plainly, worth_rows
from headroom.compressors._records.regions import Piece, Region, pieces
from headroom.compressors._records.restore import completes
from headroom.compressors._records.shapes import DOCUMENTS, NOTICE_START, ROWS, table_kind
from headroom.compressors._records.shorten import words
from headroom.compressors._records.tables import write_table
from headroom.detect import has_surrogate
from headroom.errors import FormatError
from headroom.types import Facts, Notices, Outline, PartClass, Unit

MARK = "[compact JSON"
"""Opens every region, and with ` ends]` closes one before text that follows."""

_END = f"\n{MARK} ends]"
_header = re.compile(r"\[compact JSON(?:: [^\n]*)?\]\n").match

WORTH_CHARS = 160
"""Shorter documents are only minified: what tables spare there, their header costs."""

SURE_GAIN = 0.6
"""A rendering this much shorter has fewer tokens, whatever its letters: a token here has three to four characters."""

LEGEND = (
    ("constant", "k=v above the rows holds for all"),
    ("default", "k?=v unless the row says otherwise"),
    ("tilde", "~ is k's ?= value"),
    ("tail", "rows may end with own k=v"),
    ("hole", "<> is the cell"),
    ("reference", "<k> is k's value"),
    ("missing", "empty cell: no key"),
    ("dash", "- is no key"),
    ("nested", "k[]{…} names the cells of nested rows"),
    ("below", "indented lines belong above"),
    ("json", "<json> is a string that holds the JSON shown"),
    ("odd", "== is a row that is no object"),
)
"""What a header says of the notation that stands below it."""


class Records(ByLines):
    """JSON documents, alone, one a line, or between lines of other text."""

    name = "records"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        """The share of the text that is JSON."""
        found = _pieces(facts)
        size = sum(piece.end - piece.start for piece in found if isinstance(piece, Region))
        return size / len(facts.text) if size else 0.0

    def encode(self, facts: Facts) -> str | None:
        """Each region as tables and lines, or minified where that is shorter; None where neither pays."""
        try:
            found = _pieces(facts)
            last = len(found) - 1
            made = "".join([p if isinstance(p, str) else _write(p, facts.text, i == last) for i, p in enumerate(found)])
        except RecursionError:
            return None
        if not made or len(made) >= len(facts.text) or has_surrogate(made):
            return None
        return made

    def decode(self, rendering: str) -> str:
        """The text with its documents minified, one a line where several follow each other."""
        try:
            return "".join([piece if isinstance(piece, str) else _joined(piece) for piece in _read(rendering)])
        except RecursionError as error:
            raise FormatError("nested too deeply") from error

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        """One document without rows that repeat others and with long cells shortened; of several documents, one a
        line, the lines that repeat others go."""
        try:
            found = _pieces(facts)
            if len(found) == 1 and isinstance(found[0], Region) and len(found[0].trees) == 1:
                return outline(found[0].trees[0], facts, notices, deep)
            return super().outline(facts, notices, deep)
        except RecursionError:
            return None

    def units(self, facts: Facts) -> Sequence[Unit]:
        """Documents that stand one a line."""
        found = [piece for piece in _pieces(facts) if isinstance(piece, Region)]
        if len(found) != 1:
            return ()
        region = found[0]
        lines = facts.text[region.start : region.end].rstrip().split("\n")
        if (
            len(lines) != len(region.trees)
            or not worth_rows(region.trees)
            or not speaks_plainly(facts.text, region.trees)
        ):
            return ()
        before = facts.text.count("\n", 0, region.start)
        described = describe(None, region.trees, "", words(facts.query or "")).units
        return [unit._replace(first=unit.first + before, last=unit.last + before) for unit in described]

    def restored(self, facts: Facts, outline: str) -> bool:
        try:
            found = _pieces(facts)
            if len(found) == 1 and isinstance(found[0], Region) and len(found[0].trees) == 1:
                return completes(parse(outline), found[0].trees[0])
            return super().restored(facts, outline)
        except (NotJsonError, RecursionError):
            return False

    def verify(self, facts: Facts, rendering: str) -> bool:
        try:
            return _same(_pieces(facts), _read(rendering))
        except (FormatError, RecursionError):
            return False


def _pieces(facts: Facts) -> list[Piece]:
    return facts.once("records.pieces", lambda: pieces(facts.text))


def _write(region: Region, whole: str, last: bool) -> str:
    """A region's rendering; what follows the `last` one needs no end."""
    text = whole[region.start : region.end]
    if len(text) < WORTH_CHARS or not all(region.trees):
        return _short(region, text)
    try:
        lines, notation = _lines(region.trees)
    except RecursionError:  # nested deeper than lines can show
        return _short(region, text)
    legend = "; ".join([words for sign, words in LEGEND if sign in notation])
    body = "\n".join([f"{MARK}: {legend}]" if legend else f"{MARK}]", *lines])
    least = len(text) - sum(map(text.count, " \n\t\r"))
    if len(body) > SURE_GAIN * least or body.count(MARK) > 1:
        short = _short(region, text)
        if estimate(body) >= estimate(short) or body.count(MARK) > 1:
            return short
    return body if last else f"{body}{_END}"


def _short(region: Region, text: str) -> str:
    return minify(text) if len(region.trees) == 1 else _joined(region.trees)


def _joined(trees: Sequence[Tree]) -> str:
    """Documents, one a line, and the notices among them."""
    return "\n".join([tree if type(tree) is str else dump(tree) for tree in trees])


def _lines(trees: list[Tree]) -> tuple[list[str], set[str]]:
    if len(trees) > 1 and table_kind(trees) == ROWS and all(type(tree) in (dict, str) for tree in trees):
        lines, notation = write_table(DOCUMENTS, trees)
        return lines, notation
    writer = Writer()
    if len(trees) > 1:
        writer.documents(trees)
    else:
        writer.document(trees[0])
    return writer.lines, writer.notation


def _read(rendering: str) -> list[str | list[Tree]]:
    """A rendering as other text and the documents of its regions."""
    found: list[str | list[Tree]] = []
    at = 0
    while (start := rendering.find(MARK, at)) >= 0:
        header = _header(rendering, start)
        if not header:
            raise FormatError(f"not a header: {rendering[start : start + 60]!r}")
        end = rendering.find(_END, header.end() - 1)
        body = rendering[header.end() :] if end < 0 else rendering[header.end() : end]
        if start > at:
            found.append(rendering[at:start])
        found.append(Reader(body.split("\n")).documents())
        at = len(rendering) if end < 0 else end + len(_END)
    if at < len(rendering):
        found.append(rendering[at:])
    if not any(isinstance(piece, list) for piece in found) and not pieces(rendering, 0):
        raise FormatError(f"holds no JSON: {rendering[:60]!r}")
    return found


def _same(original: list[Piece], found: list[str | list[Tree]]) -> bool:
    """True if the pieces of a rendering are those of the original; minified documents stand in its text."""
    rest = list(reversed(found))
    for piece in original:
        if isinstance(piece, str):
            if not rest or not isinstance(rest[-1], str) or not rest[-1].startswith(piece):
                return False
            _drop(rest, len(piece))
        elif rest and isinstance(rest[-1], list):
            if rest.pop() != piece.trees:
                return False
        else:
            for i, tree in enumerate(piece.trees):
                if not rest or not isinstance(rest[-1], str):
                    return False
                try:
                    made, end = _document_at(rest[-1], 1 if i else 0)
                except (ValueError, NotJsonError):
                    return False
                if made != tree or (i and rest[-1][0] != "\n"):
                    return False
                _drop(rest, end)
    return not any(rest)


def _document_at(text: str, start: int) -> tuple[Tree, int]:
    """The document or notice that starts at `start`, and where it ends. Raises as `parse_at` does."""
    if text.startswith(NOTICE_START, start):
        line = text[start:].partition("\n")[0]
        return line, start + len(line)
    return parse_at(text, start)


def _drop(rest: list[str | list[Tree]], size: int) -> None:
    """Takes `size` characters from the text that is next, and the text itself when it is used up."""
    text = rest.pop()
    if len(text) > size:
        assert isinstance(text, str)
        rest.append(text[size:])
