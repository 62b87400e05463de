"""One SQLite file, opened so that only its owner reads it, shared by threads under a lock and by processes in WAL.

Nothing but StoreError leaves here: every failure of the database or the disk is told with the path, its cause and
what to do. POSIX drops all locks a process holds on a file as soon as any descriptor of it is closed, so this module
never opens the database file except through SQLite, save to create it.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from headroom.errors import StoreError
from headroom.store import migrations
from headroom.store._content import Damaged, closed

ADVICE = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again, or stop that process",
    sqlite3.SQLITE_LOCKED: "another process is writing to it; try again, or stop that process",
    sqlite3.SQLITE_FULL: "free some space on that disk, or set HEADROOM_HOME to a folder on another one",
    sqlite3.SQLITE_IOERR: "check that the disk is healthy and has free space, or set HEADROOM_HOME to another folder",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable for you, or set HEADROOM_HOME to another folder",
    sqlite3.SQLITE_CANTOPEN: "check that its folder is writable for you, or set HEADROOM_HOME to another folder",
    sqlite3.SQLITE_PERM: "make the file and its folder writable for you, or set HEADROOM_HOME to another folder",
    sqlite3.SQLITE_NOTADB: "move the file away, and an empty store is made in its place",
    sqlite3.SQLITE_CORRUPT: "move the file away, and an empty store is made in its place",
}
"""What to do, by SQLite's primary result code."""

DAMAGED_ADVICE = "run: headroom purge, or move the file away"
OTHER_ADVICE = "check the file and its folder, or set HEADROOM_HOME to another folder"

JOURNAL_BYTES = 32 << 20
"""The write-ahead log is cut back to this after a burst."""

CACHE_KIB = 8192
"""Pages kept in memory per connection: SQLite's 2 MB make a look-up of a thousand pins three times slower."""

_RETRY_SECONDS = 0.01

_creating = threading.Lock()
_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_forking: list[Database] = []


class Database:
    """A connection that is made on first use and again after a fork. Committed writes survive the death of the
    process; after a power failure the last ones may be missing, but nothing is torn (WAL, synchronous=NORMAL)."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self.path = Path(os.path.abspath(path))
        self.lock = threading.RLock()
        self.connections = 0
        """How often a connection was made: what was read over an earlier one is not to be relied on."""
        self._busy_ms = int(busy_seconds * 1000)
        self._link: sqlite3.Connection | None = None
        self._finalizer: weakref.finalize[..., Database] | None = None
        self._closed = False
        _open_databases.add(self)
        with self.using("open"):
            pass

    @contextmanager
    def using(self, action: str) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone; `action` is the verb of the error message. Raises StoreError."""
        with self.lock:
            try:
                yield self._connection()
            except sqlite3.Error as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                raise self.error(action, error, ADVICE.get(code, OTHER_ADVICE)) from error
            except OSError as error:
                raise self.error(action, error.strerror or error, OTHER_ADVICE) from error
            except (OverflowError, UnicodeEncodeError) as error:
                raise self.error(action, error, "this is a value SQLite cannot hold; report it") from error

    @contextmanager
    def writing(self, action: str) -> Iterator[sqlite3.Connection]:
        """As `using`, in one transaction that is committed at the end and undone on any exception."""
        with self.using(action) as link:
            link.execute("BEGIN IMMEDIATE")
            try:
                yield link
                link.execute("COMMIT")
            except BaseException:
                link.rollback()
                raise

    def touch(self, statement: str, values: Sequence[Any]) -> None:
        """Runs a write that readers can do without: it waits for nobody, and a database that is locked, full or
        read-only is left as it is."""
        with self.using("touch") as link:
            link.execute("PRAGMA busy_timeout = 0")
            try:
                with suppress(sqlite3.OperationalError):
                    link.execute(statement, values)
            finally:
                link.execute(f"PRAGMA busy_timeout = {self._busy_ms}")

    def variables(self, link: sqlite3.Connection) -> int:
        """How many values one statement may carry."""
        return link.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)

    def error(self, action: str, cause: object, advice: str) -> StoreError:
        return StoreError(f"cannot {action} the store {self.path}: {cause}; {advice}")

    def damaged(self, what: str, cause: Damaged) -> StoreError:
        return StoreError(f"{what} in the store {self.path} is damaged: {cause}; {DAMAGED_ADVICE}")

    def close(self) -> None:
        with self.lock:
            self._closed = True
            self.disconnect()
        _open_databases.discard(self)

    def disconnect(self) -> None:
        """Lets go of the connection; the next use makes a new one."""
        if self._link is not None and self._finalizer is not None:
            self._finalizer.detach()
            link, self._link = self._link, None
            link.close()

    def _connection(self) -> sqlite3.Connection:
        if self._closed:
            raise closed(f"the store {self.path}")
        if self._link is None:
            _create(self.path)
            link = sqlite3.connect(
                self.path, timeout=self._busy_ms / 1000, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(link)
            except BaseException:
                link.close()
                raise
            self._link = link
            self._finalizer = weakref.finalize(self, link.close)
            self.connections += 1
        return self._link

    def _prepare(self, link: sqlite3.Connection) -> None:
        migrations.SCHEMA.check(link, self.path)
        self._write_ahead(link)
        link.execute("PRAGMA synchronous = NORMAL")
        link.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        link.execute("PRAGMA temp_store = MEMORY")
        link.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        migrations.SCHEMA.migrate(link, self.path)

    def _write_ahead(self, link: sqlite3.Connection) -> None:
        """Turns on WAL. SQLite does not wait where two processes do this to a new file at once, so we do."""
        deadline = time.monotonic() + self._busy_ms / 1000
        while True:
            try:
                link.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
            else:
                return


def _create(path: Path) -> None:
    """Makes folder and file for the owner alone, whatever the umask. A folder that exists keeps its mode: it may be
    anybody's. SQLite gives the log and its index the mode of the database."""
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            folder.chmod(0o700)
    with _creating:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            _close_to_others(path)
        else:
            os.close(descriptor)
            path.chmod(0o600)


def _close_to_others(path: Path) -> None:
    """Takes an existing file from group and others. Another user's file is left as it is: opening it will tell."""
    if path.is_file() and path.stat().st_mode & 0o077:
        with suppress(PermissionError):
            path.chmod(0o600)


def _before_fork() -> None:
    """A connection must not cross a fork: parent and child would share its locks. Both make their own afterwards."""
    _forking.extend(_open_databases)
    for database in _forking:
        database.lock.acquire()
        with suppress(sqlite3.Error):
            database.disconnect()


def _after_fork() -> None:
    while _forking:
        _forking.pop().lock.release()


if sys.platform != "win32":
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
