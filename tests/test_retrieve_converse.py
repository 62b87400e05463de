"""Converse: what is particular to its blocks, its frames and its clients."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.proxy.eventstream import Frames, failure, frame
from headroom.proxy.retrieve.converse import INVALID, Converse, ConverseStream
from headroom.proxy.retrieve.turn import Answer, Round
from headroom.retrieval import TOOL
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, READ, client_of, expanded, faults, feed, goes_on, play, provider
from tests.streams import said

MARK = {"cachePoint": {"type": "default"}}
ACCOUNT = {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {"latencyMs": 4}}


def event(kind: str, **fields: Any) -> bytes:
    return frame({":event-type": kind, ":message-type": "event"}, json.dumps(fields).encode())


def block(index: int, *deltas: Any, **start: Any) -> bytes:
    """A block's frames; only some have a start."""
    begun = [event("contentBlockStart", start=start, contentBlockIndex=index)] if start else []
    grown = [event("contentBlockDelta", delta=delta, contentBlockIndex=index) for delta in deltas]
    return b"".join([*begun, *grown, event("contentBlockStop", contentBlockIndex=index)])


def ours(index: int, *given: str) -> bytes:
    use = {"toolUseId": "tooluse_1", "name": TOOL}
    return block(index, *({"toolUse": {"input": piece}} for piece in given), toolUse=use)


def answer(*blocks: bytes, stop: str = "tool_use") -> bytes:
    end = event("messageStop", stopReason=stop) + event("metadata", **ACCOUNT)
    return b"".join([event("messageStart", role="assistant"), *blocks, end])


def ended(data: bytes) -> Round:
    turn = ConverseStream()
    assert TOOL.encode() not in turn.feed(data)
    return turn.end_round()


def plain() -> bytes:
    client = client_of("converse")
    reply = Reply("a few words, é", thinking="hm", calls=[READ])
    return provider().says(client, client.body(True), reply, stream=True)


PLAIN = plain()


@given(st.data())
def test_frames_without_our_call_pass_byte_for_byte_wherever_they_end(data: st.DataObject) -> None:
    cut = (PLAIN + failure("throttlingException", "slow"))[: data.draw(st.integers(0, len(PLAIN) + 99))]
    turn = ConverseStream()
    shown = feed(turn, cut, data.draw(st.integers(1, 400)))
    turn.end_round()

    assert shown + turn.finish() == cut


@given(st.binary(max_size=300), st.integers(0, 200))
def test_what_is_no_frame_passes_as_it_is(noise: bytes, at: int) -> None:
    for data in (noise, PLAIN[:at] + noise):
        turn = ConverseStream()
        shown = turn.feed(data)
        turn.end_round()
        assert shown + turn.finish() == data


@pytest.mark.parametrize("size", [None, 1])
def test_blocks_are_numbered_anew_behind_ours_and_in_the_next_round(size: int | None) -> None:
    turn = ConverseStream()
    first = answer(block(0, {"text": "a"}), ours(1, "{}"), block(2, {"text": "b"}))
    shown = feed(turn, first, size)
    assert turn.end_round().hidden
    shown += feed(turn, answer(block(0, {"text": "c"}), stop="end_turn"), size)
    assert not turn.end_round().hidden
    told = said(shown + turn.finish())

    kinds = [next(iter(one)) for one in told]
    texts = [(one["contentBlockDelta"]["contentBlockIndex"], one["contentBlockDelta"]["delta"]["text"])
             for one in told if "contentBlockDelta" in one]  # fmt: skip
    assert texts == [(0, "a"), (1, "b"), (2, "c")]
    assert kinds == ["messageStart", *["contentBlockDelta", "contentBlockStop"] * 3, "messageStop", "metadata"]
    assert told[-1]["metadata"] == {**ACCOUNT, "usage": {"inputTokens": 1, "outputTokens": 4, "totalTokens": 5}}


