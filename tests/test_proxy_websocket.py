"""Responses over a WebSocket: frames pass both ways, retrievals are answered in between, and both ends close alike."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from headroom.retrieval import TOOL
from headroom.store import MemoryStore
from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import WAIT, Running, ask, options, running
from tests.retrieve_samples import OWN, Items, Object, records

SLEPT: list[float] = []
HELD: list[threading.Event] = []
"""Until these are set the proxy sleeps."""
LOG = records(5523)
REF = MemoryStore().put(LOG)
READ = Call(OWN, {"path": "pay.json"})
LOOKS = Call(TOOL, {"ref": REF, "query": "PG-5523"})
SEEN = "PG-5523 connection"
SCRIPT: list[Reply] = []
CLOSED: web.AppKey[asyncio.Future[int | None]] = web.AppKey("closed")


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream(lambda _: SCRIPT.pop(0) if SCRIPT else Reply("Done.")) as found:
        yield found


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, upstream: FakeUpstream) -> Iterator[Running]:
    async def noted(seconds: float) -> None:
        SLEPT.append(seconds)
        for held in HELD:
            await asyncio.to_thread(held.wait, WAIT)

    with running(options(tmp_path_factory.mktemp("proxy"), upstream.url, sleep=noted, pulse=0.02)) as found:
        yield found


class Codex:
    """A client on a socket: it sends what is new, and the id of the answer that it goes on from."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, prompt: str) -> None:
        self.socket = socket
        self.client = Items(1, prompt)
        self.sent = 0
        self.earlier: str | None = None

    async def asks(self, **fields: Any) -> list[Object]:
        """Sends a request and takes the answer. Returns its events."""
        await self.sends(**fields)
        events = [event async for event in self.events()]
        assert TOOL not in json.dumps(events)
        if events[-1]["type"] == "response.completed":
            self.earlier = events[-1]["response"]["id"]
            self.takes(events)
        return events

    async def sends(self, **fields: Any) -> None:
        body = self.client.body(False)
        new = body["input"][self.sent :] if fields.get("generate", True) else []
        earlier = {"previous_response_id": self.earlier} if self.earlier else {}
        await self.socket.send_str(json.dumps({"type": "response.create", **body, "input": new, **earlier, **fields}))

    async def events(self) -> Any:
        """What comes until an answer ends."""
        while True:
            event = json.loads((await self.socket.receive(WAIT)).data)
            yield event
            if event["type"] in ("response.completed", "response.failed", "response.incomplete", "error"):
                return

    def takes(self, events: list[Object]) -> None:
        if len(events[-1]["response"]["output"]) == 0:
            return
        data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
        told = self.client.told(data, True)
        self.client.keeps(told)
        self.sent = len(self.client.history)
        if told.calls:
            self.client.returns(told.calls, [LOG for _ in told.calls])
        else:
            self.client.asks("and then?")


def talk(url: str, talking: Callable[[aiohttp.ClientWebSocketResponse], Awaitable[None]]) -> None:
    """Runs a conversation on a socket of its own."""

    async def run() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/v1/responses", headers={"x-session-id": str(talking)}) as socket,
        ):
            await asyncio.wait_for(talking(socket), WAIT)

    asyncio.run(run())


def since(upstream: FakeUpstream, prompt: str) -> list[Received]:
    """The frames of the conversation that a prompt opens, in the order in which they came."""
    first = next(i for i, request in enumerate(upstream.requests) if prompt.encode() in request.body)
    return [request for request in upstream.requests[first:] if request.method == "WS"]


def test_retrievals_are_answered_from_increment_to_increment(proxy: Running, upstream: FakeUpstream) -> None:
    SCRIPT[:] = [
        Reply("look", thinking="hm", calls=[READ]),
        Reply("one", calls=[LOOKS]),
        Reply("two", calls=[READ, LOOKS]),
        Reply(calls=[LOOKS, LOOKS]),
        Reply("three"),
    ]

    async def talking(socket: aiohttp.ClientWebSocketResponse) -> None:
        codex = Codex(socket, "increments")
        warm = await codex.asks(generate=False)
        assert warm[-1]["response"]["output"] == []
        for _ in range(4):
            events = await codex.asks()
            assert [event["sequence_number"] for event in events] == list(range(len(events)))
        assert "three" in str(codex.client.history)

    talk(proxy.url, talking)
    frames = since(upstream, "increments")
    assert upstream.violations == []
    assert all(TOOL.encode() in frame.body for frame in frames)
    assert [SEEN.encode() in frame.body for frame in frames] == [False, True, True, True, True, False]
    assert len(frames[2].json["input"]) == 1  # our result alone: the provider has the rest


