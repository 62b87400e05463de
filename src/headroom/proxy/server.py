"""The server: every request is relayed, and the bodies that a route knows are made smaller on the way.

    request ─▶ guard ─▶ route ─▶ change (a worker) ─▶ upstream ─▶ answer, relayed as it comes ─▶ ledger

Nothing here waits for a whole answer, and nothing that fails here fails a request that the upstream would have served.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter

import aiohttp
from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError

from headroom import policy
from headroom.ledger import Ledger
from headroom.prices import Usage
from headroom.proxy import bodies, routes, tuning, websocket
from headroom.proxy.accounts import Accounts, entry, is_held_out, session_of
from headroom.proxy.engine import Changed, Job
from headroom.proxy.guard import TOKEN_HEADER, Guard
from headroom.proxy.leases import Leases
from headroom.proxy.pages import Pages
from headroom.proxy.quarantine import Quarantine, may_be_ours
from headroom.proxy.turns import PULSE_SECONDS, Asked, Turns
from headroom.proxy.upstream import HEADER_BYTES, Upstreams, forwarded
from headroom.proxy.workers import DEADLINE, Workers
from headroom.running import LEASE

log = logging.getLogger("headroom")
http_log = logging.getLogger("headroom.http")
"""What the HTTP server says."""

LEVEL_HEADER = "x-headroom-level"
"""Sets the level for the new parts of one request."""

DRY_HEADER = "x-headroom-dry-run"
"""With this and the token, a request comes back as it would have been sent, is not sent, and nothing of it is kept."""

OWN_PAGES = frozenset({"/healthz", "/metrics", "/", "/api/figures", "/api/part", LEASE})
"""Paths that are answered here; all others are relayed."""

CHUNK = 64 * 1024

UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""What is raised where no connection comes about; all else befalls one that there was."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the proxy runs."""

    home: Path
    store_cap: int
    vocabulary: Path | None = None
    level: str = policy.DEFAULT_LEVEL
    host: str = "127.0.0.1"
    port: int = 8787
    token: str = ""
    rules: tuple[policy.Rule, ...] = ()
    thresholds: tuple[policy.Threshold, ...] = ()
    leased: float | None = None
    """Seconds after its last lease at which the proxy ends; None for one that ends when it is told to."""
    holdout: float = 0.0
    """Share of the conversations that are left raw, of those whose client names them."""
    deadline: float = DEADLINE
    """Seconds that new parts of a body may take before they are left as they are."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits between two tries of a hidden round."""
    pulse: float = PULSE_SECONDS
    """Seconds between two signs of life for a client that waits for a hidden round."""
    upstreams: dict[str, str] = field(default_factory=lambda: dict(routes.UPSTREAMS))


