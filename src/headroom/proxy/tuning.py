"""What a process that serves for days asks of its memory: what stays is not searched again, what is free goes back."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys

SECONDS = 10.0
"""Between two times that free memory is given back, which takes 1 to 2 ms: a burst of large bodies leaves 40 MB
(measured), which glibc would keep."""


YOUNG = 10_000
"""So many new objects are searched for cycles at once. Python's 700 make a search of every other request, 4 % of the
proxy's time (measured), and nothing that serves one makes cycles."""


def settle() -> None:
    """Has the collector leave alone what this process has loaded so far, and come less often from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)


def give_back() -> None:
    """Gives free memory back to the system, where the allocator is one that keeps it."""
    # glibc has it, musl not
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


async def keep_small() -> None:
    """Gives free memory back again and again, until cancelled."""
    while True:
        await asyncio.sleep(SECONDS)
        give_back()
