"""`python -m bench.sessions`: what recorded sessions would have cost with us, in dollars, into `sessions.csv`.

Every session is replayed from its own log (`headroom.replay`): the prompts are as large as the log says, billed at the
tiers it tells, and each level's savings are taken out where they lie. A session's net has the turns added that fetch
back what was cut and then used: one for each notice that hides a line the agent used (see `headroom.audit.used`),
asked for in the turn after the output came. headroom-ai stands beside it on the same outputs (see `sessions_peer.py`).

Dollars are of input; the answers cost the same. Bash trajectories have no log of their tokens: their rows (`estimated`)
take a price, a pace and a system prompt for granted, and show shares only. `lossless, tab` is the same sessions with
file reads as current clients number them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench import recorded, sessions_peer, tables
from bench.peer import PeerError, install
from bench.sessions_peer import PEER, PEER_AS_IS
from bench.workloads import SHARED
from headroom.audit.regret import fetched, hidden, judged, shows
from headroom.audit.used import common
from headroom.replay import Bill, Replayed, replay
from headroom.replay.stretches import numbered, stretches
from headroom.sessions import Request, Skipped, logs_at
from headroom.sessions import requests as read
from headroom.tokens import counter
from headroom.types import Json

HERE = Path(__file__).resolve().parent
LEVELS = ("lossless", "balanced", "aggressive")
TAB = "lossless, tab"
COLUMNS = (
    "corpus", "session", "level", "estimated", "sessions", "requests", "raw_dollars", "dollars", "saved_percent",
    "net_percent", "dearer", "dearer_1_percent", "results_percent", "of_results_percent", "of_perfect_percent",
    "outputs", "cut", "used", "hidden", "regret_percent", "retrievals", "raw_turns", "turns", "more_turns_percent",
)  # fmt: skip
"""Dollars are of all prompts. `dearer` sessions have a net above the raw bill. `results_percent` is the share of input
dollars that are tool outputs: `of_results_percent` of it was spared; `of_perfect_percent` is the share reached of what
perfect selection of results above 1,000 tokens spares. `turns` are those until the client compacts."""

PERFECT_PERCENT = 29.0
"""Of input dollars, on these agents' sessions, keeping of results above 1,000 tokens what was needed and its
neighbours (a study of 273 of them)."""

GOALS = {"lossless": (12.0, 0.0, None, None), "balanced": (17.0, 1.0, 2.0, 20.0)}
"""At least this much less net, no session dearer by more, at most this regret, at least so many turns more, in
percent."""

PACE, MODEL = 20.0, "claude-sonnet-4-5"
"""Seconds between the turns of trajectories, and whose price they are given."""


class Session(NamedTuple):
    """One recorded session."""

    corpus: str
    name: str
    requests: list[Request]
    estimated: bool


class Way(NamedTuple):
    """One session at one level, or with the other package."""

    dollars: float
    asked: float = 0.0
    retrievals: int = 0
    cut: int = 0
    used: int = 0
    hidden: int = 0
    turns: float | None = None


class Played(NamedTuple):
    """One session and what became of it."""

    corpus: str
    name: str
    estimated: bool
    requests: int
    raw: Bill
    results: float
    """Dollars of tool outputs."""
    outputs: int
    ways: dict[str, Way]
    tab_raw: float
    """The raw bill with reads as current clients number them."""


def sessions(shared: Path, only: str = "") -> Iterator[Session]:
    """The native logs, then the trajectories of other agents; none where the folder is absent."""
    for corpus in ("claude-code", "gemini-cli"):
        for log in logs_at([shared / "data/sessions" / corpus]) if only in corpus else ():
            requests = [request for request in read(log, Skipped()) if request.messages]
            if requests:
                yield Session(corpus, log.name, requests, not any(request.usage for request in requests))
    for session in recorded.sessions(shared) if only in "mini-swe" else ():
        if session.corpus == "mini_swe":
            yield Session("mini-swe", session.name, list(_turn_by_turn(session.messages)), True)


def _turn_by_turn(messages: Sequence[Any]) -> Iterator[Request]:
    """A request before each answer in a message list."""
    for at, message in enumerate(messages):
        if message["role"] == "assistant":
            yield Request(
                messages=list(messages[:at]), model=MODEL, rewrote=False, reply=[message], at=1.77e9 + PACE * at
            )


def words_of(session: Session) -> tuple[str, list[Any]]:
    """What `used.common` asks of a session."""
    return session.corpus, numbered(stretches(session.requests))[0]


def play(session: Session, words: frozenset[str], python: Path | None) -> Played:
    """Replays a session at every level, and with headroom-ai where its Python is given. `words` are no names."""
    replayed = replay(session.requests, levels=LEVELS)
    cut = {level: _cut(replayed, level, words) for level in LEVELS}
    ways = {level: cut[level]._replace(dollars=bill.input, turns=bill.turns) for level, bill in replayed.levels.items()}
    tab_raw, ways[TAB] = _with_tabs(session.requests, replayed)
    if python is not None:
        ways |= _peers(replayed, words, python)
    return Played(
        session.corpus, session.name, session.estimated, len(session.requests), replayed.raw,
        sum(output.dollars for output in replayed.outputs), len(replayed.outputs), ways, tab_raw,
    )  # fmt: skip


def _cut(replayed: Replayed, level: str, words: frozenset[str]) -> Way:
    """What a level's cuts would have cost: dollars are left at 0."""
    way = Way(0.0)
    for output, found, *_ in judged(replayed, words, lambda output: bool(output.sent[level].report.omissions)):
        sent = output.sent[level]
        gone = hidden(output.item, found, sent)
        sizes = [each.tokens for each in fetched(output.item, gone, sent, counter().count)]
        way = way._replace(
            cut=way.cut + 1, used=way.used + len(found), hidden=way.hidden + len(gone),
            retrievals=way.retrievals + len(sizes),
            asked=way.asked + sum(replayed.extra_turn(output.turn, size, level) for size in sizes),
        )  # fmt: skip
    return way


