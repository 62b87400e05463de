"""Amazon Bedrock: answers come in binary frames, requests may be signed; what is counted, hidden and left alone."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.ledger import Ledger
from headroom.prices import Usage
from headroom.proxy.eventstream import CONTENT_TYPE, Frames, chunk, failure, frame
from headroom.proxy.usage import Meter
from headroom.retrieval import TOOL
from headroom.store import MemoryStore
from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import Answer, Running, ask, options, running
from tests.retrieve_samples import OWN, Messages, records
from tests.streams import cut

MODEL = "us.anthropic.claude-opus-4-5-20251101-v1:0"
STREAM = "/model/us.anthropic.claude-opus-4-5-20251101-v1%3A0/invoke-with-response-stream"
CONVERSE = "/model/us.anthropic.claude-opus-4-5-20251101-v1%3A0/converse"
FRAMES = f"application/vnd.{CONTENT_TYPE}"
LOG = records(5523)
REF = MemoryStore().put(LOG)
READ = Call(OWN, {"path": "pay.json"})
LOOKS = Call(TOOL, {"ref": REF, "query": "PG-5523"})
SIGNED = [("Authorization", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=y")]
CONVERSED = {
    "inputTokens": 12, "outputTokens": 40, "totalTokens": 41_952, "cacheReadInputTokens": 41_000,
    "cacheWriteInputTokens": 900, "cacheDetails": [{"ttl": "1h", "inputTokens": 300}],
}  # fmt: skip
# Recorded from Bedrock: a frame with the headers and the payload that it was seen to say.
RECORDED = base64.b64decode(
    "AAAAkAAAAFIxQcihCzpldmVudC10eXBlBwAMbWVzc2FnZVN0YXJ0DTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTptZXNzYWdlLXR5"
    "cGUHAAVldmVudHsicCI6ImFiY2RlZmdoaWprbG1ub3BxcnMiLCJyb2xlIjoiYXNzaXN0YW50In0RduqwAAAA"
)[:144]


class Bedrock(Messages):
    """A client of Messages on Bedrock: no model, no `stream`, and the answer in frames."""

    def path(self, stream: bool) -> str:
        return STREAM if stream else STREAM.replace("-with-response-stream", "")

    def body(self, stream: bool) -> dict[str, Any]:
        body = {key: value for key, value in super().body(False).items() if key != "model"}
        return {"anthropic_version": "bedrock-2023-05-31", **body}

    def told(self, data: bytes, stream: bool) -> Any:
        return super().told(events(data) if stream else data, stream)


def events(data: bytes) -> bytes:
    """The model's own events out of the frames, as server-sent ones."""
    said = [json.loads(payload)["bytes"] for headers, payload in cut(data) if headers.get(":event-type") == "chunk"]
    return b"".join(b"data: " + base64.b64decode(event) + b"\n\n" for event in said)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def rows(home: Path) -> list[dict[str, Any]]:
    """The ledger's rows once the proxy has ended, the oldest first."""
    ledger = Ledger(home)
    found = ledger.latest(99)[::-1]
    ledger.close()
    return found


def talk(proxy: Running, client: Messages, outputs: Sequence[str], *, stream: bool = True) -> Answer:
    answer = ask(proxy.url, client.path(stream), client.body(stream), [("x-session-id", "s")])
    assert (answer.status, TOOL.encode() in answer.body) == (200, False)
    told = client.told(answer.body, stream)
    client.keeps(told)
    if told.calls:
        client.returns(told.calls, outputs)
    else:
        client.asks("and then?")
    return answer


@pytest.mark.parametrize("size", [None, 1, 1000])
def test_an_answer_in_frames_passes_byte_for_byte_and_is_counted(home: Path, size: int | None) -> None:
    reply = Reply("héllo \u2028 wörld", thinking="so", chunk_bytes=size)
    body = {key: value for key, value in Bedrock(1, "hi").body(True).items() if key != "tools"}
    with FakeUpstream([reply]) as alone:
        direct = ask(alone.url, STREAM, body)
    with FakeUpstream([reply]) as upstream, running(options(home, upstream.url)) as proxy:
        relayed = ask(proxy.url, STREAM, body)

    assert relayed.body == direct.body
    assert relayed.header("content-type") == FRAMES
    (row,) = rows(home)
    assert (row["model"], row["status"]) == (MODEL, 200)
    assert row["input"] + row["write"] > 0
    assert row["output"] > 1
    assert row["dollars"] > 0


@pytest.mark.parametrize("stream", [True, False], ids=["frames", "whole"])
def test_a_retrieval_is_answered_inside_the_frames(home: Path, stream: bool) -> None:
    script = [
        Reply(calls=[READ]), Reply("one", thinking="hm", calls=[LOOKS]), Reply("two", calls=[LOOKS, READ]),
        Reply("three"), Reply("four"),
    ]  # fmt: skip
    client = Bedrock(1, "question")
    with FakeUpstream(script) as upstream, running(options(home, upstream.url)) as proxy:
        for _ in range(4):
            talk(proxy, client, [LOG], stream=stream)

        assert upstream.violations == []
        assert [request.body.count(b"PG-5523 connection") for request in upstream.requests] == [0, 1, 2, 4, 4]
    assert "three" in str(client.history)
    assert [row["round"] for row in rows(home)] == [0, 0, 1, 0, 0]


