"""All rows of an audit as one document, which every report is written from.

`document` gives plain JSON values. Each number in it is a number of a row of `sessions`, or follows from those by sums,
counts and ratios: nothing else is known. Dollars of a level are told as a range, because a replay cannot know how the
agent would have behaved: `net` is what is spared if every line that was used later and is not shown costs one turn more
to fetch it, `gross` if none does.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from headroom import __version__, prices
from headroom.audit import advice
from headroom.audit.rows import LEVELS, OTHERS, WASTES, Group, Row, Waste, as_json
from headroom.replay import Bill
from headroom.sessions import READERS

Document = dict[str, Any]

TITLES = {reader.agent: reader.title for reader in READERS}
"""Agents as people know them."""

MOST_PERIODS = 24
"""Rows of the table over time; the unit is chosen so that they suffice."""

PERIODS = (("day", 1, "%Y-%m-%d"), ("week", 7, "%G-W%V"), ("month", 30, "%Y-%m"), ("year", 365, "%Y"))
"""Name, days and form of each unit, in UTC."""

WORST = 12
"""Regrets of a level that are shown in full."""

EXAMPLES = 3
"""Of each kind of waste."""

GROWN = 40_000
"""Tokens of the largest prompt of a session that tells how fast a context fills: a quarter of the usual limit."""

DEARER = 0.0001
"""Dollars: what a session must cost more to count as dearer; less is rounding."""


def document(
    rows: Sequence[Row], *, failed: Sequence[tuple[str, str]] = (), levels: Sequence[str] = LEVELS
) -> Document:
    """All that is reported of these rows. `failed` are sessions that could not be audited: path and reason."""
    rows = sorted(rows, key=lambda row: (row.started, row.path, row.name))
    summary = _summary(rows, levels)
    priced = [(number, row) for number, row in enumerate(rows) if is_priced(row)]
    return {
        "version": __version__,
        "prices_of": prices.UPDATED.isoformat(),
        "levels": list(levels),
        "summary": summary | {"advice": advice.advice(summary, levels)},
        "tools": _grouped(rows, levels, "tool"),
        "kinds": _grouped(rows, levels, "kind"),
        "projects": _parts(priced, levels, lambda row: row.project),
        **_over_time(priced, levels),
        "regrets": _regrets(rows, levels),
        "wastes": _wastes(rows),
        "skipped": _counted(sum((Counter(row.skipped) for row in rows), Counter[str]()), "reason", "records"),
        "notes": _counted(Counter(note for row in rows for note in row.notes), "note", "sessions"),
        "failed": [{"path": path, "why": why} for path, why in failed],
        "sessions": [_session(row, levels) for row in rows],
    }


def _counted(counts: Counter[str], name: str, number: str) -> list[Document]:
    return [{name: key, number: n} for key, n in counts.most_common()]


def is_priced(row: Row) -> bool:
    """True if dollars are known of it: a model that is not in the table of prices has none."""
    return row.raw.net > 0


def gross(row: Row, level: str) -> float:
    """Dollars that the level would have spared, if nothing had been fetched back."""
    return net(row, level) + row.levels[level].asked


def net(row: Row, level: str) -> float:
    """Dollars that the level would have spared, if every hidden line that was used had been fetched back."""
    return row.raw.net - row.levels[level].net


def ratio(part: float, whole: float) -> float | None:
    """None where there is nothing to divide by."""
    return part / whole if whole else None


def _less(now: float, before: float) -> float | None:
    return ratio(before - now, before)


def _summary(rows: Sequence[Row], levels: Sequence[str]) -> Document:
    priced = [row for row in rows if is_priced(row)]
    billed = [row for row in priced if row.billed is not None]
    logged = sum(row.billed or 0.0 for row in billed)
    started = [row.started for row in rows if row.started]
    dollars = sum(row.raw.net for row in priced)
    outputs = sum(group.dollars for row in priced for group in row.groups)
    return {
        "sessions": len(rows),
        "requests": sum(row.requests for row in rows),
        "projects": len({row.project for row in rows}),
        "agents": [
            {"name": name, "title": TITLES.get(name, name), "sessions": n}
            for name, n in Counter(row.agent for row in rows).most_common()
        ],
        "first": min(started, default=None),
        "last": max(started, default=None),
        "priced": len(priced),
        "unpriced": len(rows) - len(priced),
        "estimated": sum(row.estimated for row in rows),
        "billed": {
            "sessions": len(billed),
            "dollars": logged,
            "replayed": sum(row.raw.net for row in billed),
            "off": ratio(sum(row.raw.net for row in billed) - logged, logged),
        },
        "raw": {
            "prompt": sum(row.raw.prompt for row in rows),
            "dollars": dollars,
            "input": sum(row.raw.input for row in priced),
            "output": sum(row.raw.output for row in priced),
            "outputs": outputs,
            "outputs_share": ratio(outputs, sum(row.raw.input for row in priced)),
        },
        "levels": {level: _level(rows, level) for level in levels},
    }  # fmt: skip


def _level(rows: Sequence[Row], level: str) -> Document:
    """A level's sums over all sessions; dollars over those that have a price."""
    priced = [(number, row) for number, row in enumerate(rows) if is_priced(row)]
    bills = [row.levels[level] for row in rows]
    long = [(row.raw, row.levels[level]) for row in rows
            if row.raw.turns and row.levels[level].turns and row.raw.peak >= GROWN]  # fmt: skip
    before, after = (sum(_turns(pair[side]) for pair in long) for side in (0, 1))
    sums = [group.levels[level] for row in rows for group in row.groups]
    used, hidden = sum(one.used for one in sums), sum(one.hidden for one in sums)
    prompt = sum(row.raw.prompt for row in rows)
    dearer = _dearer(priced, level)
    return {
        **_spared([row for _, row in priced], level),
        "asked": sum(row.levels[level].asked for _, row in priced),
        "retrievals": sum(bill.retrievals for bill in bills),
        "prompt": sum(bill.prompt for bill in bills),
        "prompt_fewer": _less(sum(bill.prompt for bill in bills), prompt),
        "peak_fewer": _less(sum(bill.peak for bill in bills), sum(row.raw.peak for row in rows)),
        "turns": {"sessions": len(long), "raw": before, "then": after, "more": ratio(after - before, before)},
        "cut": sum(one.cut for one in sums),
        "used": used,
        "hidden": hidden,
        "regret": ratio(hidden, used),
        "dearer": dearer,
        "dearer_sessions": len(dearer),
    }


