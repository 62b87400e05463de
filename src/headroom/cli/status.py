"""`headroom status`: one line for a status bar, from the ledger and the run files alone.

A status bar asks every few hundred milliseconds: little is imported, nothing is changed, and whatever is wrong there is
a line, and exit code 0.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

from headroom import running, settings
from headroom.cli import output
from headroom.errors import HeadroomError
from headroom.ledger import NAME, NOTHING, Ledger, Total

BUSY_SECONDS = 0.05
"""No longer is a ledger waited for that is being written."""

CLIENTS = ("claude",)
"""Clients that have a status line which calls a program."""

STDIN_CHARS = 1_000_000


class Status(NamedTuple):
    """What is so now, and what was spared since midnight or in one session."""

    ports: tuple[int, ...]
    """Of the proxies that run."""
    total: Total
    span: str
    """"today" or "this session"."""
    problem: str = ""
    """Why no figures can be told, as one sentence."""


@click.command("status", short_help="Print one line for a status bar.")
@click.option("--claude", is_flag=True, help="Read what Claude Code tells on standard input: figures of its session.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--install", type=click.Choice(CLIENTS), help="Make this the status line of a client.")
@click.option("--uninstall", type=click.Choice(CLIENTS), help="Give a client back the status line it had.")
def command(claude: bool, as_json: bool, install: str | None, uninstall: str | None) -> None:
    """Prints where proxies listen and what was spared today, such as for a shell's prompt or a status bar."""
    if install or uninstall:
        bar = import_module("headroom.cli.statusbar")
        output.write(bar.installed(install) if install else bar.uninstalled(uninstall))
        return
    made = status(_session() if claude else "")
    output.write((json.dumps(record(made)) if as_json else line(made)) + "\n")


def status(session: str = "") -> Status:
    """What is so now; never raises on what it finds."""
    ports: tuple[int, ...] = ()
    span = "this session" if session else "today"
    try:
        home = settings.home()
        ports = tuple(proxy.port for proxy in running.running(home))
        return Status(ports, _total(home, session), span)
    except HeadroomError as error:
        return Status(ports, NOTHING, span, str(error))
    except OSError as error:
        return Status(ports, NOTHING, span, f"{error.filename} cannot be read ({error.strerror})")


def line(now: Status) -> str:
    """One line of plain text, as short as a status bar is."""
    where = "headroom " + (", ".join(map(str, now.ports)) or "off")
    return " · ".join([where, *_figures(now)])


def record(now: Status) -> dict[str, Any]:
    """What `--json` prints."""
    total = now.total
    return {
        "line": line(now), "ports": list(now.ports), "span": now.span, "requests": total.requests,
        "prompt": total.prompt, "removed": total.removed, "hook_tokens": total.hook_tokens,
        "dollars": round(total.dollars, 6), "spared": round(total.spared, 6), "problem": now.problem,
    }  # fmt: skip


def _figures(now: Status) -> list[str]:
    total = now.total
    if now.problem:
        return ["see headroom doctor"]
    if not total.requests:
        if total.hook_tokens:
            return [f"{total.hook_tokens:,} tokens fewer by hooks {now.span}"]
        return [f"nothing yet {now.span}"] if now.ports else []
    whole = total.prompt + total.removed - total.hook_tokens
    fewer = (total.removed - total.hook_tokens) / whole if whole else 0.0
    money = f"{'-' * (total.spared < -0.005)}${abs(total.spared):,.2f}"
    return [f"{fewer:.0%} fewer tokens", f"{money} spared {now.span}"]


def _total(home: Path, session: str) -> Total:
    if not (home / NAME).exists():
        return NOTHING
    today = time.localtime()
    since = 0.0 if session else time.mktime((*today[:3], 0, 0, 0, 0, 0, -1))
    ledger = Ledger(home, busy_seconds=BUSY_SECONDS, read_only=True)
    try:
        return next(iter(ledger.totals("all", since, session or None)), NOTHING)
    finally:
        ledger.close()


def _session() -> str:
    """The session that Claude Code names on standard input; empty where it names none."""
    if sys.stdin.isatty():
        return ""
    try:
        told = json.loads(sys.stdin.read(STDIN_CHARS))
    except (ValueError, RecursionError, OSError):
        return ""
    session = told.get("session_id") if isinstance(told, Mapping) else None
    return session if isinstance(session, str) else ""
