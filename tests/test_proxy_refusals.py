"""A provider that refuses a request with new parts made smaller gets it again with them as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headroom.testing import Call, FakeUpstream, Reply
from tests.proxies import Running, ask, options, running

ROWS = json.dumps([{"id": n, "service": "checkout", "status": "ok", "ms": 20 + n % 7} for n in range(300)])
TOOLS = [{"name": "query", "description": "Asks the service.", "input_schema": {"type": "object"}}]
SESSION = ("x-claude-code-session-id", "one")


def request(*turns: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Which requests were slow?"}, *turns]
    return {"model": "claude-opus-5-5", "max_tokens": 100, "tools": TOOLS, "messages": messages}


def result(number: int, answer: dict[str, Any], text: str = ROWS) -> list[dict[str, Any]]:
    """The model's answer and the client's result of its call."""
    call = next(block for block in answer["content"] if block["type"] == "tool_use")
    told = {"type": "tool_result", "tool_use_id": call["id"], "content": text}
    return [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": [told]}]


def say(proxy: Running, body: dict[str, Any], session: bool = True) -> tuple[int, dict[str, Any]]:
    answer = ask(proxy.url, "/v1/messages", body, [SESSION] if session else [])
    return answer.status, answer.json


def content(upstream: FakeUpstream, request_number: int, message: int) -> str:
    text: str = upstream.requests[request_number].json["messages"][message]["content"][0]["content"]
    return text


def test_it_is_sent_again_raw_and_stays_so(tmp_path: Path) -> None:
    script = [Reply(calls=[Call("query", {})]), Reply(status=400, message="messages.2: invalid tool result"),
              Reply(calls=[Call("query", {})]), Reply("done")]  # fmt: skip
    with FakeUpstream(script) as upstream, running(options(tmp_path, upstream.url)) as proxy:
        _, first = say(proxy, request())
        status, second = say(proxy, request(*result(1, first)))
        turns = result(1, first) + result(2, second)
        assert (status, say(proxy, request(*turns))[0]) == (200, 200)

        assert len(content(upstream, 1, 2)) < len(ROWS)
        assert content(upstream, 2, 2) == content(upstream, 3, 2) == ROWS
        assert content(upstream, 3, 4) == ROWS, "the conversation's later parts are left alone, too"
        assert upstream.violations == []


def test_it_stays_so_after_a_restart(tmp_path: Path) -> None:
    script = [Reply(calls=[Call("query", {})]), Reply(status=400, message="messages.2: invalid tool result"),
              Reply(calls=[Call("query", {})]), Reply("done")]  # fmt: skip
    with FakeUpstream(script) as upstream:
        with running(options(tmp_path, upstream.url)) as proxy:
            _, first = say(proxy, request())
            _, second = say(proxy, request(*result(1, first)))
        with running(options(tmp_path, upstream.url)) as proxy:
            assert say(proxy, request(*result(1, first), *result(2, second)))[0] == 200

        assert content(upstream, 3, 4) == ROWS
        assert upstream.violations == []


@pytest.mark.parametrize("message", ["prompt is too long: 250000 tokens", "invalid x-api-key", "your credit is low"])
def test_refusals_that_have_other_causes_are_relayed_as_they_are(tmp_path: Path, message: str) -> None:
    script = [Reply(calls=[Call("query", {})]), Reply(status=400, message=message)]
    with FakeUpstream(script) as upstream, running(options(tmp_path, upstream.url)) as proxy:
        _, first = say(proxy, request())
        status, refused = say(proxy, request(*result(1, first)))

        assert (status, refused["error"]["message"], len(upstream.requests)) == (400, message, 2)


def test_a_refusal_of_what_was_not_changed_is_relayed_as_it_is(tmp_path: Path) -> None:
    script = [Reply(calls=[Call("query", {})]), Reply(status=400, message="messages.2: invalid tool result")]
    with FakeUpstream(script) as upstream, running(options(tmp_path, upstream.url)) as proxy:
        _, first = say(proxy, request())
        status, refused = say(proxy, request(*result(1, first, "ok")))

        assert (status, refused["error"]["message"]) == (400, "messages.2: invalid tool result")
        assert len(upstream.requests) == 2
