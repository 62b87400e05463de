"""`headroom hooks`: what it writes and says, that a client it refuses stays untouched, and that all is undone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom import hooks
from headroom.cli import main

CLIENTS = [hook.client for hook in hooks.HOOKS]

FILES = {
    ".claude/settings.json": '{\n  // mine\n  "model": "opus",\n}\n',
    ".claude.json": '{"numStartups": 3, "mcpServers": {"db": {"command": "db"}}}',
    ".config/opencode/opencode.json": '{"theme": "system"}\n',
    ".copilot/mcp-config.json": '{"mcpServers": {}}\n',
}
"""A user's settings before anything of ours."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home, the current folder being a project in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path


def files(home: Path) -> dict[str, bytes]:
    return {str(file.relative_to(home)): file.read_bytes() for file in home.rglob("*") if file.is_file()}


def run(*args: str) -> str:
    result = CliRunner().invoke(main, ["hooks", *args])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("words", [(), ("--project",)])
def test_what_is_installed_is_listed_and_taken_out_byte_for_byte(
    client: str, words: tuple[str, ...], home: Path
) -> None:
    before = files(home)
    said = run("install", client, *words)
    between, listed = files(home), run("list")
    run("install", client, *words)
    again = files(home)
    run("uninstall", client, *words)

    assert between != before
    assert again == between
    assert listed.startswith(client)
    assert all(tell in said for tell in hooks.find(client).tells)
    assert files(home) == before
    assert run("list").startswith("No hooks are installed.")


@pytest.mark.parametrize("client", CLIENTS)
def test_the_model_gets_its_way_back_and_no_rule_of_what_is_allowed_is_written(client: str, home: Path) -> None:
    run("install", client)
    texts = [text.decode() for text in files(home).values()]

    assert any(all(json.dumps(word) in text for word in (sys.executable, "mcp")) for text in texts)
    assert not any(word in text for word in ("permission", '"allow"', "trust") for text in texts)


@pytest.mark.parametrize("refusal", hooks.REFUSALS)
def test_a_client_whose_hooks_are_not_safe_is_refused_and_nothing_is_written(
    refusal: hooks.Refusal, home: Path
) -> None:
    before = files(home)
    result = CliRunner().invoke(main, ["hooks", "install", refusal.client])

    assert (result.exit_code, result.stderr) == (2, f"headroom: {refusal.why}\n")
    assert files(home) == before


@pytest.mark.parametrize("words", [(), ("--project",)])
def test_hooks_that_would_run_twice_are_refused(words: tuple[str, ...], home: Path) -> None:
    run("install", "claude", *words)
    before = files(home)
    other = () if words else ("--project",)
    result = CliRunner().invoke(main, ["hooks", "install", "claude", *other])

    assert result.exit_code == 2
    assert "would run twice; take them out first: headroom hooks uninstall claude" in result.stderr
    assert str(home / "shop") in result.stderr if words else "for all folders" in result.stderr
    assert files(home) == before


def test_the_server_stays_for_whoever_else_needs_it(home: Path) -> None:
    before = files(home)
    for words in (["mcp", "install", "claude"], ["hooks", "install", "claude"], ["mcp", "uninstall", "claude"]):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0
    between = (home / ".claude.json").read_text(encoding="utf-8")
    run("uninstall", "claude")

    assert result.stdout == "Claude Code keeps the server: its hooks need it.\n"
    assert "headroom" in between
    assert files(home) == before


def test_taking_out_what_is_not_there_is_said() -> None:
    assert run("uninstall", "claude") == "There are no hooks of ours in claude.\n"


def test_a_hook_that_somebody_took_out_is_told(home: Path) -> None:
    run("install", "claude")
    (home / ".claude/settings.json").write_text('{"model": "opus"}\n', encoding="utf-8")

    assert "settings.json" in run("list").splitlines()[1]


def test_the_hook_needs_a_client_or_to_be_a_server() -> None:
    result = CliRunner().invoke(main, ["hook"])

    assert result.exit_code == 2
    assert "name a client, or give --serve" in result.stderr
