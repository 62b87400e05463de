"""The store in memory: what tests and one-off library calls use, by the same rules as the store on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from headroom.store import _content as content
from headroom.store._content import Damaged
from headroom.types import Decision, Original, Pin, PinKey, TextKey, Usage

_NAME = "the store in memory"


@dataclass(slots=True)
class _Kept:
    """An original: its tagged hash, its zstd frame, and when it was last used."""

    tagged: str
    body: bytes
    used: float

    def touch(self, now: float) -> None:
        if self.used < now - content.ORIGINAL_TOUCH_SECONDS:
            self.used = now


class MemoryStore:
    """Keeps originals and pins for as long as the process lives. Safe for threads; other processes see nothing of it.

    `cap_bytes` bounds the compressed originals. `clock` gives seconds since the epoch. `ref_length` is the shortest
    ref it issues.
    """

    def __init__(
        self,
        *,
        cap_bytes: int = content.CAP_BYTES,
        clock: Callable[[], float] = time.time,
        ref_length: int = content.REF_LENGTH,
    ) -> None:
        self._cap = cap_bytes
        self._clock = clock
        self._ref_length = ref_length
        self._lock = threading.RLock()
        self._closed = False
        self._forget()

    def put(self, text: str) -> str:
        """Keeps `text` and returns its ref. Raises StoreError if there is no room, before anything changes."""
        data = content.encoded(text)
        tagged = content.tagged_hash(data)
        body = content.packed(data)
        with self._open():
            now = self._clock()
            for ref in content.refs(tagged, self._ref_length):
                known = self._originals.get(ref)
                if known is not None and known.tagged == tagged:
                    known.touch(now)
                    return ref
            self._make_room(len(body), now)
            ref = next(name for name in content.refs(tagged, self._ref_length) if name not in self._originals)
            self._originals[ref] = _Kept(tagged, body, now)
            self._bytes += len(body)
            return ref

    def get(self, ref: str) -> Original:
        """The original of `ref`, in any case and with blanks around. Raises UnknownRefError."""
        with self._open():
            name = content.normal_ref(ref)
            kept = self._originals.get(name)
            if kept is None:
                raise content.unknown_ref(ref)
            kept.touch(self._clock())
        return Original(name, content.original_text(kept.tagged, kept.body))

    def pins(self, chains: Sequence[bytes]) -> dict[PinKey, Pin]:
        """All pins of these chain values, whatever their way back."""
        with self._open():
            return self._seen(pin for chain in dict.fromkeys(chains) for pin in self._by_chain.get(chain, ()))

    def pins_by_text(self, keys: Sequence[TextKey]) -> dict[TextKey, Pin]:
        """For each key the pin that was written first."""
        with self._open():
            found = self._seen(self._by_text[key] for key in dict.fromkeys(keys) if key in self._by_text)
        return {pin.text_key: pin for pin in found.values()}

    def pin(self, pins: Sequence[Pin]) -> list[Pin]:
        """Writes each pin whose key is free, and returns what is held for each key, in order. Raises StoreError,
        having written nothing, if a new pin needs an original that is not here."""
        with self._open():
            now = self._clock()
            new = {pin.key: pin for pin in reversed(pins) if pin.key not in self._pins}
            for pin in new.values():
                ref = pin.decision.ref
                if content.needs_original(pin.decision) and ref is not None and ref not in self._originals:
                    raise content.original_gone(_NAME, ref)
            for key, pin in reversed(new.items()):
                self._pins[key] = pin
                self._pin_seen[key] = now
                self._by_chain.setdefault(key.chain, []).append(pin)
                self._by_text.setdefault(pin.text_key, pin)
            return [self._pins[pin.key] for pin in pins]

    def unpin(self, keys: Sequence[PinKey]) -> None:
        """Forgets the pins of these keys."""
        with self._open():
            for pin in [self._pins.pop(key) for key in keys if key in self._pins]:
                self._by_chain[pin.key.chain].remove(pin)
                if self._by_text.get(pin.text_key) is pin:
                    del self._by_text[pin.text_key]

    def decisions(self, ref: str) -> list[Decision]:
        """The decisions of all pins that name the original `ref`, the oldest first."""
        name = content.normal_ref(ref)
        with self._open():
            return [pin.decision for pin in self._pins.values() if pin.decision.ref == name]

    def note(self, keys: Sequence[bytes], data: bytes) -> None:
        """Remembers `data` under each key."""
        with self._open():
            self._notes |= dict.fromkeys(keys, data)

    def notes(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is remembered under these keys."""
        with self._open():
            return {key: self._notes[key] for key in keys if key in self._notes}

    def usage(self) -> Usage:
        """Originals, pins, and the compressed bytes of the originals, which the cap bounds."""
        with self._open():
            return Usage(len(self._originals), len(self._pins), self._bytes)

    def verify(self) -> list[str]:
        """Derives every hash again; one sentence per problem."""
        with self._open():
            kept = list(self._originals.items())
        problems = []
        for ref, original in kept:
            try:
                content.original_text(original.tagged, original.body)
            except Damaged as damage:
                problems.append(f"original {ref!r} is damaged: {damage}")
        return problems

    def purge(self) -> Usage:
        """Forgets everything and returns what was forgotten."""
        with self._open():
            forgotten = self.usage()
            self._forget()
            return forgotten

    def close(self) -> None:
        """Forgets everything. Any other use afterwards raises StoreError."""
        with self._lock:
            self._closed = True
            self._forget()

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._lock:
            if self._closed:
                raise content.closed(_NAME)
            yield

    def _forget(self) -> None:
        self._originals: dict[str, _Kept] = {}
        self._bytes = 0
        self._pins: dict[PinKey, Pin] = {}
        self._pin_seen: dict[PinKey, float] = {}
        self._by_chain: dict[bytes, list[Pin]] = {}
        self._by_text: dict[TextKey, Pin] = {}
        self._notes: dict[bytes, bytes] = {}

    def _seen(self, pins: Iterator[Pin]) -> dict[PinKey, Pin]:
        now = self._clock()
        found = {pin.key: pin for pin in pins}
        for key in found:
            if self._pin_seen[key] < now - content.PIN_TOUCH_SECONDS:
                self._pin_seen[key] = now
        return found

    def _make_room(self, needed: int, now: float) -> None:
        if needed > self._cap:
            raise content.too_large(_NAME, needed, self._cap)
        excess = self._bytes + needed - self._cap
        if excess <= 0:
            return
        since = content.protected_since(now)
        protected = {
            pin.decision.ref
            for key, pin in self._pins.items()
            if content.needs_original(pin.decision) and self._pin_seen[key] >= since
        }
        going = []
        for ref, kept in sorted(self._originals.items(), key=lambda item: item[1].used):
            if excess <= 0:
                break
            if ref not in protected:
                going.append(ref)
                excess -= len(kept.body)
        if excess > 0:
            raise content.full(_NAME, needed, self._cap)
        for ref in going:
            self._bytes -= len(self._originals.pop(ref).body)