class Proxy:
    """One running proxy: its workers, its connections, and the handler of every request."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._guard = Guard(options.host, options.token)
        self._workers = Workers(
            options.home, options.store_cap, options.vocabulary, options.rules, options.thresholds,
            deadline=options.deadline,
        )  # fmt: skip
        self._turns = Turns(self._workers.own, options.sleep, options.pulse)
        ledger = Ledger(options.home)
        self._accounts = Accounts(ledger)
        self._pages = Pages(ledger, self._workers.own, options.level)
        self.leases = Leases(options.leased)
        self._quarantine = Quarantine(self._workers.own.store)
        self._extra = {name: url for name, url in options.upstreams.items() if name not in routes.UPSTREAMS}

    async def start(self) -> None:
        """Starts the connections and the workers."""
        self._upstreams = Upstreams()
        self._workers.start()
        self._beside = [asyncio.create_task(work) for work in (self._accounts.run(), tuning.keep_small())]

    async def close(self) -> None:
        """Ends what `start` started, once nothing is asked any more."""
        for task in self._beside:
            task.cancel()
        await self._turns.notes.settled()
        await self._accounts.close()
        await self._upstreams.close()
        await self._workers.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any request of a client."""
        if not request.raw_path.startswith("/"):
            return _problem(400, "the request names a whole URL; this is no web proxy: set the client's base URL to it")
        headers = {name.lower(): value for name, value in request.headers.items()}
        page = request.path in OWN_PAGES
        if page and "token" in request.query:
            headers.setdefault(TOKEN_HEADER, request.query["token"])
        own = page and request.method in ("GET", "HEAD")
        probe = own and request.path == "/" and request.method == "HEAD"
        guarded = (own and not probe and request.path != "/healthz") or DRY_HEADER in headers
        refused = self._guard.refuses(headers, guarded)
        if refused is not None:
            return _problem(403, refused)
        if headers.get("expect", "").lower() == "100-continue" and request.version >= HttpVersion11:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # nothing of the answer has been sent
        if own and request.path == LEASE:
            return await self.leases.hold(request)
        if own:
            return await self._pages.answer(request) if not probe else web.Response()
        try:
            return await self._relay(request, headers)
        except web.HTTPRequestEntityTooLarge:
            return _problem(413, f"the request body is larger than {bodies.MAX_BYTES:,} bytes; no provider takes that")

    async def _relay(self, request: web.BaseRequest, headers: dict[str, str]) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        route, path = routes.find(request.method, path, headers, self._extra)
        target = f"{self.options.upstreams[route.upstream]}{path}" + (f"?{query}" if query else "")
        socket = headers.get("upgrade", "").lower() == "websocket"
        unread = not route.dialect or _is_signed(headers)
        if DRY_HEADER in headers and (socket or unread):
            return _problem(404, f"{path} is a path whose bodies are not read")
        try:
            if socket:
                if not path.endswith("/responses"):
                    return web.Response(status=426, headers={"Upgrade": "HTTP/1.1"})
                route = route._replace(dialect="openai-responses", answers=True)
                return await self._socket(request, headers, route, target)
            if unread:
                return await self._pass(request, headers, route, target)
            return await self._shrink(request, headers, route, target)
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            return self._broken(request, route, error)

    def _broken(self, request: web.BaseRequest, route: routes.Route, error: Exception) -> web.Response:
        """What becomes of a request whose client or upstream is gone. An answer that has begun can only be cut off."""
        if request.transport is None or request.transport.is_closing():
            return web.Response()  # to nobody
        if request.writer.output_size:
            log.warning("upstream %s broke off within an answer: %s", route.upstream, type(error).__name__)
            request.transport.close()
            return web.Response()
        reached = not isinstance(error, UNREACHED)
        what = "broke off before it answered" if reached else "cannot be reached"
        log.warning("upstream %s %s: %s", route.upstream, what, type(error).__name__)
        hint = "ask again, and see what it says of it" if reached else "is it running, and is the network up?"
        return _problem(502, f"the upstream {self.options.upstreams[route.upstream]} {what} ({_reason(error)}); {hint}")

    async def _pass(
        self, request: web.BaseRequest, headers: dict[str, str], route: routes.Route, target: str
    ) -> web.StreamResponse:
        """Relays what is not ours to read, in both directions as it comes; of a model's answer the account is read."""
        passed = forwarded(request.raw_headers)
        if request.body_exists and "content-length" in headers:
            passed["Content-Length"] = headers["content-length"]
        body = _streamed(request) if request.body_exists else None
        answer = await self._upstreams.send(request.method, target, passed, body)
        try:
            changed = Changed(b"", model=routes.model_in(target))
            asked = self._asked(headers, route, b"", changed, "meter", 0.0, _never)
            return await self._turns.relay(request, asked, answer)
        finally:
            answer.release()

    async def _shrink(
        self, request: web.BaseRequest, headers: dict[str, str], route: routes.Route, target: str
    ) -> web.StreamResponse:
        """Relays a body that a route knows, made smaller."""
        started = perf_counter()
        data = await request.read()
        coding = headers.get("content-encoding", "").strip().lower()
        plain = bodies.decoded(data, coding)
        changed = Changed(data, model=routes.model_in(target), why_not=f"a body with coding {coding} is not read")
        if plain is not None and route.sign not in plain:
            route, plain = route._replace(dialect=""), None  # of a dialect that nobody reads
        level = await self._level(headers)
        job = None
        if plain is not None:
            hides = "alt=sse" in target or not target.partition("?")[0].endswith(":streamGenerateContent")
            job = Job(
                body=plain, dialect=route.dialect, at=route.at, level=level, answers=route.answers, hides=hides,
                dry=DRY_HEADER in headers,
            )  # fmt: skip
            changed = await self._change(job)
            if not changed.model:
                changed = changed._replace(model=routes.model_in(target))
            same = changed.body == plain
            data = data if same else bodies.encoded(changed.body, coding)
        if DRY_HEADER in headers:
            return web.Response(body=changed.body, content_type="application/json")
        milliseconds = (perf_counter() - started) * 1000
        passed = forwarded(request.raw_headers, plain=route.answers)

        async def again(body: bytes) -> aiohttp.ClientResponse:
            return await self._upstreams.send(request.method, target, passed, bodies.encoded(body, coding))

        asked = self._asked(headers, route, plain or b"", changed, level, milliseconds, again)
        answer = await self._upstreams.send(request.method, target, passed, data)
        if job is not None and answer.status == 400 and may_be_ours(changed, await answer.read()):
            log.warning("the provider refused a request with new parts made smaller: it is sent again with them raw")
            await self._quarantine.add(asked.session)
            answer.release()
            asked.changed = await self._change(replace(job, refused=changed.way))
            answer = await again(asked.changed.body)
        try:
            await self._turns.seen(asked)
            hides = changed.way == "tool" and route.answers and answer.status == 200
            return await (self._turns.converse if hides else self._turns.relay)(request, asked, answer)
        finally:
            answer.release()

    async def _change(self, job: Job) -> Changed:
        """The body as it goes upstream, once what the answer before it left to remember is written."""
        await self._turns.notes.settled()
        return await self._workers.change(job)

    def _asked(
        self, headers: dict[str, str], route: routes.Route, plain: bytes, changed: Changed, level: str, ms: float,
        again: Callable[[bytes], Awaitable[aiohttp.ClientResponse]],
    ) -> Asked:  # fmt: skip
        """A request on its way, whose rounds are told to the ledger."""
        held_out = is_held_out(session_of(headers), self.options.holdout)

        # It is given the request, and holds none: a cycle would keep bodies until the collector comes.
        def told(asked: Asked, usage: Usage | None, number: int, name: str | None, status: int) -> None:
            if route.answers:
                self._accounts.add(
                    entry(headers, asked, level, 0.0 if number else ms, usage, number, name, status, held_out)
                )

        return Asked(route=route, session=session_of(headers), body=plain, changed=changed, again=again, told=told)

    async def _socket(
        self, request: web.BaseRequest, headers: dict[str, str], route: routes.Route, target: str
    ) -> web.StreamResponse:
        """Relays a WebSocket; where the upstream takes none, the client is told to speak HTTP."""
        level = await self._level(headers)
        passed = forwarded(request.raw_headers)
        for name in [name for name in passed if name.lower().startswith("sec-websocket-")]:
            passed.popall(name, None)
        try:
            upstream = await self._upstreams.connect(target, passed, websocket.MAX_FRAME)
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (401, 403, 429):
                return _problem(error.status, f"the upstream refused the WebSocket: {error.message}")
            return web.Response(status=426, headers={"Upgrade": "HTTP/1.1"})
        client = web.WebSocketResponse(max_msg_size=websocket.MAX_FRAME)
        frame = websocket.Frame(
            self._change,
            lambda body, changed: self._asked(headers, route, body, changed, level, 0.0, _never),
            self._turns,
            level,
        )
        try:
            await client.prepare(request)  # raises where the client's own handshake is none
            await websocket.Socket(frame, client, upstream).run()
        finally:
            await upstream.close()
        return client

    async def _level(self, headers: dict[str, str]) -> str:
        session = session_of(headers)
        if is_held_out(session, self.options.holdout) or await self._quarantine.holds(session):
            return "meter"
        asked = headers.get(LEVEL_HEADER, "")
        return asked if asked in policy.LEVELS else self.options.level


