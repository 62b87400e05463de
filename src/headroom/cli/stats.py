"""`headroom stats`: what requests through the proxy cost, and what it and the hooks spared, from the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click

from headroom import prices, settings
from headroom.cli import output
from headroom.ledger import DAY, GROUPS, NOTHING, Ledger, Total

SPANS = {"day": 1, "week": 7, "month": 30, "all": 36_500}
"""Days back from now, by word."""

BY = tuple(name for name in GROUPS if name != "all")

BAR = 24
"""Columns of the longest bar of the chart."""

TOOLS = 12
"""Rows of the table of tools."""


@click.command("stats", short_help="Show what was spent and what was spared.")
@click.option("--since", type=click.Choice(list(SPANS)), default="week", show_default=True, help="How far back.")
@click.option("--by", type=click.Choice(BY), default="day", show_default=True, help="Sum by this.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def command(since: str, by: str, as_json: bool) -> None:
    """Shows what the requests through the proxy cost at list price, and what they would have cost without it.

    Dollars spared are net: retrievals are subtracted, and a negative figure is shown as one. Hooks see no bill: what
    they took out is told in tokens. Batches are not counted: their answers come later, as files.
    """
    ledger = Ledger(settings.load().home)
    start = time.time() - SPANS[since] * DAY
    try:
        total = next(iter(ledger.totals("all", start)), NOTHING)
        groups, tools = ledger.totals(by, start), ledger.by_tool(start)
    finally:
        ledger.close()
    if as_json:
        output.write(json.dumps(record(since, by, total, groups, tools)) + "\n")
    else:
        output.write("\n".join(report(since, by, total, groups, tools)) + "\n")


def record(
    since: str, by: str, total: Total, groups: Sequence[Total], tools: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    """What `--json` prints: `total` and each of `groups` as a `ledger.Total`, and the tools, the largest first."""
    names = ("tool", "kind", "parts", "tokens_before", "tokens_after")
    return {
        "since": since,
        "total": _row(total),
        "by": by,
        "groups": [_row(group) for group in groups],
        "tools": [dict(zip(names, tool, strict=True)) for tool in tools],
        "prices_of": prices.UPDATED.isoformat(),
    }


def _row(total: Total) -> dict[str, Any]:
    return total._asdict() | {"dollars": round(total.dollars, 6), "spared": round(total.spared, 6)}


def report(since: str, by: str, total: Total, groups: Sequence[Total], tools: Sequence[Sequence[Any]]) -> Iterator[str]:
    """The same for a person: lines of at most eighty columns, however large a bill is."""
    yield from _hooked(since, total)
    if not total.requests and not tools:
        yield f"No requests went through the proxy ({since}). Start it with: headroom proxy"
        return
    if total.requests:
        yield from _billed(since, total)
        yield ""
        yield from _grouped(by, groups)
    if tools:
        yield ""
        yield from _by_tool(tools)


def _hooked(since: str, total: Total) -> Iterator[str]:
    if total.hooked:
        yield (
            f"{total.hooked:,} outputs made smaller by hooks ({since}): {total.hook_tokens:,} tokens, each counted once"
        )
    if total.hook_failures:
        yield f"{total.hook_failures:,} outputs stayed as they were because a hook failed"


def _billed(since: str, total: Total) -> Iterator[str]:
    without = total.dollars + total.spared
    yield f"{total.requests:,} requests ({since}): {_money(total.dollars)} at list price"
    yield f"{_money(total.spared)} spared, net" + (
        f": {total.spared / without:.0%} of {_money(without)}" if without > 0 else ""
    )
    yield f"{total.removed - total.hook_tokens:,} tokens not sent, {total.output:,} written"
    yield f"{total.prompt:,} tokens of prompt, {_share(total.read, total.prompt)} from the cache"
    if total.unpriced:
        yield f"{total.unpriced:,} answers have no price: an unknown model, or no account of its tokens"
    yield f"Spared dollars are an estimate; prices of {prices.UPDATED.isoformat()}."


def _grouped(by: str, groups: Sequence[Total]) -> Iterator[str]:
    yield f"{by:20} {'requests':>8} {'spent':>11} {'spared':>11}"
    most = max(group.spared for group in groups)
    for group in groups:
        bar = "▇" * round(BAR * group.spared / most) if group.spared > 0 else ""
        row = (
            f"{_name(group.name, 20)} {group.requests:8,} {_money(group.dollars):>11} {_money(group.spared):>11} {bar}"
        )
        yield row.rstrip()


def _by_tool(tools: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield f"{'tool':28} {'kind':10} {'parts':>7} {'tokens':>12} {'now':>12} {'fewer':>5}"
    for tool, kind, parts, before, after in tools[:TOOLS]:
        fewer = _share(before - after, before)
        yield f"{_name(tool or '(the user)', 28)} {_name(kind, 10)} {parts:7,} {before:12,} {after:12,} {fewer:>5}"
    if len(tools) > TOOLS:
        yield f"and {len(tools) - TOOLS} more; --json lists them"


def _name(name: str, columns: int) -> str:
    """A name from a request, in so many columns."""
    shown = output.plain(name) or "-"
    return f"{shown if len(shown) <= columns else shown[: columns - 1] + '…':{columns}}"


def _money(value: float) -> str:
    """Dollars and cents, and hundredths of a cent where it is less than one."""
    size = abs(value)
    return f"{'-' * (value < 0)}${size:,.{2 if size >= 0.01 or size == 0 else 4}f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"
