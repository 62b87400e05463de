"""What every request cost and spared: one row per answer of a provider, from its own account of the tokens.

Dollars spared are an estimate at the tier that was billed: what the removed tokens would have cost in this request,
had they been in it. Rounds of our own (a retrieval answered in the proxy) are spared dollars below zero. Nothing is
clamped, and no text of any request is kept.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from headroom import readonly
from headroom.errors import StoreError
from headroom.prices import UPDATED, Usage, dollars
from headroom.schema import Schema

NAME = "ledger.db"

DAY = 86_400.0

KEPT_DAYS = 400
"""Rows older than this are dropped when the ledger is opened."""

BUSY_SECONDS = 5.0
"""Another process may write for this long before we give up."""

ADVICE = {
    sqlite3.SQLITE_BUSY: "another process is writing to it: try again",
    sqlite3.SQLITE_LOCKED: "another process is writing to it: try again",
    sqlite3.SQLITE_FULL: "free some space on its disk",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable for you",
    sqlite3.SQLITE_CANTOPEN: "make the file and its folder writable for you",
}
"""What to do, by SQLite's primary result code; else the file itself is at fault."""


HOOK = -1
"""The round of a row that no provider answered: a tool's output that a hook made smaller, or failed to."""


class Part(NamedTuple):
    """One part that a request brought for the first time."""

    tool: str
    kind: str
    reason: str
    before: int
    after: int
    ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One answer of a provider. Token counts of texts are ours, those of `usage` the provider's."""

    session: str = ""
    agent: str = ""
    project: str = ""
    dialect: str = ""
    model: str = ""
    level: str = ""
    status: int = 200
    ms: float = 0.0
    """Milliseconds that the request was held by us."""
    round: int = 0
    """0 for the client's request, 1 and up for our own retrievals in the same turn, HOOK for no request at all."""
    answer: str | None = None
    """The provider's name of the answer; a second row with the same one is not written."""
    usage: Usage | None = None
    removed_new: int = 0
    """Tokens taken out of parts that this request brought."""
    removed_old: int = 0
    """Tokens that earlier requests took out of parts that are still in the conversation."""
    holdout: bool = False
    parts: Sequence[Part] = field(default=())


class Total(NamedTuple):
    """A sum over rows, under the name of their group."""

    name: str
    requests: int
    prompt: int
    read: int
    output: int
    removed: int
    """Tokens that were not sent, over all requests: a part counts each time it would have been sent again. What hooks
    took out counts once, since nobody tells how often it would have been sent."""
    dollars: float
    """What was billed, at list price, of rows whose model has one."""
    spared: float
    unpriced: int
    """Requests without a price."""
    hooked: int = 0
    """Tool outputs that hooks made smaller."""
    hook_tokens: int = 0
    """Tokens that hooks took out of them: a part of `removed`."""
    hook_failures: int = 0
    """Outputs that stayed as they were because a hook failed."""


NOTHING = Total("", 0, 0, 0, 0, 0, 0.0, 0.0, 0)
"""The sum over no row."""

GROUPS = {
    "all": "''",
    "day": "date(at, 'unixepoch', 'localtime')",
    "hour": "strftime('%Y-%m-%d %H:00', at, 'unixepoch', 'localtime')",
    "agent": "agent",
    "project": "project",
    "model": "model",
    "level": "level",
    "session": "session",
    "tier": "coalesce(nullif(tier, ''), 'standard')",
    "holdout": "CASE holdout WHEN 0 THEN 'smaller' ELSE 'left raw' END",
}
"""What rows can be summed by, as SQL."""

_COLUMNS = (
    "at", "session", "agent", "project", "dialect", "model", "level", "status", "ms", "round", "answer", "input",
    "read", "write", "write_hour", "output", "tier", "removed_new", "removed_old", "holdout", "dollars", "spared",
)  # fmt: skip

_INSERT = (
    f"INSERT INTO answers ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    " ON CONFLICT (answer) DO NOTHING"
)

TABLES = frozenset({"answers", "parts"})