def _dearer(priced: Iterable[tuple[int, Row]], level: str) -> list[Document]:
    """Sessions in which the level would have cost money, the worst first."""
    lost = [
        {"session": number, "more": -net(row, level), "more_share": ratio(-net(row, level), row.raw.net)}
        for number, row in priced
        if net(row, level) < -DEARER
    ]
    return sorted(lost, key=lambda one: -(one["more"] or 0.0))


def _turns(bill: Bill) -> float:
    return bill.turns or 0.0


def _spared(priced: Iterable[Row], level: str) -> Document:
    """Dollars that a level would have spared in sessions that have a price, as a range, and of which bill."""
    priced = list(priced)
    low, high = (sum(spared(row, level) for row in priced) for spared in (net, gross))
    bill, prompts = sum(row.raw.net for row in priced), sum(row.raw.input for row in priced)
    return {
        "net": low,
        "gross": high,
        "net_share": ratio(low, bill),
        "gross_share": ratio(high, bill),
        "net_input_share": ratio(low, prompts),
        "gross_input_share": ratio(high, prompts),
    }


def _grouped(rows: Sequence[Row], levels: Sequence[str], by: str) -> list[Document]:
    """The tool outputs by a field of their groups, the dearest first."""
    found: dict[str, list[Group]] = defaultdict(list)
    for row in rows:
        for group in row.groups:
            found[getattr(group, by)].append(group)
    return _dearest(
        {
            "name": name,
            "outputs": sum(group.outputs for group in groups),
            "tokens": (tokens := sum(group.tokens for group in groups)),
            "dollars": sum(group.dollars for group in groups),
            "levels": {level: _sums(groups, level, tokens) for level in levels},
        }
        for name, groups in found.items()
    )


