"""A cheap estimate of tokens, for choosing between renderings; what is reported is counted with `headroom.tokens`.

The expression follows how the published vocabularies split text: up to three digits, a word piece, a run of
punctuation, a blank that no word can take up, a line break. It needs no vocabulary and no counter.
"""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"\d{1,3}| ?[A-Z]?[a-z]{1,9}| ?[A-Z]{1,3}|\s*\n| ?[!-/:-@\[-`{-~]{1,3}|\s+|[^\x00-\x7f]{1,2}|[^\s]", re.ASCII
)
_SAMPLE = 4_000
_SAMPLES = 6


def cost(text: str) -> int:
    """Estimated tokens of `text`."""
    return len(_PIECE.findall(text))


def sampled_cost(text: str) -> int:
    """Estimated tokens of `text` from evenly spaced samples; the whole text where it is short."""
    if len(text) <= _SAMPLE * _SAMPLES:
        return cost(text)
    step = (len(text) - _SAMPLE) // (_SAMPLES - 1)
    seen = sum(cost(text[i * step : i * step + _SAMPLE]) for i in range(_SAMPLES))
    return round(seen * len(text) / (_SAMPLE * _SAMPLES))
