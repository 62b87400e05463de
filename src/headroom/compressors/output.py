"""What a program printed and no other kind knows: `ss`, `lsof`, `mount`, ansible, `export -p`, branches, reports.

What such a text repeats is told once, by the notations of the line codec alone: beginnings that neighbours share,
blocks that stand above, the fixed words of lines that come by the dozen. Asked only where nobody else fits. Source,
prose and whatever a call shows of a file stay as they are, and nothing is left out: what has no name cannot be judged.
"""

from __future__ import annotations

import re
from collections import Counter

from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import codec
from headroom.compressors._lines.cost import sampled_cost
from headroom.compressors._texture import shows_file, texture
from headroom.policy import LAST_FIT
from headroom.types import Facts, PartClass

MARK = "[output codes: "

COMBINATIONS = (("references", "headings"), ("long-references", "timed"))

MIN_LINES = 6

MAX_NESTED = 0.3
"""Share of lines that are not as far indented as most: with more, lines are nested as those of source and settings are,
which an edit has to find."""

MAX_NUMBERED = 0.5
"""Share of lines that open with a number and a colon: with more, they are quoted from a file."""

MOST = 0.88
"""Share of the estimated tokens that a rendering may take: a text of a form that nobody knows is left as it is for
less, since its reader cannot know the form either."""

_NUMBERED = re.compile(r"\s*\d+[:\t→|-]").match


class Output(ByteExact):
    """Shared beginnings, repeated blocks, templates."""

    name = "output"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        filled = [line for line in facts.lines if line.strip()]
        if len(filled) < MIN_LINES or shows_file(facts.call) or texture(facts).kind:
            return 0.0
        if sum([1 for line in filled if _NUMBERED(line)]) > MAX_NUMBERED * len(filled):
            return 0.0
        depths = Counter(len(line) - len(line.lstrip()) for line in filled)
        return LAST_FIT if max(depths.values()) >= (1 - MAX_NESTED) * len(filled) else 0.0

    def encode(self, facts: Facts) -> str | None:
        made = codec.best(facts.text, COMBINATIONS, MARK)
        return made if made is not None and sampled_cost(made) < MOST * sampled_cost(facts.text) else None

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)
