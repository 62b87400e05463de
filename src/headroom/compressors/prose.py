"""Language: Markdown and plain text, such as fetched documents, reports of other agents and changelogs.

Paragraphs that stand further up are told by reference, and beginnings that neighbouring lines share (lists of links,
of changes) stand above them. No word is touched. The text of a file that is likely to be
edited stays as it is. See `codec` for the notation.

A deep outline keeps headings, the first paragraphs of each section, and those that hold a number, a rule or a word of
the question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import codec
from headroom.compressors._texture import shows_file, texture
from headroom.types import Facts, PartClass, Unit

MARK = "[text codes: "

STEPS = ("references", "headings")

OPENING = 2
"""Paragraphs of a section that say what it is about."""

_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s|[=~^*-]{3,}\s*\Z)")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_WEIGHTY = re.compile(
    r"[0-9`|<>]|https?:|\b(?:must|never|always|do not|don't|cannot|should|required?|important|warning|caution|note"
    r"|error|fail(?:ed|ure|ures|s)?|fatal|panic(?:ked)?|exception|traceback|deprecated|breaking|default)\b",
    re.IGNORECASE,
)
"""What a reader acts on: numbers, code, links, rules, failures."""


class Prose(ByteExact):
    """References to repeated paragraphs, shared beginnings."""

    name = "prose"
    version = 3
    content: PartClass = "machine"
    only_deep = True
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        return texture(facts).fit("prose")

    def encode(self, facts: Facts) -> str | None:
        return None if shows_file(facts.call) else codec.encode(facts.text, STEPS, MARK)

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)

    def units(self, facts: Facts) -> Sequence[Unit]:
        made: list[Unit] = []
        for first, last, place in () if shows_file(facts.call) else _paragraphs(facts.lines):
            text = "\n".join(facts.lines[first : last + 1])
            keep = "opens its section" if place < OPENING else "number or rule" if _WEIGHTY.search(text) else ""
            made.append(Unit(first + 1, last + 1, text, "paragraphs", "paragraph", keep))
        return made


def _paragraphs(lines: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """First and last line of each paragraph, counted from 0, and how many precede it in its section. Headings, lines
    of a fence and blank lines belong to none."""
    start, place, fenced = -1, 0, False
    for at, line in enumerate([*lines, ""]):
        fence = _FENCE.match(line) is not None
        heading = not fenced and _HEADING.match(line) is not None
        ends = fenced or fence or heading or not line.strip()
        if ends and start >= 0:
            yield start, at - 1, place
            start, place = -1, place + 1
        elif not ends and start < 0:
            start = at
        fenced = fenced != fence
        if heading:
            place = 0
