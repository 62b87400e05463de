"""An audit at a terminal: one screen, the most important figure first, losses named, and what was not read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.audit import figures
from headroom.audit.report import MOST_LINES, WIDTH, lines
from headroom.audit.rows import Row
from headroom.audit.summary import document
from tests.audit_rows import dearer, regret, row, unpriced

ROWS = [row(n, dollars=float(n)) for n in range(1, 13)]


def told(rows: Sequence[Row], **options: Any) -> list[str]:
    return list(lines(document(rows, **options)))


def test_the_dollars_stand_first_then_the_levels_then_the_worst_then_what_to_do() -> None:
    said = told(ROWS)
    text = "\n".join(said)

    assert said[0] == "$85.80 at list price: 12 sessions of Claude Code, 2026-01-02 to 2026-01-13."
    heads = ("$85.80", "dollars spared", "tool  ", "also paid for", "Worst hidden at balanced", "left out", "→ Level")
    assert sorted(heads, key=text.index) == list(heads)
    assert said[-3:] == [
        "  Try it: headroom wrap claude --level balanced",
        "  Cut only what these sessions prove harmless: headroom audit --calibrate",
        "  All figures: headroom audit --html audit.html",
    ]


def test_it_is_one_screen_of_eighty_columns() -> None:
    said = told([*ROWS, *map(dearer, range(50, 60)), unpriced(70)])

    assert 24 <= len(said) <= 42
    assert max(map(len, said)) <= WIDTH


def test_dollars_of_a_level_are_a_range_and_what_it_hides_stands_beside_them() -> None:
    balanced = next(line for line in told(ROWS) if line.startswith("balanced"))

    assert balanced.split() == ["balanced", "$15.48", "to", "$15.60", "18%", "-20%", "+25%", "48", "1.0%", "0"]


def test_few_lines_are_told_as_numbers_rather_than_as_a_share() -> None:
    balanced = next(line for line in told([row()]) if line.startswith("balanced"))

    assert "2 of 200" in balanced


def test_sessions_that_would_have_cost_more_are_named_with_the_loss() -> None:
    said = " ".join(told([*ROWS, dearer(50, more=0.5), dearer(51, more=2.0)]))

    assert "Dearer at balanced: 00000033-caf… by $2.00 (+91%), 00000032-caf… by $0.50 (+23%)." in said
    assert "No session would have cost more." in told(ROWS)


def test_the_worst_that_would_have_been_hidden_is_told_in_full() -> None:
    one = regret(call="pytest " + "tests/test_cart.py " * 6, line="    def refund(order): " + "x" * 100)
    said = "\n".join(told([row(regrets=(one,))]))
    flat = re.sub(r"\n *", " ", said)

    assert f"Bash {one.call.strip()}" in flat
    assert f"line 412: {one.line.strip()}".replace(" ", "") in said.replace(" ", "").replace("\n", "")
    assert "named later: bulk" in said
    assert "in its place: [… lines 41-418: 378 × passed" in said


def test_a_text_of_a_log_takes_few_lines_however_long_it_is() -> None:
    said = told([row(regrets=(regret(line="word " * 2_000, call="x" * 9_000, used="y" * 9_000),))])

    assert len(said) <= len(told([row()])) + 4 * MOST_LINES


def test_the_dearest_waste_is_told_with_its_causes_and_what_helps() -> None:
    said = " ".join(told(ROWS))

    assert "Cache miss: idle for 12 minutes, $3.90. After a break" in said
    assert "cache miss         12    1.1M      $3.90  prompts written to the cache again" in told(ROWS)


def test_what_could_not_be_read_is_said() -> None:
    said = " ".join(told(ROWS, failed=[("a/b.jsonl", "MemoryError: ")]))

    assert "1 session could not be audited, first a/b.jsonl: MemoryError:" in said
    assert "24 records of the logs left out: 24 unknown type." in said
    assert "left out" not in " ".join(told([replace(one, skipped={}) for one in ROWS]))


def test_models_without_a_price_have_tokens_and_no_dollars() -> None:
    said = told([unpriced(n) for n in range(10)])

    assert said[0] == "20.0M tokens of prompts: 10 sessions of Claude Code, 2026-01-01 to 2026-01-10."
    assert not any("$" in line for line in said)
    assert any("2 sessions without a price" in line for line in told([*ROWS, unpriced(50), unpriced(51)]))


def test_where_there_is_nothing_there_is_one_line() -> None:
    assert told([]) == ["→ There is nothing to judge: no session was found."]


def test_a_calibration_is_told_with_where_it_was_written() -> None:
    threshold = {"kind": "runs", "size": "5-10k", "level": "balanced"}
    made: dict[str, Any] = {"path": "/h/thresholds.toml", "sessions": 12, "bound": 0.01}

    def said(thresholds: list[dict[str, str]]) -> str:
        calibration = {**made, "thresholds": thresholds}
        return " ".join(lines({**document(ROWS), "calibration": calibration}))

    assert "Wrote /h/thresholds.toml." in said([threshold])
    assert "at most 1.0% of its used lines: runs 5-10k at balanced." in said([threshold])
    assert "used lines: nothing." in said([])


@given(st.lists(st.tuples(st.floats(0, 1e7), st.integers(0, 50), st.text(max_size=200)), max_size=6))
def test_no_line_is_too_wide_whatever_the_logs_say(drawn: list[tuple[float, int, str]]) -> None:
    rows = [
        row(n, dollars=dollars, name=text, project=text, path=text, regrets=(regret(line=text, call=text),),
            skipped={text: skipped})
        for n, (dollars, skipped, text) in enumerate(drawn)
    ]  # fmt: skip

    assert all(len(line) <= WIDTH and "\n" not in line for line in told(rows, failed=[("x" * 300, "y")]))


@pytest.mark.parametrize(
    ("value", "money", "share", "tokens"),
    [
        (None, "–", "–", "–"),
        (0.0, "$0.00", "0%", "0"),
        (0.0049, "$0.0049", "0.5%", "0"),
        (0.0123, "$0.01", "1.2%", "0"),
        (12.345, "$12.35", "1234%", "12"),
        (-3.5, "-$3.50", "-350%", "-4"),
        (12_345.6, "$12,346", "1234560%", "12,346"),
        (123_456.0, "$123k", "12345600%", "123k"),
        (4_560_000.0, "$4.6M", "456000000%", "4.6M"),
    ],
)
def test_figures_read_as_people_write_them(value: float | None, money: str, share: str, tokens: str) -> None:
    assert (figures.money(value), figures.share(value), figures.tokens(value)) == (money, share, tokens)
