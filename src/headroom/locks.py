"""A lock between processes: a file that one of them holds at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl
else:
    import msvcrt

MODE = 0o600
"""Permissions of a lock file."""


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Waits until no other process holds the lock, and makes its file; the lock goes with the process that holds it.
    Raises OSError."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, MODE)
    try:
        if sys.platform != "win32":
            fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
        yield
    finally:
        os.close(handle)
