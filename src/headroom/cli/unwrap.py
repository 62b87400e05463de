"""`headroom unwrap`: takes back what `headroom wrap AGENT --persist` wrote."""

from __future__ import annotations

import click

from headroom import agents, settings
from headroom.cli import journal, output
from headroom.cli.persisting import OWNER
from headroom.errors import ConfigError


@click.command("unwrap", short_help="Take a persisted wrap out of an agent's files.")
@click.argument("agent", required=False)
def command(agent: str | None) -> None:
    """Restores the files that `wrap AGENT --persist` changed, byte for byte, your own edits since then kept.

    Without AGENT, those of all agents.
    """
    edits = journal.opened(settings.load())
    owners = [owner for owner in edits.owners() if owner.startswith(f"{OWNER} ")]
    if agent is not None:
        owner = f"{OWNER} {agents.find(agent).name}"
        if owner not in owners:
            output.write(f"{agents.find(agent).title} is not wrapped by file: there is nothing to undo.\n")
            return
        owners = [owner]
    if not owners:
        output.write("No agent is wrapped by file: there is nothing to undo.\n")
    refused = []
    for owner in owners:
        faults = edits.faults(owner)
        try:
            files = edits.undo(owner)
        except ConfigError as error:
            refused.append(str(error))
            continue
        output.write(f"{agents.find(owner.removeprefix(f'{OWNER} ')).title} is no longer wrapped.\n")
        output.write("".join(f"  left as you made it: {fault}\n" for fault in faults))
        output.write("".join(f"  restored {file}\n" for file in files))
    if refused:
        raise ConfigError("; ".join(refused))
