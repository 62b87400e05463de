"""Keeping a proxy running: all that need the same share one, it is back after it was killed, and ends with the last."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from headroom import running, settings, supervisor
from headroom.errors import ProxyError
from headroom.locks import locked
from headroom.proxy.routes import UPSTREAMS
from headroom.running import Running
from headroom.supervisor import Supervisor, Wanted
from tests.processes import python
from tests.proxies import WAIT, ask
from tests.wraps import becomes, home_of_proxies

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

HOLDS = """
import os, sys
from pathlib import Path
from headroom import settings, supervisor
home = Path(sys.argv[1])
wanted = supervisor.Wanted(home=home, fingerprint=sys.argv[2], environ=os.environ, linger=0)
with supervisor.Supervisor(wanted, print) as proxy:
    print(proxy.pid, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path))
    with home_of_proxies(tmp_path) as folder:
        yield folder


@pytest.fixture
def told() -> SimpleQueue[str]:
    return SimpleQueue()


def name() -> str:
    return supervisor.fingerprint(settings.load(), UPSTREAMS, os.environ)


def wanted(home: Path, *words: str, port: int | None = None, tries: int = 3) -> Wanted:
    return Wanted(
        home=home, fingerprint=name(), words=words, environ=dict(os.environ), port=port, linger=0.0, tries=tries
    )


def kill(proxy: Running) -> None:
    os.kill(proxy.pid, signal.SIGKILL)


def test_one_proxy_serves_all_and_ends_after_the_last(home: Path, told: SimpleQueue[str]) -> None:
    with Supervisor(wanted(home), told.put) as first:
        with Supervisor(wanted(home), told.put) as second:
            assert second == first
        assert ask(first.url, "/healthz").json["ok"] is True
        assert running.running(home) == [first]
        assert os.getsid(first.pid) == first.pid

    assert becomes(lambda: not (home / "run" / f"{first.port}.json").exists())
    assert becomes(lambda: not running_still(first))
    assert told.empty()


def running_still(proxy: Running) -> bool:
    try:
        os.kill(proxy.pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_proxy_is_back_at_its_port_for_all_that_shared_it(home: Path, told: SimpleQueue[str]) -> None:
    with Supervisor(wanted(home), told.put) as first, Supervisor(wanted(home), told.put):
        kill(first)
        assert becomes(lambda: running.running(home) not in ([], [first]))
        (second,) = running.running(home)

        assert second.port == first.port
        assert ask(second.url, "/healthz").json["ok"] is True

    assert becomes(lambda: not running.running(home))
    assert told.empty()


def test_a_killed_proxy_that_nobody_needs_any_more_stays_away(home: Path, told: SimpleQueue[str]) -> None:
    with ExitStack() as lock:
        with Supervisor(replace(wanted(home), linger=WAIT), told.put) as proxy:
            lock.enter_context(locked(running.folder(home) / "lock"))
            kill(proxy)
            assert becomes(lambda: not running.running(home))
        keepers = [thread for thread in threading.enumerate() if thread.name == "supervisor"]
    for keeper in keepers:  # each has seen that the proxy is gone, and waited for the lock
        keeper.join(WAIT)

    assert running.running(home) == []
    assert told.empty()


def test_whoever_is_killed_holds_no_proxy(home: Path) -> None:
    holder = python(HOLDS, home, name())
    assert holder.stdout is not None
    pid = int(holder.stdout.readline())
    assert [proxy.pid for proxy in running.running(home)] == [pid]
    holder.kill()
    holder.communicate()

    assert becomes(lambda: not running.running(home))


def test_what_needs_another_proxy_gets_one_at_another_port(home: Path, told: SimpleQueue[str]) -> None:
    words = ("--level", "meter")
    plain = supervisor.at_one_level(settings.load(overrides={"level": "meter"}))
    other = supervisor.fingerprint(plain, UPSTREAMS, os.environ)
    with Supervisor(wanted(home), told.put) as first:
        meter = Wanted(home=home, fingerprint=other, words=words, environ=os.environ, linger=0.0)
        with Supervisor(meter, told.put) as second:
            assert second.port != first.port
            assert [first.level, second.level] == ["balanced", "meter"]
            assert (first.fingerprint, second.fingerprint) == (name(), other)


@pytest.mark.parametrize(
    "changed",
    [{"version": "0.0.9"}, {"host": "::1"}, {"environ": {"HTTPS_PROXY": "http://10.0.0.1:3128"}},
     {"upstreams": {**UPSTREAMS, "anthropic": "https://gateway.example"}}],
)  # fmt: skip
def test_proxies_that_do_not_do_the_same_have_other_fingerprints(changed: dict[str, object]) -> None:
    facts: dict[str, object] = {"conf": settings.load(), "upstreams": UPSTREAMS, "environ": {"EDITOR": "vi"}}

    assert supervisor.fingerprint(**{**facts, **changed}) != supervisor.fingerprint(**facts)  # type: ignore[arg-type]
    assert supervisor.fingerprint(**{**facts, "environ": {}}) == supervisor.fingerprint(**facts)  # type: ignore[arg-type]


def test_a_proxy_that_does_not_start_is_told_with_the_end_of_its_log(home: Path, told: SimpleQueue[str]) -> None:
    with pytest.raises(ProxyError, match="did not start") as error, Supervisor(wanted(home, "--level", "no"), told.put):
        pass

    (log,) = (home / "run").glob("*.log")
    assert str(log) in str(error.value)
    assert "headroom: --level is 'no'; use one of: meter" in str(error.value)
    assert str(error.value).count("\n") == 0
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_port_that_something_else_has_is_told(home: Path, told: SimpleQueue[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(ProxyError, match=f"port {port} of 127.0.0.1 cannot be used"),
            Supervisor(wanted(home, port=port), told.put),
        ):
            pass

        assert not supervisor.is_free(port)
    assert supervisor.is_free(port)


def test_what_a_killed_proxy_left_is_not_joined_but_removed(home: Path, told: SimpleQueue[str]) -> None:
    with python("") as gone:
        gone.communicate()
    left = Running(gone.pid, "127.0.0.1", 9, "token", "0.1.0", "balanced", UPSTREAMS, name(), 0.0)
    alive = left._replace(pid=os.getpid(), port=10)
    for proxy in (left, alive):
        running.announce(home, proxy)
    with Supervisor(wanted(home), told.put) as found:
        assert found.port not in (left.port, alive.port)
        assert not (home / "run" / "9.json").exists()
    running.withdraw(home, alive)


@pytest.mark.parametrize(("tries", "words"), [(3, "did not start"), (0, "it ended 1 times")])
def test_where_none_can_be_had_any_more_it_is_said_once(
    home: Path, told: SimpleQueue[str], tries: int, words: str
) -> None:
    with Supervisor(wanted(home, tries=tries), told.put) as proxy:
        (home / "config.toml").write_text("level = 'no'", encoding="utf-8")
        kill(proxy)
        sentence = told.get(timeout=WAIT)

    assert sentence.startswith(f"the proxy at {proxy.url} is gone: ")
    assert words in sentence
    assert sentence.endswith("; end the agent and start it again")
    assert told.empty()
    assert becomes(lambda: not running.running(home))
