"""What a client is to the runner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from headroom.testing import Call


class Place(NamedTuple):
    """Where one run of a client happens."""

    url: str
    """The proxy's, without a path."""
    home: Path
    """The client's home folder, empty but for `Client.files`."""
    workspace: Path
    programs: Path
    """The folder of the installed commands."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A real client and how it is driven without a person."""

    name: str
    package: str
    """Of the registry that it is installed from."""
    command: Callable[[Place, str], list[str]]
    """What runs it with a prompt."""
    again: Callable[[Place, str], list[str]] | None
    """What goes on with the last conversation; None if the client cannot."""
    tool: str
    """Its shell, as it offers it to the model."""
    shell: Callable[[str], Call]
    """How the model runs a command."""
    env: Callable[[Place], Mapping[str, str]]
    sockets: bool = True
    """False for a provider that takes no WebSocket."""
    files: Callable[[Place], Mapping[Path, str]] = lambda place: {}
    """Its configuration."""
    wraps: str = ""
    """The agent's name for `headroom wrap`, which then starts the client; empty for a client that is pointed at a
    `headroom proxy` by its own settings."""
    killed: bool = False
    """True to kill the proxy outright within the conversation."""
