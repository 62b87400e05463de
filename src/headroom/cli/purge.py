"""`headroom purge`: deletes what the store holds, after asking, and says what it deleted."""

from __future__ import annotations

import sys

import click

from headroom import api, settings
from headroom.cli import output
from headroom.errors import UsageError
from headroom.types import Usage


@click.command("purge", short_help="Delete all stored originals and decisions.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(yes: bool) -> None:
    """Deletes all stored originals and all decisions about conversations.

    Renderings already sent to a model can then no longer be redeemed, and running conversations are rendered anew,
    which costs their cached prefix once. Settings stay.
    """
    conf = settings.load()
    if not conf.home.exists():
        output.write(f"Nothing to delete: {conf.home} does not exist.\n")
        return
    store = api.open_store(conf)
    if not yes:
        _ask(store.usage(), str(conf.home))
    output.write(f"Deleted {described(store.purge())} from {conf.home}.\n")


def described(usage: Usage) -> str:
    """What a store holds, for a sentence."""
    originals = f"{usage.originals:,} original{'s' * (usage.originals != 1)}"
    pins = f"{usage.pins:,} decision{'s' * (usage.pins != 1)}"
    return f"{originals} and {pins} ({usage.bytes:,} bytes)"


def _ask(usage: Usage, home: str) -> None:
    """Returns if a person agrees. Raises click.Abort if not, UsageError if nobody is there to ask."""
    if not sys.stdin.isatty():
        raise UsageError(f"purge would delete {described(usage)} from {home}; add --yes to do so without being asked")
    click.confirm(f"Delete {described(usage)} from {home}?", abort=True, err=True)
