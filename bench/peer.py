"""headroom-ai 0.42.0, run beside us on the same bytes in an environment of its own.

How it is driven, and why this is its best case:
- The base package. Its extras `code` (tree-sitter) and the ONNX detector (`magika`, `onnxruntime`) were tried: every
  token count on every workload stayed the same and it ran slower. `ml` (torch, models from the network) is left out.
- Anthropic messages and its own default model: the OpenAI shape gives the same texts and is slower.
- Its defaults otherwise. Threads are not limited for it; we are measured on one.
- First sight, as for us: it remembers texts it has seen, so that every run is a fresh process, warmed by our seeded
  workloads of another seed, and sees each workload once.
- Offline switch on, telemetry off, and no network at all where `unshare -n` is permitted.
Tokens are counted here, on the texts it returns, with the counter that counts ours.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from bench.generators import generated
from bench.texts import Messages
from bench.workloads import anthropic_messages

PACKAGE = "headroom-ai==0.42.0"
ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv-peer"
DRIVER = Path(__file__).with_name("peer_driver.py")
MODEL = "claude-sonnet-4-5-20250929"
"""The default of its `compress`."""

WARM_SEED = 7
"""Workloads of this seed warm it up: every kind of content once, no text that is measured."""

QUIET = {
    "HEADROOM_OFFLINE": "1",
    "HEADROOM_TELEMETRY": "off",
    "HEADROOM_TELEMETRY_DISABLED": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}
"""No telemetry, no downloads; and where no network namespace can be made, a proxy that is not there."""


class PeerError(Exception):
    """The other package cannot be installed or does not answer."""


@dataclass(frozen=True)
class Answer:
    """What it made of one message list, or the error it raised."""

    messages: Messages
    seconds: float
    error: str = ""


def install() -> Path:
    """Its Python, after making `.venv-peer` if it is not there (about 110 MB to download, 500 MB on disk)."""
    python = HOME / "bin" / "python"
    if not (HOME / ".installed").exists():
        try:
            venv.create(HOME, clear=True, with_pip=True)
            command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]
            subprocess.run(command, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise PeerError(f"{PACKAGE} could not be installed: {error}") from error
        (HOME / ".installed").touch()
    return python


def offline_prefix() -> list[str]:
    """The command prefix that takes the network away, empty where the system does not allow it."""
    unshare = shutil.which("unshare")
    for flags in (["-n"], ["-rn"]):
        if unshare and subprocess.run([unshare, *flags, "true"], capture_output=True, check=False).returncode == 0:
            return [unshare, *flags]
    return []


class Peer:
    """One process of the other package, started and warmed; use as a context manager."""

    def __init__(self, python: Path) -> None:
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        state = HOME / "home"
        shutil.rmtree(state, ignore_errors=True)  # what an earlier process stored must not be remembered
        state.mkdir(parents=True)
        self._process = subprocess.Popen(
            [*offline_prefix(), str(python), str(DRIVER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env=environment | QUIET | {"HOME": str(state), "HEADROOM_HOME": str(state)},
        )  # fmt: skip
        self._read()
        for made in generated(WARM_SEED):
            self.compress(anthropic_messages(made.tool, made.args, made.text, made.query))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pipe(self._process.stdin).close()
        self._process.wait(timeout=30)
        self._pipe(self._process.stdout).close()

    def compress(self, messages: Messages) -> Answer:
        """What it makes of `messages`, and the seconds its `compress` took. Raises PeerError if it is gone."""
        stdin = self._pipe(self._process.stdin)
        try:
            stdin.write(json.dumps({"messages": messages, "model": MODEL}) + "\n")
            stdin.flush()
        except BrokenPipeError as error:
            raise PeerError("headroom-ai ended before it answered") from error
        answer = self._read()
        if "error" in answer:
            return Answer(messages, 0.0, answer["error"])
        return Answer(answer["messages"], answer["seconds"])

    def _read(self) -> dict[str, Any]:
        line = self._pipe(self._process.stdout).readline()
        if not line:
            raise PeerError(f"headroom-ai ended with status {self._process.wait()} before it answered")
        answer: dict[str, Any] = json.loads(line)
        return answer

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise PeerError("headroom-ai has no pipe")
        return pipe


def answers(python: Path, conversations: Sequence[Messages]) -> list[Answer]:
    """One first-sight run: a fresh, warmed process sees every conversation once."""
    with Peer(python) as peer:
        return [peer.compress(messages) for messages in conversations]


def main() -> int:
    """Installs it and prints where; `--remove` deletes its environment."""
    parser = argparse.ArgumentParser(prog="python -m bench.peer", description=main.__doc__)
    parser.add_argument("--remove", action="store_true")
    if parser.parse_args().remove:
        shutil.rmtree(HOME, ignore_errors=True)
        return 0
    try:
        print(install())
    except PeerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
