"""A client that waits for a round it does not see: it hears that its answer goes on, and may leave at any time."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headroom.retrieval import TOOL
from headroom.store import MemoryStore
from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import WAIT, Running, ask, connect, options, running, send
from tests.retrieve_samples import CLIENTS, OWN, Client, records

LOG = records(5523)
REF = MemoryStore().put(LOG)
READ = Call(OWN, {"path": "pay.json"})
LOOKS = Call(TOOL, {"ref": REF, "query": "PG-5523"})
SIGNS = {"anthropic": b"event: ping\n", "openai-chat": b": still waiting", "openai-responses": b"event: keepalive\n"}
"""What tells a client of each dialect that its answer goes on; those of the others take nothing like it."""
PULSE = 0.02
ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@contextmanager
def world(home: Path, model: Callable[[Received], Reply], **given: object) -> Iterator[tuple[Running, FakeUpstream]]:
    with FakeUpstream(model) as upstream, running(options(home, upstream.url, pulse=PULSE, **given)) as proxy:
        yield proxy, upstream


def begun(proxy: Running, dialect: str) -> Client:
    """A client whose conversation has a notice."""
    client = CLIENTS[dialect](1, "question")
    answer = ask(proxy.url, client.path(True), client.body(True))
    told = client.told(answer.body, True)
    client.keeps(told)
    client.returns(told.calls, [LOG])
    return client


def sent(proxy: Running, client: Client, stream: bool) -> http.client.HTTPConnection:
    connection = connect(proxy.url)
    send(connection, client.path(stream), json.dumps(client.body(stream)).encode(), [], "POST")
    return connection


@pytest.mark.parametrize("dialect", sorted(CLIENTS))
def test_a_client_hears_that_a_round_it_does_not_see_is_on(tmp_path: Path, dialect: str) -> None:
    gate, replies = threading.Event(), [Reply(calls=[READ]), Reply("one", calls=[LOOKS])]

    def model(_: Received) -> Reply:
        if replies:
            return replies.pop(0)
        gate.wait(WAIT if dialect in SIGNS else 10 * PULSE)  # the answer to the hidden round begins no sooner
        return Reply("two")

    with world(tmp_path, model) as (proxy, upstream):
        client = begun(proxy, dialect)
        connection = sent(proxy, client, True)
        answer = connection.getresponse()
        shown = b""
        while line := answer.readline():
            shown += line
            if dialect in SIGNS and line.startswith(SIGNS[dialect]) and b"one" in shown:
                gate.set()
        answer.close()
        connection.close()
        lines = b"".join(line + b"\n" for line in shown.splitlines() if line.startswith(b"data: "))
        client.keeps(client.told(lines or shown, True))
        client.asks("and then?")
        ask(proxy.url, client.path(False), client.body(False))

        assert dialect not in SIGNS or gate.is_set()
        assert "two" in str(client.history)
        assert upstream.violations == []


@ways
def test_a_client_that_leaves_takes_the_hidden_round_with_it(tmp_path: Path, stream: bool) -> None:
    gate = threading.Event()
    replies = [Reply(calls=[READ]), Reply("one", calls=[LOOKS]), Reply("two three four", gate=gate, chunk_bytes=20)]
    arrived = threading.Event()

    def model(_: Received) -> Reply:
        if len(replies) == 1:
            arrived.set()
        return replies.pop(0)

    with world(tmp_path, model) as (proxy, upstream):
        connection = sent(proxy, begun(proxy, "anthropic"), stream)
        assert arrived.wait(WAIT)
        connection.close()

        assert upstream.requests[2].ended.wait(WAIT)
        assert upstream.requests[2].gone
    gate.set()


@ways
def test_a_client_that_leaves_while_a_refused_round_is_waited_for_ends_the_turn(tmp_path: Path, stream: bool) -> None:
    waiting, left = threading.Event(), threading.Event()
    replies = [Reply(calls=[READ]), Reply("one", calls=[LOOKS]), Reply(status=529)]

    async def sleep(_: float) -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            left.set()
            raise

    with world(tmp_path, lambda _: replies.pop(0), sleep=sleep) as (proxy, upstream):
        connection = sent(proxy, begun(proxy, "anthropic"), stream)
        assert waiting.wait(WAIT)
        connection.close()

        assert left.wait(WAIT)
        assert len(upstream.requests) == 3
