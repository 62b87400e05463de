"""`headroom proxy` as a person and a service manager run it: it listens, relays, and ends with its rows written."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from headroom import running, settings
from headroom.cli import main
from headroom.ledger import Ledger
from headroom.testing import FakeUpstream, Reply
from tests.proxies import CLIENTS, WAIT, ask

CLIENT = CLIENTS["anthropic"]


def refused(*args: str) -> str:
    result = CliRunner().invoke(main, ["proxy", *args])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("headroom: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@contextmanager
def started(*args: str, stderr: int = subprocess.PIPE) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A proxy in a process of its own, at a free port, and its URL once it says that it listens."""
    home, late = settings.load().home, time.monotonic() + WAIT
    command = [sys.executable, "-m", "headroom", "proxy", "--port", "0", *args]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr)
    try:
        while not (found := running.running(home)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < late
        assert ask(found[0].url, "/healthz").status == 200
        yield process, found[0].url
    finally:
        process.terminate()
        process.communicate(timeout=WAIT)


def children(pid: int) -> set[int]:
    """Processes below a process, by Linux's own account."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        own = {int(word) for word in file.read().split()}
    return own.union(*map(children, own))


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--port", "-1"], "-1"),
        (["--port", "70000"], "70000"),
        (["--level", "most"], "most"),
        (["--upstream", "openai"], "NAME=URL"),
        (["--upstream", "openai=ftp://x"], "NAME=URL"),
        (["--host", "0.0.0.0"], "--token"),
        (["--host", "192.0.2.7"], "--token"),
        (["extra"], "extra"),
    ],
)
def test_a_wrong_use_is_one_sentence(args: Sequence[str], words: str) -> None:
    assert words in refused(*args)


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        sentence = refused("--port", port)

    assert f"port {port} of 127.0.0.1 cannot be used" in sentence
    assert "--port" in sentence


def test_a_port_that_another_proxy_has_is_told_with_whose_it_is() -> None:
    with started("--level", "meter") as (process, url):
        sentence = refused("--port", url.rpartition(":")[2])
        found = running.running(settings.load().home)

    assert f"(process {process.pid}, meter)" in sentence
    assert "--port" in sentence
    assert [proxy.url for proxy in found] == [url]
    assert not running.running(settings.load().home)
    assert not running.stale(settings.load().home)


def test_certificates_that_cannot_be_read_are_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("certificates") / "bundle.pem"
    file.write_text("no certificate")
    result = CliRunner().invoke(main, ["proxy", "--port", "0"], env={"NODE_EXTRA_CA_CERTS": str(file)})

    assert result.exit_code == 2
    assert "NODE_EXTRA_CA_CERTS names" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the account of children is Linux's")
def test_it_relays_and_ends_on_a_signal_with_its_rows_written_and_no_process_left() -> None:
    with (
        FakeUpstream([Reply("hello")]) as upstream,
        started("--level", "meter", "--upstream", f"anthropic={upstream.url}") as (process, url),
    ):
        assert ask(url, CLIENT.path, CLIENT.first("hi"), [("user-agent", "an-agent/1")]).status == 200
        workers = children(process.pid)
        process.send_signal(signal.SIGTERM)
        told, complaints = process.communicate(timeout=WAIT)

    assert (process.returncode, told, complaints) == (0, b"", b"")
    assert workers
    ledger = Ledger(settings.load().home)
    (row,) = ledger.latest(9)
    ledger.close()
    assert (row["agent"], row["model"], row["level"]) == ("an-agent", "claude-opus-5-5", "meter")
    late = time.monotonic() + WAIT
    while any(os.path.exists(f"/proc/{worker}") for worker in workers):
        assert time.monotonic() < late


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_person_is_told_where_it_listens_and_how_to_open_the_dashboard_and_ends_it_with_ctrl_c() -> None:
    leader, follower = pty.openpty()
    try:
        with started(stderr=follower) as (process, url):
            shown = os.read(leader, 10_000).decode()
            while shown.count("\n") < 2:
                shown += os.read(leader, 10_000).decode()
            first, second = shown.splitlines()
            address = second.removeprefix("Dashboard: ")
            path = address.removeprefix(url)

            assert first == f"Headroom listens on {url} (balanced); Ctrl-C ends it."
            assert path.startswith("/?token=")
            assert len(path) > 30
            assert ask(url, path).status == 200
            assert ask(url, path[:-1]).status == 403
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT) == 130
    finally:
        os.close(leader)
        os.close(follower)
