"""Shared-prefix headings: what they look like, where they are cut, and that every text comes back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._lines import prefix
from headroom.errors import FormatError

HOSTILE = ["@", "@p", "@…x", " ", "  indented", "\\", "\\@", "", "@@", "…", "shared/a", "shared/b", "shared/b/c"]
hostile_lines = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)), max_size=30)


def headed(lines: list[str]) -> list[str]:
    out = prefix.write(lines, prefix.headings(lines))
    assert prefix.decode(out) == lines
    return out


def test_a_time_that_never_changes_is_left_to_the_templates() -> None:
    assert prefix.clocks([f"2026-03-04 09:15:{i:02d} worker {i} ready" for i in range(60)]) == []


def timed(lines: list[str]) -> list[str]:
    out = prefix.write(lines, prefix.clock_headings(lines, prefix.clocks(lines)[0]))
    assert prefix.decode(out) == lines
    return out


def test_lines_with_one_beginning_stand_indented_below_it() -> None:
    lines = ["ok  \tentire.io/cli/cmd/entire/cli\t5.170s", "ok  \tentire.io/cli/cmd/entire/cli/agent\t(cached)", "FAIL"]

    assert headed(lines) == ["@ok  \tentire.io/cli/cmd/entire/", " cli\t5.170s", " cli/agent\t(cached)", "FAIL"]


def test_a_prefix_ends_at_a_delimiter_and_never_inside_a_word() -> None:
    lines = ["src/headroom/session_a.py", "src/headroom/session_b.py", "src/headroom/settings.py"]

    assert headed(lines)[0] in ("@src/headroom/session_", "@src/headroom/")


def test_lines_that_share_little_stay_as_they_are() -> None:
    lines = ["alpha", "beta", "gamma"]

    assert headed(lines) == lines


def test_indented_lines_after_a_heading_are_kept_apart_from_those_below_it() -> None:
    lines = [f"Compiling the crate number {i}" for i in range(5)] + ["  warning: unused", "  note: here", "done"]

    out = headed(lines)

    assert "  warning: unused" in out
    assert out[out.index("  warning: unused") - 1] == "@"


def test_the_minute_of_a_busy_log_stands_above_its_lines_and_only_what_changes_is_written_again() -> None:
    lines = [f"2026-03-04 09:{15 + i // 20}:{i % 20 + 10},{i:03d} INFO worker {i} ready" for i in range(60)]

    out = timed(lines)

    assert out[0] == "@2026-03-04 09:15:"
    assert out[1] == " 10,000 INFO worker 0 ready"
    assert [line for line in out if line[0] == "@"] == ["@2026-03-04 09:15:", "@…09:16:", "@…09:17:"]


def test_lines_that_do_not_start_with_the_time_do_not_end_its_heading() -> None:
    records = [f"2026-03-04 09:{i // 20}:{i % 20} job {i} failed\n\tat Worker.run\n\tat Worker.main" for i in range(60)]

    out = timed("\n".join(records).split("\n"))

    assert sum(line[0] == "@" for line in out) == 3
    assert out[2] == "\tat Worker.run"


@given(hostile_lines)
def test_every_text_comes_back_from_headings(lines: list[str]) -> None:
    headed(lines)


@given(st.lists(st.tuples(st.sampled_from([*HOSTILE, "10:00:00 a b", "10:01:00 a c"]), st.integers(-1, 13))))
def test_every_text_comes_back_from_any_cuts(lines: list[tuple[str, int]]) -> None:
    texts = [line for line, _ in lines]
    cuts = [min(cut, len(line)) for line, cut in lines]

    assert prefix.decode(prefix.write(texts, cuts)) == texts


@given(hostile_lines)
def test_a_text_with_our_headings_in_it_decodes_or_is_refused(lines: list[str]) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(prefix.decode(lines), list)


def test_a_heading_that_continues_none_is_refused() -> None:
    with pytest.raises(FormatError):
        prefix.decode(["@…16:", " x"])


def test_a_line_that_starts_like_no_other_is_cut_at_no_time() -> None:
    lines = ['[{"id": 0, "name": "apple"}]', *(f"2026-03-04T09:00:{i:02}Z INFO pressed" for i in range(12))]

    assert prefix.clock_headings(lines, 5)[0] == prefix.LITERAL
    assert min(prefix.clock_headings(lines, 5)[1:]) > 0


def test_a_line_that_stands_for_others_gets_no_heading() -> None:
    lines = [
        line
        for i in range(6)
        for line in (f"2026-03-04 09:00:{i:02} INFO pressed", "[= lines 2-9 above]", "[= lines 2-7 above]")
    ]

    for cuts in (prefix.headings(lines), *(prefix.clock_headings(lines, k) for k in range(1, 6))):
        assert {cut for line, cut in zip(lines, cuts, strict=True) if line[0] == "["} == {prefix.LITERAL}
