"""Relays answers to the client and answers the model's retrievals on the way, round by round.

    answer ─▶ client, as it comes ─▶ our tool was called? ─no─▶ end
       ▲                                    └yes▶ redeem ▶ remember ─┐
       └─────────────── the next round's request ◀───────────────────┘

What was exchanged is remembered before the next round is asked for: if anything breaks then, the client's next request
is completed all the same, and the provider reads what it has seen.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from headroom.errors import HeadroomError
from headroom.prices import Usage
from headroom.proxy import increments
from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.engine import Changed, Engine, inner, outer
from headroom.proxy.eventstream import CONTENT_TYPE
from headroom.proxy.notes import Latest, Notes
from headroom.proxy.retrieve import DIALECTS
from headroom.proxy.retrieve.answers import Streamed
from headroom.proxy.retrieve.framed import Framed
from headroom.proxy.retrieve.keys import digest
from headroom.proxy.retrieve.turn import MAX_ROUNDS, NO_MORE, Answer, Call, Round, Turn
from headroom.proxy.rewrite import rewritten
from headroom.proxy.routes import Route
from headroom.proxy.upstream import answered
from headroom.proxy.usage import Meter
from headroom.retrieval import redeem
from headroom.types import Json, Store

T = TypeVar("T")

MOST_ROUNDS = MAX_ROUNDS + 2
"""After this many the turn ends, whatever the model asks for."""

RETRIED = frozenset({429, 500, 502, 503, 504, 529})
"""Refusals of a hidden round that are tried again: the client, which has read half an answer, would not."""

TRIES, FIRST_WAIT, LONGEST_WAIT = 4, 0.5, 30.0
"""Attempts at a hidden round, and seconds between them, doubled each time; `retry-after` goes first."""

PULSE_SECONDS = 15.0
"""A client that waits for a hidden round hears so often that its answer goes on; OpenAI's own pulse comes every 30."""

UNREACHABLE = (aiohttp.ClientError, TimeoutError, OSError)

OK, BAD_GATEWAY = 200, 502

_READ = frozenset({"", "identity", "gzip", "deflate"})
"""Content codings that a stream can be read in. None is asked for, but some servers compress all the same."""


@dataclass(kw_only=True)
class Asked:
    """A client's request on its way."""

    route: Route
    session: str
    body: bytes
    """As the client sent it, without content coding."""
    changed: Changed
    again: Callable[[bytes], Awaitable[aiohttp.ClientResponse]]
    """Sends another body with the same headers to the same place."""
    told: Callable[[Asked, Usage | None, int, str | None, int], None] = field(repr=False)
    """Takes, with the request itself, the usage, the number and the provider's name of each round, and its status."""


class _Relayed(web.StreamResponse):
    """An answer whose headers go out with its first bytes, if these are at hand: half as many packets."""

    _send_headers_immediately = False


class Refusal(NamedTuple):
    """What the upstream says instead of a hidden round's answer."""

    status: int
    body: bytes
    headers: CIMultiDict[str]


class Tries:
    """Counts the attempts at one hidden round."""

    def __init__(self) -> None:
        self._left = TRIES - 1
        self._wait = FIRST_WAIT

    def pause(self, status: int, after: str = "") -> float | None:
        """Seconds to wait before the next attempt, None if there is none: for what the refusal's status is, and what
        it says of `retry-after`."""
        if not self._left or status not in RETRIED:
            return None
        self._left -= 1
        pause = _after(after, self._wait)
        self._wait *= 2
        return pause


