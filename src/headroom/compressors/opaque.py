"""Text not made for reading: lock files, hashes, hex, base64, minified code.

It is recognised, so that reports name it and an outline leaves out its middle. Lock files have lines of few kinds,
which the line codec tells once each; hashes and minified code hold nothing that could be said shorter. See `codec` for
the notation.
"""

from __future__ import annotations

import re

from headroom.compressors import _opaque_runs
from headroom.compressors._exact import ByteExact
from headroom.compressors._lines import codec
from headroom.compressors._lines.cost import cost
from headroom.compressors._omit import without
from headroom.compressors._texture import texture
from headroom.types import Facts, Notices, Omission, Outline, PartClass

MARK = "[lock codes: "

COMBINATIONS = (("references", "templates"), ("references", "headings"))
"""Templates for files of entries, headings for files of one line each; a trial tells which."""

TRIAL_LINES = 200

_ASKED = re.compile(r"[A-Za-z_][\w$-]{5,}")
"""Words of a question that do not stand in base64 by chance."""


class Opaque(ByteExact):
    """Kinds of lines in lock files; all else as it is."""

    name = "opaque"
    version = 3
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

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        if texture(facts).kind not in ("dump", "minified"):
            return None
        asked = set(_ASKED.findall(facts.query or ""))
        omissions = [
            Omission(unit="lines", first=run.first, last=run.last, what=run.what)
            for run in _opaque_runs.runs(facts.lines)
            if not any(word in run.text for word in asked)
        ]
        return Outline(without(facts.lines, omissions, notices), tuple(omissions)) if omissions else None
