"""Whether what is in force makes anything smaller: real shapes through each proxy, each hook, or the library alone.

Nothing is sent to a provider, and nothing of it is kept.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from headroom import api, hooks, policy
from headroom.cli._doctor.finding import Finding, failure, ok, warning
from headroom.cli._doctor.peers import THREADS, Answer, address_of, ask
from headroom.cli._doctor.scene import Scene, address_of_proxy
from headroom.cli._doctor.shapes import TELLING, Shape, events, shapes
from headroom.proxy import routes
from headroom.proxy.engine import inner
from headroom.proxy.guard import TOKEN_HEADER
from headroom.running import Running
from headroom.store import MemoryStore

SMALLER = 0.7
"""A shape that is more than so much of what it was still has its whole output."""

REPORT = "Report it with what this prints: headroom doctor --json."


class Tried(NamedTuple):
    """One shape and what came back for it."""

    client: str
    tool: str
    sent: bytes
    answer: Answer | str
    """Or why none came."""


class Way(NamedTuple):
    """What shapes were tried on."""

    name: str
    """As a sentence names it."""
    level: str
    remedy: str
    """Where it leaves all as it is."""
    raised: str
    """How its level is raised."""


def requests_get_smaller(scene: Scene) -> Iterator[Finding]:
    """A request of every supported client comes out of every proxy smaller; without any, out of the library."""
    able = [proxy for proxy in scene.proxies if scene.peers[address_of_proxy(proxy)].state == "headroom"]
    with ThreadPoolExecutor(THREADS) as pool:
        begun = [(proxy, [pool.submit(_through, proxy, shape) for shape in shapes()]) for proxy in able]
    for proxy, tries in begun:
        start = f"headroom proxy --port {proxy.port}"
        way = Way(
            f"the proxy at {proxy.url}", proxy.level,
            f"Stop process {proxy.pid} and start it again: {start}; if nothing changes, report what it prints.",
            f"Stop process {proxy.pid} and start it again: {start} --level {policy.DEFAULT_LEVEL}.",
        )  # fmt: skip
        yield from _judged(scene, way, [found.result() for found in tries])
    if not able and not scene.pointers and not scene.owners("hooks"):
        way = Way("the library", scene.conf.level, REPORT, "Set HEADROOM_LEVEL, or level in config.toml.")
        yield from _judged(scene, way, [_by_the_library(scene, shape) for shape in shapes()])
        yield ok(
            "No proxy runs, and no client is set up.",
            "Start with: headroom wrap claude; or without a proxy: headroom hooks install claude.",
        )


def hooks_make_smaller(scene: Scene) -> Iterator[Finding]:
    """The installed hooks make an output of their client smaller."""
    shown = events()
    for client in dict.fromkeys(owner.partition(" ")[0] for owner in scene.owners("hooks")):
        if client not in shown:
            continue
        hook, event = hooks.find(client), shown[client]
        sent = json.dumps(event.body).encode()
        made = hooks.answer(client, event.body, level=scene.conf.level, store=MemoryStore())
        body = sent if made is None else json.dumps(made).encode()
        again = f"Install them anew: headroom hooks install {client}; if nothing changes, report it."
        way = Way(f"the hooks of {hook.title}", scene.conf.level, again, "Set HEADROOM_LEVEL, or level in config.toml.")
        yield from _judged(scene, way, [Tried(hook.title, event.tool, sent, Answer(200, body))])


def hooks_beside_a_proxy(scene: Scene) -> Iterator[Finding]:
    """A client may have both: that is told, since it is easily forgotten."""
    answering = {at for at, peer in scene.peers.items() if peer.state == "headroom"}
    led = {pointer.client for pointer in scene.pointers if address_of(pointer.url) in answering}
    for client in dict.fromkeys(owner.partition(" ")[0] for owner in scene.owners("hooks")):
        title = hooks.find(client).title
        if title in led:
            yield ok(
                f"{title} has hooks and a proxy: outputs come to the proxy smaller already, and it sees to the"
                " rest, such as file reads.",
                f"To have one alone: headroom hooks uninstall {client}.",
            )


def _through(proxy: Running, shape: Shape) -> Tried:
    sent = json.dumps(shape.body).encode()
    headers = {
        **shape.headers, "content-type": "application/json", "x-headroom-dry-run": "1", TOKEN_HEADER: proxy.token,
    }  # fmt: skip
    answer: Answer | str
    try:
        answer = ask(address_of_proxy(proxy), shape.path, sent, headers)
    except (OSError, http.client.HTTPException) as error:
        answer = str(error) or type(error).__name__
    return Tried(shape.client, shape.tool, sent, answer)


def _by_the_library(scene: Scene, shape: Shape) -> Tried:
    route, _ = routes.find("POST", shape.path.partition("?")[0], shape.headers, {})
    body = inner(shape.body, route.at)
    made = api.compress(body, level=scene.conf.level, store=MemoryStore(), way_back="tool", rules=scene.conf.rules)
    sent, got = json.dumps(body).encode(), json.dumps(made.messages).encode()
    return Tried(shape.client, shape.tool, sent, Answer(200, got))


def _judged(scene: Scene, way: Way, tries: Iterable[Tried]) -> Iterator[Finding]:
    """A finding for each client that has a fault, and one for all that have none."""
    smaller: list[tuple[str, float]] = []
    kept: dict[str, list[str]] = {}
    for client, tool, sent, answer in tries:
        if isinstance(answer, str):
            yield failure(f"A request of {client} got no answer from {way.name} ({answer}).", way.remedy)
            continue
        share, why = len(answer.body) / len(sent), scene.kept_by(way.level, tool)
        if answer.status != 200:
            yield failure(f"A request of {client} was answered {answer.status} by {way.name}.", way.remedy)
        elif share <= SMALLER and TELLING.encode() in answer.body:
            smaller.append((client, 1 - share))
        elif share <= SMALLER:
            yield failure(f"A request of {client} lost its one error in {way.name}.", REPORT)
        elif why:
            kept.setdefault(why, []).append(client)
        else:
            cause = f" ({scene.heard[-1]})" if scene.heard else ""
            yield failure(
                f"A request of {client} comes out of {way.name} as it went in: nothing was made smaller{cause}.",
                way.remedy,
            )
    if "level" in kept:
        yield warning(f"At level {way.level} {way.name} makes nothing smaller.", way.raised)
    if "rule" in kept:
        told = f"A rule of yours has {way.name} leave the outputs of {', '.join(kept['rule'])} as they are."
        yield warning(told, f"If you did not mean that, change the rule in {scene.conf.home / 'config.toml'}.")
    if smaller:
        least, most = min(share for _, share in smaller), max(share for _, share in smaller)
        much = f"{least:.0%}" if f"{least:.0%}" == f"{most:.0%}" else f"{least:.0%} to {most:.0%}"
        yield ok(f"Requests of {', '.join(client for client, _ in smaller)} leave {way.name} {much} smaller.")
