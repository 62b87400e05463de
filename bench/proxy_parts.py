"""The two ends of a measured proxy, each a process of its own: a provider that answers at once, and a client.

`python -m bench.proxy_parts upstream` prints its port and serves until it is killed; `... client URL BODY N C` sends
the file BODY N times over C connections and prints the seconds of each request as JSON. Both speak just enough HTTP:
a framework would take half as much processor time as the proxy that is measured beside it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

WORDS = 30
"""Text deltas of the answer: about what a short turn of an agent streams."""


def events() -> bytes:
    """A streamed answer of Anthropic Messages, in one write."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 100, "output_tokens": 30}
    told: list[dict[str, object]] = [
        {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [],
                                              "model": "m", "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f"word{n} "}}
          for n in range(WORDS)),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 30}},
        {"type": "message_stop"},
    ]  # fmt: skip
    return b"".join(b"event: %s\ndata: %s\n\n" % (str(e["type"]).encode(), json.dumps(e).encode()) for e in told)


_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CHUNKED = re.compile(rb"(?i)\r\ntransfer-encoding: *chunked")


def whole(held: bytearray) -> int:
    """Where the first message ends in what came over a connection; 0 if it is not all here. Its body is counted or in
    chunks."""
    head = held.find(b"\r\n\r\n") + 4
    if head < 4:
        return 0
    if length := _LENGTH.search(held, 0, head):
        end = head + int(length[1])
    elif _CHUNKED.search(held, 0, head):
        end = held.find(b"\r\n0\r\n\r\n", head - 2) + 7
        end = end if end >= 7 else sys.maxsize
    else:
        end = head
    return end if end <= len(held) else 0


class End(asyncio.Protocol):
    """One end of a connection that is kept."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._held = bytearray()

    def data_received(self, data: bytes) -> None:
        self._held += data
        while end := whole(self._held):
            status = bytes(self._held[:12])
            del self._held[:end]
            self.told(status)

    def told(self, start: bytes) -> None:
        """Takes how a message begins, once all of it is here."""
        raise NotImplementedError


class Provider(End):
    """Answers every request with the same stream, having read its body."""

    def __init__(self, answer: bytes) -> None:
        self._answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (
            len(answer),
            answer,
        )

    def told(self, start: bytes) -> None:
        self.transport.write(self._answer)


class Client(End):
    """Sends a request again and again, as often as `left` says, and keeps the seconds of each one that was served."""

    def __init__(self, request: bytes, left: Iterator[int], seconds: list[float]) -> None:
        self._request, self._left, self._seconds = request, left, seconds
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(exc or ConnectionError("the connection was closed"))

    def told(self, start: bytes) -> None:
        if start == b"HTTP/1.1 200":
            self._seconds.append(time.perf_counter() - self._started)
        else:
            print(f"the answer begins with {start!r}", file=sys.stderr)
        self._next()

    def _next(self) -> None:
        if next(self._left, None) is None:
            self.over.set_result(None)
            self.transport.close()
        else:
            self._started = time.perf_counter()
            self.transport.write(self._request)


async def upstream() -> None:
    """Serves until it is killed."""
    answer = events()
    server = await asyncio.get_running_loop().create_server(lambda: Provider(answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def client(url: str, body: bytes, count: int, connections: int) -> list[float]:
    """Seconds of each of `count` requests that was served, `connections` at a time."""
    place = urlsplit(url)
    head = (
        f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\nx-api-key: k\r\n"
        f"anthropic-version: 2023-06-01\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: bench\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    request, left = head.encode() + body, iter(range(count))
    seconds: list[float] = []
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Client(request, left, seconds), place.hostname or "", place.port or 80)
        for _ in range(connections)
    ]
    await asyncio.gather(*(one.over for _, one in made))
    return seconds


def main(arguments: Sequence[str]) -> int:
    """Runs one end; returns the exit status."""
    if arguments[0] == "upstream":
        asyncio.run(upstream())
        return 0
    url, file, count, connections = arguments[1:]
    started = time.perf_counter()
    seconds = asyncio.run(client(url, Path(file).read_bytes(), int(count), int(connections)))
    print(json.dumps({"wall": time.perf_counter() - started, "seconds": seconds}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
