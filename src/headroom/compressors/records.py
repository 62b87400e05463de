"""JSON in all the ways tools print it, as tables and `key=value` lines. The rule is that the decoder returns every
document equal as a JSON value (row order, types, number text; null, missing, "", {} and [] apart; the order of keys
is free), and every character around the documents as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeGuard

from headroom.compressors._columns.cells import estimate
from headroom.compressors._columns.json_text import NotJsonError, Tree, minify, parse
from headroom.compressors._omit import ByLines
from headroom.compressors._records.above import Layout, header_of, joined, with_header
from headroom.compressors._records.alike import describe
from headroom.compressors._records.literals import LITERALS, TUPLES
from headroom.compressors._records.objects import Writer
from headroom.compressors._records.objects_read import Reader
from headroom.compressors._records.outline import outline, outline_of, speaks_plainly, worth_rows
from headroom.compressors._records.regions import Piece, Region, pieces, region_at, several, written
from headroom.compressors._records.restore import all_complete, completes
from headroom.compressors._records.shapes import DOCUMENTS, ROWS, table_kind
from headroom.compressors._records.shorten import words
from headroom.compressors._records.tables import write_table
from headroom.detect import has_surrogate
from headroom.errors import FormatError
from headroom.types import Facts, Notices, Outline, PartClass, Unit

_may_hold = re.compile(r'[\[{"]').search

MARK = "[compact JSON"
"""Opens every region, and with ` ends]` closes one before text that follows."""

_END = f"\n{MARK} ends]"
_header = re.compile(r"\[compact JSON(, [^:\]\n]*)?(?:: [^\n]*)?\]\n").match

_PART, _NAMES = "counts are of this part", "null, true, false are None, True, False"
FORMS = {
    "documents": ("", ""),
    "elements": (", part of an array", _PART),
    "members": (", part of an object", _PART),
    LITERALS: (", printed by Python", _NAMES),
    TUPLES: (", printed by Python with tuples", f"{_NAMES}; lists in others are tuples"),
}
"""What a header says of the values of a region, and the clause of its legend that explains it."""
_FORMS = {words: form for form, (words, _) in FORMS.items()}

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
    """JSON documents, alone, one a line, between lines of other text, or as far as they are whole."""

    name = "records"
    version = 2
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
            made = "".join(_written(found, facts.text))
        except RecursionError:
            return None
        if not made or len(made) >= len(facts.text) or has_surrogate(made):
            return None
        return made

    def decode(self, rendering: str) -> str:
        """The text with its documents minified, one a line where several follow each other."""
        try:
            return "".join([p if isinstance(p, str) else written(p.trees, p.form) for p in _read(rendering)])
        except RecursionError as error:
            raise FormatError("nested too deeply") from error

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        """Documents without rows that repeat others and with long cells shortened; where all of them stand one a line,
        the lines that repeat others go."""
        try:
            found = _pieces(facts)
            if _is_document(found):
                return outline(found[0].trees[0], facts, notices, deep)
            return super().outline(facts, notices, deep) or outline_of(found, facts, notices, deep)
        except RecursionError:
            return None

    def units(self, facts: Facts) -> Sequence[Unit]:
        """Documents that stand one a line."""
        found = [piece for piece in _pieces(facts) if isinstance(piece, Region)]
        if len(found) != 1 or found[0].form != "documents":
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
            if _is_document(found):
                return completes(parse(outline), found[0].trees[0])
            return super().restored(facts, outline) or all_complete(found, facts.text, outline)
        except (NotJsonError, RecursionError):
            return False

    def verify(self, facts: Facts, rendering: str) -> bool:
        try:
            return _same(_pieces(facts), facts.text, _read(rendering))
        except (ValueError, FormatError, RecursionError):
            return False


def _is_document(found: Sequence[Piece]) -> TypeGuard[Sequence[Region]]:
    """True if a text is one JSON document and nothing else."""
    one = found[0] if len(found) == 1 else ""
    return isinstance(one, Region) and one.form == "documents" and len(one.trees) == 1


def _pieces(facts: Facts) -> list[Piece]:
    return facts.once("records.pieces", lambda: pieces(facts.text))


def _written(found: Sequence[Piece], text: str) -> Iterator[str]:
    """The rendering of each piece; what follows the last one needs no end."""
    layouts: dict[int, Layout] = {}
    for i, piece in enumerate(found):
        if isinstance(piece, Region) and (layout := _layout(piece, text[piece.start : piece.end])) is not None:
            layouts[i] = layout
    layouts |= joined(found, layouts)
    for i, piece in enumerate(found):
        if isinstance(piece, str):
            yield piece
        elif i in layouts:
            yield _body(piece, layouts[i]) + (_END if i < len(found) - 1 else "")
        else:
            yield _short(piece, text[piece.start : piece.end])


def _layout(region: Region, text: str) -> Layout | None:
    """The lines below the header of a region; None where it is as short without."""
    if len(text) < WORTH_CHARS or (region.form not in ("elements", "members") and not all(region.trees)):
        return None
    if (layout := _lines(region, text)) is None:
        return None
    body = _body(region, layout)
    if body.count(MARK) > 1:
        return None
    least = len(text) - sum(map(text.count, " \n\t\r"))
    return layout if len(body) <= SURE_GAIN * least or estimate(body) < estimate(_short(region, text)) else None


def _body(region: Region, layout: Layout) -> str:
    """A region's header and the lines below it."""
    lines, notation = layout
    form, clause = FORMS[region.form]
    legend = "; ".join([*([clause] if clause else ()), *(told for sign, told in LEGEND if sign in notation)])
    return "\n".join([f"{MARK}{form}: {legend}]" if legend else f"{MARK}]", *lines])


