"""Answers as they are read: event by event or whole, whatever they are."""

from __future__ import annotations

import pytest

from headroom.proxy.retrieve import DIALECTS
from headroom.proxy.retrieve.answers import QUOTED, complaint
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, play


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "m", "code": 7}}', "m"),
        (b'[{"error": {"message": "m"}}]', "m"),
        (b'{"type": "error", "error": {"message": "m"}}', "m"),
        (b'{"error": "m"}', "m"),
        (b"m", "m"),
        (b"", "the upstream answered 502"),
        (b"m" * 9_000, "m" * QUOTED),
        (b"[]", "[]"),
    ],
)
def test_a_refusal_s_words_are_found_in_any_envelope(body: bytes, message: str) -> None:
    assert complaint(502, body)["message"] == message


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_whole_answer_whose_next_round_is_none_is_what_there_was(dialect: str) -> None:
    played = play(dialect, [Reply("one", calls=[OURS])], stream=False)
    played.turn.feed(b"<html>")
    assert not played.turn.end_round().normal
    told = played.client.told(played.turn.finish(), False)

    assert "one" in str(told.turn)
    assert told.calls == []
    assert told.stop not in played.client.stops
