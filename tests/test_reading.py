"""Numbered file views: what a rendering shows, that it restores the view, and that edits still find their text."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import policy, tokens
from headroom.compressors.reading import MARK, Reading
from headroom.errors import FormatError
from headroom.types import Facts

TRAJECTORIES = Path(__file__).parents[2] / "shared" / "data" / "trajectories"
CLAUDE_CODE = TRAJECTORIES / "claude-code-go-project.jsonl.gz"
MINI_SWE = TRAJECTORIES / "mini-swe-agent-python.jsonl.gz"
REMINDER = re.compile(r"\s*<system-reminder>.*?</system-reminder>\s*\Z", re.DOTALL)
GUTTER = re.compile(r"^ *\d+→", re.MULTILINE)

READING = Reading()
HOSTILE = st.sampled_from(
    ["", "x", "  y", "12→x", "12\tx", "   7\t", "[end]", "[end] ", "\r", "é ü", "\u2028", "3: y", "L4: z", "9|", "→"]
)  # fmt: skip
FORMS = ["%6d→", "%d→", "%6d\t", "%d\t", "%d|", "%6d|", "%3d | ", "%d: ", "%d:", "%05d| ", "L%d: ", "%4d │ "]


def view(form: str, first: int, texts: list[str]) -> str:
    return "\n".join(form % (first + i) + text for i, text in enumerate(texts))


def rendered(text: str) -> str:
    facts = Facts(text)
    rendering = READING.encode(facts)
    assert rendering is not None
    assert READING.verify(facts, rendering)
    return rendering


def records(path: Path, *tools: str) -> Iterator[dict[str, Any]]:
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["tool"] in tools:
                yield record


def saved(texts: list[str]) -> float:
    """Share of o200k tokens saved over all texts, those left as they are included."""
    count = tokens.counter().count
    before = after = 0
    for text in texts:
        size = smallest = count(text)
        if size >= policy.MIN_TOKENS and (rendering := READING.encode(Facts(text))) is not None:
            assert READING.decode(rendering) == text
            if policy.pays(size, count(rendering)):
                smallest = count(rendering)
        before, after = before + size, after + smallest
    return 1 - after / before


def test_the_first_and_every_tenth_line_show_their_number_and_the_rest_are_bare() -> None:
    text = view("%6d→", 286, [f"\tline {n}" for n in range(286, 302)])
    assert rendered(text).split("\n") == [
        "[10th lines numbered]",
        "   286→\tline 286", "\tline 287", "\tline 288", "\tline 289",
        "290→\tline 290", *(f"\tline {n}" for n in range(291, 300)),
        "300→\tline 300", "\tline 301",
    ]  # fmt: skip


def test_a_line_that_looks_numbered_itself_keeps_its_number() -> None:
    out = rendered(view("%d\t", 1, ["a", "7\tb", "c", "[end]", "d", "e"]))
    assert out.split("\n") == ["[10th lines numbered]", "1\ta", "2\t7\tb", "c", "4\t[end]", "d", "e"]


def test_text_before_and_after_a_view_stands_as_it_was() -> None:
    text = (
        "[File: a.py (90 lines total)]\n(4 lines above)\n" + view("%d:", 5, list("abcdefgh")) + "\n(78 lines below)\n"
    )
    out = rendered(text)
    assert out.startswith("[10th lines numbered]\n[File: a.py (90 lines total)]\n(4 lines above)\n5:a\nb\n")
    assert out.endswith("10:f\ng\nh\n[end]\n(78 lines below)\n")


def test_a_jump_in_the_numbers_shows_the_number_it_jumps_to() -> None:
    text = view("%6d\t", 11, list("abcd")) + "\n" + view("%6d\t", 61, list("efgh"))
    assert rendered(text).split("\n")[1:] == ["    11\ta", "b", "c", "d", "61\te", "f", "g", "h"]


def test_two_views_in_one_text_are_both_rendered() -> None:
    text = view("%6d\t", 1, list("abcdef")) + "\n--\n" + view("%6d\t", 1, list("uvwxyz")) + "\n"
    assert rendered(text).split("\n")[1:] == [
        "     1\ta", "b", "c", "d", "e", "f", "[end]", "--", "     1\tu", "v", "w", "x", "y", "z", "[end]", "",
    ]  # fmt: skip


def test_a_gutter_without_the_usual_blank_is_named_in_the_header() -> None:
    text = view("%d:", 1, [" a", "b", " c", "d", "e", "f"])
    assert rendered(text).startswith('[10th lines numbered; gutter "1:"]\n1: a\nb\n c\n')


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("first", [0, 1, 8, 96, 99_995])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n<system-reminder>x</system-reminder>"])
def test_every_known_gutter_is_recognised_and_restored(form: str, first: int, end: str) -> None:
    text = view(form, first, [f"line {n}" if n % 4 else "" for n in range(25)]) + end
    assert READING.fit(Facts(text)) > 0.8
    assert len(rendered(text).split("\n")) <= len(text.split("\n")) + 2


@pytest.mark.parametrize(
    "text",
    ["", "one line", "1. a\n2. b\n3. c\n4. d\n5. e", "3\ta\n9\tb\n2\tc\n5\td\n8\te", "1→a\n2→b\n4→c\n6→d\n8→e\n10→f",
     "12:00 a\n12:01 b\n12:02 c\n12:03 d\n12:04 e"],
)  # fmt: skip
def test_what_is_no_numbered_view_is_left_alone(text: str) -> None:
    assert READING.fit(Facts(text)) == 0
    assert READING.encode(Facts(text)) is None


@given(
    st.lists(
        st.tuples(
            st.lists(HOSTILE, max_size=3),
            st.sampled_from(FORMS),
            st.integers(0, 100_020),
            st.lists(HOSTILE | st.text(max_size=8).map(lambda s: s.replace("\n", "")), min_size=1, max_size=25),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_rendered_decodes_to_the_original(
    views: list[tuple[list[str], str, int, list[str]]],
) -> None:
    text = "\n".join("\n".join([*before, view(form, first, texts)]) for before, form, first, texts in views)
    facts = Facts(text)
    rendering = READING.encode(facts)
    if rendering is not None:
        assert rendering.startswith(MARK)
        assert READING.verify(facts, rendering)


@given(st.text(max_size=200), st.lists(HOSTILE, max_size=20))
def test_garbage_behind_a_header_decodes_or_raises_a_format_error(start: str, lines: list[str]) -> None:
    for rendering in (start, "\n".join([f"{MARK}]", *lines]), "\n".join([f'{MARK}; gutter "1:"]', "1:", *lines])):
        with contextlib.suppress(FormatError):
            assert isinstance(READING.decode(rendering), str)


def test_a_missing_tenth_number_is_a_format_error() -> None:
    with pytest.raises(FormatError):
        READING.decode("[10th lines numbered]\n     9→a\nb")


@pytest.mark.parametrize(
    ("names", "row"),
    [
        (" id  | name   | state\n-----+--------+-------", " {:>3} | {:<6} | open"), ("0|zero|open", "{}|{}|open"),
        ("id\tname\tstate", "{}\t{}\topen"),
    ],
)  # fmt: skip
def test_a_table_whose_first_column_counts_up_is_no_view(names: str, row: str) -> None:
    rows = [row.format(i, "name" + "x" * (i % 3)) for i in range(1, 40)]

    assert READING.fit(Facts("\n".join([names, *rows]))) == 0.0


def test_a_file_of_tabbed_lines_is_a_view() -> None:
    assert READING.fit(Facts("\n".join(f"{i}\tname\tstate" for i in range(1, 40)))) > 0.9


def test_recorded_reads_shrink_by_28_percent_as_recorded_and_13_with_the_tab_gutter() -> None:
    reads = [REMINDER.sub("", r["output"]) for i, r in enumerate(records(CLAUDE_CODE, "Read")) if i % 40 == 0]
    assert saved(reads) >= 0.28
    assert saved([re.sub(r"(?m)^ *(\d+)→", r"\1\t", text) for text in reads]) >= 0.13


def test_recorded_nl_and_cat_n_outputs_shrink_by_a_fifth() -> None:
    outputs = [r["output"] for r in records(MINI_SWE, "bash") if re.search(r"nl -ba|cat -n", json.dumps(r["args"]))]
    assert saved(outputs[::20]) >= 0.20


def test_the_text_of_recorded_edits_stands_contiguously_once_shown_numbers_are_stripped() -> None:
    views: dict[tuple[str, str], str] = {}
    lines = whole = 0
    for i, record in enumerate(records(CLAUDE_CODE, "Read", "Edit")):
        args = record["args"] or {}
        key = (record["session"], args.get("file_path", ""))
        if record["tool"] == "Read":
            views[key] = REMINDER.sub("", record["output"])
            continue
        old = args.get("old_string")
        if not old or i % 5 or key not in views or old not in GUTTER.sub("", views[key]):
            continue
        rendering = READING.encode(Facts(views[key]))
        if rendering is not None:
            assert old in GUTTER.sub("", rendering)
            assert "\n" in old or old in rendering
            lines, whole = lines + 1, whole + (old in rendering)
    assert lines > 300
    assert whole > 0.3 * lines  # in the original, where every line has a gutter, only one in ten is literally there
