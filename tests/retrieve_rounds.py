"""Plays turns: answers of a fake provider, fed to a dialect's `Turn` as the proxy would, without a proxy."""

from __future__ import annotations

import atexit
import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.retrieve import DIALECTS
from headroom.proxy.retrieve.turn import Answer, Round, Turn
from headroom.retrieval import TOOL
from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import ask
from tests.retrieve_samples import CLIENTS, OWN, Client, Told

OURS = Call(TOOL, {"ref": "k3f9a2tq7mbn", "lines": "1-2"})
READ = Call(OWN, {"path": "a.py"})

_numbers = itertools.count(1)


class Provider:
    """A strict provider that every test may talk to."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.upstream = FakeUpstream(self._next)

    def _next(self, _: Received) -> Reply:
        return self.replies.pop(0) if self.replies else Reply("Done.")

    def says(self, client: Client, body: dict[str, Any], reply: Reply, *, stream: bool) -> bytes:
        """The answer to a request, which must be one that the provider takes."""
        self.replies = [reply]
        before = len(self.upstream.violations)
        answer = ask(self.upstream.url, client.path(stream), body)
        assert self.upstream.violations[before:] == []
        return answer.body


@cache
def provider() -> Provider:
    """The one provider, started when it is first needed."""
    made = Provider()
    made.upstream.start()
    atexit.register(made.upstream.stop)
    return made


def client_of(dialect: str, seed: int = 1) -> Client:
    """A client with a question that nobody asked before."""
    return CLIENTS[dialect](seed, f"question {next(_numbers)}")


class Played(NamedTuple):
    """A turn as it went."""

    client: Client
    """Before it took the answer."""
    asked: dict[str, Any]
    """The client's request."""
    sent: list[dict[str, Any]]
    """The requests upstream, the first one with our tool."""
    shown: bytes
    """What the client was sent."""
    rounds: list[tuple[Round, tuple[Answer, ...]]]
    turn: Turn
    stream: bool

    @property
    def told(self) -> Told:
        return self.client.told(self.shown, self.stream)

    @property
    def records(self) -> dict[bytes, Any]:
        """What was remembered, as the store gives it back."""
        record = self.turn.record(self.asked, self.rounds)
        return {} if record is None else {key: parsed(encoded(record.data)) for key in record.keys}


def play(
    dialect: str, replies: Sequence[Reply], *, stream: bool = True, size: int | None = None,
    client: Client | None = None, records: Mapping[bytes, Any] | None = None,
) -> Played:  # fmt: skip
    """Plays one turn against a strict provider. `size` is how many bytes are fed at once, None for all; `records` are
    those of the turns before."""
    client = client or client_of(dialect)
    asked = client.body(stream)
    body = expanded(dialect, asked, records or {})
    turn = DIALECTS[dialect].turn(stream=stream)
    sent: list[dict[str, Any]] = []
    rounds: list[tuple[Round, tuple[Answer, ...]]] = []
    shown = b""
    for reply in replies:
        sent.append(body)
        shown += feed(turn, provider().says(client, body, reply, stream=stream), size)
        done = turn.end_round()
        answers = tuple(Answer(call.id, f"result of {call.id}") for call in done.hidden) if done.normal else ()
        rounds.append((done, answers))
        if not answers or done.own:
            break
        body = DIALECTS[dialect].follow_up(body, done, answers)
    return Played(client, asked, sent, shown + turn.finish(), rounds, turn, stream)


def feed(turn: Turn, data: bytes, size: int | None = None) -> bytes:
    """What of `data` the client gets at once."""
    size = size or max(1, len(data))
    return b"".join(turn.feed(data[at : at + size]) for at in range(0, len(data), size))


def expanded(dialect: str, body: dict[str, Any], records: Mapping[bytes, Any]) -> dict[str, Any]:
    """`body` with our tool and with what was exchanged, found as the proxy finds it."""
    found = {key: records[key] for key in DIALECTS[dialect].keys(body) if key in records}
    changed = DIALECTS[dialect].declared(DIALECTS[dialect].expanded(body, body, found), always=True)
    assert isinstance(changed, dict)
    return changed


def goes_on(played: Played) -> dict[str, Any]:
    """The client's next request: it keeps the answer and returns what was called, or asks something else."""
    told = played.told
    played.client.keeps(told)
    if told.calls:
        played.client.returns(told.calls, [f"output of {name}" for name in told.calls])
    else:
        played.client.asks(f"question {next(_numbers)}")
    return played.client.body(played.stream)


def faults(played: Played, body: dict[str, Any]) -> list[str]:
    """What a provider that knows nothing of the conversation finds wrong with a request."""
    with FakeUpstream() as upstream:
        ask(upstream.url, played.client.path(played.stream), body)
        return upstream.violations
