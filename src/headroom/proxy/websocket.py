"""OpenAI Responses over a WebSocket: frames are relayed both ways, requests made smaller, retrievals answered.

A frame of the client is a request body; later ones bring only what is new and name the response they follow. So what
holds for a conversation over HTTP holds here for the socket: its way back, and results that wait for the next request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import aiohttp
from aiohttp import WSMsgType, web

from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.engine import Changed, Job
from headroom.proxy.retrieve.openai_responses import NEWS, TERMINAL, ResponsesStream, refused, result
from headroom.proxy.retrieve.turn import Answer, Round
from headroom.proxy.turns import MOST_ROUNDS, Asked, Tries, Turns
from headroom.proxy.usage import account, billed
from headroom.types import Json, WayBack

log = logging.getLogger("headroom")

MAX_FRAME = 64 * 1024 * 1024

_ENDS = TERMINAL | {"error"}
_CLOSING = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED})


class Frame(NamedTuple):
    """What a socket needs of the proxy."""

    change: Callable[[Job], Awaitable[Changed]]
    asked: Callable[[bytes, Changed], Asked]
    """The account of a request, for `Turns`."""
    turns: Turns
    level: str


class Socket:
    """One client's socket and the upstream's behind it."""

    def __init__(self, frame: Frame, client: web.WebSocketResponse, upstream: aiohttp.ClientWebSocketResponse) -> None:
        self._frame = frame
        self._client = client
        self._upstream = upstream
        self._way: WayBack | None = None
        """That of the socket's first request: it never changes, as the tools of a conversation must not."""
        self._turn = ResponsesStream()
        self._asked: Asked | None = None
        """The request whose answer comes; None if that is not read."""
        self._body: Json = None
        """The last request, as sent."""
        self._rounds: list[tuple[Round, tuple[Answer, ...]]] = []
        self._hidden = False
        """True while a hidden round is on."""
        self._tries = Tries()

    async def run(self) -> None:
        """Relays until either side closes; the other is closed with the same code."""
        pumps = [asyncio.create_task(pump) for pump in (self._from_client(), self._from_upstream())]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in done:
                pump.result()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            await self._upstream.close(code=_code(self._client.close_code))
            await self._client.close(code=_code(self._upstream.close_code))

    async def _from_client(self) -> None:
        async for message in self._client:
            if message.type == WSMsgType.TEXT:
                await self._upstream.send_str(await self._request(message.data))
            elif message.type == WSMsgType.BINARY:
                await self._upstream.send_bytes(message.data)

    async def _from_upstream(self) -> None:
        while (message := await self._next()).type not in _CLOSING:
            if message.type == WSMsgType.TEXT:
                for text in await self._event(message.data):
                    await self._client.send_str(text)
            elif message.type == WSMsgType.BINARY:
                await self._client.send_bytes(message.data)

    async def _next(self) -> aiohttp.WSMessage:
        """What the upstream sends next. Before a hidden round begins, the client is told that there is one."""
        coming = self._upstream.receive()
        return await (self._frame.turns.waited(coming, self._tell) if self._is_waiting() else coming)

    def _is_waiting(self) -> bool:
        return self._hidden and not self._turn.begun

    async def _request(self, text: str) -> str:
        """A frame of the client as it goes upstream."""
        told = parsed(text)
        if not isinstance(told, dict) or told.get("type") != "response.create":
            return text
        data = text.encode("utf-8", "surrogatepass")
        # Answers to frames with a stream_id come mixed: nothing can be hidden in them.
        mixed = "stream_id" in told
        way = "none" if mixed else self._way
        job = Job(body=data, dialect="openai-responses", level=self._frame.level, forced=way, kept=True)
        changed = await self._frame.change(job)
        if changed.way == "tool" or told.get("generate") is not False:  # a warm-up may come before its tools
            self._way = self._way or ("none" if changed.why_not else changed.way)
        self._turn, self._rounds, self._body, self._hidden = ResponsesStream(), [], None, False
        self._asked = self._frame.asked(data, changed)
        await self._frame.turns.seen(self._asked)
        return text if changed.body == data else changed.body.decode("utf-8", "surrogatepass")

    async def _event(self, text: str) -> list[str]:
        """An event of the upstream as the client sees it: mostly itself, sometimes nothing or several."""
        if self._asked is None or (not self._turn.hides and not any(sign in text for sign in NEWS)):
            self._turn.skip()
            return [text]
        told = parsed(text)
        if not isinstance(told, dict):
            return [text]
        if self._is_waiting() and await self._retried(told):
            return []
        self._hidden = self._hidden and told.get("type") not in _ENDS
        shown = self._turn.passed(told)
        made = [] if shown is None else [text if shown is told else encoded(shown).decode()]
        if told.get("type") in TERMINAL:
            made += await self._ended(told, self._asked)
        return made

    async def _retried(self, told: dict[str, Any]) -> bool:
        """Asks again for a hidden round of which the client has seen nothing, if this refuses it and may pass."""
        status, after = refused(told)
        pause = self._tries.pause(status, after)
        if pause is None:
            return False
        body = self._body
        await self._frame.turns.waited(self._frame.turns.sleep(pause), self._tell)
        if self._body is body:  # else the client has asked for something else meanwhile
            await self._upstream.send_str(encoded(body).decode())
        return True

    async def _tell(self) -> None:
        await self._client.send_str(encoded(self._turn.keepalive()).decode())

    async def _ended(self, told: dict[str, Any], asked: Asked) -> list[str]:
        """The end of a round: the next one is asked for, or the turn ends."""
        response = told.get("response") or {}
        found = billed(response)
        usage = account("openai-responses", found) if found else None
        done = self._turn.end_round()
        self._frame.turns.told(asked, usage, len(self._rounds), response.get("id"))
        self._frame.turns.keep(asked, response.get("id"), done.output)
        if done.hidden and done.normal:
            answers = await self._frame.turns.redeemed(asked, done, len(self._rounds))
            self._rounds.append((done, answers))
            await self._frame.turns.remember(self._turn, asked, self._rounds)
            # Beside the client's own calls they go with its results: the engine remembers them.
            if not done.own and len(self._rounds) < MOST_ROUNDS:
                body = self._body or parsed(asked.changed.body)
                results = [result(answer) for answer in answers]
                self._body = {**body, "previous_response_id": response.get("id"), "input": results}
                self._hidden, self._tries = True, Tries()
                await self._upstream.send_str(encoded(self._body).decode())
                return []
        elif self._rounds:
            await self._frame.turns.remember(self._turn, asked, [*self._rounds, (done, ())])
        end = self._turn.ended()
        return [] if end is None else [encoded(end).decode()]


def _code(code: int | None) -> int:
    """A close code that may be sent: 1005 and 1006 only say that there was none."""
    return code if code is not None and code not in (1005, 1006, 1015) else 1000
