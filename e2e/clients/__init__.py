"""The clients that are run: one file each, mostly data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from e2e.clients import claude, codex, gemini, opencode, sdks
from e2e.clients._client import Client, Place

_ALONE: tuple[Client, ...] = (
    *claude.CLIENTS,
    *codex.CLIENTS,
    *gemini.CLIENTS,
    *opencode.CLIENTS,
    *sdks.CLIENTS,
)
_WRAPPED = (
    ("claude-code", "claude"),
    ("codex-http", "codex"),
    ("codex-websocket", "codex"),
    ("gemini-cli", "gemini"),
    ("opencode-chat", "opencode"),
    ("opencode-messages", "opencode"),
)
"""Clients that are also run by `headroom wrap`, and the agents' names."""


def _wrapped() -> Iterator[Client]:
    by_name = {client.name: client for client in _ALONE}
    for name, agent in _WRAPPED:
        client = replace(by_name[name], name=f"wrap-{name}", wraps=agent)
        yield client
        yield replace(client, name=f"{client.name}-killed", again=None, killed=True)


CLIENTS: tuple[Client, ...] = (*_ALONE, *_wrapped())

__all__ = ["CLIENTS", "Client", "Place"]
