"""`headroom status`: one line whatever is so, quick to start, and a client's status line that goes as it came."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headroom import running
from headroom.cli import main
from headroom.ledger import DAY, HOOK, NAME, Entry, Ledger
from headroom.prices import Usage
from tests.doctor_runs import everything, proxy_file

ENTRY = Entry(model="claude-opus-5-5", session="s", usage=Usage(6_000, 50_000, 2_000, 0, 500), removed_new=142_000)
"""58,000 tokens sent of 200,000, $0.71 spared."""

HOOKED = Entry(agent="claude", session="h", round=HOOK, removed_new=19_500)


@pytest.fixture
def home() -> Path:
    return Path(os.environ["HEADROOM_HOME"])


def wrote(*entries: Entry, at: float | None = None) -> None:
    ledger = Ledger(Path(os.environ["HEADROOM_HOME"]))
    ledger.extend(entries, at)
    ledger.close()


def status(*words: str, stdin: str = "") -> str:
    result = CliRunner().invoke(main, ["status", *words], input=stdin)
    assert (result.exit_code, result.stderr, result.exception) == (0, "", None)
    assert result.stdout.count("\n") == 1
    return result.stdout.rstrip("\n")


def listens(home: Path, port: int = 8787) -> None:
    running.announce(home, proxy_file(f"http://127.0.0.1:{port}"))


def test_a_proxy_and_what_it_spared_today_are_one_line(home: Path) -> None:
    listens(home)
    wrote(ENTRY)

    assert status() == "headroom 8787 · 71% fewer tokens · $0.71 spared today"


def test_with_nothing_running_and_nothing_spared_it_is_off() -> None:
    assert status() == "headroom off"


def test_what_was_spared_today_is_told_though_the_proxy_has_ended() -> None:
    wrote(ENTRY)

    assert status() == "headroom off · 71% fewer tokens · $0.71 spared today"


def test_all_proxies_are_named_and_a_day_begins_with_nothing(home: Path) -> None:
    listens(home, 8787)
    listens(home, 9000)
    wrote(ENTRY, at=time.time() - 2 * DAY)

    assert status() == "headroom 8787, 9000 · nothing yet today"


def test_hooks_alone_are_told_in_tokens() -> None:
    wrote(HOOKED)

    assert status() == "headroom off · 19,500 tokens fewer by hooks today"


def test_hooks_do_not_count_as_what_a_proxy_left_out() -> None:
    wrote(ENTRY, HOOKED)

    assert status() == "headroom off · 71% fewer tokens · $0.71 spared today"


def test_a_loss_is_shown_as_one() -> None:
    wrote(
        Entry(model="claude-opus-5-5", usage=Usage(1000)), Entry(model="claude-opus-5-5", round=1, usage=Usage(10**6))
    )

    assert status() == "headroom off · 0% fewer tokens · -$4.00 spared today"


@pytest.mark.parametrize(
    ("told", "figures"),
    [
        ('{"session_id": "s", "model": {"id": "x"}}', "71% fewer tokens · $0.71 spared this session"),
        ('{"session_id": "another"}', "nothing yet this session"),
        ('{"session_id": 7}', "71% fewer tokens · $0.71 spared today"),
        ("no JSON", "71% fewer tokens · $0.71 spared today"),
        ("", "71% fewer tokens · $0.71 spared today"),
        ("[" * 100_000, "71% fewer tokens · $0.71 spared today"),
        ("\udcff", "71% fewer tokens · $0.71 spared today"),
    ],
)
def test_claude_code_names_its_session(told: str, figures: str, home: Path) -> None:
    listens(home)
    wrote(ENTRY)
    result = CliRunner().invoke(main, ["status", "--claude"], input=told.encode("utf-8", "surrogateescape"))

    assert (result.exit_code, result.stdout) == (0, f"headroom 8787 · {figures}\n")


def harmed(home: Path) -> None:
    (home / NAME).write_bytes(b"not a ledger, but a text" * 99)


def no_folder(home: Path) -> None:
    home.rmdir()
    home.write_text("")


@pytest.mark.parametrize("harm", [harmed, no_folder])
def test_whatever_is_wrong_is_a_line_that_says_where_to_look(harm: Any, home: Path) -> None:
    harm(home)

    assert status() == "headroom off · see headroom doctor"
    assert json.loads(status("--json"))["problem"]


def test_a_settings_file_that_is_wrong_changes_nothing(home: Path) -> None:
    (home / "config.toml").write_text("level = ", encoding="utf-8")

    assert status() == "headroom off"


def test_the_record_has_one_schema(home: Path) -> None:
    empty = json.loads(status("--json"))
    listens(home)
    wrote(ENTRY)
    found = json.loads(status("--json"))

    assert list(found) == list(empty) == [
        "line", "ports", "span", "requests", "prompt", "removed", "hook_tokens", "dollars", "spared", "problem",
    ]  # fmt: skip
    assert found["line"] == "headroom 8787 · 71% fewer tokens · $0.71 spared today"
    assert (found["ports"], found["requests"], found["prompt"], found["removed"]) == ([8787], 1, 58_000, 142_000)
    assert (found["spared"], found["problem"]) == (0.71, "")


def test_nothing_is_changed(home: Path) -> None:
    wrote(ENTRY)
    before = everything(home)
    status()

    assert everything(home) == before


def test_a_home_that_does_not_exist_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "none"))

    assert status() == "headroom off"
    assert not (tmp_path / "none").exists()


def test_it_loads_nothing_that_takes_long() -> None:
    code = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules)); import headroom.cli as c; c.main(['status'])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"aiohttp", "asyncio", "splintr", "msgspec", "rich", "headroom.proxy", "headroom.api", "headroom.configs"}

    assert slow.isdisjoint(answer.stdout.split())


@pytest.mark.parametrize("before", [None, '{\n  // mine\n  "statusLine": {"type": "command", "command": "date"},\n}\n'])
def test_claude_code_gets_the_line_and_gets_its_own_back(
    before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    file = tmp_path / ".claude/settings.json"
    if before is not None:
        file.parent.mkdir()
        file.write_text(before, encoding="utf-8")
    wrote(ENTRY)
    first = CliRunner().invoke(main, ["status", "--install", "claude"])
    written = json.loads("\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if "//" not in line)
                         .replace(",\n}", "\n}"))["statusLine"]  # fmt: skip
    shown = subprocess.run(
        ["sh", "-c", written["command"]], input='{"session_id": "s"}', capture_output=True, text=True, cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "HEADROOM_HOME"}, check=True,
    )  # fmt: skip
    second = CliRunner().invoke(main, ["status", "--uninstall", "claude"])

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout.startswith(f"wrote {file}\n")
    assert "headroom status --uninstall claude" in first.stdout
    assert written["type"] == "command"
    assert shown.stdout == "headroom off · 71% fewer tokens · $0.71 spared this session\n"
    assert (file.read_text(encoding="utf-8") if file.exists() else None) == before
    assert CliRunner().invoke(main, ["status", "--uninstall", "claude"]).stdout == "The status line is not ours.\n"
