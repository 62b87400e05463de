"""Tables with the same columns in one text: the header stands above the first alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.compressors._columns.json_text import parse
from headroom.compressors._records.above import AS_ABOVE
from headroom.compressors.records import MARK, Records
from headroom.errors import FormatError
from headroom.types import Facts
from tests.test_records_laws import rows

RECORDS = Records()
JOBS = [
    {"id": i, "url": f"https://api.example.com/jobs/{i}", "state": "done", "user": {"login": "ada"}} for i in range(60)
]
OTHERS = [{"file": f"src/part_{i}.py", "bytes": i * 37, "owner": "lin"} for i in range(20)]


def encoded(text: str) -> str:
    facts = Facts(text)
    made = RECORDS.encode(facts)
    assert made is not None
    assert RECORDS.verify(facts, made)
    return made


def test_two_answers_of_one_interface_share_a_header() -> None:
    text = f"$ page 1\n{json.dumps(JOBS[:30])}\n$ page 2\n{json.dumps(JOBS[30:])}\n"
    made = encoded(text)

    assert made.split("\n").count("url=https://api.example.com/jobs/<id>") == 1
    assert f"$ page 2\n{MARK}]\n[30 rows]\n{AS_ABOVE}\n30" in made
    first, second = RECORDS.decode(made).split("$ page 2\n")
    assert parse(first.partition("\n")[2]) == parse(json.dumps(JOBS[:30]))
    assert parse(second) == parse(json.dumps(JOBS[30:]))


def test_rows_below_a_gap_go_on_under_the_header_above_it() -> None:
    text = json.dumps({"jobs": JOBS}, indent=2)
    made = encoded(text[:3000] + "\n… 812 tokens truncated …\n" + text[5000:])

    assert made.count(AS_ABOVE) == 1
    assert made.count("state=done") == 1


def test_a_table_of_other_columns_has_its_own_header() -> None:
    made = encoded("\n---\n".join(json.dumps(some) for some in (JOBS[:30], OTHERS, JOBS[30:])))

    assert AS_ABOVE not in made


def test_what_stands_below_rows_goes_with_its_row() -> None:
    lists = [{**job, "steps": [{"name": f"step {j}", "ran": j * 7} for j in range(6)]} for job in JOBS[:24]]
    made = encoded("\n---\n".join(json.dumps(some) for some in (lists[:12], lists[12:])))

    assert AS_ABOVE in made
    assert "\n step 0" in made or "\n " in made


@given(st.lists(rows(), min_size=2, max_size=4), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_tables_in_one_text_come_back(tables: list[list[object]], lines: bool) -> None:
    texts = ["\n".join(map(json.dumps, table)) if lines else json.dumps(table) for table in tables]
    facts = Facts("\n---\n".join(texts))
    made = RECORDS.encode(facts)
    if made is not None:
        assert RECORDS.verify(facts, made)


@given(rows())
@settings(max_examples=60, deadline=None)
def test_the_same_rows_twice_come_back(table: list[object]) -> None:
    text = json.dumps(table, indent=2)
    facts = Facts(f"{text}\n---\n{text}")
    made = RECORDS.encode(facts)
    if made is not None:
        assert RECORDS.verify(facts, made)
        assert parse(RECORDS.decode(made).split("\n---\n")[1]) == parse(text)


@pytest.mark.parametrize("before", ["", f"{MARK}]\na=1\n{MARK} ends]\n"])
def test_a_header_above_that_is_not_there_is_refused(before: str) -> None:
    with pytest.raises(FormatError):
        RECORDS.decode(f"{before}{MARK}]\n[2 rows]\n{AS_ABOVE}\n1\n2")
