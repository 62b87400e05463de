"""A client that `headroom wrap` starts, and a proxy that is killed under it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from e2e.scenario import Script
from headroom import running
from headroom.testing import Received, Reply

AT = 4
"""The step whose request is on its way when the proxy is killed."""

BACK_SECONDS = 5.0
"""A client's retry has reached the model by then..."""

OWN_WAIT = {"gemini": 7.0}
"""... except where an agent itself waits longer before it tries again: Gemini CLI 3.5 to 6.5 seconds."""

END_SECONDS = 20.0
"""A proxy ends by itself within this time after its last wrap."""


def command(agent: str, words: Sequence[str]) -> list[str]:
    """What starts an agent by `headroom wrap`; `words` are its program and arguments."""
    return [sys.executable, "-P", "-m", "headroom", "wrap", agent, "--", *words[1:]]


@dataclass
class Killing:
    """The fake model in a run whose proxy is killed: once, before it answers a request."""

    script: Script
    home: Path
    agent: str
    lost: Received | None = None
    """The request that got no answer."""
    again: Received | None = None
    """The next one."""
    seconds: float = 0.0
    """From the one to the other."""
    _at: float = field(default=0.0, repr=False)

    def __call__(self, received: Received) -> Reply:
        if self.lost is None and self.script.taken == AT:
            self.lost, self._at = received, time.monotonic()
            for proxy in running.running(self.home):
                os.kill(proxy.pid, signal.SIGKILL)
            return Reply("Nobody reads this.", cut_after=0)
        if self.lost is not None and self.again is None:
            self.again, self.seconds = received, time.monotonic() - self._at
        return self.script(received)

    def faults(self) -> list[str]:
        """What did not go as it must, as sentences."""
        if self.lost is None or self.again is None:
            return ["the proxy was not killed, or nothing was asked afterwards"]
        limit = OWN_WAIT.get(self.agent, BACK_SECONDS)
        late = [f"it took {self.seconds:.1f} s until the client was back"] if self.seconds > limit else []
        other = (
            []
            if self.lost.method == "WS" or self.lost.body == self.again.body
            else ["other bytes were sent after the proxy was killed"]
        )
        return late + other


def is_over(home: Path, wait: Callable[[float], None] = time.sleep) -> bool:
    """True once no proxy runs any more, within the time that the last one has."""
    late = time.monotonic() + END_SECONDS
    while running.running(home) and time.monotonic() < late:
        wait(0.1)
    return not running.running(home)


def named(home: Path, folders: Sequence[Path]) -> list[Path]:
    """The files that name a proxy of `home`: a wrap is for one run, and nothing may be left of it."""
    urls = [f"127.0.0.1:{log.stem}".encode() for log in (home / running.FOLDER).glob("*.log")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(url in path.read_bytes() for url in urls)]
