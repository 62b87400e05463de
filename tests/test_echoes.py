"""Repeated lines: what a note looks like, when there is one, and that every text comes back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._lines import echoes
from headroom.errors import FormatError

HOSTILE = [
    "[… lines 2-9: 8 rows]",
    "[… lines 4-2: 8 rows]",
    "[= lines 2, 1-4 above]",
    "[line above ×3]",
    "[2 lines above ×4]",
    "[= lines 1-4 above]",
    "\\",
    "\\[line above ×3]",
    "",
    "[",
    "a",
    "b",
]
hostile_lines = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=6)), max_size=40)


def test_a_run_of_equal_lines_is_written_once_with_how_often_it_stands() -> None:
    lines = ["start", *["waiting for the database"] * 100, "done"]

    encoded = echoes.encode(lines)

    assert encoded == ["start", "waiting for the database", "[line above ×100]", "done"]
    assert echoes.decode(encoded) == lines


def test_a_repeated_block_is_written_once_with_its_length() -> None:
    block = ["connecting to the upstream", "refused by the upstream", "sleeping for a second"]

    encoded = echoes.encode([*block * 12, "gave up"])

    assert encoded == [*block, "[3 lines above ×12]", "gave up"]


def test_a_block_from_further_up_is_told_by_the_numbers_of_its_original_lines() -> None:
    trace = [f"  at frame number {i} of the trace" for i in range(6)]
    lines = ["first failure", *trace, "something else", "second failure", *trace]

    encoded = echoes.encode(lines)

    assert encoded[-1] == "[= lines 2-7 above]"
    assert echoes.decode(encoded) == lines


def test_numbers_count_original_lines_even_below_a_note() -> None:
    trace = [f"  at frame number {i} of the trace" for i in range(6)]
    lines = [*["the same line again"] * 50, *trace, "else", *trace]

    assert echoes.encode(lines)[-1] == "[= lines 51-56 above]"


def test_there_is_no_reference_for_short_blocks() -> None:
    short = ["}", "", "}", ""]

    assert echoes.encode([*short, "x", *short]) == [*short, "x", *short]


@given(hostile_lines, st.integers(4, 6))
def test_every_text_comes_back(lines: list[str], least: int) -> None:
    encoded = echoes.encode(lines, min_reference=least)

    assert echoes.decode(encoded) == lines
    assert len(encoded) <= len(lines)


@given(hostile_lines)
def test_a_text_with_our_notes_in_it_decodes_or_is_refused(lines: list[str]) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(echoes.decode(lines), list)


@pytest.mark.parametrize(
    "lines",
    [
        ["[line above ×3]"],
        ["a", "[2 lines above ×2]"],
        ["a", "[line above ×1]"],
        ["a", "[= lines 1-2 above]"],
        ["a", "b", "[= lines 2-1 above]"],
        ["a" * 100, *["[line above ×999999]"] * 3],
    ],
)
def test_a_note_about_lines_that_are_not_there_or_far_too_many_is_refused(lines: list[str]) -> None:
    with pytest.raises(FormatError):
        echoes.decode(lines)


def test_many_references_in_a_row_share_a_line() -> None:
    blocks = [[f"FAIL src/part{i}.test.ts", *(f"  at frame {i} of number {n}" for n in range(6))] for i in range(4)]
    first = [line for block in blocks for line in (block[0], f"told between {block[0]}", *block[1:])]
    again = [line for block in blocks for line in block]
    encoded = echoes.encode([*first, "Summary", *again])

    assert encoded[len(first) :] == ["Summary", "[= lines 1, 3-9, 11-17, 19-25, 27-32 above]"]
    assert echoes.decode(encoded) == [*first, "Summary", *again]


def test_a_notice_counts_for_the_lines_that_it_stands_for() -> None:
    trace = [f"  at frame number {i} of the trace" for i in range(6)]
    lines = ["opening", "[… lines 2-90: 89 passed tests]", *trace, "[… lines 97-99: 3 passed tests]", *trace]
    encoded = echoes.encode(lines)

    assert encoded[-1] == "[= lines 91-96 above]"
    assert echoes.decode(encoded) == lines


def test_a_reference_to_lines_behind_a_notice_is_garbage() -> None:
    for reference in ("[= lines 3-5 above]", "[= lines 1-91 above]", "[= lines 91, 92 above]"):
        with pytest.raises(FormatError, match="not above"):
            echoes.decode(["opening", "[… lines 2-90: 89 passed tests]", "a", reference])


def test_a_few_references_stand_on_lines_of_their_own() -> None:
    trace = [f"  at frame number {i} of the trace" for i in range(6)]

    assert echoes.encode([*trace, "a", *trace, "b", *trace])[6:] == [
        "a", "[= lines 1-6 above]", "b", "[= lines 1-6 above]",
    ]  # fmt: skip
