"""Language: Markdown and plain text, such as fetched documents, reports of other agents and changelogs.

Paragraphs that stand further up are told by reference, and beginnings that neighbouring lines share (lists of links,
of changes) stand above them. No word is touched. The text of a file that is likely to be
edited stays as it is. See `codec` for the notation.
"""

from __future__ import annotations

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import codec
from headroom.compressors._texture import shows_file, texture
from headroom.types import Facts, PartClass

MARK = "[text codes: "

STEPS = ("references", "headings")


class Prose(ByteExact):
    """References to repeated paragraphs, shared beginnings."""

    name = "prose"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        return texture(facts).fit("prose")

    def encode(self, facts: Facts) -> str | None:
        return None if shows_file(facts.call) else codec.encode(facts.text, STEPS, MARK)

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)
