"""Rows of an audit, made by hand: small sessions whose figures a person can check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headroom.audit.rows import LEVELS, Group, Regret, Row, Sums, Waste
from headroom.replay import Bill

DAY = 86_400.0
START = 1_767_225_600.0
"""1 January 2026, 0:00 UTC."""

SHARES = {"lossless": 0.9, "balanced": 0.8, "aggressive": 0.7}
"""What is left of input dollars, of prompts and of outputs at each level."""

HIDDEN = {"lossless": 0, "balanced": 1, "aggressive": 8}
"""Of each hundred lines that were used."""

ASKED = 0.01
"""Dollars of one retrieval."""


def bills(dollars: float, prompt: int) -> dict[str, Bill]:
    """The bills of the levels beside a raw one of so many input dollars and a tenth of that for output."""
    return {
        level: Bill(
            prompt=round(prompt * SHARES[level]), input=dollars * SHARES[level], output=dollars / 10,
            retrievals=HIDDEN[level], asked=ASKED * HIDDEN[level], peak=round(prompt * SHARES[level] / 10),
            turns=40 / SHARES[level],
        )
        for level in LEVELS
    }  # fmt: skip


def group(tool: str, kind: str, dollars: float, used: int = 100) -> Group:
    tokens = round(dollars * 40_000)
    return Group(
        tool=tool, kind=kind, size="1-2k", outputs=7, tokens=tokens, dollars=dollars,
        levels={
            level: Sums(
                tokens=round(tokens * SHARES[level]), spared=dollars * (1 - SHARES[level]), cut=2 * HIDDEN[level],
                used=used * (HIDDEN[level] > 0), hidden=HIDDEN[level] * used // 100,
            )
            for level in LEVELS
        },
    )  # fmt: skip


def regret(level: str = "balanced", **changes: Any) -> Regret:
    made = Regret(
        level=level, tool="Bash", kind="runs", call="npm test -- --run src/cart", turn=30, number=412,
        line="  ✓ adds <b>bulk</b> orders & refunds (17 ms)", used="bulk", why="named",
        around="  ✓ opens the cart (3 ms)\n[… lines 41-418: 378 × passed · headroom_retrieve('k3f9a2tq7mbn',"
        " lines='41-418')]\n  ✗ closes the cart (90 ms)",
        dollars=0.0213,
    )  # fmt: skip
    return replace(made, **changes)


def row(number: int = 1, *, dollars: float = 2.0, **changes: Any) -> Row:
    """A session that cost so many dollars of input, and a tenth of that for output."""
    prompt = round(dollars * 1_000_000)
    made = Row(
        agent="claude", project="shop", name=f"{number:08x}-cafe-4000-8000-000000000000",
        path=f"sessions/{number}.jsonl", started=START + number * DAY, model="claude-opus-5-5", requests=40,
        billed=dollars * 1.12, estimated=False,
        raw=Bill(prompt=prompt, input=dollars, output=dollars / 10, peak=prompt // 10, turns=40.0),
        levels=bills(dollars, prompt),
        groups=(group("Read", "reading", dollars / 4), group("Bash", "runs", dollars / 8)),
        regrets=(regret(), regret("aggressive"), regret("aggressive", number=7, line="import cart", used="cart")),
        wastes=(
            Waste(kind="re-read", what="Read src/cart.ts", count=3, tokens=4_100, dollars=dollars / 50),
            Waste(kind="cache miss", what="idle for 12 minutes", count=1, tokens=91_000, dollars=dollars / 20),
        ),
        skipped={"unknown type": 2}, notes=("what sub-agents read is not in the log",),
    )  # fmt: skip
    return replace(made, **changes)


def unpriced(number: int = 1, **changes: Any) -> Row:
    """A session of a model that has no price."""
    made = row(number)
    free = {level: replace(bill, input=0.0, output=0.0, asked=0.0) for level, bill in made.levels.items()}
    groups = [replace(one, dollars=0.0, levels={level: replace(sums, spared=0.0) for level, sums in one.levels.items()})
              for one in made.groups]  # fmt: skip
    return replace(
        made, model="llama3", billed=None, raw=replace(made.raw, input=0.0, output=0.0), levels=free,
        groups=tuple(groups), wastes=(), regrets=tuple(replace(one, dollars=0.0) for one in made.regrets), **changes,
    )  # fmt: skip


def dearer(number: int = 1, more: float = 0.5) -> Row:
    """A session in which each level but the lossless would have cost so many dollars more."""
    made = row(number)
    lost = {level: replace(bill, input=made.raw.input, asked=more) for level, bill in made.levels.items()}
    return replace(made, levels=lost | {"lossless": replace(lost["lossless"], asked=0.0)})
