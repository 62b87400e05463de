"""Real clients of the MCP server: agents that know it by `headroom mcp install`, and the official SDK's client."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from e2e import apart, scenario, workspace
from e2e.apart import Case
from e2e.run import Outcome
from headroom.store import SqliteStore
from headroom.testing import Call, FakeUpstream, Received, Reply

FINAL = "I have read it."

RANGES: tuple[tuple[Mapping[str, str], str, str], ...] = (
    ({"lines": scenario.ASKED}, "log", "payments heartbeat seq=0100"),
    ({"query": "PG-5523"}, "log", workspace.ODD),
    ({"rows": scenario.ASKED}, "orders", '"id": 7100'),
    ({"path": "$[85].reason"}, "orders", "card expired"),
)
"""What is asked for, of which original, and a piece of what must come back."""

MOST_SECONDS = 1.2
"""The server lists its tools within this time from its start."""

STARTS = 10


@dataclass(frozen=True)
class Agent:
    """An agent that knows MCP servers by its configuration."""

    name: str
    """As `headroom mcp install` takes it."""
    tool: str
    """By which name its model calls ours."""
    file: str
    """Its configuration, below the home."""
    text: Callable[[str], str]
    """What the user has written there, by the provider's URL."""
    command: tuple[str, ...]
    env: Mapping[str, str]
    """Besides, with `{url}` for the provider's."""


CLAUDE = Agent(
    name="claude",
    tool=f"mcp__headroom__{scenario.TOOL}",
    file=".claude/settings.json",
    text=lambda url: json.dumps({"permissions": {"allow": [f"mcp__headroom__{scenario.TOOL}"]}}),
    command=("claude", "--model", "claude-sonnet-4-5", "-p", "Read it."),
    env={
        "ANTHROPIC_BASE_URL": "{url}", "ANTHROPIC_API_KEY": "sk-ant-fake", "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "IS_SANDBOX": "1",
    },
)  # fmt: skip
CODEX = Agent(
    name="codex",
    tool=scenario.TOOL,
    file=".codex/config.toml",
    text=lambda url: f'model = "gpt-5.4" # mine\nopenai_base_url = "{url}/v1"\ncheck_for_update_on_startup = false\n',
    command=("codex", "exec", "--skip-git-repo-check", "Read it."),
    env={"CODEX_API_KEY": "sk-fake", "OPENAI_API_KEY": "sk-fake"},
)


def _agent(agent: Agent, folder: Path, programs: Path, outcome: Outcome) -> None:
    """The agent reads each range of originals that another process has kept."""
    refs, wanted = _kept(folder), [(args, name, piece) for args, name, piece in RANGES]
    calls = [Call(agent.tool, {"ref": refs[name], **args}) for args, name, _ in wanted]
    seen: list[str] = []

    def model(received: Received) -> Reply:
        text = json.dumps(received.json, ensure_ascii=False)
        if scenario.TOOL not in json.dumps(received.json.get("tools")):
            return Reply("A title")
        seen.append(text)
        return Reply("Once more.", calls=[calls[len(seen) - 1]]) if len(seen) <= len(calls) else Reply(FINAL)

    with FakeUpstream(model) as upstream:
        file = folder / "home" / agent.file
        file.parent.mkdir(parents=True)
        file.write_text(agent.text(upstream.url), encoding="utf-8")
        before = apart.contents(folder)
        apart.ours(folder, "mcp", "install", agent.name)
        env = apart.bare(folder, **{name: value.format(url=upstream.url) for name, value in agent.env.items()})
        command = [str(programs / agent.command[0]), *agent.command[1:]]
        outcome.faults += apart.asked(folder, command, env, FINAL, "first.txt")
        apart.ours(folder, "mcp", "uninstall", agent.name)
        outcome.violations = len(upstream.violations)
        outcome.faults += upstream.violations
    after = apart.contents(folder)
    outcome.faults += [f"{name} was changed" for name in before if after.get(name) != before[name]]
    outcome.turns, outcome.retrievals = len(seen), len(calls)
    for (args, _, piece), text in zip(wanted, seen[1:], strict=False):
        if json.dumps(piece)[1:-1] not in text.replace('\\\\"', '\\"'):
            outcome.faults.append(f"{dict(args)} did not bring {piece!r}")
    if len(seen) != len(calls) + 1:
        outcome.faults.append(f"the model was asked {len(seen)} times")


