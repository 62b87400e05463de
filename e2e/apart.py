"""What runs without a proxy: commands of ours and real clients, in a home of their own, and what its files were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from e2e.run import BARE, LIMIT, Outcome, watched


class Case(NamedTuple):
    """One run of what is named, from the package it is installed from."""

    name: str
    package: str
    run: Callable[[Path, Path, Outcome], None]
    """Takes the run's folder, which has a home, a workspace and a folder of ours, and the folder of the installed
    commands; tells what it has seen. May raise OSError, RuntimeError and ValueError."""


def bare(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a client: nothing of the user's but the path, no network."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder / "home"),
        **BARE,
        **more,
    }


def run(case: Case, folder: Path, programs: Path) -> Outcome:
    """Runs a case in `folder`, which keeps its home, its workspace, and what it printed."""
    return watched(case.name, folder, partial(case.run, folder, programs))


def ours(folder: Path, *words: str) -> str:
    """What one of our commands prints, run as the user of this home. Raises RuntimeError if it fails."""
    more = {"HEADROOM_HOME": str(folder / "headroom"), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    done = subprocess.run(
        [sys.executable, "-m", "headroom", *words], cwd=folder / "workspace", env=bare(folder, **more),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"headroom {' '.join(words)} ended with status {done.returncode}: {done.stderr}")
    return done.stdout


def asked(folder: Path, words: Sequence[str], env: Mapping[str, str], final: str, log: str) -> list[str]:
    """Runs a client; what went wrong if it did not end well and print `final`."""
    with (folder / log).open("wb") as printed:
        try:
            code = subprocess.run(
                words, cwd=folder / "workspace", env=env, timeout=LIMIT, stdin=subprocess.DEVNULL, stdout=printed,
                stderr=subprocess.STDOUT, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            return [f"it did not end within {LIMIT} seconds"]
    faults = [f"it ended with status {code}"] if code else []
    if final not in (folder / log).read_text(encoding="utf-8", errors="replace"):
        faults.append(f"it did not print {final!r}; see {log}")
    return faults


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of the home, by its name."""
    home = folder / "home"
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}


def told(folder: Path) -> Any:
    """What `headroom stats` says, as JSON."""
    return json.loads(ours(folder, "stats", "--json", "--since", "all"))


def middle(values: Iterable[float]) -> float:
    """The median, the upper one of two; 0 for none."""
    found = sorted(values)
    return found[len(found) // 2] if found else 0.0
