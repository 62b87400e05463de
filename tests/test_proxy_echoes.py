"""How real clients send a turn back, or leave it to the provider to keep it, and what the provider reads all the same.

Each test is what one client of `make e2e` does: the Google SDK returns thoughts and empty texts, the OpenAI SDK goes on
from a kept answer, Codex opens a socket with a warm-up, and sends the whole conversation on the next socket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import CLIENTS, Running, ask, options, running

TOOL = {"type": "function", "name": "read", "parameters": {"type": "object"}}
DECLARED = [{"functionDeclarations": [{"name": "read", "parameters": {"type": "object"}}]}]

LOG = "".join(
    f"2026-11-01T10:{i // 60:02}:{i % 60:02}Z INFO pay heartbeat seq={i:04} took={10 + i % 7}ms\n" for i in range(400)
)
"""A tool's output that is known to be cut."""


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Running]:
    """One for each test: every fake issues the same names, by which a proxy knows a turn again."""
    with running(options(tmp_path, "http://127.0.0.1:9")) as found:
        yield found


class Model:
    """Reads something, reads back what was cut of it beside its own call, reads it back once more, and ends."""

    def __init__(self) -> None:
        self.steps = 0
        self.ref = ""
        self.told: list[str] = []

    def __call__(self, received: Received) -> Reply:
        text = json.dumps(received.json)
        self.told.append(text)
        self.ref = self.ref or text.partition("headroom_retrieve('")[2].partition("'")[0]
        self.steps += 1
        back = Call("headroom_retrieve", {"ref": self.ref, "lines": "100-101"})
        plan = {
            1: Reply("One.", "Where?", [Call("read", {"n": 1})]),
            2: Reply("Two.", "And there?", [back]),
            3: Reply("Three.", "Both.", [back, Call("read", {"n": 2})]),
            4: Reply("Four.", "Again.", [Call("read", {"n": 3})]),
            5: Reply("Five.", "Once more.", [back]),
        }
        return plan.get(self.steps, Reply("Done."))

    def retrieved(self) -> int:
        """How many requests brought what only an answer to our call shows."""
        return sum("seq=0099" in text for text in self.told)


def test_thoughts_and_empty_texts_that_a_client_returns_are_not_said_twice(proxy: Running) -> None:
    client, model = CLIENTS["gemini"], Model()
    body = client.first("thoughts") | {"tools": DECLARED}
    with FakeUpstream(model) as upstream:
        proxy.point(upstream.url)
        for _ in range(4):
            answer = ask(proxy.url, client.path, body)
            assert answer.status == 200, answer.body
            told = answer.json
            told["candidates"][0]["content"]["parts"].append({"text": ""})
            body = client.following(body, told, [LOG])

        assert upstream.violations == []
        last = upstream.requests[-1].json["contents"]
    thoughts = [part["text"] for content in last for part in content["parts"] if part.get("thought")]
    assert thoughts == ["Where?", "And there?", "Both.", "Again.", "Once more."]


def test_what_was_cut_can_be_read_back_in_a_conversation_that_the_provider_keeps(proxy: Running) -> None:
    model = Model()
    body: dict[str, Any] = {"model": "gpt-5.4", "tools": [TOOL], "input": "kept"}
    with FakeUpstream(model) as upstream:
        proxy.point(upstream.url)
        while body["input"]:
            answer = ask(proxy.url, "/v1/responses", body)
            assert answer.status == 200, answer.body
            body |= {"previous_response_id": answer.json["id"], "input": _outputs(answer.json["output"])}

        assert upstream.violations == []
    assert model.retrieved() == 3


def test_a_conversation_over_sockets_is_the_same_on_the_next_socket(proxy: Running) -> None:
    model = Model()
    with FakeUpstream(model) as upstream:
        proxy.point(upstream.url)
        asyncio.run(_two_sockets(proxy.url))

        assert upstream.violations == []
        assert model.steps == 7
    assert model.ref


def test_a_socket_that_the_provider_does_not_take_is_answered_with_426(proxy: Running) -> None:
    async def status() -> int:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{proxy.url}/v1/responses")
            return refused.value.status

    with FakeUpstream(sockets=False) as upstream:
        proxy.point(upstream.url)
        assert asyncio.run(status()) == 426


async def _two_sockets(url: str) -> None:
    """A warm-up without tools, then tools as an item, then increments; then all of it on a socket of its own."""
    tools = {"type": "additional_tools", "role": "developer", "tools": [TOOL]}
    items: list[Any] = [tools, {"type": "message", "role": "user", "content": "sockets"}]
    for prompt in ("", "go on"):
        if prompt:
            items.append({"type": "message", "role": "user", "content": prompt})
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{url}/v1/responses") as link:
            last, _ = await _frame(link, {"input": [], "generate": False})
            news: list[Any] = items
            while news:
                last, output = await _frame(link, {"input": news, "previous_response_id": last})
                news = _outputs(output)
                items = [*items, *output, *news]


async def _frame(link: aiohttp.ClientWebSocketResponse, body: dict[str, Any]) -> tuple[str, list[Any]]:
    """The name and the output of the answer to a request."""
    await link.send_json({"type": "response.create", "model": "gpt-5.6", "store": False, **body})
    while True:
        event = await link.receive_json(timeout=60)
        assert event["type"] != "error", event
        if event["type"] == "response.completed":
            return event["response"]["id"], event["response"]["output"]


def _outputs(items: list[Any]) -> list[Any]:
    calls = [item for item in items if item["type"] == "function_call"]
    return [{"type": "function_call_output", "call_id": call["call_id"], "output": LOG} for call in calls]
