"""The fake provider's server: a thread with an event loop of its own, on a port of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import NamedTuple

from aiohttp import WSMsgType, web

from headroom.testing import _sending
from headroom.testing._anthropic import Anthropic
from headroom.testing._chat import CREATED, Chat
from headroom.testing._converse import Converse
from headroom.testing._gemini import Gemini
from headroom.testing._responses import Responses
from headroom.testing._script import Received, Reply, Script
from headroom.testing._sending import Answer
from headroom.testing._strict import Cache, Conversations
from headroom.testing._wire import Asked, Dialect, Mint, Object, Usage, listed

DONE = Reply("Done.")
"""What the model says once a script is over."""

HEADER_BYTES = 1 << 20
"""A header may be this long: what is too long is for the tested program to say."""

CHARS_PER_TOKEN = 4
"""The usual rule of thumb for English and code."""

_ROUTES = (
    (r"(?:.*)/messages", "anthropic", "answer"),
    (r"(?:.*)/messages/count_tokens", "anthropic", "count"),
    (r"(?:.*):(?:rawPredict|streamRawPredict)", "anthropic", "answer"),
    (r"/model/[^/]+/invoke(?:-with-response-stream)?", "anthropic", "answer"),
    (r"/model/[^/]+/converse(?:-stream)?", "converse", "answer"),
    (r"/model/[^/]+/count-tokens", "converse", "count"),
    (r"(?:.*)/chat/completions", "openai-chat", "answer"),
    (r"(?:.*)/responses", "openai-responses", "answer"),
    (r"(?:.*)/responses/input_tokens", "openai-responses", "count"),
    (r"(?:.*)/responses/compact", "openai-responses", "compact"),
    (r"(?:.*):(?:generateContent|streamGenerateContent)", "gemini", "answer"),
    (r"(?:.*):countTokens", "gemini", "count"),
)
_CONTENT_TYPES = {
    "sse": "text/event-stream; charset=utf-8", "array": "application/json",
    "frames": "application/vnd.amazon.eventstream",
}  # fmt: skip
_COUNTED = {
    "anthropic": "input_tokens",
    "openai-responses": "input_tokens",
    "gemini": "totalTokens",
    "converse": "inputTokens",
}
"""What each provider calls the number of tokens it counted."""


def estimated(text: str) -> int:
    """Tokens of a text, by its length."""
    return -(-len(text) // CHARS_PER_TOKEN)


class _Exchange(NamedTuple):
    """An answer that was decided on, before it is written down."""

    asked: Asked
    turn: list[Object]
    reply: Reply
    usage: Usage
    name: str


class FakeUpstream:
    """Anthropic, OpenAI, Gemini and Bedrock in one server, for `with` and `async with`.

    Args:
        script: what the model answers. Counting tokens, listing models and warming up use up no reply.
        strict: True to refuse, with status 400, what providers would refuse or pay for: a conversation whose earlier
            blocks, tools or system changed, calls and results that do not pair up, thinking that did not come back.
        forks: True to let a request go on from an earlier answer of its conversation too, as agents do that rewind or
            ask something aside. A changed result is then only seen once what followed it comes back.
        otherwise: answers all but what a model is asked for: counts, lists of models, unknown paths. Where it returns
            None, the provider's usual answer is given.
        count: tokens of a text, for the figures of usage.
        sockets: False to know nothing of WebSockets, as servers that only speak HTTP.
    """

    def __init__(
        self,
        script: Script = (),
        *,
        strict: bool = True,
        forks: bool = False,
        otherwise: Callable[[Received], Reply | None] | None = None,
        count: Callable[[str], int] = estimated,
        sockets: bool = True,
    ) -> None:
        self._replies = script if callable(script) else iter(tuple(script))
        self._strict = strict
        self._otherwise = otherwise
        self._count = count
        self._sockets = sockets
        self._conversations = Conversations(forks=forks)
        self._cache = Cache(count)
        self._mint = Mint()
        self._dialects: dict[str, Dialect] = {
            "anthropic": Anthropic(), "openai-chat": Chat(), "openai-responses": Responses(), "gemini": Gemini(),
            "converse": Converse(),
        }  # fmt: skip
        self._lock = threading.Lock()
        self._requests: list[Received] = []
        self._violations: list[str] = []
        self._answers = itertools.count(1)
        self._thread: threading.Thread | None = None
        self._started = threading.Event()
        self._failed: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.url = ""
        """Where it listens, such as `http://127.0.0.1:40001`, once started."""

    # --- what tests read ---

    @property
    def requests(self) -> list[Received]:
        """Every request so far, in the order of arrival."""
        with self._lock:
            return list(self._requests)

    @property
    def violations(self) -> list[str]:
        """What strict mode refused so far, as sentences."""
        with self._lock:
            return list(self._violations)

    # --- its life ---

    def start(self) -> None:
        """Listens on a free port of loopback. Raises OSError if that cannot be done."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="fake upstream", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """Drops all connections and ends the thread."""
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
            self._thread = self._loop = None

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = web.Server(self._handle, handler_cancellation=True, auto_decompress=False, access_log=None,
                            max_line_size=HEADER_BYTES, max_field_size=HEADER_BYTES)  # fmt: skip
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        except OSError as error:
            self._failed = error
            self._stop.set()
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    def __enter__(self) -> FakeUpstream:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> FakeUpstream:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)

    # --- requests ---

    def _received(self, method: str, path: str, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Received:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        with self._lock:
            received = Received(len(self._requests) + 1, method, path, pairs, body)
            self._requests.append(received)
        return received

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        received = self._received(request.method, request.raw_path, request.raw_headers, body)
        try:
            upgrades = request.headers.get("Upgrade", "").lower() == "websocket"
            if upgrades and self._sockets and _path(received).endswith("/responses"):
                return await self._socket(request, received)
            return await _sending.send(request, self._answer(received))
        except (ConnectionError, asyncio.CancelledError):
            received.gone = True
            raise
        finally:
            received.ended.set()

    def _answer(self, received: Received) -> Answer:
        path = _path(received)
        found = ((name, what) for pattern, name, what in _ROUTES if re.fullmatch(pattern, path))
        name, what = next(found, ("", "")) if received.method == "POST" else ("", "")
        own = self._otherwise(received) if self._otherwise is not None and what != "answer" else None
        if own is not None:
            return Answer.whole(own, {})
        if not name:
            return _elsewhere(received, self._dialects)
        dialect = self._dialects[name]
        try:
            body = received.json
        except ValueError as error:
            return self._refusal(dialect, received, [f"the body cannot be read: {error}"])
        if not isinstance(body, dict):
            return self._refusal(dialect, received, ["the body is no JSON object"])
        asked = dialect.read(body, received.path)
        if what == "count":
            pieces = (asked.tools, asked.system, *asked.blocks)
            return Answer.whole(Reply(), {_COUNTED[name]: sum(map(self._count, pieces))})
        if what == "compact":
            return Answer.whole(Reply(), self._compacted(asked))
        if faults := self._faults(asked, received):
            return self._refusal(dialect, received, faults)
        reply = self._reply(received)
        if reply.body is not None or reply.status >= 400:
            return Answer.whole(reply, dialect.error(reply.status, reply.message or "the fake was told to fail"))
        exchange = self._exchange(dialect, asked, reply, received)
        if asked.form == "json":
            return Answer.whole(reply, dialect.whole(*exchange))
        events = list(dialect.events(*exchange))
        if reply.error:
            events[len(events) // 2 :] = [dialect.broken(asked, reply.error)]
        return Answer(reply, events, _CONTENT_TYPES[asked.form])

    def _reply(self, received: Received) -> Reply:
        return self._replies(received) if callable(self._replies) else next(self._replies, DONE)

    def _exchange(self, dialect: Dialect, asked: Asked, reply: Reply, received: Received) -> _Exchange:
        turn = dialect.turn(asked, reply, self._mint)
        blocks = dialect.blocks(turn)
        usage = self._cache.usage(asked, blocks, reply.output_tokens)
        self._conversations.answered(received.number, asked, blocks)
        return _Exchange(asked, turn, reply, usage, self._name())

    def _name(self) -> str:
        """An answer's name, as long as the providers' own."""
        return f"{next(self._answers):024d}"

    def _faults(self, asked: Asked, received: Received) -> list[str]:
        return list(self._conversations.faults(asked)) if self._strict else []

    def _refusal(self, dialect: Dialect, received: Received, faults: list[str]) -> Answer:
        with self._lock:
            self._violations += [f"request {received.number}: {fault}" for fault in faults]
        return Answer.whole(Reply(status=400), dialect.error(400, faults[0]))

    def _compacted(self, asked: Asked) -> Object:
        """What is left of a conversation: the user's messages, and the rest in one sealed item."""
        kept = [item for item in listed(asked.body["input"]) if item.get("role") == "user"]
        sealed = {"type": "compaction", "id": self._mint("cmp_"), "encrypted_content": self._mint("gAAA")}
        return {
            "id": f"resp_{self._name()}", "object": "response.compaction", "created_at": CREATED,
            "output": [*kept, sealed], "usage": {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
        }  # fmt: skip

    # --- the WebSocket of Responses ---

    async def _socket(self, request: web.BaseRequest, upgrade: Received) -> web.WebSocketResponse:
        """One socket: each `response.create` frame is a request, and each object of its stream a frame."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        dialect = Responses(keeps_all=True)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            received = self._received("WS", upgrade.path, request.raw_headers, message.data.encode())
            reply, frames = self._frames(dialect, received)
            if not await _sending.send_frames(socket, reply, [json.dumps(frame) for frame in frames]):
                await _sending.drop(request)
            received.ended.set()
        return socket

    def _frames(self, dialect: Responses, received: Received) -> tuple[Reply, Iterator[Object] | list[Object]]:
        try:
            body = received.json
        except ValueError:
            body = None
        if not isinstance(body, dict) or body.get("type") != "response.create":
            return self._refused_frame(dialect, received, ["a frame must be a response.create object"])
        asked = dialect.read(body, received.path)
        if body.get("generate") is False:
            return Reply(), dialect.objects(asked, [], Reply(), Usage(0, 0, 0, 0), self._name())
        if faults := self._faults(asked, received):
            return self._refused_frame(dialect, received, faults)
        reply = self._reply(received)
        if reply.status >= 400:
            return reply, [_error_frame(dialect, reply.status, reply.message)]
        exchange = self._exchange(dialect, asked, reply, received)
        frames = list(dialect.objects(*exchange))
        if reply.error:
            frames[len(frames) // 2 :] = [_error_frame(dialect, 500, reply.error)]
        return reply, frames

    def _refused_frame(self, dialect: Responses, received: Received, faults: list[str]) -> tuple[Reply, list[Object]]:
        self._refusal(dialect, received, faults)
        return Reply(), [_error_frame(dialect, 400, faults[0])]


def _elsewhere(received: Received, dialects: Mapping[str, Dialect]) -> Answer:
    """What no provider's model or counter is asked for: a list of models, the answer to a probe, or a 404."""
    path = _path(received)
    if received.method == "GET" and path.endswith("/models"):
        return Answer.whole(Reply(), _models(received))
    if received.method == "HEAD" and path == "/":
        return Answer.whole(Reply(), {})
    name = "anthropic" if received.header("anthropic-version") else "gemini" if "/v1beta" in path else "openai-chat"
    return Answer.whole(Reply(status=404), dialects[name].error(404, f"not found: {received.method} {path}"))


def _path(received: Received) -> str:
    return received.path.partition("?")[0]


def _error_frame(dialect: Responses, status: int, message: str) -> Object:
    return {"type": "error", "status": status, **dialect.error(status, message)}


def _models(received: Received) -> Object:
    """One model, in the shape that the client's provider lists it."""
    if "/v1beta" in received.path:
        return {"models": [{"name": "models/fake-model", "supportedGenerationMethods": ["generateContent"]}]}
    if received.header("anthropic-version"):
        model = {"type": "model", "id": "fake-model", "display_name": "Fake", "created_at": "2026-01-01T00:00:00Z"}
        return {"data": [model], "has_more": False, "first_id": "fake-model", "last_id": "fake-model"}
    return {"object": "list", "data": [{"id": "fake-model", "object": "model", "created": CREATED, "owned_by": "fake"}]}
