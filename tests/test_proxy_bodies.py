"""Bodies as they travel: what is decoded comes back the same, and what cannot be decoded is left alone."""

from __future__ import annotations

import gzip
import zlib

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from headroom.proxy.bodies import CODINGS, MAX_BYTES, decoded, encoded

BODY = b'{"model":"m","messages":[]}' * 50


@given(st.binary(max_size=300), st.sampled_from(["", "identity", *CODINGS]))
def test_what_is_encoded_is_decoded_to_the_same(data: bytes, coding: str) -> None:
    assert decoded(encoded(data, coding), coding) == data


@pytest.mark.parametrize("coding", CODINGS)
def test_an_encoded_body_is_smaller_and_the_same_each_time(coding: str) -> None:
    assert len(encoded(BODY, coding)) < len(BODY) / 5
    assert encoded(BODY, coding) == encoded(BODY, coding)


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (gzip.compress(BODY), "gzip"),
        (zlib.compress(BODY), "deflate"),
        (zstd.compress(BODY), "zstd"),
        (zstd.compress(BODY, options={zstd.CompressionParameter.checksum_flag: 1}), "zstd"),
        (BODY, "identity"),
        (BODY, ""),
    ],
    ids=["gzip", "deflate", "zstd", "zstd with a checksum", "identity", "none"],
)
def test_the_bodies_of_other_programs_are_read(data: bytes, coding: str) -> None:
    assert decoded(data, coding) == BODY


@pytest.mark.parametrize("coding", ["br", "compress", "x-unknown", "gzip, gzip", "gzip,identity"])
def test_a_coding_that_is_not_known_is_not_guessed(coding: str) -> None:
    assert decoded(gzip.compress(BODY), coding) is None


@given(st.binary(max_size=100), st.sampled_from(list(CODINGS)))
def test_garbage_is_nobodys_body(data: bytes, coding: str) -> None:
    assert decoded(data + b"\0", coding) is None


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_that_is_cut_off_or_goes_on_is_left_alone(coding: str) -> None:
    whole = encoded(BODY, coding)

    assert all(decoded(whole[:length], coding) is None for length in range(len(whole)))
    assert decoded(whole + whole, coding) is None
    assert decoded(whole + b"x", coding) is None


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_is_left_alone(coding: str) -> None:
    assert decoded(encoded(b"\0" * (MAX_BYTES + 1), coding), coding) is None
