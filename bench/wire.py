"""`python -m bench.wire`: recorded exchanges of real SDKs with real providers, sent once more through the proxy.

A fake upstream answers each request with the recorded bytes, at once and then byte by byte, to a proxy at `meter` and
to one at the default level. Every answer must reach the client as it was sent; at `meter` every request must reach the
upstream as it was sent too. Exits with 1 on any difference. The recordings are YAML, which needs the developer tools.
"""

from __future__ import annotations

import argparse
import http.client
import importlib
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.workloads import SHARED
from headroom import policy
from headroom.proxy.routes import UPSTREAMS
from headroom.testing import FakeUpstream, Received, Reply

Pairs = list[tuple[str, str]]

MOST_WRITES = 20_000
"""A longer answer goes in so many pieces instead of single bytes: each piece costs about 50 µs on the way."""

OF_ONE_CONNECTION = frozenset(
    {"accept-encoding", "connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}
)
"""Headers that are not replayed: they tell of the recorded connection, and bodies were recorded decoded."""

LAUNCH = "from headroom.cli.proxy import command; command()"
"""`headroom proxy`, by the very interpreter that runs this."""

TRIES, SECONDS = 300, 0.1
"""How often, and how far apart, it is looked whether the proxy listens."""


class Exchange(NamedTuple):
    """One recorded request and its answer."""

    name: str
    method: str
    target: str
    headers: Pairs
    body: bytes | None
    status: int
    answer_headers: Pairs
    answer: bytes


def exchanges(shared: Path) -> Iterator[Exchange]:
    """All that was recorded over HTTP; frames of sockets are left out."""
    yaml = importlib.import_module("yaml")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with tarfile.open(shared / "data/wire/provider-cassettes.tar.gz") as archive:
        members = sorted((member for member in archive if member.name.endswith(".yaml")), key=lambda m: m.name)
        for member in members:
            file = archive.extractfile(member)
            recorded = yaml.load(file, loader) if file is not None else {}
            for number, pair in enumerate(recorded.get("interactions") or []):
                if "request" in pair and "response" in pair:
                    yield _exchange(f"{member.name}[{number}]", pair["request"], pair["response"])


def _exchange(name: str, request: dict[str, Any], response: dict[str, Any]) -> Exchange:
    parts = urlsplit(request["uri"])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Exchange(
        name, request["method"].upper(), target.replace(" ", "%20"), _headers(request), _body(request),
        response["status"]["code"], _headers(response), _body(response) or b"",
    )  # fmt: skip


def _headers(recorded: dict[str, Any]) -> Pairs:
    return [
        (name, value.decode("latin-1") if isinstance(value, bytes) else value)
        for name, values in recorded["headers"].items()
        for value in (values if isinstance(values, list) else [values])
        if name.lower() not in OF_ONE_CONNECTION and value.isascii()
    ]


def _body(recorded: dict[str, Any]) -> bytes | None:
    """The bytes; those of what was recorded parsed are written anew."""
    if recorded.get("parsed_body") is not None:
        return json.dumps(recorded["parsed_body"], ensure_ascii=False, default=str).encode()
    body = recorded.get("body")
    text = body["string"] if isinstance(body, dict) else body
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


@contextmanager
def proxy(level: str, upstream: str) -> Iterator[int]:
    """The port of a running `headroom proxy` with a home of its own, before `upstream`."""
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix="headroom-wire-") as home:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        names = [word for name in UPSTREAMS for word in ("--upstream", f"{name}={upstream}")]
        command = [sys.executable, "-c", LAUNCH, "--port", str(port), "--level", level, *names]
        process = subprocess.Popen(command, env={**os.environ, "HEADROOM_HOME": home}, stderr=subprocess.DEVNULL)
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait(port: int) -> None:
    """Until something answers. Raises TimeoutError."""
    for _ in range(TRIES):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(SECONDS)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")


class Replay:
    """Recorded exchanges through one proxy."""

    def __init__(self) -> None:
        self.differences: list[str] = []
        self.sent = self.changed = 0
        self._current: Exchange | None = None
        self._bytewise = False

    def reply(self, request: Received) -> Reply:
        """The upstream's side."""
        assert self._current is not None
        answer = self._current.answer
        size = -(-len(answer) // MOST_WRITES) or None if self._bytewise else None
        return Reply(
            status=self._current.status, headers=self._current.answer_headers, body=answer, chunk_bytes=size
        )  # fmt: skip

    def run(self, recorded: list[Exchange], port: int, upstream: FakeUpstream, *, exact: bool, bytewise: bool) -> None:
        """Sends every request; `exact` if it must arrive as it was sent."""
        self._bytewise = bytewise
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for exchange in recorded:
            self._current = exchange
            self.sent += 1
            status, headers, answer = _ask(link, exchange)
            received = upstream.requests[-1]
            found = {
                "status": (exchange.status, status),
                "answer": (b"" if exchange.method == "HEAD" else exchange.answer, answer),
                "answer headers": (_missing(exchange.answer_headers, headers), []),
                "method": (exchange.method, received.method),
                "target": (exchange.target, received.path),
                "request headers": (_missing(exchange.headers, list(received.headers)), []),
            }
            same = received.body == (exchange.body or b"")
            self.changed += not same
            if exact:
                found["request body"] = (exchange.body or b"", received.body)
            self.differences += [
                f"{exchange.name}: {what} differs: {str(a)[:200]} and {str(b)[:200]}"
                for what, (a, b) in found.items()
                if a != b
            ]


def _ask(link: http.client.HTTPConnection, exchange: Exchange) -> tuple[int, Pairs, bytes]:
    link.putrequest(exchange.method, exchange.target, skip_accept_encoding=True)
    for name, value in exchange.headers:
        link.putheader(name, value)
    if exchange.body is not None:
        link.putheader("Content-Length", str(len(exchange.body)))
    link.endheaders(exchange.body)
    answer = link.getresponse()
    return answer.status, answer.getheaders(), answer.read()


def _missing(sent: Pairs, arrived: Pairs) -> Pairs:
    """Headers that did not arrive with their value."""
    there = {(name.lower(), value.strip()) for name, value in arrived}
    return [(name, value) for name, value in sent if (name.lower(), value.strip()) not in there]


def main() -> int:
    """Prints a line per run and the first differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with data/ (default: %(default)s)")
    options = parser.parse_args()
    recorded = list(exchanges(options.shared))
    failed = False
    for level in ("meter", policy.DEFAULT_LEVEL):
        for bytewise in (False, True):
            replay = Replay()
            with (
                FakeUpstream(replay.reply, strict=False, otherwise=replay.reply) as upstream,
                proxy(level, upstream.url) as port,
            ):
                replay.run(recorded, port, upstream, exact=level == "meter", bytewise=bytewise)
            how = "byte by byte" if bytewise else "whole"
            counts = f"{replay.sent} exchanges, {replay.changed} requests changed"
            print(f"{level}, {how}: {counts}, {len(replay.differences)} differences", flush=True)
            print("".join(f"  {line}\n" for line in replay.differences[:10]), end="")
            failed = failed or bool(replay.differences)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
