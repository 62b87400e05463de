"""An agent on `anthropic`: Messages, whole, or as a stream with the option `stream`."""

from __future__ import annotations

import sys
from typing import Any

import anthropic

from e2e.loops import _shell


def main(prompt: str, *options: str) -> None:
    """Answers `prompt`; prints what the model says."""
    client = anthropic.Anthropic(max_retries=0)
    tool = {"name": _shell.NAME, "description": _shell.ABOUT, "input_schema": _shell.PARAMETERS}
    messages: list[Any] = [{"role": "user", "content": prompt}]
    asked: dict[str, Any] = {"model": "claude-opus-4-8", "max_tokens": 4096, "tools": [tool], "messages": messages}
    while True:
        if "stream" in options:
            with client.messages.stream(**asked) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked)
        messages.append({"role": "assistant", "content": message.content})
        print(*(block.text for block in message.content if block.type == "text"), sep="\n")
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return
        messages.append({"role": "user", "content": [_result(call) for call in calls]})


def _result(call: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call.id, "content": _shell.run(call.input["command"])}


if __name__ == "__main__":
    main(*sys.argv[1:])
