"""Codex: over HTTP by a provider of the user's own, and over a WebSocket by its built-in one, which falls back to HTTP
where a server has none. With the newest models it calls its tools from code (`codex-code`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from e2e.clients._client import Client, Place
from headroom.testing import Call

_COMMON = """\
model = "{model}"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
tool_output_token_limit = 20000
"""
_OWN = """\
model_provider = "headroom"

[model_providers.headroom]
name = "headroom"
base_url = "{url}/v1"
env_key = "FAKE_KEY"
wire_api = "responses"
"""
_BUILT_IN = """\
openai_base_url = "{url}/v1"
"""
_QUIET = """
[analytics]
enabled = false
"""


def _command(words: tuple[str, ...], place: Place, prompt: str) -> list[str]:
    return [str(place.programs / "codex"), *words, "--skip-git-repo-check", prompt]


def _files(model: str, provider: str, place: Place) -> Mapping[Path, str]:
    conf = (_COMMON + provider + _QUIET).format(model=model, url=place.url)
    return {place.home / ".codex" / "config.toml": conf}


def _direct(command: str) -> Call:
    return Call("exec_command", {"cmd": command})


def _in_code(command: str) -> Call:
    """The newest models write code that calls the tools."""
    return Call("exec", {"input": f"text((await tools.exec_command({json.dumps({'cmd': command})})).output)"})


def _client(
    name: str, provider: str, model: str = "gpt-5.4", tool: str = "exec_command", shell: Callable[[str], Call] = _direct
) -> Client:
    return Client(
        name=name,
        package="@openai/codex",
        command=partial(_command, ("exec",)),
        again=partial(_command, ("exec", "resume", "--last")),
        tool=tool,
        shell=shell,
        env=lambda place: {"FAKE_KEY": "sk-fake", "CODEX_API_KEY": "sk-fake", "OPENAI_API_KEY": "sk-fake"},
        files=partial(_files, model, provider),
    )


CLIENTS = (
    _client("codex-http", _OWN),
    _client("codex-websocket", _BUILT_IN),
    replace(_client("codex-fallback", _BUILT_IN), sockets=False),
    _client("codex-code-http", _OWN, "gpt-5.6-sol", "exec", _in_code),
    _client("codex-code-websocket", _BUILT_IN, "gpt-5.6-sol", "exec", _in_code),
)
