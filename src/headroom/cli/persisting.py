"""What `headroom wrap AGENT --persist` and `--explain` do: base URLs in an agent's own files, and why which."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from headroom import settings
from headroom.agents import Agent, Point, prompt_check
from headroom.cli import journal, output
from headroom.configs import Change, Place
from headroom.errors import UsageError
from headroom.types import Json

OWNER = "wrap"
"""Changes are the journal's under this word and the agent's name."""


def persist(agent: Agent, point: Point, ours: Collection[str] = ()) -> None:
    """Writes the base URLs into the agent's own files, and says what was written and how to undo it.

    Args:
        agent: of `agents.AGENTS`.
        point: where the proxy is to listen from now on.
        ours: URLs of the proxies that run, which are no upstream.

    Raises:
        UsageError: no file can point this agent at a proxy; the message says why.
        ConfigError: a file cannot be changed.
    """
    conf = settings.load()
    place = journal.place(conf)
    changes = agent.persist(point, place)
    if not changes:
        why = " ".join(agent.notices(place) or agent.explains)
        raise UsageError(f"{agent.title} cannot be pointed at a proxy by a file. {why}")
    serve = _proxy(point, agent.upstreams(place, [point.url, *ours]))
    changes += agent.checks(_check(agent, point, serve), place)
    written = journal.opened(conf).apply(f"{OWNER} {agent.name}", changes)
    state = "goes" if written else "already went"
    output.write(f"{agent.title} {state} through {point.url}, in every run, by:\n")
    output.write("".join(f"  {line}\n" for line in _keys(changes)))
    output.write("".join(f"Note: {notice}\n" for notice in agent.notices(place)))
    output.write(f"Keep a proxy there: {serve}\n")
    output.write(f"Undo: headroom unwrap {agent.name}\n")


def explain(agent: Agent, point: Point, ours: Collection[str] = ()) -> None:
    """Says what wrapping would set for one run, where requests would go on to, and what the agent loses or keeps."""
    place = journal.place(settings.load())
    lines = list(_set(agent, point, place))
    output.write(f"{agent.title}, for one run:\n" if lines else f"{agent.title} cannot be wrapped for one run.\n")
    output.write("".join(f"  {line}\n" for line in lines))
    for name, url in agent.upstreams(place, [point.url, *ours]).items():
        output.write(f"Requests for {name} go on to {url}, as you have set it.\n")
    output.write("".join(f"- {sentence}\n" for sentence in (*agent.explains, *agent.notices(place))))


def _set(agent: Agent, point: Point, place: Place) -> Iterator[str]:
    for name, value in agent.env(point, place).items():
        yield from _shown(name, value, point.url)
    if words := agent.args(point, place):
        yield f"{agent.program} {' '.join(words)}"


def _shown(name: str, value: str, url: str) -> Iterator[str]:
    """A variable and its value; of JSON, which may hold what is the user's, only what is ours."""
    if not value.startswith("{"):
        yield f"{name}={value}"
        return
    for path, leaf in _leaves(json.loads(value)):
        if isinstance(leaf, str) and leaf.startswith(url):
            yield f"{name}: {'.'.join(path)} = {leaf}"


def _leaves(value: Json, *path: str) -> Iterator[tuple[Sequence[str], Json]]:
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _leaves(held, *path, key)
    else:
        yield path, value


def _keys(changes: Sequence[Change]) -> Iterator[str]:
    file = None
    for change in changes:
        if change.file != file:
            file = change.file
            yield str(file)
        for path, value in change.sets:
            yield f"  {'.'.join(path)} = {value}"
        for path, value in change.appends:
            yield f"  {'.'.join(path)}: also {value}"


def _check(agent: Agent, point: Point, serve: str) -> list[str]:
    """The command that keeps a prompt back, with the reason, if no proxy is there."""
    return [sys.executable, "-I", "-S", str(prompt_check.__file__), agent.name, point.url, serve]


def _proxy(point: Point, upstreams: Mapping[str, str]) -> str:
    """The command that serves there."""
    words = [f"--upstream {name}={url}" for name, url in upstreams.items()]
    return " ".join(["headroom proxy", f"--port {urlsplit(point.url).port}", *words])
