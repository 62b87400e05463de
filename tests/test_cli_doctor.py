"""`headroom doctor`: what is in force is tried, and told to people and programs alike."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom import hooks, running
from headroom.cli import main
from headroom.cli._doctor.shapes import shapes
from headroom.ledger import Entry, Ledger
from headroom.store import SqliteStore
from headroom.testing import FakeUpstream
from tests import proxies
from tests.doctor_runs import Proxy, a_place, a_proxy, everything, examined, free_port, install, persisted, proxy_file

NAMES = [shape.client for shape in shapes()]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with a project in it, and no client."""
    return a_place(tmp_path, monkeypatch)


@pytest.fixture
def home() -> Path:
    """Headroom's own folder."""
    return Path(os.environ["HEADROOM_HOME"])


@pytest.fixture(scope="module")
def balanced() -> Iterator[Proxy]:
    with a_proxy() as found:
        yield found


@pytest.fixture(scope="module")
def meter() -> Iterator[Proxy]:
    with a_proxy("meter") as found:
        yield found


def test_with_nothing_set_up_the_library_is_tried_and_the_start_is_told() -> None:
    told = examined()
    tried, start = told.lines("requests", "ok")

    assert told.code == 0
    assert all(name in tried for name in NAMES)
    assert "% smaller" in tried
    assert "headroom wrap claude" in start


def test_the_request_of_every_client_is_tried_on_a_running_proxy_and_nothing_of_it_is_kept(
    balanced: Proxy, home: Path
) -> None:
    url = balanced.announced(home)
    line = examined().only("requests", "ok")

    assert all(name in line for name in NAMES)
    assert f"the proxy at {url}" in line
    with closing(SqliteStore(balanced.folder / "headroom.db")) as store:
        assert store.usage() == (0, 0, 0)


def test_a_proxy_that_only_counts_is_a_warning_that_names_its_level(meter: Proxy, home: Path) -> None:
    url = meter.announced(home)
    line = examined().only("requests", "warning")

    assert f"At level meter the proxy at {url} makes nothing smaller." in line
    assert "--level balanced" in line


def test_a_proxy_that_gives_every_request_back_as_it_was_fails_for_each_client(home: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "headroom.db").write_bytes(b"no database, but a text that is long enough to be taken for one" * 99)
    with FakeUpstream() as upstream, proxies.running(proxies.options(broken, upstream.url)) as found:
        running.announce(home, proxy_file(found.url))
        told = examined()

    lines = told.lines("requests", "failure")
    assert told.code == 1
    assert len(lines) == len(NAMES)
    for name, line in zip(NAMES, lines, strict=True):
        assert f"A request of {name} comes out of the proxy at {found.url} as it went in" in line
        assert f"headroom proxy --port {found.url.rpartition(':')[2]}" in line


def test_a_proxy_that_does_not_know_its_own_token_fails(meter: Proxy, home: Path) -> None:
    meter.announced(home, token="another")
    lines = examined().lines("requests", "failure")

    assert len(lines) == len(NAMES)
    assert "was answered 403" in lines[0]


def test_a_rule_that_has_a_client_left_alone_is_told_as_one(home: Path) -> None:
    home.joinpath("config.toml").write_text('[[rules]]\ntool = "Bash"\nlevel = "meter"\n', encoding="utf-8")
    (line,) = examined().lines("requests", "warning")

    assert "A rule of yours has the library leave the outputs of Claude Code as they are." in line
    assert str(home / "config.toml") in line


@pytest.mark.parametrize("hook", hooks.HOOKS, ids=lambda hook: hook.client)
@pytest.mark.parametrize("words", [(), ("--project",)])
def test_installed_hooks_are_tried(hook: hooks.Hook, words: tuple[str, ...]) -> None:
    install(hook.client, *words)
    told = examined()

    assert f"Requests of {hook.title} leave the hooks of {hook.title} " in told.only("hooks", "ok")
    assert told.lines("requests") == []


def test_hooks_that_only_count_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    install("claude")
    monkeypatch.setenv("HEADROOM_LEVEL", "meter")
    line = examined().only("hooks", "warning")

    assert "At level meter the hooks of Claude Code makes nothing smaller." in line
    assert "HEADROOM_LEVEL" in line


def test_hooks_of_a_project_are_taken_out_there(place: Path) -> None:
    install("claude", "--project")
    (place / "shop/.claude/settings.local.json").unlink()
    line = examined().lines("edits", "failure")[0]

    assert f"headroom hooks uninstall claude --project (in {place / 'shop'})" in line


def test_hooks_beside_a_proxy_are_no_fault_but_told(meter: Proxy, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("claude")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", meter.announced(home))
    line = examined().only("both", "ok")

    assert "Claude Code has hooks and a proxy" in line
    assert "headroom hooks uninstall claude" in line


def test_clients_are_told_with_their_version_and_what_of_ours_they_have(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = place / "lib/node_modules/@anthropic-ai/claude-code"
    (package / "bin").mkdir(parents=True)
    (package / "package.json").write_text('{"version": "2.1.7"}', encoding="utf-8")
    (package / "bin/claude.exe").touch(0o755)
    cellar = place / "Cellar/codex/0.171.0/bin"
    cellar.mkdir(parents=True)
    (cellar / "codex").touch(0o755)
    venv = place / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/aider").touch(0o755)
    (venv / "lib/python3.12/site-packages/aider_chat-0.86.1.dist-info").mkdir(parents=True)
    programs = place / "programs"
    programs.mkdir()
    for target in (package / "bin/claude.exe", cellar / "codex", venv / "bin/aider"):
        (programs / target.stem).symlink_to(target)
    monkeypatch.setenv("PATH", str(programs))
    install("claude")
    install("copilot")

    assert [(found["name"], found["version"], found["has"]) for found in examined().record["clients"]] == [
        ("claude", "2.1.7", ["hooks"]),
        ("codex", "0.171.0", []),
        ("copilot", "", ["hooks"]),
        ("aider", "0.86.1", []),
    ]


def test_a_person_reads_a_line_for_each_finding_its_remedy_below_and_the_sum_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{free_port()}")
    result = CliRunner().invoke(main, ["doctor"])
    lines = result.stdout.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("failure  ")]

    assert (result.exit_code, result.stderr) == (1, "")
    assert lines[0].startswith("ok       Headroom ")
    assert lines[at + 1].startswith("         Start a proxy: headroom proxy --port ")
    assert lines[-1] == "1 failure, 0 warnings."


def test_nothing_is_changed(home: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(SqliteStore(home / "headroom.db")) as store:
        store.put("x" * 1000)
    ledger = Ledger(home)
    ledger.extend([Entry()])
    ledger.close()
    persisted(home, place, "http://127.0.0.1:8787")
    install("claude")
    before = everything(home, place)
    examined()

    assert everything(home, place) == before


def test_a_home_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    environ = {**os.environ, "HEADROOM_HOME": str(tmp_path / "none")}
    done = subprocess.run([sys.executable, "-m", "headroom", "doctor"], env=environ, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[-1] == "All is well."
    assert not (tmp_path / "none").exists()
