"""opencode: a base URL for each provider that is in use, merged into what the user gives it for one run.

A provider that is only named in its configuration counts as usable, without a key too, and may become the one that
opencode starts with. So none is named that the user does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from headroom.agents._agent import Agent, Base, File, Point, ending, is_ours, original, table
from headroom.configs import Change, Place, read
from headroom.types import Json

CONTENT = "OPENCODE_CONFIG_CONTENT"
"""Configuration for one run, as JSON with comments. It goes before all files."""


class _Known(NamedTuple):
    """A provider whose paths the proxy knows."""

    base: Base
    keys: tuple[str, ...]
    """Variables with its key."""


_KNOWN: Mapping[str, _Known] = {
    "anthropic": _Known(Base("", "anthropic", "/v1"), ("ANTHROPIC_API_KEY",)),
    "openai": _Known(Base("", "openai", "/v1"), ("OPENAI_API_KEY",)),
    "google": _Known(
        Base("", "gemini", "/v1beta"), ("GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")
    ),
}


class _Used(NamedTuple):
    """A provider in use."""

    name: str
    url: str
    """What the user has set, or ""."""
    base: Base
    prefix: str
    """Of our paths: upstreams that the proxy knows by no path of theirs are told by it."""

    def at(self, point: Point) -> str:
        return point.url + self.prefix + (ending(self.url, self.base) or "")


class OpenCode(Agent):
    """It has no variable for a base URL, but one for its whole configuration."""

    def env(self, point: Point, place: Place) -> dict[str, str]:
        if not (used := _used(place)):
            return {}
        content, providers = _content(place), table(_content(place), "provider")
        pointed = {one.name: _with(table(providers, one.name), one.at(point)) for one in used}
        return {CONTENT: json.dumps({**content, "provider": {**providers, **pointed}})}

    def persist(self, point: Point, place: Place) -> tuple[Change, ...]:
        sets = tuple((("provider", used.name, "options", "baseURL"), used.at(point)) for used in _used(place))
        return (Change(file=_file(place).file, form="json", sets=sets),) if sets else ()

    def upstreams(self, place: Place, ours: Collection[str] = ()) -> dict[str, str]:
        return {
            used.base.upstream: used.url.rstrip("/").removesuffix(ending(used.url, used.base) or "")
            for used in _used(place)
            if used.url and not is_ours(used.url, ours)
        }

    def notices(self, place: Place) -> tuple[str, ...]:
        if _used(place):
            return ()
        return ("opencode has no provider yet that we know: log in (opencode auth login) or set its key first.",)


def _used(place: Place) -> list[_Used]:
    """The providers that the user has set up, has a key for, or has logged in to."""
    given: dict[str, Json] = {}
    models: list[Json] = []
    for config in (*(original(place, file) for file in _files(place)), _content(place)):
        given |= {**table(config, "provider")}
        models += [config.get("model"), config.get("small_model")]
    names = [*given, *_logins(place), *(str(model).partition("/")[0] for model in models)]
    names += [name for name, known in _KNOWN.items() if any(place.environ.get(key) for key in known.keys)]
    return [used for name in dict.fromkeys(names) for used in _usable(name, table(given, name, "options"))]


def _usable(name: str, options: Mapping[str, Json]) -> Iterator[_Used]:
    """The provider, if it is one that the proxy knows, or one of the user's own with a base URL."""
    url = options.get("baseURL")
    url = url if isinstance(url, str) and url.startswith("http") else ""
    own = f"opencode-{re.sub(r'[^a-z0-9-]', '-', name.lower())}"
    if name in _KNOWN and ending(url, _KNOWN[name].base) is not None:
        yield _Used(name, url, _KNOWN[name].base, "")
    elif url:
        path = "/v1" if url.rstrip("/").endswith("/v1") else ""
        yield _Used(name, url, Base("", own, path), f"/{own}")


def _with(provider: Mapping[str, Json], url: str) -> Json:
    """A provider's configuration with this base URL."""
    return {**provider, "options": {**table(provider, "options"), "baseURL": url}}


def _content(place: Place) -> dict[str, Json]:
    """What the user gives by variable. Raises ConfigError if it is not JSON."""
    return read(Path(CONTENT), "json", lambda _: place.environ.get(CONTENT, "").encode())


def _logins(place: Place) -> list[str]:
    """The providers that the user has logged in to."""
    data = Path(place.environ.get("XDG_DATA_HOME") or place.home / ".local" / "share")
    return list(original(place, File(data / "opencode" / "auth.json")))


def _files(place: Place) -> list[File]:
    """The configuration files, what counts less first."""
    given = place.environ.get("OPENCODE_CONFIG")
    project = [folder for top in reversed(_project(place.cwd)) for folder in (top, top / ".opencode")]
    files = [
        *_both(_folder(place)),
        *([Path(given)] if given else []),
        *(file for top in project for file in _both(top)),
    ]
    return [File(file) for file in files]


def _both(folder: Path) -> tuple[Path, Path]:
    return folder / "opencode.json", folder / "opencode.jsonc"


def _project(cwd: Path) -> list[Path]:
    """The current folder and those above it, up to the top of its repository."""
    above = [cwd, *cwd.parents]
    top = next((i for i, folder in enumerate(above) if (folder / ".git").exists()), 0)
    return above[: top + 1]


def _file(place: Place) -> File:
    """The file of all projects, that with comments if there is one."""
    plain, commented = _both(_folder(place))
    return File(commented if commented.exists() else plain)


def _folder(place: Place) -> Path:
    return Path(place.environ.get("XDG_CONFIG_HOME") or place.home / ".config") / "opencode"


def _entry(command: Sequence[str]) -> Json:
    return {"type": "local", "command": list(command), "enabled": True}


AGENT = OpenCode(
    name="opencode",
    title="opencode",
    program="opencode",
    registers=lambda place: File(_file(place).file, keys=("mcp",)),
    entry=_entry,
    explains=(
        "Each provider that you have set up, have a key for or have logged in to gets our base URL. With --persist,"
        " repeat it after you have added one.",
        "With a ChatGPT login, opencode takes no base URL for OpenAI: those requests go past us.",
        "A project's own opencode.json goes before a persisted base URL, not before that of one run.",
    ),
)
