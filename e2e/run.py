"""One run of one client: the fake model, the proxy as users start it, a tap between, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from e2e import scenario, workspace, wrapping
from e2e.clients import Client, Place
from e2e.scenario import Script
from e2e.tap import Tap
from e2e.wrapping import Killing
from headroom.proxy.routes import UPSTREAMS
from headroom.testing import FakeUpstream

LIMIT = 300
"""Seconds that a client may take; most need ten to thirty on one idle core."""

NOWHERE = "http://127.0.0.1:9"
"""A port where nothing listens, as the web proxy of whatever else a client would ask for: no run needs a network."""

BARE: Mapping[str, str] = {
    "LANG": "C.UTF-8",
    "TERM": "xterm",
    "DO_NOT_TRACK": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "OTEL_SDK_DISABLED": "true",
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "NO_PROXY": "127.0.0.1,localhost",
}
"""A client's environment, its path, home and keys aside."""


@dataclass
class Outcome:
    """What a run has shown."""

    client: str
    faults: list[str] = field(default_factory=list)
    turns: int = 0
    """Answers that the client got within the conversation."""
    retrievals: int = 0
    """Calls of our tool that were answered behind its back."""
    violations: int = 0
    aside: int = 0
    before: int = 0
    """Tokens of the client's tool outputs."""
    after: int = 0
    """Of what was sent in their place."""
    sent: int = 0
    """Bytes that the client sent, over all requests; 0 over a WebSocket."""
    upstream: int = 0
    """Bytes of the same requests as they reached the provider, without those that only the proxy made."""
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)


def run(client: Client, folder: Path, programs: Path) -> Outcome:
    """Runs `client` in `folder`, which keeps its home, its workspace, and what it printed."""
    return watched(client.name, folder, partial(_through, client, folder, programs))


def watched(name: str, folder: Path, act: Callable[[Outcome], None]) -> Outcome:
    """What `act` saw in a folder that was filled for it, how long it took, and why it could not be run."""
    outcome = Outcome(name)
    for made in ("home", "workspace", "headroom"):
        (folder / made).mkdir(parents=True)
    workspace.fill(folder / "workspace")
    started = time.perf_counter()
    try:
        act(outcome)
    except (OSError, RuntimeError, ValueError) as error:
        outcome.faults.append(f"it could not be run: {error}")
    outcome.seconds = time.perf_counter() - started
    return outcome


def _through(client: Client, folder: Path, programs: Path, outcome: Outcome) -> None:
    script = Script(client.shell, client.tool)
    killing = Killing(script, folder / "headroom", client.wraps) if client.killed else None
    fake = FakeUpstream(killing or script, sockets=client.sockets, forks=client.killed)
    with fake as upstream, _relayed(client, upstream.url, folder) as (url, tap):
        place = Place(url, folder / "home", folder / "workspace", programs)
        files = _written(client, place)
        _asked(client, place, scenario.PROMPT, scenario.FINAL, folder / "first.txt", outcome)
        _exhausted(script, outcome)
        if client.again is not None and not outcome.faults:
            script.steps += scenario.STEPS_AGAIN
            _asked(client, place, scenario.PROMPT_AGAIN, scenario.FINAL_AGAIN, folder / "again.txt", outcome)
            _exhausted(script, outcome)
    if client.wraps:
        _left(folder, outcome)
    if killing is not None:
        outcome.faults += killing.faults()
        outcome.notes.append(f"the proxy was killed; the client was back after {killing.seconds:.1f} s")
    outcome.violations = len(upstream.violations)
    outcome.faults += script.problems + upstream.violations
    outcome.faults += [f"{path.name} was changed" for path, text in files.items() if path.read_text("utf-8") != text]
    _counted(script, upstream, tap, outcome)
    _kept(upstream, folder)
    _unseen(tap, folder, outcome)
    _spared(folder, outcome)


def _left(folder: Path, outcome: Outcome) -> None:
    """Looks for what a wrap may not leave behind."""
    if not wrapping.is_over(folder / "headroom"):
        outcome.faults.append("the proxy goes on after its last wrap")
    named = wrapping.named(folder / "headroom", [folder / "home", folder / "workspace"])
    outcome.faults += [f"{path.relative_to(folder)} names the proxy" for path in named]


@contextmanager
def _relayed(client: Client, upstream: str, folder: Path) -> Iterator[tuple[str, Tap | None]]:
    """Where the client's settings point: at a proxy, with a tap before it; or, if it is wrapped, at the provider, as
    those of a user who has a gateway."""
    if client.wraps:
        yield upstream, None
        return
    with proxy(upstream, folder, free_port()) as url, Tap(url) as tap:
        yield tap.url, tap


