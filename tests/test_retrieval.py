"""What a call of `headroom_retrieve` returns: a range, or a sentence that says what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headroom.errors import HeadroomError, RangeError, UnknownRefError, UsageError
from headroom.retrieval import DESCRIPTION, MAX_CHARS, PARAMETERS, TOOL, redeem
from headroom.store import MemoryStore
from headroom.tokens import counter

TEXT = "\n".join(f"line {n}" for n in range(1, 501))
STORE = MemoryStore()
REF = STORE.put(TEXT)


def asked(args: Any, refs: set[str] | None = None) -> str:
    return redeem(args, STORE, {REF} if refs is None else refs)


def test_a_range_is_returned_and_a_number_is_a_range_of_one() -> None:
    assert asked({"ref": REF, "lines": "2-3"}) == "line 2\nline 3\n"
    assert asked({"ref": REF, "lines": 2, "rows": "", "query": None, "novel": 1}) == "line 2\n"
    assert "line 77" in asked({"ref": REF, "query": "line 77"})
    assert asked({"ref": REF}) == TEXT


def test_a_range_may_be_written_as_in_the_notice_and_every_argument_be_filled_in() -> None:
    assert asked({"ref": REF, "lines": "lines 2-3"}) == asked({"ref": REF, "lines": "2–3"}) == "line 2\nline 3\n"
    assert asked({"ref": REF, "lines": "2-3", "path": "$", "rows": "", "query": ""}) == "line 2\nline 3\n"


@pytest.mark.parametrize(
    ("args", "error", "said"),
    [
        (None, UsageError, "no JSON object"),
        ([], UsageError, "no JSON object"),
        ({}, UnknownRefError, f"there are: {REF}"),
        ({"ref": ["x"]}, UnknownRefError, f"there are: {REF}"),
        ({"ref": "other"}, UnknownRefError, f"'other' belongs to this conversation; there are: {REF}"),
        ({"ref": REF, "lines": "nine"}, RangeError, "nine"),
        ({"ref": REF, "lines": "1", "query": "x"}, UsageError, "cannot be combined"),
        ({"ref": REF, "lines": "900-901"}, RangeError, "500"),
        ({"ref": REF, "rows": "3-5"}, RangeError, "no JSON, so it has no rows and no paths; ask by lines or query"),
        ({"ref": REF, "path": "$.items[3]"}, RangeError, "no JSON, so it has no rows"),
    ],
)
def test_what_cannot_be_returned_is_an_error_that_says_why(args: Any, error: type[HeadroomError], said: str) -> None:
    with pytest.raises(error) as refused:
        asked(args)
    assert said in str(refused.value)


def test_refs_that_a_conversation_was_not_given_are_not_read() -> None:
    with pytest.raises(UnknownRefError, match="there are: none"):
        asked({"ref": REF}, set())


def test_where_no_conversation_is_known_every_original_can_be_read() -> None:
    assert redeem({"ref": REF, "lines": "5"}, STORE) == "line 5\n"
    for nothing in ({}, {"ref": None}, {"ref": [REF]}):
        with pytest.raises(UsageError, match="no ref; call again"):
            redeem(nothing, STORE)


def test_a_ref_whose_original_is_gone_says_so() -> None:
    with pytest.raises(UnknownRefError, match=REF):
        redeem({"ref": REF}, MemoryStore(), {REF})


def test_a_long_answer_is_cut_and_says_so() -> None:
    ref = STORE.put("x" * MAX_CHARS + "y\n")
    text = asked({"ref": ref}, {ref})
    assert len(text) < MAX_CHARS + 200
    assert "cut here" in text


def test_an_empty_original_is_not_an_empty_answer() -> None:
    assert redeem({"ref": STORE.put("")}, STORE) == "(empty)"


def test_the_declaration_costs_little_in_every_request() -> None:
    tool = {"name": TOOL, "description": DESCRIPTION, "input_schema": PARAMETERS}
    told = json.dumps(tool, ensure_ascii=False, separators=(",", ":"))
    assert counter("gpt-5").count(told) <= 120
    assert counter("claude-sonnet-4-5").count(told) <= 120
