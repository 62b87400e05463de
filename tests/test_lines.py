"""The line codec as a whole: the legend says what is used, steps combine, and every text comes back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom.compressors._lines import codec
from headroom.errors import FormatError

MARK = "[test codes: "
LOG = "".join(
    f"2026-03-04 09:{i // 30:02d}:{i * 2 % 60:02d} INFO worker {i % 5} took job {i * 37}\n" for i in range(120)
)
WAIT = "waiting for the database to come up\n"
COMBINATIONS = [
    ("references",),
    ("long-references",),
    ("headings",),
    ("templates",),
    ("timed",),
    ("references", "timed", "headings"),
    ("headings", "templates", "references"),
    ("templates", "templates"),
]


def coded(text: str, *steps: str) -> list[str]:
    rendering = codec.encode(text, steps, MARK)
    assert rendering is not None
    assert codec.decode(rendering, MARK) == text
    return rendering.split("\n")


def test_the_legend_opens_with_the_mark_and_names_only_what_is_used() -> None:
    assert coded(WAIT * 9, "references", "templates", "headings")[0] == "[test codes: ×N: N times in all]"
    assert coded(LOG, "references", "timed")[0].startswith("[test codes: @p: indented lines below start with p")
    assert " := " not in coded(WAIT * 9 + LOG, "references")[0]


def test_a_log_stands_under_its_minutes_with_one_name_per_kind_of_line() -> None:
    lines = coded(LOG, "timed")

    assert lines[1] == "@2026-03-04 09:00:"
    assert lines[2].endswith(" := {00} INFO worker {0} took job {0}")
    assert lines[3].split(" ")[2:] == ["02", "1", "37"]


def test_there_is_no_rendering_where_no_step_finds_anything() -> None:
    assert codec.encode("one\r\ntwo\r\nthree\r\n", ("references", "timed", "headings"), MARK) is None
    assert codec.encode("", ("templates",), MARK) is None


def test_a_text_that_holds_the_mark_is_left_alone() -> None:
    assert codec.encode(LOG + MARK, ("templates",), MARK) is None


def test_the_best_of_several_combinations_is_the_shortest() -> None:
    either = codec.best(WAIT * 40 + LOG, (("references",), ("references", "timed")), MARK)

    assert either is not None
    assert either == codec.encode(WAIT * 40 + LOG, ("references", "timed"), MARK)
    assert codec.best("nothing to gain here\n", COMBINATIONS, MARK) is None


PIECES = [
    "@", "@p", "@…x", " ", "  x", "\\", "\\\\", "A := b {1}", "A 1", "{", "}", "{=1}", '"', '" "', '"a b c 1" "-"',
    "«1»", "[line above ×3]", "[2 lines above ×2]", "[= lines 1-4 above]", "\r", "\t|", "\u2028", "\x1f", "\x85",
    "10:00:01 up", "10:00:02 up", "10:01:03 up", "error 5", "n-12/x=3", "订单12", "٣٤", MARK[:-1], "",
]  # fmt: skip
hostile = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.lists(st.sampled_from(PIECES), max_size=4).map(" ".join),
        st.integers(0, 999).map(lambda n: f"10:00:{n % 60:02d} INFO request {n} of client 10.0.0.{n % 3} done"),
        st.text(max_size=10),
    ),
    max_size=30,
).flatmap(lambda lines: st.sampled_from(["\n", "\r\n"]).map(lambda end: end.join(lines * 2)))


@pytest.mark.parametrize("steps", COMBINATIONS, ids="-".join)
@settings(max_examples=80)
@given(hostile)
@example("\n\n\n\n")
@example("@\n@\n@\n @\n")
def test_every_text_comes_back_from_every_combination(steps: tuple[str, ...], text: str) -> None:
    rendering = codec.encode(text, steps, MARK)
    if rendering is not None:
        assert codec.decode(rendering, MARK) == text


LEGENDS = [
    "[test codes: @p: indented lines below start with p]",
    "[test codes: ×N: N times in all]",
    "[test codes: A := text {v}: later A v is that line with value v]",
    "[test codes: ×N: N times in all | A := text {v}: later A v is that line with value v]",
    "[test codes: nothing known]",
    "[test codes: ]",
    "[test codes: ",
    "",
]


@settings(max_examples=300)
@given(st.sampled_from(LEGENDS), hostile)
def test_what_is_no_rendering_raises_a_format_error_or_decodes(legend: str, body: str) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(codec.decode(f"{legend}\n{body}", MARK), str)


@pytest.mark.parametrize("legend", ["", "[test codes: nothing known]", "[test codes: ]", "[other codes: ×N]", "["])
def test_a_legend_that_is_none_is_refused(legend: str) -> None:
    with pytest.raises(FormatError):
        codec.decode(f"{legend}\nx", MARK)
