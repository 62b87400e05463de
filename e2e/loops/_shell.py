"""The one tool of the agents: a shell."""

from __future__ import annotations

import subprocess
from typing import Any

NAME = "bash"
ABOUT = "Runs a command and returns what it prints."
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"command": {"type": "string"}},
    "required": ["command"],
    "additionalProperties": False,
}


def run(command: str) -> str:
    """What the command prints."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
