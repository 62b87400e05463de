"""Bodies of every odd shape on their way: two proxies at once, system turns, empty results, pictures, Vertex, 32 MB."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from headroom.ledger import Ledger
from headroom.proxy import routes
from headroom.retrieval import TOOL
from headroom.testing import Call, FakeUpstream, Reply
from tests.proxies import CLIENTS, Running, ask, options, running
from tests.retrieve_samples import CLIENTS as AGENTS
from tests.retrieve_samples import OWN, Messages

MEGABYTES = 32
VERTEX = "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-opus-5@20260101"
GOOGLE = "/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(options(tmp_path_factory.mktemp("proxy"), "http://127.0.0.1:9")) as found:
        yield found


@contextmanager
def before(proxy: Running, *replies: Reply, **given: Any) -> Iterator[FakeUpstream]:
    with FakeUpstream(replies, **given) as upstream:
        proxy.point(upstream.url)
        yield upstream


def rows(name: str, count: int = 150) -> str:
    """A tool's output that is known to get smaller."""
    return json.dumps(
        [{"id": i, "name": f"{name}-{i}", "region": "eu-west-1", "state": "active"} for i in range(count)]
    )


@pytest.fixture(scope="module")
def another(proxy: Running) -> Iterator[Running]:
    """A second proxy with the same home."""
    with running(options(proxy.proxy.options.home, "http://127.0.0.1:9")) as found:
        yield found


@pytest.mark.parametrize("dialect", sorted(CLIENTS))
def test_two_proxies_at_once_send_each_request_as_the_beginning_of_the_next_to_the_byte(
    proxy: Running, another: Running, dialect: str
) -> None:
    client, turns = CLIENTS[dialect], 4
    script = [Reply(thinking="hm", calls=[Call("read", {"n": n})]) for n in range(turns)]
    with before(proxy, *script) as upstream:
        another.point(upstream.url)
        body = client.first(f"two at once {dialect}")
        for turn in range(turns + 1):
            answer = ask((proxy, another)[turn % 2].url, client.path, body)
            body = client.following(body, answer.json, [rows(f"turn-{turn}")])

        sent = [request.body for request in upstream.requests]
        assert upstream.violations == []
    for earlier, later in pairwise(sent):
        assert later.startswith(earlier[: earlier.rindex(b"]")])
    assert rows("turn-0").encode() not in sent[-1]


REMINDER = "\n<system-reminder>\nThe TodoWrite tool has not been used.\n</system-reminder>"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
CALLS = [{"type": "tool_use", "id": f"t{n}", "name": OWN, "input": {"b": n, "a": [1.50, None]}} for n in range(6)]
FAILED = "Exit code 1\nTraceback (most recent call last):\nKeyError: 'x'"
ODD: dict[str, Any] = {
    "model": "claude-opus-5-5", "max_tokens": 9, "system": "a plain string",
    "messages": [
        {"role": "user", "content": ""},
        {"role": "system", "content": [{"type": "text", "text": "where", "cache_control": {"type": "ephemeral"}}]},
        {"role": "user", "content": []},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "Eo=="}, *CALLS]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t0"},
            {"type": "tool_result", "tool_use_id": "t1", "content": []},
            {"type": "tool_result", "tool_use_id": "t2", "content": [IMAGE, {"type": "novel", "x": [{}]}]},
            {"type": "tool_result", "tool_use_id": "t3", "content": FAILED, "is_error": True},
            {"type": "tool_result", "tool_use_id": "t4", "content": [{"type": "text", "text": rows("a-list")}, IMAGE]},
            {"type": "tool_result", "tool_use_id": "t5", "content": "Exit code 2\n" + rows("a-string") + REMINDER},
        ]},
    ],
}  # fmt: skip


def test_what_stands_around_the_results_stays_whatever_its_shape(proxy: Running) -> None:
    with before(proxy, strict=False) as upstream:
        ask(proxy.url, "/v1/messages", ODD)
        sent = upstream.requests[0].json

    assert sent == {**ODD, "messages": [*ODD["messages"][:-1], sent["messages"][-1]]}
    old, new = ODD["messages"][-1]["content"], sent["messages"][-1]["content"]
    assert new[:4] == old[:4]
    assert new[4] == {**old[4], "content": [{"type": "text", "text": new[4]["content"][0]["text"]}, IMAGE]}
    assert len(new[4]["content"][0]["text"]) < 0.8 * len(rows("a-list"))
    text = new[5]["content"]
    assert text.startswith("Exit code 2\n")
    assert text.endswith(REMINDER)


def test_a_body_of_many_megabytes_passes_to_the_byte(proxy: Running) -> None:
    data = base64.b64encode(bytes(MEGABYTES * 3 * 2**18)).decode()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    body = json.dumps({**CLIENTS["anthropic"].first("x"), "messages": [{"role": "user", "content": [image]}]}).encode()
    with before(proxy) as upstream:
        answer = ask(proxy.url, "/v1/messages", body)

        assert answer.status == 200
        assert upstream.requests[0].body == body
    assert len(body) > MEGABYTES * 2**20


