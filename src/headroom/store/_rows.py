"""A pin as a row and back. What is read is what was written, to the last lone surrogate, or it is Damaged."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, NamedTuple

from headroom.store._content import Damaged, decoded, encoded, needs_original, packed, unpacked
from headroom.types import Decision, Omission, Pin, PinKey, TextKey

PACKED_CHARS = 1024
"""Renderings longer than this are kept as zstd: below it a frame saves few hundred bytes and costs 20 µs to open."""

CACHED_CHARS = 8_000_000
"""Characters of renderings kept decoded per open store: two full contexts' worth, at most 32 MB."""

_PIN_COST = 400
"""Characters a decoded pin is counted as beside its rendering."""

KEPT = (
    "chain", "way", "text_way", "call_id", "text_hash", "rendering", "kind", "version", "level", "lossless", "ref",
    "reason", "tokens_before", "tokens_after", "omissions", "refers", "needs_original", "seen",
)  # fmt: skip
"""The columns of a pin, in the order of `row_of`."""

Row = tuple[Any, ...]


class Read(NamedTuple):
    """A pin as read, with what the store itself keeps about it."""

    id: int
    pin: Pin
    seen: float
    needs_original: bool


def row_of(pin: Pin, now: float) -> Row:
    """The values of `KEPT`."""
    decision = pin.decision
    return (
        pin.key.chain,
        pin.key.way,
        pin.text_key.way,
        encoded(pin.text_key.call_id),
        pin.text_key.text_hash,
        _stored_rendering(decision.rendering),
        decision.kind,
        decision.version,
        decision.level,
        int(decision.lossless),
        decision.ref,
        decision.reason,
        decision.tokens_before,
        decision.tokens_after,
        _stored_omissions(decision.omissions) if decision.omissions else None,
        ",".join(chain.hex() for chain in decision.refers) if decision.refers else None,
        int(needs_original(decision)),
        now,
    )


def read_of(row: Row) -> Read:
    """The pin of a row: its id, then the values of `KEPT`. Raises Damaged."""
    (key, chain, way, text_way, call_id, text_hash, rendering, kind, version, level, lossless, ref, reason, before,
     after, omissions, refers, needed, seen) = row  # fmt: skip
    try:
        pin = Pin(
            key=PinKey(chain, way),
            text_key=TextKey(text_way, call_id.decode("utf-8", "surrogatepass"), text_hash),
            decision=Decision(
                rendering=rendering
                if rendering is None or isinstance(rendering, str)
                else decoded(unpacked(rendering)),
                kind=kind,
                version=version,
                level=level,
                lossless=bool(lossless),
                ref=ref,
                reason=reason,
                tokens_before=before,
                tokens_after=after,
                omissions=() if omissions is None else _omissions(omissions),
                refers=() if refers is None else tuple(bytes.fromhex(chain) for chain in refers.split(",")),
            ),
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise Damaged(f"a column does not hold what is written there ({error})") from None
    return Read(key, pin, seen, bool(needed))


class ReadPins:
    """The pins read last, by id: a conversation asks for the same thousand at every turn. A pin never changes and its
    id is never given again, so a remembered pin is right as long as the file still holds its id."""

    def __init__(self) -> None:
        self._reads: OrderedDict[int, Read] = OrderedDict()
        self._chars = 0

    def get(self, key: int) -> Read | None:
        """The pin of an id that the file was just seen to hold."""
        read = self._reads.get(key)
        if read is not None:
            self._reads.move_to_end(key)
        return read

    def add(self, read: Read) -> None:
        """Remembers a committed pin, and forgets those used longest ago where they take too much room."""
        self.drop(read.id)
        self._reads[read.id] = read
        self._chars += _cost(read)
        while self._chars > CACHED_CHARS:
            self.drop(next(iter(self._reads)))

    def drop(self, key: int) -> None:
        if (read := self._reads.pop(key, None)) is not None:
            self._chars -= _cost(read)

    def clear(self) -> None:
        self._reads.clear()
        self._chars = 0


def _stored_rendering(rendering: str | None) -> str | bytes | None:
    """Text as it is where SQLite can hold it and it is short, else a zstd frame."""
    if rendering is None:
        return None
    if len(rendering) > PACKED_CHARS:
        return packed(encoded(rendering))
    try:
        rendering.encode("utf-8")
    except UnicodeEncodeError:
        return packed(encoded(rendering))
    return rendering


def _stored_omissions(omissions: tuple[Omission, ...]) -> bytes:
    """JSON without escapes: two lone surrogates side by side, escaped, would be read back as one character."""
    return encoded(json.dumps([[o.unit, o.first, o.last, o.what, o.path] for o in omissions], ensure_ascii=False))


def _omissions(data: bytes) -> tuple[Omission, ...]:
    return tuple(
        Omission(unit=unit, first=first, last=last, what=what, path=path)
        for unit, first, last, what, path in json.loads(decoded(data))
    )


def _cost(read: Read) -> int:
    return _PIN_COST + len(read.pin.decision.rendering or "")