def _sums(groups: Sequence[Group], level: str, raw: int) -> Document:
    sums = [group.levels[level] for group in groups]
    used, hidden, tokens = (sum(getattr(one, name) for one in sums) for name in ("used", "hidden", "tokens"))
    return {
        "tokens": tokens,
        "fewer": _less(tokens, raw),
        "spared": sum(one.spared for one in sums),
        "cut": sum(one.cut for one in sums),
        "used": used,
        "hidden": hidden,
        "regret": ratio(hidden, used),
    }


def _parts(priced: Sequence[tuple[int, Row]], levels: Sequence[str], name: Callable[[Row], str]) -> list[Document]:
    """Sessions with a price by a name, the dearest first."""
    found: dict[str, list[Row]] = defaultdict(list)
    for _, row in priced:
        found[name(row)].append(row)
    return sorted(
        (
            {
                "name": name,
                "sessions": len(rows),
                "dollars": sum(row.raw.net for row in rows),
                "levels": {level: _spared(rows, level) for level in levels},
            }
            for name, rows in found.items()
        ),
        key=lambda one: -one["dollars"],
    )


def _over_time(priced: Sequence[tuple[int, Row]], levels: Sequence[str]) -> Document:
    """The sessions whose day is known, by the smallest unit of time of which there are not too many."""
    dated = [(number, row) for number, row in priced if row.started]
    days = (dated[-1][1].started - dated[0][1].started) / 86_400 if dated else 0.0
    unit, _, form = next((p for p in PERIODS if days / p[1] < MOST_PERIODS), PERIODS[-1])
    parts = _parts(dated, levels, lambda row: time.strftime(form, time.gmtime(row.started)))
    return {"period": unit, "periods": sorted(parts, key=lambda part: part["name"])}


def _regrets(rows: Sequence[Row], levels: Sequence[str]) -> list[Document]:
    """The dearest lines that were used and hidden, each once with every level that hides it, the gentlest first."""
    found: dict[tuple[Any, ...], Document] = {}
    for level in levels:
        told = [(number, regret) for number, row in enumerate(rows) for regret in row.regrets if regret.level == level]
        new = 0
        for number, regret in sorted(told, key=lambda one: -one[1].dollars):
            key = (number, regret.turn, regret.call, regret.number)
            if key in found:
                found[key]["levels"].append(level)
            elif new < WORST:
                new += 1
                found[key] = asdict(regret) | {"session": number, "request": regret.turn + 1, "levels": [level]}
                del found[key]["level"]
    return list(found.values())


def _wastes(rows: Sequence[Row]) -> list[Document]:
    """What else was paid for without use, by kind, the dearest first, with the dearest things of each."""
    found: dict[str, list[tuple[int, Waste]]] = defaultdict(list)
    for number, row in enumerate(rows):
        for waste in row.wastes:
            found[waste.kind].append((number, waste))
    return _dearest(
        {"name": kind, **WASTES[kind]._asdict(), **_sum(wastes), "examples": _examples(wastes)}
        for kind, wastes in found.items()
    )


def _examples(wastes: Sequence[tuple[int, Waste]]) -> list[Document]:
    """The same thing in several sessions is one example, with the session in which it cost most."""
    found: dict[str, list[tuple[int, Waste]]] = defaultdict(list)
    for number, waste in wastes:
        if waste.what != OTHERS:
            found[waste.what].append((number, waste))
    return _dearest(
        {"what": what, **_sum(same), "session": max(same, key=lambda one: one[1].dollars)[0]}
        for what, same in found.items()
    )[:EXAMPLES]


def _sum(wastes: Sequence[tuple[int, Waste]]) -> Document:
    return {
        "sessions": len({number for number, _ in wastes}),
        "count": sum(waste.count for _, waste in wastes),
        "tokens": sum(waste.tokens for _, waste in wastes),
        "dollars": sum(waste.dollars for _, waste in wastes),
    }


def _dearest(found: Iterable[Document]) -> list[Document]:
    return sorted(found, key=lambda one: (-one["dollars"], -one["tokens"]))


def _session(row: Row, levels: Sequence[str]) -> Document:
    """The row, and what each level would have spared in it: None where it has no price."""
    told = [_spared([row], level) if is_priced(row) else None for level in levels]
    return {
        **as_json(row),
        "dollars": row.raw.net if is_priced(row) else None,
        "spared": dict(zip(levels, told, strict=True)),
    }
