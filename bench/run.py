"""`python -m bench.run`: every workload at every level, and headroom-ai on the same bytes, into two tables.

`results.csv` holds what is the same on every machine; `speed.csv` holds megabytes of raw text per second, measured
at first sight (a store that has seen nothing; for the other package, a process that has seen nothing), ours and
theirs in alternating rounds, the median of the rounds. The median rows take ours and theirs over the same workloads.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench import measure, peer, tables
from bench.texts import outputs, tokens
from bench.workloads import SHARED, Workload, load
from headroom.policy import LEVELS

HERE = Path(__file__).resolve().parent
COLUMNS = (
    "workload", "group", "level", "way_back", "kind", "reason", "parts", "encoded", "raw_tokens", "tokens",
    "saved_percent", "lossless", "needles_literal", "needles", "needles_total", "samples_literal", "samples",
    "samples_total", "samples_percent", "refs", "redeemed", "omissions", "redeemed_ranges", "peer_tokens",
    "peer_saved_percent", "peer_needles", "peer_samples",
)  # fmt: skip
"""`needles_literal` counts those that stand in the text as sent, `needles` also those in what it decodes to: where
something was left out, that is the outline. `omissions` is how many ranges were left out of the parts."""

SPEED_COLUMNS = ("workload", "level", "raw_bytes", "mb_per_s", "peer_mb_per_s", "ratio")

Rates = dict[tuple[str, str], list[float]]
"""(workload, level) to MB/s of each round; the other package stands under the level `peer`."""

PEER = "peer"


def results(workloads: Sequence[Workload], levels: Sequence[str], answers: Sequence[peer.Answer]) -> list[tables.Row]:
    """The rows of `results.csv`; without `answers` the peer's columns stay empty."""
    theirs = {w.name: _peer_cells(w, answer) for w, answer in zip(workloads, answers, strict=False)}
    return [_row(w, level) | theirs.get(w.name, {}) for w in workloads for level in levels]


def _row(workload: Workload, level: str) -> dict[str, tables.Cell]:
    m = measure.measure(workload, level)
    return {
        "workload": workload.name, "group": workload.group, "level": level, "way_back": m.way_back,
        "kind": "+".join(m.kinds), "reason": "+".join(m.reasons), "parts": m.parts, "encoded": m.encoded,
        "raw_tokens": m.raw_tokens, "tokens": m.tokens, "saved_percent": tables.percent(m.raw_tokens, m.tokens),
        "lossless": "yes" if m.lossless else "no",
        "needles_literal": m.needles_literal, "needles": m.needles, "needles_total": len(workload.needles),
        "samples_literal": m.samples_literal, "samples": m.samples, "samples_total": len(workload.samples),
        "samples_percent": _share(m.samples, len(workload.samples)), "refs": m.refs, "redeemed": m.redeemed,
        "omissions": m.omissions, "redeemed_ranges": m.redeemed_ranges,
    }  # fmt: skip


def _peer_cells(workload: Workload, answer: peer.Answer) -> dict[str, tables.Cell]:
    if answer.error:
        return {"peer_tokens": answer.error}
    sent = outputs(answer.messages)
    raw, after = tokens(workload.texts), tokens(sent)
    return {
        "peer_tokens": after,
        "peer_saved_percent": tables.percent(raw, after),
        "peer_needles": measure.visible(workload.needles, sent),
        "peer_samples": measure.visible(workload.samples, sent),
    }


def our_round(workloads: Iterable[Workload], levels: Sequence[str], rates: Rates) -> None:
    """One timed pass of ours over everything."""
    for workload in workloads:
        size = workload.raw_bytes / 1e6
        for level in levels:
            rates.setdefault((workload.name, level), []).append(size / measure.seconds(workload.anthropic, level))


def peer_round(python: Path, workloads: Sequence[Workload], rates: Rates) -> list[peer.Answer]:
    """One timed pass of the other package, in a process of its own."""
    answers = peer.answers(python, [w.anthropic for w in workloads])
    for workload, answer in zip(workloads, answers, strict=True):
        if answer.seconds:
            rates.setdefault((workload.name, PEER), []).append(workload.raw_bytes / 1e6 / answer.seconds)
    return answers


def speeds(workloads: Sequence[Workload], levels: Sequence[str], rates: Rates) -> list[tables.Row]:
    """The rows of `speed.csv`: medians over the rounds, then for each level the medians over the workloads."""
    middle = {key: statistics.median(values) for key, values in rates.items()}
    shared = [w for w in workloads if w.group != "seeded"]
    rows: list[tables.Row] = []
    for level in levels:
        rows += [
            _speed(w.name, level, w.raw_bytes, middle[w.name, level], middle.get((w.name, PEER))) for w in workloads
        ]
        for name, of in (("(median, shared)", shared), ("(median, all)", workloads)):
            if of:
                ours = statistics.median(middle[w.name, level] for w in of)
                known = [middle[w.name, PEER] for w in of if (w.name, PEER) in middle]
                rows.append(_speed(name, level, None, ours, statistics.median(known) if known else None))
    return rows


