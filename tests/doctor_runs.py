"""Runs of `headroom doctor` on a home of their own, and programs that listen there."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from headroom import __version__, running
from headroom.cli import main
from headroom.cli._doctor.pointers import VARIABLES
from headroom.cli._doctor.shapes import shapes
from headroom.configs import Change, Journal
from headroom.testing import FakeUpstream
from tests import proxies
from tests.proxies import TOKEN

NAMES = [shape.client for shape in shapes()]


def a_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with a project in it, the current folder, and no client."""
    for name in (*VARIABLES, "CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", "")
    (home / "shop").mkdir()
    monkeypatch.chdir(home / "shop")
    return home


class Told:
    """What a run said."""

    def __init__(self, code: int, record: Any) -> None:
        self.code = code
        self.record = record

    def lines(self, check: str, state: str = "") -> list[str]:
        """Finding and remedy of a check as one string each."""
        return [
            f"{found['told']} {found['remedy']}".strip()
            for found in self.record["findings"]
            if found["check"] == check and state in ("", found["state"])
        ]

    def only(self, check: str, state: str) -> str:
        """The one finding of a check, of that state."""
        (line,) = self.lines(check)
        assert self.lines(check, state) == [line]
        assert self.code == (1 if state == "failure" else 0)
        return line


def examined() -> Told:
    result = CliRunner().invoke(main, ["doctor", "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.stderr == ""
    return Told(result.exit_code, json.loads(result.stdout))


class Proxy(NamedTuple):
    """A proxy that listens."""

    url: str
    level: str
    folder: Path

    def announced(self, home: Path, **given: Any) -> str:
        """Its URL, after a file in `home` says that it runs."""
        running.announce(home, proxy_file(self.url, **{"level": self.level, **given}))
        return self.url


def proxy_file(url: str, **given: Any) -> running.Running:
    """What a proxy at `url`, of this process, says of itself."""
    told: dict[str, Any] = {
        "pid": os.getpid(), "host": "127.0.0.1", "port": int(url.rpartition(":")[2]), "token": TOKEN,
        "version": __version__, "level": "balanced", "upstreams": {}, "fingerprint": "a", "started": 0.0,
    }  # fmt: skip
    return running.Running(**told | given)


@contextmanager
def a_proxy(level: str = "balanced") -> Iterator[Proxy]:
    """A proxy that runs, with a home of its own, and to which nothing may be sent on."""
    with TemporaryDirectory() as folder, FakeUpstream() as upstream:
        options = proxies.options(Path(folder), upstream.url, level=level)
        with proxies.running(options) as found:
            yield Proxy(found.url, level, Path(folder))
        assert list(upstream.requests) == []


def free_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@contextmanager
def a_server(health: bytes) -> Iterator[str]:
    """Another program, which answers every request with the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(health)))
            self.end_headers()
            self.wfile.write(health)

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def everything(*folders: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(file): (file.read_bytes(), file.stat().st_mode, file.stat().st_mtime_ns)
        for folder in folders for file in folder.rglob("*") if file.is_file()
    }  # fmt: skip


def persisted(home: Path, place: Path, url: str) -> Path:
    """A set-up in Claude Code's own settings."""
    file = place / ".claude" / "settings.json"
    sets = ((("env", "ANTHROPIC_BASE_URL"), url),)
    Journal(home / "configs", place).apply("wrap claude", [Change(file=file, form="json", sets=sets)])
    return file


def install(client: str, *words: str) -> None:
    assert CliRunner().invoke(main, ["hooks", "install", client, *words]).exit_code == 0
