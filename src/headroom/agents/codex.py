"""Codex: its configuration names the base URL, and any key of it can be given for one run by `-c`."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from headroom.agents._agent import Agent, Base, File, Point, ending, is_ours, original, table
from headroom.configs import Change, Keys, Place

OWN = "openai_base_url"
"""The key of the provider that is built in. It speaks over HTTP and WebSockets."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNSUITED = frozenset({"amazon-bedrock", "ollama", "lmstudio"})
"""Providers that are built in and take no base URL."""


class _Provider(NamedTuple):
    """The provider in use."""

    keys: Keys
    """Where its base URL stands in the configuration."""
    upstream: str
    prefix: str
    """Of our paths: upstreams that the proxy knows by no path of theirs are told by it."""
    url: str
    """What the user has set."""


class Codex(Agent):
    """Its provider may be the user's own."""

    def args(self, point: Point, place: Place) -> list[str]:
        return [
            word for keys, url in self._sets(point, place) for word in ("-c", f"{'.'.join(keys)}={json.dumps(url)}")
        ]

    def persist(self, point: Point, place: Place) -> tuple[Change, ...]:
        sets = tuple(self._sets(point, place))
        return (Change(file=_file(place).file, form="toml", sets=sets),) if sets else ()

    def upstreams(self, place: Place, ours: Collection[str] = ()) -> dict[str, str]:
        used = _provider(place)
        url = used.url.rstrip("/") if used else ""
        if used is None or not url or is_ours(url, ours):
            return {}
        return {used.upstream: url.removesuffix(_end(used))}

    def notices(self, place: Place) -> tuple[str, ...]:
        if _provider(place) is not None:
            return ()
        name = original(place, _file(place)).get("model_provider")
        return (f"The model_provider {name!r} of Codex takes no base URL: its requests go past us.",)

    def _sets(self, point: Point, place: Place) -> list[tuple[Keys, str]]:
        used = _provider(place)
        return [(used.keys, point.url + used.prefix + _end(used))] if used else []


def _file(place: Place) -> File:
    return File(Path(place.environ.get("CODEX_HOME") or place.home / ".codex") / "config.toml", "toml")


def _end(used: _Provider) -> str:
    return ending(used.url, Base("", "openai", "/v1")) or ""


def _provider(place: Place) -> _Provider | None:
    """The provider that the user's configuration chooses; None if none of its base URLs is known."""
    config = original(place, _file(place))
    name = config.get("model_provider", "openai")
    if name == "openai":
        return _Provider((OWN,), "openai", "", str(config.get(OWN, "")))
    if not isinstance(name, str) or name in _UNSUITED or not _BARE.fullmatch(name):
        return None
    url = table(config, "model_providers", name).get("base_url")
    upstream = f"codex-{name.lower().replace('_', '-')}"
    return (
        _Provider(("model_providers", name, "base_url"), upstream, f"/{upstream}", url)
        if isinstance(url, str)
        else None
    )


AGENT = Codex(
    name="codex",
    title="Codex",
    program="codex",
    registers=lambda place: File(_file(place).file, "toml", ("mcp_servers",)),
    explains=(
        "The provider stays the one that you use, only its base URL is another: remote compaction, WebSockets, your"
        " login and the list of earlier threads stay.",
        "A profile (-p) that chooses another provider goes past us.",
    ),
)
