"""Claude Code: one variable, which its settings files may override, and cloud providers with variables of their own."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from headroom.agents._agent import Agent, Base, File, Point, current, original
from headroom.configs import Place
from headroom.types import Json

ENV = ("env",)


class Mode(NamedTuple):
    """A provider that Claude Code uses in place of Anthropic's own API."""

    switch: str
    """The variable that turns it on."""
    base: Base
    why: str = ""
    """Why its requests cannot go through a proxy, as the end of a sentence; empty if they can."""
    named: bool = False
    """True if nothing but the variable of `base` says where its requests go."""


_BEDROCK = "its requests are signed with their own bytes, so that a proxy cannot change them"
MODES = (
    Mode("CLAUDE_CODE_USE_BEDROCK", Base("ANTHROPIC_BEDROCK_BASE_URL", "bedrock"), _BEDROCK),
    Mode("CLAUDE_CODE_USE_MANTLE", Base("ANTHROPIC_BEDROCK_MANTLE_BASE_URL", "bedrock"), _BEDROCK),
    Mode("CLAUDE_CODE_USE_ANTHROPIC_AWS", Base("ANTHROPIC_AWS_BASE_URL", "anthropic"), _BEDROCK),
    Mode("CLAUDE_CODE_USE_VERTEX", Base("ANTHROPIC_VERTEX_BASE_URL", "vertex", "/v1")),
    Mode("CLAUDE_CODE_USE_FOUNDRY", Base("ANTHROPIC_FOUNDRY_BASE_URL", "anthropic"), named=True),
    Mode("CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD", Base("ANTHROPIC_GOOGLE_CLOUD_BASE_URL", "anthropic"), named=True),
)
_OFF = ("", "0", "false", "no", "off")


class Claude(Agent):
    """Its settings files' `env` goes before the environment."""

    def said(self, place: Place) -> Mapping[str, str]:
        held = [original(place, File(file, keys=ENV)) for file in _files(place)]
        found = dict(place.environ)
        for env in held:
            found |= {name: value for name, value in env.items() if isinstance(value, str)}
        return found

    def pointed(self, place: Place) -> Sequence[Base]:
        mode = self._mode(place)
        return self.bases if mode is None else () if self._obstacle(mode, place) else (mode.base,)

    def args(self, point: Point, place: Place) -> list[str]:
        """`--settings`, where a settings file would override the variables of one run."""
        env = self.env(point, place)
        held = [pair for file in _files(place) for pair in current(File(file, keys=ENV)).items()]
        overridden = any(name in env and value != env[name] for name, value in held)
        return ["--settings", json.dumps({"env": env})] if overridden else []

    def upstreams(self, place: Place, ours: Collection[str] = ()) -> dict[str, str]:
        found = super().upstreams(place, ours)
        said, mode = self.said(place), self._mode(place)
        if mode is not None and mode.base.upstream == "vertex" and mode.base in self.pointed(place):
            region = said.get("CLOUD_ML_REGION") or "global"
            host = "aiplatform" if region == "global" else f"{region}-aiplatform"
            found.setdefault("vertex", f"https://{host}.googleapis.com")
        return found

    def notices(self, place: Place) -> tuple[str, ...]:
        mode = self._mode(place)
        why = mode and self._obstacle(mode, place)
        if mode is None or not why:
            return super().notices(place)
        return (
            f"{mode.switch} is set: {why}. Nothing is made smaller by a proxy here; use: headroom hooks install claude",
        )

    def _mode(self, place: Place) -> Mode | None:
        said = self.said(place)
        return next((mode for mode in MODES if said.get(mode.switch, "").lower() not in _OFF), None)

    def _obstacle(self, mode: Mode, place: Place) -> str:
        """Why the proxy cannot stand before this provider, as the end of a sentence; empty if it can."""
        said = self.said(place)
        if mode.base.upstream == "vertex" and any(name.startswith("VERTEX_REGION_") for name in said):
            return "models are set to regions of their own (VERTEX_REGION_*), and a proxy knows one"
        if mode.named and not said.get(mode.base.variable):
            return f"{mode.base.variable} is not, so that the proxy does not know where to send requests"
        return mode.why


def _folder(place: Place) -> Path:
    return Path(place.environ.get("CLAUDE_CONFIG_DIR") or place.home / ".claude")


def _files(place: Place) -> list[Path]:
    """The settings files, what counts less first."""
    project = place.cwd / ".claude"
    return [_folder(place) / "settings.json", project / "settings.json", project / "settings.local.json"]


def _entry(command: Sequence[str]) -> Json:
    """Without `alwaysLoad`, which would put all our tools into every request: the one that notices name says so of
    itself."""
    return {"type": "stdio", "command": command[0], "args": list(command[1:])}


AGENT = Claude(
    name="claude",
    title="Claude Code",
    program="claude",
    bases=(Base("ANTHROPIC_BASE_URL", "anthropic"),),
    extras={"ENABLE_TOOL_SEARCH": "true", "CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING": "1"},
    keeps=lambda place: File(_folder(place) / "settings.json", keys=ENV),
    registers=lambda place: File(Path(place.environ.get("CLAUDE_CONFIG_DIR") or place.home) / ".claude.json",
                                 keys=("mcpServers",)),
    entry=_entry,
    prompts=lambda place: File(_folder(place) / "settings.json", keys=("hooks", "UserPromptSubmit")),
    patience=5,
    explains=(
        "Tool search is off with a base URL, so that every MCP tool is sent with each request:"
        " ENABLE_TOOL_SEARCH=true keeps it on.",
        "Fine-grained streaming of tool calls is off: CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING=1 keeps it on.",
        "The context window of models that it knows stays. One that it does not know counts as 200,000 tokens; add"
        " [1m] to its name, or set CLAUDE_CODE_MAX_CONTEXT_TOKENS.",
        "Remote Control is off, and the system prompt is cached for you alone, not with other users: only hooks keep"
        " both (headroom hooks install claude).",
        "With --persist: a command of ours runs before each prompt (some 15 ms), and keeps the prompt back with the"
        " reason if no proxy is there.",
        "The check of pages before WebFetch and that of fast mode go to api.anthropic.com as before.",
    ),
)  # fmt: skip
