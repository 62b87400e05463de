"""A session on disk, its requests, and what a reader is: the values that readers and their callers share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from headroom.prices import Usage
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
    usage: Usage | None = None
    """What the log says of this answer's tokens; None if it says nothing. No answer is counted twice in one log. The
    output may be too small in logs of old clients."""
    at: float = 0.0
    """When the answer was logged, in seconds since 1970; 0 if the log does not tell."""
    reply: list[Json] = field(default_factory=list)
    """The answer's messages, without the results of its calls. Shared, like `messages`."""
    copied: bool = False
    """True if the log says that another session made this request, of which this one is a fork: it was paid there."""
    name: str = ""
    """The provider's or the client's id of the answer, by which copies of it in other logs are known; "" if none."""
    declared: list[Json] = field(default_factory=list)
    """The tools that were declared, as the provider was told of them; shared, and empty in most logs."""


Skipped = Counter[str]
"""How many records a reader could not use, by the reason or the record's type."""


class Log(NamedTuple):
    """One session on disk. A database holds many."""

    agent: str
    path: Path
    project: str
    """The folder it was about, as the log says it; else the client's name for it; "" if unknown."""
    name: str
    """The session's id."""
    size: int
    """Bytes that reading it takes, about."""


class Reader(NamedTuple):
    """How an agent's sessions are found and read."""

    agent: str
    title: str
    dialect: str
    """The name of the provider in whose dialect the messages are."""
    find: Callable[[Path, Mapping[str, str]], Iterator[Log]]
    """All sessions of a user, from the home folder and the environment. Raises nothing where there are none."""
    at: Callable[[Path], Iterator[Log]]
    """The sessions in one file; none if the file's content is not this agent's."""
    read: Callable[[Log, Skipped], Iterator[Request]]
    """The requests of a session. Raises nothing on any content; what cannot be used is counted."""
