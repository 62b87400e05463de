"""Server-sent events: the same events however the bytes are split, and the bytes themselves given back."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.proxy import sse
from headroom.proxy.sse import Event, Events


def cut(pieces: Sequence[bytes]) -> tuple[list[Event], bytes]:
    events = Events()
    found = [event for piece in pieces for event in events.feed(piece)]
    return found, events.rest()


def one(data: bytes) -> Event:
    (event,), rest = cut([data])
    assert rest == b""
    return event


ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
WORDS = st.sampled_from(
    [
        b"data: {}",
        b"data:x",
        b"data",
        b"event: ping",
        b"id: 7",
        b": note",
        b"",
        b"\xef\xbb\xbf",
        b"\xff",
        b" ",
        b"a:b:c",
    ]
)
STREAMS = st.one_of(
    st.lists(st.one_of(ENDS, WORDS)).map(b"".join),
    st.binary(max_size=60),
    st.text("\r\nad:", max_size=40).map(str.encode),
)


@given(STREAMS, st.lists(st.integers(0, 60)))
def test_however_a_stream_is_split_its_events_are_the_same_and_its_bytes_come_back(data: bytes, at: list[int]) -> None:
    edges = sorted({0, *(min(place, len(data)) for place in at), len(data)})
    pieces = [data[start:end] for start, end in pairwise(edges)]
    events, rest = cut(pieces)

    assert (events, rest) == cut([data]) == cut([data[i : i + 1] for i in range(len(data))])
    assert b"".join(event.raw for event in events) + rest == data


def reference(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and data of the events that say something, by the algorithm of the standard, line by line."""
    found: list[tuple[bytes, bytes]] = []
    lines: list[bytes] = []
    name = b""
    for line in re.split(rb"\r\n|\n|\r", data.removeprefix(b"\xef\xbb\xbf"))[:-1]:
        field, _, value = line.partition(b":")
        if not line:
            found.append((name, b"\n".join(lines)))
            name, lines = b"", []
        elif field == b"data":
            lines.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return [event for event in found if event != (b"", b"")]


@given(STREAMS)
def test_an_event_says_what_the_standard_reads_in_it(data: bytes) -> None:
    data += b"\n\n:"  # the end of the last event, and a byte behind it
    events, _ = cut([data])

    assert [(e.name, e.data) for e in events if e.name or e.data] == reference(data[:-1])


@pytest.mark.parametrize(
    ("raw", "name", "data"),
    [
        (b"data: a\n\n", b"", b"a"),
        (b"event: ping\ndata: {}\n\n", b"ping", b"{}"),
        (b"event: ping\r\ndata: {}\r\n\r\n", b"ping", b"{}"),
        (b"event:ping\ndata:{}\r\n\n", b"ping", b"{}"),
        (b"data: {\ndata: }\n\n", b"", b"{\n}"),
        (b"data:  two\n\n", b"", b" two"),
        (b"data\n\n", b"", b""),
        (b": a comment\n\n", b"", b""),
        (b"id: 1\nretry: 5\ndatax: y\n\n", b"", b""),
        (b"\xef\xbb\xbfdata: a\n\n", b"", b"a"),
        (b"event: a\nevent: b\ndata: x: y\n\n", b"b", b"x: y"),
        ("data: é😀\n\n".encode(), b"", "é😀".encode()),
    ],
)
def test_an_event_has_a_name_and_data(raw: bytes, name: bytes, data: bytes) -> None:
    assert one(raw) == Event(raw, name, data)


def test_a_mark_of_byte_order_counts_at_the_very_beginning_alone() -> None:
    events, _ = cut([b"data: a\n\n\xef\xbb\xbfdata: b\n\n"])

    assert [event.data for event in events] == [b"a", b""]


def test_an_event_comes_as_soon_as_it_is_whole() -> None:
    events = Events()

    assert events.feed(b"data: a\r\n\r") == []
    assert [event.data for event in events.feed(b"\n")] == [b"a"]
    assert events.feed(b"data: b\n") == []
    assert events.rest() == b"data: b\n"
    assert [event.data for event in events.feed(b"\ndata: c")] == [b"b"]
    assert events.rest() == b"data: c"


def test_a_huge_event_is_handed_on_in_pieces_that_say_nothing() -> None:
    huge = b"data: " + b"x" * sse.MAX_EVENT + b"\ndata: the end of it\n\n"
    step = 8 * 1024 * 1024
    events, rest = cut([*(huge[at : at + step] for at in range(0, len(huge), step)), b"data: next\n\n"])

    assert b"".join(event.raw for event in events) == huge + b"data: next\n\n"
    assert [event.data for event in events if event.data] == [b"next"]
    assert rest == b""


def spent(data: bytes, step: int) -> float:
    started = time.perf_counter()
    events, _ = cut([data[at : at + step] for at in range(0, len(data), step)])
    assert len(events) == 1
    return time.perf_counter() - started


def test_a_large_event_in_small_pieces_costs_no_more_than_its_length() -> None:
    short, long = (min(spent(b"data: " + b"x" * size + b"\n\n", 1) for _ in range(3)) for size in (20_000, 160_000))

    assert long < 4 * 8 * short


@given(STREAMS, st.integers(1, 7))
def test_events_of_one_kind_are_those_of_all_that_hold_its_sign(data: bytes, size: int) -> None:
    sign = re.compile(rb"ping|\{")
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    events = Events()

    found = [event for piece in pieces for event in events.feed(piece, sign)]

    assert found == [event for event in cut(pieces)[0] if sign.search(event.raw)]