def test_a_body_in_chunks_is_read_and_made_smaller(proxy: Running) -> None:
    body = json.dumps({"max_tokens": 9, "messages": ODD["messages"]}).encode()
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    chunked = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    with before(proxy, strict=False) as upstream:
        ask(proxy.url, "/v1/messages", chunked, [("Transfer-Encoding", "chunked")])
        received = upstream.requests[0]

    assert len(received.body) < 0.8 * len(body)
    assert received.header("content-length") == str(len(received.body))
    assert received.header("transfer-encoding") is None


def test_a_stream_of_gemini_that_is_one_array_passes_and_nothing_is_hidden_in_it(proxy: Running) -> None:
    agent = AGENTS["gemini"](1, "an array")
    path = "/v1beta/models/gemini-2.5-pro:streamGenerateContent"
    reply = Reply("some words, é", thinking="hm", calls=[Call(OWN, {"n": 1})])
    with FakeUpstream([reply]) as alone:
        direct = ask(alone.url, path, agent.body(True))
    with before(proxy, reply) as upstream:
        answer = ask(proxy.url, path, agent.body(True))

        assert upstream.requests[0].json == agent.body(True)
    assert answer.body == direct.body
    assert isinstance(answer.json, list)


@pytest.mark.parametrize(
    ("path", "upstream", "dialect"),
    [
        ("/openai/deployments/gpt/chat/completions", "openai", "openai-chat"),
        ("/own/openai/v1/chat/completions", "own", "openai-chat"),
        ("/own/api/paas/v4/chat/completions", "own", "openai-chat"),
        ("/own/api/anthropic/v1/messages", "own", "anthropic"),
        ("/own/openai/v1/responses", "own", "openai-responses"),
        ("/backend-api/codex/responses", "chatgpt", "openai-responses"),
        ("/v1beta/openai/chat/completions", "gemini", "openai-chat"),
        ("/v1/projects/p/locations/l/endpoints/openapi/chat/completions", "vertex", ""),
        ("/backend-api/other/responses", "chatgpt", ""),
        ("/v1/threads/t1/messages", "openai", ""),
        ("/v1/responses/resp_1/input_items", "openai", ""),
    ],
)
def test_a_dialect_is_told_by_the_end_of_its_path(path: str, upstream: str, dialect: str) -> None:
    route, _ = routes.find("POST", path, {}, {"own": "https://gateway.example"})
    assert (route.upstream, route.dialect) == (upstream, dialect)


class Vertex(Messages):
    """Claude Code on Vertex: the model stands in the path."""

    def path(self, stream: bool) -> str:
        return f"{VERTEX}:{'streamRawPredict' if stream else 'rawPredict'}"

    def body(self, stream: bool) -> dict[str, Any]:
        body = {key: value for key, value in super().body(stream).items() if key != "model"}
        return {"anthropic_version": "vertex-2023-10-16", **body}


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_claude_on_vertex_is_read_hidden_and_counted(tmp_path: Path, stream: bool) -> None:
    agent = Vertex(1, "on Vertex")
    looks = Call(TOOL, {"ref": "nothing"})
    script = [Reply(calls=[Call(OWN, {"n": 1})]), Reply("one", calls=[looks]), Reply("two"), Reply("three")]
    with FakeUpstream(script) as upstream, running(options(tmp_path, upstream.url)) as found:
        for _ in range(3):
            answer = ask(found.url, agent.path(stream), agent.body(stream))
            told = agent.told(answer.body, stream)
            agent.keeps(told)
            if told.calls:
                agent.returns(told.calls, [rows("vertex")])
            else:
                agent.asks("and then?")

        assert upstream.violations == []
        assert len(upstream.requests) == 4
        assert rows("vertex").encode() not in upstream.requests[-1].body
    ledger = Ledger(tmp_path)
    told_rows = ledger.latest(9)
    ledger.close()
    assert {row["model"] for row in told_rows} == {"claude-opus-5@20260101"}
    assert sorted(row["round"] for row in told_rows) == [0, 0, 0, 1]  # type: ignore[type-var]
    assert all(row["dollars"] for row in told_rows)


def test_counts_on_vertex_see_what_a_request_will_be_and_are_no_answers(tmp_path: Path) -> None:
    count = f"{VERTEX.rpartition('/')[0]}/count-tokens:rawPredict"
    with FakeUpstream([Reply("done")], strict=False) as upstream, running(options(tmp_path, upstream.url)) as found:
        ask(found.url, count, {**ODD, "anthropic_version": "vertex-2023-10-16"})
        contents = AGENTS["gemini"](1, "x")
        contents.history.append({"role": "model", "parts": [{"functionCall": {"id": "c", "name": OWN, "args": {}}}]})
        contents.returns(["c"], [rows("g")])
        ask(found.url, f"{GOOGLE}:countTokens", contents.body(False))

        for request in upstream.requests:
            assert len(request.body) < 13_000
            assert TOOL.encode() not in request.body
    ledger = Ledger(tmp_path)
    assert ledger.latest(9) == []
    ledger.close()