def _written(client: Client, place: Place) -> Mapping[Path, str]:
    files = client.files(place)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return files


def _asked(client: Client, place: Place, prompt: str, final: str, log: Path, outcome: Outcome) -> None:
    """Runs the client once; it must end well and print the model's last words."""
    command = client.command if prompt == scenario.PROMPT else client.again
    assert command is not None
    words = command(place, prompt)
    if client.wraps:
        words = wrapping.command(client.wraps, words)
    with log.open("wb") as printed:
        try:
            code = subprocess.run(
                words, cwd=place.workspace, env=_environment(client, place, log.parent), timeout=LIMIT,
                stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            outcome.faults.append(f"it did not end within {LIMIT} seconds")
            return
    if code:
        outcome.faults.append(f"it ended with status {code}")
    if final not in log.read_text(encoding="utf-8", errors="replace"):
        outcome.faults.append(f"it did not print {final!r}")


def _environment(client: Client, place: Place, folder: Path) -> dict[str, str]:
    """Nothing of the user's but the path: no keys, no configuration, no telemetry, no network."""
    own = {"HEADROOM_HOME": str(folder / "headroom"), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    return {
        **(own if client.wraps else {}),
        "PATH": f"{place.programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(place.home),
        **BARE,
        **client.env(place),
    }


def _exhausted(script: Script, outcome: Outcome) -> None:
    if script.taken != len(script.steps):
        outcome.faults.append(f"the conversation ended at step {script.taken} of {len(script.steps)}")


def _counted(script: Script, upstream: FakeUpstream, tap: Tap | None, outcome: Outcome) -> None:
    outcome.retrievals = scenario.retrievals(script.steps[: script.taken])
    outcome.turns = script.taken - len(script.hidden)
    outcome.aside = script.aside
    if tap is None or any(asked.method == "WS" for asked in upstream.requests):
        return  # frames are compressed on the way: their sizes say nothing
    outcome.sent = len(tap.sent)
    outcome.upstream = sum(len(asked.body) for asked in upstream.requests if asked.number not in script.hidden)
    if not outcome.upstream < outcome.sent:
        outcome.faults.append(f"{outcome.sent} bytes were sent, {outcome.upstream} reached the provider")


def _kept(upstream: FakeUpstream, folder: Path) -> None:
    """Keeps what reached the provider, for whoever looks for a fault."""
    bodies = folder / "requests"
    bodies.mkdir()
    for asked in upstream.requests:
        path = asked.path.replace("/", "_")[:60]
        (bodies / f"{asked.number:03}{path}").write_bytes(asked.body)


def _unseen(tap: Tap | None, folder: Path, outcome: Outcome) -> None:
    """The name of our tool must stand in nothing that the client was answered, printed or keeps."""
    name = scenario.TOOL.encode()
    if tap is not None and name in tap.seen:
        outcome.faults.append(f"an answer to the client names {scenario.TOOL}")
    files = [path for top in ("home", "workspace") for path in (folder / top).rglob("*") if path.is_file()]
    files += [path for path in (folder / "first.txt", folder / "again.txt") if path.exists()]
    outcome.faults += [
        f"{path.relative_to(folder)} names {scenario.TOOL}" for path in files if name in path.read_bytes()
    ]


def _spared(folder: Path, outcome: Outcome) -> None:
    """What the proxy's own figures say."""
    told = subprocess.run(
        [sys.executable, "-m", "headroom", "stats", "--json", "--since", "all"], env=_own_environment(folder),
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    try:
        stats: Any = json.loads(told.stdout)
    except ValueError:
        outcome.faults.append(f"headroom stats said {told.stdout + told.stderr!r}")
        return
    outcome.before = sum(row["tokens_before"] for row in stats["tools"])
    outcome.after = sum(row["tokens_after"] for row in stats["tools"])
    if not outcome.after < outcome.before:
        outcome.faults.append(f"nothing was made smaller: {outcome.before} tokens before, {outcome.after} after")


def _own_environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "HEADROOM_HOME": str(folder / "headroom"), "NO_PROXY": "127.0.0.1,localhost"}


@contextmanager
def proxy(upstream: str, folder: Path, port: int) -> Iterator[str]:
    """`headroom proxy` in a process of its own, with a home of its own."""
    words = [word for name in UPSTREAMS for word in ("--upstream", f"{name}={upstream}")]
    with (folder / "proxy.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "headroom", "proxy", "--port", str(port), *words],
            env=_own_environment(folder), stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _healthy(url, process)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _healthy(url: str, process: subprocess.Popen[bytes]) -> None:
    """Waits until the proxy answers. Raises RuntimeError if it does not."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with opener.open(f"{url}/healthz"):
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise RuntimeError("headroom proxy does not start; see proxy.txt")
