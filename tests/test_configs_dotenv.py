"""Files of variables: read as the agents read them, edited line by line, undone byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.configs import Change, read
from headroom.configs import _dotenv as dotenv
from headroom.errors import ConfigError
from tests.config_samples import journal, sets, written

TEXT = """\
# my key
export GEMINI_API_KEY="AIza-x"   # paid

GOOGLE_GEMINI_BASE_URL=https://gw.example/old # the old one
EMPTY=
MANY='one
TWO=2'
GOOGLE_GEMINI_BASE_URL = https://gw.example
not a variable
"""
URL = "http://127.0.0.1:8787"


def test_variables_are_read_with_quotes_comments_and_several_lines(tmp_path: Path) -> None:
    assert read(written(tmp_path / ".env", TEXT), "env") == {
        "GEMINI_API_KEY": "AIza-x",
        "GOOGLE_GEMINI_BASE_URL": "https://gw.example",
        "EMPTY": "",
        "MANY": "one\nTWO=2",
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TEXT, TEXT.replace("URL = https://gw.example", f"URL = {URL}") + "NEW=1\n"),
        ("", f"GOOGLE_GEMINI_BASE_URL={URL}\nNEW=1\n"),
        ("A=1", f"A=1\nGOOGLE_GEMINI_BASE_URL={URL}\nNEW=1"),
        ("A=1\r\n\r\n", f"A=1\r\nGOOGLE_GEMINI_BASE_URL={URL}\r\nNEW=1\r\n\r\n"),
    ],
)
def test_a_variable_is_set_in_its_line_or_on_a_new_one(tmp_path: Path, before: str, after: str) -> None:
    file = written(tmp_path / ".env", before)
    journal(tmp_path).apply("wrap gemini", [sets(file, "env", ("GOOGLE_GEMINI_BASE_URL", URL), ("NEW", "1"))])

    assert file.read_bytes().decode() == after
    journal(tmp_path).undo("wrap gemini")
    assert file.read_bytes().decode() == before


def test_what_the_user_adds_stays(tmp_path: Path) -> None:
    file = written(tmp_path / ".env", "A=1\n")
    journal(tmp_path).apply("wrap", [sets(file, "env", ("URL", URL))])
    file.write_text(file.read_text(encoding="utf-8") + "B=2\n", encoding="utf-8")

    journal(tmp_path).undo("wrap")
    assert file.read_text(encoding="utf-8") == "A=1\nB=2\n"


@pytest.mark.parametrize("change", [
    {"sets": ((("A", "B"), "x"),)}, {"sets": ((("A",), 1),)}, {"sets": ((("A",), "'`\\"),)},
    {"appends": ((("A",), 1),)},
])  # fmt: skip
def test_what_such_a_file_cannot_hold_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    file = written(tmp_path / ".env", TEXT)
    with pytest.raises(ConfigError, match="nothing was changed"):
        journal(tmp_path).apply("wrap", [Change(file=file, form="env", **change)])  # type: ignore[arg-type]
    assert file.read_text(encoding="utf-8") == TEXT


NAMES = st.sampled_from(["A", "B", "URL"])
LINES = st.one_of(
    st.tuples(NAMES, st.sampled_from(["", "1", "'x'", '"y z"', "a # b", " spaced "])).map("=".join),
    st.sampled_from(["", "# x", "words", "export Q=1"]),
)


@given(
    st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans(), NAMES, st.text("ab /:'", min_size=1)
)
def test_a_variable_set_and_dropped_again_leaves_the_text(
    lines: list[str], nl: str, ended: bool, name: str, value: str
) -> None:
    text = nl.join(lines) + (nl if ended and lines else "")
    before = dotenv.load(text)
    after = dotenv.put(text, (name,), value)

    assert dotenv.load(after) == {**before, name: value}
    if name not in before:
        assert dotenv.load(dotenv.drop(after, (name,))) == before
    else:
        assert dotenv.paste(after, (name,), dotenv.source(text, (name,))) == text


def test_the_original_is_the_file_without_us(tmp_path: Path) -> None:
    file, other = written(tmp_path / ".env", "A=1\n"), written(tmp_path / "b.json", '{"x": 1}')
    journal(tmp_path).apply("wrap", [sets(file, "env", ("URL", URL))])

    assert journal(tmp_path).original(file) == b"A=1\n"
    file.write_bytes(file.read_bytes() + b"B=2" + os.linesep.encode())
    assert journal(tmp_path).original(file) == b"A=1\nB=2\n"
    assert (journal(tmp_path).original(other), journal(tmp_path).original(tmp_path / "no")) == (b'{"x": 1}', None)
    assert read(file, "env", journal(tmp_path).original) == {"A": "1", "B": "2"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"b\.json:1: "):
        read(written(tmp_path / "b.json", "{"), "json")
