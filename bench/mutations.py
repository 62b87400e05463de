"""`python -m bench.mutations`: real-like outputs, changed by chance, with failures planted in them, and two questions.

- *outlines*: the text goes through the public `compress` at a level that cuts. No exception, and every planted failure
  can be read in what is sent, as its decoder reads it.
- *cuts*: an opponent leaves random ranges of lines or rows out of the text, with notices in their place, and asks the
  facts gate. Where a planted failure can no longer be read anywhere, the gate must object.

Whether a failure can be read is judged here, without the gate's code: its name, two words that stand nowhere else, is
in the text or not. A violation prints the case's number, which alone reproduces it.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench import planted
from bench.generators import generated
from bench.planted import Text
from bench.workloads import SHARED, load
from headroom import compress, gate
from headroom.compressors import stands_for
from headroom.notices import PartNotices
from headroom.store import MemoryStore
from headroom.types import Omission

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus"
SOURCES_PER_SEED = 3
"""How often each generator is drawn from."""

LEAST_CHARS, MOST_CHARS = 9_000, 60_000
"""Texts are repeated up to, and cut off at, about this many characters: below the first nothing is left out."""

SHOWN = 20
"""How many violations are printed one by one."""

LEVELS = ("balanced", "aggressive")
REF = "k3f9a2tq7mbn"
_FRACTION = re.compile(r"(?<=\d)\.(?=\d)")


class Outcome(NamedTuple):
    """What became of one case."""

    mutation: str
    fate: str
    """`raw`, `encoded`, `outlined`; or of a cut: `harmless`, `objected`, `missed`."""
    wrong: str


@cache
def sources(shared: Path | None) -> tuple[str, ...]:
    """The outputs that are changed: seeded ones, the committed corpus, and the shared workloads if asked for."""
    texts = [made.text for seed in range(SOURCES_PER_SEED) for made in generated(seed)]
    texts += [path.read_bytes().decode("utf-8") for path in sorted(CORPUS.glob("*/*"))]
    if shared is not None:
        texts += [text for workload in load(shared) if workload.group != "seeded" for text in workload.texts]
    return tuple(text for text in texts if len(text) > 200)


def _unchanged(rng: Random, lines: list[str]) -> list[str]:
    return lines


def _shuffled(rng: Random, lines: list[str]) -> list[str]:
    return rng.sample(lines, len(lines))


def _without_start(rng: Random, lines: list[str]) -> list[str]:
    return lines[rng.randrange(len(lines) // 2 + 1) :]


def _without_middle(rng: Random, lines: list[str]) -> list[str]:
    start = rng.randrange(len(lines))
    return [*lines[:start], *lines[start + rng.randrange(1 + len(lines) // 2) :]]


def _without_end(rng: Random, lines: list[str]) -> list[str]:
    """Also the summary of a run is gone, and the last line ends anywhere."""
    kept = lines[: rng.randrange(len(lines) // 2, len(lines)) + 1]
    return [*kept[:-1], kept[-1][: rng.randrange(len(kept[-1]) + 1)]]


def _doubled(rng: Random, lines: list[str]) -> list[str]:
    return [line for line in lines for _ in range(rng.choice((1, 1, 2, 5)))]


def _windows(rng: Random, lines: list[str]) -> list[str]:
    return [line + "\r" for line in lines]


def _decimal_commas(rng: Random, lines: list[str]) -> list[str]:
    return [_FRACTION.sub(",", line) for line in lines]


def _interleaved(rng: Random, lines: list[str]) -> list[str]:
    """Two things write to one terminal: every few lines one of tests that pass or of a heart that beats."""
    passing = rng.choice((
        "test {a}::{b} ... ok", "tests/test_{a}.py::test_{b} PASSED", "  ✓ {a} {b} (3 ms)",
        "ok  \texample.dev/{a}\t0.1s",
        "2025-03-09 07:00:0{n} INFO [{a}] heartbeat ok", "--- PASS: Test{a} (0.0{n}s)",
    ))  # fmt: skip
    out = []
    for line in lines:
        out.append(line)
        if rng.random() < 0.4:
            out.append(passing.format(a=rng.choice(planted.NAMES), b=rng.choice(planted.NAMES), n=rng.randrange(10)))
    return out


MUTATIONS: dict[str, Callable[[Random, list[str]], list[str]]] = {
    "unchanged": _unchanged,
    "lines shuffled": _shuffled,
    "start cut off": _without_start,
    "middle cut out": _without_middle,
    "end cut off": _without_end,
    "lines doubled": _doubled,
    "CR LF": _windows,
    "decimal commas": _decimal_commas,
    "interleaved": _interleaved,
}


def case(seed: int, number: int, shared: Path | None) -> tuple[Random, str, Text]:
    """Case `number`: its random stream, the name of its mutation, its text with what is planted in it."""
    rng = Random(f"{seed} {number}")
    text = rng.choice(sources(shared))
    rows = planted.in_rows(rng, text) if rng.random() < 0.8 else None
    if rows is not None:
        return rng, "rows", rows
    lines = text.split("\n")
    while sum(map(len, lines)) < LEAST_CHARS:
        lines = [*lines, *lines]
    while sum(map(len, lines)) > MOST_CHARS and len(lines) > 1:
        lines = lines[: len(lines) // 2]
    name = rng.choice(tuple(MUTATIONS))
    return rng, name, planted.in_lines(rng, MUTATIONS[name](rng, lines))


def outlined(seed: int, number: int, shared: Path | None) -> Outcome:
    """One case of *outlines*."""
    rng, name, made = case(seed, number, shared)
    store = MemoryStore()
    try:
        result = compress(made.text, level=rng.choice(LEVELS), way_back="tool", store=store)
        report = result.parts[-1]
        sent = result.messages
        if report.ref is None:
            return Outcome(name, "raw", "" if sent == made.text else "the text changed although nothing was encoded")
        head, _, tail = made.text.partition(store.get(report.ref).text)
        read = stands_for(report.kind, sent[len(head) : len(sent) - len(tail)])
    except Exception as error:  # noqa: BLE001  any exception is the finding
        return Outcome(name, "raised", f"{type(error).__name__}: {error}")
    unread = planted.unread(made, head + read + tail)
    fate = "outlined" if report.omissions else "encoded"
    return Outcome(name, fate, f"{report.kind} hides {unread}" if unread else "")


def cut(seed: int, number: int, shared: Path | None) -> Outcome:
    """One case of *cuts*."""
    rng, name, made = case(seed, number, shared)
    try:
        shown = _cut_rows(rng, made) if made.rows else _cut_lines(rng, made)
        objections = gate.lost(made.text, shown)
    except Exception as error:  # noqa: BLE001  any exception is the finding
        return Outcome(name, "raised", f"{type(error).__name__}: {error}")
    unread = planted.unread(made, shown)
    if not unread:
        return Outcome(name, "harmless", "")
    if objections:
        return Outcome(name, "objected", "")
    return Outcome(name, "missed", f"the gate does not miss {unread}")


def _cut_lines(rng: Random, made: Text) -> str:
    lines = made.text.split("\n")
    out: list[str] = []
    at = 0
    for first, last, notice in _ranges(rng, len(lines), made.places, "lines", ""):
        out += [*lines[at:first], notice]
        at = last
    return "\n".join([*out, *lines[at:]])


def _cut_rows(rng: Random, made: Text) -> str:
    rows: list[object] = []
    at = 0
    for first, last, notice in _ranges(rng, len(made.rows), made.places, "rows", made.path):
        rows += [*made.rows[at:first], notice]
        at = last
    return made.written([*rows, *made.rows[at:]])


def _ranges(rng: Random, count: int, places: Sequence[int], unit: str, path: str) -> list[tuple[int, int, str]]:
    """Ranges that are left out, counted from 0, half open, and their notices; half of the time over a planted line."""
    writer = PartNotices(REF, "tool")
    found: list[tuple[int, int, str]] = []
    at = 0
    starts = sorted(
        {rng.randrange(count) for _ in range(rng.randint(1, 4))} | set(places if rng.random() < 0.5 else ())
    )
    for start in starts:
        first = max(at, start - rng.randrange(1 + count // 8))
        last = min(count, start + 1 + rng.randrange(1 + count // 4))
        if first < last:
            what = rng.choice(("passed tests", "INFO heartbeat", "lines", "ERROR timeout"))
            omission = Omission(unit=unit, first=first + 1, last=last, what=f"{last - first} {what}", path=path)  # type: ignore[arg-type]
            found.append((first, last, writer.write(omission)))
            at = last
    return found


QUESTIONS = {"outlines": outlined, "cuts": cut}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs both questions over the cases and prints a table by mutation; exit status 1 on any violation."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutations", description=main.__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="how many cases of each (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to repeat one")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    parser.add_argument("--only", choices=tuple(QUESTIONS), help="one of the two questions")
    parser.add_argument("--shared", type=Path, nargs="?", const=SHARED, help="also the shared workloads")
    options = parser.parse_args(arguments)
    logging.getLogger("headroom").setLevel(logging.CRITICAL)  # what is refused is counted below
    numbers = range(options.first, options.first + options.n)
    bad = 0
    for question, ask in QUESTIONS.items():
        if options.only not in (None, question):
            continue
        start = time.monotonic()
        counts: Counter[tuple[str, str]] = Counter()
        wrong = 0
        with ProcessPoolExecutor(options.jobs) as pool:
            asked = partial(ask, options.seed, shared=options.shared)
            for number, outcome in zip(numbers, pool.map(asked, numbers, chunksize=20), strict=True):
                counts[outcome.mutation, outcome.fate] += 1
                wrong += bool(outcome.wrong)
                if outcome.wrong and wrong <= SHOWN:
                    print(f"case {number} (seed {options.seed}, {outcome.mutation}): {outcome.wrong}")
        _print(question, counts)
        print(f"{question}: {options.n} cases, {wrong} wrong, {time.monotonic() - start:.0f} s\n")
        bad += wrong
    return 1 if bad else 0


def _print(question: str, counts: Counter[tuple[str, str]]) -> None:
    fates = sorted({fate for _, fate in counts})
    names = sorted({name for name, _ in counts})
    print(f"{question:<16}" + "".join(f"{fate:>10}" for fate in fates))
    for name in names:
        print(f"{name:<16}" + "".join(f"{counts[name, fate]:>10}" for fate in fates))


if __name__ == "__main__":
    sys.exit(main())
