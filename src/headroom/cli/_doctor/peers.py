"""What listens at an address of this machine, asked over HTTP: nothing is sent on, and nobody is waited for long."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from headroom.running import url_of

HEALTH_SECONDS = 4.0
"""A program of this machine that does not say how it is for so long is as good as gone."""

SECONDS = 60.0
"""A proxy that was just started answers its first request once its workers are warm, which takes a busy machine
long."""

THREADS = 8

ALIKE = {"localhost": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Names of an address of this machine, and the one that is asked."""


class Address(NamedTuple):
    """Where something may listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return url_of(self.host, self.port)


class Peer(NamedTuple):
    """What answers at an address."""

    state: Literal["headroom", "other", "nothing"]
    version: str = ""
    level: str = ""


class Answer(NamedTuple):
    status: int
    body: bytes


def address(host: str, port: int) -> Address:
    return Address(ALIKE.get(host.lower(), host), port)


def address_of(url: str) -> Address | None:
    """The address that a URL leads to; None if it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return address(parts.hostname, port) if parts.hostname and port else None


def ask(at: Address, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One request: GET, or POST with a body. Raises OSError or HTTPException where no whole answer came in time."""
    seconds = HEALTH_SECONDS if body is None else SECONDS
    connection = http.client.HTTPConnection(at.host, at.port, timeout=seconds)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    finally:
        connection.close()


def peers(addresses: Iterable[Address]) -> dict[Address, Peer]:
    """Who answers at each address; all are asked at once."""
    wanted = list(dict.fromkeys(addresses))
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(wanted, pool.map(_peer, wanted), strict=True))


def _peer(at: Address) -> Peer:
    try:
        told = json.loads(ask(at, "/healthz").body)
    except (TimeoutError, ConnectionResetError, BrokenPipeError, http.client.HTTPException, ValueError):
        return Peer("other")  # it took the connection, and has no such page
    except OSError:
        return Peer("nothing")
    if not isinstance(told, dict) or told.get("name") != "headroom":
        return Peer("other")
    return Peer("headroom", str(told.get("version", "")), str(told.get("level", "")))
