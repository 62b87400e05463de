"""`headroom hook`: answers the hooks of clients that call a command: one event, a line for each line, or as a server.

Whatever is wrong, it ends with status 0 and an empty answer, which leaves a tool's output as it is.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import sys
from functools import lru_cache
from pathlib import Path

import click

from headroom import api, hooks, settings
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
@click.option("--lines", is_flag=True, help="Answer each line of the input, until it ends.")
@click.option("--serve", is_flag=True, help="Answer the hooks of all clients until there are none for a while.")
def command(client: str | None, lines: bool, serve: bool) -> None:
    """Reads what a client says of a tool's output, as JSON, and writes a smaller one.

    Clients run this once it was set up by: headroom hooks install CLIENT
    """
    if client is None and not serve:
        raise click.UsageError("name a client, or give --serve")
    with output.warnings_shown():
        if client is None:
            _serve(settings.load().home)
        elif lines:
            for line in sys.stdin.buffer:
                output.write(answered(client, line) + "\n")
        else:
            output.write(answered(client, sys.stdin.buffer.read()) + "\n")


def answered(client: str, event: bytes) -> str:
    """The answer to an event, both as JSON."""
    try:
        told = json.loads(event)
        conf = settings.load()
        store = api.open_store(conf)
    except (ValueError, RecursionError) as error:
        click.echo(f"{client}'s hook was given no JSON ({error})", err=True)
        return NOTHING
    except HeadroomError as error:
        click.echo(str(error), err=True)
        return NOTHING
    made = hooks.answer(client, told, level=conf.level, store=store, ledger=_ledger(conf.home))
    return json.dumps(made) if made is not None else NOTHING


@lru_cache(maxsize=4)
def _ledger(home: Path) -> Ledger:
    return Ledger(home)


class _Request(socketserver.StreamRequestHandler):
    """A connection: a line with the client's name, then the event; the answer goes back."""

    def handle(self) -> None:
        client, _, event = self.rfile.read().partition(b"\n")
        self.wfile.write(answered(client.decode("utf-8", "replace"), event).encode())


def _serve(home: Path) -> None:
    """Answers at the socket in `home`, unless another process does, until it was asked nothing for a while."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / SOCKET
    with socket.socket(socket.AF_UNIX) as other:
        if other.connect_ex(str(path)) == 0:
            return
    path.unlink(missing_ok=True)
    os.umask(0o077)
    with socketserver.ThreadingUnixStreamServer(str(path), _Request) as server:
        server.timeout = IDLE_SECONDS
        over: list[bool] = []
        server.handle_timeout = lambda: over.append(True)  # type: ignore[method-assign]
        while not over:
            server.handle_request()
