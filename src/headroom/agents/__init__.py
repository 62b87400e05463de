"""Agents, each with how it is pointed at a proxy, for one run or for good, and how it is told of our MCP server.

Nothing is written and no process is started here: an agent answers with variables, arguments and changes of its own
configuration files, for others to make and take back. What the user has set stays: a gateway of theirs becomes the
proxy's upstream, their own configuration is merged with, and nothing is set that would change who is paid.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from headroom.agents import claude, codex, copilot, gemini, opencode, rows
from headroom.agents._agent import Agent, Base, Point
from headroom.errors import UsageError

__all__ = ["AGENTS", "ANY", "Agent", "Base", "Point", "find"]

AGENTS: tuple[Agent, ...] = (claude.AGENT, codex.AGENT, gemini.AGENT, opencode.AGENT, copilot.AGENT, *rows.AGENTS)

ANY = rows.ANY

_BY_NAME: Mapping[str, Agent] = MappingProxyType({agent.name: agent for agent in (*AGENTS, ANY)})


def find(name: str) -> Agent:
    """The agent of this name; "any" stands for whatever heeds the usual variables. Raises UsageError."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    known = [agent.name for agent in AGENTS]
    near = get_close_matches(name.lower(), known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}."
    raise UsageError(f"there is no agent {name!r}; {meant} Any other command: headroom wrap -- COMMAND")
