"""An agent on `google-genai`: whole, or as a stream with the option `stream`."""

from __future__ import annotations

import os
import sys
from typing import Any

from google import genai
from google.genai import types

from e2e.loops import _shell


def main(prompt: str, *options: str) -> None:
    """Answers `prompt`; prints what the model says."""
    client = genai.Client(http_options=types.HttpOptions(base_url=os.environ["BASE_URL"]))
    tool = types.FunctionDeclaration(
        name=_shell.NAME, description=_shell.ABOUT, parameters_json_schema=_shell.PARAMETERS
    )
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[tool])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    contents: list[Any] = [types.UserContent(prompt)]
    asked: dict[str, Any] = {"model": "gemini-2.5-pro", "contents": contents, "config": config}
    while True:
        if "stream" in options:
            chunks = list(client.models.generate_content_stream(**asked))
        else:
            chunks = [client.models.generate_content(**asked)]
        parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or []]
        contents.append(types.ModelContent(parts=parts))
        print(*(part.text for part in parts if part.text and not part.thought), sep="")
        calls = [part.function_call for part in parts if part.function_call]
        if not calls:
            return
        contents.append(types.UserContent([_result(call) for call in calls]))


def _result(call: Any) -> types.Part:
    response = {"output": _shell.run(call.args["command"])}
    return types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response=response))


if __name__ == "__main__":
    main(*sys.argv[1:])
