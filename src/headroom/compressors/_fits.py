"""How well a compressor fits a text: asked once per text, and of a long text first by a sample of its lines.

Most kinds are told by how lines look; a kind that no line of the sample speaks for is not asked about all of them.
"""

from __future__ import annotations

from headroom.types import Compressor, Facts

SAMPLED_LINES = 300
"""Texts of more lines are looked at in three windows first."""

WINDOW = 50
"""Lines of one window: the beginning, the middle and the end."""

WHOLE = frozenset({"records", "table", "mixed", "html", "opaque", "code", "prose", "output"})
"""Kinds that windows cannot tell (a document is torn by them, the columns of two windows differ, a mixture has its
parts anywhere), or that look at a sample of their own."""


def fit(compressor: Compressor, facts: Facts) -> float:
    """`compressor.fit(facts)`, or 0 where a sample of the lines speaks against it."""
    return facts.once(f"fit.{compressor.name}", lambda: _fit(compressor, facts))


def _fit(compressor: Compressor, facts: Facts) -> float:
    if len(facts.lines) > SAMPLED_LINES and compressor.name not in WHOLE:
        sample = facts.once("fits.sample", lambda: _sample(facts))
        if compressor.fit(sample) == 0:
            return 0.0
    return compressor.fit(facts)


def _sample(facts: Facts) -> Facts:
    lines, middle = facts.lines, len(facts.lines) // 2
    windows = (lines[:WINDOW], lines[middle : middle + WINDOW], lines[-WINDOW:])
    return Facts("\n".join(line for window in windows for line in window), facts.call)
