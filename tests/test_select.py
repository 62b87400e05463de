"""What stays of a text of which something is left out, whoever described its units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._select import LIGHT_CUT_CHARS, MIN_CUT_CHARS, RARE, dropped, select, told
from headroom.types import Judged, Unit

BEAT = "INFO heartbeat of the worker pool, everything as it should be"


def beats(count: int, **changed: Unit) -> list[Unit]:
    """`count` units that all show the same thing; `changed` replaces some, named by place: `at7=Unit(…)`."""
    units = [Unit(n, n, BEAT, "heartbeats", "INFO heartbeat") for n in range(1, count + 1)]
    for place, unit in changed.items():
        units[int(place[2:])] = unit
    return units


def shown(judged: list[Judged]) -> dict[int, str]:
    return {one.unit.first: one.why for one in judged if one.shown}


def test_of_what_repeats_the_first_and_the_edges_stay() -> None:
    assert shown(select(beats(100), None)) == {1: "edge of the text", 2: "edge of the text", 100: "edge of the text"}


def test_what_is_like_nothing_else_stays() -> None:
    odd = Unit(51, 51, "a line of its own", "lines", "")
    assert shown(select(beats(100, at50=odd), None))[51] == "unlike others"


def test_what_must_be_shown_stays_with_its_reason() -> None:
    failed = Unit(51, 51, BEAT, "heartbeats", "INFO heartbeat", keep="failure")
    assert shown(select(beats(100, at50=failed), None))[51] == "failure"


def test_a_rare_word_of_the_query_names_the_units_it_stands_in() -> None:
    named = Unit(51, 51, f"{BEAT} PG-5523", "heartbeats", "INFO heartbeat")
    assert shown(select(beats(100, at50=named), "What about pg-5523?"))[51] == "named by the query"
    assert 51 not in shown(select(beats(100, at50=named), "What about the heartbeat?"))


def named(texts: list[str], query: str) -> set[int]:
    """The places of the texts that a query names."""
    judged = select([Unit(n, n, text, "lines", "x") for n, text in enumerate(texts)], query)
    return {n for n, why in shown(judged).items() if why == "named by the query"}


def test_a_time_of_the_query_names_the_units_of_that_second_or_minute() -> None:
    texts = [f"2026-03-09T{7 + n // 60:02}:{n % 60:02}:10.5Z {BEAT}" for n in range(200)]
    assert named(texts, "What happened at 8:30?") == {90}
    assert named(texts, "See 2026-03-09 08:30:10") == {90}
    assert named(texts, "See 08:30:11") == set()


def test_two_words_of_the_query_side_by_side_name_a_unit_where_each_alone_is_frequent() -> None:
    first, last = ("Ann", "Bob", "Cem"), ("Berg", "Zhou", "Kaya", "Diaz")
    texts = [f"{BEAT}: {first[n % 3]} {last[n % 4]} {n % 50}" for n in range(200)]
    assert named(texts, "what did Cem Zhou do?") == {n for n in range(200) if "Cem Zhou" in texts[n]}
    assert named(texts, "what did Zhou say to Cem?") == set()


def test_groups_of_a_few_are_shown_whole() -> None:
    units = [Unit(n, n, f"{BEAT} of pool {n // RARE}", "lines", str(n // RARE)) for n in range(60)]
    assert all(one.shown for one in select(units, None))


def test_a_value_far_from_the_others_stays() -> None:
    units = [Unit(n, n, BEAT, "lines", "x", values=(10.0 + n % 5,)) for n in range(100)]
    units[50] = units[50]._replace(values=(900.0,))
    assert shown(select(units, None))[50] == "unusual value"


def values(*changed: float, count: int = 200, wide: float = 41) -> list[Unit]:
    """Units whose one value is spread widely, from 9 on; the values `changed` stand in the middle."""
    units = [Unit(n, n, BEAT, "lines", "x", values=(9.0 + n * 17 % wide,)) for n in range(count)]
    for n, value in enumerate(changed, 97):
        units[n] = units[n]._replace(values=(value,))
    return units


@pytest.mark.parametrize("odd", [0.0, -3.0, 0.5, 104.0])
def test_a_value_that_stands_alone_at_an_end_stays_however_wide_the_others_are_spread(odd: float) -> None:
    assert shown(select(values(odd), None))[97] == "unusual value"


def test_what_many_units_have_is_not_alone() -> None:
    assert set(shown(select(values(0.0, 0.0, 0.0, 0.0), None))) == {0, 1, 199}


def test_a_rare_value_of_a_state_stays_where_others_are_frequent() -> None:
    units = [Unit(n, n, BEAT, "lines", "x", values=(200.0 if n % 5 else 304.0,)) for n in range(200)]
    units[97] = units[97]._replace(values=(206.0,))
    assert shown(select(units, None))[97] == "unusual value"


def test_the_place_where_values_change_for_good_stays() -> None:
    units = [Unit(n, n, BEAT, "lines", "x", values=((10.0 if n < 47 else 80.0) + n % 3,)) for n in range(100)]
    found = shown(select(units, None))
    assert found[46] == found[47] == "values change here"


def test_counters_and_clocks_have_no_place_where_they_change() -> None:
    units = [Unit(n, n, BEAT, "lines", "x", values=(float(n),)) for n in range(100)]
    assert set(shown(select(units, None))) == {0, 1, 99}


def test_a_run_too_short_for_a_notice_is_shown() -> None:
    units = [Unit(n, n, "beat", "lines", "x") for n in range(20)]
    assert MIN_CUT_CHARS > 20 * 5
    assert all(one.shown for one in select(units, None))


def test_deep_levels_also_drop_what_says_nothing_new() -> None:
    units = [Unit(n, n, f"{BEAT} {'' if n % 2 else 'again'}", "lines", "") for n in range(40)]
    assert all(one.shown for one in select(units, None))
    assert not all(one.shown for one in select(units, None, deep=True))


def test_runs_of_neighbours_become_one_notice_and_tell_their_kinds() -> None:
    judged = select(beats(100, at50=Unit(51, 51, "odd", "lines", "")), None)
    assert [(run[0].first, run[-1].last) for run in dropped(judged)] == [(3, 50), (52, 99)]
    assert told(dropped(judged)[0]) == "48 heartbeats"


UNITS = st.lists(
    st.builds(
        Unit, first=st.just(0), last=st.just(0), text=st.text(max_size=80), kind=st.sampled_from(("lines", "rows")),
        alike=st.sampled_from(("", "a", "b")), keep=st.sampled_from(("", "", "", "failure")),
        values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=2).map(tuple),
    ),
    max_size=120,
).map(lambda units: [unit._replace(first=n, last=n) for n, unit in enumerate(units, 1)])  # fmt: skip


@given(UNITS, st.text(max_size=40), st.booleans())
def test_every_unit_is_judged_once_in_order_and_what_must_stay_stays(units: list[Unit], query: str, deep: bool) -> None:
    judged = select(units, query, deep)
    assert [one.unit for one in judged] == units
    assert all(one.shown for one in judged if one.unit.keep)
    assert all(one.why for one in judged)
    groups = {unit.alike for unit in units if unit.alike}
    assert groups == {one.unit.alike for one in judged if one.unit.alike and one.shown}


def test_of_light_kinds_even_a_short_run_goes() -> None:
    units = [Unit(n, n, "passed test 12", "passed tests", "x") for n in range(12)]
    assert MIN_CUT_CHARS > 12 * 15 > LIGHT_CUT_CHARS
    assert all(one.shown for one in select(units, None))
    assert [(run[0].first, run[-1].last) for run in dropped(select(units, None, light={"passed tests"}))] == [(2, 10)]
