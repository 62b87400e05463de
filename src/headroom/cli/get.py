"""`headroom get`: an original comes back, byte for byte, or the range of it that is asked for."""

from __future__ import annotations

import click

from headroom import api
from headroom.cli import output


@click.command("get", short_help="Print an original, or a range of it.")
@click.argument("ref")
@click.option("--lines", metavar="A-B", help="Lines A to B; also A, A- (to the end) or -N (the last N).")
@click.option("--query", metavar="TEXT", help="The ranges that match these words best, with line numbers.")
@click.option("--path", metavar="PATH", help="The value at a JSON path such as $.items[3].name.")
@click.option("--rows", metavar="A-B", help="Elements or members A to B of the JSON array or object at --path.")
def command(ref: str, lines: str | None, query: str | None, path: str | None, rows: str | None) -> None:
    """Prints the original behind REF, the name that a rendering or a report gives it.

    Nothing is added or changed, so that the output can be written to a file or compared.
    """
    output.write_text(api.retrieve(ref, lines=lines, query=query, path=path, rows=rows))
