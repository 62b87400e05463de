"""Rendering beside the event loop: two processes, warmed, with a deadline.

Threads would hold the event loop up to five times longer (measured): compressors are pure Python. What a worker does
not finish in time is decided raw here; whoever pins first is right, so that both agree on what was sent.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from pathlib import Path
from typing import Any

from headroom import policy
from headroom.proxy import tuning
from headroom.proxy.engine import Changed, Engine, Job, raw_job

log = logging.getLogger("headroom")

WORKERS = 2
"""One more than a single agent needs; a third would cost its memory (about 70 MB) without a core to run on."""

DEADLINE = 8.0
"""Seconds after which new parts go raw: clients wait minutes for a first token, and a 32 MB body takes this long."""

INLINE_BYTES = 3_000
"""Bodies up to this are looked at in the event loop's own thread: the way to a worker and back costs more than to see
that there is nothing to decide. What is to be decided goes to a worker, so that this process needs no vocabulary (40
MB)."""

_engine: Engine | None = None


def _start(*arguments: Any) -> None:
    global _engine
    _engine = Engine(*arguments)
    threading.Thread(target=_keep_watch, daemon=True).start()
    _engine.warm()
    tuning.settle()


def _keep_watch() -> None:
    """A proxy that is killed outright cannot end its workers: they see it go, and end themselves. Meanwhile they keep
    small."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        while not connection.wait([parent.sentinel], tuning.SECONDS):
            tuning.give_back()
        os._exit(1)


def _is_up() -> bool:
    return _engine is not None


def _change(job: Job) -> Changed:
    assert _engine is not None
    return _engine.change(job).without_body()


class Workers:
    """Changes bodies in worker processes."""

    def __init__(
        self,
        home: Path,
        cap: int,
        vocabulary: Path | None = None,
        rules: tuple[policy.Rule, ...] = (),
        thresholds: tuple[policy.Threshold, ...] = (),
        *,
        deadline: float = DEADLINE,
    ) -> None:
        self._arguments = (home, cap, vocabulary, rules, thresholds)
        self.own = Engine(*self._arguments)
        """The engine of this very process, for small bodies and for what the workers did not do."""
        self._deadline = deadline
        self._pool = self._made()
        self._warming: asyncio.Task[None] | None = None

    def _made(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(WORKERS, mp_context=context, initializer=_start, initargs=self._arguments)

    def start(self) -> None:
        """Starts every worker, each of which loads what a first request needs; requests wait for the first one."""
        self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        try:
            await asyncio.gather(*[asyncio.wrap_future(self._pool.submit(_is_up)) for _ in range(WORKERS)])
        except (BrokenProcessPool, OSError, RuntimeError):
            log.exception("the workers could not be warmed")

    async def change(self, job: Job) -> Changed:
        """The body as it goes upstream; where the worker fails or is late, with its new parts as they are."""
        if len(job.body) <= INLINE_BYTES and (replayed := self.own.replay(job)) is not None:
            return replayed
        if self._warming is not None:
            await asyncio.wait([self._warming])
        pool = self._pool
        try:
            future = asyncio.wrap_future(pool.submit(_change, job))
            return (await asyncio.wait_for(future, self._deadline)).with_body(job)
        except TimeoutError:
            log.warning(
                "a body of %d bytes took longer than %.0f s: its new parts stay raw", len(job.body), self._deadline
            )
        except (BrokenProcessPool, OSError, RuntimeError):
            log.exception("a worker died on a body of %d bytes: its new parts stay raw", len(job.body))
            if self._pool is pool:  # of several requests that saw it break, one makes another
                pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._made()
        return await asyncio.to_thread(self.own.change, raw_job(job))

    async def close(self) -> None:
        """Ends the workers; what they have not finished is lost."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        self._pool.shutdown(wait=False, cancel_futures=True)
