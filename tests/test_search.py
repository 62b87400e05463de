"""Search results and diagnostics: what a rendering shows, and that it restores every kind of grep output."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import policy, tokens
from headroom.compressors.search import Search
from headroom.errors import FormatError
from headroom.types import Facts

SHARED = Path(__file__).parents[2] / "shared"
CLAUDE_CODE = SHARED / "data" / "trajectories" / "claude-code-go-project.jsonl.gz"
RG_UNWRAP = SHARED / "workloads" / "rg_unwrap_600.json.gz"
SOURCES = Path(__file__).parents[1] / "src"

SEARCH = Search()


def rendered(text: str) -> list[str]:
    facts = Facts(text)
    rendering = SEARCH.encode(facts)
    assert rendering is not None
    assert SEARCH.decode(rendering) == text
    assert any(mark in rendering.split("\n")[0] for mark in SEARCH.marks)
    return rendering.split("\n")


def saved(texts: list[str]) -> float:
    """Share of o200k tokens saved over all texts, those left as they are included."""
    count = tokens.counter().count
    before = after = 0
    for text in texts:
        size = smallest = count(text)
        if size >= policy.MIN_TOKENS and (rendering := SEARCH.encode(Facts(text))) is not None:
            assert SEARCH.decode(rendering) == text
            if policy.pays(size, count(rendering)):
                smallest = count(rendering)
        before, after = before + size, after + smallest
    return 1 - after / before


def test_a_file_with_several_matches_is_named_once_and_a_single_match_keeps_its_path() -> None:
    text = "src/app/a.py:3:import os\nsrc/app/a.py:9:\tos.exit()\nsrc/app/b/c.py:12:os\nsrc/app/d.py:1:#os\n"
    assert rendered(text) == [
        "[lines by file under src/app/]", "a.py:", "3:import os", "9:\tos.exit()", "b/c.py:12:os", "d.py:1:#os", "",
    ]  # fmt: skip


def test_equal_lines_of_a_file_share_one_line() -> None:
    text = "a.rs:7:  x.unwrap();\na.rs:9:  x.unwrap();\na.rs:31:  x.unwrap();\na.rs:40:y\nb.rs:3:z"
    assert rendered(text) == ["[lines by file]", "a.rs:", "7,9,31:  x.unwrap();", "40:y", "b.rs:3:z"]


def test_context_numbers_follow_on_and_show_again_at_every_tenth() -> None:
    text = "\n".join(f"a/b-1-c.go{':' if n == 7 else '-'}{n}{':' if n == 7 else '-'}\tline {n}" for n in range(5, 13))
    assert rendered(text) == [
        "[lines by file; unnumbered lines follow on]", "a/b-1-c.go:",
        "5-\tline 5", "\tline 6", "7:\tline 7", "\tline 8", "\tline 9", "10-\tline 10", "\tline 11", "\tline 12",
    ]  # fmt: skip


def test_a_context_line_that_could_be_mistaken_keeps_its_number() -> None:
    texts = ["x", "12:y", "--", "", "else:", "a/b.py:3:z", "\\n", "w", "v", "u", "t"]
    text = "a.py:1:hit\n" + "\n".join(f"a.py-{n}-{line}" for n, line in enumerate(texts, 2))
    assert rendered(text)[2:] == [
        "1:hit", "x", "3-12:y", "4---", "", "6-else:", "7-a/b.py:3:z", "8-\\n", "w", "10-v", "u", "t",
    ]  # fmt: skip


def test_the_folder_that_claude_code_leaves_on_context_lines_is_named_once() -> None:
    root = "/home/me/repo/"
    text = "\n".join(
        ["cmd/a.go:1:func main() {", *(f"{root}cmd/a.go-{n}-\tx{n}" for n in range(2, 9)), "cmd/a.go-9-\ty := 1"]
    )
    assert rendered(text)[:4] == [
        "[lines by file, in /home/me/repo/; unnumbered lines follow on]", "cmd/a.go:", "1:func main() {", "\tx2",
    ]  # fmt: skip


def test_a_search_in_one_file_with_context_needs_no_heading() -> None:
    text = "\n".join(f"{n}{':' if n == 3 else '-'}line {n}" for n in range(1, 12)) + "\n--\n40:x\n41-y"
    out = rendered(text)
    assert out[:5] == ["[lines of one file; unnumbered lines follow on]", "1-line 1", "line 2", "3:line 3", "line 4"]
    assert out[-3:] == ["--", "40:x", "y"]


def test_matches_without_numbers_stand_bare_below_their_file() -> None:
    text = "lib/a.py:def f():\nlib/a.py:    return 1\nlib/b.py:def g():\ngrep: lib/x.pyc: binary file matches"
    assert rendered(text) == [
        "[lines by file under lib/]", "a.py:", "def f():", "    return 1", "b.py:def g():",
        "grep: lib/x.pyc: binary file matches",
    ]  # fmt: skip


def test_ripgrep_headings_are_kept_and_lose_their_common_folder() -> None:
    text = "src/x/a.rs\n3:let a;\n9:let b;\n\nsrc/x/b.rs\n4:let c;\n"
    assert rendered(text) == [
        "[lines by file, headings kept under src/x/]", "a.rs:", "3:let a;", "9:let b;", "", "b.rs:", "4:let c;", "",
    ]  # fmt: skip


def test_windows_paths_and_columns_round_trip() -> None:
    text = "C:\\src\\app\\a.cs:3:7: error CS1: no\r\nC:\\src\\app\\a.cs:8:1: no\r\nC:\\src\\app\\b.cs:1:1: x\r\n"
    assert rendered(text)[:3] == ["[lines by file under C:\\src\\app\\]", "a.cs:", "3:7: error CS1: no\r"]


def test_text_around_the_results_stands_as_it_was() -> None:
    text = "$ rg x\nFound 3 matches\na/b.py:1:x\na/b.py:2:y\na/c.py:3:z\n\n(Results are truncated.)\n8: not a result"
    out = rendered(text)
    assert out[1:3] == ["$ rg x", "Found 3 matches"]
    assert out[-3:] == ["", "(Results are truncated.)", "8: not a result"]


@pytest.mark.parametrize(
    "text",
    ["", "x", "2025-06-24 14:36:25 started\n2025-06-24 14:36:26 ready\n2025-06-24 14:36:27 done",
     "2025-06-24T14:36:25 a\n2025-06-24T14:36:26 b\n2025-06-24T14:36:27 c", "12:30:01 a\n12:30:02 b\n12:30:03 c",
     "https://a.example/x: 1\nhttps://a.example/y: 2\nhttps://a.example/z: 3", "name: a\nkind: b\nsize: c"],
)  # fmt: skip
def test_dates_times_and_addresses_are_no_paths(text: str) -> None:
    assert SEARCH.fit(Facts(text)) == 0
    assert SEARCH.encode(Facts(text)) is None


@pytest.mark.parametrize(
    "options",
    [("-rn",), ("-r",), ("-rc",), ("-rn", "-C3"), ("-rn", "-A2"), ("-r", "-B2"), ("-rno",), ("-rnb",), ("-rnH", "-i")],
    ids=" ".join,
)
def test_every_kind_of_real_grep_output_is_restored_and_smaller(options: tuple[str, ...]) -> None:
    found = subprocess.run(["grep", *options, "--include=*.py", "def ", "src/headroom"], cwd=SOURCES.parent, text=True,
                           capture_output=True, check=True)  # fmt: skip
    count = tokens.counter().count
    assert SEARCH.fit(Facts(found.stdout)) > 0.5
    assert count("\n".join(rendered(found.stdout))) < 0.8 * count(found.stdout)


PATHS = st.sampled_from(
    ["a/b.py", "a/c.py", "a/d/e-12-f.py", "C:\\x\\y.py", "/abs/r/a/b.py", "Makefile", "2024-01-02-x.md",
     "p/2024-01-02-x.md", "HEAD:src/x.py", "a b/c.py", "12/x.py", "é/ü.py", "-x.py", "\\\\srv\\q.cs", "./k.rs"]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["", "x", "  y:", "foo:", "--", "-", "\\", "\\x", "12:z", "13-z", "1,2:z", "a/b.py:3:q", "a/b.py:", "5→t", "\r",
     " x", ":x", "\u2028", "=", "a/", "x.y: z"]
)  # fmt: skip
RESULT = st.tuples(PATHS, st.sampled_from(["%s:%d:%s", "%s-%d-%s", "/abs/r/%s-%d-%s", "%s=%d=%s"]), TEXTS)
BARE = st.tuples(PATHS, st.sampled_from(["%s:%s", "%s-%s"]), TEXTS)


@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.lists(RESULT, max_size=8), st.lists(TEXTS, max_size=2), st.booleans()),
        max_size=8,
    ),
    st.lists(BARE, max_size=12),
    st.booleans(),
)
def test_whatever_is_rendered_decodes_to_the_original(
    groups: list[tuple[int, list[tuple[str, str, str]], list[str], bool]],
    bare: list[tuple[str, str, str]],
    headed: bool,
) -> None:
    lines = [form % (path, text) for path, form, text in bare]
    for first, results, other, same in groups:
        lines += [results[0][0]] if headed and results else []
        for number, (path, form, text) in enumerate(results, first):
            line = form % (results[0][0] if same else path, number, text)
            lines.append(line.partition("-" if "-%d" in form else ":")[2] if headed else line)
        lines += other
    facts = Facts("\n".join(lines))
    rendering = SEARCH.encode(facts)
    assert 0 <= SEARCH.fit(facts) <= 1
    if rendering is not None:
        assert SEARCH.verify(facts, rendering)


HEADERS = st.sampled_from(
    [
        "[lines by file",
        "[lines by file]",
        "[lines by file, headings kept under a/]",
        "[lines by file under a/, in /b/; unnumbered lines follow on]",
        "[lines of one file; unnumbered lines follow on]",
    ]
)
BODIES = TEXTS | st.sampled_from(["a.py:", "3@4 1-2:x", "3:x", "= 1 ns, 2 bytes", "7,9:x", "4 9-1:é"])


@given(HEADERS, st.lists(BODIES, max_size=12))
def test_garbage_behind_a_header_decodes_or_raises_a_format_error(header: str, lines: list[str]) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(SEARCH.decode("\n".join([header, *lines])), str)


def recorded(tool: str) -> Iterator[str]:
    if not CLAUDE_CODE.exists():
        pytest.skip("the recorded sessions are not here")
    with gzip.open(CLAUDE_CODE, "rt", encoding="utf-8") as records:
        yield from (record["output"] for line in records if (record := json.loads(line))["tool"] == tool)


def test_recorded_grep_results_shrink_by_30_percent() -> None:
    assert saved(list(recorded("Grep"))[::12]) >= 0.30


def test_six_hundred_lines_of_ripgrep_shrink_by_a_third() -> None:
    if not RG_UNWRAP.exists():
        pytest.skip("the workloads are not here")
    with gzip.open(RG_UNWRAP, "rt", encoding="utf-8") as file:
        messages = json.load(file)["openai"]
    text = next(message["content"] for message in messages if message["role"] == "tool")
    assert saved([text]) >= 0.33
    assert len(re.findall(r"^[0-9,]+:|^\S+\.rs:[0-9]+:", "\n".join(rendered(text)), re.MULTILINE)) > 400


def test_lines_that_begin_with_a_date_are_not_search_results() -> None:
    lines = [f"2025-05-{i % 28 + 1:02} 10:{i:02}:00 INFO job {i} done" for i in range(40)]
    assert Search().fit(Facts("\n".join(lines))) == 0


def test_log_lines_that_name_their_file_with_an_hour_are_not_search_results() -> None:
    lines = [
        f"nova.log.2017-05-16_13:{i % 60:02}:08 2017-05-16 00:00:{i % 60:02}.272 INFO req-{i * 7919} done"
        for i in range(60)
    ]
    assert Search().fit(Facts("\n".join(lines))) == 0


def test_the_frames_of_a_trace_amid_other_lines_are_no_search() -> None:
    frames = [
        line for i in range(6) for line in (*(f"    value_{k} = step({k})" for k in range(9)), f"lib/a.py:{i}: in f")
    ]
    assert Search().fit(Facts("\n".join(frames))) == 0
