"""The files by which proxies are found: who runs is told from who is gone, and nobody else reads a token."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from headroom import running
from headroom.running import Running
from tests.processes import python

OWN = Running(os.getpid(), "127.0.0.1", 8787, "a-token", "0.1.0", "balanced", {"openai": "https://api.openai.com"},
              "0123abcd", 1_795_000_000.5)  # fmt: skip

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell whether a process lives")


def gone() -> int:
    """The number of a process that has ended."""
    with python("") as process:
        process.communicate()
    return process.pid


def test_a_proxy_that_was_announced_is_found_until_it_is_withdrawn(tmp_path: Path) -> None:
    other = OWN._replace(port=40_001, host="::1")
    for proxy in (other, OWN):
        running.announce(tmp_path, proxy)

    assert running.running(tmp_path) == [other, OWN]
    assert [proxy.url for proxy in running.running(tmp_path)] == ["http://[::1]:40001", "http://127.0.0.1:8787"]
    running.withdraw(tmp_path, other)
    assert running.running(tmp_path) == [OWN]
    assert running.stale(tmp_path) == []


def test_without_any_proxy_none_is_found(tmp_path: Path) -> None:
    assert running.running(tmp_path) == []
    assert running.stale(tmp_path) == []
    running.withdraw(tmp_path, OWN)


@posix
def test_nobody_else_can_read_the_token(tmp_path: Path) -> None:
    running.announce(tmp_path, OWN)
    modes = [path.stat().st_mode & 0o777 for path in sorted((tmp_path / "run").rglob("*"))]

    assert modes == [0o600]
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


@posix
def test_what_a_killed_proxy_left_is_stale_until_another_has_its_port(tmp_path: Path) -> None:
    running.announce(tmp_path, OWN._replace(pid=gone()))
    assert running.running(tmp_path) == []
    assert running.stale(tmp_path) == [tmp_path / "run" / "8787.json"]

    running.announce(tmp_path, OWN)
    assert running.running(tmp_path) == [OWN]
    assert running.stale(tmp_path) == []


def test_a_proxy_that_ends_late_does_not_withdraw_the_next_one(tmp_path: Path) -> None:
    running.announce(tmp_path, OWN)
    running.withdraw(tmp_path, OWN._replace(pid=OWN.pid + 1))

    assert running.running(tmp_path) == [OWN]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", json.dumps({**OWN._asdict(), "pid": "1"}), json.dumps({**OWN._asdict(), "pid": 0}),
     json.dumps({**OWN._asdict(), "pid": 10**30}), json.dumps({**OWN._asdict(), "more": 1}),
     json.dumps({**OWN._asdict(), "port": 1})],
)  # fmt: skip
def test_a_file_that_is_none_of_ours_is_no_proxy(tmp_path: Path, text: str) -> None:
    file = running.folder(tmp_path) / "8787.json"
    file.write_text(text, encoding="utf-8")

    assert running.running(tmp_path) == []
    assert running.stale(tmp_path) == [file]


def test_a_fingerprint_tells_facts_apart_and_nothing_else() -> None:
    assert running.fingerprint("a", ("b", 1)) == running.fingerprint("a", ("b", 1))
    assert len({running.fingerprint(*facts) for facts in [("a", "b"), ("b", "a"), ("ab",), ("a", "b", None)]}) == 4
