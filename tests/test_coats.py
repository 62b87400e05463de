"""What stands at every line: the text is read as without it, and comes back with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import suites
from headroom import compress
from headroom.api import Result
from headroom.compressors import stands_for
from headroom.compressors._coats import MARKS, apart, of, plain, restored, seen
from headroom.store import MemoryStore
from tests.samples import Sample, samples
from tests.test_compressor_contract import same

LONG = [sample._replace(text=plain(sample.text)) for sample in samples() if sample.text.count("\n") > 10]
TEXTS = [sample for sample in LONG if "\r" not in sample.text]
ENDS = "[lines end in CR LF]"
RUNNERS = ["web-1  | ", "@acme/shop test: ", "test\tRun tests\t", "[worker 3] ", "    ", "shop:test: "]


def windows(text: str) -> str:
    return text.replace("\n", "\r\n")


def below(start: str, text: str) -> str:
    return "".join(start + line for line in text.splitlines(keepends=True))


def stripped(start: str, text: str) -> str:
    """As agents show it that take blanks off the ends of lines, and of the whole."""
    return "\n".join(line.rstrip() for line in below(start, text).split("\n")).rstrip()


def made(text: Any, **settings: Any) -> Result:
    return compress(text, store=MemoryStore(), **settings)


@pytest.mark.parametrize("sample", TEXTS, ids=lambda sample: f"{sample.kind}/{sample.name}")
def test_a_text_of_windows_is_written_as_without_its_line_ends_and_that_they_are_there_is_said_above(
    sample: Sample,
) -> None:
    unix, dos = made(sample.text), made(windows(sample.text))
    if not unix.parts or unix.parts[0].reason != "encoded":
        return
    part = dos.parts[0]

    assert (part.kind, part.reason) == (unix.parts[0].kind, "encoded")
    if part.kind == "records":  # of JSON the white space does not count
        assert dos.messages.removeprefix(f"{ENDS}\n") == unix.messages
    else:
        assert dos.messages == f"{ENDS}\n{unix.messages}"
        assert same(windows(sample.text), stands_for(part.kind, dos.messages))


@pytest.mark.parametrize("every", [2, 9, 1000])
@pytest.mark.parametrize("sample", TEXTS, ids=lambda sample: f"{sample.kind}/{sample.name}")
def test_a_text_with_both_kinds_of_line_ends_comes_back(sample: Sample, every: int) -> None:
    lines = sample.text.split("\n")
    mixed = "".join(f"{line}\n" if at % every == 0 else f"{line}\r\n" for at, line in enumerate(lines))
    result = made(mixed)

    if result.parts[0].reason == "encoded":
        assert same(mixed, stands_for(result.parts[0].kind, result.messages))


@pytest.mark.parametrize("tool", ["pytest -v", "go test -v"])
@pytest.mark.parametrize("dress", [below, stripped])
@pytest.mark.parametrize("start", ["\r", *RUNNERS], ids=repr)
def test_a_failing_suite_is_cut_as_alone_and_its_notices_name_the_same_lines(
    tool: str, start: str, dress: Callable[[str, str], str]
) -> None:
    text, store = suites.suite(tool, 11, 200, 4).text, MemoryStore()
    text = text if dress is below else stripped("", text)
    dressed = windows(text) if start == "\r" else dress(start, text)
    alone = compress(text, store=store, level="balanced", way_back="tool").parts[0]
    result = compress(dressed, store=store, level="balanced", way_back="tool")
    part = result.parts[0]

    assert (part.kind, part.reason, part.omissions) == (alone.kind, "outlined", alone.omissions)
    known = set(dressed.split("\n"))
    left = stands_for(part.kind, result.messages).split("\n")
    assert all(line.startswith("[… ") or line in known for line in left)
    assert sum(line.startswith("[… ") for line in left) == len(part.omissions)


@pytest.mark.parametrize("start", RUNNERS)
def test_a_log_below_a_name_comes_back_whole(start: str) -> None:
    text = below(
        start,
        "".join(
            f"10:{n // 60:02}:{n % 60:02} GET /items/{n} 200 in {n * 7 % 90} ms, {n * 31} bytes\n" for n in range(200)
        ),
    )
    result = made(text)

    assert result.tokens_after < 0.6 * result.tokens_before
    assert stands_for(result.parts[0].kind, result.messages) == text


def test_json_needs_no_word_about_line_ends() -> None:
    rows = json.dumps([{"id": i, "state": "open", "owner": "ines"} for i in range(80)], indent=2)
    result = made(windows(rows))

    assert result.parts[0].reason == "encoded"
    assert ENDS not in result.messages


@pytest.mark.parametrize("dress", [windows, lambda text: below("\t", text)], ids=["line ends", "an indentation"])
def test_a_text_read_again_is_one_reference(dress: Any) -> None:
    text = dress("\n".join(f"{n}\tlet total_{n} = add({n}, carry_{n * 7});" for n in range(1, 120)))
    call = {"type": "tool_use", "name": "Read", "input": {"file_path": "src/sums.rs"}}
    messages = [
        {"role": role, "content": [content]}
        for name in ("t1", "t2")
        for role, content in (
            ("assistant", {**call, "id": name}),
            ("user", {"type": "tool_result", "tool_use_id": name, "content": text}),
        )
    ]
    result = made([{"role": "user", "content": "Add it up."}, *messages])

    assert result.parts[-1].reason == "repeats"
    assert "all of Read src/sums.rs" in result.messages[-1]["content"][0]["content"]


@pytest.mark.parametrize(
    "text",
    [
        "one\r\ntwo\nthree\r\n" * 100,
        below("2026-11-02 10:00 ", "poll done, nothing new\n" * 20 + "poll failed\n"),
        below("src/a.py:4:", "def open(self):\n" * 20),
        "    a\n\n    \n" * 20,
        "    a\nb\n" * 20,
        "    \n" * 20,
    ],
    ids=["both kinds of line ends", "a clock", "a path", "empty lines of two kinds", "not at every line", "nothing"],
)
def test_what_tells_something_stays(text: str) -> None:
    assert [coat.head for coat in of(text)] == [""]


def test_what_was_read_keeps_its_indentation() -> None:
    body = "".join(f"        total_{n} = add(total_{n}, carry)\n" for n in range(200))
    call = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "sed -n 40,240p sums.py"}}
    messages = [
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": body}]},
    ]

    assert "[each line" not in str(made(messages).messages)


@pytest.mark.parametrize("mark", MARKS)
def test_a_text_that_says_it_in_our_words_is_not_touched(mark: str) -> None:
    text = windows(f"{mark}\n" + "\n".join(f"2026-11-02 10:00:{n:02} INFO poll ok" for n in range(60)))

    assert made(text).parts[0].reason == "contains-format"


@given(
    st.sampled_from(["", "\r", *RUNNERS, "  ", "\t\t", "] ", "[x] ", "a: "]),
    st.lists(st.text(st.sampled_from("ab \t\r]|:"), max_size=3), max_size=30),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_whatever_was_taken_off_comes_back(
    start: str, lines: list[str], newline: bool, strips: bool, ends: bool
) -> None:
    text = "\n".join([start + line for line in lines]) if start != "\r" else windows("\n".join(lines))
    text = "\n".join(line.rstrip(" \t") for line in text.split("\n")) if strips else text
    text = f"{text}\n" if newline else text
    text = windows(text) if ends else text
    for coat in of(text):
        heads, body = apart(coat.head + "below")
        assert body == "below"
        assert restored(coat.text, heads) == text
        assert seen(text, coat.head + "below") == (coat.text, "below")