def _short(region: Region, text: str) -> str:
    if region.exact:
        return text
    alone = region.form != "documents" or len(region.trees) == 1
    return minify(text) if alone else written(region.trees, region.form)


def _lines(region: Region, text: str) -> Layout | None:
    """The lines that show the values of a region; None where none can."""
    trees = [region.trees] if region.form == "elements" else region.trees
    try:
        made = _laid_out(trees, False)
        if not region.exact or written(Reader(made[0]).documents(), region.form) == text:
            return made
        made = _laid_out(trees, True)
        return made if written(Reader(made[0]).documents(), region.form) == text else None
    except RecursionError:  # nested deeper than lines can show
        return None


def _laid_out(trees: list[Tree], ordered: bool) -> Layout:
    if len(trees) > 1 and table_kind(trees) == ROWS and all(type(tree) in (dict, str) for tree in trees):
        return write_table(DOCUMENTS, trees, ordered)
    writer = Writer(ordered=ordered)
    if len(trees) > 1:
        writer.documents(trees)
    else:
        writer.document(trees[0])
    return writer.lines, writer.notation


class _Shown(NamedTuple):
    """The values of a region as its rendering shows them."""

    trees: list[Tree]
    form: str


def _read(rendering: str) -> list[str | _Shown]:
    """A rendering as other text and the values of its regions."""
    found: list[str | _Shown] = []
    above: list[str] = []
    at = 0
    while (start := rendering.find(MARK, at)) >= 0:
        header = _header(rendering, start)
        if not header:
            raise FormatError(f"not a header: {rendering[start : start + 60]!r}")
        end = rendering.find(_END, header.end() - 1)
        body = rendering[header.end() :] if end < 0 else rendering[header.end() : end]
        if start > at:
            found.append(rendering[at:start])
        lines = with_header(body.split("\n"), above)
        above = header_of(lines) or above
        found.append(_shown(Reader(lines).documents(), header[1] or ""))
        at = len(rendering) if end < 0 else end + len(_END)
    if at < len(rendering):
        found.append(rendering[at:])
    if not any(isinstance(piece, _Shown) for piece in found) and not _may_hold(rendering):
        raise FormatError(f"holds no JSON: {rendering[:60]!r}")
    return found


def _shown(trees: list[Tree], words: str) -> _Shown:
    """What the documents below a header with these words stand for. Raises FormatError."""
    form = _FORMS.get(words)
    if form is None:
        raise FormatError(f"not a header: {words[:60]!r}")
    kind = {"elements": list, "members": dict}.get(form)
    if kind and (len(trees) != 1 or type(trees[0]) is not kind):
        raise FormatError(f"these are no {form}")
    return _Shown(trees[0] if form == "elements" else trees, form)


def _same(original: list[Piece], text: str, found: list[str | _Shown]) -> bool:
    """True if the pieces of a rendering are those of the original `text`; minified values stand in its text."""
    rest = list(reversed(found))
    for piece in original:
        exact = piece if isinstance(piece, str) else text[piece.start : piece.end] if piece.exact else None
        if rest and isinstance(rest[-1], _Shown) and isinstance(piece, Region):
            made = rest.pop()
            if made != (piece.trees, piece.form) or (exact is not None and written(*made) != exact):
                return False
        elif exact is not None:
            if not rest or not isinstance(rest[-1], str) or not rest[-1].startswith(exact):
                return False
            _drop(rest, len(exact))
        else:
            assert isinstance(piece, Region)
            alone = not several(piece)
            there = region_at(rest[-1], 0, piece.form, alone) if rest and isinstance(rest[-1], str) else None
            if there is None or there.trees != piece.trees:
                return False
            _drop(rest, there.end)
    return not any(rest)


def _drop(rest: list[str | _Shown], size: int) -> None:
    """Takes `size` characters from the text that is next, and the text itself when it is used up."""
    text = rest.pop()
    if len(text) > size:
        assert isinstance(text, str)
        rest.append(text[size:])
