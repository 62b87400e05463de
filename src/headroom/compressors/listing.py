"""Listings of files: `ls` in any form, `find`, Glob, `tree`, `git status`, `git ls-files` and `ls-tree`, `du`, `wc`.

A folder is named once and what it holds stands beside or below it; what all entries share (the folder above them,
mode, owner, date) is said on the first line. The rule it keeps: order stays, names stay whole, and a line that is no
entry keeps its place and bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines.cost import sampled_cost
from headroom.compressors._listing import long, names, noise
from headroom.compressors._listing import paths as _listing_paths
from headroom.compressors._listing import rows as _listing_rows
from headroom.compressors._listing import tree as _listing_tree
from headroom.compressors._texture import texture
from headroom.errors import FormatError
from headroom.types import Facts, PartClass, Unit

FORMS = (long, _listing_rows, _listing_tree, _listing_paths, names)
"""What a text is tried as, in this order."""

DECODERS = (
    (long.MARK, long.decode),
    (_listing_rows.MARK, _listing_rows.decode),
    (_listing_tree.BY_FOLDER, _listing_tree.decode),
    (_listing_tree.BY_INDENT, _listing_tree.decode),
    (_listing_paths.MARK, _listing_paths.decode),
    (names.PLAIN, names.decode),
    (names.BY_FOLDER, names.decode),
)
SAMPLED_LINES = 120
"""Lines from a text's start, and as many from its middle, that decide what it is tried as."""

CERTAINTY = 0.97
SURE_GAIN = 0.7
"""A rendering this much shorter has fewer tokens, whatever its letters."""

LEAST_GAIN = 0.98
"""Above this share of the estimated tokens nothing is gained for sure."""


class Listing(ByteExact):
    """Files by folder."""

    name = "listing"
    version = 2
    content: PartClass = "machine"
    marks: tuple[str, ...] = tuple(mark for mark, _ in DECODERS)

    def fit(self, facts: Facts) -> float:
        share, form = _looks(facts)
        if form == _listing_paths.__name__ and texture(facts).kind == "dump":
            return 0.0  # base64 holds slashes
        return CERTAINTY * share

    def encode(self, facts: Facts) -> str | None:
        _, form = _looks(facts)
        made = _encoded(form, facts.lines)
        if made is None:
            return None
        rendering = "\n".join(made)
        if len(rendering) >= SURE_GAIN * len(facts.text):
            return rendering if sampled_cost(rendering) < LEAST_GAIN * sampled_cost(facts.text) else None
        return rendering

    def units(self, facts: Facts) -> Sequence[Unit]:
        return _noise(facts)[0]

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        noisy = _noise(facts)[1]
        return noise.told([noisy[at] for unit in run for at in range(unit.first - 1, unit.last) if at in noisy])

    def decode(self, rendering: str) -> str:
        header, newline, body = rendering.partition("\n")
        decode = next((decode for mark, decode in DECODERS if header.startswith(mark)), None)
        if decode is None or not newline:
            raise FormatError("a listing opens with its header line")
        return "\n".join(decode(header, body.split("\n")))


def _looks(facts: Facts) -> tuple[float, str]:
    return facts.once("listing", lambda: _judged(facts.lines))


def _noise(facts: Facts) -> tuple[list[Unit], Mapping[int, noise.Noise]]:
    return facts.once("listing.noise", lambda: noise.units(_looks(facts)[1], facts.lines, facts.query or ""))


def _judged(lines: list[str]) -> tuple[float, str]:
    """How surely a text is a listing, and in which form."""
    sample = lines[:SAMPLED_LINES]
    if len(lines) > 3 * SAMPLED_LINES:
        middle = len(lines) // 2
        sample = sample + lines[middle : middle + SAMPLED_LINES]
    for form in FORMS:
        share = form.looks(sample)
        if share:
            return share, form.__name__
    return 0.0, ""


def _encoded(form: str, lines: list[str]) -> list[str] | None:
    """The lines of a rendering; None where the text is not what its sample looked like."""
    if form == long.__name__:
        entries = long.find(lines)
        return long.encode(lines, entries) if entries else None
    if form == _listing_rows.__name__:
        rows = _listing_rows.find(lines)
        return _listing_rows.encode(lines, rows) if rows else None
    if form == _listing_tree.__name__:
        tree = _listing_tree.find(lines)
        return _listing_tree.encode(lines, tree) if tree else None
    if form == _listing_paths.__name__:
        paths = _listing_paths.find(lines)
        return _listing_paths.encode(lines, paths) if paths else None
    return names.encode(lines) if form else None
