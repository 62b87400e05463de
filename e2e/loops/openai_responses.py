"""An agent on `openai`: Responses, whole, or as a stream with the option `stream`; with `stored` the provider keeps the
conversation, and each request brings only what is new."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai

from e2e.loops import _shell


def main(prompt: str, *options: str) -> None:
    """Answers `prompt`; prints what the model says."""
    client = openai.OpenAI(max_retries=0)
    tool = {"type": "function", "name": _shell.NAME, "description": _shell.ABOUT, "parameters": _shell.PARAMETERS}
    items: list[Any] = [{"role": "user", "content": prompt}]
    asked: dict[str, Any] = {"model": "gpt-5.4", "tools": [{**tool, "strict": True}], "store": "stored" in options}
    while True:
        if "stream" in options:
            events = list(client.responses.create(input=items, stream=True, **asked))
            response: Any = events[-1].response
        else:
            response = client.responses.create(input=items, **asked)
        print(response.output_text)
        calls = [item for item in response.output if item.type == "function_call"]
        results = [_result(call) for call in calls]
        if "stored" in options:
            items, asked["previous_response_id"] = results, response.id
        else:
            items += [*(item.to_dict() for item in response.output), *results]
        if not calls:
            return


def _result(call: Any) -> dict[str, Any]:
    output = _shell.run(json.loads(call.arguments)["command"])
    return {"type": "function_call_output", "call_id": call.call_id, "output": output}


if __name__ == "__main__":
    main(*sys.argv[1:])
