"""One answer to the client, in every dialect: our calls are taken out, the rest is the provider's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.proxy.retrieve import DIALECTS
from headroom.retrieval import TOOL
from headroom.testing import Call, Reply
from tests.retrieve_rounds import OURS, READ, client_of, feed, play, provider
from tests.retrieve_samples import CLIENTS

ALL = sorted(CLIENTS)
WAYS = [pytest.param(True, None, id="stream"), pytest.param(True, 1, id="bytes"), pytest.param(False, 7, id="whole")]
CUT_OFF = {
    "anthropic": "max_tokens",
    "openai-chat": "length",
    "openai-responses": "incomplete",
    "gemini": "MAX_TOKENS",
    "converse": "max_tokens",
}
ODD_EVENTS = b': a comment\n\nevent: novel\r\ndata: {"type":\r\ndata: "novel"}\r\n\r\nid: 7\n\ndata: no JSON\n\n'

many = pytest.mark.parametrize("dialect", ALL)
ways = pytest.mark.parametrize(("stream", "size"), WAYS)


def plain(dialect: str, reply: Reply, stream: bool = True) -> bytes:
    """An answer as the provider sends it."""
    client = client_of(dialect)
    return provider().says(client, client.body(stream), reply, stream=stream)


def passed(dialect: str, data: bytes, stream: bool = True, size: int | None = None) -> bytes:
    """The same answer as the client gets it."""
    turn = DIALECTS[dialect].turn(stream=stream)
    shown = feed(turn, data, size)
    assert not turn.end_round().hidden
    return shown + turn.finish()


def texts(played: Any) -> str:
    return "".join(text for text in ("one", "two", "three") if text.encode() in played.shown)


@many
@ways
@pytest.mark.parametrize(
    "reply",
    [
        Reply("A text of a few words, é.", thinking="hm"),
        Reply("x", calls=[READ, Call("write", {"text": 'headroom: "\n'})]),
        Reply("cut", stop="stopped"),
        Reply("half of", thinking="hm", error="overloaded"),
    ],
    ids=["text", "calls", "cut off", "error"],
)
def test_an_answer_without_our_call_passes_byte_for_byte(
    dialect: str, reply: Reply, stream: bool, size: int | None
) -> None:
    data = plain(dialect, reply, stream)

    assert passed(dialect, data, stream, size) == data


@many
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_stream_passes_byte_for_byte_whatever_else_it_says_and_wherever_it_ends(
    dialect: str, data: st.DataObject
) -> None:
    stream = STREAMS[dialect]
    odd = ODD_EVENTS.join([b"", stream.replace(b"\n\n", b"\n\n" + ODD_EVENTS)])
    cut = odd[: data.draw(st.integers(0, len(odd)))]

    assert passed(dialect, cut, size=data.draw(st.integers(1, 400))) == cut


@many
@ways
def test_an_answer_that_is_none_passes_as_it_is(dialect: str, stream: bool, size: int | None) -> None:
    for data in (b"", b"\n", b"<html>502</html>", b"[]", b'{"error": {}}', b"\xff\xfe", b'data: {"choices": [7]}\n\n'):
        assert passed(dialect, data, stream, size) == data


@many
@ways
def test_our_call_alone_is_answered_and_the_turn_goes_on(dialect: str, stream: bool, size: int | None) -> None:
    played = play(dialect, [Reply("one", thinking="hm", calls=[OURS]), Reply("two")], stream=stream, size=size)

    (first, answers), (last, none) = played.rounds
    assert (first.hidden[0].args, first.own, first.normal) == (dict(OURS.args), False, True)
    assert [answer.id for answer in answers] == [call.id for call in first.hidden]
    assert (last.hidden, none) == ((), ())
    assert texts(played) == "onetwo"
    assert TOOL.encode() not in played.shown
    assert played.told.calls == []


@many
@ways
@pytest.mark.parametrize("calls", [[OURS, READ], [READ, OURS], [OURS, READ, OURS, READ]], ids=["first", "last", "both"])
def test_with_calls_of_the_client_the_turn_ends(
    dialect: str, calls: list[Call], stream: bool, size: int | None
) -> None:
    played = play(dialect, [Reply("one", calls=calls), Reply("two")], stream=stream, size=size)

    assert len(played.rounds) == 1
    assert played.rounds[0][0].own
    assert len(played.told.calls) == calls.count(READ)
    assert TOOL.encode() not in played.shown


@many
@ways
def test_a_turn_may_have_many_rounds_and_two_calls_in_one(dialect: str, stream: bool, size: int | None) -> None:
    replies = [Reply("one", calls=[OURS, OURS]), Reply(calls=[OURS]), Reply("two", calls=[OURS]), Reply("three")]
    played = play(dialect, [*replies[:3], Reply("three", calls=[READ, READ])], stream=stream, size=size)

    assert [len(done.hidden) for done, _ in played.rounds] == [2, 1, 1, 0]
    assert texts(played) == "onetwothree"
    assert len(played.told.calls) == 2
    assert TOOL.encode() not in played.shown


@many
@ways
def test_a_client_may_be_shown_nothing_but_thoughts_or_nothing_at_all(
    dialect: str, stream: bool, size: int | None
) -> None:
    for thinking in ("hm", ""):
        played = play(dialect, [Reply(thinking=thinking, calls=[OURS])] * 3, stream=stream, size=size)

        assert len(played.rounds) == 3
        assert TOOL.encode() not in played.shown
        assert played.told.calls == []


@many
@ways
def test_a_turn_that_ends_with_our_call_ends_normally(dialect: str, stream: bool, size: int | None) -> None:
    played = play(dialect, [Reply("one", calls=[OURS]), Reply("two", calls=[OURS])], stream=stream, size=size)

    assert played.told.stop not in (None, *CLIENTS[dialect].stops)


@many
@ways
def test_our_call_in_an_answer_that_was_cut_off_never_happened(dialect: str, stream: bool, size: int | None) -> None:
    for own in ([], [READ]):
        reply = Reply("one", calls=[OURS, *own], stop=CUT_OFF[dialect])
        played = play(dialect, [reply, Reply("two")], stream=stream, size=size)

        assert [done.normal for done, _ in played.rounds] == [False]
        assert played.told.stop == CUT_OFF[dialect]
        assert texts(played) == "one"
        assert TOOL.encode() not in played.shown
        assert played.records == {}


@many
@ways
def test_a_later_round_that_is_cut_off_says_so(dialect: str, stream: bool, size: int | None) -> None:
    last = Reply("two", calls=[OURS], stop=CUT_OFF[dialect])
    played = play(dialect, [Reply("one", calls=[OURS]), last], stream=stream, size=size)

    assert played.told.stop == CUT_OFF[dialect]
    assert texts(played) == "onetwo"
    assert TOOL.encode() not in played.shown


@many
@ways
def test_the_client_is_told_the_last_prompt_and_all_that_was_made(dialect: str, stream: bool, size: int | None) -> None:
    replies = [Reply(calls=[OURS], output_tokens=100), Reply(calls=[OURS], output_tokens=20), Reply(output_tokens=3)]
    played = play(dialect, replies, stream=stream, size=size)
    fresh = play(dialect, replies[:1], stream=stream)
    figures = [usage(part) for part in (played.shown, fresh.shown)]

    assert figures[0]["made"] == 123
    assert figures[0]["prompt"] > figures[1]["prompt"]  # that of the last round, which is longer


def usage(data: bytes) -> dict[str, int]:
    """What the last words on usage say."""
    text = data.decode("utf-8", "replace")

    def last(*names: str) -> int:
        for name in names:
            found = text.rpartition(f'"{name}":')[2]
            if found != text:
                return int("".join(c for c in found.lstrip().partition(",")[0] if c.isdigit()))
        raise AssertionError(names)

    prompt = last("input_tokens", "prompt_tokens", "promptTokenCount", "cacheReadInputTokens")
    return {
        "made": last("output_tokens", "completion_tokens", "candidatesTokenCount", "outputTokens"),
        "prompt": prompt,
    }


@many
def test_a_round_whose_last_event_no_blank_line_ends_does_not_run_into_the_next(dialect: str) -> None:
    first, second = (plain(dialect, reply) for reply in (Reply("one", calls=[OURS]), Reply("two")))
    turn = DIALECTS[dialect].turn(stream=True)
    shown = feed(turn, first.rstrip())
    assert turn.end_round().normal
    shown += feed(turn, second.rstrip())
    turn.end_round()
    told = CLIENTS[dialect](1, "question").told(shown + turn.finish(), True)

    assert told.stop not in (None, *CLIENTS[dialect].stops)
    assert "onetwo" in json.dumps(told.turn).replace('"}, {"type": "text", "text": "', "") or "two" in str(told.turn)


@many
def test_the_tool_stands_first_where_the_model_may_choose_it(dialect: str) -> None:
    body = CLIENTS[dialect](1, "question").body(False)
    declared = DIALECTS[dialect].declared(body)

    tools = str(declared.get("tools") or declared["toolConfig"])
    assert tools.index(TOOL) < tools.index("read")
    assert {**declared, **{key: body[key] for key in ("tools", "toolConfig") if key in body}} == body
    assert DIALECTS[dialect].declared(declared) is declared  # there it is the client's own


CONVERSE_TOOLS = {"tools": [{"toolSpec": {"name": "read", "inputSchema": {"json": {}}}}]}
FORCED: dict[str, list[dict[str, Any]]] = {
    "anthropic": [{"tool_choice": {"type": kind}} for kind in ("any", "none", "tool")],
    "openai-chat": [{"tool_choice": "none"}, {"tool_choice": "required"}, {"tool_choice": {"type": "function"}}],
    "openai-responses": [{"tool_choice": "required"}, {"tool_choice": {"type": "allowed_tools"}}],
    "gemini": [{"toolConfig": {"functionCallingConfig": {"mode": mode}}} for mode in ("ANY", "NONE")]
    + [{"tool_config": {"function_calling_config": {"mode": "ANY"}}}],
    "converse": [{"toolConfig": {**CONVERSE_TOOLS, "toolChoice": {kind: {}}}} for kind in ("any", "tool")],
}
ELSEWHERE: dict[str, list[dict[str, Any]]] = {
    "anthropic": [{"tools": []}, {"tools": None}],
    "openai-chat": [{"n": 2}, {"tools": []}],
    "openai-responses": [{"conversation": "conv_1"}, {"background": True}, {"tools": []}],
    "gemini": [{"tools": []}, {"tools": [{"googleSearch": {}}]}],
    "converse": [{"toolConfig": {}}, {"toolConfig": None}, {"toolConfig": {"tools": [{"systemTool": {"name": "x"}}]}}],
}


@many
def test_where_the_choice_is_made_the_tool_is_not_offered_unless_it_was_before(dialect: str) -> None:
    body = CLIENTS[dialect](1, "question").body(False)

    for change in FORCED[dialect]:
        asked = {**body, **change}
        assert DIALECTS[dialect].declared(asked) is asked
        assert TOOL in str(DIALECTS[dialect].declared(asked, always=True))
    for change in ELSEWHERE[dialect]:
        asked = {**body, **change}
        assert DIALECTS[dialect].declared(asked) is DIALECTS[dialect].declared(asked, always=True) is asked


STREAMS = {dialect: plain(dialect, Reply("A few words of text.", thinking="hm", calls=[READ])) for dialect in ALL}
