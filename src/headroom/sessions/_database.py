"""SQLite databases of other programs, read without writing a byte: not even the files that SQLite keeps beside one.

A database that another process has open is read as of now. One that nobody has open is taken as it lies on disk, as
opening it in the usual way would make a write-ahead log beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from headroom.sessions import _files
from headroom.sessions._log import Skipped

MAGIC = b"SQLite format 3\x00"

Row = tuple[object, ...]


def is_database(path: Path) -> bool:
    """True if the file begins as SQLite's do."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Raises sqlite3.Error."""
    log, index = (path.with_name(path.name + end) for end in ("-wal", "-shm"))
    how = "mode=ro&readonly_shm=1" if _files.size(log) and index.exists() else "immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=5)) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", errors="replace")
        yield connection


def rows(path: Path, query: str, values: tuple[str, ...], skipped: Skipped) -> Iterator[Row]:
    """The rows of a query; they end, and that is counted, where the database cannot be read or lacks the tables."""
    try:
        with opened(path) as connection:
            yield from connection.execute(query, values)
    except (sqlite3.Error, OSError):
        skipped["database unreadable"] += 1


def tables(path: Path) -> frozenset[str]:
    """The names of its tables; none if it is no database."""
    if not is_database(path):
        return frozenset()
    names = rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'", (), Skipped())
    return frozenset(str(name) for (name,) in names)
