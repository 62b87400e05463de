"""Which hits of a search say the same as others of their file.

Every file keeps its first hit, so that no file that was found goes unnamed. A hit may go where lines of the same file
that differ in numbers only were shown. No level leaves out more: in recorded sessions, agents used 40 of 100 hits that
had been left out because their file showed some already, as often as any other hit. What a linter found is to be
mended at its place: it stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compressors._paths import Line
from headroom.compressors._search.findings import is_finding
from headroom.compressors._search.results import Results
from headroom.types import Unit

MAX_LIKE = 60
"""Characters of a hit that a notice shows."""

_VARYING = re.compile(r"\b(?:0x)?[0-9a-f]*[0-9][0-9a-f]*\b", re.IGNORECASE)


def hits(lines: Sequence[str], found: Results) -> list[tuple[int, Line]]:
    """The results of a text with their places; headings are no results."""
    placed = []
    at = 0
    for one in found.lines:
        if found.style == "headed":
            while at < len(lines) and lines[at] != (
                one if isinstance(one, str) else f"{one.number}{one.mark}{one.text}"
            ):
                at += 1
        if not isinstance(one, str):
            placed.append((at, one))
        at += 1
    return placed if at <= len(lines) else []


def units(lines: Sequence[str], found: Results) -> list[Unit]:
    """One unit for each result. Context lines are like no other."""
    made = []
    shown: set[str] = set()
    for at, hit in hits(lines, found):
        text = " ".join(_VARYING.sub("0", hit.text).split())
        counts = hit.mark == ":" and text != "" and not is_finding(hit)
        keep = "first of its file" if counts and hit.path not in shown else ""
        if counts:
            shown.add(hit.path)
        made.append(Unit(at + 1, at + 1, lines[at], "hits", f"{hit.path}\n{text}" if counts else "", keep))
    return made


def told(run: Sequence[Unit]) -> str:
    """How many hits are left out of which file, and what they are like if all are alike."""
    keys = {unit.alike.partition("\n") for unit in run}
    files = {path for path, _, _ in keys}
    count = f"{len(run):,} hits" if len(run) > 1 else "1 hit"
    if len(files) > 1:
        return f"{count} in {len(files):,} files"
    place = f"{count} in {next(iter(files))}" if next(iter(files)) else count
    texts = {text for _, _, text in keys}
    like = next(iter(texts))
    return f"{place} like: {like[:MAX_LIKE]}" if len(texts) == 1 and like else place
