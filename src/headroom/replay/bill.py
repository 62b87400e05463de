"""What a replay says of a session: its bill, its turns and its tool outputs, as they were and as levels make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from headroom.api import Report
from headroom.prices import Usage
from headroom.sessions import Request
from headroom.types import Item, ToolCall


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """All requests of a session, as they were sent or as a level would have sent them."""

    prompt: int
    """Tokens of all prompts, as the provider counts them."""
    input: float
    """Dollars of the prompts, at the cache tier that the log tells, or that the cache rules give."""
    output: float
    """Dollars of the answers."""
    retrievals: int = 0
    """Turns more that it would have taken to fetch what was cut and then used."""
    asked: float = 0.0
    """Dollars of those turns."""
    peak: int = 0
    """Tokens of the largest prompt."""
    turns: float | None = None
    """Turns until the client would have compacted; None where the session is too short to tell."""

    @property
    def net(self) -> float:
        return self.input + self.output + self.asked


class Sent(NamedTuple):
    """A tool output as a level sends it."""

    tokens: int
    """o200k, host text and notices included."""
    text: str
    """The part without host text, references to earlier texts put back in full."""
    report: Report
    spared: float
    """Dollars that the difference would have cost, over all requests that carry it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """One tool output of a session."""

    item: Item
    place: int
    """Where it stands in the session's items."""
    turn: int
    """Index of the request that first carried it."""
    call: ToolCall
    tokens: int
    """Raw, o200k, host text included."""
    billed: float
    """What it is of the first prompt that carried it, in tokens as the provider counts them."""
    dollars: float
    """What it cost as input, over all requests that carried it."""
    sent: Mapping[str, Sent]
    """By level."""


class Cost(NamedTuple):
    """One request at a level."""

    prompt: int
    input: float
    """Dollars of the prompt, our own tool's declaration included."""


class Turn(NamedTuple):
    """One request and its answer."""

    thread: str
    model: str
    usage: Usage
    """As billed, or as the cache rules give it. The output is estimated where the log holds a placeholder."""
    estimated: bool
    """True if the prompt's size or its tiers are ours."""
    input: float
    """Dollars of the prompt; 0 where the model has no price, or another session paid."""
    output: float
    levels: Mapping[str, Cost]


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """A session that was replayed at some levels."""

    requests: Sequence[Request]
    items: Sequence[Item]
    """All items in order, each once: stretch by stretch where the client rewrote the history, thread by thread."""
    carried: Sequence[int]
    """For each item the index of the request that first carried it; for what the model said last in a stretch, the
    request that it answers."""
    turns: Sequence[Turn]
    """One per request."""
    outputs: Sequence[Output]
    raw: Bill
    levels: Mapping[str, Bill]
    priced: bool
    """False if a model has no price: its requests count as no dollars."""
    extra: Callable[[int, int, str], float]

    def extra_turn(self, turn: int, tokens: int, level: str) -> float:
        """Dollars of one retrieval of `tokens` (o200k) right after the request `turn`: the prompt read again from the
        cache, the call written by the model, what comes back written to the cache and carried to the stretch's end. The
        level "" is the session as it was."""
        return self.extra(turn, tokens, level)
