"""A proxy that is killed at any point: the next one goes on with every conversation, byte for byte."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from headroom.store import SqliteStore
from headroom.testing import Call, FakeUpstream, Reply
from tests.proxies import WAIT, ask

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

ROWS = json.dumps([{"id": n, "service": "checkout", "status": "ok", "ms": 20 + n % 7} for n in range(300)])
PAUSE = threading.Event()
"""Never set: waiting for it passes time."""

TOOLS = [{"name": "query", "description": "Asks the service.", "input_schema": {"type": "object"}}]


class Killable:
    """A proxy process on a port of its own, which can be killed outright and started anew on the same home."""

    def __init__(self, home: Path, upstream: str) -> None:
        self._environment = {**os.environ, "HEADROOM_HOME": str(home)}
        self._upstream = upstream
        self.url = ""
        self.start()

    def start(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        command = [sys.executable, "-m", "headroom", "proxy", "--port", str(port), "--upstream",
                   f"anthropic={self._upstream}"]  # fmt: skip
        self._process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.url, late = f"http://127.0.0.1:{port}", time.monotonic() + WAIT
        while time.monotonic() < late:
            try:
                if ask(self.url, "/healthz").status == 200:
                    return
            except OSError:
                assert self._process.poll() is None
        raise AssertionError("the proxy does not answer")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(WAIT)


@contextmanager
def killable(home: Path, upstream: FakeUpstream) -> Iterator[Killable]:
    proxy = Killable(home, upstream.url)
    try:
        yield proxy
    finally:
        proxy.kill()


def request(*turns: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": "user", "content": "Which requests were slow?"}, *turns]
    return {"model": "claude-opus-5-5", "max_tokens": 100, "tools": TOOLS, "messages": messages}


def turn(content: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the model said and the results of its calls."""
    results = [{"type": "tool_result", "tool_use_id": b["id"], "content": ROWS} for b in content if "input" in b]
    return [{"role": "assistant", "content": content}, {"role": "user", "content": results}]


def asked(proxy: Killable, body: dict[str, Any]) -> Any:
    answer = ask(proxy.url, "/v1/messages", body)
    assert answer.status == 200, answer.body
    return answer.json["content"]


def lost(proxy: Killable, body: dict[str, Any], upstream: FakeUpstream, arrived: int) -> None:
    """Sends a request whose proxy is killed once `arrived` requests have reached the upstream."""
    failed: list[bool] = []
    sending = threading.Thread(target=lambda: failed.append(_unanswered(proxy, body)))
    sending.start()
    late = time.monotonic() + WAIT
    while len(upstream.requests) < arrived and time.monotonic() < late:
        PAUSE.wait(0.005)
    proxy.kill()
    sending.join(WAIT)
    assert failed == [True]


def test_killed_before_the_answer_the_same_bytes_are_sent_again(tmp_path: Path) -> None:
    gate = threading.Event()
    script = [Reply(calls=[Call("query", {})]), Reply("slow", gate=gate), Reply("done"), Reply("more")]
    with FakeUpstream(script, forks=True) as upstream, killable(tmp_path, upstream) as proxy:
        body = request(*turn(asked(proxy, request()))) | {"stream": True}
        lost(proxy, body, upstream, 2)
        gate.set()
        proxy.start()
        assert ask(proxy.url, "/v1/messages", body).status == 200

        assert upstream.requests[1].body == upstream.requests[2].body
        assert len(upstream.requests[2].body) < len(ROWS)
        assert upstream.violations == []


def test_killed_during_a_retrieval_the_conversation_goes_on(tmp_path: Path) -> None:
    gate = threading.Event()
    ref = SqliteStore(tmp_path / "headroom.db").put(ROWS)
    fetch = Call("headroom_retrieve", {"ref": ref, "rows": "7"})
    script = [Reply(calls=[Call("query", {})]), Reply("I look.", calls=[fetch]), Reply("slow", gate=gate),
              Reply("I look.", calls=[fetch]), Reply("done")]  # fmt: skip
    with FakeUpstream(script, forks=True) as upstream, killable(tmp_path, upstream) as proxy:
        body = request(*turn(asked(proxy, request()))) | {"stream": True}
        lost(proxy, body, upstream, 3)
        gate.set()
        proxy.start()
        answer = ask(proxy.url, "/v1/messages", body)

        assert answer.status == 200
        assert b"headroom_retrieve" not in answer.body
        assert b"done" in answer.body
        assert upstream.requests[1].body == upstream.requests[3].body
        assert upstream.violations == []


@pytest.mark.parametrize("milliseconds", [0, 20, 80])
def test_killed_while_a_body_is_made_smaller_nothing_in_the_store_is_lost(tmp_path: Path, milliseconds: int) -> None:
    script = [Reply(calls=[Call("query", {})]), *[Reply("done")] * 3]
    with FakeUpstream(script, forks=True) as upstream, killable(tmp_path, upstream) as proxy:
        body = request(*turn(asked(proxy, request())))
        sending = threading.Thread(target=lambda: _unanswered(proxy, body))
        sending.start()
        PAUSE.wait(milliseconds / 1000)
        proxy.kill()
        sending.join(WAIT)
        proxy.start()
        before = len(upstream.requests)
        asked(proxy, body)
        asked(proxy, body)

        sent = [each.body for each in upstream.requests[before:]]
        assert sent[0] == sent[1]
        assert {each.body for each in upstream.requests[1:]} == set(sent)
        assert SqliteStore(tmp_path / "headroom.db").verify() == []


def _unanswered(proxy: Killable, body: dict[str, Any]) -> bool:
    """True if the proxy was gone before it had answered."""
    try:
        ask(proxy.url, "/v1/messages", body)
    except (OSError, http.client.HTTPException):
        return True
    return False
