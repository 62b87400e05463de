"""Conversations whose provider refused what we made of their parts: the later ones are left as they are.

Kept in the store as well, since a proxy that starts again would walk into the same refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from headroom.proxy.engine import Changed
from headroom.proxy.notes import Latest, Notes
from headroom.proxy.retrieve.keys import digest
from headroom.types import Store

_OTHERS = re.compile(
    rb"(?i)too long|too many tokens|context.(?:length|window)|credit|billing|quota|api.key|model.{0,40}not"
)
"""What a refusal says that has nothing to do with the form of a text."""


class Quarantine:
    """Knows conversations by the names that their clients give them; without a name none can be told again.

    Args:
        store: gives the store, None while it cannot be opened.
    """

    def __init__(self, store: Callable[[], Store | None]) -> None:
        self._notes = Notes(store)
        self._known: Latest[bool] = Latest()

    async def holds(self, session: str) -> bool:
        """True if the conversation's new parts are to be left as they are."""
        if session and session not in self._known:
            noted = await self._notes.read(_key(session)) is not None
            if session not in self._known:  # else it was added meanwhile
                self._known.tell(session, noted)
        return self._known.get(session, False)

    async def add(self, session: str) -> None:
        """Leaves the conversation's later parts alone, from now on and after a restart."""
        if session:
            self._known.tell(session, True)
            await self._notes.write([_key(session)], b"1")


def may_be_ours(changed: Changed, refusal: bytes) -> bool:
    """True if a refusal (status 400) may be due to what we changed in the parts that this request brought."""
    made = any(part.tokens_after != part.tokens_before for part in changed.parts)
    return made and not _OTHERS.search(refusal)


def _key(session: str) -> bytes:
    return digest("quarantine", session)
