"""`headroom demo`: the real `compress` and `retrieve` on an incident log, before and after, with its own checks.

Every figure shown is computed from this run. If a check fails, the demo says so and exits with 1.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from headroom import api, policy, settings
from headroom.cli import incident, output

WIDTH = 80
"""Columns, at most."""

HEAD = 9
"""Lines shown of the beginning of a text."""

BAR = 40
"""Columns of the longer of two bars."""

CAUSE = "FATAL"
"""What marks the entry that everything else hides."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demonstration:
    """What one run of the demo found."""

    before: str
    after: str
    fetched: str
    """What `retrieve` returned for the report's ref."""
    report: api.Report

    @property
    def facts(self) -> list[tuple[str, str, bool, bool]]:
        """Each fact: what it is, its words, whether they stand in the text before, and in the one after."""
        return [(name, words, words in self.before, words in self.after) for name, words in incident.FACTS]

    @property
    def sound(self) -> bool:
        """True if it got smaller, every fact is in both texts, and the original came back byte for byte."""
        return (
            self.report.tokens_after < self.report.tokens_before
            and all(before and after for _, _, before, after in self.facts)
            and self.fetched == self.before
        )


@click.command("demo", short_help="Show what Headroom does, on an incident log.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Shows what Headroom does: a hundred log entries, one of them the cause of an outage, before and after.

    Runs the real thing on a generated log, with a store that is gone afterwards. Exits with 1 if a check of its own
    fails.
    """
    shown = run()
    output.write(drawn(shown, colour=output.to_terminal()))
    if not shown.sound:
        ctx.exit(1)


def run() -> Demonstration:
    """Compresses the incident's conversation and fetches the original back, in a store of its own."""
    before = incident.log()
    with tempfile.TemporaryDirectory(prefix="headroom-demo-") as folder:
        conf = replace(settings.load(), home=Path(folder), level=policy.DEFAULT_LEVEL)
        with closing(api.open_store(conf)) as store:
            result = api.compress(incident.conversation(before), level=conf.level, store=store)
            report = next(part for part in result.parts if part.tool == incident.TOOL)
            fetched = api.retrieve(report.ref, store=store) if report.ref else ""
    return Demonstration(before=before, after=incident.result_text(result.messages), fetched=fetched, report=report)


def drawn(shown: Demonstration, *, colour: bool) -> str:
    """The demo as text of at most WIDTH columns. Colours follow the terminal's abilities and NO_COLOR."""
    page = io.StringIO()
    width = min(WIDTH, shutil.get_terminal_size().columns) if colour else WIDTH
    console = Console(file=page, force_terminal=colour, width=width, highlight=False)
    _texts(console, shown)
    _tokens(console, shown.report)
    _checks(console, shown)
    # Rich fills lines with blanks up to the width.
    return page.getvalue() if colour else "".join(line.rstrip() + "\n" for line in page.getvalue().splitlines())


def _texts(console: Console, shown: Demonstration) -> None:
    _line(console, f"Headroom: {incident.ENTRIES} log entries, one of them the cause of an outage", "bold")
    _line(console, f"The agent was asked: {incident.QUESTION}", "dim", wrap=True)
    _heading(console, "Before: what the tool returned", shown.before)
    _excerpt(console, shown.before.split("\n"), above=2, below=13)
    _heading(console, "After: what the model reads in its place", shown.after)
    _excerpt(console, shown.after.split("\n"), above=1, below=0)


def _tokens(console: Console, report: api.Report) -> None:
    _heading(console, "Tokens of the tool's output (o200k)")
    for name, tokens, style in (("before", report.tokens_before, "red"), ("after", report.tokens_after, "green")):
        bar = "█" * max(1, round(BAR * tokens / max(report.tokens_before, report.tokens_after)))
        console.print(Text.assemble(f"  {name:7}", (bar, style), f" {tokens:,}"))
    share = 1 - report.tokens_after / report.tokens_before
    what = "nothing left out: the decoder gives the same data back" if report.lossless else "with omissions"
    _line(console, f"{share:.0%} fewer, {what}", "bold green")


def _checks(console: Console, shown: Demonstration) -> None:
    _heading(console, "The same facts, looked for in both")
    for name, words, before, after in shown.facts:
        _check(console, before and after, f"{name:9} {words}")
    _heading(console, "The original, fetched back")
    size = f"{len(shown.fetched.encode()):,} of {len(shown.before.encode()):,} bytes"
    _check(console, shown.fetched == shown.before, f"retrieve({shown.report.ref!r}): {size}, equal to the original")
    if not shown.sound:
        _line(console, "A check failed: this is a bug in Headroom, please report it with this page.", "bold red")
    _heading(console, "Try it on your own output")
    for example in ("rg --json timeout | headroom compress", "headroom compress big.json", "headroom get REF"):
        _line(console, example, "cyan")


def _heading(console: Console, title: str, text: str | None = None) -> None:
    size = "" if text is None else f" ({text.count(chr(10)) + 1:,} lines, {len(text.encode()):,} bytes)"
    console.print()
    console.print(Text(title + size, style="bold"))


def _line(console: Console, text: str, style: str = "", *, wrap: bool = False) -> None:
    body = Text(text, style=style, no_wrap=not wrap, overflow="fold" if wrap else "ellipsis")
    console.print(Padding(body, (0, 0, 0, 2)))


def _check(console: Console, passed: bool, text: str) -> None:
    mark = ("✔ ", "green") if passed else ("✘ ", "bold red")
    console.print(Text.assemble("  ", mark, text, "" if passed else " (not found)"))


def _excerpt(console: Console, lines: Sequence[str], *, above: int, below: int) -> None:
    """The first lines, and the cause with `above` lines before its mark and `below` after. The first line (a rendering
    explains itself there) and the cause's facts are shown whole, all else cut at the margin."""
    cause = next((number for number, line in enumerate(lines) if CAUSE in line), 0)
    last = -1
    for number, line in enumerate(lines):
        if number >= HEAD and not cause - above <= number <= cause + below:
            continue
        _gap(console, number - last - 1)
        fact = cause <= number <= cause + below and any(words in line for _, words in incident.FACTS)
        _line(console, line, "bold red" if fact else "dim", wrap=fact or number == 0)
        last = number
    _gap(console, len(lines) - last - 1)


def _gap(console: Console, hidden: int) -> None:
    if hidden:
        _line(console, f"… {hidden:,} more line{'s' * (hidden != 1)}", "italic dim")
