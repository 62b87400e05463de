"""The home folder: room on its disk, the store, the ledger, and who may read them."""

from __future__ import annotations

import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from headroom import ledger
from headroom.cli._doctor.finding import Finding, failure, ok, warning
from headroom.cli._doctor.scene import Scene
from headroom.ledger import NOTHING, Ledger
from headroom.store.inspection import inspected

STORE = "headroom.db"

LEAST_BYTES = 64 << 20
"""With less free, the next requests may find no room for their originals, and nothing more is made smaller."""

AHEAD_SECONDS = 3600.0
"""A row that is further in the future was written while the clock was wrong, or it is wrong now."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO

SECRET = (STORE, f"{STORE}-wal", ledger.NAME, f"{ledger.NAME}-wal", "run/*.json", "configs/journal.json", "hooks.sock")
"""Files with texts, tokens or keys in them."""


def home_has_room(scene: Scene) -> Iterator[Finding]:
    """The disk has room for what the store may still grow by."""
    home = scene.conf.home
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free, file = shutil.disk_usage(there).free, home / STORE
    held = file.stat().st_size if file.exists() else 0
    yield room(home, free, max(0, scene.conf.store_cap - held))


def room(home: Path, free: int, needed: int) -> Finding:
    """What `free` bytes on a disk mean for a store that may grow by `needed`."""
    remedy = "Free some space, set HEADROOM_HOME to a folder on another disk, or lower store_cap."
    if free < LEAST_BYTES:
        return failure(f"The disk of {home} is full: {_bytes(free)} are free.", remedy)
    if free < needed:
        told = f"The disk of {home} has {_bytes(free)} free, and the store may still grow by {_bytes(needed)}."
        return warning(told, remedy)
    return ok(f"The disk of {home} has {_bytes(free)} free.")


def store_is_sound(scene: Scene) -> Iterator[Finding]:
    """The store can be read, is whole, and is not larger than it may be."""
    file, cap = scene.conf.home / STORE, scene.conf.store_cap
    usage = inspected(file)
    if usage is None:
        yield ok(f"There is no store at {file} yet; its first use makes one.")
    elif usage.bytes > cap:
        told = f"The store {file} holds {_bytes(usage.bytes)}, more than its cap of {_bytes(cap)}."
        yield warning(told, "Raise store_cap in config.toml, or empty the store: headroom purge.")
    else:
        yield ok(f"The store {file} holds {usage.originals:,} originals in {_bytes(usage.bytes)} of {_bytes(cap)}.")


def ledger_is_sound(scene: Scene) -> Iterator[Finding]:
    """The ledger can be read, and no row is of a time that has not come."""
    if not (scene.conf.home / ledger.NAME).exists():
        return
    rows = Ledger(scene.conf.home, read_only=True)
    try:
        ahead = next(iter(rows.totals(since=time.time() + AHEAD_SECONDS)), NOTHING)
    finally:
        rows.close()
    if ahead.requests or ahead.hooked:
        yield warning(
            f"{ahead.requests + ahead.hooked:,} rows of the ledger are of a time that has not come: it is now"
            f" {time.strftime('%Y-%m-%d %H:%M')} by this machine's clock.",
            "Set the clock right; if it is right now, the rows count for their own days, and do no harm.",
        )


def others_cannot_read(scene: Scene) -> Iterator[Finding]:
    """Nobody else on this machine can read what we keep."""
    home = scene.conf.home
    if sys.platform == "win32" or not home.exists():
        return
    open_files = [file for name in SECRET for file in sorted(home.glob(name)) if file.stat().st_mode & OTHERS]
    if open_files:
        names = " ".join(map(str, open_files))
        yield failure(f"Others on this machine can read {', '.join(map(str, open_files))}.", f"Run: chmod go= {names}")
    elif home.stat().st_mode & OTHERS:
        yield warning(
            f"Others on this machine can list {home} (its mode is {stat.S_IMODE(home.stat().st_mode):03o}).",
            f"Run: chmod go= {home}",
        )


def _bytes(size: int) -> str:
    """A size in at most four digits, in powers of 1,024."""
    value, unit = float(size), "bytes"
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1024
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"
