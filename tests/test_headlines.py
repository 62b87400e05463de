"""What pytest says again of a test: where its name is told once, and that every text comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._runs import headlines
from headroom.errors import FormatError


def failure(name: str, path: str, line: int) -> list[str]:
    test = name.split("[")[0].split(".")[-1]
    return [f" {name} ".center(80, "_"), f"{path}:{line}: in {test}", "    order.parse()", "E   ValueError: no"]


def cut(path: str, name: str) -> str:
    base, bracket, parameter = name.partition("[")
    text = f"FAILED {path}::{base.replace('.', '::')}{bracket}{parameter} - ValueError: no"
    return text if len(text) <= 80 else f"{text[:77]}..."


NAMES = [f"TestShoppingCartOfGuests.test_a_total_of_many_lines_is_rounded_{i}[a.b-{i}]" for i in range(4)]
PATHS = [f"tests/orders/test_totals_{i}.py" for i in range(4)]
FAILURES = [line for i in range(4) for line in failure(NAMES[i], PATHS[i], 7 + i)]
SUMMARY = [cut(path, name) for path, name in zip(PATHS, NAMES, strict=True)]
RULE = "=========================== short test summary info ============================"


def test_the_frame_of_a_test_does_not_repeat_its_name() -> None:
    told = headlines.encode(failure("TestCart.test_total[0]", "tests/test_cart.py", 7))

    assert told is not None
    assert told[1] == "tests/test_cart.py:7: in ___"


def test_summary_lines_cut_within_the_name_are_told_together() -> None:
    told = headlines.encode([*FAILURES, RULE, *SUMMARY, "4 failed"])

    assert told is not None
    assert told[-3:] == [RULE, "[FAILED lines of failures 1-4 above, cut to 80]", "4 failed"]
    assert headlines.decode(told) == [*FAILURES, RULE, *SUMMARY, "4 failed"]


@pytest.mark.parametrize(
    "summary",
    [
        [cut(PATHS[0], "test_total")] * 4,
        [line.replace("orders", "refunds") for line in SUMMARY],
        SUMMARY[:2],
    ],
    ids=["whole", "of other files", "two"],
)
def test_other_summary_lines_stand_word_for_word(summary: list[str]) -> None:
    assert (headlines.encode([*FAILURES, RULE, *summary]) or [])[-len(summary) :] == summary


def test_a_note_of_failures_that_were_not_told_is_garbage() -> None:
    for note in ("[FAILED lines of failures 1-5 above, cut to 80]", "[FAILED lines of failures 3-2 above, cut to 80]"):
        with pytest.raises(FormatError, match="do not stand above"):
            headlines.decode([*(headlines.encode(FAILURES) or []), note])


HOSTILE = [
    "a.py:1: in ___", "a.py:1: in test_x", '  File "a.py", line 3, in test_x', "\\", "\\x", "____ test_x ____",
    "____ A.test_x[a.b] ____", "[FAILED lines of failures 1-3 above, cut to 80]", "FAILED a.py::test_x...", "b.py:2: E",
    *SUMMARY,
]  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.sampled_from([FAILURES, SUMMARY])), max_size=24))
def test_every_text_comes_back(pieces: list[str | list[str]]) -> None:
    lines = [line for piece in pieces for line in ([piece] if isinstance(piece, str) else piece)]
    told = headlines.encode(lines)

    assert told is None or headlines.decode(told) == lines