def test_a_refused_round_is_an_exception_of_bedrock_s(home: Path) -> None:
    client = Bedrock(1, "question")
    script = [Reply(calls=[READ]), Reply("one", calls=[LOOKS]), *[Reply(status=429, message="slow down")] * 4]

    async def sleep(_: float) -> None:
        return

    with FakeUpstream(script) as upstream, running(options(home, upstream.url, sleep=sleep)) as proxy:
        talk(proxy, client, [LOG])
        answer = ask(proxy.url, STREAM, client.body(True), [("x-session-id", "s")])

    headers, payload = list(cut(answer.body))[-1]
    assert headers[":exception-type"] == "throttlingException"
    assert json.loads(payload) == {"message": "slow down"}
    assert b'"one"' in events(answer.body)


def test_an_exception_of_the_upstream_s_and_a_broken_frame_pass_as_they_are(home: Path) -> None:
    body = Bedrock(1, "hi").body(True)
    odd = b"\0\0\0\x20garbage that is no frame" + bytes(64)
    replies = [Reply("some words " * 9, error="Overloaded"), Reply(body=odd, headers=[("Content-Type", FRAMES)])]
    with FakeUpstream(replies) as upstream, running(options(home, upstream.url)) as proxy:
        failed = ask(proxy.url, STREAM, body)
        garbage = ask(proxy.url, STREAM, body)

    assert next(reversed(list(cut(failed.body))))[0][":message-type"] == "exception"
    assert garbage.body == odd


def test_a_signed_request_is_left_alone_and_its_answer_counted(home: Path) -> None:
    client = Bedrock(1, "question")
    client.history += [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": OWN, "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": LOG}]},
    ]
    body = json.dumps(client.body(True)).encode()
    with FakeUpstream([Reply("seen")], strict=False) as upstream, running(options(home, upstream.url)) as proxy:
        ask(proxy.url, STREAM, body, SIGNED)

        assert upstream.requests[0].body == body
    (row,) = rows(home)
    assert (row["model"], row["level"], row["removed_new"], row["parts"]) == (MODEL, "meter", 0, [])
    assert row["write"] > 1000


def conversed(received: Received) -> Reply:
    """Converse's answer, whole or in frames."""
    if not received.path.endswith("-stream"):
        return Reply(body=json.dumps({"output": {}, "stopReason": "end_turn", "usage": CONVERSED}).encode())
    kinds = [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"delta": {"text": 'say "usage"'}}),
        ("metadata", {"usage": CONVERSED, "metrics": {}}),
    ]
    made = [frame({":event-type": kind, ":message-type": "event"}, json.dumps(told).encode()) for kind, told in kinds]
    return Reply(body=b"".join(made), headers=[("Content-Type", FRAMES)])


def asked() -> dict[str, Any]:
    """A request of Converse's that brings a result."""
    use = {"toolUse": {"toolUseId": "t1", "name": OWN, "input": {}}}
    result = {"toolResult": {"toolUseId": "t1", "content": [{"text": LOG}], "status": "success"}}
    said = [("user", {"text": "question"}), ("assistant", use), ("user", result)]
    return {"messages": [{"role": role, "content": [block, {"cachePoint": {}}]} for role, block in said]}


@pytest.mark.parametrize("model", ["amazon.nova-pro-v1%3A0", "us.anthropic.claude-opus-4-5-20251101-v1%3A0"])
def test_an_invocation_that_is_no_messages_passes_as_it_is(home: Path, model: str) -> None:
    """Nova's own bodies look a little like Messages; `anthropic_version` tells them apart."""
    block = {"type": "tool_result", "tool_use_id": "t1", "content": "a line of output\n" * 2_000}
    body = json.dumps({"schemaVersion": "messages-v1", "messages": [{"role": "user", "content": [block]}]}).encode()
    told = Reply(body=b'{"output": {}, "usage": {"inputTokens": 9, "input_tokens": 9}}')
    with FakeUpstream([told], strict=False) as upstream, running(options(home, upstream.url)) as proxy:
        assert ask(proxy.url, f"/model/{model}/invoke", body).status == 200
        assert upstream.requests[0].body == body
    (row,) = rows(home)
    assert (row["dialect"], row["model"], row["input"], row["parts"]) == ("", unquote(model), None, [])


