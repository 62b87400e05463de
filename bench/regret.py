"""`python -m bench.regret`: what the cuts of a level would have cost recorded agents, into `regret.csv`.

Each recorded session goes through the real pipeline as one request, with a store of its own and a way back (by the
prefix law that is what sending it turn by turn gives). In the outputs that the level cut, the lines are looked at that
the agent used afterwards (see `headroom.audit.used`): regret is the share of them that the cut would have hidden. The
recorded agent saw everything, so nothing here shows what an agent does with a notice; and lines that were read but
never repeated are not counted. A session's tokens are those of its tool outputs, o200k, host text and notices included.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench import recorded, tables
from bench.measure import items_of
from bench.recorded import Session
from bench.texts import tokens
from bench.workloads import SHARED
from headroom import Report, compress
from headroom.audit.regret import same_request, shows, visible
from headroom.audit.used import Later, Seen, Used, common, later, turns, used, written
from headroom.compressors import stands_for
from headroom.replay.renderings import in_full
from headroom.store import MemoryStore
from headroom.types import Item, Omission

HERE = Path(__file__).resolve().parent
LEVELS = ("balanced", "aggressive")
COLUMNS = (
    "level", "part", "corpus", "of", "sessions", "outputs", "cut", "cut_percent", "raw_tokens", "tokens",
    "saved_percent", "used", "hidden", "regret_percent", "regret_low", "regret_high", "gone", "hurt", "asked_again",
)  # fmt: skip
"""`hidden` lines are cut; `gone` are those of them of which what was used stands nowhere in what is sent. `hurt` are
outputs with a hidden line. `asked_again` are cut outputs whose call the recorded agent repeated."""

SIZES = ((1_000, "<1k"), (2_000, "1-2k"), (5_000, "2-5k"), (10_000, "5-10k"), (sys.maxsize, ">10k"))
"""Raw tokens of an output, and what outputs below are called."""

GOALS = {"balanced": (2.0, 33.0), "aggressive": (8.0, 40.0)}
"""What each level aims at: at most this regret, and at least these tokens fewer, both in percent of the whole."""

RESAMPLES = 400
"""Draws of whole sessions for the interval that holds 95 of 100 of them."""


class Output(NamedTuple):
    """What became of one tool output."""

    kind: str
    raw: int
    tokens: int
    cut: bool
    used: int = 0
    hidden: int = 0
    gone: int = 0
    asked_again: bool = False


class Finding(NamedTuple):
    """A used line that is not visible, and where."""

    used: Used
    line: str
    tool: str
    kind: str
    cut: str


class Replayed(NamedTuple):
    """One session at one level."""

    corpus: str
    name: str
    outputs: list[Output]
    findings: list[Finding]


def replay(session: Session, level: str, words: frozenset[str]) -> Replayed:
    """Compresses a session and judges the outputs that were cut; `words` are no names (see `used.common`)."""
    items = items_of(session.messages)
    result = compress(session.messages, level=level, store=MemoryStore(), way_back="tool")
    reports, sent = iter(result.parts), iter(in_full(items, result).values())
    numbers, seen = turns(items), Seen()
    unjudged = sum(bool(report.omissions) for report in result.parts)
    made = Replayed(session.corpus, session.name, [], [])
    for at, item in enumerate(items):
        report, text = (next(reports), next(sent)) if item.is_part else (None, item.text)
        if report is not None and item.kind == "result":
            output, findings = _judged(item, report, text, later(items, numbers, at), seen, words)
            made.outputs.append(output)
            made.findings.extend(findings)
            unjudged -= output.cut
        if unjudged:
            for said in written(item) or [item.text]:
                seen.add(said)
    return made


def _judged(
    item: Item, report: Report, text: str, after: Later, seen: Seen, words: frozenset[str]
) -> tuple[Output, list[Finding]]:
    host = tokens([item.head, item.tail])
    output = Output(report.kind, host + report.tokens_before, host + report.tokens_after, bool(report.omissions))
    if not output.cut:
        return output, []
    shown = [stands_for(report.kind, text), text]
    lines = item.text.split("\n")
    marked = used(item, after, seen, words)
    hidden = [one for one in marked if not visible(one, lines, report.omissions, shown)]
    findings = [
        Finding(one, lines[one.line - 1], report.tool, report.kind, _cut(one, report.omissions)) for one in hidden
    ]
    return output._replace(
        used=len(marked),
        hidden=len(hidden),
        gone=sum(not any(shows(one.what, each) for each in shown) for one in hidden),
        asked_again=item.call is not None and any(same_request(item.call, call) for call in after.calls),
    ), findings


def _cut(one: Used, omissions: Sequence[Omission]) -> str:
    """The omission that holds a line, or all of them where only rows are left out."""
    held = [o for o in omissions if o.unit == "lines" and o.first <= one.line <= o.last] or omissions
    return "; ".join(f"{o.unit} {o.first}-{o.last}{o.path and f' of {o.path}'}: {o.what}" for o in held[:3])


Choice = Callable[[Output], bool]


def rows(level: str, part: str, replayed: Sequence[Replayed]) -> list[tables.Row]:
    """The rows of one level: each corpus, then all of them as a whole, by kind and by size."""
    made = []
    for corpus in dict.fromkeys(r.corpus for r in replayed):
        made.append(_row((level, part, corpus, "all"), [r for r in replayed if r.corpus == corpus], _is_any))
    kinds = sorted({o.kind for r in replayed for o in r.outputs})
    choices: list[tuple[str, Choice]] = [("all", _is_any)]
    choices += [(f"kind {kind}", partial(_is_of, kind)) for kind in kinds]
    choices += [(f"size {name}", partial(_is_sized, name)) for _, name in SIZES]
    return made + [_row((level, part, "total", of), replayed, choice) for of, choice in choices]


def _is_any(output: Output) -> bool:
    return True


def _is_of(kind: str, output: Output) -> bool:
    return output.kind == kind


def _is_sized(name: str, output: Output) -> bool:
    return next(size for limit, size in SIZES if output.raw < limit) == name


def _row(names: Sequence[str], replayed: Sequence[Replayed], choice: Choice) -> tables.Row:
    of = [[o for o in r.outputs if choice(o)] for r in replayed]
    outputs = [o for session in of for o in session]
    cut = [o for o in outputs if o.cut]
    raw, after = sum(o.raw for o in outputs), sum(o.tokens for o in outputs)
    lost = [(sum(o.hidden for o in session), sum(o.used for o in session)) for session in of]
    hidden, marked = _sums(lost)
    low, high = interval([pair for pair in lost if pair[1]])
    return {
        **dict(zip(COLUMNS, names, strict=False)), "sessions": sum(map(bool, of)), "outputs": len(outputs),
        "cut": len(cut), "cut_percent": _share(len(cut), len(outputs)), "raw_tokens": raw, "tokens": after,
        "saved_percent": tables.percent(raw, after), "used": marked, "hidden": hidden,
        "regret_percent": _share(hidden, marked), "regret_low": low, "regret_high": high,
        "gone": sum(o.gone for o in cut), "hurt": sum(o.hidden > 0 for o in cut),
        "asked_again": sum(o.asked_again for o in cut),
    }  # fmt: skip


def interval(pairs: Sequence[tuple[int, int]]) -> tuple[float | None, float | None]:
    """Between which percentages 95 of 100 draws of sessions lie, each a (hidden, used) pair; none of fewer than two."""
    if len(pairs) < 2:
        return None, None
    random = Random(0)
    shares = sorted(_share(*_sums(random.choices(pairs, k=len(pairs)))) or 0.0 for _ in range(RESAMPLES))
    return shares[RESAMPLES // 40], shares[-1 - RESAMPLES // 40]


def _sums(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    hidden = marked = 0
    for one, other in pairs:
        hidden += one
        marked += other
    return hidden, marked


def _share(some: int, all_: int) -> float | None:
    return round(100 * some / all_, 1) if all_ else None


def verdicts(table: Iterable[tables.Row]) -> list[str]:
    """One sentence for each total of a level and part: what was measured, and the level's goal."""
    totals = [row for row in table if (row["corpus"], row["of"]) == ("total", "all")]
    return [
        f"{row['level']}, {row['part']}: regret {row['regret_percent']} % of {row['used']} used lines in {row['cut']} "
        f"outputs (goal: at most {GOALS[str(row['level'])][0]:g} %), {row['saved_percent']} % fewer tokens "
        f"(goal: at least {GOALS[str(row['level'])][1]:g} %)"
        for row in totals
    ]


