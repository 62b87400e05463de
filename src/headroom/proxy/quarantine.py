"""Conversations whose provider refused what we made of their parts: the later ones are left as they are.

Kept in the store as well, since a proxy that starts again would walk into the same refusal.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable

from headroom.errors import StoreError
from headroom.proxy.retrieve.keys import digest
from headroom.types import Store

log = logging.getLogger("headroom")

SESSIONS = 512
"""Conversations that are known without asking the store."""


class Quarantine:
    """Knows conversations by the names that their clients give them; without a name none can be told again.

    Args:
        store: gives the store, None while it cannot be opened.
    """

    def __init__(self, store: Callable[[], Store | None]) -> None:
        self._store = store
        self._known: OrderedDict[str, bool] = OrderedDict()

    async def holds(self, session: str) -> bool:
        """True if the conversation's new parts are to be left as they are."""
        if session and session not in self._known:
            self._know(session, await self._is_noted(session))
        return self._known.get(session, False)

    async def add(self, session: str) -> None:
        """Leaves the conversation's later parts alone, from now on and after a restart."""
        store = self._store()
        if not session:
            return
        self._know(session, True)
        try:
            if store is not None:
                await asyncio.to_thread(store.note, [_key(session)], b"1")
        except StoreError:
            log.exception("it cannot be noted that a conversation's parts were refused")

    def _know(self, session: str, held: bool) -> None:
        self._known[session] = held
        self._known.move_to_end(session)
        if len(self._known) > SESSIONS:
            self._known.popitem(last=False)

    async def _is_noted(self, session: str) -> bool:
        store, key = self._store(), _key(session)
        try:
            return store is not None and key in await asyncio.to_thread(store.notes, [key])
        except StoreError:
            log.exception("whether a conversation's parts were refused cannot be read")
            return False


def _key(session: str) -> bytes:
    return digest("quarantine", session)
