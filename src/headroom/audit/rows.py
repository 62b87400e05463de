"""What an audit finds out about one session: small values of numbers and short texts, of which every report is made.

A row is all that is kept of a session. `as_json` gives it as a dict; a report shows nothing that is not in a row, or
the sum of such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from headroom.replay import Bill
from headroom.types import Json

LEVELS = ("lossless", "balanced", "aggressive")
"""The levels that are replayed, from the gentlest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """What became of some outputs at a level."""

    tokens: int
    """Of the outputs as they would have been sent (o200k), notices included."""
    spared: float
    """Dollars of input that the difference would have cost, over all requests that carry it."""
    cut: int
    """Outputs of which something was left out."""
    used: int
    """Lines of those outputs that the agent used afterwards."""
    hidden: int
    """... and that the level would not have shown."""
    lost: float = 0.0
    """For each output the share of its used lines that is hidden, summed over all outputs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The outputs of one tool, kind and size class in a session."""

    tool: str
    kind: str
    size: str
    """A name of `SIZES`."""
    outputs: int
    tokens: int
    """Raw, o200k."""
    dollars: float
    """What they cost as input, over all requests that carried them."""
    levels: Mapping[str, Sums]
    needed: int = 0
    """Outputs of which a line was used, cut or not; those that are too small to be cut do not count."""


SIZES = ((1_000, "<1k"), (2_000, "1-2k"), (5_000, "2-5k"), (10_000, "5-10k"), (2**63, ">10k"))
"""Raw tokens of an output, and what outputs below are called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Regret:
    """A line that the agent used and a level would have hidden."""

    level: str
    tool: str
    kind: str
    call: str
    """The call's arguments, shortened."""
    turn: int
    number: int
    """Of the line, from 1."""
    line: str
    used: str
    """What of it was used."""
    why: str
    """`named`, `quoted` or `pointed at`."""
    around: str
    """What would have stood there: some lines of the rendering with the notice."""
    dollars: float
    """Price of the turn to fetch it."""


OTHERS = "others"
"""What a session's lesser wastes of a kind are called together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waste:
    """Something else that was paid for without use. `kind` is a key of `WASTES`."""

    kind: str
    what: str
    count: int
    tokens: int
    dollars: float


class Kind(NamedTuple):
    """What a kind of waste is, and what helps, for a person."""

    meaning: str
    """In at most 38 characters: the rest of a line."""
    remedy: str


WASTES: Mapping[str, Kind] = {
    "re-read": Kind(
        "read again while it was still there",
        "Headroom tells what was read before by reference: this is among what it spares.",
    ),
    "polling": Kind(
        "the same call again, to wait",
        "Have one command wait until the thing is done, rather than ask for its state again.",
    ),
    "unused": Kind(
        "large outputs, no line of them used",
        "Ask for ranges and narrow searches: what is read once is sent with every later request.",
    ),
    "schemas": Kind(
        "tools declared and never called",
        "Switch off tools and MCP servers that are never called: each request declares them.",
    ),
    "cache miss": Kind(
        "prompts written to the cache again",
        "After a break that outlives the cache, start a new session rather than go on with a long one.",
    ),
    "sub-agents": Kind(
        "the same file read by several agents",
        "Hand sub-agents the passages that they need, rather than the names of files.",
    ),
}
"""Every kind of waste."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One session."""

    agent: str
    project: str
    name: str
    path: str
    started: float
    """Seconds since 1970; 0 if the log does not tell."""
    model: str
    """The model of most requests."""
    requests: int
    billed: float | None
    """Dollars by the log's own account of the tokens; None without one, or without a price."""
    estimated: bool
    """True if the prompts' sizes or cache tiers are ours, not the log's."""
    raw: Bill
    levels: Mapping[str, Bill]
    groups: tuple[Group, ...] = ()
    regrets: tuple[Regret, ...] = ()
    """The worst of each level, at most `MOST_REGRETS`."""
    wastes: tuple[Waste, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Records of the log that could not be used, by reason."""
    notes: tuple[str, ...] = ()
    """Sentences about what this row cannot tell."""


MOST_REGRETS = 5


def as_json(row: Row) -> Json:
    """The row as a dict of JSON values."""
    return asdict(row)
