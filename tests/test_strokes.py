"""Long runs of one sign: when their length stands for them, and that every text comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._lines import strokes
from headroom.errors import FormatError
from headroom.policy import MAX_CHARS

HOSTILE = ["⎯" * 8, "⎯" * 7, "⎯×50", "⎯×", "×" * 9, "\\", "\\⎯×9", "5", "0", "░" * 1_001, "▓▓▓▓▓▓▓▓3", "a", " ", "│×8│"]
hostile_lines = st.lists(
    st.one_of(st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join), st.text(max_size=6)), max_size=20
)


def test_a_rule_across_the_terminal_is_told_by_its_length() -> None:
    lines = [f"{'⎯' * 50}[3/12]⎯", "", f"{'░' * 12} 40 %"]

    assert strokes.encode(lines) == (["⎯×50[3/12]⎯", "", "░×12 40 %"], "⎯×9: 9 times ⎯")


@pytest.mark.parametrize("line", ["─" * 60, "=" * 60, "." * 60, "é" * 60, "⎯" * 7, " " * 60])
def test_what_is_cheap_short_or_a_letter_stays(line: str) -> None:
    assert strokes.encode([line]) is None


def test_a_line_that_reads_like_a_told_run_is_marked() -> None:
    lines = ["⎯" * 20, "⎯×20", "\\a"]

    assert strokes.encode(lines) == (["⎯×20", "\\⎯×20", "\\\\a"], "⎯×9: 9 times ⎯")


@given(hostile_lines)
def test_every_text_comes_back(lines: list[str]) -> None:
    coded = strokes.encode(lines)

    assert coded is None or (strokes.decode(coded[0]) == lines and strokes.PATTERN.fullmatch(coded[1]))


def test_runs_for_more_text_than_any_part_holds_are_garbage() -> None:
    with pytest.raises(FormatError, match="more text"):
        strokes.decode(["⎯×999" * (MAX_CHARS // 999 + 1)])
