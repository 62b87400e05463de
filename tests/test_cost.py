"""The cheap estimate of tokens: near enough to choose by, and as cheap on a long text as on a short one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._lines.cost import cost, sampled_cost
from headroom.tokens import counter

TEXTS = {
    "prose": "The quick brown fox jumps over the lazy dog, and then it rests beside the river for a while. " * 5,
    "log": "2026-03-04 09:15:02,123 INFO [main] org.example.Worker: picked up job 8812 from queue mail\n" * 5,
    "code": "def total(rows: list[int]) -> int:\n    return sum(row for row in rows if row > 0)\n" * 5,
    "json": '{"id": 17, "name": "payment-gateway", "state": "running", "ms": 12.5}\n' * 5,
    "chinese": "2026-03-04 信息 用户 4083 登录成功，来自 192.0.2.77\n" * 5,
    "hex": "bc65f6c03e4f81fc462c347649ce7f4f 621789c98bc11ff7832fe3f2305576f3\n" * 5,
}


@pytest.mark.parametrize("kind", TEXTS)
def test_the_estimate_is_near_the_count(kind: str) -> None:
    counted = counter().count(TEXTS[kind])

    assert counted / 1.5 < cost(TEXTS[kind]) < counted * 1.5


@given(st.text(max_size=200))
def test_every_text_has_a_cost_and_no_more_than_its_characters(text: str) -> None:
    assert (text == "") == (cost(text) == 0)
    assert cost(text) <= len(text)


def test_a_long_text_is_judged_by_samples_that_are_spread_over_it() -> None:
    text = "word " * 20_000 + "9" * 100_000

    assert abs(sampled_cost(text) - cost(text)) < 0.2 * cost(text)


def test_of_two_texts_the_shorter_in_tokens_is_found() -> None:
    assert cost("Received 203807 222 0") < cost("081109 203807 222 INFO dfs.DataNode: Received block 0")