BLOCKS: list[tuple[bytes, Any]] = [
    (
        block(0, {"reasoningContent": {"text": "h"}}, {"reasoningContent": {"text": "m"}},
              {"reasoningContent": {"signature": "Eo"}}),
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "Eo"}}},
    ),
    (block(0, {"reasoningContent": {"text": "hm"}}), {"reasoningContent": {"reasoningText": {"text": "hm"}}}),
    (block(0, {"reasoningContent": {"redactedContent": "eA=="}}), {"reasoningContent": {"redactedContent": "eA=="}}),
    (
        block(0, {"text": "it "}, {"citation": {"title": "t"}}, {"text": "is"}),
        {"citationsContent": {"content": [{"text": "it is"}], "citations": [{"title": "t"}]}},
    ),
    (
        block(0, {"toolUse": {"input": '{"q": '}}, {"toolUse": {"input": "1}"}},
              toolUse={"toolUseId": "s", "name": "web", "type": "server_tool_use"}),
        {"toolUse": {"toolUseId": "s", "name": "web", "type": "server_tool_use", "input": {"q": 1}}},
    ),
    (
        block(0, {"toolResult": [{"text": "a"}]}, {"toolResult": [{"json": 1}]}, toolResult={"toolUseId": "s"}),
        {"toolResult": {"toolUseId": "s", "content": [{"text": "a"}, {"json": 1}]}},
    ),
    (
        block(0, {"image": {"source": {"bytes": "iVBO"}}}, image={"format": "png"}),
        {"image": {"format": "png", "source": {"bytes": "iVBO"}}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("frames", "whole"), BLOCKS)
def test_every_block_goes_back_as_its_frames_made_it(frames: bytes, whole: Any) -> None:
    done = ended(answer(frames, ours(1, "{}")))

    assert done.output[0] == whole
    assert (len(done.hidden), done.own, done.normal) == (1, False, True)


@pytest.mark.parametrize(
    ("given", "read"), [(['{"ref": '], {INVALID: '{"ref": '}), (["[", "]"], {INVALID: "[]"}), ([], {}), ([""], {})]
)
def test_arguments_that_are_no_object_are_sent_back_as_one(given: Sequence[str], read: Any) -> None:
    done = ended(answer(ours(0, *given)))

    assert done.normal
    assert done.hidden[0].args == read
    assert done.output == ({"toolUse": {"toolUseId": "tooluse_1", "name": TOOL, "input": read}},)


def test_a_text_of_blanks_is_not_sent_back() -> None:
    assert [next(iter(one)) for one in ended(answer(block(0, {"text": "\n\n"}), ours(1))).output] == ["toolUse"]


def test_events_that_are_not_what_they_should_be_do_no_harm() -> None:
    odd = [event("contentBlockStart"), event("contentBlockDelta"), event("contentBlockStop", contentBlockIndex=None),
           event("contentBlockDelta", contentBlockIndex="0", delta=7), event("messageStop"), event("metadata"),
           frame({":event-type": "contentBlockStart"}, b"[7]"), frame({}, b"no JSON"), event("novel")]  # fmt: skip
    turn = ConverseStream()
    shown = turn.feed(b"".join(odd) + answer(ours(0)))

    assert turn.end_round().hidden
    assert shown.startswith(b"".join(odd))


def test_the_mark_of_the_cache_moves_behind_what_was_fetched() -> None:
    played = play("converse", [Reply("one", calls=[OURS]), Reply("two", calls=[OURS]), Reply("three")])

    assert [json.dumps(body).count("cachePoint") for body in played.sent] == [1, 1, 1]
    assert [body["messages"][-1]["content"][-1] for body in played.sent] == [MARK] * 3


@pytest.mark.parametrize("content", [[{"text": "hi"}], [MARK], [MARK, {"text": "hi"}]])
def test_a_mark_that_ends_nothing_stays(content: Any) -> None:
    body = {"messages": [{"role": "user", "content": content}]}
    sent = Converse().follow_up(body, ended(answer(ours(0))), [Answer("tooluse_1", "a"), Answer("x", "b", True)])

    assert sent["messages"][0] == body["messages"][0]
    results = [result["toolResult"] for result in sent["messages"][-1]["content"]]
    assert [(result["toolUseId"], result["status"]) for result in results] == [("tooluse_1", "success"), ("x", "error")]


def test_a_turn_whose_thoughts_the_client_drops_is_known_by_its_calls_or_its_text() -> None:
    for last in (Reply("two", calls=[READ]), Reply("two")):
        played = play("converse", [Reply("one ", thinking="a", calls=[OURS]), last])
        body = goes_on(played)
        for message in body["messages"]:
            message["content"] = [one for one in message["content"] if "reasoningContent" not in one]

        restored = expanded("converse", body, played.records)
        assert f"'name': '{TOOL}', 'input'" in str(restored)
        assert faults(played, restored) == []


def test_a_user_s_words_behind_what_was_fetched_are_one_message() -> None:
    played = play("converse", [Reply("one", calls=[OURS]), Reply("two", calls=[OURS])])
    body = goes_on(played)
    restored = expanded("converse", body, played.records)

    assert faults(played, restored) == []
    assert [message["role"] for message in restored["messages"]] == ["user", "assistant"] * 2 + ["user"]
    assert [next(iter(one)) for one in restored["messages"][-1]["content"]] == ["toolResult", "text", "cachePoint"]


def test_marks_among_the_model_s_blocks_stay_the_client_s() -> None:
    played = play("converse", [Reply("one", calls=[OURS]), Reply("two", calls=[READ])])
    body = goes_on(played)
    body["messages"][1]["content"].append(MARK)
    restored = expanded("converse", body, played.records)

    assert json.dumps(restored).count("cachePoint") == json.dumps(body).count("cachePoint") == 2
    assert restored["messages"][3]["content"][-1] == MARK


def test_a_turn_of_cited_words_alone_is_known_again() -> None:
    said = {"citationsContent": {"content": [{"text": "it is so"}], "citations": [{"title": "t"}]}}
    body = {"messages": [{"role": "user", "content": [{"text": "q"}]}, {"role": "assistant", "content": [said]}]}

    assert len(Converse().keys(body)) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(400, "validationException"), (429, "throttlingException"), (500, "internalServerException")]
)
def test_a_refusal_is_an_exception_in_bedrock_s_own_words(status: int, kind: str) -> None:
    turn = ConverseStream()
    turn.feed(answer(block(0, {"text": "one"}), ours(1)))
    turn.end_round()
    (found,) = Frames().feed(turn.failed(status, b'{"message": "Too many tokens, please wait."}'))

    assert found.headers[":exception-type"] == kind
    assert json.loads(found.payload) == {"message": "Too many tokens, please wait."}


def test_where_only_thoughts_were_shown_the_answer_had_better_break_off() -> None:
    turn = ConverseStream()
    turn.feed(answer(block(0, {"reasoningContent": {"text": "hm"}}), ours(1)))
    turn.end_round()

    assert turn.failed(400, b"{}") == b""
