"""By what a turn is known: what was drawn at random, and else a text or a number in its place."""

from __future__ import annotations

import pytest

from headroom.proxy.retrieve.keys import heads, issued, keys, without


@pytest.mark.parametrize(
    "word",
    [
        "toolu_01A09q90qw90lq917835lq9",
        "call_abc123DEF456ghi789",
        "Eq0BCkYIAhgCKkBdeadbeef12345",
        "chatcmpl-tool-0f3a" * 2,
    ],
)
def test_what_is_drawn_at_random_is_known_anywhere(word: str) -> None:
    assert keys("a", [word], b"here", "") == keys("a", [word], b"there", "text") == [issued("a", word)]
    assert issued("a", word) != issued("b", word)


@pytest.mark.parametrize("word", ["functions.read:0", "call_0", "1", "get_weather_in_2025", "functions.retrieveall:12"])
def test_what_is_counted_is_known_in_its_place_alone(word: str) -> None:
    assert keys("a", [word], b"here", "") == keys("a", [word], b"here", "text")
    assert keys("a", [word], b"here", "") != keys("a", [word], b"there", "")


def test_a_text_is_the_last_resort_and_its_blanks_do_not_count() -> None:
    assert keys("a", ["", ""], b"here", " one\n two") == keys("a", [], b"here", "onetwo")
    assert keys("a", [], b"here", " \n") == []
    assert len(keys("a", ["call_0"], b"here", "one", every=True)) == 2


def test_surrogates_do_no_harm() -> None:
    assert len(keys("a", ["\ud800"], b"here", "\ud800", every=True)) == 2
    assert len(heads(["\ud800", None])) == 2


def test_a_place_is_what_stands_before_it() -> None:
    first, second, third = heads([{"a": 1, "b": 2}, None, "x"])
    assert first != second == third
    assert heads([{"b": 2, "a": 1}, "y"])[1] == second


@pytest.mark.parametrize(
    ("text", "front", "rest"),
    [
        ("onetwo", "one", "two"),
        ("one two", " one\n", " two"),
        ("two", "one", "two"),
        ("one", "one\n", ""),
        ("a", "", "a"),
    ],
)
def test_what_a_client_joined_is_taken_off_the_front(text: str, front: str, rest: str) -> None:
    assert without(text, front) == rest
