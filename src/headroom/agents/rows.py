"""Agents that are little more than a row: their variables and files, and what to know of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from headroom.agents._agent import Agent, Base, File, Point, current
from headroom.configs import Change, Place
from headroom.types import Json

SERVERS = ("mcpServers",)


class Aider(Agent):
    """Its configuration has a key for OpenAI's base URL and a list for all other variables."""

    def persist(self, point: Point, place: Place) -> tuple[Change, ...]:
        return (
            Change(
                file=place.home / ".aider.conf.yml", form="yaml",
                sets=((("openai-api-base",), f"{point.url}/v1"),),
                appends=((("set-env",), f"ANTHROPIC_BASE_URL={point.url}"),),
            ),
        )  # fmt: skip


class Continue(Agent):
    """Its MCP servers are in files of their own; its models are a list, whose elements are the user's."""

    def mcp(self, command: Sequence[str], place: Place) -> tuple[Change, ...]:
        server = {"name": "headroom", "command": command[0], "args": list(command[1:])}
        text = "\n".join(
            ["name: Headroom", "version: 1.0.0", "schema: v1", "mcpServers:", f"  - {json.dumps(server)}", ""]
        )
        return (Change(file=place.home / ".continue" / "mcpServers" / "headroom.yaml", form="own", text=text),)


class OpenHands(Agent):
    """LiteLLM, whose base URL depends on whose model it is."""

    def pointed(self, place: Place) -> Sequence[Base]:
        model = _model(place)
        if model.startswith(("anthropic/", "claude")):
            return (Base("LLM_BASE_URL", "anthropic"),)
        return () if model.startswith(("gemini/", "vertex_ai/", "bedrock/")) else self.bases

    def args(self, point: Point, place: Place) -> list[str]:
        return super().args(point, place) if self.pointed(place) else []

    def notices(self, place: Place) -> tuple[str, ...]:
        if self.pointed(place):
            return super().notices(place)
        return (f"{_model(place)} takes no base URL that the proxy could stand behind: its requests go past us.",)


def _model(place: Place) -> str:
    settings = current(File(place.home / ".openhands" / "agent_settings.json", keys=("llm",)))
    return place.environ.get("LLM_MODEL") or str(settings.get("model") or "")


def _stdio(command: Sequence[str]) -> Json:
    """An extension of Goose."""
    return {"name": "headroom", "type": "stdio", "cmd": command[0], "args": list(command[1:]), "envs": {},
            "enabled": True, "timeout": 60}  # fmt: skip


def _goose(place: Place, *keys: str) -> File:
    root = place.environ.get("GOOSE_PATH_ROOT")
    folder = Path(root) / "config" if root else place.home / ".config" / "goose"
    return File(folder / "config.yaml", "yaml", keys)


def _cline(place: Place) -> File:
    given = place.environ.get("CLINE_MCP_SETTINGS_PATH")
    return File(Path(given or place.home / ".cline" / "data" / "settings" / "cline_mcp_settings.json"), keys=SERVERS)


_OPENAI = Base("OPENAI_BASE_URL", "openai", "/v1")
_VARIABLES: Mapping[str, Base] = {
    base.variable: base
    for base in (
        Base("ANTHROPIC_BASE_URL", "anthropic"),
        Base("ANTHROPIC_API_BASE", "anthropic"),
        _OPENAI,
        Base("OPENAI_API_BASE", "openai", "/v1"),
        Base("GOOGLE_GEMINI_BASE_URL", "gemini"),
        Base("CODE_ASSIST_ENDPOINT", "code-assist"),
    )
}

AGENTS: tuple[Agent, ...] = (
    Agent(
        name="cursor",
        title="Cursor",
        program="cursor",
        registers=lambda place: File(place.home / ".cursor" / "mcp.json", keys=SERVERS),
        explains=(
            "Cursor's requests go through Cursor's own servers, also with a base URL of yours, and they do not reach"
            " this machine: it cannot be wrapped.",
            "It can use our MCP server: headroom mcp install cursor",
        ),
    ),
    Aider(
        name="aider",
        title="Aider",
        program="aider",
        bases=(
            Base("AIDER_OPENAI_API_BASE", "openai", "/v1"),
            _VARIABLES["OPENAI_API_BASE"],
            _VARIABLES["ANTHROPIC_BASE_URL"],
            _VARIABLES["ANTHROPIC_API_BASE"],
        ),
        explains=(
            "Models of OpenAI need the name openai/MODEL.",
            "Aider sends files as your own text, and no tool outputs: there is little to make smaller.",
            "A .env file with a base URL of its own goes before ours.",
        ),
    ),
    Agent(
        name="cline",
        title="Cline",
        program="cline",
        registers=_cline,
        explains=(
            "Cline keeps its provider's base URL among its own data, where only Cline writes: set it to the proxy in"
            " its settings, or by: cline auth",
            "The MCP server is registered for its command line; the extension shows its own list under MCP Servers.",
        ),
    ),
    Continue(
        name="continue",
        title="Continue",
        program="cn",
        explains=(
            "Continue has a base URL for each model, and no variable: in ~/.continue/config.yaml, give those of"
            " provider anthropic or openai the proxy's URL, with /v1/ at its end, as apiBase.",
        ),
    ),
    Agent(
        name="goose",
        title="Goose",
        program="goose",
        bases=(Base("OPENAI_HOST", "openai"), Base("ANTHROPIC_HOST", "anthropic"), Base("GOOGLE_HOST", "gemini")),
        keeps=_goose,
        registers=lambda place: _goose(place, "extensions"),
        entry=_stdio,
        explains=("Its providers openai, anthropic and google go through the proxy; all others go past us.",),
    ),
    OpenHands(
        name="openhands",
        title="OpenHands",
        program="openhands",
        bases=(Base("LLM_BASE_URL", "openai", "/v1"),),
        words=("--override-with-envs",),
        registers=lambda place: File(place.home / ".openhands" / "mcp.json", keys=SERVERS),
        explains=(
            "It heeds variables only with --override-with-envs, which is added: your LLM_* variables count too.",
        ),
    ),
    Agent(
        name="qwen",
        title="Qwen Code",
        program="qwen",
        bases=(_OPENAI,),
        keeps=lambda place: File(place.home / ".qwen" / "settings.json", keys=("env",)),
        registers=lambda place: File(place.home / ".qwen" / "settings.json", keys=SERVERS),
        explains=(
            "Models with a baseUrl of their own (modelProviders in ~/.qwen/settings.json) and those of a Qwen login go"
            " past us.",
        ),
    ),
)

ANY = Agent(
    name="any",
    title="the command",
    program="",
    bases=tuple(_VARIABLES.values()),
    extras={"ENABLE_TOOL_SEARCH": "true", "CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING": "1"},
    explains=(f"The usual variables are set: {', '.join(_VARIABLES)}. What heeds none of them goes past us.",),
)
"""For any command."""
