"""Claude Code with write-time hooks alone: no proxy, its base URL is the provider's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from e2e import apart, scenario
from e2e.apart import Case
from e2e.run import Outcome
from e2e.scenario import Script
from headroom.ledger import Ledger
from headroom.testing import Call, FakeUpstream
from headroom.tokens import counter

TOOL = f"mcp__headroom__{scenario.TOOL}"

SETTINGS = f"""{{
  "permissions": {{"allow": ["Bash", "{TOOL}"]}},
  "hooks": {{"PostToolUse": [{{"matcher": "Edit", "hooks": [{{"type": "command", "command": "true"}}]}}]}}
}}
"""
"""The user's own, with a hook of theirs. Only the user allows the model to call our tool."""

STATE = '{"numStartups": 3, "mcpServers": {}}'
"""What the client keeps for itself, and writes at any time."""

MOST_MS = 80.0
"""A hook answers in so many milliseconds, by the median."""


def _run(folder: Path, programs: Path, outcome: Outcome) -> None:
    home = folder / "home"
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text(SETTINGS, encoding="utf-8")
    (home / ".claude.json").write_text(STATE, encoding="utf-8")
    before = apart.contents(folder)
    apart.ours(folder, "hooks", "install", "claude")
    apart.ours(folder, "hooks", "uninstall", "claude")
    if apart.contents(folder) != before:
        outcome.faults.append("installing and uninstalling has changed a file")
    apart.ours(folder, "hooks", "install", "claude")
    script = Script(lambda command: Call("Bash", {"command": command, "description": "look"}), "Bash", retrieval=TOOL)
    with FakeUpstream(script) as upstream:
        outcome.faults += _asked(folder, programs, upstream.url, scenario.PROMPT, scenario.FINAL, "first.txt")
        script.steps += scenario.STEPS_AGAIN
        outcome.faults += _asked(
            folder, programs, upstream.url, scenario.PROMPT_AGAIN, scenario.FINAL_AGAIN, "again.txt", "--continue"
        )
        outcome.violations = len(upstream.violations)
        outcome.faults += script.problems + upstream.violations
        declared = [request.json.get("tools") for request in upstream.requests if _talks(request.json)]
    if script.taken != len(script.steps):
        outcome.faults.append(f"the conversation ended at step {script.taken} of {len(script.steps)}")
    outcome.turns, outcome.retrievals = script.taken, scenario.retrievals(script.steps[: script.taken])
    _declared(declared, outcome)
    _uninstalled(folder, before, outcome)
    _spared(folder, outcome)


def _asked(folder: Path, programs: Path, url: str, prompt: str, final: str, log: str, *words: str) -> list[str]:
    env = apart.bare(
        folder, ANTHROPIC_BASE_URL=url, ANTHROPIC_API_KEY="sk-ant-fake", DISABLE_AUTOUPDATER="1", IS_SANDBOX="1",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
    )  # fmt: skip
    command = [str(programs / "claude"), *words, "-p", prompt, "--model", "claude-sonnet-4-5"]
    return apart.asked(folder, command, env, final, log)


def _declared(requests: list[Any], outcome: Outcome) -> None:
    """The tool that notices name, and no other of ours, is in every request."""
    for tools in requests:
        ours = [tool for tool in tools if "headroom" in tool["name"]]
        if [tool["name"] for tool in ours] != [TOOL]:
            outcome.faults.append(f"a request lists {[tool['name'] for tool in ours]}")
            return
    tokens = counter("gpt-5").count(json.dumps(ours, ensure_ascii=False, separators=(",", ":"))) if requests else 0
    outcome.notes.append(f"our declared tool: {tokens} tokens")


def _talks(body: Any) -> bool:
    """True for a request of the conversation, not one for a title."""
    return any(tool.get("name") == "Bash" for tool in body.get("tools") or ())


def _uninstalled(folder: Path, before: dict[str, bytes], outcome: Outcome) -> None:
    """Every file is as it was, or as the client has written it since without us."""
    state = json.loads(apart.contents(folder)[".claude.json"])
    state["mcpServers"].pop("headroom")
    apart.ours(folder, "hooks", "uninstall", "claude")
    after = apart.contents(folder)
    outcome.faults += [
        f"{name} was changed" for name in before if name != ".claude.json" and after[name] != before[name]
    ]
    if json.loads(after[".claude.json"]) != state:
        outcome.faults.append(".claude.json is not what the client has made of it")


def _spared(folder: Path, outcome: Outcome) -> None:
    stats = apart.told(folder)
    outcome.before = sum(row["tokens_before"] for row in stats["tools"])
    outcome.after = sum(row["tokens_after"] for row in stats["tools"])
    if not outcome.after < outcome.before:
        outcome.faults.append(f"nothing was made smaller: {outcome.before} tokens before, {outcome.after} after")
    if stats["total"]["hook_failures"]:
        outcome.faults.append(f"hooks failed: {stats['total']['hook_failures']} times")
    ledger = Ledger(folder / "headroom")
    spent = [float(str(row["ms"])) for row in ledger.latest(1_000)]
    ledger.close()
    median = apart.middle(spent)
    outcome.notes.append(f"{len(spent)} hooks: {median:.0f} ms by the median, {max(spent, default=0):.0f} at most")
    if median > MOST_MS:
        outcome.faults.append(f"a hook takes {median:.0f} ms by the median, more than {MOST_MS:.0f}")


CASES = (Case("hooks-claude", "@anthropic-ai/claude-code", _run),)
