"""Conversations of an agent, made by hand, as message lists."""

from __future__ import annotations

from typing import Any

Messages = list[dict[str, Any]]


def conversation(*turns: tuple[str, dict[str, Any], str, str]) -> Messages:
    """Turns of (what the agent says, the arguments of its call, the output, the tool)."""
    made: Messages = [{"role": "user", "content": "Fix it."}]
    for number, (said, args, output, tool) in enumerate(turns):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": args}
        answer = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": output}
        text = [{"type": "text", "text": said}] if said else []
        made += [{"role": "assistant", "content": [*text, call]}, {"role": "user", "content": [answer]}]
    return made
