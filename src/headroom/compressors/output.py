"""What a program printed and no other kind knows: `ss`, `lsof`, `mount`, ansible, `export -p`, branches, reports.

What such a text repeats is told once, by the notations of the line codec alone: beginnings that neighbours share,
blocks that stand above, the fixed words of lines that come by the dozen. Asked only where nobody else fits, or where
those that do gain little. What a call shows of a file stays as it is, and so does source, prose and nested text of
which no call is known; where a call printed it, it has to repeat more (`strace`, objects of a debugger, `kubectl get
-o yaml`). Nothing is left out: what has no name cannot be judged.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Sequence

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
which an edit has to find, unless a call printed them."""

MAX_NUMBERED = 0.5
"""Share of lines that open with a number and a colon: with more, they are quoted from a file."""

MAX_SOURCE = 0.02
"""Share of lines that open with a word of a programming language, in a text that reads like source: with more, it is
source, whoever printed it. Printed objects, settings and traces of calls hold none."""

MOST = 0.88
"""Share of the estimated tokens that a rendering may take: a text of a form that nobody knows is left as it is for
less, since its reader cannot know the form either."""

MOST_OF_WRITTEN = 0.7
"""The same for what reads like source, prose or settings: of 1,200 files of source and documentation on a developer's
machine, two in a hundred come below it (tables in tests, headers of libraries), and most printed objects do."""

DENSE, DENSE_WRITTEN = 0.5, 0.3
"""Share of its bytes to which deflate brings a text; above it (and above the second where it reads like what was
written in a file), of a thousand texts one gained enough: nothing else is tried."""

_SOURCE = re.compile(
    r"\s*(?:(?:def|class|import|from|return|raise|if|elif|else|for|while|try|except|with|func|fn|function|switch|case|let|var"
    r"|const|use|using|package|module|namespace|struct|enum|impl|interface|trait|public|private|protected|static|export"
    r"|async|await|throw|catch|assert|yield)\b(?!\s*[:=])|[#@](?:include|define|if|endif)\b|@\w+\s*(?:\(|\Z))"
).match
_NUMBERED = re.compile(r"\s*\d+[:\t→|-]").match


class Output(ByteExact):
    """Shared beginnings, repeated blocks, templates."""

    name = "output"
    version = 2
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        filled = [line for line in facts.lines if line.strip()]
        if len(filled) < MIN_LINES or shows_file(facts.call):
            return 0.0
        if sum([1 for line in filled if _NUMBERED(line)]) > MAX_NUMBERED * len(filled):
            return 0.0
        if texture(facts).kind == "code" and sum([1 for line in filled if _SOURCE(line)]) > MAX_SOURCE * len(filled):
            return 0.0
        return 0.0 if facts.call is None and _written(facts) else LAST_FIT

    def encode(self, facts: Facts) -> str | None:
        written = _written(facts)
        data = facts.text.encode("utf-8", "surrogatepass")
        if len(zlib.compress(data, 1)) > (DENSE_WRITTEN if written else DENSE) * len(data):
            return None
        made = codec.best(facts.text, COMBINATIONS, MARK)
        most = MOST_OF_WRITTEN if written else MOST
        return made if made is not None and sampled_cost(made) < most * sampled_cost(facts.text) else None

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)


def _written(facts: Facts) -> bool:
    """True if a text reads like what a person wrote in a file: source, prose, nested settings."""
    return facts.once("output.written", lambda: bool(texture(facts).kind) or _nested(facts.lines))


def _nested(lines: Sequence[str]) -> bool:
    filled = [line for line in lines if line.strip()]
    depths = Counter(len(line) - len(line.lstrip()) for line in filled)
    return max(depths.values(), default=0) < (1 - MAX_NESTED) * len(filled)
