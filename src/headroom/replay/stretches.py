"""Stretches of a session: the requests of one thread between two rewrites of its history, each continuing the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from headroom import providers
from headroom.sessions import Request
from headroom.types import Item, Json, Provider


@dataclass(slots=True)
class Stretch:
    """The longest history of some requests, read once."""

    turns: list[int]
    """Indices of the requests, in order."""
    messages: list[Json]
    """What the last of them sent, then its answer, which no request carried."""
    length: int
    """How many of the messages were sent."""
    items: list[Item]
    """Of all these messages."""
    owners: list[int]
    """For each item the number of its message."""
    ends: list[int]
    """For each request how many of the items it carried."""
    places: list[int] = field(default_factory=list)
    """For each item its number in the session."""


def stretches(requests: Sequence[Request]) -> list[Stretch]:
    """The stretches of a session, in the order of their first requests."""
    runs: list[list[int]] = []
    latest: dict[str, list[int]] = {}
    for turn, request in enumerate(requests):
        run = latest.get(request.thread)
        if run is None or request.rewrote or len(requests[run[-1]].messages) > len(request.messages):
            run = latest[request.thread] = []
            runs.append(run)
        run.append(turn)
    return [_read(requests, run) for run in runs]


def _read(requests: Sequence[Request], turns: list[int]) -> Stretch:
    last = requests[turns[-1]]
    messages = [*last.messages, *last.reply]
    provider = providers.detect(messages) if messages else None
    items = provider.read(messages) if provider else []
    owners = _owners(provider, messages, len(items))
    ends: list[int] = []
    at = 0
    for turn in turns:
        while at < len(owners) and owners[at] < len(requests[turn].messages):
            at += 1
        ends.append(at)
    return Stretch(turns=turns, messages=messages, length=len(last.messages), items=items, owners=owners, ends=ends)


def _owners(provider: Provider | None, messages: list[Json], count: int) -> list[int]:
    """For each item the number of its message: messages are read one by one, or, where that gives other items than
    reading them together, more and more of them."""
    if provider is None:
        return []
    owners = [number for number, message in enumerate(messages) for _ in provider.read([message])]
    if len(owners) == count:
        return owners
    sums = [len(provider.read(messages[:number])) for number in range(len(messages) + 1)]
    return [number for number, (before, after) in enumerate(pairwise(sums)) for _ in range(after - before)]


def numbered(found: Sequence[Stretch]) -> tuple[list[Item], list[int]]:
    """The items of all stretches, each once, and for each the request that first carried it; fills `Stretch.places`.

    A message that stays where a client rewrote the history is the same message, and so are its items.
    """
    known: dict[tuple[int, int], int] = {}
    items: list[Item] = []
    carried: list[int] = []
    for stretch in found:
        request, first = 0, 0
        for at, (item, owner) in enumerate(zip(stretch.items, stretch.owners, strict=True)):
            if at and owner != stretch.owners[at - 1]:
                first = at
            while request < len(stretch.turns) - 1 and at >= stretch.ends[request]:
                request += 1
            place = known.setdefault((id(stretch.messages[owner]), at - first), len(items))
            if place == len(items):
                items.append(item)
                carried.append(stretch.turns[request])
            stretch.places.append(place)
    return items, carried