def test_an_answer_on_a_new_socket_and_over_http_has_the_same_beginning(
    proxy: Running, upstream: FakeUpstream, tmp_path: Path
) -> None:
    SCRIPT[:] = [Reply("look", calls=[READ]), Reply("one", thinking="hm", calls=[LOOKS]), Reply("two", calls=[READ])]
    kept: list[Codex] = []

    async def first(socket: aiohttp.ClientWebSocketResponse) -> None:
        kept.append(Codex(socket, "moves on"))
        await kept[0].asks()
        await kept[0].asks()

    async def second(socket: aiohttp.ClientWebSocketResponse) -> None:
        codex = kept[0]
        codex.socket, codex.sent, codex.earlier = socket, 0, None
        await codex.asks(generate=False)
        await codex.asks()
        await codex.asks()

    talk(proxy.url, first)
    talk(proxy.url, second)
    assert upstream.violations == []
    whole = next(frame for frame in since(upstream, "moves on")[3:] if b"moves on" in frame.body)
    assert [item.get("name") for item in whole.json["input"] if item.get("name")] == [OWN, TOOL, OWN]


def test_a_refused_round_is_told_and_the_socket_stays_open(proxy: Running, upstream: FakeUpstream) -> None:
    SCRIPT[:] = [Reply("look", calls=[READ]), Reply("one", calls=[LOOKS]), Reply(status=400, message="too late")]

    async def talking(socket: aiohttp.ClientWebSocketResponse) -> None:
        codex = Codex(socket, "refused")
        await codex.asks()
        events = await codex.asks()
        assert events[-1]["error"]["message"] == "too late"
        codex.sent, codex.earlier = 0, None
        assert (await codex.asks())[-1]["type"] == "response.completed"

    talk(proxy.url, talking)
    assert upstream.violations == []


def test_a_hidden_round_that_is_refused_for_a_while_is_asked_for_again(proxy: Running, upstream: FakeUpstream) -> None:
    refusals = [Reply(status=429), Reply(status=503), Reply(status=529)]
    SCRIPT[:] = [Reply("look", calls=[READ]), Reply("one", calls=[LOOKS]), *refusals, Reply("two"), Reply("three")]
    SLEPT.clear()

    async def talking(socket: aiohttp.ClientWebSocketResponse) -> None:
        codex = Codex(socket, "refused for a while")
        for _ in range(3):
            events = await codex.asks()
            numbers = [event["sequence_number"] for event in events]
            assert numbers == list(range(len(events)))
        assert "two" in str(codex.client.history)

    talk(proxy.url, talking)
    frames = since(upstream, "refused for a while")
    assert upstream.violations == []
    assert [frame.body for frame in frames[2:5]] == [frames[2].body] * 3
    assert SLEPT == [0.5, 1.0, 2.0]


def test_a_hidden_round_is_refused_in_the_end_and_nothing_of_one_is_said_twice(
    proxy: Running, upstream: FakeUpstream
) -> None:
    look, half = [Reply("look", calls=[READ]), Reply("one", calls=[LOOKS])], Reply("two " * 30, error="overloaded")
    SCRIPT[:] = [*look, *[Reply(status=503, message="busy")] * 4, *look, half]
    SLEPT.clear()

    async def talking(socket: aiohttp.ClientWebSocketResponse) -> None:
        for prompt, last in (("never served", "busy"), ("served by half", "overloaded")):
            codex = Codex(socket, prompt)
            await codex.asks()
            events = await codex.asks()
            assert (events[-1]["type"], events[-1]["error"]["message"]) == ("error", last)

    talk(proxy.url, talking)
    assert SLEPT == [0.5, 1.0, 2.0]
    assert SCRIPT == []


def test_a_client_that_waits_for_a_hidden_round_hears_that_it_is_on(proxy: Running, upstream: FakeUpstream) -> None:
    gate = threading.Event()
    SCRIPT[:] = [Reply("look", calls=[READ]), Reply("one", calls=[LOOKS]), Reply("two", gate=gate)]

    async def talking(socket: aiohttp.ClientWebSocketResponse) -> None:
        codex = Codex(socket, "waits")
        await codex.asks()
        await codex.sends()
        events = []
        async for event in codex.events():
            events.append(event)
            if event["type"] == "keepalive":
                gate.set()
        assert "keepalive" in [event["type"] for event in events]
        assert [event["sequence_number"] for event in events] == list(range(len(events)))
        with pytest.raises(TimeoutError):  # nothing more once the turn is over
            await socket.receive(0.1)

    talk(proxy.url, talking)


def test_a_client_that_asks_for_something_else_is_answered_and_what_waits_is_not_asked_for_again(
    proxy: Running, upstream: FakeUpstream
) -> None:
    held = threading.Event()
    SCRIPT[:] = [Reply("look", calls=[READ]), Reply("one", calls=[LOOKS]), Reply(status=503), Reply("quite another")]
    HELD[:] = [held]

    async def talking(socket: aiohttp.ClientWebSocketResponse) -> None:
        codex = Codex(socket, "changes its mind")
        await codex.asks()
        await codex.sends()
        others = [Codex(socket, "something else")]
        async for event in codex.events():
            if event["type"] == "keepalive" and not SCRIPT:
                held.set()  # the other request has arrived
            elif event["type"] == "keepalive" and others and len(SCRIPT) == 1:  # the refusal is there
                await others.pop().sends()
        assert event["type"] == "response.completed"
        assert "quite another" in json.dumps(event)

    talk(proxy.url, talking)
    HELD.clear()
    assert all(isinstance(frame.json, dict) for frame in since(upstream, "changes its mind"))


