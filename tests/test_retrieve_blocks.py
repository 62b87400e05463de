"""Turns made of blocks: recognised and put back the same way in every dialect that has them."""

from __future__ import annotations

from typing import Any

import pytest

from headroom.proxy.retrieve import DIALECTS
from headroom.retrieval import TOOL
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, READ, expanded, faults, goes_on, play

BOTH = pytest.mark.parametrize("dialect", ["anthropic", "converse"])
NEW: dict[str, Any] = {"anthropic": {"type": "novel", "x": 1}, "converse": {"novel": {"x": 1}}}


def is_ours(block: Any) -> bool:
    return f"'name': '{TOOL}'" in str(block)


@BOTH
def test_blocks_that_only_the_client_knows_stand_where_it_put_them(dialect: str) -> None:
    played = play(dialect, [Reply("one", calls=[OURS]), Reply("two", calls=[READ])])
    body = goes_on(played)
    said = body["messages"][1]["content"]
    said.insert(1, NEW[dialect])
    restored = expanded(dialect, body, played.records)

    turn = [block for message in restored["messages"][1:4] for block in message["content"]]
    assert [block for block in turn if block in said] == said
    assert turn.index(NEW[dialect]) > turn.index(said[0])


@BOTH
def test_blocks_that_the_client_left_out_stay_away(dialect: str) -> None:
    played = play(dialect, [Reply("one", calls=[OURS]), Reply("two", calls=[READ])])
    body = goes_on(played)
    left = body["messages"][1]["content"].pop(0)
    restored = expanded(dialect, body, played.records)

    assert not any(str(left) in str(message) for message in restored["messages"])
    assert sum(is_ours(block) for message in restored["messages"] for block in message["content"]) == 1


@BOTH
def test_results_that_wait_come_before_those_of_the_client(dialect: str) -> None:
    played = play(dialect, [Reply("one", calls=[READ, OURS])])
    body = goes_on(played)
    restored = expanded(dialect, body, played.records)

    assert faults(played, restored) == []
    assert str(restored["messages"][-1]["content"][0]).count("result of ") == 1
    assert len(restored["messages"]) == len(body["messages"])


@BOTH
def test_a_turn_is_found_only_behind_the_words_that_came_before_it(dialect: str) -> None:
    played = play(dialect, [Reply("one", calls=[OURS]), Reply("two")])
    body = goes_on(played)
    assert set(DIALECTS[dialect].keys(body)) & set(played.records)
    body["messages"] = body["messages"][1:]

    assert not set(DIALECTS[dialect].keys(body)) & set(played.records)
