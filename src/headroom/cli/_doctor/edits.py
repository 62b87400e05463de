"""What commands of ours left behind: edits of clients' files, and files of proxies that run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence

from headroom.cli._doctor.finding import Finding, failure, ok, warning
from headroom.cli._doctor.scene import Scene
from headroom.configs import Change

COMMANDS: Mapping[str, tuple[str, str]] = {
    "wrap": ("headroom wrap --persist {}", "headroom unwrap {}"),
    "hooks": ("headroom hooks install {}", "headroom hooks uninstall {}"),
    "mcp": ("headroom mcp install {}", "headroom mcp uninstall {}"),
    "status": ("headroom status --install {}", "headroom status --uninstall {}"),
}
"""What makes an owner's edits and what takes them out, by the first word of its name."""

_PYTHON = re.compile(r"""(?:^|(?<=[\s"'\[]))/[^\s"',\]]+/python[\d.]*(?=$|[\s"',\]])""")
"""An interpreter that an edit has a client run."""


def edits_stand(scene: Scene) -> Iterator[Finding]:
    """Every edit is in its file as we made it, and what it runs is there."""
    half = scene.journal.interrupted()
    if half:
        yield failure(
            f"A change of {', '.join(map(str, half))} was killed half-way.",
            "Run the command again that was killed, or take its edits out (such as headroom unwrap claude): either puts"
            " the files right first.",
        )
    for owner in scene.journal.owners():
        faults = [fault for fault in scene.journal.faults(owner) if not fault.startswith("A change of")]
        gone = [python for python in _interpreters(scene.edits.get(owner, ())) if not os.access(python, os.X_OK)]
        for fault in faults:
            yield failure(fault, _remedy(owner))
        for python in gone:
            yield failure(f'What "{owner}" wrote runs {python}, which is not there any more.', _remedy(owner))
        if not faults and not gone:
            yield ok(f'What "{owner}" wrote is as it was written.')


def _remedy(owner: str) -> str:
    verb, _, rest = owner.partition(" ")
    client, _, folder = rest.partition(" in ")
    make, take = COMMANDS.get(verb, ("run its command again", "take its edits out"))
    where = f" --project (in {folder})" if folder else ""
    return f"Write it again: {make.format(client)}{where}; or take it out: {take.format(client)}{where}."


def _interpreters(changes: Sequence[Change]) -> list[str]:
    texts = [json.dumps([change.sets, change.appends]) + "\n" + change.text for change in changes]
    return list(dict.fromkeys(found for text in texts for found in _PYTHON.findall(text)))


def run_files_are_of_living_proxies(scene: Scene) -> Iterator[Finding]:
    """No proxy was killed and left its file."""
    for file in scene.stale:
        yield warning(
            f"{file} was left by a proxy that was killed: nothing runs as it says.",
            f"Start the proxy again: headroom proxy --port {file.stem}; or remove the file.",
        )
