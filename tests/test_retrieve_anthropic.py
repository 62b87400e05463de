"""Anthropic Messages: what is particular to its blocks, its events and its clients."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from headroom.proxy.retrieve.anthropic import INVALID, Anthropic, AnthropicStream
from headroom.proxy.retrieve.turn import Answer
from headroom.retrieval import TOOL
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, READ, expanded, faults, feed, goes_on, play

MARK = {"type": "ephemeral"}


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def answer(given: str, *, before: str = "") -> bytes:
    """A streamed answer that calls our tool with these arguments, after a text."""
    block = {"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": {}}
    said = [
        event("content_block_start", index=0, content_block={"type": "text", "text": before}),
        event("content_block_stop", index=0),
        event("content_block_start", index=1, content_block=block),
        event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": given}),
        event("content_block_stop", index=1),
    ]
    end = event("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 1}) + event("message_stop")
    return b"".join([event("message_start", message={"usage": {}}), *said[0 if before else 2 :], end])


def test_the_mark_of_the_cache_moves_to_what_was_fetched() -> None:
    played = play("anthropic", [Reply("one", calls=[OURS]), Reply("two", calls=[OURS]), Reply("three")])
    marked = [json.dumps(body).count("cache_control") for body in played.sent]

    assert len(set(marked)) == 1
    for body in played.sent[1:]:
        assert body["messages"][-1]["content"][-1].get("cache_control") == MARK or marked == [0, 0, 0]


@pytest.mark.parametrize("content", ["hi", [{"type": "text", "text": "hi", "cache_control": MARK}]])
def test_the_last_message_loses_its_mark_and_a_string_has_none(content: Any) -> None:
    body = {"messages": [{"role": "user", "content": content}]}
    turn = AnthropicStream()
    turn.feed(answer('{"ref": "x"}'))
    sent = Anthropic().follow_up(body, turn.end_round(), [Answer("toolu_1", "a"), Answer("toolu_2", "b", True)])

    assert "cache_control" not in json.dumps(sent["messages"][0])
    first, last = sent["messages"][-1]["content"]
    assert ("cache_control" in first, "cache_control" in last) == (False, content != "hi")
    assert last["is_error"] is True


@pytest.mark.parametrize(("given", "read"), [('{"ref": ', {INVALID: '{"ref": '}), ("[]", {INVALID: "[]"}), ("", {})])
def test_arguments_that_are_no_object_are_sent_back_as_the_manual_says(given: str, read: Any) -> None:
    turn = AnthropicStream()
    shown = turn.feed(answer(given))
    done = turn.end_round()

    assert done.normal
    assert done.hidden[0].args == read
    assert done.output[0]["input"] == read
    assert TOOL.encode() not in shown


def test_a_text_of_blanks_is_not_sent_back() -> None:
    turn = AnthropicStream()
    turn.feed(answer("{}", before="\n\n"))

    assert [block["type"] for block in turn.end_round().output] == ["tool_use"]


def test_events_without_names_are_read_by_what_they_say() -> None:
    data = b"".join(line + b"\n\n" for line in answer("{}").split(b"\n") if line.startswith(b"data:"))
    turn = AnthropicStream()
    shown = feed(turn, data, 1)

    assert turn.end_round().hidden
    assert TOOL.encode() not in shown + turn.finish()


def test_events_that_are_not_what_they_should_be_do_no_harm() -> None:
    odd = b"".join(
        [event("content_block_start"), event("content_block_delta", index=9), event("content_block_delta"),
         event("content_block_stop", index=None), event("message_delta"), event("message_start"),
         b"event: content_block_start\ndata: [7]\n\n"]
    )  # fmt: skip
    turn = AnthropicStream()
    shown = turn.feed(odd + answer("{}"))

    assert turn.end_round().hidden
    assert shown.startswith(odd)


def test_a_turn_whose_thoughts_the_client_drops_is_known_by_its_calls_or_its_text() -> None:
    for last in (Reply("two", calls=[READ]), Reply("two")):
        played = play("anthropic", [Reply("one ", thinking="a", calls=[OURS]), last])
        body = goes_on(played)
        for message in body["messages"]:
            if message["role"] == "assistant":
                message["content"] = [block for block in message["content"] if block["type"] != "thinking"]

        restored = expanded("anthropic", body, played.records)
        assert f"'name': '{TOOL}', 'input'" in str(restored)
        assert faults(played, restored) == []


def test_results_that_wait_do_not_wait_past_the_model_s_next_words() -> None:
    played = play("anthropic", [Reply("one", calls=[OURS, READ])])
    said = played.told.turn[0]
    said["content"] = [block for block in said["content"] if block["type"] != "tool_use"]
    body = {**played.asked, "messages": [*played.asked["messages"], said]}
    then = [{"role": "assistant", "content": "more"}, {"role": "user", "content": "and?"}]

    for after in ([], then):
        restored = expanded("anthropic", {**body, "messages": [*body["messages"], *after]}, played.records)
        assert faults(played, restored) == []
        assert restored["messages"][2]["content"][0]["type"] == "tool_result"


def test_messages_of_the_system_stand_where_they_stood() -> None:
    played = play("anthropic", [Reply("one", calls=[OURS]), Reply("two")])
    body = goes_on(played)
    body["messages"].insert(-1, {"role": "system", "content": "a reminder"})
    restored = expanded("anthropic", body, played.records)

    roles = [message["role"] for message in restored["messages"]]
    assert roles == ["user", "assistant", "user", "assistant", "system", "user"]


def test_marks_on_the_model_s_blocks_stay_the_client_s() -> None:
    played = play("anthropic", [Reply("one", calls=[OURS]), Reply("two", calls=[READ])])
    body = goes_on(played)
    marked = copy.deepcopy(body)
    marked["messages"][1]["content"][-1]["cache_control"] = MARK
    restored = expanded("anthropic", marked, played.records)

    assert json.dumps(restored).count("cache_control") == json.dumps(marked).count("cache_control")
    assert restored["messages"][3]["content"][-1]["cache_control"] == MARK


def test_errors_that_are_no_json_are_told_as_errors() -> None:
    turn = AnthropicStream()
    turn.feed(answer("{}", before="one"))
    turn.end_round()

    told = turn.failed(502, b"<html>bad gateway</html>").decode()
    assert told.startswith("event: error\n")
    assert json.loads(told.partition("data: ")[2])["error"] == {
        "type": "api_error", "message": "<html>bad gateway</html>",
    }  # fmt: skip
