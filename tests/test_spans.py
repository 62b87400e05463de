"""Byte spans of JSON values, splicing of string leaves, and paths that people type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.errors import RangeError
from headroom.providers import write
from headroom.spans import MAX_LEVELS, parse_path, rows, show, span, splice
from headroom.types import Edit, Json, Path

WORDS = st.sampled_from(
    ['"', "\\", '\\"', "\\" * 7, "\\" * 8 + '"', "{", "}", "[", "]", ",", ":", "é", "\n", "😀", "a"]
)
TEXTS = st.one_of(st.lists(WORDS, max_size=8).map("".join), st.text(max_size=12), st.just("long " * 60))
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)
LAYOUTS = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "indent": st.sampled_from([None, 1, "\t"]),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", "\t: ")]),
    }
)


def leaves(value: Json, path: Path = ()) -> list[Path]:
    """All string leaves, in order."""
    if isinstance(value, str):
        return [path]
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return []


def at(value: Json, path: Path) -> Json:
    for key in path:
        value = value[key]
    return value


@given(VALUES, LAYOUTS, st.data())
def test_a_span_holds_exactly_the_value_at_its_path(value: Json, layout: dict[str, Any], data: st.DataObject) -> None:
    document = json.dumps(value, **layout).encode()
    for leaf in leaves(value)[:4]:
        path = leaf[: data.draw(st.integers(0, len(leaf)))]
        start, end = span(document, path)
        assert json.loads(document[start:end]) == at(value, path)


@given(VALUES, LAYOUTS, st.data())
@settings(max_examples=300)
def test_splicing_bytes_equals_writing_values(value: Json, layout: dict[str, Any], data: st.DataObject) -> None:
    document = json.dumps(value, **layout).encode()
    found = leaves(value)
    chosen = data.draw(st.lists(st.sampled_from(found), max_size=5)) if found else []
    edits = [Edit(leaf, data.draw(TEXTS)) for leaf in chosen]
    spliced = splice(document, edits)
    assert json.loads(spliced) == write(value, edits)
    kept, places = document, sorted({span(document, edit.leaf) for edit in edits})
    for start, end in reversed(places):
        kept = kept[:start] + b"\0" + kept[end:]
    rest = 0
    for piece in kept.split(b"\0"):
        rest = spliced.index(piece, rest) + len(piece)
    assert spliced.startswith(kept.split(b"\0")[0])
    assert spliced.endswith(kept.split(b"\0")[-1])


@given(VALUES, LAYOUTS)
def test_rows_are_the_elements_of_an_array_and_the_members_of_an_object(value: Json, layout: dict[str, Any]) -> None:
    document = json.dumps({"at": value}, **layout).encode()
    if not isinstance(value, list | dict):
        with pytest.raises(RangeError, match=r"at \$\.at stands .*, which has no rows; name an array or an object"):
            list(rows(document, ("at",)))
        return
    found = [document[start:end] for start, end in rows(document, ("at",))]
    if isinstance(value, list):
        assert [json.loads(row) for row in found] == value
    else:
        assert [json.loads(b"{" + row + b"}") for row in found] == [{key: item} for key, item in value.items()]


@pytest.mark.parametrize("text", ["", " ", "[1, 2", '{"a": 1', '{"a" 1}', "[1 2]", "[,]", "{,}"])
def test_rows_of_what_is_not_json_are_refused_and_never_cut_wrong(text: str) -> None:
    with pytest.raises(RangeError, match="this is not JSON"):
        list(rows(text.encode(), ()))


def test_of_equal_keys_each_member_is_a_row() -> None:
    document = b'{"a" : 1,\n "a": [2] , "\\u0062":3}'
    assert [document[start:end] for start, end in rows(document, ())] == [b'"a" : 1', b'"a": [2]', b'"\\u0062":3']


def test_no_edits_give_back_the_same_object() -> None:
    document = b' {"a" : 1}\n'
    assert splice(document, []) is document


def test_untouched_bytes_stay_with_all_their_oddities() -> None:
    document = b'\t{"n": 1e400, "x" :"\\u00e9\\/", "big": 123456789012345678901234567890,"t":"old" , "n":-0.0}\r\n'
    assert splice(document, [Edit(("t",), 'new "é"')]) == document.replace(b'"old"', '"new \\"é\\""'.encode())


def test_the_last_of_equal_keys_is_the_one_that_counts() -> None:
    document = b'{"a": {"b": "first"}, "c": 1, "a": {"b": "second", "\\u0062": "third"}}'
    start, end = span(document, ("a", "b"))
    assert document[start:end] == b'"third"'
    assert splice(document, [Edit(("a", "b"), "x")]) == document.replace(b'"third"', b'"x"')


def test_an_earlier_equal_key_may_lack_the_leaf() -> None:
    assert splice(b'{"a": 1, "a": {"b": "x"}}', [Edit(("a", "b"), "y")]) == b'{"a": 1, "a": {"b": "y"}}'


def test_unpaired_surrogates_are_written_as_escapes() -> None:
    assert json.loads(splice(b'["a"]', [Edit((0,), "\ud800")])) == ["\ud800"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (("items", 7), "nothing stands at $.items[7]: $.items is an array of 2"),
        (("items", "x"), "an array of 2"),
        (("nope",), "an object with 'items', 'name', 'odd key'"),
        (("name", "x"), "$.name is a string"),
        (("items", 0, "a"), "$.items[0] is 1"),
        (("empty", "a"), "an empty object"),
    ],
)
def test_a_missing_path_is_told_with_what_stands_there(path: Path, says: str) -> None:
    document = b'{"items": [1, 2], "name": "n", "odd key": null, "empty": {}}'
    with pytest.raises(RangeError) as from_span:
        span(document, path)
    with pytest.raises(RangeError) as from_splice:
        splice(document, [Edit(path, "x")])
    assert says in str(from_span.value)
    assert says in str(from_splice.value)


def test_only_strings_are_replaced() -> None:
    with pytest.raises(RangeError, match="an array, not a string"):
        splice(b'{"a": []}', [Edit(("a",), "x")])


@pytest.mark.parametrize("document", [b"", b"{", b'{"a"', b'{"a": "x', b"[1, ", b'{"a": [}', b"[" * 5000, b'"\\'])
def test_half_a_document_is_a_range_error(document: bytes) -> None:
    with pytest.raises(RangeError):
        span(document, ("a", 0))


def test_depth_is_bounded_in_paths_and_free_in_what_is_skipped() -> None:
    deep = b'{"deep": ' + b"[" * 50_000 + b"]" * 50_000 + b', "a": "x"}'
    assert splice(deep, [Edit(("a",), "y")]).endswith(b'"a": "y"}')
    with pytest.raises(RangeError, match="levels"):
        span(b"[]", (0,) * (MAX_LEVELS + 1))
    nested = b"[" * MAX_LEVELS + b'"x"' + b"]" * MAX_LEVELS
    assert splice(nested, [Edit((0,) * MAX_LEVELS, "y")]) == nested.replace(b"x", b"y")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$", ()),
        ("", ()),
        ("$.a.b[3].c", ("a", "b", 3, "c")),
        ("a.b.3.c", ("a", "b", 3, "c")),
        ('["odd key"]', ("odd key",)),
        ("a['it is'].b", ("a", "it is", "b")),
        ('$["q\\"r"][0]', ('q"r', 0)),
        ("[0][1]", (0, 1)),
        ("007.x-y", ("007", "x-y")),
    ],
)
def test_reads_the_paths_people_type(text: str, path: Path) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["a..b", "a[", "a[b]", "a]", ".", "a.b.", '["x]', "$.a[-1]", '["\\q"]'])
def test_refuses_what_is_no_path_and_says_where(text: str) -> None:
    with pytest.raises(RangeError, match="no path"):
        parse_path(text)


@given(st.lists(st.integers(0, 99) | TEXTS, max_size=6).map(tuple))
def test_a_shown_path_reads_back(path: Path) -> None:
    assert parse_path(show(path)) == path


@pytest.mark.parametrize("key", ["3", 3])
def test_a_number_is_a_key_where_an_object_stands(key: str | int) -> None:
    document = b'{"3": "x"}'
    assert span(document, (key,)) == (6, 9)
