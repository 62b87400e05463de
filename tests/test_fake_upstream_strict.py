"""What the fake provider refuses: changed conversations, and requests that providers themselves refuse."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from headroom.testing import Call, FakeUpstream, Reply
from tests.proxies import CLIENTS, Answer, ask, complaint

DIALECTS = sorted(CLIENTS)
LOOK = Reply("Let me look.", thinking="Where is it?", calls=[Call("read", {"path": "a", "n": 1}), Call("ls")])
Body = dict[str, Any]


def second(dialect: str, change: Callable[[Body], object], script: tuple[Reply, ...] = (LOOK,)) -> tuple[Answer, str]:
    """The answer to the second request of a conversation after `change`, and the first violation."""
    client = CLIENTS[dialect]
    with FakeUpstream(script) as upstream:
        first = client.first("find it")
        first |= {"tools": [{"name": "read"}], "toolConfig": {"tools": [{"toolSpec": {"name": "read"}}]}}
        first |= {"system": [{"text": "s"}], "instructions": "s", "systemInstruction": "s"}
        answer = ask(upstream.url, client.path, first).json
        body = copy.deepcopy(client.following(first, answer, ["text of a", "a b"]))
        change(body)
        found = ask(upstream.url, client.path, body)
        return found, (upstream.violations or [""])[0]


def container(body: Body) -> list[Any]:
    found = body.get("messages") or body.get("input") or body.get("contents")
    assert isinstance(found, list)
    return found


def swap(body: Body, old: str, new: str) -> None:
    text = json.dumps(body)
    assert old in text
    body.clear()
    body.update(json.loads(text.replace(old, new)))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_prompt_that_changed_is_refused(dialect: str) -> None:
    answer, violation = second(dialect, lambda body: swap(body, "find it", "find them"))

    assert answer.status == 400
    assert "changed beginning" in violation
    assert "request 2" in violation
    assert complaint(answer) in violation


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_that_changed_is_refused(dialect: str) -> None:
    answer, violation = second(dialect, lambda body: swap(body, "Let me look.", "Let me see."))

    assert answer.status == 400
    assert "look" in violation
    assert "see" in violation
    assert "is not what it was in request 1" in violation


@pytest.mark.parametrize("dialect", DIALECTS)
def test_tools_must_stay(dialect: str) -> None:
    answer, violation = second(dialect, lambda body: body.update(tools=[], toolConfig={}))

    assert answer.status == 400
    assert "tools changed since request 1" in violation


@pytest.mark.parametrize("dialect", ["anthropic", "openai-responses", "gemini", "converse"])
def test_instructions_must_stay(dialect: str) -> None:
    _, violation = second(
        dialect, lambda body: body.update(system=[{"text": "t"}], instructions="t", systemInstruction="t")
    )

    assert "system changed since request 1" in violation


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_call_needs_its_result(dialect: str) -> None:
    def without_results(body: Body) -> None:
        last = container(body)[-1]
        if dialect in ("anthropic", "gemini", "converse"):
            last["parts" if dialect == "gemini" else "content"].pop()
        else:
            container(body).pop()

    answer, violation = second(dialect, without_results)

    assert answer.status == 400
    assert any(
        word in violation for word in ("without `tool_result`", "No tool", "number of function response", "Expected")
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_result_needs_its_call(dialect: str) -> None:
    def without_calls(body: Body) -> None:
        messages = container(body)
        keep = [messages[0], *[item for item in messages[1:] if _is_result(item)]]
        messages[:] = keep

    answer, violation = second(dialect, without_calls)

    assert answer.status == 400
    assert any(
        word in violation for word in ("unexpected", "must be a response", "No tool call", "without their calls")
    )


def _is_result(item: Body) -> bool:
    return (
        "result" in json.dumps(item).lower()
        or "Response" in json.dumps(item)
        or "output" in item
        or "tool_call_id" in item
    )


ANTHROPIC_FAULTS: dict[str, tuple[Callable[[Body], object], str]] = {
    "thinking dropped": (lambda body: container(body)[1]["content"].pop(0), "is not what it was"),
    "signature changed": (lambda body: container(body)[1]["content"][0].update(signature="x"), "is not what it was"),
    "arguments reordered": (
        lambda body: container(body)[1]["content"][2].update(input={"n": 1, "path": "a"}),
        "is not what it was",
    ),
    "text before results": (
        lambda body: container(body)[2]["content"].insert(0, {"type": "text", "text": "here"}),
        "must come first",
    ),
    "empty text": (
        lambda body: container(body)[2]["content"].append({"type": "text", "text": ""}),
        "non-whitespace text",
    ),
    "a result twice": (
        lambda body: container(body)[2]["content"].append(container(body)[2]["content"][0]),
        "a single result",
    ),
}


@pytest.mark.parametrize("fault", ANTHROPIC_FAULTS)
def test_messages_that_anthropic_refuses(fault: str) -> None:
    change, says = ANTHROPIC_FAULTS[fault]
    answer, violation = second("anthropic", change)

    assert answer.status == 400
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert says in violation


def test_a_gemini_call_needs_its_signature() -> None:
    answer, violation = second("gemini", lambda body: swap(body, '"thoughtSignature"', '"other"'))

    assert answer.status == 400
    assert "missing a thought_signature" in violation


def test_what_may_change_does() -> None:
    def moved(body: Body) -> None:
        body["messages"][0]["content"] = [{"type": "text", "text": "find it", "cache_control": {"type": "ephemeral"}}]
        body["messages"][2]["content"][1]["cache_control"] = {"type": "ephemeral"}
        body["max_tokens"] = 9
        body["tool_choice"] = {"type": "none"}
        body["messages"][1] = dict(reversed(body["messages"][1].items()))

    answer, violation = second("anthropic", moved)

    assert answer.status == 200
    assert violation == ""


def test_conversations_do_not_mix_and_a_request_may_be_sent_again() -> None:
    client = CLIENTS["anthropic"]
    with FakeUpstream([LOOK] * 6) as upstream:
        bodies = [client.first(prompt) for prompt in ("one", "two", "one")]
        answers = [ask(upstream.url, client.path, body).json for body in bodies]
        again = [client.following(body, a, ["x", "y"]) for body, a in zip(bodies, answers, strict=True)]
        statuses = [ask(upstream.url, client.path, body).status for body in (*again, again[0])]

        assert statuses == [200] * 4
        assert upstream.violations == []


@pytest.mark.parametrize("forks", [False, True])
def test_a_conversation_may_be_taken_up_earlier_only_if_forks_are_allowed(forks: bool) -> None:
    client = CLIENTS["anthropic"]
    with FakeUpstream([LOOK] * 6, forks=forks) as upstream:
        bodies = [client.first("one")]
        for _ in range(2):
            answer = ask(upstream.url, client.path, bodies[-1]).json
            bodies.append(client.following(bodies[-1], answer, ["x", "y"]))
        aside = copy.deepcopy(bodies[1])
        swap(aside, '"x"', '"other"')
        changed = copy.deepcopy(bodies[2])
        swap(changed, '"x"', '"other"')
        statuses = [ask(upstream.url, client.path, body).status for body in (aside, changed, bodies[2])]

    assert statuses == [200 if forks else 400, 400, 200]


def test_conversations_that_begin_alike_go_on_apart() -> None:
    client = CLIENTS["anthropic"]
    with FakeUpstream([Reply("ok")] * 6) as upstream:
        bodies = [client.first("one"), client.first("one")]
        answers = [ask(upstream.url, client.path, body).json for body in bodies]
        for body, answer, said in zip(bodies, answers, "ab", strict=True):
            assert ask(upstream.url, client.path, client.following(body, answer, [said])).status == 200

        assert upstream.violations == []


def test_an_answer_in_a_conversation_of_its_own_is_a_changed_one() -> None:
    _, violation = second("anthropic", lambda body: container(body).insert(0, {"role": "user", "content": "before"}))

    assert "what request 1 was answered came back after a changed beginning" in violation


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(data: bytes) -> None:
    with FakeUpstream() as upstream:
        answer = ask(upstream.url, "/v1/messages", data)

        assert answer.status == 400
        assert "the body" in upstream.violations[0]


def test_without_strictness_anything_goes() -> None:
    client = CLIENTS["anthropic"]
    with FakeUpstream([LOOK, Reply("fine")], strict=False) as upstream:
        ask(upstream.url, client.path, client.first("hi"))
        orphan = {"type": "tool_result", "tool_use_id": "nobody", "content": "x"}
        body = {**client.first("hi"), "messages": [{"role": "user", "content": [orphan]}]}

        assert ask(upstream.url, client.path, body).json["content"][0]["text"] == "fine"
        assert upstream.violations == []
