"""Pages and other markup: HTML, XML, SVG, feeds.

What a page repeats (menus, cards, footers, inline styles) is told by reference to its first place, and beginnings that
neighbouring lines share stand above them. Tags, indentation and order stay. The text of a
file that is likely to be edited stays as it is. See `codec` for the notation.
"""

from __future__ import annotations

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import codec
from headroom.compressors._texture import shows_file, texture
from headroom.types import Facts, PartClass

MARK = "[html codes: "

STEPS = ("references", "headings")


class Html(ByteExact):
    """References to repeated blocks, shared beginnings."""

    name = "html"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        return texture(facts).fit("markup")

    def encode(self, facts: Facts) -> str | None:
        return None if shows_file(facts.call) else codec.encode(facts.text, STEPS, MARK)

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)
