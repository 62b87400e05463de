"""How the fake writes an answer: at once, in pieces, behind a gate, or cut off."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from headroom.testing._script import Reply
from headroom.testing._wire import Object

POLL_SECONDS = 0.002
"""How often a closed gate is looked at."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply and the bytes that say it."""

    reply: Reply
    pieces: Sequence[bytes]
    content_type: str = "application/json"
    streams: bool = True
    """False if the length is told beforehand."""

    @classmethod
    def whole(cls, reply: Reply, value: Object) -> Answer:
        """An answer of one JSON object, or of the reply's own body."""
        return cls(reply, [json.dumps(value).encode() if reply.body is None else reply.body], streams=False)

    def writes(self) -> list[bytes]:
        """The body as it is written."""
        size = self.reply.chunk_bytes
        if size is None:
            return [piece for piece in self.pieces if piece]
        body = b"".join(self.pieces)
        return [body[at : at + size] for at in range(0, len(body), size)]


async def send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Answers a request. Raises ConnectionError once the client is gone."""
    reply = answer.reply
    headers = CIMultiDict({"Content-Type": answer.content_type, "request-id": "req_fake", "x-request-id": "req_fake"})
    if reply.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(b"".join(answer.pieces), mtime=0)
        answer = Answer(reply, [body], answer.content_type, streams=False)
    for name in {name.lower() for name, _ in reply.headers}:
        headers.popall(name, None)
    headers.extend(reply.headers)
    response = web.StreamResponse(status=reply.status, headers=headers)
    if not answer.streams and "transfer-encoding" not in headers:
        response.content_length = sum(map(len, answer.pieces))
    headers.popall("transfer-encoding", None)
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    left = reply.cut_after
    async for data in _paced(answer.writes(), reply):
        await response.write(data if left is None else data[:left])
        left = None if left is None else left - len(data)
        if left is not None and left <= 0:
            await drop(request)
            break
    return response


async def send_frames(socket: web.WebSocketResponse, reply: Reply, frames: Sequence[str]) -> bool:
    """Sends text frames; False if the script says to stop before the last."""
    left = reply.cut_after
    async for data in _paced([frame.encode() for frame in frames], reply):
        if left is not None:
            left -= len(data)
            if left < 0:
                return False
        await socket.send_str(data.decode())
    return True


async def _paced(writes: Sequence[bytes], reply: Reply) -> AsyncIterator[bytes]:
    """The writes, each when its time has come."""
    for number, data in enumerate(writes):
        while number == 1 and reply.gate is not None and not reply.gate.is_set():
            await asyncio.sleep(POLL_SECONDS)
        if number and reply.delay_chunks:
            await asyncio.sleep(reply.delay_chunks)
        yield data


async def drop(request: web.BaseRequest) -> None:
    """Ends the connection once what was written has left."""
    if request.transport is not None:
        request.transport.close()
