"""The ledger's side of the proxy: who asked, what it cost, written a little later and together."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Mapping

from headroom.errors import StoreError
from headroom.ledger import Entry, Ledger, Part
from headroom.prices import Usage
from headroom.proxy.turns import Asked

log = logging.getLogger("headroom")

SESSION_HEADERS = (
    "x-headroom-session", "x-claude-code-session-id", "thread-id", "session-id", "conversation_id", "x-session-id",
)  # fmt: skip
"""Headers by which clients name their conversation, the first one that is there."""

PROJECT_HEADER = "x-headroom-project"

FLUSH_SECONDS = 0.5
"""Rows are written together this often: one write for each of two thousand requests a second would hold them up."""

MOST_CHARS = 200
"""Of a name in a header, this much is kept."""

_PRODUCT = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)


class Accounts:
    """Keeps the entries of answered requests until the next write."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._waiting: list[Entry] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, entry: Entry) -> None:
        """Takes an entry; it is in the ledger after the next write."""
        self._waiting.append(entry)

    async def run(self) -> None:
        """Writes what waits, again and again, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Writes what waits; what cannot be written is dropped, since no request may wait for it."""
        if self._waiting:
            self._writing = asyncio.create_task(self._write(self._waiting))
            self._waiting = []
            await asyncio.shield(self._writing)  # written, whoever is cancelled

    async def _write(self, entries: list[Entry]) -> None:
        try:
            await asyncio.to_thread(self.ledger.extend, entries)
        except StoreError as error:
            log.error("%d rows are lost: %s", len(entries), error)

    async def close(self) -> None:
        """Writes the last rows and closes the ledger."""
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self.flush()
        self.ledger.close()


def session_of(headers: Mapping[str, str]) -> str:
    """The client's name of the conversation, empty if it has none."""
    return next((headers[name][:MOST_CHARS] for name in SESSION_HEADERS if headers.get(name)), "")


def is_held_out(session: str, share: float) -> bool:
    """True for the conversations that are left raw, always the same ones: by the hash of their name."""
    return bool(session) and hashlib.sha256(session.encode("utf-8", "replace")).digest()[0] < 256 * share


def agent_of(headers: Mapping[str, str]) -> str:
    """The client, by the first product of its User-Agent: `claude-cli`, `codex_cli_rs`."""
    found = _PRODUCT.match(headers.get("user-agent", ""))
    return found.group().lower()[:MOST_CHARS] if found else ""


def entry(
    headers: Mapping[str, str], asked: Asked, level: str, ms: float, usage: Usage | None, number: int, name: str | None,
    status: int = 200, held_out: bool = False,
) -> Entry:  # fmt: skip
    """The row of one round of a turn. A refused request spared nothing: it comes again."""
    changed = asked.changed
    first = number == 0 and status < 400
    return Entry(
        session=asked.session,
        agent=agent_of(headers),
        project=headers.get(PROJECT_HEADER, "")[:MOST_CHARS],
        dialect=asked.route.dialect,
        model=changed.model,
        level=level,
        status=status,
        holdout=held_out,
        ms=ms,
        round=number,
        answer=name,
        usage=usage,
        removed_new=sum(part.tokens_before - part.tokens_after for part in changed.parts) if first else 0,
        removed_old=changed.removed_old if first else 0,
        parts=[
            Part(part.tool, part.kind, part.reason, part.tokens_before, part.tokens_after, part.ref)
            for part in changed.parts
        ]
        if first
        else [],
    )
