"""Readers of agents' own session logs: what the client sent to the model, request by request.

One module per agent, each with `requests(lines, skipped=None) -> Iterator[Request]`. A reader rebuilds the message
list before each reply of the model as the client would have sent it; it never raises on a record it does not know or
a line that is cut off, but counts it. Logs do not hold everything that was on the wire: each reader says what it
leaves out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from headroom.types import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """The history of one reply, in the dialect of the agent's provider."""

    messages: list[Json]
    """A list of its own; the messages in it are shared between requests and must not be changed."""
    model: str
    rewrote: bool
    """True if the history is no extension of the one before it in the same thread: the client compacted, cleared,
    rewound or forked it."""
    thread: str = ""
    """"" for the main conversation, else a name of the sub-agent's."""


Skipped = Counter[str]
"""How many records a reader could not use, by the reason or the record's type."""

__all__ = ["Request", "Skipped"]
