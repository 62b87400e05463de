"""Schemas of our SQLite files, as numbered steps that are applied once and in order.

A step is never changed after a release. It only adds (a table, a column with a default, an index), so that an older
process that still has the file open goes on working. A file that holds a step unknown to this version is refused
before anything in it is touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from headroom.errors import StoreError

Step = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What a file of one kind must hold."""

    name: str
    """What messages call such a file: "store"."""
    application_id: int
    """Marks the file as ours in its header, so that another program's database is never written to."""
    steps: Sequence[Step]
    """In order; a step is known by its function's name."""
    adopts: frozenset[str] = frozenset()
    """Tables of a file without the mark that is ours all the same: steps were not written down in it yet."""

    def check(self, db: sqlite3.Connection, path: Path) -> bool:
        """True if steps are missing. Reads only. Raises StoreError if the file is not for this version to write."""
        db.execute("BEGIN")  # one snapshot: between two reads another process may have set up a new file
        try:
            return self._lacks_steps(db, path)
        finally:
            db.rollback()

    def migrate(self, db: sqlite3.Connection, path: Path) -> None:
        """Applies the missing steps in one transaction. Raises StoreError as `check` does."""
        if not self.check(db, path):
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            self._lacks_steps(db, path)
            db.execute(f"PRAGMA application_id = {self.application_id}")
            db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL)")
            applied = {name for (name,) in db.execute("SELECT name FROM migrations")}
            for step in self.steps:
                if step.__name__ not in applied:
                    step(db)
                    db.execute("INSERT INTO migrations VALUES (?, datetime('now'))", (step.__name__,))
            db.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise

    def _lacks_steps(self, db: sqlite3.Connection, path: Path) -> bool:
        (mark,) = db.execute("PRAGMA application_id").fetchone()
        named = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {name for (name,) in named if not name.startswith("sqlite_")}  # the others are SQLite's own
        if mark != self.application_id:
            if mark or not tables <= self.adopts:
                raise StoreError(
                    f"{path} is a database of another program; give Headroom another path, or set HEADROOM_HOME"
                )
            return True
        applied = {name for (name,) in db.execute("SELECT name FROM migrations")}
        known = {step.__name__ for step in self.steps}
        if newer := sorted(applied - known):
            raise StoreError(
                f"the {self.name} {path} was written by a newer Headroom (it has {newer[-1]!r}); "
                "upgrade with: pip install -U headroom, or set HEADROOM_HOME to another folder"
            )
        return applied != known
