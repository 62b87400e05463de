"""Where originals and pins are kept. `STORES` is the registry: the contract suite runs over every entry.

A store that another program brings needs no entry here; it must only keep the promises of `types.Store`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from headroom.store._content import CAP_BYTES, PROTECTED_SECONDS, REF_LENGTH
from headroom.store.memory import MemoryStore
from headroom.store.sqlite import SqliteStore
from headroom.store.trial import TrialStore
from headroom.types import Store

__all__ = [
    "CAP_BYTES",
    "PROTECTED_SECONDS",
    "REF_LENGTH",
    "STORES",
    "Factory",
    "MemoryStore",
    "SqliteStore",
    "StoreKind",
    "TrialStore",
]


class Factory(Protocol):
    """Opens a store that keeps what it keeps, if anything, in `folder`."""

    def __call__(
        self,
        folder: Path,
        *,
        cap_bytes: int = CAP_BYTES,
        clock: Callable[[], float] = time.time,
        ref_length: int = REF_LENGTH,
    ) -> Store: ...


class StoreKind(NamedTuple):
    """A kind of store, by name, and how to open one."""

    name: str
    open: Factory


def _on_disk(
    folder: Path,
    *,
    cap_bytes: int = CAP_BYTES,
    clock: Callable[[], float] = time.time,
    ref_length: int = REF_LENGTH,
) -> Store:
    return SqliteStore(folder / "store.db", cap_bytes=cap_bytes, clock=clock, ref_length=ref_length)


def _in_memory(
    folder: Path,
    *,
    cap_bytes: int = CAP_BYTES,
    clock: Callable[[], float] = time.time,
    ref_length: int = REF_LENGTH,
) -> Store:
    return MemoryStore(cap_bytes=cap_bytes, clock=clock, ref_length=ref_length)


STORES: tuple[StoreKind, ...] = (StoreKind("sqlite", _on_disk), StoreKind("memory", _in_memory))
