"""The clients that are run: one file each, mostly data."""

from __future__ import annotations

from e2e.clients import claude, codex, gemini, opencode, sdks
from e2e.clients._client import Client, Place

CLIENTS: tuple[Client, ...] = (
    *claude.CLIENTS,
    *codex.CLIENTS,
    *gemini.CLIENTS,
    *opencode.CLIENTS,
    *sdks.CLIENTS,
)

__all__ = ["CLIENTS", "Client", "Place"]
