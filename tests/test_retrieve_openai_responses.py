"""Responses: what is particular to its items, its events and its clients."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headroom.proxy.retrieve.openai_responses import OpenAIResponses, ResponsesStream
from headroom.proxy.retrieve.turn import Answer
from headroom.retrieval import TOOL
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, READ, client_of, expanded, faults, feed, goes_on, play, provider
from tests.retrieve_samples import Object, events

DIALECT = "openai-responses"


def names(body: Object) -> list[str]:
    """What the items of a request are, in order."""
    return [item.get("name") or item.get("type") or item["role"] for item in body["input"]]


@pytest.mark.parametrize("stream", [True, False])
def test_results_wait_for_the_request_that_goes_on_from_their_answer(stream: bool) -> None:
    client = client_of(DIALECT)
    kept = {key: value for key, value in client.body(stream).items() if key != "store"}
    body = OpenAIResponses().declared(kept)
    turn = OpenAIResponses().turn(stream=stream)
    shown = feed(turn, provider().says(client, body, Reply("one", calls=[OURS, READ]), stream=stream))
    done = turn.end_round()
    shown += turn.finish()
    record = turn.record(kept, [(done, (Answer(done.hidden[0].id, "found"),))])
    response = (
        [event["response"] for event in events(shown) if "response" in event][-1] if stream else json.loads(shown)
    )
    output = {"type": "function_call_output", "call_id": client.told(shown, stream).calls[0], "output": "read"}
    following = {**kept, "previous_response_id": response["id"], "input": [output]}

    assert record is not None
    sent = expanded(DIALECT, following, dict.fromkeys(record.keys, record.data))
    assert [item["output"] for item in sent["input"]] == ["found", "read"]
    provider().says(client, sent, Reply("two"), stream=stream)


def test_items_without_ids_are_known_by_their_text_and_by_what_is_sealed() -> None:
    for reply in (Reply("two"), Reply("two", thinking="b"), Reply("two", calls=[READ])):
        played = play(DIALECT, [Reply("one", calls=[OURS]), reply])
        body = goes_on(played)
        body["input"] = [{key: value for key, value in item.items() if key != "id"} for item in body["input"]]
        restored = expanded(DIALECT, body, played.records)

        assert names(restored)[:4] == ["user", "message", TOOL, "function_call_output"]
        assert faults(played, restored) == []


def test_items_may_be_told_by_their_ids_alone() -> None:
    played = play(DIALECT, [Reply("one", thinking="a", calls=[OURS]), Reply("two")])
    body = goes_on(played)
    kept = played.client.history
    body["input"] = [{"type": "item_reference", "id": item["id"]} if "id" in item else item for item in kept]
    restored = names(expanded(DIALECT, body, played.records))

    refs = ["item_reference"] * 2
    assert restored == ["user", *refs, TOOL, "function_call_output", "item_reference", "user"]


def test_equal_words_in_another_turn_are_not_of_this_one() -> None:
    played = play(DIALECT, [Reply("one", calls=[OURS]), Reply("one", calls=[OURS]), Reply("one")])
    body = goes_on(played)
    body["input"] = [{key: value for key, value in item.items() if key != "id"} for item in body["input"]]
    del body["input"][1:3]
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "one"}]}
    body["input"] += [said, {"role": "user", "content": "and?"}]
    restored = names(expanded(DIALECT, body, played.records))

    assert restored.count("user") == 3
    assert restored[-3:] == ["user", "message", "user"]


def test_tools_that_stand_in_the_input_are_added_to_there() -> None:
    extra = {"type": "additional_tools", "tools": [{"type": "namespace", "name": "functions", "tools": []}]}
    body = {"input": [extra, {"role": "user", "content": "hi"}]}
    declared = OpenAIResponses().declared(body)

    assert [tool["name"] for tool in declared["input"][0]["tools"]] == [TOOL, "functions"]
    assert declared["input"][1:] == body["input"][1:]
    assert OpenAIResponses().declared(declared) is declared


def test_a_question_that_is_a_string_becomes_an_item_once_there_is_more() -> None:
    done = play(DIALECT, [Reply("one", calls=[OURS, READ])]).rounds[0][0]
    sent = OpenAIResponses().follow_up({"input": "hi"}, done, [Answer(done.hidden[0].id, "found")])

    assert names(sent)[:3] == ["message", "message", TOOL]


def stream(*told: Object) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in told)


def item_events(item: Object, index: int, number: int) -> list[Object]:
    """An item's events, with the type last, as some servers write it."""
    place = {"output_index": index, "item": item}
    return [
        {"sequence_number": number, **place, "type": "response.output_item.added"},
        {"sequence_number": number + 1, **place, "type": "response.output_item.done"},
    ]


CALL: Object = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": TOOL, "arguments": "{}"}
TEXT: Object = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "a"}],
}


def test_numbers_go_on_from_where_the_server_began_and_the_type_may_stand_last() -> None:
    end = {"type": "response.completed", "sequence_number": 14, "response": {"id": "resp_1", "output": []}}
    turn = ResponsesStream()
    opening = {"type": "response.created", "sequence_number": 10, "response": {"id": "resp_1"}}
    shown = turn.feed(stream(opening, *item_events(CALL, 0, 11), *item_events(TEXT, 1, 13), end))
    assert turn.end_round().hidden
    shown += turn.feed(stream(opening, *item_events({**TEXT, "id": "msg_2"}, 0, 11), end))
    turn.end_round()
    told = events((shown + turn.finish()).replace(b"event:", b":"))

    assert [event["sequence_number"] for event in told] == list(range(10, 16))
    assert [event["output_index"] for event in told[1:5]] == [0, 0, 1, 1]
    assert [item["id"] for item in told[-1]["response"]["output"]] == ["msg_1", "msg_2"]


def test_a_server_without_numbers_gets_none() -> None:
    plain: list[Any] = [{k: v for k, v in event.items() if k != "sequence_number"} for event in item_events(CALL, 0, 0)]
    turn = ResponsesStream()
    turn.feed(stream(*plain, {"type": "response.completed", "response": {}}))
    turn.end_round()
    shown = turn.feed(stream({"type": "response.output_text.delta", "output_index": 0, "delta": "x"}))
    turn.end_round()

    assert b"sequence_number" not in shown + turn.finish()


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (503, b"<html>", "server_error"),
        (429, b'{"error": {"message": "slow down"}}', "rate_limit_exceeded"),
        (400, b'{"error": {"code": "context_length_exceeded", "message": "m"}}', "context_length_exceeded"),
        (400, b'{"error": "text"}', "invalid_request_error"),
        (400, b"[]", "invalid_request_error"),
    ],
)
def test_a_refusal_has_a_code_that_clients_act_on(status: int, body: bytes, code: str) -> None:
    turn = ResponsesStream()
    turn.feed(stream(*item_events(CALL, 0, 0), {"type": "response.completed", "response": {"id": "resp_1"}}))
    turn.end_round()
    told = json.loads(turn.failed(status, body).partition(b"data: ")[2])

    assert (told["type"], told["response"]["status"]) == ("response.failed", "failed")
    assert (told["response"]["error"]["code"], bool(told["response"]["error"]["message"])) == (code, True)


def test_arguments_that_are_no_object_are_answered_and_sent_back_as_they_were() -> None:
    turn = ResponsesStream()
    turn.feed(stream(*item_events({**CALL, "arguments": "{"}, 0, 0), {"type": "response.completed", "response": {}}))
    done = turn.end_round()

    assert (done.normal, done.hidden[0].args, done.output[0]["arguments"]) == (True, None, "{")
