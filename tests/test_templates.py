"""Line templates: what a reader sees, which lines stay whole, and that every text comes back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.compressors._lines import templates
from headroom.errors import FormatError

PACKETS = [f"0811 {203615 + i} INFO dfs.Responder: PacketResponder {i % 3} for block blk_{i * 7919}" for i in range(9)]


def coded(lines: list[str]) -> list[str]:
    found = templates.encode(lines)
    assert found is not None
    out, notation = found
    assert templates.decode(out, notation.braces) == lines
    return out


def test_the_first_line_of_a_kind_stands_whole_and_later_ones_are_their_values() -> None:
    out = coded(PACKETS)

    name = out[0].partition(" := ")[0]
    assert out[0].replace("{", "").replace("}", "") == f"{name} := {PACKETS[0]}"
    assert name in PACKETS[0]
    assert out[1].split(" ") == [name, "203616", "1", "7919"]


def test_a_value_that_repeats_the_one_before_is_a_mark_or_left_out_at_the_end() -> None:
    lines = [f"request {i} from 10.0.0.7 to backend-4a2f answered in {i * 3} ms by 10.9.8.7" for i in range(6)]
    lines[3] = lines[3].replace("10.0.0.7", "10.0.0.9").replace("10.9.8.7", "10.9.8.6")

    out = coded(lines)

    assert out[2].split(" ")[1:] == ["2", '"', "6"]
    assert out[3].split(" ")[1:] == ["3", "10.0.0.9", "9", "10.9.8.6"]


def test_after_a_while_a_repeated_value_is_written_again() -> None:
    lines = [f"beat {i} from 10.0.0.{7 + i // 60} and port {i * 3} alive" for i in range(120)]

    assert sum("10.0.0.7" in line for line in coded(lines)) == 3


def test_a_value_that_stands_twice_in_its_line_is_given_once() -> None:
    lines = [f"node R{i:02d}-M1-N{i % 4} says: R{i:02d}-M1-N{i % 4} is healthy again" for i in range(8)]

    out = coded(lines)

    assert "{=" in out[0]
    assert len(out[1].split(" ")) == 2


def test_few_lines_that_tell_of_a_failure_stay_whole_among_many_of_their_kind() -> None:
    lines = [*PACKETS, *(f"worker {i} error: lost block {i * 31}" for i in range(5))]

    assert coded(lines)[-5:] == lines[-5:]


def test_many_lines_that_tell_of_a_failure_have_its_word_in_their_name() -> None:
    lines = [f"[Sun Dec 04] [error] mod_jk child {i} left in state {i % 7}" for i in range(40)]

    assert all("error" in line for line in coded(lines))


def test_lines_that_look_like_ours_are_kept_apart() -> None:
    name = coded(PACKETS)[0].partition(" := ")[0]
    lines = [*PACKETS, f"{name} 1 2 3", f"{name}", "Other := text {v}", "\\ backslash", f" {name} 4", *PACKETS[:2]]

    coded(lines)


def test_braces_in_the_text_move_the_marks_to_another_pair() -> None:
    lines = [f"Token{{{i}}} of window {i * 17} freezing the display now" for i in range(8)]

    found = templates.encode(lines)

    assert found is not None
    assert found[1].braces == "«»"


def test_quoted_phrases_are_values_that_read_to_their_closing_quote() -> None:
    agents = ["Mozilla/5.0 (X11; Linux x86_64) Chrome/121.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2) Safari/604.1"]
    lines = [
        f'10.0.3.{i % 9} - - [04/Mar/2026:09:15:{i:02d} +0000] "GET /{"abcdefg"[i % 7]} HTTP/1.1" 200 {i} "-" '
        f'"{agents[i % 2] if i % 5 else f"agent {i} of some other kind"}"'
        for i in range(60)
    ]

    coded(lines)


def test_nothing_is_done_where_no_kind_repeats() -> None:
    assert templates.encode(["one line", "another line of text", ""]) is None


HOSTILE = [
    "",
    " ",
    "\\",
    '"',
    '" "',
    "{",
    "}",
    "{=v}",
    "A := b {1}",
    "A 1",
    "«1»",
    "\x1f",
    "\u2028",
    "x\r",
    "= =1",
    "|1|",
]
words = st.sampled_from(
    ["A", ":=", '"', '"a b c d e"', "{", "=1", "error", "1", "22", "10.0.0.1", "n-4/x", "é٣", "\t", "|"]
)
patterned = st.lists(st.lists(words, min_size=1, max_size=6).map(" ".join), max_size=5).flatmap(
    lambda kinds: st.lists(
        st.one_of(
            st.sampled_from(HOSTILE),
            *([st.tuples(st.sampled_from(kinds), st.integers(0, 99)).map(lambda k: f"{k[0]} request {k[1]} done")] * 3),
        )
        if kinds
        else st.sampled_from(HOSTILE),
        max_size=40,
    )
)


@settings(max_examples=300)
@given(patterned)
def test_every_text_comes_back(lines: list[str]) -> None:
    found = templates.encode(lines)
    if found is not None:
        assert templates.decode(found[0], found[1].braces) == lines


@given(patterned)
def test_a_text_with_our_definitions_in_it_decodes_or_is_refused(lines: list[str]) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(templates.decode(lines, "{}"), list)


@pytest.mark.parametrize(
    "lines", [["A := x {1} y", "A 1 2"], ["A := x {=1} y"], ["A := x {1 y"], ["A := x {1} {", "A 1"], ["A := x", "A 1"]]
)
def test_values_that_do_not_fit_their_definition_are_refused(lines: list[str]) -> None:
    with pytest.raises(FormatError):
        templates.decode(lines, "{}")


def test_below_a_reference_no_value_is_told_as_the_one_before() -> None:
    rows = [f"{100 + i}:7 warning Unexpected any in module-{1000 + i // 4} found" for i in range(16)]
    out = coded([*rows[:14], "[= lines 2-5 above]", *rows[14:]])

    assert [line.partition(" ")[2] for line in out[12:]] == [
        "112 1003", "113", "lines 2-5 above]", "114 1003", "115",
    ]  # fmt: skip


def test_lines_that_say_how_many_errors_there_were_are_named_for_them_where_there_were_any() -> None:
    none = [f"second {i} served {7 * i} requests, errors=0" for i in range(20)]
    some = [f"second {i} served {7 * i} requests, errors={i % 3}" for i in range(20)]

    assert "error" not in coded(none)[1]
    assert "error" in coded(some)[1]
