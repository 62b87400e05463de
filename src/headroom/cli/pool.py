"""Work in several processes, one job at a time in each: results as they come, and a death costs one job.

Compressors are pure Python, so that threads would take turns. A process that dies (out of memory, say) takes only the
job that it had with it, and another one is started.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

Job = TypeVar("Job")
Done = TypeVar("Done")


class Failure(NamedTuple):
    """What is told of a job that raised something, or whose process died."""

    why: str


class _Worker(NamedTuple):
    process: BaseProcess
    job: Any


def results(
    work: Callable[[Job], Done], jobs: Iterable[Job], workers: int
) -> Iterator[tuple[Job, Done | Failure]]:  # fmt: skip
    """Each job with what became of it, in the order in which they end.

    Args:
        work: a function of a module, which the processes import. All that it takes and gives is pickled.
        jobs: begun in this order.
        workers: processes; with 0 the work is done here.
    """
    if not workers:
        yield from ((job, _outcome(work, job)) for job in jobs)
        return
    left = iter(jobs)
    crew: dict[Connection, _Worker] = {}
    try:
        for _, job in zip(range(workers), left, strict=False):
            _hire(crew, work, job)
        while crew:
            for ready in connection.wait(list(crew)):
                assert isinstance(ready, Connection)
                worker = crew.pop(ready)
                outcome = _received(ready, worker.process)
                for job in left:
                    if ready.closed:
                        _hire(crew, work, job)
                    else:
                        crew[ready] = worker._replace(job=job)
                        ready.send(job)
                    break
                else:
                    ready.close()  # the process sees the end, and ends
                yield worker.job, outcome
    finally:
        for worker in crew.values():
            worker.process.terminate()
        for worker in crew.values():
            worker.process.join()


def _hire(crew: dict[Connection, _Worker], work: Callable[[Job], Done], job: Job) -> None:
    """Starts a process, and gives it its first job."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    with _ignoring_interrupts():
        process.start()
    theirs.close()
    crew[ours] = _Worker(process, job)
    ours.send(job)


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal; what is started here leaves it to this one."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _received(ready: Connection, process: BaseProcess) -> Any:
    """What a process sent; if it died, that, and its connection is closed."""
    try:
        return ready.recv()
    except (EOFError, OSError):
        process.join()
        ready.close()
        return Failure(f"its process ended with code {process.exitcode}")


def _serve(theirs: Connection, work: Callable[[Any], Any]) -> None:
    """What a process does until nobody is there to ask it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            theirs.send(_outcome(work, theirs.recv()))
    except (EOFError, OSError):
        return


def _outcome(work: Callable[[Job], Done], job: Job) -> Done | Failure:
    """What the work gives, or what it raised, which an executor keeps for us."""
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(work, job)
        error = future.exception()
    if error is None:
        return future.result()
    return Failure(f"{type(error).__name__}: {error}"[:200])
