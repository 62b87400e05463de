"""Gemini: what is particular to its parts, its chunks and its clients."""

from __future__ import annotations

import copy
import json
from typing import Any

from headroom.proxy.retrieve.gemini import Gemini, GeminiStream
from headroom.proxy.retrieve.turn import Answer
from headroom.retrieval import TOOL
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, READ, expanded, faults, goes_on, play
from tests.retrieve_samples import Contents, Object, events

CALLS = [READ, OURS, READ]


def chunk(*parts: Object, stop: str | None = None, usage: Object | None = None) -> bytes:
    candidate: Object = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    told = {"candidates": [{**candidate, "finishReason": stop} if stop else candidate]}
    return b"data: " + json.dumps({**told, **({"usageMetadata": usage} if usage else {})}).encode() + b"\r\n\r\n"


def call(name: str, **fields: Any) -> Object:
    return {"functionCall": {"name": name, "args": {}, **fields}}


def renamed(body: Object) -> Object:
    """The body with the ids that the CLI makes when it resumes a session."""
    text = json.dumps(body)
    for part in [part for content in body["contents"] for part in content["parts"] if "functionCall" in part]:
        text = text.replace(part["functionCall"]["id"], f"read__{part['functionCall']['id'][-2:]}")
    changed = json.loads(text)
    assert isinstance(changed, dict)
    return changed


def test_a_turn_is_known_by_its_calls_where_the_client_renames_their_ids() -> None:
    played = play("gemini", [Reply("one", calls=[OURS]), Reply("two", calls=CALLS)])
    restored = expanded("gemini", renamed(goes_on(played)), played.records)

    assert faults(played, restored) == []
    named = [part["functionCall"]["name"] for part in restored["contents"][3]["parts"] if "functionCall" in part]
    assert named == ["read", TOOL, "read"]


def test_results_stand_in_the_order_of_the_calls_however_the_client_orders_its_own() -> None:
    played = play("gemini", [Reply("one", calls=CALLS)])
    body = goes_on(played)
    body["contents"][-1]["parts"].reverse()
    restored = expanded("gemini", body, played.records)

    ids = [part["functionCall"]["id"] for part in restored["contents"][1]["parts"] if "functionCall" in part]
    assert [part["functionResponse"]["id"] for part in restored["contents"][2]["parts"]] == ids
    assert faults(played, restored) == []


def test_a_call_that_the_client_dropped_is_dropped_and_one_it_changed_is_its_own() -> None:
    played = play("gemini", [Reply("one", calls=CALLS)])
    body = goes_on(played)
    dropped = copy.deepcopy(body)
    del dropped["contents"][1]["parts"][-1], dropped["contents"][2]["parts"][-1]
    assert faults(played, expanded("gemini", dropped, played.records)) == []

    changed = copy.deepcopy(body)
    for content, key in zip(changed["contents"][1:3], ("functionCall", "functionResponse"), strict=True):
        content["parts"][-1][key]["id"] = "another"
    changed["contents"][1]["parts"][-1]["functionCall"]["args"] = {"path": "b.py"}
    restored = expanded("gemini", changed, played.records)
    assert faults(played, restored) == []
    assert "b.py" in str(restored)


def test_calls_without_ids_are_answered_in_their_order() -> None:
    turn = GeminiStream()
    shown = turn.feed(chunk({"text": "one"}, call(TOOL), call("read", args={"a": 1}), call(TOOL), stop="STOP"))
    done = turn.end_round()
    shown += turn.finish()
    answers = (Answer("", "first"), Answer("", "second", True))
    request = {"contents": [{"parts": [{"text": "hi"}]}]}
    record = turn.record(request, [(done, answers)])
    told = Contents(1, "hi").told(shown.replace(b'"args":', b'"id": "", "args":'), True)
    assert record is not None

    said = json.loads(json.dumps(told.turn).replace('"id": "", ', ""))
    result = {"functionResponse": {"name": "read", "response": {"output": "read"}}}
    body = {"contents": [*request["contents"], *said, {"role": "function", "parts": [result]}]}
    restored = expanded("gemini", body, dict.fromkeys(record.keys, record.data))
    told_back = [part["functionResponse"]["response"] for part in restored["contents"][2]["parts"]]
    assert told_back == [{"output": "first"}, {"output": "read"}, {"error": "second"}]


def test_results_do_not_wait_past_the_model_s_next_words() -> None:
    played = play("gemini", [Reply("one", calls=[OURS, READ])])
    said = {"role": "model", "parts": [{"text": "one"}]}
    for after in ([], [{"role": "model", "parts": [{"text": "more"}]}]):
        body = {**played.asked, "contents": [*played.asked["contents"], said, *after]}
        assert faults(played, expanded("gemini", body, played.records)) == []


def test_blanks_that_the_client_trimmed_do_not_double_a_text() -> None:
    played = play("gemini", [Reply("\n one \n", calls=[OURS]), Reply("two")])
    body = goes_on(played)
    body["contents"][1]["parts"][0]["text"] = body["contents"][1]["parts"][0]["text"].strip()
    restored = expanded("gemini", body, played.records)

    assert [content["parts"][0].get("text") for content in restored["contents"][1:4]] == ["\n one \n", None, " \ntwo"]


def test_names_of_protocol_buffers_are_read_as_well() -> None:
    body = {"tools": [{"google_search": {}}, {"function_declarations": [{"name": "read"}]}], "contents": []}
    declared = Gemini().declared(body)
    assert [entry["name"] for entry in declared["tools"][1]["function_declarations"]] == [TOOL, "read"]

    turn = GeminiStream()
    shown = turn.feed(chunk({"function_call": {"name": TOOL, "args": {"ref": "x"}}}, stop="STOP"))
    assert turn.end_round().hidden[0].args == {"ref": "x"}
    assert shown == b""


def test_what_a_later_round_says_besides_its_parts_is_told() -> None:
    turn = GeminiStream()
    turn.feed(chunk(call(TOOL, id="a"), stop="STOP"))
    turn.end_round()
    blocked = b'data: {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 1}}\n\n'
    error = b'data: {"error": {"code": 503}}\n\n'
    assert turn.feed(blocked + error) == blocked + error
    assert not turn.end_round().normal
    assert turn.finish() == b""


def test_figures_add_up_from_wherever_they_stand() -> None:
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 2, "thoughtsTokenCount": 3, "totalTokenCount": 14}
    last = b'data: {"usageMetadata": ' + json.dumps({**usage, "promptTokenCount": 20}).encode() + b"}\n\n"
    turn = GeminiStream()
    turn.feed(chunk(call(TOOL, id="a"), stop="STOP", usage=usage))
    turn.end_round()
    shown = turn.feed(chunk({"text": "two"}, stop="STOP") + last)
    turn.end_round()
    told = events(shown + turn.finish())

    assert "usageMetadata" not in told[0]
    assert told[-1]["usageMetadata"] == {
        "promptTokenCount": 20, "candidatesTokenCount": 4, "thoughtsTokenCount": 6, "totalTokenCount": 19,
    }  # fmt: skip


def test_signed_texts_and_thoughts_are_sent_back_as_they_came() -> None:
    signed = {"text": "", "thoughtSignature": "c2ln"}
    turn = GeminiStream()
    thoughts = [{"text": "h", "thought": True}, {"text": "m", "thought": True}]
    turn.feed(
        chunk(*thoughts) + chunk({"text": "a"}) + chunk({"text": "b"}, signed, {"text": ""}, call(TOOL), stop="STOP")
    )

    assert turn.end_round().output == ({"text": "hm", "thought": True}, {"text": "ab"}, signed, call(TOOL))
