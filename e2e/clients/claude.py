"""Claude Code, in print mode."""

from __future__ import annotations

from e2e.clients._client import Client, Place
from headroom.testing import Call

_FLAGS = ("--model", "claude-sonnet-4-5", "--allowedTools", "Bash")


def _command(place: Place, prompt: str) -> list[str]:
    return [str(place.programs / "claude"), "-p", prompt, *_FLAGS]


def _again(place: Place, prompt: str) -> list[str]:
    return [str(place.programs / "claude"), "--continue", "-p", prompt, *_FLAGS]


CLIENTS = (
    Client(
        name="claude-code",
        package="@anthropic-ai/claude-code",
        command=_command,
        again=_again,
        tool="Bash",
        shell=lambda command: Call("Bash", {"command": command, "description": "look"}),
        env=lambda place: {
            "ANTHROPIC_BASE_URL": place.url,
            "ANTHROPIC_API_KEY": "sk-ant-fake",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "IS_SANDBOX": "1",
        },
        files=lambda place: {place.home / ".claude" / "settings.json": '{"permissions": {"allow": ["Bash"]}}\n'},
    ),
)
