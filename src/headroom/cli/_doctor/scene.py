"""What all checks look at, gathered once: settings, run files, edits of other programs' files, who answers where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headroom import policy, running
from headroom.cli import journal as journals
from headroom.cli._doctor.peers import Address, Peer, address, address_of, peers
from headroom.cli._doctor.pointers import Pointer, pointers
from headroom.cli._doctor.shapes import COMMAND
from headroom.configs import Change, Journal, Place
from headroom.errors import ConfigError
from headroom.running import Running
from headroom.settings import Settings
from headroom.types import ToolCall


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is so at this moment."""

    conf: Settings
    place: Place
    journal: Journal
    edits: Mapping[str, Sequence[Change]]
    """Our edits of other programs' files, by owner, such as "hooks claude"."""
    proxies: Sequence[Running]
    stale: Sequence[Path]
    pointers: Sequence[Pointer]
    peers: Mapping[Address, Peer]
    heard: list[str] = field(default_factory=list)
    """What the library logged meanwhile."""

    def owners(self, verb: str) -> list[str]:
        """The owners of our edits by a command: its clients, with the folder where it is for one alone."""
        return [owner.partition(" ")[2] for owner in self.edits if owner.partition(" ")[0] == verb]

    def kept_by(self, level: str, tool: str) -> str:
        """What has the output of a tool stay as it is at `level`: "level", "rule" (one of the settings), or nothing."""
        if level not in policy.LEVELS:
            return ""
        chosen = policy.level(level)
        if chosen.action("machine") == "keep":
            return "level"
        call = ToolCall(name=tool, args={"command": COMMAND})
        return "rule" if policy.ruled(self.conf.rules, call, chosen).action("machine") == "keep" else ""


def scene(conf: Settings, heard: list[str]) -> Scene:
    """Looks at everything; nothing is changed. Raises OSError."""
    journal, place = journals.opened(conf), journals.place(conf)
    edits = _edits(journal)
    proxies, found = running.running(conf.home), pointers(place, edits)
    led = [at for pointer in found if (at := address_of(pointer.url)) is not None]
    return Scene(
        conf=conf, place=place, journal=journal, edits=edits, proxies=proxies, stale=running.stale(conf.home),
        pointers=found, peers=peers([*map(address_of_proxy, proxies), *led]), heard=heard,
    )  # fmt: skip


def address_of_proxy(proxy: Running) -> Address:
    return address(proxy.host, proxy.port)


def _edits(journal: Journal) -> dict[str, list[Change]]:
    try:
        return {owner: journal.changes(owner) for owner in journal.owners()}
    except ConfigError:  # the check of our edits tells
        return {}
