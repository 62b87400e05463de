"""Leases of a proxy: who may hold one, when they are over, and that nobody waits for them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headroom.running import LEASE
from tests.proxies import TOKEN, WAIT, Running, ask, options, running

NOWHERE = "http://127.0.0.1:9"


@contextmanager
def held(proxy: Running) -> Iterator[socket.socket]:
    """A lease, once it was given."""
    host, port = proxy.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=WAIT) as link:
        link.sendall(f"GET {LEASE}?token={TOKEN} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert link.recv(4096).startswith(b"HTTP/1.1 200 ")
        yield link


def over(proxy: Running) -> bool:
    return proxy.proxy.leases.over.is_set()


def ends(proxy: Running) -> bool:
    late = time.monotonic() + WAIT
    while not over(proxy) and time.monotonic() < late:
        pass
    return over(proxy)


def test_it_is_over_once_the_last_lease_is_and_none_is_given_from_then_on(tmp_path: Path) -> None:
    with running(options(tmp_path, NOWHERE, leased=0.0)) as proxy:
        with held(proxy):
            with held(proxy):
                assert ask(proxy.url, "/healthz").status == 200
            assert ask(proxy.url, "/healthz").status == 200
            assert not over(proxy)

        assert ends(proxy)
        assert ask(proxy.url, f"{LEASE}?token={TOKEN}").status == 503


def test_one_that_a_user_has_started_does_not_end(tmp_path: Path) -> None:
    with running(options(tmp_path, NOWHERE)) as proxy:
        with held(proxy):
            pass
        with held(proxy):
            pass

        assert not over(proxy)


def test_a_lease_needs_the_token(tmp_path: Path) -> None:
    with running(options(tmp_path, NOWHERE)) as proxy:
        for query in ("", "?token=", "?token=wrong"):
            assert ask(proxy.url, f"{LEASE}{query}").status == 403


def test_a_proxy_that_ends_does_not_wait_for_its_leases(tmp_path: Path) -> None:
    with running(options(tmp_path, NOWHERE)) as proxy:
        lease = held(proxy)
        link = lease.__enter__()

    while link.recv(4096):
        pass
    lease.__exit__(None, None, None)
