"""The schema of the store's database."""

from __future__ import annotations

import sqlite3

from headroom.schema import Schema, Step

APPLICATION_ID = 0x48647231
"""In the file's header: "Hdr1"."""

STEPS: list[Step] = []
"""All steps in order; a step is known by its function's name."""


def _step(function: Step) -> Step:
    STEPS.append(function)
    return function


@_step
def m0001_originals(db: sqlite3.Connection) -> None:
    """Originals and, apart from them, their bodies: usage, order of eviction and collisions read no body. The total
    is kept by triggers because a sum over all rows at every write would grow with the store."""
    db.execute(
        "CREATE TABLE originals (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, ref TEXT NOT NULL UNIQUE,"
        " bytes INTEGER NOT NULL, used REAL NOT NULL)"
    )
    db.execute("CREATE INDEX originals_by_use ON originals (used, id)")
    db.execute("CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    db.execute("CREATE TABLE totals (bytes INTEGER NOT NULL)")
    db.execute("INSERT INTO totals VALUES (0)")
    for event, change in (("INSERT", "NEW.bytes"), ("DELETE", "-OLD.bytes"), ("UPDATE", "NEW.bytes - OLD.bytes")):
        of = " OF bytes" if event == "UPDATE" else ""
        db.execute(
            f"CREATE TRIGGER originals_{event.lower()} AFTER {event}{of} ON originals"
            f" BEGIN UPDATE totals SET bytes = bytes + ({change}); END"
        )


@_step
def m0002_pins(db: sqlite3.Connection) -> None:
    """Pins. AUTOINCREMENT, because readers remember decoded pins by id, and an id must never mean another pin."""
    db.execute(
        "CREATE TABLE pins (id INTEGER PRIMARY KEY AUTOINCREMENT, chain BLOB NOT NULL, way TEXT NOT NULL,"
        " text_way TEXT NOT NULL, call_id BLOB NOT NULL, text_hash BLOB NOT NULL, rendering,"
        " kind TEXT NOT NULL, version INTEGER NOT NULL, level TEXT NOT NULL, lossless INTEGER NOT NULL, ref TEXT,"
        " reason TEXT NOT NULL, tokens_before INTEGER NOT NULL, tokens_after INTEGER NOT NULL, omissions BLOB,"
        " refers TEXT, needs_original INTEGER NOT NULL, seen REAL NOT NULL, UNIQUE (chain, way))"
    )
    db.execute("CREATE INDEX pins_by_text ON pins (text_way, call_id, text_hash)")
    db.execute("CREATE INDEX pins_by_original ON pins (ref, seen) WHERE needs_original = 1")


@_step
def m0003_pins_by_ref(db: sqlite3.Connection) -> None:
    """All pins of an original: without an index a look-up reads past every rendering in the file."""
    db.execute("CREATE INDEX pins_by_ref ON pins (ref) WHERE ref IS NOT NULL")


@_step
def m0004_notes(db: sqlite3.Connection) -> None:
    """What was exchanged behind a client's back, by what the client will show of it."""
    db.execute("CREATE TABLE notes (key BLOB PRIMARY KEY, data BLOB NOT NULL, written REAL NOT NULL) WITHOUT ROWID")
    db.execute("CREATE INDEX notes_by_age ON notes (written)")


SCHEMA = Schema(name="store", application_id=APPLICATION_ID, steps=STEPS)
