"""The command hook's own way: a small client, a server that it starts for the next event, and a line for a line."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headroom.hooks import client
from tests.hook_events import copilot, log, opencode


@pytest.fixture
def home() -> Path:
    """Where a server can listen."""
    return Path(os.environ["HEADROOM_HOME"])


def run(home: Path, event: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-S", client.__file__, str(home), "copilot"]
    return subprocess.run(command, input=event, capture_output=True, check=False)


def event(session: str = "s") -> bytes:
    return json.dumps(copilot(log(), session)).encode()


class Server:
    """Listens where the client asks, and answers what it is given to say."""

    def __init__(self, home: Path, said: bytes) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.heard = b""
        self._said = said
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(home / client.SOCKET))
        self._socket.listen()
        self._thread = threading.Thread(target=self._answer)
        self._thread.start()

    def _answer(self) -> None:
        link, _ = self._socket.accept()
        with link:
            while data := link.recv(1 << 16):
                self.heard += data
            link.sendall(self._said)

    def close(self) -> None:
        self._thread.join()
        self._socket.close()


@pytest.mark.parametrize("said", [b'{"said": 1}', b""])
def test_an_event_goes_to_the_server_that_is_there_and_its_answer_comes_back(home: Path, said: bytes) -> None:
    server = Server(home, said)
    done = run(home, b"x" * 300_000)
    server.close()

    assert (done.returncode, done.stdout) == (0, said)
    assert server.heard == b"copilot\n" + b"x" * 300_000


def test_where_no_server_can_listen_the_event_is_answered_all_the_same(home: Path) -> None:
    done = run(home / ("x" * 120), event())

    assert done.returncode == 0
    assert json.loads(done.stdout)["modifiedResult"]["textResultForLlm"].startswith("[log codes")


@pytest.mark.skipif(sys.platform != "linux", reason="the process that listens cannot be found")
@pytest.mark.parametrize("begins", [True, False])
def test_a_session_begins_with_a_server_that_listens_and_the_first_event_starts_one_where_none_did(
    begins: bool, home: Path
) -> None:
    folder, environ = home / "own", {**os.environ, "HEADROOM_HOME": str(home / "another")}
    folder.mkdir(parents=True)
    command = [sys.executable, "-I", "-S", client.__file__, str(folder)]
    if begins:
        begun = subprocess.run(command, env=environ, input=b"{}", capture_output=True, check=False)
        assert (begun.returncode, begun.stdout) == (0, b"")
        reached(folder / client.SOCKET)
    try:
        [first, second] = [
            subprocess.run([*command, "copilot"], env=environ, input=event(name), capture_output=True, check=False)
            for name in ("s", "t")
        ]
    finally:
        ended(folder / client.SOCKET)

    assert first.stdout == second.stdout
    assert b"[log codes" in first.stdout
    assert (folder / "headroom.db").exists()
    assert not (home / "another").exists()


def test_one_server_answers_all_clients(home: Path) -> None:
    command = [sys.executable, "-m", "headroom", "hook", "--serve"]
    environ = {**os.environ, "HEADROOM_HOME": str(home)}
    with subprocess.Popen(command, env=environ) as server:
        reached(home / client.SOCKET)
        answers = [json.loads(run(home, event(name)).stdout) for name in ("s", "t")]
        another = subprocess.run(command, env=environ, check=False)
        server.terminate()

    assert answers[0] == answers[1]
    assert answers[0]["modifiedResult"]["textResultForLlm"].startswith("[log codes")
    assert another.returncode == 0


def ended(path: Path) -> None:
    """Ends the server that listens at `path`."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(path))
        peer = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    os.kill(struct.unpack("3i", peer)[0], signal.SIGTERM)


def reached(path: Path) -> None:
    """Returns once something listens at `path`."""
    for _ in range(1_000):
        with socket.socket(socket.AF_UNIX) as link:
            if link.connect_ex(str(path)) == 0:
                return
        threading.Event().wait(0.02)
    raise TimeoutError(f"nothing listens at {path}")


def hook(*args: str, said: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "headroom", "hook", *args]
    return subprocess.run(command, input=said, capture_output=True, check=False)


def test_a_line_is_answered_for_each_line_until_the_input_ends() -> None:
    lines = [json.dumps(opencode(log())), "no json", json.dumps(opencode("ok"))]
    done = hook("opencode", "--lines", said="\n".join(lines).encode() + b"\n")
    first, *others = done.stdout.decode().splitlines()

    assert done.returncode == 0
    assert json.loads(first)["output"]["output"].startswith("[log codes")
    assert others == ["{}", "{}"]
    assert b"was given no JSON" in done.stderr


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_whatever_is_said_the_answer_changes_nothing_and_the_status_is_0(said: bytes) -> None:
    done = hook("copilot", said=said)

    assert (done.returncode, done.stdout) == (0, b"{}\n")
