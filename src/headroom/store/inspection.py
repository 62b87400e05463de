"""A look at a store's file that changes nothing in it, and waits for nobody."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from headroom import readonly
from headroom.errors import StoreError
from headroom.store import migrations
from headroom.store._database import ADVICE, OTHER_ADVICE
from headroom.types import Usage

BUSY_SECONDS = 0.3

CHECKED_BYTES = 256 << 20
"""A larger file is not read as a whole: that takes about a second for each gigabyte."""


def inspected(path: Path) -> Usage | None:
    """How full the store at `path` is; None if there is none yet. Raises StoreError if it cannot be used: it cannot be
    read, is damaged, locked, of another program or of a newer version."""
    if not path.exists():
        return None
    try:
        with closing(readonly.connect(path, busy_seconds=BUSY_SECONDS)) as link:
            if migrations.SCHEMA.check(link, path):
                return Usage(0, 0, 0)  # made by an older version, or not set up yet: the next use adds what is missing
            _check_pages(link, path)
            return Usage(*link.execute(_USAGE).fetchone())
    except sqlite3.Error as error:
        advice = ADVICE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, OTHER_ADVICE)
        raise StoreError(f"the store {path} cannot be read ({error}); {advice}") from error
    except OSError as error:
        raise StoreError(f"the store {path} cannot be read ({error.strerror or error}); {OTHER_ADVICE}") from error


_USAGE = "SELECT (SELECT count(*) FROM originals), (SELECT count(*) FROM pins), (SELECT bytes FROM totals)"


def _check_pages(link: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size > CHECKED_BYTES:
        return
    (found,) = link.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StoreError(f"the store {path} is damaged ({found}); {ADVICE[sqlite3.SQLITE_CORRUPT]}")