@pytest.mark.parametrize("headers", [SIGNED, [("Authorization", "Bearer bedrock-key")]], ids=["signed", "bearer"])
@pytest.mark.parametrize("stream", ["", "-stream"])
def test_converse_is_made_smaller_unless_it_is_signed_and_is_counted(
    home: Path, stream: str, headers: list[tuple[str, str]]
) -> None:
    body = json.dumps(asked(), indent=1).encode()
    with FakeUpstream(conversed) as upstream, running(options(home, upstream.url)) as proxy:
        answer = ask(proxy.url, CONVERSE + stream, body, headers)

        (request,) = upstream.requests
        assert upstream.violations == []
        assert answer.body == conversed(request).body
    start = body.index(json.dumps(LOG).encode())
    assert request.body[:start] == body[:start]
    assert (len(request.body) < 0.7 * len(body)) == (headers is not SIGNED)
    assert (request.body == body) == (headers is SIGNED)
    (row,) = rows(home)
    assert (row["model"], row["dialect"]) == (MODEL, "converse")
    assert (row["removed_new"] > 1000) == (headers is not SIGNED)
    assert [row[name] for name in ("input", "read", "write", "write_hour", "output")] == [12, 41_000, 600, 300, 40]


def test_what_a_converse_request_is_and_what_it_is_counted_as_are_the_same(home: Path) -> None:
    tools = {"tools": [{"toolSpec": {"name": OWN, "inputSchema": {"json": {"type": "object"}}}}]}
    body = {**asked(), "toolConfig": tools}
    count = CONVERSE.replace("converse", "count-tokens")
    with FakeUpstream() as upstream, running(options(home, upstream.url)) as proxy:
        counted = ask(proxy.url, count, {"input": {"converse": body}})
        ask(proxy.url, CONVERSE, body)
        ask(proxy.url, count, b'{"input": {"invokeModel": {"body": "e30="}}, "converse": 1}')

        first, sent, passed = upstream.requests
    assert first.json == {"input": {"converse": sent.json}}
    assert sent.json != body
    assert counted.json["inputTokens"] > 100
    assert passed.body == b'{"input": {"invokeModel": {"body": "e30="}}, "converse": 1}'
    assert len(rows(home)) == 1


# Frames


def test_a_recorded_frame_is_read_and_written_as_it_is() -> None:
    (found,) = Frames().feed(RECORDED)

    assert found.headers == {
        ":event-type": "messageStart", ":content-type": "application/json", ":message-type": "event",
    }  # fmt: skip
    assert json.loads(found.payload) == {"p": "abcdefghijklmnopqrs", "role": "assistant"}
    assert frame(found.headers, found.payload) == RECORDED


@given(st.lists(st.binary(max_size=60), max_size=5), st.data())
def test_frames_are_cut_however_the_bytes_come(payloads: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(chunk(payload) for payload in payloads) + failure("x", "no")[:9]
    size = data.draw(st.integers(1, len(whole)))
    frames = Frames()
    found = [one for at in range(0, len(whole), size) for one in frames.feed(whole[at : at + size])]

    assert [one.said() for one in found] == payloads
    assert b"".join(one.raw for one in found) + frames.rest() == whole
    assert not frames.is_odd()


@given(st.binary(max_size=200), st.integers(0, 143), st.integers(1, 255))
def test_what_is_no_frame_is_never_lost_and_never_raises(noise: bytes, at: int, flip: int) -> None:
    hurt = bytearray(RECORDED)
    hurt[at] ^= flip
    for data in (noise, bytes(hurt) + noise, RECORDED + noise):
        frames = Frames()
        assert b"".join(one.raw for one in frames.feed(data)) + frames.rest() == data
        Meter("anthropic", FRAMES).feed(data)


def test_headers_of_every_type_are_passed_over() -> None:
    odd = b"".join(
        b"\1a" + value
        for value in (b"\0", b"\1", b"\2z", b"\3zz", b"\4zzzz", b"\5" + bytes(8), b"\6\0\3abc", b"\x08" + bytes(8),
                      b"\x09" + bytes(16))
    )  # fmt: skip
    headers = odd + b"\x0b:event-type\x07\0\5chunk"
    head = struct.pack(">II", 16 + len(headers) + 2, len(headers))
    body = head + struct.pack(">I", zlib.crc32(head)) + headers + b"{}"
    (found,) = Frames().feed(body + struct.pack(">I", zlib.crc32(body)))

    assert found.headers == {":event-type": "chunk"}
    assert found.said() == b"{}"


def test_the_account_in_frames_is_read_however_they_come() -> None:
    start = {"type": "message_start", "message": {"id": "msg_bdrk_0123456789", "usage": {"input_tokens": 7}}}
    delta = {"type": "message_delta", "usage": {"output_tokens": 40}}
    data = b"".join(chunk(json.dumps(event).encode()) for event in (start, {"type": "ping"}, delta))
    for size in (1, 7, len(data)):
        meter = Meter("anthropic", FRAMES)
        for at in range(0, len(data), size):
            meter.feed(data[at : at + size])
        assert (meter.usage(), meter.name) == (Usage(7, 0, 0, 0, 40), "msg_bdrk_0123456789")
