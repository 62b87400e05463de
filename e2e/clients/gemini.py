"""Gemini CLI. It cannot go on with a conversation without breaking it, also without a proxy."""

from __future__ import annotations

import json

from e2e.clients._client import Client, Place
from headroom.testing import Call

_SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
}


def _command(place: Place, prompt: str) -> list[str]:
    return [str(place.programs / "gemini"), "--skip-trust", "-y", "-m", "gemini-2.5-pro", "-p", prompt]


CLIENTS = (
    Client(
        name="gemini-cli",
        package="@google/gemini-cli",
        command=_command,
        again=None,
        tool="run_shell_command",
        shell=lambda command: Call("run_shell_command", {"command": command, "description": "look"}),
        env=lambda place: {"GOOGLE_GEMINI_BASE_URL": place.url, "GEMINI_API_KEY": "AIzafake"},
        files=lambda place: {place.home / ".gemini" / "settings.json": json.dumps(_SETTINGS, indent=2)},
    ),
)
