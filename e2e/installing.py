"""The clients' packages, at fixed versions, in folders of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

NPM: Mapping[str, str] = {
    "@anthropic-ai/claude-code": "2.1.332",
    "@openai/codex": "0.171.0",
    "@google/gemini-cli": "0.61.0",
    "opencode-ai": "1.18.33",
}
"""Version by package."""

UNPACKING: Mapping[str, str] = {
    "@anthropic-ai/claude-code": "install.cjs",
    "opencode-ai": "postinstall.mjs",
}
"""What puts a package's own program in its place. Other install scripts are not run: they build extras that no run
needs."""

PIP: Mapping[str, str] = {
    "anthropic": "2.14.0",
    "openai": "3.57.0",
    "google-genai": "3.6.1",
    "mcp": "2.3.0",
    "mcp@1": "1.30.0",
}
"""Version by package; what follows an @ tells two versions of a package apart."""


def install(packages: Collection[str], at: Path) -> dict[str, str]:
    """Installs what is not there yet; returns why a package cannot be used, by its name."""
    missing: dict[str, str] = {}
    for package in sorted(packages):
        mark = _folder(at, package) / ".installed"
        if mark.exists():
            continue
        print(f"installing {package} {NPM.get(package) or PIP[package]} ...", flush=True)
        error = _npm(package, at) if package in NPM else _pip(package, at)
        if error:
            missing[package] = error
        else:
            mark.touch()
    return missing


def programs(at: Path, package: str) -> Path:
    """The folder of a package's commands."""
    return _folder(at, package) / ("node_modules/.bin" if package in NPM else "bin")


def _folder(at: Path, package: str) -> Path:
    version = NPM.get(package) or PIP[package]
    name = package.strip("@").partition("@")[0]
    return at / f"{name.replace('/', '-')}-{version}"


def _npm(package: str, at: Path) -> str:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "npm and node are not installed"
    folder = _folder(at, package)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    words = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", f"{package}@{NPM[package]}"]
    error = _failed([npm, *words], folder)
    if not error and package in UNPACKING:
        error = _failed([node, UNPACKING[package]], folder / "node_modules" / package)
    return error


def _pip(package: str, at: Path) -> str:
    folder = _folder(at, package)
    error = _failed([sys.executable, "-m", "venv", str(folder)], at)
    python = str(folder / "bin" / "python")
    wanted = f"{package.partition('@')[0]}=={PIP[package]}"
    return error or _failed([python, "-m", "pip", "--quiet", "install", wanted], at)


def _failed(command: list[str], folder: Path) -> str:
    """Runs a command; returns the end of what it said if it failed."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command, cwd=folder, env=os.environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    said = " ".join((done.stdout + done.stderr).split())
    return f"{Path(command[0]).name} failed: ...{said[-300:]}" if done.returncode else ""
