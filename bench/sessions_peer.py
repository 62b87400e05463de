"""headroom-ai 0.42 on the sessions that are replayed, with its own defaults, request by request.

It has no memory of what it sent: `compress` is called with each request of the session, whole, as its documentation
says. Two bills are made of its answers:

- `headroom-ai`: each tool output stays as it was returned in the first request that carried it, as our renderings do.
  Nothing it sent before ever changes, so that the cache serves it as it serves the raw session. Its best case.
- `headroom-ai, each request anew`: what it returns is what is sent. Where that changes an output sent before, all that
  follows is written to the cache again.

Its own tool for fetching originals is not charged, and what it makes of other than tool outputs is not counted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from bench.peer import Peer
from bench.texts import content_texts, tokens
from headroom import prices
from headroom.prices import Usage
from headroom.replay import Output, Replayed

PEER = "headroom-ai"
PEER_AS_IS = "headroom-ai, each request anew"


class PeerSent(NamedTuple):
    """What it made of a session's outputs."""

    born: dict[int, str]
    """By place, each output in the first request that carried it."""
    each: list[dict[int, str]]
    """For each request the outputs that are other than raw, by place."""


def whole(output: Output) -> str:
    """An output as the client sent it."""
    return output.item.around(output.item.text)


def sent(replayed: Replayed, python: Path) -> PeerSent:
    """Its answers, from one fresh process per session."""
    by_call: dict[str, list[Output]] = {}
    for output in replayed.outputs:
        by_call.setdefault(output.call.id, []).append(output)
    born = {output.place: whole(output) for output in replayed.outputs}
    each: list[dict[int, str]] = []
    with Peer(python) as peer:
        for turn, request in enumerate(replayed.requests):
            answer = peer.compress(json.loads(json.dumps(request.messages)))
            changed: dict[int, str] = {}
            for name, text in _results(answer.messages):
                for output in by_call.get(name, [])[:1]:
                    if text != whole(output):
                        changed[output.place] = text
                    if output.turn == turn:
                        born[output.place] = text
            each.append(changed)
    return PeerSent(born, each)


def _results(messages: Any) -> list[tuple[str, str]]:
    """The call's id and the text of each tool result."""
    found = []
    for message in messages:
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            if isinstance(block, dict) and block.get("type") == "tool_result":
                found.append((str(block.get("tool_use_id")), "".join(content_texts(block.get("content")))))
    return found


def spared(replayed: Replayed, sent: PeerSent) -> float:
    """Dollars of input that its answers spare if each output stays as it was first."""
    return sum(o.dollars * _less(o, sent.born[o.place]) for o in replayed.outputs)


def _less(output: Output, text: str) -> float:
    """Which share of an output's tokens is gone; negative if it grew."""
    return 1 - tokens([text]) / output.tokens if text != whole(output) else 0.0


def as_is(replayed: Replayed, sent: PeerSent) -> float:
    """Dollars of input if what it returns for a request is what is sent."""
    outputs = {output.place: output for output in replayed.outputs}
    known: dict[tuple[int, str], float] = {}
    before: dict[int, str] = {}
    dollars = 0.0
    for number, turn in enumerate(replayed.turns):
        now, usage = sent.each[number], turn.usage
        less = {}
        for place, text in now.items():
            if (place, text) not in known:
                known[place, text] = outputs[place].billed * _less(outputs[place], text)
            less[place] = known[place, text]
        gone = sum(less.values())
        other = [p for p in now.keys() | before.keys() if outputs[p].turn < number and now.get(p) != before.get(p)]
        read = usage.read - sum(saved for place, saved in less.items() if outputs[place].turn < number)
        if other and number and not replayed.requests[number].rewrote:
            first = min(other)
            start = replayed.turns[max(0, outputs[first].turn - 1)].usage.prompt
            read = min(read, start - sum(saved for place, saved in less.items() if place < first))
        read = max(0.0, read)
        rest = max(0.0, usage.prompt - gone - read - usage.input)
        hour = usage.write_hour > usage.write
        made = Usage(usage.input, round(read), 0 if hour else round(rest), round(rest) if hour else 0)
        dollars += prices.dollars(turn.model, made) or 0.0
        before = now
    return dollars
