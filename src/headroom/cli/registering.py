"""What `headroom mcp install` and `uninstall` do: our server in an agent's own settings, and out of them again."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from headroom import agents, settings
from headroom.cli import journal, output
from headroom.errors import UsageError
from headroom.retrieval import TOOL

TELLS: Mapping[str, tuple[str, ...]] = {
    "claude": (
        f"Claude Code asks you before the first call. To allow it for good, add mcp__headroom__{TOOL} to",
        "permissions.allow in ~/.claude/settings.json, or to --allowedTools where nobody can be asked.",
    ),
}
"""What a user should know, by agent. Permissions are the user's to give: we write none."""


def install(name: str) -> None:
    """Writes the server into the agent's settings, for all projects. Raises UsageError, ConfigError."""
    agent, conf = agents.find(name), settings.load()
    changes = agent.mcp(server(conf), journal.place(conf))
    if not changes:
        raise UsageError(f"{agent.title} cannot be told of an MCP server; try: headroom wrap {agent.name}")
    files = journal.opened(conf).apply(_owner(agent.name), changes)
    output.write("".join(f"wrote {file}\n" for file in files) or f"{agent.title} knows the server already.\n")
    output.write("".join(f"{line}\n" for line in TELLS.get(agent.name, ())))
    output.write(f"Take it out again with: headroom mcp uninstall {agent.name}\n")


def uninstall(name: str) -> None:
    """Takes the server out of the agent's settings. Raises UsageError, ConfigError."""
    agent = agents.find(name)
    edits = journal.opened(settings.load())
    was_told = _owner(agent.name) in edits.owners()
    files = edits.undo(_owner(agent.name))
    nothing = "keeps the server: its hooks need it" if was_told else "was not told of the server"
    output.write("".join(f"restored {file}\n" for file in files) or f"{agent.title} {nothing}.\n")


def server(conf: settings.Settings) -> list[str]:
    """The command line that serves, whatever an agent's working folder and environment are: agents pass few variables
    on, and `-P` keeps the folder's own modules from being imported in place of ours."""
    return [sys.executable, "-P", "-m", "headroom", "mcp", "--home", str(conf.home)]


def _owner(agent: str) -> str:
    """The name under which the journal keeps what was written."""
    return f"mcp {agent}"
