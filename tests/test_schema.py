"""Schemas in steps: each is applied once and in order, and what is not ours or newer is left as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from headroom.errors import StoreError
from headroom.ledger import SCHEMA as LEDGER
from headroom.schema import Schema
from headroom.store.migrations import SCHEMA as STORE


def m0001_first(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE first (a)")


def m0002_second(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE first ADD COLUMN b")


def m0003_broken(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE third (a)")
    db.execute("no SQL")


OLD = Schema(name="book", application_id=7, steps=(m0001_first,))
NEW = Schema(name="book", application_id=7, steps=(m0001_first, m0002_second))


@pytest.fixture
def db() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def applied(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM migrations ORDER BY name")]


def test_steps_are_applied_once_and_in_order(db: sqlite3.Connection, tmp_path: Path) -> None:
    for schema in (OLD, NEW, NEW):
        schema.migrate(db, tmp_path)

    assert applied(db) == ["m0001_first", "m0002_second"]
    assert db.execute("SELECT a, b FROM first").fetchall() == []
    assert not NEW.check(db, tmp_path)


def test_a_newer_file_is_refused_with_the_step_that_is_not_known(db: sqlite3.Connection, tmp_path: Path) -> None:
    NEW.migrate(db, tmp_path)
    with pytest.raises(StoreError, match=r"the book .* newer Headroom \(it has 'm0002_second'\); upgrade"):
        OLD.migrate(db, tmp_path)


def test_a_step_that_fails_leaves_nothing_behind(db: sqlite3.Connection, tmp_path: Path) -> None:
    OLD.migrate(db, tmp_path)
    with pytest.raises(sqlite3.Error):
        Schema(name="book", application_id=7, steps=(m0001_first, m0003_broken)).migrate(db, tmp_path)

    assert applied(db) == ["m0001_first"]
    assert [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE name = 'third'")] == []


def test_another_program_s_file_is_refused_unless_its_tables_are_ours(db: sqlite3.Connection, tmp_path: Path) -> None:
    m0001_first(db)
    db.execute("ANALYZE")  # by the user: it makes a table of SQLite's own
    with pytest.raises(StoreError, match="another program"):
        NEW.migrate(db, tmp_path)

    assert Schema(name="book", application_id=7, steps=(), adopts=frozenset({"first"})).check(db, tmp_path)
    db.execute("PRAGMA application_id = 8")
    with pytest.raises(StoreError, match="another program"):
        Schema(name="book", application_id=7, steps=(), adopts=frozenset({"first"})).check(db, tmp_path)


@pytest.mark.parametrize("schema", [STORE, LEDGER])
def test_steps_are_numbered_and_every_kind_of_file_has_its_own_mark(schema: Schema) -> None:
    assert [int(step.__name__[1:5]) for step in schema.steps] == list(range(1, len(schema.steps) + 1))
    assert STORE.application_id != LEDGER.application_id
