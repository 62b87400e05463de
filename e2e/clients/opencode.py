"""opencode, with three of its providers: Chat Completions, Messages, Responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from e2e.clients._client import Client, Place
from headroom.testing import Call


def _command(words: tuple[str, ...], place: Place, prompt: str) -> list[str]:
    return [str(place.programs / "opencode"), "run", *words, prompt]


def _files(provider: str, package: str, model: str, place: Place) -> Mapping[Path, str]:
    options = {"baseURL": f"{place.url}/v1", "apiKey": "sk-fake"}
    conf = {
        "$schema": "https://opencode.ai/config.json",
        "autoupdate": False,
        "share": "disabled",
        "model": f"{provider}/{model}",
        "permission": "allow",
        "provider": {
            provider: {"npm": package, "name": provider, "options": options, "models": {model: {"name": model}}}
        },
    }
    return {place.workspace / "opencode.json": json.dumps(conf, indent=2)}


def _client(name: str, provider: str, package: str, model: str) -> Client:
    return Client(
        name=name,
        package="opencode-ai",
        command=partial(_command, ()),
        again=partial(_command, ("--continue",)),
        tool="bash",
        shell=lambda command: Call("bash", {"command": command, "description": "look"}),
        env=lambda place: {
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
            "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
        },
        files=partial(_files, provider, package, model),
    )


CLIENTS = (
    _client("opencode-chat", "fake", "@ai-sdk/openai-compatible", "fake-model"),
    _client("opencode-messages", "anthropic", "@ai-sdk/anthropic", "claude-sonnet-4-5"),
    _client("opencode-responses", "openai", "@ai-sdk/openai", "gpt-5.1"),
)
