"""JSON that may be none is read and written without raising."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.proxy.decoding import arguments, encoded, parsed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
)


@given(JSON)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert parsed(encoded(value)) == parsed(json.dumps(value).encode()) == value


@given(JSON, st.text())
def test_equal_values_are_equal_bytes_if_keys_are_sorted(value: Any, key: str) -> None:
    one, other = {"a": value, key: "\ud800"}, {key: "\ud800", "a": value}
    assert one != other or encoded(one, sort=True) == encoded(other, sort=True)
    assert encoded([{"a": 1, "b": value}], sort=True) == encoded([{"b": value, "a": 1}], sort=True)


@given(st.binary())
def test_bytes_of_any_kind_are_read_as_something_or_none(data: bytes) -> None:
    parsed(data)
    parsed(b'{"a": ' + data)


def test_lone_surrogates_are_kept() -> None:
    value = {"a": "\ud800", "b": ["é", 1.5]}
    assert parsed(encoded(value)) == parsed('{"a": "\\ud800", "b": ["é", 1.5]}') == value


def test_what_is_too_deep_is_none() -> None:
    assert parsed(b"[" * 100_000) is None


@pytest.mark.parametrize(
    ("text", "read"), [(None, {}), ("", {}), ('{"a": 1}', {"a": 1}), ("[]", None), ("{", None), (7, None)]
)
def test_arguments_are_an_object_or_none(text: Any, read: Any) -> None:
    assert arguments(text) == read