def m0001_answers(db: sqlite3.Connection) -> None:
    """Answers, and the parts that each brought. A ledger from before steps were written down has them already."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS answers (id INTEGER PRIMARY KEY, at REAL NOT NULL, session TEXT NOT NULL,"
        " agent TEXT NOT NULL, project TEXT NOT NULL, dialect TEXT NOT NULL, model TEXT NOT NULL, level TEXT NOT NULL,"
        " status INTEGER NOT NULL, ms REAL NOT NULL, round INTEGER NOT NULL, answer TEXT UNIQUE, input INTEGER,"
        " read INTEGER, write INTEGER, write_hour INTEGER, output INTEGER, removed_new INTEGER NOT NULL,"
        " removed_old INTEGER NOT NULL, holdout INTEGER NOT NULL, dollars REAL, spared REAL)"
    )
    db.execute("CREATE INDEX IF NOT EXISTS answers_by_time ON answers (at)")
    db.execute(
        "CREATE TABLE IF NOT EXISTS parts (answer INTEGER NOT NULL REFERENCES answers ON DELETE CASCADE,"
        " tool TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, before INTEGER NOT NULL,"
        " after INTEGER NOT NULL, ref TEXT)"
    )
    db.execute("CREATE INDEX IF NOT EXISTS parts_by_answer ON parts (answer)")


def m0002_tier(db: sqlite3.Connection) -> None:
    """How the provider billed an answer, where that is not its usual way."""
    db.execute("ALTER TABLE answers ADD COLUMN tier TEXT")


SCHEMA = Schema(name="ledger", application_id=0x4864724C, steps=(m0001_answers, m0002_tier), adopts=TABLES)
"""Its mark is "HdrL"."""


def spared(entry: Entry, day: date = UPDATED) -> float | None:
    """Dollars that the request would have cost more without us; below zero for a round of our own. None without a
    price or without the provider's account."""
    if entry.usage is None:
        return None
    actual = dollars(entry.model, entry.usage, day)
    if actual is None or entry.round:
        return None if actual is None else -actual
    if not entry.removed_new and not entry.removed_old:
        return 0.0
    usage = entry.usage
    old = "read" if usage.read else _fresh(usage)
    more = usage._replace(**{_fresh(usage): getattr(usage, _fresh(usage)) + entry.removed_new})
    more = more._replace(**{old: getattr(more, old) + entry.removed_old})
    whole = dollars(entry.model, more, day)
    return None if whole is None else whole - actual


def _fresh(usage: Usage) -> str:
    """How this request paid for what was new in it."""
    return "write_hour" if usage.write_hour else "write" if usage.write else "input"


