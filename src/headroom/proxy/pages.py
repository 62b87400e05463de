"""What the proxy answers itself: its health, its figures for Prometheus, and the dashboard with its data."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from aiohttp import web

from headroom import __version__
from headroom.errors import HeadroomError, StoreError
from headroom.ledger import DAY, NOTHING, Ledger, Total
from headroom.proxy.engine import Engine

SPANS = {"day": (1, "hour"), "week": (7, "day"), "month": (30, "day")}
"""Days back and the step of the chart, by the word in `/api/figures?span=`."""

STEPS = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d"}
"""How the ledger names each step, in local time."""

LATEST = 50

MOST_CHARS = 200_000
"""Of a text before and after, this much is shown in a page."""

POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads nothing, from nowhere; its own style and script are added by their hashes."""

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""Of every answer: the token is in the page's address, and the figures are nobody else's."""


class Pages:
    """The answers, from the ledger and the store."""

    def __init__(self, ledger: Ledger, engine: Engine, level: str) -> None:
        self._ledger = ledger
        self._engine = engine
        self._level = level
        self._started = time.time()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The page at the request's path."""
        try:
            made = await asyncio.to_thread(self._made, request.path, dict(request.query))
        except HeadroomError as error:
            made = web.json_response({"error": str(error)}, status=error.http_status)
        made.headers.update(HEADERS)
        return made

    def _made(self, path: str, query: dict[str, str]) -> web.Response:
        if path == "/healthz":
            return web.json_response({"ok": True, "name": "headroom", "version": __version__, "level": self._level})
        if path == "/metrics":
            return web.Response(text=self._metrics(), headers={"Content-Type": "text/plain; version=0.0.4"})
        if path == "/api/figures":
            return web.json_response(self._figures(query.get("span", "week")))
        if path == "/api/part":
            return web.json_response(self._part(query.get("ref", "")))
        page, policy = _page()
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": policy})

    def _metrics(self) -> str:
        total = self._total(0.0)
        figures = {
            "requests_total": ("counter", "Requests relayed.", total.requests),
            "prompt_tokens_total": ("counter", "Tokens of prompt as the providers billed them.", total.prompt),
            "cached_tokens_total": ("counter", "Tokens of prompt read from a cache.", total.read),
            "output_tokens_total": ("counter", "Tokens written by models.", total.output),
            "removed_tokens_total": ("counter", "Tokens that were not sent.", total.removed),
            "dollars_total": ("counter", "Dollars at list price.", total.dollars),
            "spared_dollars": ("gauge", "Dollars spared, net; may be negative.", total.spared),
            "start_time_seconds": ("gauge", "When the proxy started.", self._started),
        }
        return "".join(
            f"# HELP headroom_{name} {told}\n# TYPE headroom_{name} {kind}\nheadroom_{name} {value}\n"
            for name, (kind, told, value) in figures.items()
        )

    def _total(self, since: float) -> Total:
        return next(iter(self._ledger.totals("all", since)), NOTHING)

    def _figures(self, span: str) -> dict[str, object]:
        days, step = SPANS.get(span, SPANS["week"])
        since = time.time() - days * DAY
        names = ("tool", "kind", "parts", "before", "after")
        return {
            "span": span if span in SPANS else "week",
            "level": self._level,
            "version": __version__,
            "total": self._total(since)._asdict(),
            "series": [total._asdict() for total in filled(self._ledger.totals(step, since), step, since, time.time())],
            "agents": [total._asdict() for total in self._ledger.totals("agent", since)],
            "models": [total._asdict() for total in self._ledger.totals("model", since)],
            "tools": [dict(zip(names, row, strict=True)) for row in self._ledger.by_tool(since)[:20]],
            "latest": self._ledger.latest(LATEST),
        }

    def _part(self, ref: str) -> dict[str, object]:
        """One part before and after; `decided` tells whether the latter is known. Raises UnknownRefError."""
        store = self._engine.store()
        if store is None:
            raise StoreError("the store cannot be opened")
        before = store.get(ref).text
        decisions = store.decisions(ref)
        last = decisions[-1] if decisions else None
        after = last.rendering if last is not None and last.rendering is not None else before
        return {
            "ref": ref,
            "before": before[:MOST_CHARS],
            "after": after[:MOST_CHARS],
            "cut": max(len(before), len(after)) > MOST_CHARS,
            "decided": last is not None,
        }


def filled(totals: Sequence[Total], step: str, since: float, now: float) -> list[Total]:
    """A total for every step from `since` to `now` (seconds since 1970), so that a chart shows when nothing was."""
    known = {total.name: total for total in totals}
    moments = [*(since + hour * 3600 for hour in range(int((now - since) / 3600) + 1)), now]
    names = dict.fromkeys(time.strftime(STEPS[step], time.localtime(moment)) for moment in moments)
    return [known.get(name, NOTHING._replace(name=name)) for name in names]


@cache
def _page() -> tuple[str, str]:
    """The dashboard and the policy that lets a browser run just what is in it."""
    text = files("headroom.proxy").joinpath("dashboard.html").read_text("utf-8")
    policy = POLICY
    for name in ("style", "script"):
        for inner in re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
            policy += f"; {name}-src 'sha256-{digest}'"
    return text, policy
