"""What the proxy knows of conversations: the latest are in memory, notes are in the store or nowhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from headroom.proxy.notes import SESSIONS, Latest, Notes
from headroom.store import MemoryStore
from tests.proxies import WAIT

KEYS = [b"one" * 11, b"two" * 11]


def test_of_too_many_conversations_the_one_told_longest_ago_is_forgotten() -> None:
    latest: Latest[int] = Latest()
    for number in range(SESSIONS):
        latest.tell(str(number), number)
    latest.tell("0", -1)
    latest.tell("new", 0)

    assert (latest.get("0"), latest.get("1"), latest.get("new")) == (-1, None, 0)
    assert len(latest) == SESSIONS


async def kept(notes: Notes) -> list[bytes | None]:
    await notes.write(KEYS, b"told")
    return [await notes.read(key) for key in (*KEYS, b"none" * 8)]


def test_a_note_is_read_under_each_of_its_keys() -> None:
    store = MemoryStore()

    assert asyncio.run(kept(Notes(lambda: store))) == [b"told", b"told", None]


def test_without_a_store_there_are_no_notes() -> None:
    assert asyncio.run(kept(Notes(lambda: None))) == [None, None, None]


def test_a_store_that_fails_is_told_and_there_are_no_notes(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore()
    store.close()

    assert asyncio.run(kept(Notes(lambda: store))) == [None, None, None]
    assert len(caplog.records) == 4


class Slow(MemoryStore):
    """A store that is busy for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def note(self, keys: Sequence[bytes], data: bytes) -> None:
        assert self.free.wait(WAIT)
        super().note(keys, data)


def test_a_note_is_kept_though_its_client_is_gone_and_can_be_waited_for() -> None:
    store = Slow()

    async def run() -> bytes | None:
        notes = Notes(lambda: store)
        await notes.settled()  # nothing is
        writing = asyncio.create_task(notes.write(KEYS, b"told"))
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait([writing])
        settled = asyncio.create_task(notes.settled())
        await asyncio.sleep(0)
        assert not settled.done()
        store.free.set()
        await settled
        return await notes.read(KEYS[0])

    assert asyncio.run(run()) == b"told"
