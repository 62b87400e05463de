"""An agent on `openai`: Chat Completions, whole, or as a stream with the option `stream`."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai

from e2e.loops import _shell


def main(prompt: str, *options: str) -> None:
    """Answers `prompt`; prints what the model says."""
    client = openai.OpenAI(max_retries=0)
    function = {"name": _shell.NAME, "description": _shell.ABOUT, "parameters": _shell.PARAMETERS, "strict": True}
    messages: list[Any] = [{"role": "user", "content": prompt}]
    tools: list[Any] = [{"type": "function", "function": function}]
    while True:
        if "stream" in options:
            with client.chat.completions.stream(model="gpt-5.4", messages=messages, tools=tools) as stream:
                completion: Any = stream.get_final_completion()
        else:
            completion = client.chat.completions.create(model="gpt-5.4", messages=messages, tools=tools)
        message = completion.choices[0].message
        messages.append(_said(message))
        print(message.content or "")
        if not message.tool_calls:
            return
        messages += [_result(call) for call in message.tool_calls]


def _said(message: Any) -> dict[str, Any]:
    """The message as it is sent back, without what the library adds."""
    said: dict[str, Any] = {"role": "assistant", "content": message.content}
    if message.tool_calls:
        said["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.function.name, "arguments": c.function.arguments}}
            for c in message.tool_calls
        ]
    return said


def _result(call: Any) -> dict[str, Any]:
    return {
        "role": "tool",
        "tool_call_id": call.id,
        "content": _shell.run(json.loads(call.function.arguments)["command"]),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
