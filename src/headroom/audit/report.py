"""An audit for a person at a terminal: one screen of at most eighty columns. What it cost stands first, what would have
been spared and at what price second, the worst that would have happened in full, and what to do next last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from headroom import policy
from headroom.audit.figures import NONE, change, day, fewer, money, named, share, short, span, tokens, whole
from headroom.audit.rows import LEVELS

WIDTH = 80

TOOLS, WASTES, EXAMPLES, DEARER = 4, 4, 2, 3
"""Rows of the tables; the page and the JSON hold all."""

WHAT = 48
"""Columns of an example of a waste."""

MOST_LINES = 3
"""Lines that a text of a log may take."""

CLOSE = 0.005
"""How far a replay may be off without a word on it."""

ENOUGH = 1_000
"""Lines from which the share of them that is hidden is told, rather than both numbers."""


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The report of a `summary.document`, line by line. Control characters of the logs are still in it."""
    summary = document["summary"]
    if summary["sessions"]:
        level = shown(document)
        yield from _head(summary)
        yield ""
        yield from _levels(summary, document["levels"])
        yield from _wrapped(_dearer(document, level))
        yield from _tools(document, level)
        yield from _wastes(document)
        yield from _regret(document, level)
    yield from _unread(document)
    yield from _calibrated(document)
    yield from _next(document)


def off(value: float) -> str:
    """Why a replay comes to more than the logs' own counts; nothing where it hardly does."""
    if value < CLOSE:
        return ""
    return " Old clients log only the beginning of an output; where they do, it is estimated here."


def shown(document: Mapping[str, Any]) -> str:
    """The level that is shown where there is room for one: the recommended, else the default, else the first."""
    levels: Sequence[str] = document["levels"]
    wanted: tuple[str, ...] = (document["summary"]["advice"]["level"], policy.DEFAULT_LEVEL, *levels)
    return next(level for level in wanted if level in levels)


