"""The two ends of a measured proxy, each a process of its own: a provider that answers at once, and a client.

`python -m bench.proxy_parts upstream` prints its port and serves until it is killed; `... client URL BODY N C` sends
the file BODY N times over C connections and prints the seconds of each request as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from aiohttp import web

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


async def upstream() -> None:
    """Answers every request with the same stream, having read its body."""
    answer = events()

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=answer, content_type="text/event-stream")

    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def client(url: str, body: bytes, count: int, connections: int) -> list[float]:
    """Seconds of each of `count` requests that was served, `connections` at a time."""
    left = iter(range(count))
    seconds: list[float] = []
    headers = {"content-type": "application/json", "x-api-key": "k", "anthropic-version": "2023-06-01"}

    async def one(session: aiohttp.ClientSession) -> None:
        for _ in left:
            started = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                told = await answer.read()
            if answer.status != 200:
                print(f"{url} answered {answer.status}: {told[:200]!r}", file=sys.stderr)
                continue
            seconds.append(time.perf_counter() - started)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(one(session) for _ in range(connections)))
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