def _with_tabs(requests: Sequence[Request], replayed: Replayed) -> tuple[float, Way]:
    """The raw bill and the lossless way of a session whose reads are numbered as current clients do."""
    known: dict[int, Json] = {}
    rewritten = [
        replace(r, messages=[known.setdefault(id(m), recorded.tabbed(m)) for m in r.messages]) for r in requests
    ]
    raw = dollars = replayed.raw.input
    for before, after in zip(replayed.outputs, replay(rewritten, levels=("lossless",)).outputs, strict=True):
        raw -= before.dollars * (1 - after.tokens / before.tokens)
        dollars -= before.dollars * (1 - after.sent["lossless"].tokens / before.tokens)
    return raw, Way(dollars)


def _peers(replayed: Replayed, words: frozenset[str], python: Path) -> dict[str, Way]:
    """headroom-ai with each output as it was when it was new, and with what it makes of each request anew."""
    sent = sessions_peer.sent(replayed, python)
    way = Way(replayed.raw.input - sessions_peer.spared(replayed, sent))
    for output, found, *_ in judged(replayed, words, lambda one: sent.born[one.place] != sessions_peer.whole(one)):
        gone = [one for one in found if not shows(one.what, sent.born[output.place])]
        size = replayed.extra_turn(output.turn, output.tokens, "") if gone else 0.0
        way = way._replace(
            cut=way.cut + 1, used=way.used + len(found), hidden=way.hidden + len(gone), asked=way.asked + size,
            retrievals=way.retrievals + bool(gone),
        )  # fmt: skip
    return {PEER: way, PEER_AS_IS: Way(sessions_peer.as_is(replayed, sent))}


def rows(played: Sequence[Played]) -> list[tables.Row]:
    """For each corpus and level the total, then each session of native logs."""
    made = []
    for corpus in dict.fromkeys(p.corpus for p in played):
        of = [p for p in played if p.corpus == corpus]
        for level in of[0].ways:
            made.append(_row((corpus, "total", level), of, level))
        made += [_row((corpus, p.name, level), [p], level) for p in of if not p.estimated for level in p.ways]
    return made


