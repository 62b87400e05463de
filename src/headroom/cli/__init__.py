"""The command line. A command is one module with a `command`, and one row of COMMANDS.

Its module is imported when it is called: `headroom --help` reads the table alone and stays fast. Errors a user can
mend are one sentence on standard error and the exit code of their class; a bug keeps its traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any, NoReturn

import click

from headroom import __version__
from headroom.errors import HeadroomError

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "audit": "Show what would have been saved in your own sessions.",
        "wrap": "Run an agent with a proxy, and nothing else changed.",
        "unwrap": "Take a persisted wrap out of an agent's files.",
        "proxy": "Relay an agent's requests and make them smaller.",
        "doctor": "Find what is wrong, and what to do about it.",
        "status": "Print one line for a status bar.",
        "stats": "Show what was spent and what was spared.",
        "compress": "Make one tool output smaller.",
        "get": "Print an original, or a range of it.",
        "show": "Show what was made of an original, and why.",
        "hooks": "Make outputs smaller by a client's own hooks, without a proxy.",
        "hook": "Answer a client's hook; clients call this.",
        "demo": "Show what Headroom does, on an incident log.",
        "mcp": "Serve an agent the way back to what was left out.",
        "purge": "Delete all stored originals and decisions.",
    }
)
"""Name and one-line help of each command, in the order of the help text. The module has the command's name."""

NAME = "headroom"

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT, as shells count."""


class CommandLine(click.Group):
    """The group of all commands, which loads one when it is called and turns errors into sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"headroom.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Runs the command line and exits: 0, 1 a failure, 2 a wrong use, 130 interrupted."""
        extra["standalone_mode"] = False
        try:
            # Without standalone mode click returns a command's value, or the code of `ctx.exit`.
            code = super().main(args, prog_name, **extra)
        except click.Abort as abort:
            # Click raises it for Ctrl-C and for the end of input at a question.
            interrupted = isinstance(abort.__cause__ or abort.__context__, KeyboardInterrupt)
            code = INTERRUPTED if interrupted else 1
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            code = error.exit_code
        except click.ClickException as error:
            context = getattr(error, "ctx", None)
            _complain(f"{error.format_message().rstrip('.')}; see {context.command_path if context else NAME} --help")
            code = error.exit_code
        except HeadroomError as error:
            _complain(str(error))
            code = error.exit_code
        sys.exit(code or 0)


def _complain(message: str) -> None:
    click.echo(f"{NAME}: {message}", err=True)


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=NAME, message="%(prog)s %(version)s")
def main() -> None:
    """Makes what an LLM agent reads smaller before the model sees it.

    Local, reversible, cache-safe. Start with: headroom demo
    """
