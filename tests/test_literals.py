"""What Python prints of lists and dictionaries becomes rows, and comes back to the character."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.compressors.records import Records
from headroom.notices import PartNotices
from headroom.types import Facts

RECORDS = Records()
ROWS = [
    {
        "id": i,
        "name": f"user {i}",
        "on": i % 3 == 0,
        "score": i * 1.5,
        "note": None,
        "say": "it's" if i % 9 else 'a "b"',
    }
    for i in range(40)
]


def encoded(text: str) -> str | None:
    """The rendering of a text, checked: it decodes to the very text."""
    facts = Facts(text)
    made = RECORDS.encode(facts)
    if made is not None:
        assert RECORDS.verify(facts, made)
        assert RECORDS.decode(made) == text
    return made


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        (repr(ROWS), "[40 rows]"),
        (f"{ROWS}\n", "[40 rows]"),
        (f"Found: {ROWS}\nDone in 3 s\n", "[40 rows]"),
        (f"rows={ROWS}", "[40 rows]"),
        (repr({"total": 40, "rows": ROWS}), "rows=[40 rows]"),
        ("\n".join(map(repr, ROWS)), "[40 documents]"),
        (repr([tuple(row.values()) for row in ROWS]), "[40 lists]"),
    ],
)
def test_what_python_printed_is_a_table(text: str, opening: str) -> None:
    made = encoded(text)

    assert made is not None
    assert opening in made.split("\n")
    assert len(made) < 0.5 * len(text)
    assert "[compact JSON, printed by Python" in made


def test_the_order_of_keys_comes_back() -> None:
    rows = [
        {"b": i, "a": {"z": i, "y": "up"}, "c": i * i} if i % 2 else {"a": {"y": "up", "z": i}, "b": i}
        for i in range(30)
    ]

    encoded(repr(rows))
    encoded(repr([dict(reversed(row.items())) for row in ROWS]))


@pytest.mark.parametrize(
    "text",
    [
        f"ROWS = {ROWS}",
        repr(ROWS) + ",",
        repr(ROWS).replace(", ", ",  "),
        repr(dict(enumerate(ROWS))),
        repr([(i,) for i in range(90)]),
        repr([{1, 2}] * 60),
        repr([b"x"] * 60),
        repr([[float("nan"), "a"]] * 60),
        repr([{"a": [1, (2, 3)]}] * 60),
    ],
    ids=range(9),
)
def test_what_cannot_be_printed_again_stays(text: str) -> None:
    made = encoded(text)

    assert made is None or "printed by Python" not in made


def test_nothing_of_it_is_left_out() -> None:
    facts = Facts("Rows: " + repr([{"level": "INFO", "message": "alive and well"}] * 200))

    assert RECORDS.outline(facts, PartNotices("k3f7q2", "tool"), False) is None


texts = st.one_of(
    st.text(max_size=9), st.sampled_from(["it's", '"', "'\"", "\\", "\n", "None", "(", "é\u2028", "\x00", "True)"])
)
scalars = st.one_of(texts, st.integers(), st.floats(), st.booleans(), st.none())


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.one_of(texts, st.sampled_from("abc")), inner, max_size=4),
    )


values = st.recursive(scalars, nested, max_leaves=20)
same_keys = st.lists(st.fixed_dictionaries({"a": scalars, "b": texts}, optional={"c": values}), min_size=2, max_size=12)


@given(st.one_of(values, same_keys, st.lists(st.tuples(scalars, texts), min_size=4)), st.sampled_from(["", "Rows: "]))
@settings(max_examples=200, deadline=None)
def test_any_value_comes_back_to_the_character(value: Any, before: str) -> None:
    encoded(f"{before}{value!r}")


@given(st.text(alphabet="[]{}()'\",: 1aTrue\n\\", max_size=90))
def test_no_text_that_looks_like_a_literal_is_changed(text: str) -> None:
    encoded(f"[{{'a': 1, 'text': 'of some length so that it is looked at, {text}")
