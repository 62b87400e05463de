"""What an audit sums up: every figure follows from the rows, losses are told, and nothing is recommended at a loss."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.audit.advice import BOUND, EVIDENCE, FEW
from headroom.audit.rows import LEVELS, Row
from headroom.audit.summary import GROWN, MOST_PERIODS, WORST, document
from tests.audit_rows import ASKED, DAY, START, dearer, regret, row, unpriced

ROWS = [row(n, dollars=float(n)) for n in range(1, 13)]


def made(rows: Sequence[Row], **options: Any) -> Any:
    """The document as a reader of the JSON gets it."""
    return json.loads(json.dumps(document(rows, **options)))


def advised(rows: Sequence[Row], **options: Any) -> tuple[str | None, str]:
    advice = made(rows, **options)["summary"]["advice"]
    return advice["level"], advice["sentence"]


def with_level(one: Row, level: str, **changes: Any) -> Row:
    return replace(one, levels={**one.levels, level: replace(one.levels[level], **changes)})


def with_lines(one: Row, level: str, used: int, hidden: int) -> Row:
    """The row with so many lines known at a level, all in one group."""
    first, *others = (
        replace(group, levels={**group.levels, level: replace(group.levels[level], used=0, hidden=0)})
        for group in one.groups
    )
    sums = replace(first.levels[level], used=used, hidden=hidden)
    return replace(one, groups=(replace(first, levels={**first.levels, level: sums}), *others))


# Sums


def test_dollars_of_a_level_are_a_range_with_and_without_the_turns_to_fetch_what_it_hid() -> None:
    found = made([row(1, dollars=10.0), row(2, dollars=20.0)])["summary"]
    balanced = found["levels"]["balanced"]

    assert found["raw"]["dollars"] == pytest.approx(33.0)
    assert balanced["gross"] == pytest.approx(6.0)
    assert balanced["net"] == pytest.approx(6.0 - 2 * ASKED)
    assert balanced["net_share"] == pytest.approx((6.0 - 2 * ASKED) / 33.0)
    assert balanced["gross_input_share"] == pytest.approx(0.2)
    assert balanced["turns"] == {"sessions": 2, "raw": 80.0, "then": 100.0, "more": pytest.approx(0.25)}


@given(st.lists(st.tuples(st.floats(0.01, 500), st.booleans()), max_size=12))
def test_every_figure_of_the_summary_can_be_computed_from_the_sessions(picked: list[tuple[float, bool]]) -> None:
    rows = [row(n, dollars=dollars) if priced else unpriced(n) for n, (dollars, priced) in enumerate(picked)]
    found = made(rows)
    summary, sessions = found["summary"], found["sessions"]
    priced = [one for one in sessions if one["dollars"] is not None]
    groups = [group for one in sessions for group in one["groups"]]

    assert summary["sessions"] == len(sessions)
    assert summary["requests"] == sum(one["requests"] for one in sessions)
    assert summary["priced"] + summary["unpriced"] == len(sessions)
    assert summary["raw"]["dollars"] == pytest.approx(sum(o["raw"]["input"] + o["raw"]["output"] for o in priced))
    for level in LEVELS:
        told = summary["levels"][level]
        bills = [(one["raw"], one["levels"][level]) for one in priced]
        gross = sum(raw["input"] + raw["output"] - bill["input"] - bill["output"] for raw, bill in bills)
        assert told["gross"] == pytest.approx(gross)
        assert told["net"] == pytest.approx(gross - sum(bill["asked"] for _, bill in bills))
        assert told["prompt"] == sum(one["levels"][level]["prompt"] for one in sessions)
        for name in ("used", "hidden", "cut"):
            assert told[name] == sum(group["levels"][level][name] for group in groups)
        assert told["net"] == pytest.approx(sum(one["spared"][level]["net"] for one in priced))
    assert sum(tool["dollars"] for tool in found["tools"]) == pytest.approx(sum(g["dollars"] for g in groups))
    assert sum(project["dollars"] for project in found["projects"]) == pytest.approx(summary["raw"]["dollars"])


def test_the_order_of_the_rows_makes_no_difference() -> None:
    assert document(ROWS) == document(list(reversed(ROWS)))


def test_a_session_that_a_level_makes_dearer_is_named_and_counts_against_it() -> None:
    found = made([*ROWS, dearer(50, more=0.5), dearer(51, more=2.0)])
    lost = found["summary"]["levels"]["balanced"]

    assert [found["sessions"][one["session"]]["name"][:8] for one in lost["dearer"]] == ["00000033", "00000032"]
    assert [one["more"] for one in lost["dearer"]] == pytest.approx([2.0, 0.5])
    assert lost["dearer_sessions"] == 2
    assert found["summary"]["levels"]["lossless"]["dearer"] == []
    assert lost["net"] == pytest.approx(made(ROWS)["summary"]["levels"]["balanced"]["net"] - 2.5)


def test_a_session_without_a_price_counts_in_tokens_and_in_no_dollars() -> None:
    alone, beside = made(ROWS)["summary"], made([*ROWS, unpriced(50)])["summary"]

    assert beside["unpriced"] == 1
    assert beside["raw"]["dollars"] == alone["raw"]["dollars"]
    assert beside["raw"]["prompt"] > alone["raw"]["prompt"]
    assert made([unpriced()])["sessions"][0]["spared"] == dict.fromkeys(LEVELS)


def test_a_session_that_never_grew_does_not_tell_how_fast_a_context_fills() -> None:
    short = row(2, dollars=10.0)
    short = replace(short, raw=replace(short.raw, peak=GROWN - 1, turns=9_000.0))

    turns = [made(rows)["summary"]["levels"]["balanced"]["turns"] for rows in ([row()], [row(), short])]
    assert turns[0] == turns[1]


def test_nothing_is_divided_by_nothing() -> None:
    found = made([])["summary"]

    assert (found["sessions"], found["first"], found["billed"]["off"]) == (0, None, None)
    assert {found["levels"][level]["net_share"] for level in LEVELS} == {None}


@pytest.mark.parametrize(("days", "unit"), [(3, "day"), (60, "week"), (300, "month"), (3_000, "year")])
def test_time_is_told_in_the_smallest_unit_that_fits(days: int, unit: str) -> None:
    rows = [row(n, started=START + n * days * DAY / 40) for n in range(41)]
    found = made(rows)

    assert found["period"] == unit
    assert len(found["periods"]) <= MOST_PERIODS + 1
    assert [period["name"] for period in found["periods"]] == sorted(period["name"] for period in found["periods"])
    assert sum(period["sessions"] for period in found["periods"]) == 41


def test_a_line_that_several_levels_hide_is_told_once() -> None:
    told = made([row()])["regrets"]

    assert [(one["number"], one["levels"]) for one in told] == [(412, ["balanced", "aggressive"]), (7, ["aggressive"])]
    assert [one["request"] for one in told] == [31, 31]


def test_only_the_dearest_regrets_are_told_in_full() -> None:
    rows = [row(n, regrets=(regret(dollars=n / 100),)) for n in range(1, 40)]
    told = made(rows)["regrets"]

    assert [one["dollars"] for one in told] == [n / 100 for n in range(39, 39 - WORST, -1)]


def test_only_the_levels_that_are_asked_for_are_summed() -> None:
    found = made(ROWS, levels=["balanced"])

    assert list(found["summary"]["levels"]) == ["balanced"]
    assert {level for one in found["regrets"] for level in one["levels"]} == {"balanced"}


# The recommendation


def test_the_level_that_spares_most_is_recommended() -> None:
    level, sentence = advised(ROWS)

    assert level == "balanced"  # aggressive spares more, and hides too much
    assert sentence == (
        "Level balanced would have spared $15.48 to $15.60, 18% of the bill, and hidden 24 of the 2,400 lines used"
        " later in what it cuts."
    )


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 2.0])
@pytest.mark.parametrize("count", [1, 12])
def test_no_level_is_recommended_that_would_have_cost_money(share: float, count: int) -> None:
    rows = []
    for n in range(count):
        one = row(n)
        for level in LEVELS:
            one = with_level(one, level, input=one.raw.input, asked=share * one.raw.input)
        rows.append(one)
    advice, sentence = advised(rows)

    assert advice is None
    assert sentence.startswith("No level is recommended: none would have spared dollars")
    assert ("-$" in sentence) == (share > 0)


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3, st.integers(0, 500), st.integers(0, 100)), min_size=1, max_size=8))
def test_what_is_recommended_keeps_its_rule(sessions: list[tuple[float, float, float, int, int]]) -> None:
    rows = []
    for number, (*spared, used, hidden) in enumerate(sessions):
        one = row(number)
        for level, dollars in zip(LEVELS, spared, strict=True):
            one = with_level(one, level, input=one.raw.input - dollars, asked=0.0)
            if level != "lossless":
                one = with_lines(one, level, used, min(used, hidden))
        rows.append(one)
    found = made(rows)["summary"]
    level = found["advice"]["level"]

    if level is not None:
        told = found["levels"][level]
        assert told["net"] > 0
        assert (told["regret"] or 0) <= BOUND
        assert told["cut"] == 0 or told["used"] >= EVIDENCE


def test_a_level_that_spares_hardly_more_than_a_gentler_one_is_not_recommended() -> None:
    rows = [with_level(one, "balanced", input=0.895 * one.raw.input, asked=0.0) for one in ROWS]

    assert advised(rows)[0] == "lossless"


def test_a_level_of_whose_cuts_little_is_known_is_not_recommended() -> None:
    rows = [with_lines(one, "balanced", used=1, hidden=0) for one in ROWS]

    assert advised(rows)[0] == "lossless"
    assert advised(rows, levels=["balanced"])[0] is None


def test_hardly_anything_is_not_worth_it() -> None:
    rows = [with_level(one, "lossless", input=0.995 * one.raw.input) for one in ROWS]

    level, sentence = advised(rows, levels=["lossless"])

    assert level is None
    assert "only $0.39, 0.5% of the bill" in sentence


def test_few_sessions_are_said_to_be_few() -> None:
    assert "One session is little to judge by." in advised(ROWS[:1])[1]
    assert "2 sessions are little to judge by." in advised(ROWS[:2])[1]
    assert "little" not in advised(ROWS[:FEW])[1]


def test_no_sessions_less_than_a_cent_and_no_prices_are_told_as_such() -> None:
    assert advised([]) == (None, "There is nothing to judge: no session was found.")
    assert advised([row(dollars=0.001)])[1].startswith("No level is recommended: these sessions cost less than a cent")
    assert advised([unpriced(n) for n in range(FEW)]) == (
        "lossless",
        "Level lossless would have spared 10% of the prompts' tokens and hidden no line that was used; the models have"
        " no price here, so dollars cannot be told.",
    )
