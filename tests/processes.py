"""Other processes for tests: forked ones, which share what was imported, and fresh ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

from headroom.errors import HeadroomError

NOBODY = 65534


def in_child(action: Callable[[], str]) -> str:
    """What `action` returns in a forked process, or the class and message of the error it raises there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "the child died"
        try:
            answer = action()
        except HeadroomError as error:
            answer = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, answer.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return answer


def unprivileged(action: Callable[[], str]) -> str:
    """`action` in a process that file modes bind, which root is not."""

    def as_nobody() -> str:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        return action()

    return in_child(as_nobody)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
