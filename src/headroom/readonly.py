"""SQLite files opened so that nothing on the disk changes, not even the files that SQLite keeps beside them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote


def connect(path: Path, *, busy_seconds: float) -> sqlite3.Connection:
    """A connection that can only read.

    Without a write-ahead log nobody is writing, and the file is read as it lies; with one, as its writers see it.
    Raises sqlite3.Error, also where there is no such file.
    """
    log = path.with_name(path.name + "-wal")
    still = "" if log.exists() and log.stat().st_size else "&immutable=1"
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro{still}", uri=True, timeout=busy_seconds)