class Ledger:
    """The rows, in a file of their own. Safe for threads; several processes may read and write."""

    def __init__(self, folder: Path, *, busy_seconds: float = BUSY_SECONDS, read_only: bool = False) -> None:
        """With `read_only` nothing on the disk changes, and a ledger that is not there is an error."""
        self._path = folder / NAME
        self._read_only = read_only
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._db is None:
                    self._db = self._made()
                with self._db:
                    yield self._db
            except sqlite3.Error as error:
                self._drop()
                advice = ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
                raise self._error(error, advice or "move the file away, and a new one is made") from error
            except OSError as error:
                raise self._error(error.strerror or error, "check its folder, or set HEADROOM_HOME") from error
            except OverflowError as error:
                raise self._error(error, "an answer told a number that no ledger holds") from error

    def _error(self, cause: object, advice: str) -> StoreError:
        return StoreError(f"the ledger {self._path} cannot be used ({cause}); {advice}")

    def _made(self) -> sqlite3.Connection:
        if self._read_only:
            return readonly.connect(self._path, busy_seconds=self._busy_seconds)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        with suppress(PermissionError):  # another user's file: opening it will tell
            self._path.chmod(0o600)
        db = sqlite3.connect(self._path, timeout=self._busy_seconds, check_same_thread=False)
        try:
            SCHEMA.check(db, self._path)
            with suppress(sqlite3.OperationalError):  # busy: another process is turning it on for this very file
                db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute("PRAGMA foreign_keys=ON")
            SCHEMA.migrate(db, self._path)
            with db:
                db.execute("BEGIN IMMEDIATE")  # a transaction that only later writes would not wait for others
                db.execute("DELETE FROM answers WHERE at < ?", (time.time() - KEPT_DAYS * DAY,))
        except BaseException:
            db.close()
            raise
        return db

    def _drop(self) -> None:
        """Lets go of the connection: the next use makes a new one, and the file if it is gone."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def extend(self, entries: Sequence[Entry], at: float | None = None) -> None:
        """Writes a row for each answer that is not known already. Raises StoreError, having written none.

        Args:
            entries: in the order of their answers.
            at: seconds since 1970, by default now. Prices are those of that day.
        """
        at = time.time() if at is None else at
        day = datetime.fromtimestamp(at, UTC).date()
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            for entry in entries:
                _add(db, entry, at, day)

    def totals(self, by: str = "all", since: float = 0.0, session: str | None = None) -> list[Total]:
        """Sums since a time (seconds since 1970), by a name of GROUPS, in order of the name; of one session alone, if
        it is named. Raises StoreError."""
        with self._open() as db:
            rows = db.execute(
                f"SELECT {GROUPS[by]} AS name, sum(round = 0), sum(input + read + write + write_hour), sum(read),"
                " sum(output), sum(removed_new + removed_old), sum(dollars), sum(spared),"
                f" sum(dollars IS NULL AND round >= 0), sum(round = {HOOK} AND removed_new > 0),"
                f" sum(iif(round = {HOOK}, removed_new, 0)), sum(round = {HOOK} AND status >= 400)"
                " FROM answers WHERE at >= ?1 AND (?2 IS NULL OR session = ?2) GROUP BY name ORDER BY name",
                (since, session),
            ).fetchall()
        return [Total(name, *(value or 0 for value in sums)) for name, *sums in rows]

    def by_tool(self, since: float = 0.0) -> list[tuple[str, str, int, int, int]]:
        """Tool, kind, number of parts, tokens before and after, the largest first. Raises StoreError."""
        with self._open() as db:
            return db.execute(
                "SELECT tool, kind, count(*), sum(before), sum(after) FROM parts JOIN answers ON answers.id ="
                " parts.answer WHERE at >= ? GROUP BY tool, kind ORDER BY sum(before) DESC",
                (since,),
            ).fetchall()

    def latest(self, count: int) -> list[dict[str, object]]:
        """The last rows as dicts, newest first, each with its `parts`. Raises StoreError."""
        with self._open() as db:
            cursor = db.execute(f"SELECT id, {', '.join(_COLUMNS)} FROM answers ORDER BY id DESC LIMIT ?", (count,))
            rows = [dict(zip(("id", *_COLUMNS), row, strict=True)) for row in cursor.fetchall()]
            for row in rows:
                found = db.execute(
                    "SELECT tool, kind, reason, before, after, ref FROM parts WHERE answer = ?", (row["id"],)
                )
                row["parts"] = [Part(*part)._asdict() for part in found.fetchall()]
        return rows

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        with self._lock:
            self._drop()


def _add(db: sqlite3.Connection, entry: Entry, at: float, day: date) -> None:
    usage: Sequence[object] = entry.usage if entry.usage is not None else (None,) * len(Usage._fields)
    cost = dollars(entry.model, entry.usage, day) if entry.usage is not None else None
    values = (
        at, entry.session, entry.agent, entry.project, entry.dialect, entry.model, entry.level, entry.status, entry.ms,
        entry.round, entry.answer, *usage, entry.removed_new, entry.removed_old, int(entry.holdout), cost,
        spared(entry, day),
    )  # fmt: skip
    made = db.execute(_INSERT, tuple(map(_storable, values)))
    if made.rowcount and entry.parts:
        db.executemany(
            "INSERT INTO parts (answer, tool, kind, reason, before, after, ref) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(made.lastrowid, *map(_storable, part)) for part in entry.parts],
        )


def _storable(value: object) -> object:
    """Names come from headers and bodies: a lone surrogate in one must not cost the row."""
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-8", "replace").decode()
