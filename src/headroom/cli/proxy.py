"""`headroom proxy`: relays an agent's requests to its provider and makes them smaller on the way."""

from __future__ import annotations

import asyncio
import errno
import secrets
import signal
import socket
import sys

import click

from headroom import policy, settings
from headroom.cli import output
from headroom.errors import UsageError
from headroom.proxy import routes, server
from headroom.proxy.guard import is_loopback

TAKEN = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})
"""Errors that say that a port or an address cannot be had; others are of other causes."""


@click.command("proxy", short_help="Relay an agent's requests and make them smaller.")
@click.option("--port", type=click.IntRange(1, 65535), default=8787, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--level", metavar="LEVEL", help=f"One of: {', '.join(policy.LEVELS)}.")
@click.option("--upstream", "upstreams", multiple=True, metavar="NAME=URL", help="Where requests for NAME go.")
@click.option("--token", metavar="TOKEN", help="Opens the dashboard; other machines must send it.  [default: random]")
def command(port: int, host: str, level: str | None, upstreams: tuple[str, ...], token: str | None) -> None:
    """Listens for an agent's requests, makes what it reads smaller, and relays them to the provider.

    Point the agent's base URL at it, such as ANTHROPIC_BASE_URL=http://127.0.0.1:8787.
    """
    conf = settings.load(overrides={"level": level})
    if not is_loopback(host) and not token:
        raise UsageError(f"{host} can be reached from other machines; give a --token, or listen on 127.0.0.1")
    options = server.Options(
        home=conf.home, store_cap=conf.store_cap, vocabulary=conf.vocabulary, level=conf.level, host=host, port=port,
        token=token or secrets.token_urlsafe(24), upstreams=routes.parse_upstreams(upstreams),
        rules=conf.rules if level is None else (), thresholds=conf.thresholds if level is None else (),
        holdout=conf.holdout,
    )  # fmt: skip
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    output.note(f"Headroom listens on {url} ({conf.level}); Ctrl-C ends it.")
    output.note(f"Dashboard: {url}/?token={options.token}")
    try:
        asyncio.run(_served(options))
    except OSError as error:
        if error.errno not in TAKEN and not isinstance(error, socket.gaierror):
            raise
        raise UsageError(
            f"port {port} of {host} cannot be used: {error.strerror or error}; name another --port or --host"
        ) from None


async def _served(options: server.Options) -> None:
    """Serves until SIGTERM, which service managers send: then the last rows are written, as after Ctrl-C."""
    serving = asyncio.ensure_future(server.serve(options))
    ended = asyncio.Event()

    def end() -> None:
        ended.set()
        serving.cancel()

    if sys.platform != "win32":  # its event loops take no signal handlers
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    try:
        await serving
    except asyncio.CancelledError:
        if not ended.is_set():  # Ctrl-C has an exit code of its own
            raise
