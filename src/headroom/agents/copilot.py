"""Copilot CLI: only a provider of the user's own can be pointed elsewhere, never GitHub's subscription."""

from __future__ import annotations

from collections.abc import Sequence

from headroom.agents._agent import Agent, Base, File
from headroom.configs import Place
from headroom.types import Json

URL = "COPILOT_PROVIDER_BASE_URL"

BASES = {"openai": Base(URL, "openai", "/v1"), "anthropic": Base(URL, "anthropic")}
"""By the provider's type; `azure` has paths that the proxy does not know."""


class Copilot(Agent):
    """Setting the variable for a user who has not would change who is paid."""

    def pointed(self, place: Place) -> Sequence[Base]:
        base = BASES.get(place.environ.get("COPILOT_PROVIDER_TYPE") or "openai")
        return (base,) if base and place.environ.get(URL) else ()

    def notices(self, place: Place) -> tuple[str, ...]:
        if self.pointed(place):
            return super().notices(place)
        return (
            "Requests to GitHub's own service cannot be sent elsewhere; use: headroom hooks install copilot. A provider"
            f" of your own ({URL}, of type openai or anthropic) can be wrapped.",
        )


def _entry(command: Sequence[str]) -> Json:
    return {"type": "local", "command": command[0], "args": list(command[1:]), "tools": ["*"]}


AGENT = Copilot(
    name="copilot",
    title="Copilot CLI",
    program="copilot",
    registers=lambda place: File(place.home / ".copilot" / "mcp-config.json", keys=("mcpServers",)),
    entry=_entry,
    explains=("Only a provider of your own goes through the proxy, not GitHub's subscription.",),
)