def told(replayed: Iterable[Replayed], most: int) -> str:
    """The first `most` used lines that are not visible, each with its session, its output and the cut."""
    found = [(r, finding) for r in replayed for finding in r.findings][:most]
    return "\n".join(
        f"{r.corpus} {r.name[:40]}  {f.tool} {f.kind}  line {f.used.line} {f.used.why}: {f.used.what[:80]!r}\n"
        f"    {f.line[:160]!r}\n    in {f.cut[:240]}"
        for r, f in found
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Replays the recorded sessions at each level; prints the table, and writes it if it is whole."""
    parser = argparse.ArgumentParser(prog="python -m bench.regret", description=main.__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with data/ (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, help="where the table goes (default: %(default)s)")
    parser.add_argument("--level", choices=LEVELS, help="only this level; writes nothing")
    parser.add_argument("--part", choices=("tune", "held"), help="only what may be tuned on, or is held out")
    parser.add_argument("--step", type=int, default=1, help="every STEP-th session only; writes nothing")
    parser.add_argument("--only", default="", help="only corpora whose name contains this; writes nothing")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="list N used lines that are not visible")
    parser.add_argument("--tab", action="store_true", help="numbered reads with a tab gutter; writes nothing")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    options = parser.parse_args(arguments)
    found = list(recorded.sessions(options.shared))
    if not found:
        print(f"there is nothing in {options.shared / 'data'}; name the folder with --shared", file=sys.stderr)
        return 2
    words = common((session.corpus, items_of(session.messages)) for session in found)
    parts = [options.part] if options.part else ["tune", "held"]
    chosen = [s for s in found if options.only in s.corpus and ("held" if s.held else "tune") in parts][:: options.step]
    if options.tab:
        chosen = [recorded.with_tab_gutter(session) for session in chosen]
    table: list[tables.Row] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for level in [options.level] if options.level else LEVELS:
            replayed = list(pool.map(partial(replay, level=level, words=words), chosen, chunksize=4))
            for part in parts:
                of = [r for s, r in zip(chosen, replayed, strict=True) if s.held == (part == "held")]
                table += rows(level, part, of)
            if len(parts) > 1:
                table.append(_row((level, "both", "total", "all"), replayed, _is_any))
            if options.show:
                print(f"{level}:\n{told(replayed, options.show)}\n")
    print(tables.text(COLUMNS, table), *verdicts(table), sep="\n")
    if not (options.level or options.part or options.only or options.tab or options.step > 1):
        tables.write(options.out / "regret.csv", COLUMNS, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
