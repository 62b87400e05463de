"""Outlines of tables: rows of bulk data go, told by exact figures; lists of named things stay whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import gate
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, found, read
from headroom.types import Facts, Outline

TABLE = BY_NAME["table"]
RNG = Random("metrics")
Cells = Sequence[tuple[str, ...]]

SERIES: Cells = [
    (f"10:{i // 60:02}:{i % 60:02}", RNG.choice("ab"), f"{RNG.gauss(31, 2):.2f}", str(RNG.randint(4000, 4200)), "ok")
    for i in range(300)
]
NAMES = ("time", "host", "cpu", "mem", "status")


def csv(rows: Cells, names: tuple[str, ...] = NAMES) -> str:
    return "\n".join([",".join(names), *map(",".join, rows)]) + "\n"


def markdown(rows: Cells) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [NAMES, tuple("---" for _ in NAMES), *rows])


def psql(rows: Cells) -> str:
    widths = [max(map(len, column)) for column in zip(NAMES, *rows, strict=True)]
    lines = [" " + " | ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    head = " " + " | ".join(map(str.center, NAMES, widths)) + " "
    return "\n".join([head, "-" + "-+-".join("-" * width for width in widths) + "-", *lines, f"({len(rows)} rows)"])


def aligned(rows: Cells) -> str:
    widths = [max(map(len, column)) for column in zip(NAMES, *rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in [tuple(map(str.upper, NAMES)), *rows])


def outline_of(text: str, query: str | None = None) -> Outline | None:
    """The outline, checked for what holds of every one: restored, without a fact lost, notices as written."""
    facts = Facts(text, query=query)
    outline = TABLE.outline(facts, PartNotices("k3f7q2abcdef", "tool"), False)
    if outline is not None:
        assert TABLE.restored(facts, outline.text)
        assert gate.lost(text, outline.text) == []
        encoded = TABLE.encode(Facts(outline.text))
        assert encoded is None or TABLE.decode(encoded) == outline.text
        assert all(notice in (encoded or outline.text).split("\n") for notice in found(outline.text))
    return outline if outline and outline.omissions else None


def with_row(row: tuple[str, ...], at: int = 150) -> Cells:
    return [*SERIES[:at], row, *SERIES[at:]]


def with_failures(rows: Cells) -> Cells:
    """The same, with a dozen rows that must be shown."""
    return [(*row[:-1], "error") if i % 25 == 7 else row for i, row in enumerate(rows)]


@pytest.mark.parametrize("draw", [csv, markdown, psql, aligned])
def test_rows_of_measurements_are_told_by_their_count_their_time_and_their_figures(draw: object) -> None:
    assert callable(draw)
    outline = outline_of(draw(SERIES))

    assert outline is not None
    assert len(outline.text.split("\n")) < 60
    assert draw(SERIES).split("\n")[0] == outline.text.split("\n")[0]
    assert re.search(
        r"\d+ rows, time 10:\d\d:\d\d to 10:\d\d:\d\d, cpu [\d.]+-[\d.]+, mean [\d.]+, mem", outline.text.lower()
    )


@pytest.mark.parametrize(
    "row",
    [
        ("10:02:30", "a", "31.00", "4100", "degraded"),
        ("10:02:30", "a", "99.70", "4100", "ok"),
        ("10:02:30", "c", "31.00", "4100", "ok"),
        ("10:02:30", "a", "", "4100", "ok"),
        ("10:02:30", "a", "31.00", "4100", "error"),
    ],
    ids=["another state", "a value far off", "another host", "a value missing", "a failure"],
)
def test_a_row_that_differs_from_all_others_stays(row: tuple[str, ...]) -> None:
    outline = outline_of(csv(with_row(row)))

    assert outline is not None
    assert ",".join(row) in outline.text.split("\n")


def test_rows_beside_a_change_of_level_stay() -> None:
    rows = [(row[0], "a", row[2], row[3], "ok") for row in SERIES[:150]]
    rows += [(row[0], "a", f"{float(row[2]) + 40:.2f}", row[3], "ok") for row in SERIES[150:]]
    outline = outline_of(csv(rows))

    assert outline is not None
    assert ",".join(rows[149]) in outline.text
    assert ",".join(rows[150]) in outline.text


def test_what_the_query_names_stays() -> None:
    outline = outline_of(csv(SERIES), "what was going on at 10:03:27?")

    assert outline is not None
    assert ",".join(SERIES[207]) in outline.text


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (
            ("name", "version", "size"),
            lambda i: (f"lib{'abcdefgh'[i % 8]}{'xyzuvw'[i // 8 % 6]}-{chr(97 + i % 26)}", f"1.{i}", str(i * 37)),
        ),
        (("user_id", "score"), lambda i: (str(i * 7919 % 100_003), str(i * 31 % 97))),
        (("id", "plan", "amount"), lambda i: (str(9000 + i), "free" if i % 2 else "team", f"{i * 7.31:.2f}")),
    ],
    ids=["packages", "users", "orders"],
)
def test_a_list_of_distinct_things_stays_whole(names: tuple[str, ...], row: object) -> None:
    assert callable(row)

    assert outline_of(csv([row(i) for i in range(400)], names)) is None


def test_a_table_that_is_read_row_by_row_stays_whole() -> None:
    assert outline_of(csv(SERIES[:60])) is None


@pytest.mark.parametrize("draw", [csv, markdown, aligned])
def test_an_outline_of_a_table_is_still_encoded_as_one(draw: object) -> None:
    assert callable(draw)
    outline = outline_of(draw(with_failures(SERIES)))

    assert outline is not None
    assert TABLE.fit(Facts(outline.text)) > 0.5
    assert TABLE.encode(Facts(outline.text)) is not None


def test_an_outline_with_quotes_or_cells_of_two_lines_is_restored() -> None:
    for text in (
        csv(
            [tuple(f'"{cell}"' for cell in row) for row in with_failures(SERIES)], tuple(f'"{name}"' for name in NAMES)
        ),
        csv([(*row, '"a ""b"", c"') for row in with_failures(SERIES)], (*NAMES, "note")),
        csv(
            [(*row, '"two\nlines"' if i % 60 == 30 else "one") for i, row in enumerate(with_failures(SERIES))],
            (*NAMES, "note"),
        ),
    ):
        outline = outline_of(text)
        assert outline is not None
        assert len(outline.text) < len(text) / 2


CELLS = st.tuples(
    st.sampled_from(["a", "a", "a", "b", "error"]), st.integers(0, 30), st.one_of(st.just(""), st.integers(-500, 500))
)


@settings(max_examples=40)
@given(st.lists(CELLS, min_size=4, max_size=12), st.integers(10, 30))
def test_any_outline_is_restored_and_its_figures_are_those_of_the_rows_left_out(
    cells: list[tuple[str, int, int | str]], times: int
) -> None:
    rows = [(f"2025-03-09 {i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}", state, str(n), str(m))
            for i, (state, n, m) in enumerate(times * cells)]  # fmt: skip
    text = csv(rows, ("time", "state", "load", "delta"))
    lines = text.split("\n")
    outline = outline_of(text)
    if outline is None:
        return
    cut = {line for o in outline.omissions for line in range(o.first, o.last + 1)}
    kept = [line for number, line in enumerate(lines, 1) if number not in cut]
    assert [line for line in outline.text.split("\n") if read(line) is None] == kept
    for omission in outline.omissions:
        run = [line.split(",") for line in lines[omission.first - 1 : omission.last]]
        assert omission.what.startswith(f"{len(run):,} row")
        if "time" in omission.what:
            assert f"time {run[0][0]} to {run[-1][0]}" in omission.what
        for place, name in ((2, "load"), (3, "delta")):
            told = re.search(rf"{name} (-?\d+)(?:(?:-| to )(-?\d+), mean (-?[\d.]+))?", omission.what)
            if told:
                series = [int(row[place]) for row in run if row[place]]
                assert [int(told[1]), int(told[2] or told[1])] == [min(series), max(series)]
                assert float(told[3] or told[1]) == pytest.approx(sum(series) / len(series), rel=1e-3, abs=1e-9)


@settings(max_examples=40)
@given(st.lists(st.text('ab1,:."|- \t\r', max_size=20), min_size=1, max_size=40))
def test_any_lines_at_all_have_an_outline_that_is_restored_or_none(lines: list[str]) -> None:
    outline_of(csv(SERIES[:120]) + "\n".join(lines))
    outline_of("\n".join(4 * lines))