def count(number: int, noun: str) -> str:
    """`1 session`, `2 sessions`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _head(summary: Mapping[str, Any]) -> Iterator[str]:
    days = span(day(summary["first"]), day(summary["last"]))
    agents = ", ".join(agent["title"] for agent in summary["agents"])
    raw, billed = summary["raw"], summary["billed"]
    of = f"{count(summary['sessions'], 'session')} of {agents}, {days}"
    if not summary["priced"]:
        yield from _wrapped(f"{tokens(raw['prompt'])} tokens of prompts: {of}.")
        yield "The table of prices lacks the models: there are no dollars."
        return
    yield from _wrapped(f"{money(raw['dollars'])} at list price: {of}.")
    told = f" ({billed['sessions']} of {summary['priced']} sessions)" if billed["sessions"] < summary["priced"] else ""
    counted = f" The logs' own counts{told} come to {money(billed['dollars'])}." if billed["off"] is not None else ""
    yield from _wrapped(
        f"Prompts are {money(raw['input'])} of it, and tool outputs in these {money(raw['outputs'])}: what levels make"
        f" smaller.{counted}{off(billed['off'] or 0.0)}"
    )
    yield "A subscription is not billed like this; the same tokens use up its limits."
    if summary["unpriced"]:
        yield f"{count(summary['unpriced'], 'session')} without a price: the table of prices lacks the model."


def _levels(summary: Mapping[str, Any], levels: Sequence[str]) -> Iterator[str]:
    heads = ("dollars spared", 19), ("of the bill", 13), ("prompts", 9), ("turns", 7), ("cut", 6), ("hidden", 9)
    yield f"{'level':10}{''.join(f'{head:>{wide}}' for head, wide in heads)}{'dearer':>7}"
    for level in levels:
        one = summary["levels"][level]
        cells = (
            span(money(one["net"]), money(one["gross"])) if summary["priced"] else NONE,
            span(share(one["net_share"]), share(one["gross_share"])),
            fewer(one["prompt_fewer"]),
            change(one["turns"]["more"]),
            whole(one["cut"]),
            _hidden(one),
        )
        row = "".join(f"{cell:>{wide}}" for cell, (_, wide) in zip(cells, heads, strict=True))
        yield f"{level:10}{row}{one['dearer_sessions']:>7,}"
    yield from _wrapped(
        "Spared: less if each hidden line that was used costs a turn to fetch, more if none does; no replay knows how"
        " the agent would have gone on. Turns: until the context is full. Cut: outputs. Hidden: of their used lines."
        " Dearer: sessions."
    )


def _hidden(one: Mapping[str, Any]) -> str:
    """How many of the used lines a level hides: a share only where there are enough of them."""
    if not one["used"]:
        return NONE
    return share(one["regret"]) if one["used"] >= ENOUGH else f"{one['hidden']} of {one['used']}"


def _dearer(document: Mapping[str, Any], level: str) -> str:
    """The sessions in which the level, else the gentlest other that does so, would have cost money."""
    if not document["summary"]["priced"]:
        return ""
    for name in sorted(document["levels"], key=lambda other: (other != level, LEVELS.index(other))):
        found = document["summary"]["levels"][name]["dearer"]
        if found:
            worst = [
                f"{named(document['sessions'][one['session']]['name'])} by {money(one['more'])}"
                f" ({change(one['more_share'])})"
                for one in found[:DEARER]
            ]
            more = f" and {len(found) - DEARER} more" if len(found) > DEARER else ""
            return f"Dearer at {name}: {', '.join(worst)}{more}."
    return "No session would have cost more."


def _dollars(value: float, document: Mapping[str, Any]) -> str:
    return money(value) if document["summary"]["priced"] else NONE


def _tools(document: Mapping[str, Any], level: str) -> Iterator[str]:
    tools = document["tools"]
    if not tools:
        return
    yield ""
    yield f"{'tool':22}{'outputs':>8}{'tokens':>8}{'dollars':>10}{level:>12}{'spared':>10}{'hidden':>10}"
    for tool in tools[:TOOLS]:
        one = tool["levels"][level]
        raw = f"{whole(tool['outputs']):>8}{tokens(tool['tokens']):>8}{_dollars(tool['dollars'], document):>10}"
        then = f"{fewer(one['fewer']):>12}{_dollars(one['spared'], document):>10}{_hidden(one):>10}"
        yield f"{short(tool['name'] or NONE, 21):22}{raw}{then}"


def _wastes(document: Mapping[str, Any]) -> Iterator[str]:
    wastes = document["wastes"]
    if not wastes:
        return
    yield ""
    yield f"{'also paid for':14}{'times':>7}{'tokens':>8}{'dollars':>11}  (overlapping; not in the above)"
    for waste in wastes[:WASTES]:
        yield (
            f"{short(waste['name'], 13):14}{whole(waste['count']):>7}{tokens(waste['tokens']):>8}"
            f"{_dollars(waste['dollars'], document):>11}  {waste['meaning']}"
        )
    dearest = wastes[0]
    most = [
        f"{short(one['what'], WHAT)}, {_dollars(one['dollars'], document)}" for one in dearest["examples"][:EXAMPLES]
    ]
    yield from _wrapped(f"{dearest['name'].capitalize()}: {'; '.join(most)}. {dearest['remedy']}", most=MOST_LINES)


def _regret(document: Mapping[str, Any], level: str) -> Iterator[str]:
    """The dearest line that the shown level, or else a deeper one, would have hidden though it was used."""
    yield ""
    order = sorted(document["regrets"], key=lambda one: (level not in one["levels"], -one["dollars"]))
    if not order:
        yield "No line is known that was used later and that a level would have hidden."
        return
    worst = order[0]
    name = level if level in worst["levels"] else worst["levels"][0]
    session = document["sessions"][worst["session"]]
    notice = next((line for line in worst["around"].split("\n") if "[… " in line), "")
    yield from _wrapped(
        f"Worst hidden at {name}, {_dollars(worst['dollars'], document)} to fetch: session {named(session['name'])},"
        f" request {worst['request']}"
    )
    yield from _wrapped(f"{worst['tool']} {worst['call']}", "  ", most=MOST_LINES)
    yield from _wrapped(f"line {worst['number']}: {worst['line']}", "  ", most=MOST_LINES)
    yield from _wrapped(f"{worst['why']} later: {worst['used']}", "  ", most=MOST_LINES)
    if notice:
        yield from _wrapped(f"in its place: {notice}", "  ", most=MOST_LINES)


def _unread(document: Mapping[str, Any]) -> Iterator[str]:
    """Sessions and records of which nothing is in the figures."""
    failed, skipped = document["failed"], document["skipped"]
    if failed:
        yield from _wrapped(
            f"{count(len(failed), 'session')} could not be audited, first {failed[0]['path']}: {failed[0]['why']}",
            most=MOST_LINES,
        )
    if skipped:
        reasons = ", ".join(f"{one['records']:,} {one['reason']}" for one in skipped)
        left_out = count(sum(one["records"] for one in skipped), "record")
        yield from _wrapped(f"{left_out} of the logs left out: {reasons}.", most=MOST_LINES)


def _calibrated(document: Mapping[str, Any]) -> Iterator[str]:
    """What was written where thresholds were asked for."""
    made = document.get("calibration")
    if made is None:
        return
    yield from _wrapped(
        f"Wrote {made['path']}. From now on something is left out only of what {count(made['sessions'], 'session')}"
        f" proved to lose at most {share(made['bound'])} of its used lines: {_proved(made['thresholds'])}."
    )


def _proved(thresholds: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{one['kind']} {one['size']} at {one['level']}" for one in thresholds) or "nothing"


def _next(document: Mapping[str, Any]) -> Iterator[str]:
    advice = document["summary"]["advice"]
    yield from _wrapped("→ " + advice["sentence"], "  ")
    if advice["level"]:
        yield f"  Try it: headroom wrap {document['summary']['agents'][0]['name']} --level {advice['level']}"
    if any(one["hidden"] for one in document["summary"]["levels"].values()) and "calibration" not in document:
        yield "  Cut only what these sessions prove harmless: headroom audit --calibrate"
    if document["summary"]["sessions"]:
        yield "  All figures: headroom audit --html audit.html"


def _wrapped(text: str, indent: str = "", *, most: int | None = None) -> list[str]:
    """`text` by words, in at most so many lines; all of them are indented but one that begins with an arrow."""
    first = "" if text.startswith("→") else indent
    return wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=indent, max_lines=most, placeholder=" …",
        break_on_hyphens=False,
    )  # fmt: skip
