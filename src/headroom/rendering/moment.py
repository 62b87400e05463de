"""Under what a part is decided: the settings, and what precedes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from headroom import policy
from headroom.compressors._repeats import Earlier
from headroom.types import Counter, Item, Outline, Store, WayBack


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """The settings under which new parts of a request are decided."""

    level: policy.Level
    """For parts that no rule fits."""
    counter: Counter
    store: Store | None
    """None where the store could not be opened: then nothing is changed."""
    way: WayBack = "none"
    history: Literal["render", "raw"] = "render"
    """What to do with parts before the last assistant turn that no pin knows: they were sent raw by somebody else
    (`raw`), or nothing was sent yet (`render`)."""
    query: str | None = None
    """What the agent is after; without it, what was last said before the part."""
    references: bool = True
    """False where the provider will clear or compact what it was sent: then no text may refer to an earlier one."""
    rules: Sequence[policy.Rule] = ()
    thresholds: Sequence[policy.Threshold] = ()
    """How deep the level may go for kinds and sizes; where none fits, as deep as it says."""
    explain: Callable[[Item, Outline, str], None] | None = None
    """Is told of every outline that was weighed, and what became of it: `outlined`, `facts-lost` or `no-gain`."""


class Context(NamedTuple):
    """What precedes a part in its conversation, as far as its decision depends on it."""

    earlier: Sequence[Earlier] = ()
    """Texts that lines may refer to."""
    said: str = ""
    """What the user and the model said last."""
    spared: bool = False
    """True if leaving something out made the agent ask again, or the tool will not repeat what it said."""
