"""The facts gate on pytest's rows of dots: a mark of failure may go where the failure itself is told."""

from __future__ import annotations

import pytest

from headroom import gate

ROWS = ["tests/test_a.py ..F.F..    [ 50%]", "tests/test_b.py .......    [100%]"]
RULE = "=== FAILURES ==="
BLOCKS = [
    ["____ test_adds[1] ____", "tests/test_a.py:7: in test_adds", "    assert total == 1", "E   assert 3 == 1"],
    ["____ test_adds[2] ____", "tests/test_a.py:7: in test_adds", "    assert total == 2", "E   assert 3 == 2"],
]
END = "=== 2 failed, 12 passed in 0.1s ==="
NOTICE = "[… lines 1-2: 2 progress lines (12 passed, 2 failures told below)]"


def run(*blocks: list[str], rows: list[str] = ROWS) -> str:
    return "\n".join([*rows, RULE, *(line for block in blocks for line in block), END])


def test_a_row_may_go_where_each_of_its_failures_is_told_below() -> None:
    assert gate.lost(run(*BLOCKS), run(*BLOCKS, rows=[NOTICE])) == []


@pytest.mark.parametrize("blocks", [BLOCKS[:1], BLOCKS[1:], []])
def test_a_row_must_stay_where_one_of_its_failures_is_not_told(blocks: list[list[str]]) -> None:
    assert "failing test: tests/test_a.py ..F.F..    [ 50%]" in gate.lost(run(*blocks), run(*blocks, rows=[NOTICE]))


def test_a_failure_of_another_file_stands_for_none() -> None:
    blocks = [BLOCKS[0], [line.replace("test_a.py", "test_b.py") for line in BLOCKS[1]]]

    assert gate.lost(run(*blocks), run(*blocks, rows=[NOTICE])) != []


def test_the_headline_of_a_failure_must_stay_where_the_row_is_gone() -> None:
    shown = run(BLOCKS[0], BLOCKS[1][1:], rows=[NOTICE])

    assert gate.lost(run(*BLOCKS), shown) == ["failing test: ____ test_adds[2] ____"]


@pytest.mark.parametrize("row", ["..F.F..    [ 50%]", "tests/test_a.py ..F.F.."])
def test_a_row_that_names_no_file_or_has_no_end_must_stay(row: str) -> None:
    assert gate.lost(run(*BLOCKS, rows=[row]), run(*BLOCKS, rows=[NOTICE])) != []
