"""Conversations whose parts are left alone: known by name, after a restart too, and not without end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from headroom.proxy.notes import SESSIONS
from headroom.proxy.quarantine import Quarantine
from headroom.store import MemoryStore, SqliteStore


def holds(quarantine: Quarantine, *sessions: str) -> list[bool]:
    async def asked() -> list[bool]:
        return [await quarantine.holds(session) for session in sessions]

    return asyncio.run(asked())


def add(quarantine: Quarantine, *sessions: str) -> None:
    async def added() -> None:
        for session in sessions:
            await quarantine.add(session)

    asyncio.run(added())


def test_a_conversation_is_held_by_its_name_and_no_other_is() -> None:
    quarantine = Quarantine(MemoryStore)
    assert holds(quarantine, "a", "b", "") == [False, False, False]
    add(quarantine, "a", "")

    assert holds(quarantine, "a", "b", "") == [True, False, False]


def test_it_is_held_after_a_restart_too(tmp_path: Path) -> None:
    before, after = SqliteStore(tmp_path / "store.db"), SqliteStore(tmp_path / "store.db")
    add(Quarantine(lambda: before), "a")

    assert holds(Quarantine(lambda: after), "a", "b") == [True, False]
    before.close()
    after.close()


def test_one_that_is_added_while_it_is_looked_up_is_held() -> None:
    store = MemoryStore()
    quarantine = Quarantine(lambda: store)

    async def both() -> None:
        await asyncio.gather(quarantine.holds("a"), quarantine.add("a"))

    asyncio.run(both())
    assert holds(quarantine, "a") == [True]


def test_many_conversations_are_remembered_by_the_store_alone() -> None:
    store, names = MemoryStore(), [f"session {n}" for n in range(SESSIONS + 1)]
    kept, lost = Quarantine(lambda: store), Quarantine(lambda: None)
    add(kept, *names)
    add(lost, *names)

    assert holds(kept, *names[:2]) == [True, True]
    assert holds(lost, names[-1], names[0]) == [True, False]


def test_a_store_that_fails_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    closed = MemoryStore()
    closed.close()
    quarantine = Quarantine(lambda: closed)
    assert holds(quarantine, "a") == [False]
    add(quarantine, "a")

    assert holds(quarantine, "a") == [True]
    assert len(caplog.records) == 2
