"""What a proxy costs an agent's user besides: a persisted wrap with no proxy there, and Claude Code's `/context`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from e2e import apart, scenario
from e2e.apart import Case
from e2e.run import Outcome, free_port, proxy
from headroom.testing import FakeUpstream, Received, Reply
from headroom.tokens import counter

FINAL = "Hello to you."

MOST_SECONDS = 2.0
"""After what it takes to start, the agent says within this time that no proxy is there."""

MOST_TOKENS = 120
"""Of the tool that a proxy declares."""


@dataclass(frozen=True)
class Agent:
    """An agent whose settings point at a proxy."""

    name: str
    package: str
    words: tuple[str, ...]
    """After the program: asks once."""
    env: Mapping[str, str]
    files: Mapping[str, str]
    """What the user has, below the home."""


CLAUDE = Agent(
    name="claude",
    package="@anthropic-ai/claude-code",
    words=("--model", "claude-sonnet-4-5", "-p"),
    env={"ANTHROPIC_API_KEY": "sk-ant-fake", "DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
    files={".claude/settings.json": '{\n  "permissions": {"allow": ["Bash"]}\n}\n'},
)  # fmt: skip
GEMINI = Agent(
    name="gemini",
    package="@google/gemini-cli",
    words=("--skip-trust", "-m", "gemini-2.5-pro", "-p"),
    env={"GEMINI_API_KEY": "AIzafake"},
    files={
        ".gemini/settings.json": json.dumps(
            {
                "security": {"auth": {"selectedType": "gemini-api-key"}},
                "privacy": {"usageStatisticsEnabled": False},
                "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
            }
        ),
    },
)


def _absent(agent: Agent, folder: Path, programs: Path, outcome: Outcome) -> None:
    """With a proxy the agent works; without one it says so at once; unwrapped, its files are what they were."""
    before = _written(agent, folder)
    port = free_port()
    apart.ours(folder, "wrap", agent.name, "--persist", "--port", str(port))
    env, words = apart.bare(folder, **agent.env), [str(programs / agent.name), *agent.words, "Hello."]
    with FakeUpstream(lambda _: Reply(FINAL)) as upstream:
        with proxy(upstream.url, folder, port):
            served = _timed(lambda: apart.asked(folder, words, env, FINAL, "served.txt"), outcome)
        outcome.turns = len(upstream.requests)
        outcome.faults += upstream.violations
    said = f"no proxy listens at http://127.0.0.1:{port}"
    alone = _timed(lambda: apart.asked(folder, words, env, said, "alone.txt"), outcome)
    outcome.notes.append(f"{served:.1f} s with a proxy; without one, {alone:.1f} s until it was said and over")
    if alone > served + MOST_SECONDS:
        outcome.faults.append(f"it took {alone:.1f} s to say that no proxy is there, {served:.1f} s to work with one")
    apart.ours(folder, "unwrap", agent.name)
    after = apart.contents(folder)
    outcome.faults += [f"{name} was changed" for name in before if after.get(name) != before[name]]


def _context(folder: Path, programs: Path, outcome: Outcome) -> None:
    """The client's own counts are the same in a wrap; a request has our tool more, and its tool search."""
    _written(CLAUDE, folder)
    asked: list[list[Received]] = []
    with FakeUpstream(lambda _: Reply(FINAL)) as upstream:
        own = {"HEADROOM_HOME": str(folder / "headroom"), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        env = apart.bare(folder, **CLAUDE.env, **own, ANTHROPIC_BASE_URL=upstream.url)
        env["PATH"] = f"{programs}{os.pathsep}{env['PATH']}"
        for start in (("claude",), (sys.executable, "-P", "-m", "headroom", "wrap", "claude", "--")):
            done = len(upstream.requests)
            for prompt, final in (("/context", "Context Usage"), ("Hello.", FINAL)):
                log = f"{Path(start[0]).name}-{final[:5]}.txt"
                outcome.faults += apart.asked(folder, [*start, *CLAUDE.words, prompt], env, final, log)
            asked.append(upstream.requests[done:])
        outcome.faults += upstream.violations
    alone, wrapped = asked
    outcome.turns = len(alone) + len(wrapped)
    if not _counts(alone) or _counts(alone) != _counts(wrapped):
        outcome.faults.append(f"{len(_counts(wrapped))} counts differ from {len(_counts(alone))} without a proxy")
    (before, after) = ([tools for one in requests if (tools := _tools(one))] for requests in asked)
    known = {tool["name"] for tool in before[-1]}
    ours = [tool for tool in after[-1] if tool["name"] not in known]
    tokens = counter("claude-sonnet-4-5").count(json.dumps(ours, ensure_ascii=False, separators=(",", ":"))[1:-1])
    outcome.notes.append(f"{len(_counts(wrapped))} counts are the same; a request has {tokens} tokens of ours")
    if [tool["name"] for tool in ours] != [scenario.TOOL] or tokens > MOST_TOKENS:
        outcome.faults.append(f"{[tool['name'] for tool in ours]} came to the tools, {tokens} tokens")
    if any("ToolSearch" not in [tool["name"] for tool in tools] for tools in (before[-1], after[-1])):
        outcome.faults.append("the client's tool search is off")


def _counts(requests: list[Received]) -> list[bytes]:
    return sorted(one.body for one in requests if "count_tokens" in one.path)


def _tools(request: Received) -> list[Any]:
    return (request.json.get("tools") or []) if "count_tokens" not in request.path else []


def _written(agent: Agent, folder: Path) -> dict[str, bytes]:
    for name, text in agent.files.items():
        file = folder / "home" / name
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    return apart.contents(folder)


def _timed(run: Callable[[], list[str]], outcome: Outcome) -> float:
    started = time.monotonic()
    outcome.faults += run()
    return time.monotonic() - started


CASES = (
    *(Case(f"persist-{agent.name}", agent.package, partial(_absent, agent)) for agent in (CLAUDE, GEMINI)),
    Case("context-claude", CLAUDE.package, _context),
)