def _kept(folder: Path) -> dict[str, str]:
    """Keeps originals in the store of the run; their refs."""
    store = SqliteStore(folder / "headroom" / "headroom.db")
    refs = {"log": store.put(workspace.log("payments")), "orders": store.put(workspace.orders())}
    store.close()
    return refs


def _sdk(loop: str, version: str, folder: Path, programs: Path, outcome: Outcome) -> None:
    """The SDK's client lists the tools, calls each, and is told of a ref that is gone."""
    refs = _kept(folder)
    server = [sys.executable, "-P", "-m", "headroom", "mcp", "--home", str(folder / "headroom")]
    asked = [{"ref": refs[name], **args} for args, name, _ in RANGES]
    given = json.dumps({"server": server, "retrieve": asked, "text": workspace.log("mailer")})
    root = str(Path(__file__).resolve().parents[1])
    env = apart.bare(folder, PYTHONPATH=root, PYTHONDONTWRITEBYTECODE="1")
    seconds: list[float] = []
    command = [str(programs / "python"), "-m", f"e2e.loops.{loop}", given]
    for start in range(STARTS):
        log = f"client-{start}.txt"
        outcome.faults += apart.asked(folder, command, env, "", log)
        if outcome.faults:
            return
        said: Any = json.loads((folder / log).read_text(encoding="utf-8").splitlines()[-1])
        seconds.append(said["seconds"])
    _checked(said, version, outcome)
    median = apart.middle(seconds)
    outcome.notes.append(
        f"{said['version']}: tool list {median * 1000:.0f} ms after the start, {max(seconds) * 1000:.0f} at most"
    )
    if median > MOST_SECONDS:
        outcome.faults.append(f"the tool list took {median:.1f} s")


def _checked(said: Any, version: str, outcome: Outcome) -> None:
    """What the client has seen must be right."""
    outcome.turns, outcome.retrievals = len(said["results"]) + 3, len(RANGES)
    if said["version"] != version:
        outcome.faults.append(f"the client speaks {said['version']}, not {version}")
    if said["tools"] != [scenario.TOOL, "headroom_compress", "headroom_stats"]:
        outcome.faults.append(f"the tools are {said['tools']}")
    for (args, _, piece), text in zip(RANGES, said["results"], strict=True):
        if piece not in text:
            outcome.faults.append(f"{dict(args)} did not bring {piece!r}: {text[:200]}")
    if scenario.TOOL not in said["compressed"] or "originals can be retrieved" not in said["stats"]:
        outcome.faults.append(f"the other tools said {said['compressed'][:200]!r}, {said['stats']!r}")
    if not said["failed"] or "run the command that made the output once more" not in said["gone"]:
        outcome.faults.append(f"a ref that is gone is told as {said['gone']!r}")


def _cases(agents: Sequence[Agent]) -> tuple[Case, ...]:
    packages = {"claude": "@anthropic-ai/claude-code", "codex": "@openai/codex"}
    return tuple(Case(f"mcp-{agent.name}", packages[agent.name], partial(_agent, agent)) for agent in agents)


CASES = (
    *_cases([CLAUDE, CODEX]),
    Case("mcp-sdk-initialize", "mcp@1", partial(_sdk, "mcp_initialize", "2025-11-25")),
    Case("mcp-sdk-stateless", "mcp", partial(_sdk, "mcp_stateless", "2026-07-28")),
)
