"""What the proxy knows of conversations: the latest in memory, and notes in the store, which outlive the process."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeVar

from headroom.errors import StoreError
from headroom.types import Store

log = logging.getLogger("headroom")
T = TypeVar("T")

SESSIONS = 512
"""Conversations that are known without asking the store."""


class Latest(OrderedDict[str, T]):
    """What is known of each conversation, by its name; of too many the one that was told longest ago is forgotten."""

    def tell(self, name: str, value: T) -> None:
        """Takes what is known of a conversation from now on."""
        self[name] = value
        self.move_to_end(name)
        if len(self) > SESSIONS:
            self.popitem(last=False)


class Notes:
    """Notes in the store, read and written beside the event loop. A store that fails holds up nothing.

    Args:
        store: gives the store, None while it cannot be opened.
    """

    def __init__(self, store: Callable[[], Store | None]) -> None:
        self._store = store
        self._writing: set[asyncio.Task[None]] = set()

    async def read(self, key: bytes) -> bytes | None:
        """The note under `key`; None if there is none, or it cannot be read."""
        store = self._store()
        try:
            return None if store is None else (await asyncio.to_thread(store.notes, [key])).get(key)
        except StoreError:
            log.exception("a note of a conversation cannot be read: it goes on without")
            return None

    async def write(self, keys: Sequence[bytes], data: bytes) -> None:
        """Keeps a note under several keys."""
        await asyncio.shield(self.begin(keys, data))

    def begin(self, keys: Sequence[bytes], data: bytes) -> asyncio.Task[None]:
        """Begins to keep a note. This goes on even if whoever wants it is cancelled: a client that has read its answer
        leaves, and asks what the note is for."""
        writing = asyncio.create_task(self._write(keys, data))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return writing

    async def settled(self) -> None:
        """Waits until all is written that is being written now."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def _write(self, keys: Sequence[bytes], data: bytes) -> None:
        store = self._store()
        try:
            if store is not None:
                await asyncio.to_thread(store.note, keys, data)
        except StoreError:
            log.exception("a note of a conversation cannot be kept: its next request goes without")
