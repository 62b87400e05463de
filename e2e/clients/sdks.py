"""The providers' own Python libraries, each in an agent of a few lines (see `e2e/loops`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from e2e.clients._client import Client, Place
from headroom.testing import Call

_ROOT = Path(__file__).resolve().parents[2]


def _command(loop: str, options: tuple[str, ...], place: Place, prompt: str) -> list[str]:
    return [str(place.programs / "python"), "-m", f"e2e.loops.{loop}", prompt, *options]


def _client(
    name: str, package: str, loop: str, env: Callable[[str], Mapping[str, str]], options: tuple[str, ...] = ()
) -> Client:
    return Client(
        name="-".join([name, *options]),
        package=package,
        command=partial(_command, loop, options),
        again=None,
        tool="bash",
        shell=lambda command: Call("bash", {"command": command}),
        env=lambda place: {"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", **env(place.url)},
    )


def _anthropic(url: str) -> Mapping[str, str]:
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "sk-ant-fake"}


def _openai(url: str) -> Mapping[str, str]:
    return {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "sk-fake"}


def _google(url: str) -> Mapping[str, str]:
    return {"BASE_URL": url, "GEMINI_API_KEY": "AIzafake"}


CLIENTS = (
    _client("sdk-anthropic", "anthropic", "anthropic_sdk", _anthropic),
    _client("sdk-anthropic", "anthropic", "anthropic_sdk", _anthropic, ("stream",)),
    _client("sdk-chat", "openai", "openai_chat", _openai),
    _client("sdk-chat", "openai", "openai_chat", _openai, ("stream",)),
    _client("sdk-responses", "openai", "openai_responses", _openai),
    _client("sdk-responses", "openai", "openai_responses", _openai, ("stream",)),
    _client("sdk-responses", "openai", "openai_responses", _openai, ("stored",)),
    _client("sdk-responses", "openai", "openai_responses", _openai, ("stored", "stream")),
    _client("sdk-google", "google-genai", "google_sdk", _google),
    _client("sdk-google", "google-genai", "google_sdk", _google, ("stream",)),
)
