"""Which proxies run: each one that listens keeps a file `<home>/run/<port>.json`, and removes it when it ends.

A file says where its proxy is, how to be let in, and with what it may be mistaken for another. It holds the token, so
nobody else may read it. One that was left by a proxy that was killed names a process that is gone.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

FOLDER = "run"
"""Name of the folder, in the home folder."""

LEASE = "/api/lease"
"""A path of every proxy: a request for it, with the token, is answered for as long as its connection is open."""


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """True if `host`, a name or an address, is this machine's own loopback."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int) -> str:
    """Where something that listens there is asked, such as `http://127.0.0.1:8787`."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class Running(NamedTuple):
    """One proxy that listens."""

    pid: int
    host: str
    port: int
    token: str
    version: str
    level: str
    upstreams: Mapping[str, str]
    """URL by name."""
    fingerprint: str
    """Two proxies with the same one do the same to every request."""
    started: float
    """Seconds since 1970."""

    @property
    def url(self) -> str:
        """Where it is asked."""
        return url_of(self.host, self.port)


def fingerprint(*facts: object) -> str:
    """A short name of all that makes a proxy what it is; values must be written the same whenever they are equal."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def folder(home: Path) -> Path:
    """The folder of the files, which is made, closed to others. Raises OSError."""
    found = home / FOLDER
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def announce(home: Path, proxy: Running) -> None:
    """Writes the file of a proxy, in place of what another left at its port. Raises OSError."""
    file = folder(home) / f"{proxy.port}.json"
    aside = file.with_suffix(f".{proxy.pid}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as writing:
        json.dump({**proxy._asdict(), "upstreams": dict(proxy.upstreams)}, writing, indent=1)
    os.replace(aside, file)


def withdraw(home: Path, proxy: Running) -> None:
    """Removes the file of a proxy, unless another has its port by now. Raises OSError."""
    file = home / FOLDER / f"{proxy.port}.json"
    found = _read(file)
    if found is not None and found.pid == proxy.pid:
        file.unlink(missing_ok=True)


def running(home: Path) -> list[Running]:
    """The proxies whose process lives, by their ports. Raises OSError."""
    return [proxy for proxy in map(_read, _files(home)) if proxy is not None and _lives(proxy.pid)]


def stale(home: Path) -> list[Path]:
    """The files that name no process that lives, or cannot be read. Raises OSError."""
    living = {f"{proxy.port}.json" for proxy in running(home)}
    return [file for file in _files(home) if file.name not in living]


def _files(home: Path) -> list[Path]:
    return sorted((home / FOLDER).glob("*.json"))


def _read(file: Path) -> Running | None:
    """What a file says; None if there is none, or it is not one of ours."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        found = Running(**told)
    except (OSError, ValueError, TypeError):
        return None
    types: tuple[type | tuple[type, ...], ...] = (int, str, int, str, str, str, dict, str, (int, float))
    fits = all(isinstance(value, kind) for value, kind in zip(found, types, strict=True))
    return found if fits and file.name == f"{found.port}.json" and found.pid > 0 else None


def _lives(pid: int) -> bool:
    """True if the process is there. On Windows nobody can ask without harm: whoever connects will see."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError, OverflowError):  # nobody else's process is a proxy of this user
        return False
    return True
