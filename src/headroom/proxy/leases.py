"""Leases: an open connection says that somebody needs the proxy. One that a wrap has started ends after the last one.

A holder that is killed closes its connection too, so nothing is left behind, and whoever holds one sees at once when
the proxy is gone.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

FIRST_SECONDS = 10.0
"""So long the first lease is waited for: whoever has started the proxy takes it as soon as it listens."""


class Leases:
    """Counts the leases, and says when the proxy may end."""

    def __init__(self, seconds: float | None) -> None:
        """The proxy ends `seconds` after its last lease; with None it does not."""
        self._seconds = seconds
        self._held = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()
        self.over = asyncio.Event()
        """Set once nobody has held a lease for long enough; none is given from then on."""

    def start(self) -> None:
        """Begins to wait for the first lease."""
        if self._seconds is not None:
            self._end_in(max(self._seconds, FIRST_SECONDS))

    def _end_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self.over.set)

    async def hold(self, request: web.BaseRequest) -> web.StreamResponse:
        """A lease, for as long as its connection is open; refused by 503 where the proxy is about to end."""
        if self.over.is_set() or self._closed.is_set():
            return web.Response(status=503)
        self._held += 1
        if self._timer is not None:
            self._timer.cancel()
        try:
            answer = web.StreamResponse()
            await answer.prepare(request)
            await self._closed.wait()
            return answer
        finally:
            self._held -= 1
            if self._seconds is not None and not self._held:
                self._end_in(self._seconds)

    async def close(self) -> None:
        """Ends all leases: their holders see it."""
        self._closed.set()
