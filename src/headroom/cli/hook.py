"""`headroom hook`: answers the hooks of clients that call a command: one event, a line for each line, or as a server.

Whatever is wrong, it ends with status 0 and an empty answer, which leaves a tool's output as it is.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import sys
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import click

if sys.platform != "win32":
    import fcntl

from headroom import hooks, settings
from headroom.cli import output
from headroom.errors import HeadroomError
from headroom.hooks.client import SOCKET
from headroom.ledger import Ledger

IDLE_SECONDS = 900
"""A server that was asked nothing for so long ends: the next hook starts another one."""

NOTHING = "{}"
"""The answer that changes nothing."""


@click.command("hook", short_help="Answer a client's hook; clients call this.")
@click.argument("client", required=False, type=click.Choice([hook.client for hook in hooks.HOOKS]))
@click.option("--home", metavar="FOLDER", help="Folder of the store; clients hide HEADROOM_HOME from what they start.")
@click.option("--lines", is_flag=True, help="Answer each line of the input, until it ends.")
@click.option("--serve", is_flag=True, help="Answer the hooks of all clients until there are none for a while.")
@click.option("--ready", type=int, metavar="NUMBER", help="Descriptor to write to once the server listens.")
def command(client: str | None, home: str | None, lines: bool, serve: bool, ready: int | None) -> None:
    """Reads what a client says of a tool's output, as JSON, and writes a smaller one.

    Clients run this once it was set up by: headroom hooks install CLIENT
    """
    if client is None and not serve:
        raise click.UsageError("name a client, or give --serve")
    if home is not None:
        settings.set_home(home)
    with output.warnings_shown():
        if client is None:
            _serve(settings.load().home, ready)
        elif lines:
            hooks.warm()
            for line in sys.stdin.buffer:
                output.write(answered(client, line) + "\n")
        else:
            output.write(answered(client, sys.stdin.buffer.read()) + "\n")


def answered(client: str, event: bytes) -> str:
    """The answer to an event, both as JSON."""
    try:
        told = json.loads(event)
        conf = settings.load()
    except (ValueError, RecursionError) as error:
        click.echo(f"{client}'s hook was given no JSON ({error})", err=True)
        return NOTHING
    except HeadroomError as error:
        click.echo(str(error), err=True)
        return NOTHING
    made = hooks.answer(client, told, level=conf.level, ledger=_ledger(conf.home), clock=time.perf_counter)
    return json.dumps(made) if made is not None else NOTHING


@lru_cache(maxsize=4)
def _ledger(home: Path) -> Ledger:
    return Ledger(home)


class _Request(socketserver.StreamRequestHandler):
    """A connection: a line with the client's name, then the event; the answer goes back."""

    def handle(self) -> None:
        client, _, event = self.rfile.read().partition(b"\n")
        self.wfile.write(answered(client.decode("utf-8", "replace"), event).encode())


def _serve(home: Path, ready: int | None) -> None:
    """Answers at the socket in `home`, unless another process does, until it was asked nothing for a while."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = _listening(home)
    if ready is not None:
        with suppress(BrokenPipeError):  # whoever started this does not wait for it
            os.write(ready, b"1")
        os.close(ready)
    if server is None:
        return
    with server:
        hooks.warm()
        server.timeout = IDLE_SECONDS
        over: list[bool] = []
        server.handle_timeout = lambda: over.append(True)  # type: ignore[method-assign]
        while not over:
            server.handle_request()


def _listening(home: Path) -> socketserver.ThreadingUnixStreamServer | None:
    """A server at the socket in `home`; None if another process has one there. Two that start at once take turns."""
    path = home / SOCKET
    os.umask(0o077)
    with (home / f"{SOCKET}.lock").open("ab") as turn, socket.socket(socket.AF_UNIX) as other:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if other.connect_ex(str(path)) == 0:
            return None
        path.unlink(missing_ok=True)
        return socketserver.ThreadingUnixStreamServer(str(path), _Request)