def _row(names: Sequence[str], of: Sequence[Played], level: str) -> tables.Row:
    ways = [p.ways[level] for p in of]
    before = [p.tab_raw if level == TAB else p.raw.input for p in of]
    raw, dollars = sum(before), sum(way.dollars for way in ways)
    net = [way.dollars + way.asked for way in ways]
    results = sum(p.results for p in of)
    spared = sum(before) - dollars
    window = [(p.raw.turns, way.turns) for p, way in zip(of, ways, strict=True) if p.raw.turns and way.turns]
    old, new = (sum(pair[i] for pair in window) / len(window) if window else None for i in (0, 1))
    return {
        **dict(zip(COLUMNS, names, strict=False)), "estimated": int(of[0].estimated), "sessions": len(of),
        "requests": sum(p.requests for p in of), "raw_dollars": round(raw, 2), "dollars": round(dollars, 2),
        "saved_percent": _percent(spared, raw), "net_percent": _percent(raw - sum(net), raw),
        "dearer": sum(n > b for n, b in zip(net, before, strict=True)),
        "dearer_1_percent": sum(n > 1.01 * b for n, b in zip(net, before, strict=True)),
        "results_percent": _percent(results, raw), "of_results_percent": _percent(spared, results),
        "of_perfect_percent": _percent(spared, PERFECT_PERCENT / 100 * raw), "outputs": sum(p.outputs for p in of),
        "cut": sum(w.cut for w in ways), "used": sum(w.used for w in ways), "hidden": sum(w.hidden for w in ways),
        "regret_percent": _percent(sum(w.hidden for w in ways), sum(w.used for w in ways)),
        "retrievals": sum(w.retrievals for w in ways),
        "raw_turns": old and round(old, 1), "turns": new and round(new, 1),
        "more_turns_percent": new and old and _percent(new - old, old),
    }  # fmt: skip


def _percent(some: float, whole: float) -> float | None:
    return round(100 * some / whole, 1) + 0.0 if whole else None


def verdicts(table: Iterable[tables.Row]) -> list[str]:
    """A sentence for each level's total on Claude Code's sessions, with its goal."""
    said = []
    for row in table:
        level = str(row["level"])
        if (row["corpus"], row["session"]) != ("claude-code", "total") or level not in GOALS:
            continue
        least, dearer, regret, more = GOALS[level]
        goals = [f"at least {least:g} %", f"none dearer by more than {dearer:g} %"]
        goals += [f"regret at most {regret:g} %, turns at least +{more:g} %"] if regret else []
        said.append(
            f"{level}: net {row['net_percent']} % of ${row['raw_dollars']}, {row['dearer']} of {row['sessions']} "
            f"sessions dearer ({row['dearer_1_percent']} by over 1 %), regret {row['regret_percent']} % of "
            f"{row['used']} used lines in {row['cut']} cut outputs, turns +{row['more_turns_percent']} %"
            f" (goal: {', '.join(goals)})"
        )
    return said


def main(arguments: Sequence[str] | None = None) -> int:
    """Replays the recorded sessions; prints the totals, and writes the table if it is whole."""
    parser = argparse.ArgumentParser(prog="python -m bench.sessions", description=main.__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with data/ (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, help="where the table goes (default: %(default)s)")
    parser.add_argument("--step", type=int, default=1, help="every STEP-th session only; writes nothing")
    parser.add_argument("--only", default="", help="only corpora whose name contains this; writes nothing")
    parser.add_argument("--no-peer", action="store_true", help="without headroom-ai; writes nothing")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    options = parser.parse_args(arguments)
    chosen = list(sessions(options.shared, options.only))[:: options.step]
    if not chosen:
        print(f"there is nothing in {options.shared / 'data'}; name the folder with --shared", file=sys.stderr)
        return 2
    try:
        python = None if options.no_peer else install()
    except PeerError as error:
        print(error, file=sys.stderr)
        return 1
    with ProcessPoolExecutor(options.jobs) as pool:
        words = common(pool.map(words_of, chosen, chunksize=4))
        played = list(pool.map(partial(play, words=words, python=python), chosen, chunksize=2))
    table = rows(played)
    print(tables.text(COLUMNS, [row for row in table if row["session"] == "total"]), *verdicts(table), sep="\n")
    if not (options.only or options.no_peer or options.step > 1):
        tables.write(options.out / "sessions.csv", COLUMNS, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
