"""Events as clients send them, with a tool's output of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


def log(lines: int = 300) -> str:
    """A log of heartbeats with one failure in it: much of it is left out."""
    clock = [f"2026-11-01T10:{i // 60:02}:{i % 60:02}Z" for i in range(lines)]
    made = [f"{at} INFO web heartbeat seq={i:04} took={i % 7}ms" for i, at in enumerate(clock)]
    made[lines // 3] = "2026-11-01T10:01:40Z FATAL PG-5523 connection pool exhausted"
    return "\n".join(made) + "\n"


def claude(text: str, session: str = "s", command: str = "cat a.log") -> dict[str, Any]:
    """As our MCP tool is given it: objects are JSON strings."""
    output = {"stdout": text, "stderr": "", "interrupted": False, "isImage": False, "noOutputExpected": False}
    return claude_tool("Bash", output, {"command": command}, session)


def claude_tool(name: str, output: Any, args: Any = None, session: str = "s") -> dict[str, Any]:
    shown = output if isinstance(output, str) else json.dumps(output)
    return {
        "client": "claude", "session_id": session, "cwd": "/home/me/shop", "tool_name": name,
        "tool_input": json.dumps(args or {}), "tool_response": shown, "tool_use_id": "toolu_1",
    }  # fmt: skip


def opencode(text: str, session: str = "s", command: str = "cat a.log") -> dict[str, Any]:
    return {
        "tool": "bash", "sessionID": session, "callID": "c1", "directory": "/home/me/shop",
        "args": {"command": command}, "output": {"output": text},
    }  # fmt: skip


def copilot(text: str, session: str = "s", command: str = "cat a.log") -> dict[str, Any]:
    return {
        "sessionId": session, "timestamp": 1, "cwd": "/home/me/shop", "toolName": "bash",
        "toolArgs": json.dumps({"command": command}),
        "toolResult": {"resultType": "success", "textResultForLlm": text},
    }  # fmt: skip


class Sample(NamedTuple):
    """How to make an event of a client, and find things in it."""

    event: Callable[..., dict[str, Any]]
    received: Callable[[Mapping[str, Any]], Any]
    """The tool's output in an event."""
    given: Callable[[Mapping[str, Any]], Any]
    """The tool's output in an answer."""
    text: Callable[[Any], str]
    """What the model reads of an output."""


SAMPLES: Mapping[str, Sample] = {
    "claude": Sample(
        claude,
        lambda event: json.loads(event["tool_response"]),
        lambda answer: answer["hookSpecificOutput"]["updatedToolOutput"],
        lambda output: str(output["stdout"]),
    ),
    "opencode": Sample(
        opencode, lambda event: event["output"], lambda answer: answer["output"], lambda output: str(output["output"])
    ),
    "copilot": Sample(
        copilot,
        lambda event: event["toolResult"],
        lambda answer: answer["modifiedResult"],
        lambda output: str(output["textResultForLlm"]),
    ),
}