class Turns:
    """Relays answers of all conversations.

    Args:
        sleep: waits so many seconds before a hidden round is asked for again.
        pulse: seconds between two signs for a client that waits for a hidden round.
    """

    def __init__(
        self, engine: Engine, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, pulse: float = PULSE_SECONDS
    ) -> None:
        self._engine = engine
        self.notes = Notes(engine.store)
        self.sleep = sleep
        self._pulse = pulse
        self._refs: Latest[set[str]] = Latest()
        """What each conversation was given, remembered after the notices themselves are gone (compacted)."""

    async def relay(self, request: web.BaseRequest, asked: Asked, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """The answer, byte for byte, as it comes."""
        meter = _meter(asked, answer, _coding(answer))
        response = _Relayed(status=answer.status, reason=answer.reason, headers=answered(answer.raw_headers))
        content = answer.content
        # A refusal was read before; of another answer the beginning is often here with its headers.
        first = await answer.read() if content.at_eof() else b"" if content.exception() else content.read_nowait()
        with self._accounted(asked, meter, 0, answer.status):
            await response.prepare(request)
            if first:
                self._metered(asked, meter, first, content.at_eof())
                await response.write(first)
            request.writer.send_headers()
            async for data in content.iter_any():
                self._metered(asked, meter, data, content.at_eof())
                await response.write(data)
            self._metered(asked, meter, b"", True)
        await response.write_eof()
        return response

    async def converse(
        self, request: web.BaseRequest, asked: Asked, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        """The answer without our calls, and what the model says once they are answered."""
        if _coding(answer) not in _READ:
            return await self.relay(request, asked, answer)
        framed = CONTENT_TYPE in answer.content_type
        stream = framed or "event-stream" in answer.content_type
        turn = DIALECTS[asked.route.dialect].turn(stream=stream)
        turn = Framed(turn) if framed and isinstance(turn, Streamed) else turn
        headers = answered(answer.raw_headers, resized=True)
        headers.popall("Content-Encoding", None)
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
        if stream:
            await response.prepare(request)
        rounds: list[tuple[Round, tuple[Answer, ...]]] = []
        sent = asked.changed.body
        try:
            while await self._goes_on(response, asked, answer, turn, rounds):
                sent = await asyncio.to_thread(_followed, asked, sent, *rounds[-1])
                answer.release()
                again = await self.waited(self._again(asked, sent), lambda: _tell(response, turn))
                if isinstance(again, Refusal):
                    return await _refused(request, response, turn, again)
                answer = again
        finally:
            answer.release()
        end = turn.finish()
        if not stream:
            response.headers["Content-Length"] = str(len(end))
            await response.prepare(request)
        await response.write(end)
        await response.write_eof()
        return response

    async def _goes_on(
        self, response: web.StreamResponse, asked: Asked, answer: aiohttp.ClientResponse, turn: Turn,
        rounds: list[tuple[Round, tuple[Answer, ...]]],
    ) -> bool:  # fmt: skip
        """Relays one round, and adds it to `rounds` if our calls were in it. True if there must be another."""
        try:
            done = await self._round(response, asked, answer, turn, len(rounds))
        except UNREACHABLE:
            if rounds:  # the client goes on from what it has seen of this one as well
                await self.remember(turn, asked, [*rounds, (turn.end_round(), ())])
            raise
        if not done.hidden or not done.normal:
            if rounds:
                await self.remember(turn, asked, [*rounds, (done, ())])
            return False
        rounds.append((done, await self.redeemed(asked, done, len(rounds))))
        await self.remember(turn, asked, rounds)
        return not done.own and len(rounds) < MOST_ROUNDS

    async def _round(
        self, response: web.StreamResponse, asked: Asked, answer: aiohttp.ClientResponse, turn: Turn, number: int
    ) -> Round:
        meter = _meter(asked, answer, "")
        inflate = zlib.decompressobj(47) if _coding(answer) in ("gzip", "deflate") else None
        with self._accounted(asked, meter, number):
            async for data in answer.content.iter_any():
                try:
                    plain = data if inflate is None else inflate.decompress(data)
                except zlib.error as error:
                    raise aiohttp.ClientPayloadError(f"the answer is not {_coding(answer)}: {error}") from None
                self._metered(asked, meter, plain, answer.content.at_eof())
                shown = turn.feed(plain)
                if shown:
                    await response.write(shown)
            self._metered(asked, meter, b"", True)
        return turn.end_round()

    @contextmanager
    def _accounted(self, asked: Asked, meter: Meter, number: int, status: int = OK) -> Iterator[None]:
        """Tells the account of a round once it has passed. One that is cut off, mostly by a client that has read
        enough, is billed all the same: it is told as far as it has come."""
        whole = False
        try:
            yield
            whole = True
        finally:
            usage = meter.usage()
            if whole or usage is not None:
                self.told(asked, usage, number, meter.name, status)

    def _metered(self, asked: Asked, meter: Meter, data: bytes, last: bool) -> None:
        """Has the meter read what comes, and the answer noted before its client sees the end: the next request may be
        here before the next line of ours has run."""
        before = meter.output
        meter.feed(data)
        if last:
            meter.end()
        if meter.output is not before or (last and not meter.output):
            self.keep(asked, meter.name, meter.output)

    async def redeemed(self, asked: Asked, done: Round, number: int) -> tuple[Answer, ...]:
        """What the hidden calls of a round return; `number` rounds went before it."""
        if number >= MAX_ROUNDS:
            return tuple(Answer(call.id, NO_MORE, True) for call in done.hidden)
        await self._recall(asked)
        refs = self._known(asked)
        store = self._engine.store()
        if store is None:
            return tuple(Answer(call.id, "The store of originals cannot be read now.", True) for call in done.hidden)
        return tuple([await asyncio.to_thread(_redeemed, call, store, refs) for call in done.hidden])

    def _known(self, asked: Asked) -> set[str]:
        """The refs that this conversation was given, also those whose notices it has since compacted."""
        given = set(asked.changed.refs)
        name = asked.session or asked.changed.follows
        return self._given(name, given) if name else given

    def _given(self, name: str, refs: set[str]) -> set[str]:
        known = self._refs.get(name, set()) | refs
        self._refs.tell(name, known)
        return known

    async def _recall(self, asked: Asked) -> None:
        """Brings back what an earlier process noted of a session's refs."""
        if asked.session and asked.session not in self._refs:
            noted = await self.notes.read(digest("refs", asked.session))
            self._given(asked.session, set(parsed(noted) if noted is not None else ()))

    def told(self, asked: Asked, usage: Usage | None, number: int, name: str | None, status: int = 200) -> None:
        """Takes the account of a round. A conversation that the provider keeps is known by the answer it goes on from,
        if the client does not name it."""
        asked.told(asked, usage, number, name, status)
        if name and not asked.session and asked.route.dialect == "openai-responses":
            self._given(name, self._known(asked))

    def keep(self, asked: Asked, name: str | None, output: Sequence[Json]) -> None:
        """Begins to note of an answer what the client's next request may leave out."""
        cut = asked.changed.cut
        data = increments.note(output, cut) if name and cut is not None else None
        if name and data is not None:
            self.notes.begin([increments.key(name)], data)

    async def seen(self, asked: Asked) -> None:
        """Notes the refs that a request carries, for the session's later requests."""
        await self._recall(asked)
        before = len(self._refs.get(asked.session, ()))
        known = self._known(asked)
        if asked.session and len(known) > before:
            await self.notes.write([digest("refs", asked.session)], encoded(sorted(known)))

    async def remember(self, turn: Turn, asked: Asked, rounds: list[tuple[Round, tuple[Answer, ...]]]) -> None:
        """Keeps what was exchanged, for the client's next requests."""
        record = turn.record(inner(parsed(asked.body), asked.route.at), rounds)
        if record is not None:
            await self.notes.write(record.keys, encoded(record.data))

    async def waited(self, coming: Awaitable[T], tell: Callable[[], Awaitable[None]]) -> T:
        """What comes; for as long as it does not, the client is told that its answer goes on."""
        task = asyncio.ensure_future(coming)
        waits = True
        try:
            while not (await asyncio.wait([task], timeout=self._pulse))[0]:
                await tell()
            waits = False
            return task.result()
        finally:
            if waits:  # the client is gone
                await _dropped(task)

    async def _again(self, asked: Asked, body: bytes) -> aiohttp.ClientResponse | Refusal:
        """The next round's answer; refusals that pass are waited for."""
        tries = Tries()
        while True:
            after = ""
            try:
                answer = await asked.again(body)
                if answer.status == OK:
                    return answer
                refusal = Refusal(answer.status, await answer.read(), answered(answer.raw_headers, resized=True))
                after = answer.headers.get("retry-after", "")
            except UNREACHABLE as error:
                told = encoded({"error": {"message": f"headroom proxy: the upstream broke off: {error!r}"}})
                refusal = Refusal(BAD_GATEWAY, told, CIMultiDict({"Content-Type": "application/json"}))
            pause = tries.pause(refusal.status, after)
            if pause is None:
                return refusal
            await self.sleep(pause)


async def _dropped(task: asyncio.Future[T]) -> None:
    """Ends a task that nobody waits for, and with it the request upstream, even if that was answered just now."""
    task.cancel()
    for found in await asyncio.gather(task, return_exceptions=True):
        if isinstance(found, aiohttp.ClientResponse):
            found.close()


async def _tell(response: web.StreamResponse, turn: Turn) -> None:
    sign = turn.waiting()
    if response.prepared and sign:
        await response.write(sign)


async def _refused(
    request: web.BaseRequest, response: web.StreamResponse, turn: Turn, refusal: Refusal
) -> web.StreamResponse:
    """The upstream refused a hidden round for good: said in the running stream, or as it is."""
    if not response.prepared:
        return web.Response(status=refusal.status, body=refusal.body, headers=refusal.headers)
    told = turn.failed(refusal.status, refusal.body)
    if told:
        await response.write(told)
        await response.write_eof()
        return response
    if request.transport is not None:
        request.transport.close()
    return web.Response()  # to nobody


def _redeemed(call: Call, store: Store, refs: Collection[str]) -> Answer:
    try:
        return Answer(call.id, redeem(call.args, store, refs))
    except HeadroomError as error:
        return Answer(call.id, f"{error}.", True)


def _followed(asked: Asked, sent: bytes, done: Round, answers: tuple[Answer, ...]) -> bytes:
    """The next round's request. What was sent before keeps its bytes."""
    whole, at = parsed(sent), asked.route.at
    body = outer(whole, at, DIALECTS[asked.route.dialect].follow_up(inner(whole, at), done, answers))
    try:
        return rewritten(sent, whole, body)
    except (HeadroomError, LookupError, UnicodeEncodeError):
        return encoded(body)


def _coding(answer: aiohttp.ClientResponse) -> str:
    return answer.headers.get("Content-Encoding", "").strip().lower()


def _meter(asked: Asked, answer: aiohttp.ClientResponse, coding: str) -> Meter:
    return Meter(asked.route.dialect if asked.route.answers else "", answer.content_type, coding)


def _after(told: str, wait: float) -> float:
    """Seconds to wait before the next try; a date, which no provider sends, does not count."""
    told = told.strip()
    return min(float(told), LONGEST_WAIT) if re.fullmatch(r"\d+(?:\.\d*)?", told) else wait
