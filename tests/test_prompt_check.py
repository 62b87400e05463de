"""Before each prompt: whether the proxy that a file points an agent at listens, as agents have it run."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headroom import agents
from headroom.agents import prompt_check
from tests.agent_settings import edits, home, place
from tests.config_samples import snapshot

SERVE = "headroom proxy --port 8787"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


def at(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def command(agent: str, url: str, serve: str = SERVE) -> list[str]:
    return [sys.executable, "-I", "-S", str(prompt_check.__file__), agent, url, serve]


def line(agent: str, folder: Path, *words: str) -> str:
    """What an agent has its shell run, as the one change says."""
    (change,) = agents.find(agent).checks(words, place(folder))
    ((_, entry),) = change.appends
    (hook,) = entry["hooks"]
    made: str = hook["command"]
    return made


def told(words: list[str]) -> Any:
    done = subprocess.run(words, capture_output=True, check=True)
    return json.loads(done.stdout) if done.stdout else None


def test_with_no_proxy_there_the_prompt_is_kept_back_at_once_with_what_to_do(listener: socket.socket) -> None:
    url, started = at(listener), time.monotonic()
    said = told([*command("claude", url, 'a "b" \\c'), "", f"{url}/v1"])

    assert time.monotonic() - started < 2
    assert said == {
        "decision": "block",
        "reason": f'headroom: no proxy listens at {url}. Start it: a "b" \\c; or do without it: headroom unwrap claude',
    }


def test_with_a_proxy_there_nothing_is_said(listener: socket.socket) -> None:
    listener.listen()

    assert told([*command("claude", at(listener)), at(listener)]) is None


@pytest.mark.parametrize("bases", [(), ("",), ("https://api.anthropic.com",), ("{url}9",)])
def test_a_run_that_goes_elsewhere_needs_no_proxy(listener: socket.socket, bases: tuple[str, ...]) -> None:
    url = at(listener)

    assert told([*command("claude", url), *(base.format(url=url) for base in bases)]) is None


@pytest.mark.parametrize(
    ("agent", "variable"), [("claude", "ANTHROPIC_BASE_URL"), ("gemini", "GOOGLE_GEMINI_BASE_URL")]
)
def test_the_agent_s_shell_gives_the_base_url_of_the_run(
    agent: str, variable: str, listener: socket.socket, tmp_path: Path
) -> None:
    url = at(listener)
    made = line(agent, tmp_path, *command(agent, url))
    blocked, elsewhere = (
        subprocess.run(["sh", "-c", made], env={variable: base}, capture_output=True, check=True).stdout
        for base in (url, "https://gateway.example")
    )

    assert json.loads(blocked)["reason"].endswith(f"headroom unwrap {agent}")
    assert elsewhere == b""


def test_a_prompt_goes_on_if_what_checks_it_is_not_there_any_more(tmp_path: Path) -> None:
    for words in ([sys.executable, "-I", "-S", "/nowhere/prompt_check.py"], ["/nowhere/python"]):
        done = subprocess.run(["sh", "-c", line("claude", tmp_path, *words)], capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize("agent", ["claude", "gemini"])
def test_the_user_s_own_hooks_stay_and_ours_is_taken_out_byte_for_byte(agent: str, tmp_path: Path) -> None:
    before = snapshot(home(tmp_path))
    changes = agents.find(agent).checks(command(agent, "http://127.0.0.1:8787"), place(tmp_path))
    edits(tmp_path).apply(f"wrap {agent}", changes)
    edits(tmp_path).undo(f"wrap {agent}")

    assert snapshot(tmp_path) == before


def test_an_agent_without_such_a_place_is_told_of_no_check(tmp_path: Path) -> None:
    assert agents.find("codex").checks(["true"], place(tmp_path)) == ()
