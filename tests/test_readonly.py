"""A read-only connection sees what is written, and leaves the folder as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headroom import readonly


def a_database(file: Path) -> sqlite3.Connection:
    link = sqlite3.connect(file, isolation_level=None)
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("CREATE TABLE t (x)")
    return link


def rows(file: Path) -> int:
    with closing(readonly.connect(file, busy_seconds=0.1)) as link:
        (count,) = link.execute("SELECT count(*) FROM t").fetchone()
        return int(count)


def test_what_nobody_writes_is_read_as_it_lies(tmp_path: Path) -> None:
    a_database(tmp_path / "a ?#%.db").close()
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}

    assert rows(tmp_path / "a ?#%.db") == 0
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


def test_what_another_connection_writes_is_seen(tmp_path: Path) -> None:
    with closing(a_database(tmp_path / "a.db")) as writer:
        writer.execute("INSERT INTO t VALUES (1)")

        assert rows(tmp_path / "a.db") == 1


def test_nothing_can_be_written(tmp_path: Path) -> None:
    a_database(tmp_path / "a.db").close()
    with closing(readonly.connect(tmp_path / "a.db", busy_seconds=0.1)) as link, pytest.raises(sqlite3.Error):
        link.execute("INSERT INTO t VALUES (1)")


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error):
        rows(tmp_path / "a.db")
    assert list(tmp_path.iterdir()) == []
