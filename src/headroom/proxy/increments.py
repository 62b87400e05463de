"""What a request leaves out that only brings what is new (`previous_response_id`): the calls whose outputs it brings,
and which calls had something left out of their results before. Noted under each answer that may be gone on from.

Without it nobody would see that an output is that of a secret file, or that the agent asks again for what was cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headroom import detect, providers
from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.retrieve.keys import digest
from headroom.types import Item, Json, ToolCall

MOST_BYTES = 16_384
"""Longer arguments are not kept: they are what a file was written with, and no path or command."""

_LENS = next(provider for provider in providers.PROVIDERS if provider.name == "openai-responses")


class Kept(NamedTuple):
    """What is known of the conversation up to an answer."""

    calls: Mapping[str, ToolCall]
    """The answer's calls by id."""
    cut: Mapping[str, int]
    """As `pipeline.Decided` has it."""


NOTHING = Kept({}, {})


def key(answer: str) -> bytes:
    """Under what the note of an answer is kept."""
    return digest("increments", answer)


def note(output: Sequence[Json], cut: Mapping[str, int]) -> bytes | None:
    """What is to be remembered of an answer with this output; None if there is nothing."""
    calls = [item.call for item in _LENS.read({"input": list(output)}) if item.kind == "call" and item.call is not None]
    told = [[call.id, call.name, _arguments(call)] for call in calls if call.id]
    return encoded({"calls": told, "cut": dict(cut)}) if told or cut else None


def _arguments(call: ToolCall) -> Json:
    """What tells about the output; of a text with a key in it nothing is stored."""
    text = encoded(dict(call.args))
    return {} if len(text) > MOST_BYTES or detect.holds_secret(text.decode("utf-8", "replace")) else dict(call.args)


def read(data: bytes | None) -> Kept:
    """A note as it was written; nothing for what is none."""
    told: Any = None if data is None else parsed(data)
    try:
        calls = {name: ToolCall(id=name, name=tool, args=args) for name, tool, args in told["calls"]}
        return Kept(calls, {str(name): int(place) for name, place in told["cut"].items()})
    except (TypeError, ValueError, KeyError, AttributeError):
        return NOTHING


def filled(items: Sequence[Item], calls: Mapping[str, ToolCall]) -> list[Item]:
    """`items` with the calls of results whose calls are not among them."""
    return [
        item._replace(call=calls[item.call.id])
        if item.call is not None and not item.call.name and item.call.id in calls
        else item
        for item in items
    ]
