"""Proxies that wraps start: a home for them, the least a command needs to send a request, and an end to all of them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from headroom import running
from tests.proxies import WAIT

PAUSE = threading.Event()
"""Never set: waiting for it leaves the processor to others."""


@contextmanager
def home_of_proxies(folder: Path) -> Iterator[Path]:
    """A home folder whose proxies are ended with the block."""
    try:
        yield folder
    finally:
        for proxy in running.running(folder):
            os.kill(proxy.pid, signal.SIGKILL)


def becomes(true: Callable[[], object]) -> bool:
    """Waits until something is true; False if it never is."""
    late = time.monotonic() + WAIT
    while not true():
        if time.monotonic() > late:
            return False
        PAUSE.wait(0.01)
    return True
