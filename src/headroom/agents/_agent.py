"""What an agent is to the rest: how it is pointed at a proxy, for one run or by file, and told of our MCP server.

Most agents are data: the variables that name a base URL, and the file that keeps them. Whatever the user has set there
already is where the proxy sends the requests on to.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from headroom.configs import Change, Form, Keys, Place, read
from headroom.errors import ConfigError
from headroom.running import is_loopback
from headroom.types import Json


class Point(NamedTuple):
    """Where a proxy listens."""

    url: str
    """Without a slash at its end, such as `http://127.0.0.1:8787`."""


class Base(NamedTuple):
    """A variable that names a provider's base URL."""

    variable: str
    upstream: str
    """The provider's name among the proxy's upstreams."""
    path: str = ""
    """How the base URL ends, after the provider's host."""


class File(NamedTuple):
    """A place for keys of ours."""

    file: Path
    form: Form = "json"
    keys: Keys = ()


@dataclass(frozen=True, kw_only=True)
class Agent:
    """An agent, all of it data; what is special about one is a method of its subclass."""

    name: str
    title: str
    program: str
    """The command that starts it."""
    bases: tuple[Base, ...] = ()
    extras: Mapping[str, str] = field(default_factory=dict)
    """Variables that give back what a base URL switches off, unless the user has set them."""
    words: tuple[str, ...] = ()
    """Arguments that one run needs besides."""
    keeps: Callable[[Place], File] | None = None
    """Where the agent keeps variables; None if no file of its own is known to."""
    registers: Callable[[Place], File] | None = None
    """Where it keeps its MCP servers; None if it has none."""
    entry: Callable[[Sequence[str]], Json] = lambda command: {"command": command[0], "args": list(command[1:])}
    """How a command is written as an MCP server."""
    prompts: Callable[[Place], File] | None = None
    """Where it keeps the hooks that run before each prompt; None if it has none that a user need not allow first."""
    patience: int = 0
    """How long it waits for such a hook, in its own unit."""
    explains: tuple[str, ...] = ()
    """What a proxy changes for the agent and what was done about it, as sentences."""

    def said(self, place: Place) -> Mapping[str, str]:
        """The variables as the agent sees them, what we wrote into its file aside: those of the environment count."""
        if self.keeps is None:
            return place.environ
        return {**_strings(original(place, self.keeps(place))), **place.environ}

    def pointed(self, place: Place) -> Sequence[Base]:
        """The base URLs that are set for a user with these settings."""
        return self.bases

    def env(self, point: Point, place: Place) -> dict[str, str]:
        """Variables that send one run's requests to the proxy."""
        said, ends = self.said(place), dict[str, str | None]()
        for base in self.pointed(place):
            if url := said.get(base.variable):
                ends.setdefault(base.upstream, ending(url, base))
        made = {base.variable: point.url + end for base in self.pointed(place)
                if (end := ends.get(base.upstream, base.path)) is not None}  # fmt: skip
        return made and {**made, **{name: value for name, value in self.extras.items() if not said.get(name)}}

    def args(self, point: Point, place: Place) -> list[str]:
        """Arguments that one run needs besides, before the user's own."""
        return list(self.words)

    def persist(self, point: Point, place: Place) -> tuple[Change, ...]:
        """What is written so that every run goes through the proxy; nothing if no file can say so."""
        if self.keeps is None or not (env := self.env(point, place)):
            return ()
        file, form, keys = self.keeps(place)
        return (Change(file=file, form=form, sets=tuple(((*keys, name), value) for name, value in env.items())),)

    def mcp(self, command: Sequence[str], place: Place) -> tuple[Change, ...]:
        """What is written so that the agent knows our MCP server; nothing if it takes none."""
        if self.registers is None:
            return ()
        file, form, keys = self.registers(place)
        return (Change(file=file, form=form, sets=(((*keys, "headroom"), self.entry(command)),)),)

    def checks(self, command: Sequence[str], place: Place) -> tuple[Change, ...]:
        """What is written so that the agent runs a command before each prompt, with the base URLs of that run behind
        it; nothing if it has no place for it. If the command fails, the prompt goes on all the same."""
        if self.prompts is None:
            return ()
        file, form, keys = self.prompts(place)
        bases = " ".join(f'"${base.variable}"' for base in self.pointed(place))
        line = f"{shlex.join(command)} {bases} || true"
        entry = {"hooks": [{"type": "command", "command": line, "timeout": self.patience}]}
        return (Change(file=file, form=form, appends=((keys, entry),)),)

    def upstreams(self, place: Place, ours: Collection[str] = ()) -> dict[str, str]:
        """Where the proxy must send requests, by name of upstream, because the user has set base URLs for the agent.

        Args:
            place: whose settings count.
            ours: URLs of proxies of ours, which are no upstream: requests would come back for ever.
        """
        said, found = self.said(place), dict[str, str]()
        for base in self.pointed(place):
            url = said.get(base.variable, "").rstrip("/")
            end = ending(url, base)
            if url and end is not None and not is_ours(url, ours):
                found.setdefault(base.upstream, url.removesuffix(end))
        return found

    def notices(self, place: Place) -> tuple[str, ...]:
        """What in these settings keeps requests from the proxy, as sentences."""
        said = self.said(place)
        return tuple(
            f"{base.variable} is {said[base.variable]}, which does not end in {base.path}: those requests go past us."
            for base in self.pointed(place)
            if ending(said.get(base.variable, ""), base) is None
        )


def ending(url: str, base: Base) -> str | None:
    """What follows the host in our base URL, so that the client's paths reach us as the proxy knows them and go on as
    they were; None if that cannot be."""
    url = url.rstrip("/")
    if not url or url.endswith(base.path):
        return base.path
    return "" if base.upstream == "openai" else None


def is_ours(url: str, ours: Iterable[str]) -> bool:
    """True for a URL at a loopback address and the port of one of ours, however the address is written."""
    ports = {_port(own) for own in ours}
    return _loopback(url) and _port(url) in ports


def original(place: Place, at: File) -> Mapping[str, Json]:
    """The table that the file would have at these keys without us; empty if there is none, or no such file."""
    return table(_read(at, place.original), *at.keys)


def current(at: File) -> Mapping[str, Json]:
    """The table that the file has at these keys."""
    return table(_read(at), *at.keys)


def table(value: Json, *keys: str) -> Mapping[str, Json]:
    """The table within tables at these keys; empty if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _read(at: File, *source: Callable[[Path], bytes | None]) -> Json:
    with suppress(ConfigError):  # the agent says itself that it cannot read it; edits of it are refused
        return read(at.file, at.form, *source)
    return {}


def _strings(values: Mapping[str, Json]) -> dict[str, str]:
    return {key: value for key, value in values.items() if isinstance(value, str)}


def _loopback(url: str) -> bool:
    with suppress(ValueError):
        return is_loopback(urlsplit(url).hostname or "")
    return False


def _port(url: str) -> int | None:
    with suppress(ValueError):
        return urlsplit(url).port or 80
    return None
