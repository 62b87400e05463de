"""Texts of no kind that is known: what a rendering shows, and what is left alone."""

from __future__ import annotations

import pytest

from headroom import tokens
from headroom.compressors.output import Output
from headroom.types import Facts, ToolCall
from tests.samples import samples

OUTPUT = Output()
TEXTS = {sample.name: sample.text for sample in samples() if sample.kind == "output"}
NAMES = ("press", "vat", "label", "crate", "bottle")
BRANCHES = "".join(f"  remotes/origin/{who}/{name}\n" for who in ("ada", "lin") for name in NAMES)


def rendered(text: str) -> str:
    facts = Facts(text)
    assert OUTPUT.fit(facts) > 0
    rendering = OUTPUT.encode(facts)
    assert rendering is not None
    assert OUTPUT.decode(rendering) == text
    return rendering


@pytest.mark.parametrize("name", TEXTS)
def test_what_repeats_is_told_once_and_costs_a_fifth_less_at_least(name: str) -> None:
    count = tokens.counter().count
    assert count(rendered(TEXTS[name])) < 0.8 * count(TEXTS[name])


def test_beginnings_that_neighbours_share_stand_above_them() -> None:
    assert "@  remotes/origin/\n ada/press\n ada/vat\n" in rendered(BRANCHES)


def test_what_tells_of_failure_stands_word_for_word() -> None:
    text = next(text for name, text in TEXTS.items() if "ansible" in name)
    failed = next(line for line in text.split("\n") if "FAILED!" in line)
    assert failed in rendered(text).split("\n")


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (BRANCHES, ToolCall(name="Read", args={"file_path": "branches.txt"})),
        (BRANCHES, ToolCall(name="Bash", args={"command": "cat branches.txt"})),
        ("".join(f"{n}:    total = basket.sum(tax={n})\n" for n in range(30)), None),
        ("".join(f"a{n}:\n  b:\n    c{n}\n" for n in range(30)), None),
        ("one\ntwo\nthree\n", None),
        ("def f():\n" + "".join(f"    total_{n} = basket.sum(tax={n})\n" for n in range(30)), None),
    ],
)
def test_files_source_and_nested_text_are_left_alone(text: str, call: ToolCall | None) -> None:
    assert OUTPUT.fit(Facts(text, call)) == 0


def test_a_text_that_hardly_repeats_is_left_as_it_is() -> None:
    words = ("apple", "bee", "cider", "dove", "elm", "fox")
    text = "".join(f"{word} {word[::-1]} goes its own way {len(word)}\n" for word in words)
    assert OUTPUT.encode(Facts(text)) is None