def test_a_client_whose_handshake_is_none_leaves_no_socket_open(proxy: Running, upstream: FakeUpstream) -> None:
    started = len(upstream.requests)
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]

    assert ask(proxy.url, "/v1/responses", headers=upgrade).status == 400
    assert upstream.requests[started].ended.wait(WAIT)


def test_a_client_that_leaves_takes_the_hidden_round_with_it(proxy: Running, upstream: FakeUpstream) -> None:
    gate = threading.Event()
    SCRIPT[:] = [Reply("look", calls=[READ]), Reply("one", calls=[LOOKS]), Reply("two three four", gate=gate)]
    started = len(upstream.requests)

    async def talking(socket: aiohttp.ClientWebSocketResponse) -> None:
        codex = Codex(socket, "leaves")
        await codex.asks()
        await codex.sends()
        async for event in codex.events():
            if event["type"] == "keepalive":
                return

    talk(proxy.url, talking)
    upgrade = upstream.requests[started]
    assert upgrade.method == "GET"
    assert upgrade.ended.wait(WAIT)
    gate.set()


def echo(*, closes: int | None = None, refuses: int | None = None) -> web.Application:
    """An upstream that sends frames back, closes with a code, or takes no socket."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if refuses is not None:
            return web.Response(status=refuses)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if closes is not None:
                await socket.close(code=closes, message=b"so be it")
            elif message.type == WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            else:
                await socket.send_str(message.data)
        request.app[CLOSED].set_result(socket.close_code)
        return socket

    app = web.Application()
    app[CLOSED] = asyncio.get_running_loop().create_future()
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def through(proxy: Running, app: Callable[[], web.Application], talking: Callable[..., Awaitable[None]]) -> None:
    """Runs a conversation with an upstream of the test's own, in the same loop."""

    async def run() -> None:
        made = app()
        runner = web.AppRunner(made)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.point(f"http://127.0.0.1:{runner.addresses[0][1]}")
        try:
            async with aiohttp.ClientSession() as session:
                await asyncio.wait_for(talking(session, f"{proxy.url}/v1/responses", made), WAIT)
        finally:
            await runner.cleanup()

    asyncio.run(run())


@pytest.fixture
def elsewhere(proxy: Running, upstream: FakeUpstream) -> Iterator[Running]:
    """The proxy, before another upstream for a while."""
    yield proxy
    proxy.point(upstream.url)


def test_what_is_no_request_of_one_stream_passes_as_it_is(elsewhere: Running) -> None:
    async def talking(session: aiohttp.ClientSession, url: str, app: web.Application) -> None:
        async with session.ws_connect(url) as socket:
            for frame in ("no JSON", "[]", '{"type": "response.cancel"}', '{"a": "\U0001f600 \\ud800", "b": 1e2}'):
                await socket.send_str(frame)
                assert (await socket.receive(WAIT)).data == frame
            await socket.send_bytes(b"\0\xff")
            assert (await socket.receive(WAIT)).data == b"\0\xff"
            tools = [{"type": "function", "name": OWN}]
            frame = json.dumps({"type": "response.create", "stream_id": "s1", "tools": tools, "input": "hi"})
            await socket.send_str(frame)
            assert (await socket.receive(WAIT)).data == frame  # without our tool

    through(elsewhere, echo, talking)


@pytest.mark.parametrize("code", [1000, 1001, 4001])
def test_a_close_is_passed_on_with_its_code(elsewhere: Running, code: int) -> None:
    async def by_client(session: aiohttp.ClientSession, url: str, app: web.Application) -> None:
        async with session.ws_connect(url) as socket:
            await socket.send_str("hi")
            await socket.receive(WAIT)
            await socket.close(code=code)
            assert await app[CLOSED] == code

    async def by_upstream(session: aiohttp.ClientSession, url: str, app: web.Application) -> None:
        async with session.ws_connect(url) as socket:
            await socket.send_str("hi")
            assert (await socket.receive(WAIT)).type == WSMsgType.CLOSE
            assert socket.close_code == code

    through(elsewhere, echo, by_client)
    through(elsewhere, lambda: echo(closes=code), by_upstream)


@pytest.mark.parametrize(("refusal", "told"), [(404, 426), (500, 426), (401, 401), (429, 429)])
def test_where_the_upstream_takes_no_socket_the_client_is_told_to_speak_http(
    elsewhere: Running, refusal: int, told: int
) -> None:
    async def talking(session: aiohttp.ClientSession, url: str, app: web.Application) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url)
        assert refused.value.status == told

    through(elsewhere, lambda: echo(refuses=refusal), talking)
