"""JSON values in a text, named by the line and column where they begin."""

from __future__ import annotations

import json

import pytest

from headroom import fragments
from headroom.errors import RangeError
from headroom.retrieval import redeem
from headroom.store import MemoryStore

ROWS = [{"id": i, "tags": [f"t{i}", "all"]} for i in range(6)]
TEXT = "\n".join(
    (
        "$ curl -s https://api.example.com/rows",
        'Answer: {"total": 6, "rows": ' + json.dumps(ROWS) + "}",
        '[{"id": 10}, {"id": 11}, {"id": 12}, {"id": 1',
        "... [8 lines truncated] ...",
        '"b": 3}, {"id": 20}, {"id": 21}]',
        '  "first": {"n": 1}, "second": {"n": 2}, "thi',
        '{"doc": 1}',
        '{"doc": 2}',
    )
)
STORE = MemoryStore()


def asked(path: str, rows: str = "", text: str = TEXT) -> str:
    return redeem({"ref": STORE.put(text), "path": path, "rows": rows}, STORE)


@pytest.mark.parametrize(
    ("path", "rows", "answer"),
    [
        ("@2:9[0].total", "", "6"),
        ("@2:9[0].rows", "2-3", '{"id": 1, "tags": ["t1", "all"]}, {"id": 2, "tags": ["t2", "all"]}'),
        ("@2:9[0].rows[5].tags", "1", '"t5"'),
        ("@2:9[0]", "1", '"total": 6'),
        ("@3:2", "2-3", '{"id": 11}, {"id": 12}'),
        ("@3:2", "2-", '{"id": 11}, {"id": 12}'),
        ("@3:2[1].id", "", "11"),
        ("@5:10", "", '{"id": 20}, {"id": 21}'),
        ("@6:3", "2", '"second": {"n": 2}'),
        ("@6:3.second.n", "", "2"),
        ("@7", "1-2", '{"doc": 1}\n{"doc": 2}'),
        (" @7[1].doc", "", "2"),
    ],
)
def test_what_a_place_in_a_text_names_is_returned_byte_for_byte(path: str, rows: str, answer: str) -> None:
    assert asked(path, rows) == answer


def test_line_ends_of_windows_move_no_place() -> None:
    assert asked("@5:10", "2", TEXT.replace("\n", "\r\n")) == '{"id": 21}'


@pytest.mark.parametrize(
    ("path", "rows", "said"),
    [
        ("@", "", "names no line"),
        ("@x[0]", "", "names no line"),
        ("@99", "", "which has 8 lines"),
        ("@1", "", "no JSON begins at @1"),
        ("@4", "1", "no JSON begins at @4"),
        ("@3:2", "9", "has 3 rows"),
        ("@3:2[7]", "", "nothing stands at @3:2"),
        ("@2:9[0].none", "", "choose from that"),
        ("@2:9[0].total", "1", "has no rows"),
    ],
)
def test_a_place_where_nothing_stands_is_an_error_that_says_so(path: str, rows: str, said: str) -> None:
    with pytest.raises(RangeError) as refused:
        asked(path, rows)
    assert said in str(refused.value)


def test_a_number_at_the_end_of_the_text_may_lack_digits_and_is_none() -> None:
    assert [item.value for item in fragments.items("1, 2, 34", 0)] == ["1", "2"]
    assert [item.value for item in fragments.items("1, 2, 34]", 0)] == ["1", "2", "34"]


def test_every_place_is_found_again_by_its_name() -> None:
    for at in range(len(TEXT)):
        if next(fragments.items(TEXT, at), None) is not None:
            assert fragments.find(TEXT, fragments.place(TEXT, at)) == (at, "")
