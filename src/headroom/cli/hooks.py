"""`headroom hooks`: installs write-time hooks in a client's own settings, takes them out again, lists them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from headroom import agents, hooks, settings
from headroom.cli import journal, output, registering
from headroom.errors import UsageError
from headroom.hooks import Paths

CLIENTS = [*(hook.client for hook in hooks.HOOKS), *(refusal.client for refusal in hooks.REFUSALS)]


@click.group("hooks", short_help="Make outputs smaller by a client's own hooks, without a proxy.")
def command() -> None:
    """Has a client make its tools' outputs smaller before its model reads them: no proxy, no base URL.

    Only keys of our own are written to its settings, and `uninstall` restores every file byte for byte.
    """


@command.command("install", short_help="Install the hooks of a client.")
@click.argument("client", type=click.Choice(CLIENTS))
@click.option("--project", is_flag=True, help="For the current folder alone.")
def install(client: str, project: bool) -> None:
    """Installs the hooks of CLIENT, and our MCP server, by which the model reads what was left out."""
    hook = hooks.find(client)
    conf = settings.load()
    edits, place = journal.opened(conf), journal.place(conf)
    _refuse_twice(edits.owners(), client, project)
    changes = [
        *hook.changes(place, Paths(sys.executable, str(conf.home)), project),
        *agents.find(client).mcp(registering.server(conf), place),
    ]
    files = edits.apply(_owner(client, project), changes)
    output.write(f"{hook.title}: hooks are installed{' for this folder' if project else ''}.\n")
    output.write("".join(f"  wrote {file}\n" for file in files))
    output.write("".join(f"{line}\n" for line in hook.tells))
    output.write(f"Take it back with: headroom hooks uninstall {client}{' --project' if project else ''}\n")


@command.command("uninstall", short_help="Take the hooks of a client out again.")
@click.argument("client", type=click.Choice(CLIENTS))
@click.option("--project", is_flag=True, help="Those of the current folder.")
def uninstall(client: str, project: bool) -> None:
    """Restores the files that `install` changed, byte for byte, your own edits since then kept."""
    files = journal.opened(settings.load()).undo(_owner(client, project))
    output.write("".join(f"  restored {file}\n" for file in files) or f"There are no hooks of ours in {client}.\n")


@command.command("list", short_help="List the installed hooks.")
def listed() -> None:
    """Lists the clients whose hooks are installed, and what is wrong with them."""
    edits = journal.opened(settings.load())
    owners = [owner for owner in edits.owners() if owner.startswith("hooks ")]
    for owner in owners:
        output.write(f"{owner.removeprefix('hooks ')}\n")
        output.write("".join(f"  {fault}\n" for fault in edits.faults(owner)))
    if not owners:
        output.write("No hooks are installed. Install them with: headroom hooks install CLIENT\n")


def _refuse_twice(owners: Sequence[str], client: str, project: bool) -> None:
    """Raises UsageError if the client would run two hooks of ours on the same output."""
    wide = f"hooks {client}"
    other = next((owner for owner in owners if (owner == wide if project else owner.startswith(f"{wide} in "))), None)
    if other is not None:
        where = other.removeprefix(f"{wide} in ")
        how = ("all folders", "") if other == wide else (where, f" --project in {where}")
        raise UsageError(
            f"the hooks of {client} are installed for {how[0]} and would run twice;"
            f" take them out first: headroom hooks uninstall {client}{how[1]}"
        )


def _owner(client: str, project: bool) -> str:
    """The name under which the journal keeps what was written."""
    return f"hooks {client} in {Path.cwd()}" if project else f"hooks {client}"
