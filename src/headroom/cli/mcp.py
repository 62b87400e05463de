"""`headroom mcp`: serves the tools by which a model reads back what was left out, to an agent that starts it.

An agent waits for this with every session: what answers the calls is imported once the first message is answered.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING

import click

from headroom.errors import HeadroomError
from headroom.mcp import stdio
from headroom.mcp.jsonrpc import Requests
from headroom.mcp.protocol import Server
from headroom.mcp.tools import listed
from headroom.types import Json

if TYPE_CHECKING:
    from headroom.mcp.calls import Calls

NO_CHANGE = "{}"
"""The answer to a hook that leaves a tool's output as it is."""


@click.group("mcp", invoke_without_command=True, short_help="Serve an agent the way back to what was left out.")
@click.option("--home", metavar="FOLDER", help="Folder of the store; agents hide HEADROOM_HOME from what they start.")
@click.pass_context
def command(ctx: click.Context, home: str | None) -> None:
    """Serves the Model Context Protocol on standard input and output, until the input ends.

    Agents start this by themselves once they know of it: headroom mcp install AGENT
    """
    if ctx.invoked_subcommand is None:
        serve(home)


@command.command("install", short_help="Make the server known to an agent.")
@click.argument("agent")
def install(agent: str) -> None:
    """Writes the server into AGENT's own settings: one key, which `uninstall` takes out again."""
    import_module("headroom.cli.registering").install(agent)


@command.command("uninstall", short_help="Take the server out of an agent's settings.")
@click.argument("agent")
def uninstall(agent: str) -> None:
    """Restores the files that `install` changed, byte for byte, your own edits since then kept."""
    import_module("headroom.cli.registering").uninstall(agent)


def serve(home: str | None) -> None:
    """Answers the lines of standard input until it ends."""
    logging.basicConfig(stream=sys.stderr, format="headroom: %(message)s")

    @cache
    def calls() -> Calls:
        settings = import_module("headroom.settings")
        if home is not None:
            settings.set_home(home)
        conf = settings.load()
        made: Calls = import_module("headroom.mcp.calls").Calls(conf, time.time)
        return made

    def warm() -> None:
        with suppress(HeadroomError):  # the first call tells
            _ = calls().store
            import_module("headroom.hooks").warm()

    server = Server(listed(calls), {"hook": partial(_hook, calls)})
    stdio.serve(sys.stdin.buffer, _writer(), Requests(server.handle).read, afterwards=warm)


def _hook(calls: Callable[[], Calls], event: dict[str, Json]) -> str:
    """A client's hook that calls a tool instead of a program: the event with the client's name in, the answer out."""
    ready, client = calls(), str(event.get("client"))
    answer = import_module("headroom.hooks").answer
    made = answer(client, event, level=ready.conf.level, ledger=ready.ledger, clock=time.perf_counter)
    return NO_CHANGE if made is None else json.dumps(made)


def _writer() -> Callable[[bytes], None]:
    """Writes to standard output, which nobody else can from now on: what prints there is told on standard error."""
    pipe = io.FileIO(os.dup(1), "wb")
    os.dup2(2, 1)

    def write(line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[pipe.write(rest) or 0 :]

    return write
