"""`headroom unwrap`, and what `wrap --persist` and `--explain` write and say."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom import agents
from headroom.agents import AGENTS, Point
from headroom.cli import main, persisting
from headroom.errors import UsageError
from tests import agent_settings
from tests.agent_settings import POINT
from tests.config_samples import snapshot

HERE = Point(POINT)
MOVED = ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "GEMINI_CLI_HOME", "GOOSE_PATH_ROOT")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home, the current folder being a project in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / ".headroom"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    for name in (*MOVED, "ANTHROPIC_BASE_URL", "OPENCODE_CONFIG_CONTENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(agent_settings.home(tmp_path) / "shop")
    return tmp_path


def persist(name: str) -> None:
    persisting.persist(agents.find(name), HERE)


def run(*args: str) -> str:
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_persist_writes_is_told_key_by_key_with_how_to_serve_and_to_undo(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (home / ".claude" / "settings.json").write_text('{"env": {"ANTHROPIC_BASE_URL": "https://gw.example"}}')
    persist("claude")
    said = capfd.readouterr().out

    assert f"  {home}/.claude/settings.json\n    env.ANTHROPIC_BASE_URL = {POINT}\n" in said
    assert "Keep a proxy there: headroom proxy --port 8787 --upstream anthropic=https://gw.example\n" in said
    assert said.endswith("Undo: headroom unwrap claude\n")
    persist("claude")
    assert capfd.readouterr().out == said.replace("Claude Code goes", "Claude Code already went")


@pytest.mark.parametrize("name", ["cursor", "copilot", "cline", "continue", "openhands"])
def test_an_agent_that_no_file_can_point_at_a_proxy_is_refused_with_the_reason(name: str, home: Path) -> None:
    before = snapshot(home)
    with pytest.raises(UsageError, match=r"cannot be pointed at a proxy by a file\. \w"):
        persist(name)

    assert snapshot(home) == before


def test_unwrap_restores_one_agent_or_all(home: Path) -> None:
    before = snapshot(home)
    names = ["claude", "codex", "gemini", "opencode"]
    for name in names:
        persist(name)
    said = run("unwrap", "codex")
    rest = run("unwrap")

    assert said == f"Codex is no longer wrapped.\n  restored {home}/.codex/config.toml\n"
    assert rest.count("is no longer wrapped.") == 3
    assert snapshot(home) == before


def test_unwrap_leaves_hooks_and_servers_of_ours(home: Path) -> None:
    persist("claude")
    run("mcp", "install", "claude")
    run("unwrap")

    servers = json.loads((home / ".claude.json").read_text(encoding="utf-8"))["mcpServers"]
    assert servers["headroom"]["args"][:4] == ["-P", "-m", "headroom", "mcp"]


def test_a_key_that_the_user_changed_stays_and_is_told(home: Path) -> None:
    persist("claude")
    file = home / ".claude" / "settings.json"
    file.write_text(file.read_text(encoding="utf-8").replace(POINT, "https://gw.example"), encoding="utf-8")

    assert "left as you made it: " in run("unwrap", "claude")
    assert "https://gw.example" in file.read_text(encoding="utf-8")


def test_there_being_nothing_to_undo_is_said(home: Path) -> None:
    assert run("unwrap") == "No agent is wrapped by file: there is nothing to undo.\n"
    assert run("unwrap", "goose") == "Goose is not wrapped by file: there is nothing to undo.\n"
    result = CliRunner().invoke(main, ["unwrap", "claud"])
    assert (result.exit_code, result.stderr.partition("?")[0]) == (
        2,
        "headroom: there is no agent 'claud'; did you mean claude",
    )


def test_a_file_that_cannot_be_parsed_keeps_no_other_agent_wrapped(home: Path) -> None:
    persist("claude")
    persist("codex")
    (home / ".claude" / "settings.json").write_text("{", encoding="utf-8")
    result = CliRunner().invoke(main, ["unwrap"])

    assert result.exit_code == 1
    assert "settings.json:1: " in result.stderr
    assert "Codex is no longer wrapped." in result.stdout


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_explain_shows_what_is_set_and_what_changes_and_no_secret(
    agent: agents.Agent, home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENCODE_CONFIG_CONTENT", '{"provider": {"anthropic": {"options": {"apiKey": "sk-secret"}}}}')
    before = snapshot(home)
    persisting.explain(agent, HERE)
    said = capfd.readouterr().out

    assert all(f"- {sentence}\n" in said for sentence in agent.explains)
    assert (POINT in said) == bool(
        agent.env(HERE, agent_settings.place(home, ANTHROPIC_API_KEY="x")) or agent.name == "codex"
    )
    assert "secret" not in said
    assert snapshot(home) == before


def test_explain_names_the_upstream(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gw.example")
    persisting.explain(agents.find("claude"), HERE)

    said = capfd.readouterr().out
    assert "Requests for anthropic go on to https://gw.example, as you have set it.\n" in said
    assert f"  ANTHROPIC_BASE_URL={POINT}\n  ENABLE_TOOL_SEARCH=true\n" in said


def test_a_server_is_registered_by_hooks_and_by_mcp_in_the_same_words(home: Path) -> None:
    run("mcp", "install", "claude")
    alone = (home / ".claude.json").read_bytes()
    run("mcp", "uninstall", "claude")
    run("hooks", "install", "claude")

    assert (home / ".claude.json").read_bytes() == alone
    assert sys.executable in alone.decode()


def test_registering_says_what_it_did_and_what_it_cannot(home: Path) -> None:
    assert run("mcp", "install", "cursor").startswith(f"wrote {home}/.cursor/mcp.json\n")
    assert run("mcp", "install", "cursor").startswith("Cursor knows the server already.\n")
    assert "permissions.allow" in run("mcp", "install", "claude")
    assert run("mcp", "uninstall", "cursor") == f"restored {home}/.cursor/mcp.json\n"
    assert run("mcp", "uninstall", "cursor") == "Cursor was not told of the server.\n"
    result = CliRunner().invoke(main, ["mcp", "install", "aider"])
    assert (result.exit_code, result.stderr) == (
        2,
        "headroom: Aider cannot be told of an MCP server; try: headroom wrap aider\n",
    )
