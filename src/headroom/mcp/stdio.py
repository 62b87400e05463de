"""Lines in, lines out: each is answered by a thread of its own, so that a slow call delays no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from headroom.mcp.jsonrpc import INVALID_REQUEST, refused

MOST_BYTES = 64 << 20
"""A longer line is refused: hooks hand over whole tool outputs, but no model reads that much."""

THREADS = 8
"""Calls that run at the same time; further ones wait for a place."""


def serve(
    reader: BinaryIO,
    write: Callable[[bytes], None],
    read: Callable[[bytes], Callable[[], bytes | None]],
    *,
    afterwards: Callable[[], None] = lambda: None,
    most_bytes: int = MOST_BYTES,
) -> None:
    """Answers every line of `reader` until it ends, and returns once the last answer is written.

    Args:
        reader: gives lines; buffered.
        write: takes whole lines with their ends, one at a time.
        read: takes the lines in their order, and returns what does the work of one, in a thread of its own: the line
            that answers it, without its end, or None.
        afterwards: done once, in a thread, when the first answer was written: what later calls need.
        most_bytes: length of the longest line that is read as a whole.
    """
    lock = threading.Lock()
    warmed = False

    def respond(work: Callable[[], bytes | None]) -> None:
        nonlocal warmed
        said = work()
        if said is None:
            return
        with lock:
            write(said + b"\n")
            first, warmed = not warmed, True
        if first:
            afterwards()

    with ThreadPoolExecutor(THREADS, "mcp") as pool:
        while line := reader.readline(most_bytes + 1):
            if len(line) <= most_bytes:
                pool.submit(respond, read(line))
                continue
            if not line.endswith(b"\n"):
                _skip_line(reader)
            pool.submit(respond, lambda: refused(INVALID_REQUEST, "the message is too long"))


def _skip_line(reader: BinaryIO) -> None:
    """Reads to the end of a line whose beginning was read."""
    while (rest := reader.readline(1 << 20)) and not rest.endswith(b"\n"):
        pass
