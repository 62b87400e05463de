"""How many tokens the provider counts for what stands in a prompt.

A log tells the size of whole prompts, at best. What each item is of it is estimated: o200k tokens times a weight that
was fitted on the growth of billed prompts (see `CLAUDE`), times the family's factor, times what the session's own
usage says. Between two prompts, items fill what the second grew by; what is left is what the log does not show.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from headroom.replay.stretches import Stretch
from headroom.tokens import family
from headroom.types import Item, Json

Count = Callable[[str], int]


class Weights(NamedTuple):
    """What o200k tokens of each kind are multiplied by, besides the family's factor, and the tokens of what frames
    a call and its result."""

    results: dict[str, float]
    result: float
    """Of tools that have no row of their own."""
    said: float
    thought: float
    call: float


CLAUDE = Weights({"Read": 1.0, "Bash": 1.13, "Grep": 1.07}, 1.05, 1.08, 1.13, 76.0)
"""Fitted on how 5,481 billed prompts of Claude Code grew; half of them are met within 30 tokens."""

OTHERS = Weights({}, 1.0, 1.0, 1.0, 12.0)
"""Families whose tokens are counted exactly, and those nobody has fitted."""

IMAGE = 1_500
"""Tokens of an image: about what providers count for a screenshot."""

_THOUGHTS = ("thinking", "summary", "reasoning_content")
"""Where messages and blocks keep what the model thought."""


def weights(model: str) -> Weights:
    return CLAUDE if "claude" in model.lower() else OTHERS


def factor(model: str) -> float:
    """What the model's provider counts for one o200k token of code."""
    return family(model).factor


def estimated(item: Item, count: Count, rule: Weights) -> float:
    """Tokens of an item before the family's factor; what cannot be read counts nothing."""
    text = count(item.head) + count(item.text) + count(item.tail)
    if item.kind == "call" and item.call is not None:
        return rule.call + count(_dump(item.call.args))
    if item.kind == "image":
        return IMAGE
    if item.kind == "result":
        return text * rule.results.get(item.call.name if item.call else "", rule.result)
    return text * rule.said


def thoughts(message: Json) -> Iterator[str]:
    """What the model thought, as far as a message shows it: lenses give it no text."""
    blocks = message.get("content") if isinstance(message, dict) else None
    for block in (message, *(blocks if isinstance(blocks, list) else ())):
        for name in _THOUGHTS if isinstance(block, dict) else ():
            if isinstance(block.get(name), str):
                yield block[name]


def _dump(value: Json) -> str:
    try:
        return json.dumps(dict(value), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def of_stretch(stretch: Stretch, model: str, count: Count) -> list[float]:
    """Tokens of each item as the provider counts them, by our estimate; a message's thoughts go with its first item."""
    rule, scale = weights(model), factor(model)
    made = [estimated(item, count, rule) for item in stretch.items]
    for at, owner in enumerate(stretch.owners):
        if at == 0 or owner != stretch.owners[at - 1]:
            made[at] += rule.thought * sum(map(count, thoughts(stretch.messages[owner])))
    return [scale * size for size in made]
