"""The clients on this machine: where each is, its version, and what of ours it has. No program is started to ask."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from headroom import agents
from headroom.cli._doctor.scene import Scene


class Found(NamedTuple):
    """A client that is installed."""

    name: str
    title: str
    path: str
    version: str
    """Empty where it cannot be told."""
    has: tuple[str, ...]
    """Of "wrap", "hooks" and "mcp", what of ours is in its settings."""


PACKAGES: Mapping[str, str] = {"aider": "aider_chat", "openhands": "openhands"}
"""The Python package that a client comes in, by its name; others come with a package.json, or in a folder that is named
for the version."""

VERBS = ("wrap", "hooks", "mcp")

_VERSION = re.compile(r"\d+\.\d+\.\d[\w.+-]*")

UPWARDS = 4
"""So many folders above a program its package may stand."""


def clients(scene: Scene) -> Iterator[Found]:
    """The clients whose program is on the PATH, or that have something of ours."""
    for agent in agents.AGENTS:
        path = shutil.which(agent.program, path=scene.place.environ.get("PATH", ""))
        has = tuple(verb for verb in VERBS if any(owner.split()[0] == agent.name for owner in scene.owners(verb)))
        version = _version(Path(path), PACKAGES.get(agent.name, "")) if path else ""
        if path or has:
            yield Found(agent.name, agent.title, path or "", version, has)


def _version(path: Path, package: str) -> str:
    """The version of a program: as the package it lies in says, or a folder above it is named."""
    try:
        real = path.resolve()
        if package:
            found = sorted((real.parent.parent / "lib").glob(f"python*/site-packages/{package}-*.dist-info"))
            return found[-1].name.removesuffix(".dist-info").rpartition("-")[2] if found else ""
        for folder in real.parents[:UPWARDS]:
            manifest = folder / "package.json"
            if manifest.is_file():
                told = json.loads(manifest.read_text(encoding="utf-8"))
                if isinstance(told, dict) and isinstance(told.get("version"), str):
                    return str(told["version"])
        return next((part for part in reversed(real.parts) if _VERSION.fullmatch(part)), "")
    except (OSError, ValueError, RuntimeError):
        return ""
