"""Requests that bring only what is new: what was before, and is not in them, counts all the same."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.proxy.increments import MOST_BYTES, NOTHING, filled, note, read
from headroom.testing import Call, FakeUpstream, Received, Reply
from headroom.types import Item, ToolCall
from tests.proxies import Running, ask, connect, options, running, send
from tests.retrieve_samples import OWN, REF, records
from tests.test_proxy_websocket import Codex, since, talk

READ, OTHER = Call(OWN, {"path": "pay.json"}), Call(OWN, {"path": "other.json"})
SECRET = Call(OWN, {"path": ".env"})
TOOLS = [{"type": "function", "name": OWN, "parameters": {"type": "object"}}]
INPUT = [{"role": "user", "content": [{"type": "input_text", "text": "why did payments fail?"}]}]


def asks(proxy: Running, new: Sequence[Any], earlier: str | None, stream: bool) -> dict[str, Any]:
    """A request of a client that has the provider keep the conversation; its answer."""
    follows = {"previous_response_id": earlier} if earlier else {}
    body = {"model": "gpt-5.4", "tools": TOOLS, "input": list(new), "stream": stream, **follows}
    answer = ask(proxy.url, "/v1/responses", body)
    assert answer.status == 200, answer.body
    if not stream:
        return dict(answer.json)
    last = [line for line in answer.body.splitlines() if line.startswith(b"data: ")][-1]
    return dict(json.loads(last[6:])["response"])


def begun(proxy: Running) -> dict[str, Any]:
    """The answer to a first request, whose client goes on as soon as all has been said."""
    connection = connect(proxy.url)
    body = {"model": "gpt-5.4", "tools": TOOLS, "input": INPUT, "stream": True}
    send(connection, "/v1/responses", json.dumps(body).encode(), [], "POST")
    answer = connection.getresponse()
    while b"response.completed" not in (line := answer.readline()) or not line.startswith(b"data: "):
        pass
    connection.close()
    return dict(json.loads(line[6:])["response"])


def outputs(answer: dict[str, Any], text: str) -> list[dict[str, Any]]:
    calls = [item["call_id"] for item in answer["output"] if item["type"] == "function_call"]
    return [{"type": "function_call_output", "call_id": call, "output": text} for call in calls]


def is_cut(body: bytes) -> bool:
    return REF.search(body.decode()) is not None


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_what_is_asked_for_again_is_shown_whole_also_after_a_restart(tmp_path: Path, stream: bool) -> None:
    script = [Reply(calls=[READ]), Reply(calls=[READ]), Reply(calls=[OTHER]), Reply(calls=[OTHER]), Reply("done")]
    with FakeUpstream(script) as upstream:
        new, earlier = INPUT, None
        for numbers in ((0, 1, 2), (3, 4)):
            with running(options(tmp_path, upstream.url)) as proxy:
                for number in numbers:
                    answer = asks(proxy, new, earlier, stream)
                    new, earlier = outputs(answer, records(5523 + number // 2)), answer["id"]

        assert [is_cut(request.body) for request in upstream.requests] == [False, True, False, True, False]
        assert upstream.violations == []


def test_over_a_socket_too(tmp_path: Path) -> None:
    script = [Reply(calls=[READ]), Reply(calls=[READ]), Reply(calls=[OTHER]), Reply("done")]
    with FakeUpstream(script) as upstream, running(options(tmp_path, upstream.url)) as proxy:

        async def talking(socket: Any) -> None:
            codex = Codex(socket, "once more")
            for _ in range(4):
                await codex.asks()

        talk(proxy.url, talking)
        frames = since(upstream, "once more")

    assert [is_cut(frame.body) for frame in frames] == [False, True, False, True]
    assert upstream.violations == []


def test_a_secret_file_is_known_by_the_call_that_is_not_in_the_request(tmp_path: Path) -> None:
    lines = records(5523)
    with (
        FakeUpstream([Reply(calls=[SECRET]), Reply("done")]) as upstream,
        running(options(tmp_path, upstream.url)) as proxy,
    ):
        first = asks(proxy, INPUT, None, False)
        asks(proxy, outputs(first, lines), first["id"], False)

        assert upstream.requests[1].json["input"][0]["output"] == lines


@contextmanager
def busy(home: Path) -> Iterator[Callable[[Received], Reply]]:
    """A model that has a call made whose output is secret; from then on another process writes to the store for a
    while."""
    replies, link = [Reply("done"), Reply(calls=[SECRET])], sqlite3.connect(":memory:")

    def model(_: Received) -> Reply:
        nonlocal link
        if len(replies) == 2:
            link = sqlite3.connect(home / "headroom.db", check_same_thread=False)
            link.execute("BEGIN IMMEDIATE")
            threading.Timer(0.3, link.rollback).start()
        return replies.pop()

    yield model
    link.close()


def test_it_is_known_though_the_client_is_faster_than_a_busy_store(tmp_path: Path) -> None:
    lines = records(5523)
    with (
        busy(tmp_path) as model,
        FakeUpstream(model) as upstream,
        running(options(tmp_path, upstream.url)) as proxy,
    ):
        answer = begun(proxy)
        asks(proxy, outputs(answer, lines), answer["id"], False)

        assert upstream.requests[1].json["input"][0]["output"] == lines


def test_a_client_on_a_socket_that_is_faster_than_a_busy_store_is_known_too(tmp_path: Path) -> None:
    with (
        busy(tmp_path) as model,
        FakeUpstream(model) as upstream,
        running(options(tmp_path, upstream.url)) as proxy,
    ):

        async def talking(socket: Any) -> None:
            codex = Codex(socket, "at once")
            for _ in range(2):
                await codex.asks()

        talk(proxy.url, talking)
        frames = since(upstream, "at once")

        assert [is_cut(frame.body) for frame in frames] == [False, False]


@pytest.mark.parametrize("args", [{"command": "x" * MOST_BYTES}, {"key": "sk-ant-api03-" + "aB3dE5fG7h" * 9 + "AA"}])
def test_of_long_arguments_and_of_keys_only_the_tool_is_kept(args: dict[str, str]) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "run", "arguments": json.dumps(args)}
    kept = read(note([call], {}))

    assert kept.calls == {"c1": ToolCall(id="c1", name="run", args={})}


def test_a_note_comes_back_as_it_was_and_none_is_made_of_nothing() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "run", "arguments": '{"a": [1, {"b": null}]}'}
    kept = read(note([call, {"type": "message"}], {"file a": -1}))

    assert kept == ({"c1": ToolCall(id="c1", name="run", args={"a": [1, {"b": None}]})}, {"file a": -1})
    assert note([{"type": "message", "role": "assistant", "content": []}], {}) is None


def test_a_result_keeps_the_call_that_is_in_its_request() -> None:
    known, unknown = ToolCall(id="c1", name="own"), ToolCall(id="c2")
    items = [Item(role="tool", kind="result", call=call) for call in (known, unknown, None)]
    calls = {name: ToolCall(id=name, name="run") for name in ("c1", "c2")}

    assert [item.call for item in filled(items, calls)] == [known, calls["c2"], None]


@given(st.one_of(st.none(), st.binary(), st.sampled_from([b"{}", b'{"calls":[1],"cut":{}}', b'{"calls":[],"cut":1}'])))
def test_a_damaged_note_says_nothing(data: bytes | None) -> None:
    assert read(data) == NOTHING
