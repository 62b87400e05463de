"""The laws of the JSON compressor, over generated documents with hostile keys and strings."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._columns.json_text import parse
from headroom.compressors.records import MARK, Records
from headroom.errors import FormatError
from headroom.types import Facts

RECORDS = Records()

HOSTILE = st.sampled_from(
    [
        *(
            "",
            "a",
            "INFO",
            "null",
            "true",
            "12",
            "1.0",
            "-0",
            "01",
            "[100 rows]",
            "{2 rows}",
            "[documents",
            "<a>",
            "<>",
        ),
        *(
            "<text below>",
            "<json>[1]",
            "<order> a",
            '<> in "x"',
            "~",
            "-",
            "=",
            "==x",
            '"q"',
            "a|b",
            "a,b",
            "a b",
            "x=y",
        ),
        *(
            " lead",
            "trail ",
            "two\nlines",
            "cr\rx",
            "tab\tx",
            "\u2028",
            "\x85",
            "é",
            "日本",
            "😀",
            '{"a":1}',
            "[1,2]",
            "a;b",
        ),
        *(
            "k?=v",
            ":a b",
            "{",
            "}",
            "[",
            "]",
            "\\",
            "\\n",
            "%s",
            "\x00",
            "\x7f",
            "{key}",
            "name[]{",
            "a.b",
            '"',
            'x="y',
        ),
        *("https://h/u/7/repos", "https://h/u/7", "u/7", "long text\n" * 9, "x" * 90 + "\ny\nz", "[compact", "value"),
        json.dumps([{"a": i, "b": "x y"} for i in range(9)]),
        json.dumps({"k": "v" * 90}, indent=2) + "\n",
    ]
)
SCALARS = st.one_of(
    HOSTILE,
    st.text(max_size=8),
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([None, True, False, 0, 7]),
)
KEYS = st.one_of(st.sampled_from(["a", "b", "id", "url", "name", "value", "labels", "0", "1", "{key}"]), HOSTILE)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(KEYS, inner, max_size=6),
        rows(inner),
        st.dictionaries(KEYS, st.dictionaries(KEYS, inner, min_size=1, max_size=3), min_size=3, max_size=5),
        st.lists(st.tuples(inner, inner).map(list), min_size=3, max_size=6),
    )


@st.composite
def rows(draw: st.DrawFn, inner: st.SearchStrategy[Any] = SCALARS) -> list[Any]:
    keys = draw(st.lists(KEYS, min_size=1, max_size=5, unique=True))
    made: list[Any] = []
    shapes = {key: draw(st.sampled_from(["any", "same", "made", "list"])) for key in keys}
    same = draw(SCALARS)
    for i in range(draw(st.integers(2, 12))):
        row = {}
        for key in keys:
            shape = shapes[key] if draw(st.integers(0, 9)) else draw(st.sampled_from(["any", "none"]))
            if shape == "any":
                row[key] = draw(inner)
            elif shape == "same":
                row[key] = same
            elif shape == "made":
                row[key] = f"https://h/{row.get(keys[0], 'x')}/{i}"
            elif shape == "list":
                row[key] = [{"p": j, "q": draw(HOSTILE)} for j in range(draw(st.integers(0, 3)))]
        made.append(row)
    return made if draw(st.integers(0, 9)) else [*made, draw(SCALARS)]


DOCUMENTS = st.one_of(rows(), st.recursive(SCALARS, nested, max_leaves=24)).filter(lambda d: isinstance(d, list | dict))
PRINTS = st.sampled_from([{}, {"indent": 2}, {"indent": None, "separators": (",", ":")}, {"ensure_ascii": False}])
AROUND = st.sampled_from(
    ["", "\n", "Output:\n", "$ cat x.json\n", "{not json\n", "[1,2\n", "\n\ndone in 3 s\n", "\r\n"]
)


def encoded(text: str) -> str | None:
    facts = Facts(text)
    made = RECORDS.encode(facts)
    if made is not None:
        assert RECORDS.verify(facts, made)
    return made


@given(DOCUMENTS, PRINTS)
def test_every_document_comes_back_as_the_same_value(document: Any, form: dict[str, Any]) -> None:
    text = json.dumps(document, **form)
    made = encoded(text)
    if made is not None:
        assert parse(RECORDS.decode(made)) == parse(text)


@given(st.lists(DOCUMENTS, min_size=1, max_size=3), PRINTS, AROUND, AROUND, st.sampled_from(["\n", "\n\n", "\nand\n"]))
def test_what_stands_around_documents_is_kept(
    documents: list[Any], form: dict[str, Any], before: str, after: str, between: str
) -> None:
    text = before + between.join(json.dumps(document, **form) for document in documents) + after
    made = encoded(text)
    if made is not None and before.strip():
        assert RECORDS.decode(made).startswith(before)
    if made is not None and after.strip() and before.strip():
        assert RECORDS.decode(made).endswith(after)


@given(DOCUMENTS, st.data())
def test_a_damaged_rendering_is_refused_or_read_but_never_crashes(document: Any, data: st.DataObject) -> None:
    text = json.dumps(document, indent=2)
    made = encoded(text)
    if made is None:
        return
    at = data.draw(st.integers(0, len(made)))
    damage = data.draw(st.sampled_from(["", '"', "[", "{", "<", "\n", " ", "|", "=", ":", "}", "]", ",", "<>", "9"]))
    for damaged in (made[:at] + damage + made[at + data.draw(st.integers(0, 4)) :], made[:at]):
        with contextlib.suppress(FormatError):
            RECORDS.decode(damaged)
        assert RECORDS.verify(Facts("no json"), damaged) is False


@given(st.text(alphabet='[]{}",:=<>?~|ab1 \n\t', max_size=80))
def test_no_text_makes_fit_encode_or_decode_crash(text: str) -> None:
    facts = Facts(text)
    assert 0 <= RECORDS.fit(facts) <= 1
    encoded(text)
    for rendering in (text, f"{MARK}]\n{text}", f"{MARK}]\n[2 rows]\n:a|b\n{text}"):
        with contextlib.suppress(FormatError):
            RECORDS.decode(rendering)
