"""Source without a gutter: what `cat`, `sed -n` and `git show FILE` print.

It is recognised, so that reports name it and a level may outline it, and stays byte for byte. Nothing is to be saved
in it without loss: tabs for blanks cost tokens, blank lines are free, and what remains (references, shared beginnings)
would take from the reader the very text that an edit has to find. A deep outline leaves out tables of data, licences,
and a few bodies of a long file that nothing points at.
"""

from __future__ import annotations

from collections.abc import Sequence

from headroom.compressors._code import outline
from headroom.compressors._exact import ByteExact
from headroom.compressors._texture import texture
from headroom.types import Facts, PartClass, Unit


class Code(ByteExact):
    """Recognises source of any language by its lines."""

    name = "code"
    version = 1
    content: PartClass = "read"
    only_deep = True
    marks: tuple[str, ...] = ()

    def fit(self, facts: Facts) -> float:
        return texture(facts).fit("code")

    def encode(self, facts: Facts) -> str | None:
        return None

    def decode(self, rendering: str) -> str:
        return rendering

    def units(self, facts: Facts) -> Sequence[Unit]:
        return outline.units(facts.lines, facts.query or "")

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        return outline.told(run)