def _without_bytes(record: logging.LogRecord) -> bool:
    """Takes the request's own bytes out of the log of one that is malformed: they may hold a key."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.msg, record.exc_info, record.levelno, record.levelname = (
            "a malformed request from %s was refused", None, logging.WARNING, "WARNING",
        )  # fmt: skip
    return True


http_log.addFilter(_without_bytes)


async def _never(body: bytes) -> aiohttp.ClientResponse:
    raise AssertionError("a request that is only relayed has no second round")


async def _streamed(request: web.BaseRequest) -> AsyncIterator[bytes]:
    async for data in request.content.iter_chunked(CHUNK):
        yield data


def _is_signed(headers: dict[str, str]) -> bool:
    """True if the client signed the body (AWS SigV4): a changed one would be refused."""
    return headers.get("authorization", "").startswith("AWS4-")


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _problem(status: int, message: str) -> web.Response:
    """An answer of our own, in the envelope that every client shows."""
    error = {"type": "headroom_error", "message": f"headroom proxy: {message}", "code": status}
    return web.Response(
        status=status, body=json.dumps({"type": "error", "error": error}).encode(), content_type="application/json"
    )


@asynccontextmanager
async def running(proxy: Proxy, host: str, port: int) -> AsyncIterator[int]:
    """Runs a proxy, and gives the port that it listens on. Raises OSError where the port is taken."""
    request = partial(web.BaseRequest, loop=asyncio.get_running_loop(), client_max_size=bodies.MAX_BYTES)
    # No web.Application: its one route would cost a tenth of a relayed request. A handler ends with its client,
    # and bodies keep their content coding.
    listener = web.Server(
        proxy.handle, request_factory=request, handler_cancellation=True, auto_decompress=False, access_log=None,
        logger=http_log, max_line_size=HEADER_BYTES, max_field_size=HEADER_BYTES,
    )  # fmt: skip
    runner = web.ServerRunner(listener)
    await proxy.start()
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        try:
            await proxy.leases.close()
            await runner.cleanup()  # waits for answers that are on their way
        finally:
            await proxy.close()


async def serve(options: Options, listening: Callable[[int], AbstractContextManager[None]]) -> None:
    """Runs a proxy until cancelled, or its leases are over. Raises OSError where the port is taken.

    Args:
        listening: is entered with the port once the proxy listens, and left before it ends.
    """
    proxy = Proxy(options)
    async with running(proxy, options.host, options.port) as port:
        with listening(port):
            proxy.leases.start()
            await proxy.leases.over.wait()
