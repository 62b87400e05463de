"""A store for dry runs: what another one holds is read, and what is written is forgotten with it."""

from __future__ import annotations

from collections.abc import Sequence

from headroom.errors import UnknownRefError
from headroom.store.memory import MemoryStore
from headroom.types import Decision, Original, Pin, PinKey, Store, TextKey


class TrialStore(MemoryStore):
    """Answers as `below` would, and keeps every write to itself."""

    def __init__(self, below: Store) -> None:
        super().__init__()
        self._below = below

    def get(self, ref: str) -> Original:
        """The original of `ref`. Raises UnknownRefError."""
        try:
            return super().get(ref)
        except UnknownRefError:
            return self._below.get(ref)

    def pins(self, chains: Sequence[bytes]) -> dict[PinKey, Pin]:
        """All pins of these chain values, whatever their way back."""
        return super().pins(chains) | self._below.pins(chains)

    def pins_by_text(self, keys: Sequence[TextKey]) -> dict[TextKey, Pin]:
        """For each key the pin that was written first."""
        return super().pins_by_text(keys) | self._below.pins_by_text(keys)

    def pin(self, pins: Sequence[Pin]) -> list[Pin]:
        """What would be held for each key, in order, had it been written."""
        held = self._below.pins([pin.key.chain for pin in pins])
        new = [pin for pin in pins if pin.key not in held]
        for pin in new:
            if pin.decision.ref is not None:
                self.put(self.get(pin.decision.ref).text)
        made = dict(zip([pin.key for pin in new], super().pin(new), strict=True))
        return [held.get(pin.key) or made[pin.key] for pin in pins]

    def decisions(self, ref: str) -> list[Decision]:
        """The decisions of all pins that name the original `ref`, the oldest first."""
        return self._below.decisions(ref) + super().decisions(ref)

    def notes(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is remembered under these keys."""
        return self._below.notes(keys) | super().notes(keys)