def _speed(name: str, level: str, size: int | None, ours: float, theirs: float | None) -> tables.Row:
    return {
        "workload": name, "level": level, "raw_bytes": size, "mb_per_s": round(ours, 2),
        "peer_mb_per_s": None if theirs is None else round(theirs, 2),
        "ratio": None if theirs is None else round(ours / theirs, 1),
    }  # fmt: skip


def summary(rows: Sequence[tables.Row]) -> list[tables.Row]:
    """Token-weighted totals per group and level."""
    keys = sorted({(str(r["group"]), str(r["level"])) for r in rows})
    return [
        _total(group, level, [r for r in rows if (r["group"], r["level"]) == (group, level)]) for group, level in keys
    ]


def _total(group: str, level: str, of: Sequence[tables.Row]) -> dict[str, tables.Cell]:
    total = {c: sum(v for r in of if isinstance(v := r.get(c), int)) for c in SUMMED}
    theirs = any(isinstance(r.get("peer_tokens"), int) for r in of)
    shares = {
        "saved_percent": tables.percent(total["raw_tokens"], total["tokens"]),
        "samples_percent": _share(total["samples"], total["samples_total"]),
        "peer_saved_percent": tables.percent(total["raw_tokens"], total["peer_tokens"]) if theirs else None,
    }
    own = {c: v for c, v in total.items() if theirs or not c.startswith("peer_")}
    return {"group": group, "level": level, "n": len(of), **own, **shares}


def totals(rows: Sequence[tables.Row], group: str = "real") -> list[tables.Row]:
    """The rows of `results.csv` that sum up a group, one per level; none where the group was not measured."""
    return [
        {"workload": f"(total, {group})", **{c: row[c] for c in COLUMNS if c in row}}
        for row in summary([r for r in rows if r["group"] == group])
    ]


def _share(some: int, all_: int) -> float | None:
    return round(100 * some / all_, 1) if all_ else None


SUMMED = (
    "raw_tokens", "tokens", "needles_literal", "needles", "needles_total", "samples_literal", "samples",
    "samples_total", "refs", "redeemed", "omissions", "redeemed_ranges", "peer_tokens", "peer_needles", "peer_samples",
)  # fmt: skip
SUMMARY_COLUMNS = (
    "group", "level", "n", "raw_tokens", "tokens", "saved_percent", "needles", "needles_total", "samples_percent",
    "omissions", "redeemed_ranges", "peer_tokens", "peer_saved_percent",
)  # fmt: skip
SHOWN = (
    "workload", "level", "kind", "raw_tokens", "tokens", "saved_percent", "peer_saved_percent", "lossless",
    "needles", "needles_total", "samples", "samples_total", "peer_needles", "peer_samples", "refs", "redeemed",
    "omissions", "redeemed_ranges",
)  # fmt: skip


def _installed() -> Path | None:
    try:
        return peer.install()
    except peer.PeerError as error:
        print(f"{error}\nthe peer's columns stay empty", file=sys.stderr)
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and writes both tables; prints them."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=main.__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with workloads/ (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, help="where the tables go (default: %(default)s)")
    parser.add_argument("--only", default="", help="only workloads whose name contains this")
    parser.add_argument("--levels", nargs="+", default=[n for n in LEVELS if n != "meter"], choices=list(LEVELS))
    parser.add_argument("--runs", type=int, default=5, help="timed rounds; 0 writes no speed.csv")
    parser.add_argument("--no-peer", action="store_true", help="leave headroom-ai out")
    options = parser.parse_args(arguments)
    workloads = load(options.shared, only=options.only)
    python = None if options.no_peer else _installed()
    rates: Rates = {}
    answers: list[peer.Answer] = []
    rows = results(workloads, options.levels, [])  # also warms us up: vocabularies and patterns are loaded
    for _ in range(max(options.runs, 1)):
        if options.runs:
            our_round(workloads, options.levels, rates)
        if python is not None and (options.runs or not answers):
            answers = peer_round(python, workloads, rates)
    if answers:
        rows = results(workloads, options.levels, answers)
    tables.write(options.out / "results.csv", COLUMNS, [*rows, *totals(rows)])
    print(tables.text(SHOWN, rows), tables.text(SUMMARY_COLUMNS, summary(rows)), sep="\n\n")
    if options.runs:
        speed = speeds(workloads, options.levels, rates)
        tables.write(options.out / "speed.csv", SPEED_COLUMNS, speed)
        print("", tables.text(SPEED_COLUMNS, speed), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
