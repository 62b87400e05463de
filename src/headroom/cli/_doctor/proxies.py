"""Where settings lead, and the proxies that run."""

from __future__ import annotations

from collections.abc import Iterator

from headroom import __version__, agents
from headroom.cli._doctor.finding import Finding, failure, ok, warning
from headroom.cli._doctor.peers import Address, Peer, address_of
from headroom.cli._doctor.pointers import ENVIRONMENT, Pointer
from headroom.cli._doctor.scene import Scene, address_of_proxy
from headroom.proxy.routes import UPSTREAMS
from headroom.running import Running
from headroom.supervisor import PORT


def settings_lead_to_a_proxy(scene: Scene) -> Iterator[Finding]:
    """Each base URL in the environment and in clients' files leads to a proxy that answers."""
    used = {str(PORT), *(str(proxy.port) for proxy in scene.proxies), *(file.stem for file in scene.stale)}
    for pointer in scene.pointers:
        at = address_of(pointer.url)
        if at is not None:
            meant = pointer.owner != "" or pointer.where == ENVIRONMENT or str(at.port) in used
            yield _led(pointer, _start(scene, pointer, at), scene.peers[at], meant)


def _start(scene: Scene, pointer: Pointer, at: Address) -> str:
    """The command that serves at the end of a pointer; requests of a wrapped agent go on to where the user had it."""
    verb, _, client = pointer.owner.partition(" ")
    upstreams = agents.find(client).upstreams(scene.place, [str(at)]) if verb == "wrap" else {}
    words = [f"--upstream {name}={url}" for name, url in upstreams.items()]
    return " ".join([f"headroom proxy --port {at.port}", *words])


def _led(pointer: Pointer, start: str, peer: Peer, meant: bool) -> Finding:
    """What is at the end of a pointer. One that is not surely `meant` for a proxy of ours may lead to a local model
    that rests."""
    leads = f"{pointer.key} in {pointer.where} leads {pointer.client} to {pointer.url}, where"
    away = _taken_out(pointer)
    if peer.state == "headroom":
        return ok(f"{leads} Headroom {peer.version} answers.")
    if peer.state == "nothing":
        dead = f"{leads} nothing listens: every request is refused, and it may try for minutes before it says so."
        return Finding("failure" if meant else "warning", dead, f"Start a proxy: {start}; or {away}.")
    other = f"{leads} another program answers, not Headroom."
    if pointer.owner:
        return failure(other, f"End that program and start a proxy: {start}; or {away}.")
    return warning(other, f"Leave it if that program is meant; if not, {away}.")


def _taken_out(pointer: Pointer) -> str:
    """How a setting goes away, as the rest of a sentence."""
    verb, _, client = pointer.owner.partition(" ")
    if verb == "wrap":
        return f"take the setting out: headroom unwrap {client}"
    if pointer.where == ENVIRONMENT:
        return f"take the variable out: unset {pointer.key}"
    return f"take {pointer.key} out of {pointer.where}"


def proxies_agree(scene: Scene) -> Iterator[Finding]:
    """Every proxy that runs answers, is of this version, and does what the others do."""
    for proxy in scene.proxies:
        peer = scene.peers[address_of_proxy(proxy)]
        again = f"Stop process {proxy.pid} and start it again: headroom proxy --port {proxy.port}."
        if peer.state != "headroom":
            said = "nothing listens" if peer.state == "nothing" else "no sign of life comes"
            yield failure(f"A proxy should answer at {proxy.url} (process {proxy.pid}), but {said} there.", again)
        elif peer.version != __version__:
            yield warning(f"The proxy at {proxy.url} is Headroom {peer.version}; this command is {__version__}.", again)
        else:
            yield ok(f"A proxy runs at {_shown(proxy)}.")
    if len({proxy.fingerprint for proxy in scene.proxies}) > 1:
        yield warning(
            f"{len(scene.proxies)} proxies run that differ: {'; '.join(map(_shown, scene.proxies))}.",
            "Stop all but one, unless you meant to have several.",
        )
    yield from _strangers(scene)


def _strangers(scene: Scene) -> Iterator[Finding]:
    """Proxies that settings lead to and that keep their things in another folder."""
    known = {address_of_proxy(proxy) for proxy in scene.proxies}
    for at, peer in scene.peers.items():
        if peer.state == "headroom" and at not in known:
            yield warning(
                f"The proxy at {at} does not belong to {scene.conf.home}: it has another store, and no request can be"
                " tried on it.",
                "Run headroom doctor with its HEADROOM_HOME, or stop it and start it with this one.",
            )


def _shown(proxy: Running) -> str:
    moved = [f"{name} at {url}" for name, url in proxy.upstreams.items() if UPSTREAMS.get(name) != url]
    return ", ".join([f"{proxy.url} (process {proxy.pid}): {proxy.version}, {proxy.level}", *moved])
