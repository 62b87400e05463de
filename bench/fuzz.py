"""`python -m bench.fuzz`: random hostile documents through the public `compress`, and what must hold for each.

No exception, none caught inside either; the result is never longer in tokens; an encoded text decodes to its
original, judged by `exact.same`; a text with a sample of our own format inside (the code blocks of docs/FORMAT.md)
comes through as it is. A violation prints the case's number, which alone reproduces it. The reason `unverified` in
the totals is no violation, but a weakness: an encoder wrote what its own decoder does not read, and was refused.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

from bench import exact, hostile
from bench.texts import tool_outputs
from bench.workloads import anthropic_messages, openai_messages
from headroom import compress
from headroom.compressors import MARKS, stands_for
from headroom.store import MemoryStore

FORMAT = Path(__file__).resolve().parent.parent / "docs" / "FORMAT.md"
FENCE = re.compile(r"^(?P<fence>```+)[^\n`]*\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
EMBEDDED = 0.08
"""Share of the cases that hold a sample of our own format."""

SHOWN = 20
"""How many violations are printed one by one."""

LEVELS = ("lossless", "lossless", "balanced", "aggressive")
RESULT = 2
"""Where the message makers put the tool result: after the question and the call."""

TOOLS = ("", "Read", "Grep", "Bash", "list_issues")


def samples(page: Path = FORMAT) -> list[str]:
    """The code blocks of the format's page that hold one of our marks; none if the page is not there."""
    if not page.exists():
        return []
    blocks = [match["body"] for match in FENCE.finditer(page.read_text(encoding="utf-8"))]
    return [block for block in blocks if any(mark in block for mark in MARKS)]


def case(seed: int, number: int, embed: Sequence[str]) -> tuple[Random, str, bool]:
    """Case `number`: its random stream, its text, and whether a sample of our format was put in."""
    rng = Random(f"{seed} {number}")
    text = rng.choice(hostile.KINDS)(rng)
    if not embed or rng.random() >= EMBEDDED:
        return rng, text, False
    at = rng.randrange(len(text) + 1)
    return rng, text[:at] + rng.choice(("", "\n")) + rng.choice(embed) + text[at:], True


def check(seed: int, number: int, embed: Sequence[str]) -> tuple[str, str, list[str]]:
    """Runs one case: (kind, reason, what is wrong with it)."""
    rng, text, foreign = case(seed, number, embed)
    tool, level, shape = rng.choice(TOOLS), rng.choice(LEVELS), rng.randrange(4)
    store = MemoryStore()
    try:
        if shape == 0:
            result = compress(anthropic_messages(tool, {}, text), level=level, store=store)
            sent = tool_outputs(result.messages)[0]
        elif shape == 1:
            result = compress(openai_messages(tool, {}, text), level=level, store=store)
            sent = tool_outputs(result.messages)[0]
        else:
            result = compress(text, level=level, store=store, tool=tool)
            sent = result.messages
    except Exception as error:  # noqa: BLE001  any exception is the finding
        return "", "raised", [f"{type(error).__name__}: {error}"]
    wrong = []
    report = result.parts[-1] if result.parts and (shape > 1 or result.parts[-1].leaf[0] == RESULT) else None
    if report is None or report.ref is None:
        if sent != text:
            wrong.append("the text changed although nothing was encoded")
        if report is not None and report.reason == "compressor-failed":
            wrong.append("a compressor raised")
        return (report.kind, report.reason, wrong) if report else ("", "no part", wrong)
    if result.tokens_after > result.tokens_before:
        wrong.append("the result has more tokens")
    wrong += [] if report.lossless else ["the encoding is not called lossless"]
    original = store.get(report.ref).text
    if foreign and any(mark in original for mark in MARKS):  # else it stands in host text, which is not of the part
        wrong.append("a text that holds our own format was encoded")
    head, _, tail = text.partition(original)
    try:
        rendering = sent[len(head) : len(sent) - len(tail)]
        back = stands_for(report.kind, rendering)
    except Exception as error:  # noqa: BLE001  any exception is the finding
        return report.kind, report.reason, [*wrong, f"decoding raised {type(error).__name__}: {error}"]
    if original not in text or not exact.same(original, back):
        wrong.append("the rendering does not decode to the original")
    return report.kind, report.reason, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the cases and prints totals by kind and reason; exit status 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=main.__doc__)
    parser.add_argument("--n", type=int, default=100_000, help="how many cases (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to repeat one")
    options = parser.parse_args(arguments)
    embed = samples()
    if not embed:
        print(f"{FORMAT} has no samples: none are embedded", file=sys.stderr)
    logging.getLogger("headroom").setLevel(logging.CRITICAL)  # refusals are counted below
    start = time.monotonic()
    numbers = range(options.first, options.first + options.n)
    counts: Counter[str] = Counter()
    bad = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for number, (kind, reason, wrong) in zip(
            numbers, pool.map(partial(check, options.seed, embed=embed), numbers, chunksize=200), strict=True
        ):
            counts[f"{reason} {kind}".strip()] += 1
            bad += bool(wrong)
            if wrong and bad <= SHOWN:
                print(f"case {number} (seed {options.seed}): {'; '.join(wrong)}")
    for name, count in counts.most_common():
        print(f"{count:>8}  {name}")
    print(f"{options.n} cases, {len(embed)} samples of our format, {bad} wrong, {time.monotonic() - start:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
