"""Chat Completions: what is particular to its chunks, its servers and its clients."""

from __future__ import annotations

import json
from typing import Any

from headroom.proxy.retrieve.openai_chat import ChatStream, ChatWhole, OpenAIChat
from headroom.proxy.retrieve.turn import Answer
from headroom.retrieval import TOOL
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, READ, expanded, faults, feed, goes_on, play
from tests.retrieve_samples import Chat, Object

END: Object = {"usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}, "choices": []}


def chunks(*deltas: Object, stop: str = "tool_calls", **extra: Any) -> bytes:
    """A streamed answer of these deltas."""
    told = [{"id": "c1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **extra} for delta in deltas]
    told.append({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": stop}]})
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in [*told, END]) + b"data: [DONE]\n\n"


def called(name: str, number: str, index: int = 0, given: str = "{}") -> Object:
    return {"tool_calls": [{"index": index, "id": number, "function": {"name": name, "arguments": given}}]}


def test_calls_that_a_server_gives_the_same_index_are_told_apart_by_their_ids() -> None:
    data = chunks(called("read", "a"), called(TOOL, "b"), called("read", "c"))
    turn = ChatStream()
    shown = feed(turn, data, 1)
    done = turn.end_round()
    shown += turn.finish()

    assert [call.id for call in done.hidden] == ["b"]
    assert [call["id"] for call in done.output[0]["tool_calls"]] == ["a", "b", "c"]
    assert TOOL.encode() not in shown
    assert Chat(1, "x").told(shown, True).calls == ["a", "c"]


def test_such_an_answer_without_our_call_is_left_as_it_is() -> None:
    data = chunks(called("read", "a"), called("read", "b"))

    turn = ChatStream()
    assert feed(turn, data) == data
    assert not turn.end_round().hidden


def test_arguments_that_are_no_object_are_answered_and_sent_back_as_they_were() -> None:
    turn = ChatStream()
    turn.feed(chunks(called(TOOL, "a", given='{"ref": ')))
    done = turn.end_round()
    sent = OpenAIChat().follow_up({"messages": []}, done, [Answer("a", "no JSON", True)])

    assert (done.normal, done.hidden[0].args) == (True, None)
    assert sent["messages"][0]["tool_calls"][0]["function"]["arguments"] == '{"ref": '
    assert sent["messages"][1] == {"role": "tool", "tool_call_id": "a", "content": "no JSON"}


def test_what_a_round_thought_is_sent_back_with_it() -> None:
    details = [{"type": "reasoning.encrypted", "data": "x"}, {"type": "reasoning.text", "text": "y"}]
    thought: list[Object] = [{"reasoning_content": "h"}, {"reasoning_content": "m", "reasoning_details": details[:1]}]
    turn = ChatStream()
    turn.feed(chunks(*thought, {"reasoning_details": details[1:]}, called(TOOL, "a")))
    message = turn.end_round().output[0]

    assert (message["reasoning_content"], message["reasoning_details"]) == ("hm", details)
    assert message["content"] is None


def test_thoughts_that_the_client_joined_are_taken_apart() -> None:
    played = play("openai-chat", [Reply("one ", thinking="a", calls=[OURS]), Reply("two", thinking="b", calls=[READ])])
    body = goes_on(played)
    restored = expanded("openai-chat", body, played.records)

    assert body["messages"][1]["reasoning_content"] == "ab"
    assert [message.get("reasoning_content") for message in restored["messages"][1:4]] == ["a", None, "b"]


def test_thoughts_that_the_client_dropped_stay_dropped() -> None:
    played = play("openai-chat", [Reply("one ", thinking="a", calls=[OURS]), Reply("two", thinking="b")])
    body = goes_on(played)
    del body["messages"][1]["reasoning_content"]

    assert "reasoning_content" not in str(expanded("openai-chat", body, played.records))


def test_blanks_that_the_client_trimmed_make_no_message_of_their_own() -> None:
    for last in (Reply(calls=[READ, OURS]), Reply("two \n")):
        played = play("openai-chat", [Reply("\n one \n", calls=[OURS]), last])
        body = goes_on(played)
        body["messages"][1]["content"] = body["messages"][1]["content"].strip()
        restored = expanded("openai-chat", body, played.records)

        assert faults(played, restored) == []
        assert json.dumps(restored["messages"]).count("one") == 1
        assert TOOL in str(restored["messages"])


def test_the_client_s_own_call_is_as_the_client_spells_it() -> None:
    played = play("openai-chat", [Reply(calls=[OURS, READ])])
    body = goes_on(played)
    body["messages"][1]["tool_calls"][0]["function"]["arguments"] = '{"path":"a.py"}'
    restored = expanded("openai-chat", body, played.records)["messages"][1]["tool_calls"]

    assert [call["function"]["name"] for call in restored] == [TOOL, "read"]
    assert restored[1]["function"]["arguments"] == '{"path":"a.py"}'


def test_ids_that_a_server_counts_mean_something_only_in_their_place() -> None:
    def turn_of(question: str) -> tuple[dict[bytes, Any], list[bytes]]:
        turn = ChatStream()
        turn.feed(chunks(called(TOOL, "functions.look:0"), called("read", "functions.read:1", 1)))
        done = turn.end_round()
        request = {"messages": [{"role": "user", "content": question}]}
        record = turn.record(request, [(done, (Answer("functions.look:0", "found"),))])
        assert record is not None
        said = {"role": "assistant", "tool_calls": [{"id": "functions.read:1", "function": {"name": "read"}}]}
        return dict.fromkeys(record.keys), OpenAIChat().keys({"messages": [*request["messages"], said]})

    records, sought = turn_of("a question")
    _, other = turn_of("another question")
    assert set(sought) <= set(records)
    assert not set(other) & set(records)


def test_usage_that_stands_in_every_chunk_passes_in_every_chunk() -> None:
    data = chunks({"content": "a"}, {"content": "b"}, stop="stop", usage=END["usage"])
    turn = ChatStream()
    assert feed(turn, data, 3) == data
    turn.end_round()
    assert turn.finish() == b""


def test_chunks_that_are_not_what_they_should_be_do_no_harm() -> None:
    odd = (
        b'data: {"choices": [{"finish_reason": "x"}]}\n\ndata: {"usage": {}, "choices": {}}\n\ndata: {"choices": 7}\n\n'
    )
    odd = odd.replace(b'data: {"choices": 7}\n\n', b'data: {"tool_calls": 7}\n\n')
    turn = ChatStream()
    shown = turn.feed(odd + chunks(called(TOOL, "a")))
    assert shown.startswith(odd)
    assert turn.end_round().hidden


def test_a_whole_answer_sends_back_nothing_that_is_empty() -> None:
    message: Object = {"role": "assistant", "content": None, "refusal": None, "audio": None, "annotations": []}
    calls = [{"id": "a", "function": {"name": TOOL, "arguments": "{}"}}]
    turn = ChatWhole()
    answer = {"choices": [{"message": {**message, "tool_calls": calls}, "finish_reason": "tool_calls"}]}
    turn.feed(json.dumps(answer).encode())

    assert turn.end_round().output[0] == {"role": "assistant", "content": None, "tool_calls": calls}
