"""The fake provider: what it answers, what it remembers, and what it refuses as the providers do."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import threading
from typing import Any

import aiohttp
import pytest
from backports import zstd

from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import CLIENTS, WAIT, ask, complaint, connect, raw, send
from tests.streams import JOINED, of_anthropic, sse, streaming

LOOK = Reply("Let me look.", thinking="Where is it?", calls=[Call("read", {"path": "ä.py"}), Call("ls")])
DIALECTS = sorted(CLIENTS)


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_agent_calls_tools_and_is_told_what_the_script_says(dialect: str, streams: bool) -> None:
    client = CLIENTS[dialect]
    with FakeUpstream([LOOK, Reply("Found it.")]) as upstream:
        body = client.first("find it")
        for said in ["text of ä.py", "ä.py b.py"], ["thanks"], ["bye"]:
            path, sent = streaming(dialect, body) if streams else (client.path, body)
            answer = ask(upstream.url, path, sent)
            assert answer.status == 200
            found = JOINED[dialect](sse(answer.body)) if streams else answer.json
            calls = client.calls(found)
            body = client.following(body, found, said if calls else said[:1])

        assert len(upstream.requests) == 3
        assert upstream.violations == []
    assert "Done." in json.dumps(found)
    assert "Found it." in json.dumps(body)
    assert len([word for word in ("ä.py b.py", "text of ä.py") if word in json.dumps(body, ensure_ascii=False)]) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_says_what_the_whole_answer_says(dialect: str) -> None:
    body = CLIENTS[dialect].first("find it")
    answers = []
    for streams in (False, True):
        with FakeUpstream([LOOK]) as upstream:
            path, sent = streaming(dialect, body) if streams else (CLIENTS[dialect].path, body)
            answer = ask(upstream.url, path, sent)
            answers.append(JOINED[dialect](sse(answer.body)) if streams else answer.json)
    whole, streamed = answers

    assert CLIENTS[dialect].calls(whole) == CLIENTS[dialect].calls(streamed)
    assert {"read", "ls", "ä.py"} <= set(json.dumps(streamed, ensure_ascii=False).replace("\\", "").split('"'))
    following = [CLIENTS[dialect].following(body, answer, ["a", "b"]) for answer in answers]
    if dialect in ("anthropic", "openai-chat", "converse"):
        assert following[0] == following[1]


@pytest.mark.parametrize("form", ["array", "code assist"])
def test_gemini_streams_one_array_and_wraps_answers_for_code_assist(form: str) -> None:
    body = CLIENTS["gemini"].first("hi")
    with FakeUpstream([Reply("one two three four five six seven")]) as upstream:
        if form == "array":
            chunks = ask(upstream.url, "/v1/models/g:streamGenerateContent", body).json
        else:
            wrapped = {"model": "g", "project": "p", "request": body}
            answer = ask(upstream.url, "/v1internal:streamGenerateContent?alt=sse", wrapped)
            chunks = [event["response"] for event in sse(answer.body)]

    texts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks]
    assert len(texts) > 1
    assert "".join(texts) == "one two three four five six seven"
    assert chunks[-1]["candidates"][0]["finishReason"] == "STOP"


def test_chat_streams_end_with_the_usage_only_if_it_was_asked_for() -> None:
    body = {**CLIENTS["openai-chat"].first("hi"), "stream": True}
    with FakeUpstream() as upstream:
        plain = ask(upstream.url, "/v1/chat/completions", body).body
        told = ask(upstream.url, "/v1/chat/completions", {**body, "stream_options": {"include_usage": True}}).body

    assert b"usage" not in plain
    assert sse(told)[-1]["choices"] == []
    assert sse(told)[-1]["usage"]["prompt_tokens"] > 0
    assert plain.endswith(b"data: [DONE]\n\n")
    assert told.endswith(b"data: [DONE]\n\n")


def test_responses_number_their_events_and_go_on_from_a_kept_answer() -> None:
    body = {"model": "gpt-5.4", "input": "find it", "stream": True}
    with FakeUpstream([LOOK]) as upstream:
        events = sse(ask(upstream.url, "/v1/responses", body).body)
        answer = events[-1]["response"]
        outputs = [
            {"type": "function_call_output", "call_id": name, "output": "x"}
            for name in CLIENTS["openai-responses"].calls(answer)
        ]
        on = {"model": "gpt-5.4", "previous_response_id": answer["id"], "input": outputs}
        kept = ask(upstream.url, "/v1/responses", on)
        lost = ask(upstream.url, "/v1/responses", {**on, "previous_response_id": "resp_unknown"})

    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert kept.status == 200
    assert lost.status == 400
    assert lost.json["error"]["code"] == "previous_response_not_found"


def test_a_socket_of_responses_warms_up_and_takes_increments() -> None:
    async def talk(url: str) -> list[list[Any]]:
        heard = []
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/v1/responses") as link:
            frame: dict[str, Any] = {"type": "response.create", "model": "gpt-5.4", "store": False, "input": []}
            steps: list[dict[str, Any]] = [{"generate": False}, {"input": [{"role": "user", "content": "hi"}]}, {}, {}]
            for step in steps:
                await link.send_str(json.dumps({**frame, **step}))
                events: list[Any] = []
                while not events or events[-1]["type"] not in ("response.completed", "error"):
                    events.append(json.loads(await link.receive_str()))
                heard.append(events)
                last = events[-1].get("response", {})
                outputs = [
                    {"type": "function_call_output", "call_id": item["call_id"], "output": "x"}
                    for item in last.get("output", [])
                    if item["type"] == "function_call"
                ]
                steps[-2] = {"previous_response_id": last.get("id"), "input": outputs or frame["input"]}
                steps[-1] = {"previous_response_id": "resp_unknown", "input": []}
        return heard

    with FakeUpstream([LOOK, Reply("Found.")]) as upstream:
        warm, first, second, lost = asyncio.run(talk(upstream.url))

    assert [event["type"] for event in warm] == ["response.created", "response.in_progress", "response.completed"]
    assert warm[-1]["response"]["output"] == []
    assert [item["type"] for item in first[-1]["response"]["output"]][-2:] == ["function_call", "function_call"]
    assert "Found." in json.dumps(second[-1])
    assert lost[-1]["error"]["code"] == "previous_response_not_found"
    assert [request.method for request in upstream.requests] == ["GET", *["WS"] * 4]


@pytest.mark.parametrize(
    ("path", "headers", "key"),
    [
        ("/v1/models", [("anthropic-version", "2023-06-01")], "data"),
        ("/v1/models", [], "data"),
        ("/v1beta/models", [], "models"),
    ],
)
def test_models_are_listed(path: str, headers: list[tuple[str, str]], key: str) -> None:
    with FakeUpstream() as upstream:
        assert len(ask(upstream.url, path, headers=headers).json[key]) == 1


def test_counting_and_compacting_use_up_no_reply() -> None:
    with FakeUpstream([Reply("first")]) as upstream:
        claude, codex, google = CLIENTS["anthropic"], CLIENTS["openai-responses"], CLIENTS["gemini"]
        counted = ask(upstream.url, "/v1/messages/count_tokens", claude.first("x" * 400)).json["input_tokens"]
        ask(upstream.url, "/v1/responses/input_tokens", codex.first("hi"))
        compacted = ask(upstream.url, "/v1/responses/compact", codex.first("hi")).json
        total = ask(upstream.url, "/v1beta/models/g:countTokens", google.first("hi")).json["totalTokens"]
        first = ask(upstream.url, "/v1/messages", claude.first("hi")).json

    assert 100 < counted < 150
    assert total > 0
    assert [item.get("type") for item in compacted["output"]] == [None, "compaction"]
    assert first["content"][0]["text"] == "first"


def test_a_script_may_be_a_function_of_the_request() -> None:
    def three_turns(request: Received) -> Reply:
        turns = sum(message["role"] == "assistant" for message in request.json["messages"])
        return Reply(calls=[Call("step", {"n": turns})]) if turns < 3 else Reply("over")

    client = CLIENTS["anthropic"]
    with FakeUpstream(three_turns) as upstream:
        body = client.first("go")
        for _ in range(3):
            body = client.following(body, ask(upstream.url, client.path, body).json, ["ok"])
        last = ask(upstream.url, client.path, body).json

    assert [request.number for request in upstream.requests] == [1, 2, 3, 4]
    assert last["content"] == [{"type": "text", "text": "over"}]
    assert last["stop_reason"] == "end_turn"


def test_what_was_sent_before_is_read_from_the_cache() -> None:
    client = CLIENTS["anthropic"]
    with FakeUpstream([Reply(calls=[Call("read")]), Reply("ok")]) as upstream:
        body = {**client.first("x" * 4000), "system": [{"type": "text", "text": "s", "cache_control": {}}]}
        first = ask(upstream.url, client.path, body).json
        second = ask(upstream.url, client.path, client.following(body, first, ["y" * 400])).json
        plain = ask(upstream.url, client.path, client.first("z" * 4000)).json["usage"]

    usage = first["usage"]
    assert usage["cache_read_input_tokens"] == 0
    assert second["usage"]["cache_read_input_tokens"] == usage["cache_creation_input_tokens"] > 1000
    assert 100 < second["usage"]["cache_creation_input_tokens"] < 250
    assert plain["input_tokens"] > 1000
    assert plain["cache_creation_input_tokens"] == 0


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("status", [400, 401, 429, 500, 529])
def test_an_error_has_its_provider_s_shape(dialect: str, status: int) -> None:
    failing = Reply(status=status, message="not today", headers=[("retry-after", "7")])
    with FakeUpstream([failing]) as upstream:
        answer = ask(upstream.url, CLIENTS[dialect].path, CLIENTS[dialect].first("hi"))

    assert answer.status == status
    assert answer.header("retry-after") == "7"
    assert complaint(answer) == "not today"
    assert (answer.json.get("type") == "error") == (dialect == "anthropic")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_can_break_with_an_error_or_without_a_word(dialect: str) -> None:
    path, body = streaming(dialect, CLIENTS[dialect].first("hi"))
    text = "some words " * 20
    with FakeUpstream([Reply(text, error="Overloaded"), Reply(text, cut_after=100)]) as upstream:
        broken = ask(upstream.url, path, body)
        with pytest.raises(http.client.IncompleteRead):
            ask(upstream.url, path, body)

    assert broken.status == 200
    assert "Overloaded" in json.dumps(sse(broken.body)[-1])
    assert "error" in json.dumps(sse(broken.body)[-1]).lower()


def test_a_gate_holds_all_but_the_first_piece_and_bytes_can_go_one_by_one() -> None:
    gate = threading.Event()
    path, body = streaming("anthropic", CLIENTS["anthropic"].first("hi"))
    with FakeUpstream([Reply("a b c d e f g h i", gate=gate, chunk_bytes=1)]) as upstream:
        connection = connect(upstream.url)
        send(connection, path, json.dumps(body).encode(), [], "POST")
        answer = connection.getresponse()
        first = answer.read(1)
        ended = upstream.requests[0].ended.is_set()
        gate.set()
        rest = answer.read()
        connection.close()

    assert first == b"e"
    assert not ended
    assert of_anthropic(sse(first + rest))["content"] == [{"type": "text", "text": "a b c d e f g h i"}]


def test_a_client_that_leaves_is_noticed() -> None:
    path, body = streaming("anthropic", CLIENTS["anthropic"].first("hi"))
    with FakeUpstream([Reply("a b", gate=threading.Event())]) as upstream:
        connection = connect(upstream.url)
        send(connection, path, json.dumps(body).encode(), [], "POST")
        answer = connection.getresponse()
        answer.read(1)
        answer.close()
        connection.close()

        assert upstream.requests[0].ended.wait(WAIT)
        assert upstream.requests[0].gone


def test_requests_are_kept_as_they_arrived() -> None:
    body = json.dumps(CLIENTS["anthropic"].first("hé")).encode()
    with FakeUpstream() as upstream:
        for coding, data in (("gzip", gzip.compress(body)), ("zstd", bytes(zstd.compress(body)))):
            headers = [("X-Two", "1"), ("x-two", "2"), ("Content-Encoding", coding)]
            ask(upstream.url, "/v1/messages?beta=true&x=%20", data, headers)

            received = upstream.requests[-1]
            assert received.path == "/v1/messages?beta=true&x=%20"
            assert received.body == data
            assert received.json == json.loads(body)
            assert received.header("x-two") == "1, 2"
            assert [name for name, _ in received.headers] == [
                "Host",
                "X-Two",
                "x-two",
                "Content-Encoding",
                "Content-Length",
            ]
    with pytest.raises(ValueError, match="no gzip"):
        _ = Received(1, "POST", "/", [("Content-Encoding", "gzip")], b"x").json


def test_answers_are_compressed_only_for_who_accepts_that() -> None:
    body = CLIENTS["anthropic"].first("hi")
    with FakeUpstream([Reply("plain", gzip=True), Reply("small", gzip=True)]) as upstream:
        plain = ask(upstream.url, "/v1/messages", body)
        small = ask(upstream.url, "/v1/messages", body, [("Accept-Encoding", "gzip, br")])

    assert plain.json["content"][0]["text"] == "plain"
    assert small.header("content-encoding") == "gzip"
    assert json.loads(gzip.decompress(small.body))["content"][0]["text"] == "small"


def test_other_paths_are_answered_by_the_test_or_not_at_all() -> None:
    def otherwise(request: Received) -> Reply | None:
        return Reply(body=b"\0raw", headers=[("X-A", "1"), ("x-a", "2")]) if request.path == "/files" else None

    with FakeUpstream(otherwise=otherwise) as upstream:
        files = ask(upstream.url, "/files", method="DELETE")
        other = ask(upstream.url, "/v1/nothing", headers=[("anthropic-version", "x")])
        probe = raw(upstream.url, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert files.body == b"\0raw"
    assert [value for name, value in files.headers if name.lower() == "x-a"] == ["1", "2"]
    assert other.status == 404
    assert other.json["error"]["type"] == "not_found_error"
    assert probe.startswith(b"HTTP/1.1 200")
    assert probe.endswith(b"\r\n\r\n")


def test_it_also_serves_within_an_event_loop() -> None:
    async def talk() -> str:
        async with FakeUpstream([Reply("hello")]) as upstream, aiohttp.ClientSession() as session:
            body = CLIENTS["anthropic"].first("hi")
            async with session.post(f"{upstream.url}/v1/messages", json=body) as answer:
                return str((await answer.json())["content"][0]["text"])

    assert asyncio.run(talk()) == "hello"
