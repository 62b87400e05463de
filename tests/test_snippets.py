"""Source around a failure: which lines lose the numbers that follow from the first, and that every text comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._runs import snippets

JEST = [
    "       98 |   const order = make('session');",
    "       99 |",
    "    > 100 |   await gateway.refund(order);",
    "          |   ^",
    "      101 | });",
]
VITEST = [
    "    353|   const order = make(1);",
    "    354|",
    "    355|   await pay(order);",
    "       |   ^",
    "    356| });",
]


def test_below_the_first_line_the_numbers_go() -> None:
    assert snippets.encode(JEST) == [JEST[0], "|", ">   await gateway.refund(order);", ":   ^", "| });"]
    assert snippets.encode(VITEST) == [VITEST[0], "|", "|   await pay(order);", ":   ^", "| });"]


def test_the_next_snippet_shows_its_own_number() -> None:
    told = snippets.encode([*JEST, "", *VITEST])

    assert told is not None
    assert VITEST[0] in told


@pytest.mark.parametrize(
    "lines",
    [
        ["  1 | Anna", "  2 | Bela", "  3 | Cleo", "  4 | Dora"],
        ["  7 | a", "  9 | b", " 11 | c", "    | ^"],
        [*JEST[:3]],
    ],
)
def test_tables_gaps_and_short_pieces_stay(lines: list[str]) -> None:
    assert snippets.encode(lines) is None


PIECES = [
    *JEST,
    *VITEST,
    "|",
    "> quoted",
    ": text",
    "\\",
    "\\|",
    "",
    "  9 |",
    " 10 |",
    "    |  ^",
    "> 10 | x",
    "at b (c.ts:1:2)",
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from([JEST, VITEST])), max_size=24))
def test_every_text_comes_back(pieces: list[str | list[str]]) -> None:
    lines = [line for piece in pieces for line in ([piece] if isinstance(piece, str) else piece)]
    told = snippets.encode(lines)

    assert told is None or snippets.decode(told) == lines


@given(st.integers(1, 1_200), st.integers(3, 9), st.integers(0, 8), st.sampled_from([" |", "|", " │"]))
def test_numbers_of_any_width_come_back(first: int, size: int, marked: int, bar: str) -> None:
    width = len(str(first + size))
    lines = [f"{'> ' if i == marked else '  '}{first + i:>{width}}{bar} x = {i}" for i in range(size)]
    lines.insert(min(marked, size - 1) + 1, " " * (2 + width) + bar + "  ^")
    lines = ["    " + line for line in lines]
    told = snippets.encode(lines)

    assert told is None or snippets.decode(told) == lines
    assert told is not None or marked < 2
