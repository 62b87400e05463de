"""`headroom proxy`: relays an agent's requests to its provider and makes them smaller on the way."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import click

from headroom import __version__, policy, running, settings, supervisor
from headroom.cli import output
from headroom.errors import UsageError
from headroom.proxy import routes, server, tuning
from headroom.running import Running, is_loopback

log = logging.getLogger("headroom")

TAKEN = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})
"""Errors that say that a port or an address cannot be had; others are of other causes."""


@click.command("proxy", short_help="Relay an agent's requests and make them smaller.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=supervisor.PORT, show_default=True,
    help="Port to listen on; 0 is a free one.",
)  # fmt: skip
@click.option("--host", default=supervisor.HOST, show_default=True, help="Address to listen on.")
@click.option("--level", metavar="LEVEL", help=f"One of: {', '.join(policy.LEVELS)}.")
@click.option("--upstream", "upstreams", multiple=True, metavar="NAME=URL", help="Where requests for NAME go.")
@click.option("--token", metavar="TOKEN", help="Opens the dashboard; other machines must send it.  [default: random]")
@click.option("--leased", type=click.FloatRange(0), hidden=True, help="Seconds to go on after the last wrap.")
def command(
    port: int, host: str, level: str | None, upstreams: tuple[str, ...], token: str | None, leased: float | None
) -> None:
    """Listens for an agent's requests, makes what it reads smaller, and relays them to the provider.

    Point the agent's base URL at it, such as ANTHROPIC_BASE_URL=http://127.0.0.1:8787.
    """
    conf = settings.load(overrides={"level": level})
    if not is_loopback(host) and not token:
        raise UsageError(f"{host} can be reached from other machines; give a --token, or listen on 127.0.0.1")
    if level is not None:
        conf = supervisor.at_one_level(conf)
    options = server.Options(
        home=conf.home, store_cap=conf.store_cap, vocabulary=conf.vocabulary, level=conf.level, host=host, port=port,
        token=token or secrets.token_urlsafe(24), upstreams=routes.parse_upstreams(upstreams), rules=conf.rules,
        thresholds=conf.thresholds, holdout=conf.holdout, leased=leased,
    )  # fmt: skip
    name = supervisor.fingerprint(conf, options.upstreams, settings.environment(), host)
    try:
        asyncio.run(_served(options, lambda port: _announced(options, name, port)))
    except OSError as error:
        if error.errno not in TAKEN and not isinstance(error, socket.gaierror):
            raise
        other = next((proxy for proxy in running.running(conf.home) if proxy.port == port), None)
        if other is not None:
            raise UsageError(
                f"port {port} has a Headroom proxy already (process {other.pid}, {other.level}); use that one, or name"
                " another --port"
            ) from None
        raise UsageError(
            f"port {port} of {host} cannot be used: {error.strerror or error}; name another --port or --host"
        ) from None


@contextmanager
def _announced(options: server.Options, fingerprint: str, port: int) -> Iterator[None]:
    """Tells people and other commands where the proxy listens, as long as it does."""
    own = Running(
        os.getpid(), options.host, port, options.token, __version__, options.level, options.upstreams, fingerprint,
        time.time(),
    )  # fmt: skip
    try:
        running.announce(options.home, own)
    except OSError as error:
        log.warning("other commands cannot find this proxy: %s", error)
    try:
        output.note(f"Headroom listens on {own.url} ({own.level}); Ctrl-C ends it.")
        output.note(f"Dashboard: {own.url}/?token={own.token}")
        if options.leased is not None:
            output.write(f"{port}\n")  # whoever started it waits for this line
        yield
    finally:
        running.withdraw(options.home, own)


async def _served(options: server.Options, listening: Callable[[int], AbstractContextManager[None]]) -> None:
    """Serves until SIGTERM, which service managers send: then the last rows are written, as after Ctrl-C."""
    tuning.settle()
    serving = asyncio.ensure_future(server.serve(options, listening))
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
