"""The usage meter: what each provider says an answer cost, out of its bytes as they pass, whatever they are."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.prices import Usage
from headroom.proxy.usage import MAX_WHOLE, READERS, Meter

STREAM, JSON = "text/event-stream; charset=utf-8", "application/json"


def sse(*events: Any, named: bool = False, end: str = "\n") -> bytes:
    lines = [f"event: {e.get('type')}{end}" * named + f"data: {json.dumps(e)}{end}{end}" for e in events]
    return "".join(lines).encode()


def read(
    dialect: str, kind: str, data: bytes, *, step: int = 1 << 30, coding: str = ""
) -> tuple[Usage | None, str | None]:
    meter = Meter(dialect, kind, coding)
    for at in range(0, len(data), step):
        meter.feed(data[at : at + step])
    return meter.usage(), meter.name


class Told(NamedTuple):
    """An answer as a provider sends it, and what it cost."""

    dialect: str
    kind: str
    data: bytes
    usage: Usage
    name: str


MSG, RESP, CHAT, GEM = (
    "msg_01XFDUDYJgAACzvnptvVoYEL",
    "resp_68b5c1f0e4a4819d",
    "chatcmpl-BZx1k2J8s7Qw3",
    "qLQ9aK-yHdKz1PIPvZ_x4",
)

START = {
    "type": "message_start",
    "message": {
        "id": MSG, "type": "message", "role": "assistant", "content": [], "model": "claude-opus-5-5",
        "usage": {
            "input_tokens": 12, "cache_read_input_tokens": 41_000, "cache_creation_input_tokens": 900,
            "cache_creation": {"ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 300}, "output_tokens": 1,
        },
    },
}  # fmt: skip
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": 'say "usage": 9, é😀'}}
DELTA = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 40}}
STOP = {"type": "message_stop"}

CHAT_USAGE = {
    "prompt_tokens": 5_000, "completion_tokens": 70, "total_tokens": 5_070,
    "prompt_tokens_details": {"cached_tokens": 4_096, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 50},
}  # fmt: skip
RESPONSES_USAGE = {
    "input_tokens": 9_000, "input_tokens_details": {"cached_tokens": 8_000, "cache_write_tokens": 600},
    "output_tokens": 30, "output_tokens_details": {"reasoning_tokens": 20}, "total_tokens": 9_030,
}  # fmt: skip
GEMINI_USAGE = {
    "promptTokenCount": 6_000, "cachedContentTokenCount": 4_000, "toolUsePromptTokenCount": 50,
    "candidatesTokenCount": 20, "thoughtsTokenCount": 300, "totalTokenCount": 6_370,
}  # fmt: skip


def chunk(usage: Any = None, text: str = "", **more: Any) -> dict[str, Any]:
    choices = [{"index": 0, "delta": {"content": text}}] if text else []
    return {"id": CHAT, "object": "chat.completion.chunk", "choices": choices, "usage": usage, **more}


def candidate(usage: Any, text: str) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [{"text": text}]}}], "usageMetadata": usage, "responseId": GEM}


ANTHROPIC = sse(START, {"type": "ping"}, TEXT, DELTA, STOP, named=True)
EARLY = {"promptTokenCount": 6_000, "cachedContentTokenCount": 4_000, "totalTokenCount": 6_000}
GEMINI_CHUNKS = [
    candidate(EARLY, "a"),
    candidate({**EARLY, "candidatesTokenCount": 9}, "b"),
    candidate(GEMINI_USAGE, ""),
]
GEMINI = Usage(2_050, 4_000, 0, 0, 320)

ANSWERS = {
    "anthropic, streamed": Told("anthropic", STREAM, ANTHROPIC, Usage(12, 41_000, 600, 300, 40), MSG),
    "anthropic, whole": Told(
        "anthropic", JSON, json.dumps(START["message"]).encode(), Usage(12, 41_000, 600, 300, 1), MSG
    ),
    "chat, streamed": Told(
        "openai-chat", STREAM, sse(chunk(None, "hi"), chunk(None, "ho"), chunk(CHAT_USAGE)) + b"data: [DONE]\n\n",
        Usage(904, 4_096, 0, 0, 70), CHAT,
    ),
    "chat, whole": Told("openai-chat", JSON, json.dumps(chunk(CHAT_USAGE)).encode(), Usage(904, 4_096, 0, 0, 70), CHAT),
    "responses, streamed": Told(
        "openai-responses", STREAM,
        sse(
            {"type": "response.created", "response": {"id": RESP, "usage": None}},
            {"type": "response.output_text.delta", "delta": '{"usage": 1}'},
            {"type": "response.completed", "response": {"id": RESP, "usage": RESPONSES_USAGE}}, named=True,
        ),
        Usage(400, 8_000, 600, 0, 30), RESP,
    ),
    "responses, whole": Told(
        "openai-responses", JSON, json.dumps({"id": RESP, "usage": RESPONSES_USAGE}).encode(),
        Usage(400, 8_000, 600, 0, 30), RESP,
    ),
    "gemini, streamed": Told("gemini", STREAM, sse(*GEMINI_CHUNKS, end="\r\n"), GEMINI, GEM),
    "gemini, an array": Told("gemini", JSON, json.dumps(GEMINI_CHUNKS, indent=1).encode(), GEMINI, GEM),
    "gemini, whole": Told("gemini", JSON, json.dumps(GEMINI_CHUNKS[-1]).encode(), GEMINI, GEM),
    "code assist, streamed": Told("gemini", STREAM, sse(*({"response": c} for c in GEMINI_CHUNKS)), GEMINI, GEM),
}  # fmt: skip
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "GZip": gzip.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("step", [1, 7, 1 << 30])
def test_what_an_answer_cost_is_read_however_it_comes(name: str, coding: str, step: int) -> None:
    told = ANSWERS[name]

    assert read(told.dialect, told.kind, CODINGS[coding](told.data), step=step, coding=coding) == (
        told.usage,
        told.name,
    )


def test_a_later_account_overrides_an_earlier_one_where_it_says_something() -> None:
    delta = {**DELTA, "usage": {"input_tokens": 20, "cache_read_input_tokens": None, "output_tokens": 7}}
    last = {**DELTA, "usage": {"cache_creation_input_tokens": 400, "output_tokens": 9}}

    assert read("anthropic", STREAM, sse(START, delta, last, STOP))[0] == Usage(20, 41_000, 100, 300, 9)


TIERS = [
    ("anthropic", JSON, {"usage": {"input_tokens": 1, "service_tier": "standard", "speed": "standard",
                                   "inference_geo": "not_available"}}, ""),
    ("anthropic", JSON, {"usage": {"input_tokens": 1, "service_tier": "priority"}}, "priority"),
    ("anthropic", JSON, {"usage": {"input_tokens": 1, "speed": "fast", "inference_geo": "us"}}, "fast us"),
    ("openai-chat", JSON, chunk(CHAT_USAGE, service_tier="default"), ""),
    ("openai-chat", JSON, chunk(CHAT_USAGE, service_tier="flex"), "flex"),
    ("openai-chat", JSON, chunk(CHAT_USAGE, service_tier=None), ""),
    ("openai-responses", JSON, {"usage": RESPONSES_USAGE, "service_tier": "priority"}, "priority"),
    ("gemini", JSON, candidate({**GEMINI_USAGE, "serviceTier": "flex"}, ""), "flex"),
    ("gemini", JSON, candidate({**GEMINI_USAGE, "trafficType": "ON_DEMAND"}, ""), ""),
    ("gemini", JSON, candidate({**GEMINI_USAGE, "trafficType": "ON_DEMAND_FLEX", "serviceTier": "flex"}, ""), "flex"),
    ("gemini", JSON, candidate({**GEMINI_USAGE, "trafficType": "PROVISIONED"}, ""), "provisioned"),
    ("converse", JSON, {"usage": {"inputTokens": 1}, "serviceTier": {"type": "priority"}}, "priority"),
    ("converse", JSON, {"usage": {"inputTokens": 1}, "serviceTier": {"type": "default"}}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "kind", "told", "tier"), TIERS)
def test_the_tier_that_was_billed_is_read(dialect: str, kind: str, told: Any, tier: str) -> None:
    usage = read(dialect, kind, json.dumps(told).encode())[0]

    assert usage is not None
    assert usage.tier == tier


def test_the_tier_that_was_asked_for_is_not_taken_for_the_one_that_was_billed() -> None:
    data = sse(
        {"type": "response.created", "response": {"id": RESP, "usage": None, "service_tier": "priority"}},
        {"type": "response.completed", "response": {"id": RESP, "usage": RESPONSES_USAGE, "service_tier": "default"}},
    )

    assert read("openai-responses", STREAM, data)[0] == Usage(400, 8_000, 600, 0, 30)


def test_writes_without_a_breakdown_are_for_five_minutes() -> None:
    usage = {"input_tokens": 1, "cache_creation_input_tokens": 500, "output_tokens": 2}

    assert read("anthropic", JSON, json.dumps({"usage": usage}).encode())[0] == Usage(1, 0, 500, 0, 2)


def test_compactions_are_billed_beside_the_sums() -> None:
    calls = [
        {"type": "compaction", "input_tokens": 180_000, "cache_read_input_tokens": 5, "output_tokens": 3_500},
        {"type": "message", "input_tokens": 23_000, "output_tokens": 1_000},
    ]
    usage = {"input_tokens": 23_000, "output_tokens": 1_000, "iterations": calls}

    assert read("anthropic", JSON, json.dumps({"usage": usage}).encode())[0] == Usage(203_000, 5, 0, 0, 4_500)


@pytest.mark.parametrize("name", [name for name in ANSWERS if "streamed" in name])
def test_a_stream_that_ends_without_its_last_blank_line_is_read(name: str) -> None:
    told = ANSWERS[name]

    assert read(told.dialect, told.kind, told.data.rstrip())[0] == told.usage


def test_an_answer_that_breaks_off_is_known_as_far_as_it_went() -> None:
    assert read("anthropic", STREAM, sse(START, TEXT)) == (Usage(12, 41_000, 600, 300, 1), MSG)
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert read("anthropic", STREAM, sse(START, error))[0] == Usage(12, 41_000, 600, 300, 1)
    assert read("openai-chat", STREAM, sse(chunk(None, "hi"))) == (None, CHAT)


@pytest.mark.parametrize(
    ("dialect", "kind", "data"),
    [
        ("anthropic", JSON, b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"},"request_id":"r"}'),
        ("anthropic", STREAM, sse({"type": "error", "error": {"message": '"usage'}})),
        ("openai-chat", JSON, b'{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}'),
        ("gemini", JSON, b'[{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}]'),
        ("openai-chat", "text/html", b"<html>502 bad gateway</html>"),
        ("openai-chat", JSON, b""),
        ("", JSON, ANSWERS["chat, whole"].data),
        ("bedrock", STREAM, ANTHROPIC),
        ("anthropic", "application/vnd.amazon.eventstream", b"\0\0\0\x0b"),
    ],
)
def test_an_answer_that_says_nothing_of_its_cost_has_no_account(dialect: str, kind: str, data: bytes) -> None:
    assert read(dialect, kind, data) == (None, None)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "?"])
def test_a_coding_that_is_not_looked_through_is_no_account(coding: str) -> None:
    assert read("anthropic", STREAM, ANTHROPIC, coding=coding) == (None, None)


def test_a_body_that_is_not_in_its_coding_is_no_account() -> None:
    assert read("anthropic", STREAM, ANTHROPIC, coding="gzip", step=10) == (None, None)
    cut = gzip.compress(ANSWERS["chat, whole"].data)[:-20]
    assert read("openai-chat", JSON, cut, coding="gzip") == (None, None)


ODD = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=3), st.just([1]))
FIELDS = st.sampled_from(
    ["input_tokens", "output_tokens", "cache_creation", "cache_creation_input_tokens", "iterations", "prompt_tokens",
     "prompt_tokens_details", "promptTokenCount", "candidatesTokenCount", "cached_tokens", "type"]
)  # fmt: skip
OBJECTS = st.recursive(
    st.dictionaries(FIELDS, ODD), lambda inner: st.dictionaries(FIELDS, st.one_of(ODD, inner, st.lists(inner)))
)
HOLDERS = st.dictionaries(
    st.sampled_from(["usage", "usageMetadata", "message", "response", "id"]), st.one_of(ODD, OBJECTS)
)


@given(st.sampled_from(sorted(READERS)), st.sampled_from([STREAM, JSON]), st.one_of(HOLDERS, st.lists(HOLDERS), ODD))
def test_an_odd_account_never_raises_and_never_counts_below_nothing(dialect: str, kind: str, told: object) -> None:
    text = json.dumps(told)
    usage, name = read(dialect, kind, f"data: {text}\n\n".encode() if kind == STREAM else text.encode())

    assert usage is None or all(0 <= count < 2**40 for count in usage[:5])
    assert name is None or isinstance(name, str)


@given(
    st.sampled_from(sorted(READERS)), st.sampled_from([STREAM, JSON]), st.sampled_from(["", "gzip", "deflate", "br"]),
    st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([b'data: {"usage', b'":{}}', b"\n\n", b"[" * 3_000]))),
)  # fmt: skip
def test_garbage_never_raises(dialect: str, kind: str, coding: str, pieces: Sequence[bytes]) -> None:
    meter = Meter(dialect, kind, coding)
    for piece in pieces:
        meter.feed(piece)

    assert meter.usage() in (None, Usage())


def test_half_a_surrogate_pair_in_the_text_does_not_hide_the_account() -> None:
    data = b'{"text":"\\ud83d","usage":{"prompt_tokens":3,"completion_tokens":1}}'

    assert read("openai-chat", JSON, data)[0] == Usage(3, 0, 0, 0, 1)


def test_a_name_that_others_may_have_too_is_none() -> None:
    for name in ("chatcmpl-512", "", "1", None, 7):
        assert read("openai-chat", JSON, json.dumps({"id": name, "usage": CHAT_USAGE}).encode())[1] is None


def test_a_huge_answer_is_not_kept_and_has_no_account() -> None:
    data = b'{"pad":"' + b"x" * MAX_WHOLE + b'","usage":{"prompt_tokens":3}}'

    assert read("openai-chat", JSON, data, step=1 << 20)[0] is None


def test_an_answer_in_many_small_pieces_costs_no_more_than_its_length() -> None:
    data = json.dumps({"text": "x" * 400_000, "usage": CHAT_USAGE}).encode()
    started = time.perf_counter()

    assert read("openai-chat", JSON, data, step=2)[0] is not None
    assert time.perf_counter() - started < 2
