"""What a call of our tool returns: a range, or a sentence that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from headroom.proxy.retrieve.redeem import MAX_CHARS, NO_OBJECT, redeem
from headroom.proxy.retrieve.turn import Answer, Call
from headroom.store import MemoryStore

TEXT = "\n".join(f"line {n}" for n in range(1, 501))
STORE = MemoryStore()
REF = STORE.put(TEXT)


def asked(args: Any, refs: set[str] | None = None) -> Answer:
    return redeem(Call("id", args), STORE, {REF} if refs is None else refs)


def test_a_range_is_returned_and_a_number_is_a_range_of_one() -> None:
    assert asked({"ref": REF, "lines": "2-3"}) == Answer("id", "line 2\nline 3\n")
    assert asked({"ref": REF, "lines": 2, "rows": "", "query": None, "novel": 1}).text == "line 2\n"
    assert "line 77" in asked({"ref": REF, "query": "line 77"}).text
    assert asked({"ref": REF}).text == TEXT


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (None, NO_OBJECT),
        ([], NO_OBJECT),
        ({}, f"there are: {REF}"),
        ({"ref": "other"}, f"'other' belongs to this conversation; there are: {REF}"),
        ({"ref": REF, "lines": "nine"}, "nine"),
        ({"ref": REF, "lines": "1", "query": "x"}, "cannot be combined"),
        ({"ref": REF, "lines": "900-901"}, "500"),
    ],
)
def test_what_cannot_be_returned_is_an_error_that_says_why(args: Any, said: str) -> None:
    answer = asked(args)
    assert answer.is_error
    assert said in answer.text


def test_refs_that_a_conversation_was_not_given_are_not_read() -> None:
    assert "there are: none" in asked({"ref": REF}, set()).text


def test_a_ref_whose_original_is_gone_says_so() -> None:
    answer = redeem(Call("id", {"ref": REF}), MemoryStore(), {REF})
    assert answer.is_error
    assert REF in answer.text


def test_a_long_answer_is_cut_and_says_so() -> None:
    ref = STORE.put("x" * MAX_CHARS + "y\n")
    text = asked({"ref": ref}, {ref}).text
    assert len(text) < MAX_CHARS + 200
    assert "cut here" in text
