"""The store on disk: originals by content and pins by key in one SQLite file.

Two processes may use it at once: every write is one immediate transaction that inserts or leaves what is there, and
what the caller gets is what the file holds. An original is evicted only to make room, the one used longest ago first,
and never while a pin of the last 30 days dropped something of it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from headroom.errors import StoreError
from headroom.store import _content as content
from headroom.store._content import Damaged
from headroom.store._database import Database
from headroom.store._rows import KEPT, Read, ReadPins, Row, read_of, row_of
from headroom.types import Decision, Original, Pin, PinKey, TextKey, Usage

T = TypeVar("T")

_COLUMNS = ", ".join(("id", *KEPT))
_REF_COLUMN = 1 + KEPT.index("ref")
_INSERT = (
    f"INSERT INTO pins ({', '.join(KEPT)}) VALUES ({', '.join('?' * len(KEPT))}) ON CONFLICT (chain, way) DO NOTHING"
)
_EVICTABLE = (
    "SELECT id, bytes FROM originals WHERE NOT EXISTS (SELECT 1 FROM pins"
    " WHERE pins.ref = originals.ref AND needs_original = 1 AND seen >= ?) ORDER BY used, id"
)
_VERIFIED_AT_ONCE = 200
_TOUCHED_AT_ONCE = 900


class SqliteStore:
    """Keeps originals and pins in the file at `path`, which is made, with its folders, where it is missing.

    `cap_bytes` bounds the compressed originals; pins are not counted. `clock` gives seconds since the epoch.
    `ref_length` is the shortest ref it issues. `busy_seconds` is how long it waits for another process. Raises
    StoreError if the file cannot be opened, is damaged, or was written by a newer version or another program.
    """

    def __init__(
        self,
        path: Path,
        *,
        cap_bytes: int = content.CAP_BYTES,
        clock: Callable[[], float] = time.time,
        ref_length: int = content.REF_LENGTH,
        busy_seconds: float = 5.0,
    ) -> None:
        self._database = Database(path, busy_seconds=busy_seconds)
        self.path = self._database.path
        self._cap = cap_bytes
        self._clock = clock
        self._ref_length = ref_length
        self._remembered = ReadPins()
        self._remembered_over = self._database.connections

    def put(self, text: str) -> str:
        """Keeps `text` and returns its ref. Same text, same ref; a damaged body is replaced. Raises StoreError if
        there is no room, before anything is written."""
        data = content.encoded(text)
        tagged = content.tagged_hash(data)
        if (ref := self._sound_ref(tagged)) is not None:
            return ref
        body = content.packed(data)
        if len(body) > self._cap:
            raise content.too_large(str(self), len(body), self._cap)
        now = self._clock()
        with self._database.writing("write to") as link:
            known = link.execute("SELECT id, ref FROM originals WHERE hash = ?", (tagged,)).fetchone()
            if known is not None:
                link.execute("UPDATE originals SET bytes = ?, used = ? WHERE id = ?", (len(body), now, known[0]))
                link.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?)", (known[0], body))
                return str(known[1])
            self._make_room(link, len(body), now)
            ref = next(name for name in content.refs(tagged, self._ref_length) if not _is_taken(link, name))
            added = link.execute(
                "INSERT INTO originals (hash, ref, bytes, used) VALUES (?, ?, ?, ?)", (tagged, ref, len(body), now)
            )
            link.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?)", (added.lastrowid, body))
            return ref

    def get(self, ref: str) -> Original:
        """The original of `ref`, in any case and with blanks around, its full hash checked. Raises UnknownRefError,
        and StoreError if it is damaged."""
        name = content.normal_ref(ref)
        with self._database.using("read") as link:
            found = link.execute(
                "SELECT id, hash, used, CAST(body AS BLOB) FROM originals JOIN bodies USING (id) WHERE ref = ?", (name,)
            ).fetchone()
        if found is None:
            raise content.unknown_ref(ref)
        key, tagged, used, body = found
        try:
            text = content.original_text(tagged, body)
        except Damaged as damage:
            raise self._database.damaged(f"the original {name!r}", damage) from None
        self._touch_original(key, used)
        return Original(name, text)

    def pins(self, chains: Sequence[bytes]) -> dict[PinKey, Pin]:
        """All pins of these chain values, whatever their way back: one look-up for all of them."""
        with self._database.using("read pins from") as link:
            return {pin.key: pin for pin in self._held(link, self._ids(link, chains))}

    def pins_by_text(self, keys: Sequence[TextKey]) -> dict[TextKey, Pin]:
        """For each key the pin that was written first."""
        wanted = [(way, content.encoded(call_id), text_hash) for way, call_id, text_hash in dict.fromkeys(keys)]
        ids: list[int] = []
        with self._database.using("read pins from") as link:
            for some in _slices(wanted, self._database.variables(link) // 3):
                places = ", ".join(["(?, ?, ?)"] * len(some))
                rows = link.execute(
                    "SELECT min(id) FROM pins WHERE (text_way, call_id, text_hash) IN"
                    f" (VALUES {places}) GROUP BY text_way, call_id, text_hash",
                    [value for key in some for value in key],
                )
                ids += (key for (key,) in rows)
            return {pin.text_key: pin for pin in self._held(link, ids)}

    def pin(self, pins: Sequence[Pin]) -> list[Pin]:
        """Writes each pin whose key is free, all in one transaction, and returns what is held for each key, in
        order. Raises StoreError, having written nothing, if a new pin needs an original that is not here."""
        now = self._clock()
        rows = [row_of(pin, now) for pin in pins]
        with self._database.writing("write pins to") as link:
            (last,) = link.execute("SELECT coalesce(max(id), 0) FROM pins").fetchone()
            link.executemany(_INSERT, rows)
            gone = link.execute(
                "SELECT ref FROM pins WHERE id > ? AND needs_original = 1"
                " AND NOT EXISTS (SELECT 1 FROM originals WHERE originals.ref = pins.ref)",
                (last,),
            ).fetchone()
            if gone is not None:
                raise content.original_gone(str(self), gone[0])
            # Not remembered: a new id is ours only once the transaction has ended.
            held = {read.pin.key: read.pin for read in self._reads(link, self._ids(link, [p.key.chain for p in pins]))}
        return [held[pin.key] for pin in pins]

    def unpin(self, keys: Sequence[PinKey]) -> None:
        """Forgets the pins of these keys."""
        with self._database.writing("delete pins from") as link:
            link.executemany("DELETE FROM pins WHERE chain = ? AND way = ?", keys)

    def decisions(self, ref: str) -> list[Decision]:
        """The decisions of all pins that name the original `ref`, the oldest first. Reading them is no use of them."""
        name = content.normal_ref(ref)
        with self._database.using("read pins from") as link:
            ids = [key for (key,) in link.execute("SELECT id FROM pins WHERE ref = ? ORDER BY id", (name,))]
            return [read.pin.decision for read in sorted(self._reads(link, ids), key=lambda read: read.id)]

    def note(self, keys: Sequence[bytes], data: bytes) -> None:
        """Remembers `data` under each key, and forgets what is too old for any conversation to go on."""
        now = self._clock()
        with self._database.writing("write notes to") as link:
            link.execute("DELETE FROM notes WHERE written < ?", (now - content.NOTE_SECONDS,))
            link.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", [(key, data, now) for key in keys])

    def notes(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is remembered under these keys."""
        found: dict[bytes, bytes] = {}
        with self._database.using("read notes from") as link:
            for some in _slices(list(dict.fromkeys(keys)), self._database.variables(link)):
                found |= link.execute(f"SELECT key, data FROM notes WHERE key IN ({_places(some)})", some).fetchall()
        return found

    def usage(self) -> Usage:
        """Originals, pins, and the compressed bytes of the originals, which the cap bounds."""
        with self._database.using("read") as link:
            return _usage(link)

    def verify(self) -> list[str]:
        """Reads everything back: the file's structure, each original against its full hash and ref, each pin."""
        with self._database.using("check"):
            problems: list[str] = []
        try:
            problems.extend(self._problems())
        except StoreError as error:
            problems.append(str(error))
        return problems

    def purge(self) -> Usage:
        """Deletes everything, shrinks the file and empties its log, so that no text remains in them. Returns what
        was deleted. Raises StoreError if another process keeps the log in use."""
        with self._database.writing("purge") as link:
            deleted = _usage(link)
            for table in ("pins", "originals", "bodies", "notes"):
                link.execute(f"DELETE FROM {table}")
            link.execute("UPDATE totals SET bytes = 0")
        with self._database.using("purge") as link:
            link.execute("VACUUM")
            (busy, *_) = link.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._remembered.clear()
        if busy:
            raise StoreError(
                f"the store {self.path} was emptied, but another process is reading it, so its log still holds old "
                "text; stop that process and run: headroom purge"
            )
        return deleted

    def close(self) -> None:
        """Lets go of the file. Any other use afterwards raises StoreError."""
        self._database.close()

    def __str__(self) -> str:
        return f"the store {self.path}"

    def _sound_ref(self, tagged: str) -> str | None:
        """The ref under which the text of this hash is already kept, unharmed."""
        with self._database.using("read") as link:
            found = link.execute(
                "SELECT id, ref, used, CAST(body AS BLOB) FROM originals JOIN bodies USING (id) WHERE hash = ?",
                (tagged,),
            ).fetchone()
        if found is None:
            return None
        key, ref, used, body = found
        try:
            content.original_text(tagged, body)
        except Damaged:
            return None
        self._touch_original(key, used)
        return str(ref)

    def _touch_original(self, key: int, used: float) -> None:
        now = self._clock()
        if used < now - content.ORIGINAL_TOUCH_SECONDS:
            self._database.touch("UPDATE originals SET used = max(used, ?) WHERE id = ?", (now, key))

    def _make_room(self, link: sqlite3.Connection, needed: int, now: float) -> None:
        (held,) = link.execute("SELECT bytes FROM totals").fetchone()
        excess = held + needed - self._cap
        if excess <= 0:
            return
        going: list[tuple[int]] = []
        for key, size in link.execute(_EVICTABLE, (content.protected_since(now),)):
            going.append((key,))
            excess -= size
            if excess <= 0:
                break
        else:
            raise content.full(str(self), needed, self._cap)
        link.executemany("DELETE FROM originals WHERE id = ?", going)
        link.executemany("DELETE FROM bodies WHERE id = ?", going)

    def _ids(self, link: sqlite3.Connection, chains: Iterable[bytes]) -> list[int]:
        """The ids of all pins of these chain values, read from the index alone."""
        ids: list[int] = []
        for some in _slices(list(dict.fromkeys(chains)), self._database.variables(link)):
            rows = link.execute(f"SELECT id FROM pins WHERE chain IN ({_places(some)})", some)
            ids += [key for (key,) in rows]
        return ids

    def _reads(self, link: sqlite3.Connection, ids: Sequence[int]) -> Iterator[Read]:
        """The pins of these ids, read from the file. Raises StoreError where one is damaged."""
        for some in _slices(ids, self._database.variables(link)):
            for row in link.execute(f"SELECT {_COLUMNS} FROM pins WHERE id IN ({_places(some)})", some):
                try:
                    yield read_of(row)
                except Damaged as damage:
                    raise self._database.damaged(f"pin {row[0]}", damage) from None

    def _held(self, link: sqlite3.Connection, ids: Sequence[int]) -> list[Pin]:
        """The pins of ids just found in the file, remembered or read, and a note there that they were used."""
        if self._remembered_over != self._database.connections:
            self._remembered.clear()
            self._remembered_over = self._database.connections
        reads = [read for key in ids if (read := self._remembered.get(key)) is not None]
        known = {read.id for read in reads}
        for read in self._reads(link, [key for key in ids if key not in known]):
            self._remembered.add(read)
            reads.append(read)
        self._touch_pins(reads)
        return [read.pin for read in reads]

    def _touch_pins(self, reads: Sequence[Read]) -> None:
        now = self._clock()
        due = now - content.PIN_TOUCH_SECONDS
        stale = [read.id for read in reads if read.needs_original and read.seen < due]
        for some in _slices(stale, _TOUCHED_AT_ONCE):
            self._database.touch(f"UPDATE pins SET seen = max(seen, ?) WHERE id IN ({_places(some)})", (now, *some))
        for key in stale:
            self._remembered.drop(key)

    def _problems(self) -> Iterator[str]:
        with self._database.using("check") as link:
            for (finding,) in link.execute("PRAGMA integrity_check"):
                if finding != "ok":
                    yield f"the database file is damaged: {finding}"
            kept, counted = link.execute(
                "SELECT (SELECT coalesce(sum(bytes), 0) FROM originals), (SELECT sum(bytes) FROM totals)"
            ).fetchone()
            if kept != counted:
                yield f"the store counts {counted} bytes of originals but holds {kept}"
        for key, tagged, ref, size, body in self._all(
            "SELECT originals.id, hash, ref, bytes, CAST(body AS BLOB) FROM originals LEFT JOIN bodies USING (id)"
            " WHERE originals.id > ? ORDER BY originals.id LIMIT ?"
        ):
            for cause in _faults(tagged, ref, size, body):
                yield f"original {ref!r} (row {key}) is damaged: {cause}"
        for row in self._all(f"SELECT {_COLUMNS} FROM pins WHERE id > ? ORDER BY id LIMIT ?"):
            try:
                read_of(row)
            except Damaged as damage:
                yield f"pin {row[0]} (ref {row[_REF_COLUMN]!r}) is damaged: {damage}"

    def _all(self, statement: str) -> Iterator[Row]:
        """Every row of a statement over ids above the first value, a few at a time, so that others get their turn."""
        last = 0
        while True:
            with self._database.using("check") as link:
                rows = link.execute(statement, (last, _VERIFIED_AT_ONCE)).fetchall()
            if not rows:
                return
            yield from rows
            last = rows[-1][0]


def _usage(link: sqlite3.Connection) -> Usage:
    return Usage(
        *link.execute(
            "SELECT (SELECT count(*) FROM originals), (SELECT count(*) FROM pins), (SELECT bytes FROM totals)"
        ).fetchone()
    )


def _is_taken(link: sqlite3.Connection, ref: str) -> bool:
    return link.execute("SELECT 1 FROM originals WHERE ref = ?", (ref,)).fetchone() is not None


def _faults(tagged: str, ref: str, size: int, body: bytes | None) -> Iterator[str]:
    """What is wrong with a kept original, one clause each."""
    if body is None:
        yield "its body is missing"
        return
    if len(body) != size:
        yield f"its body has {len(body)} bytes, not {size}"
    try:
        content.original_text(tagged, body)
        if ref not in content.refs(tagged, 1):
            yield f"its ref does not belong to {tagged}"
    except (Damaged, ValueError) as damage:
        yield str(damage)


def _places(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _slices(values: Sequence[T], length: int) -> Iterator[Sequence[T]]:
    return (values[start : start + length] for start in range(0, len(values), length))
