"""The schema of the store's database, as numbered steps that are applied once and in order.

A step is never changed after a release. It only adds (a table, a column with a default, an index), so that an older
process that still has the file open goes on working. A file that holds a step unknown to this version is refused
before anything in it is touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from headroom.errors import StoreError

APPLICATION_ID = 0x48647231
"""Marks the file as ours in its header ("Hdr1"), so that another program's database is never written to."""

Step = Callable[[sqlite3.Connection], None]

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


def check(db: sqlite3.Connection, path: Path) -> bool:
    """True if steps are missing. Reads only. Raises StoreError if the file is not for this version to write."""
    db.execute("BEGIN")  # one snapshot: between two reads another process may have set up a new file
    try:
        return _lacks_steps(db, path)
    finally:
        db.rollback()


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Applies the missing steps in one transaction. Raises StoreError as `check` does."""
    if not check(db, path):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        _lacks_steps(db, path)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL)")
        applied = {name for (name,) in db.execute("SELECT name FROM migrations")}
        for step in STEPS:
            if step.__name__ not in applied:
                step(db)
                db.execute("INSERT INTO migrations VALUES (?, datetime('now'))", (step.__name__,))
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise


def _lacks_steps(db: sqlite3.Connection, path: Path) -> bool:
    (mark,) = db.execute("PRAGMA application_id").fetchone()
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if mark != APPLICATION_ID:
        if mark or tables:
            raise StoreError(
                f"{path} is a database of another program; give Headroom another path, or set HEADROOM_HOME"
            )
        return True
    applied = {name for (name,) in db.execute("SELECT name FROM migrations")}
    known = {step.__name__ for step in STEPS}
    if newer := sorted(applied - known):
        raise StoreError(
            f"the store {path} was written by a newer Headroom (it has {newer[-1]!r}); "
            "upgrade with: pip install -U headroom, or set HEADROOM_HOME to another folder"
        )
    return applied != known
