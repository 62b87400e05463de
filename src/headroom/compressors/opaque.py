"""Text not made for reading: lock files, hashes, hex, base64, minified code.

It is recognised, so that reports name it and a level may cut it. Lock files have lines of few kinds, which the line
codec tells once each; hashes and minified code hold nothing that could be said shorter. See `codec` for the notation.
"""

from __future__ import annotations

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import codec
from headroom.compressors._lines.cost import cost
from headroom.compressors._texture import texture
from headroom.types import Facts, PartClass

MARK = "[lock codes: "

COMBINATIONS = (("references", "templates"), ("references", "headings"))
"""Templates for files of entries, headings for files of one line each; a trial tells which."""

TRIAL_LINES = 200


class Opaque(ByteExact):
    """Kinds of lines in lock files; all else as it is."""

    name = "opaque"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        return texture(facts).fit("lock", "dump", "minified")

    def encode(self, facts: Facts) -> str | None:
        if texture(facts).kind != "lock":
            return None
        trial = "\n".join(facts.lines[:TRIAL_LINES])
        steps = min(COMBINATIONS, key=lambda steps: cost(codec.encode(trial, steps, MARK) or trial))
        return codec.encode(facts.text, steps, MARK)

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)
