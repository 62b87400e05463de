"""A look at a store tells how full it is and why it cannot be used, and changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headroom.errors import StoreError
from headroom.store import SqliteStore
from headroom.store.inspection import inspected
from headroom.types import Usage
from tests.store_samples import a_pin


def test_no_store_is_none_and_none_is_made(tmp_path: Path) -> None:
    assert inspected(tmp_path / "a.db") is None
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_told_as_it_tells_itself_also_while_it_is_open(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "a.db")) as store:
        store.put("text " * 300)
        store.pin([a_pin("a")])
        usage = store.usage()
        assert inspected(tmp_path / "a.db") == usage
    assert inspected(tmp_path / "a.db") == usage
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]


def test_a_file_that_is_not_set_up_yet_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()

    assert inspected(tmp_path / "a.db") == Usage(0, 0, 0)


def test_a_damaged_file_is_an_error_with_its_path_and_what_to_do(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "a.db")) as store:
        store.put("text " * 300)
    with closing(sqlite3.connect(tmp_path / "a.db")) as link, link:
        link.execute("PRAGMA writable_schema = ON")
        link.execute("UPDATE sqlite_master SET rootpage = 99999 WHERE name = 'bodies'")
    with pytest.raises(StoreError, match=r"a\.db .*; move the file away"):
        inspected(tmp_path / "a.db")
