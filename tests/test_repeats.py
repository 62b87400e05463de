"""Repeats: what is told by reference, how a reader finds it, and that the text always comes back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import repeats
from bench.documents import Document
from bench.workloads import SHARED
from headroom.compressors import _repeats
from headroom.compressors._repeat_lines import LEGEND
from headroom.compressors._repeats import MARKS, Earlier, expand, name_of, tell, written
from headroom.errors import FormatError
from headroom.types import Facts, ToolCall
from tests.repeat_samples import CODE, READING, numbered, ran, read, view


def told(sent: str, kind: str, earlier: Sequence[Earlier]) -> list[str]:
    """The lines of the told text, after checking that it stands for `sent` and needs only what it says."""
    found = tell(sent, kind, earlier)
    assert found is not None
    text, refers = found
    needed = [source if i in refers else source._replace(text="") for i, source in enumerate(earlier)]
    assert expand(text, kind, needed) == sent
    assert text.startswith(MARKS)
    return text.split("\n")


def test_the_same_text_again_is_one_line() -> None:
    sent = view(CODE)

    assert told(sent, "reading", [read("a.py", sent)]) == ["[= all of Read a.py]"]


def test_an_overlapping_view_refers_by_the_numbers_that_both_show() -> None:
    lines = told(view(CODE[50:100], 51), "reading", [read("a.py", view(CODE[:90]))])

    assert lines[:3] == [LEGEND, "[10th lines numbered]", "    51→[= lines 51-90 of Read a.py]"]
    assert lines[3] == f"91→{CODE[90]}"
    assert lines[4:] == [*CODE[91:99], f"100→{CODE[99]}"]


def test_lines_that_moved_are_told_by_where_they_stood_after_the_number_they_have_now() -> None:
    edited = [*CODE[:60], "    inserted = True", *CODE[60:120]]
    lines = told(view(edited), "reading", [read("a.py", view(CODE))])

    assert lines[2:] == [
        "     1→[= lines 1-60 of Read a.py]",
        "61→    inserted = True",
        "62→[= lines 61-120 there]",
    ]


@pytest.mark.parametrize("form", ["%6d→", "%d\t", "L%d: ", "%05d| "])
def test_a_view_matches_whatever_gutter_the_other_one_had(form: str) -> None:
    lines = told(view(CODE[10:60], 11, form), "reading", [read("a.py", view(CODE[:70]))])

    assert lines[2] == form % 11 + "[= lines 11-60 of Read a.py]"


def test_a_view_may_count_from_zero() -> None:
    lines = told(view([*CODE[:30], "more"], 0), "reading", [read("a.py", view(CODE[:30], 0))])

    assert lines[2:] == ["     0→[= lines 0-29 of Read a.py]", "30→more"]


def test_what_the_model_wrote_itself_is_referred_to() -> None:
    call = ToolCall(name="Write", args={"file_path": "/repo/src/a.py", "content": "\n".join(CODE[:40])})
    lines = told(view(CODE[:45]), "reading", written(call))

    assert lines[2] == "     1→[= lines 1-40 of your Write src/a.py]"


def test_a_view_is_found_in_a_text_without_numbers_and_the_other_way_round() -> None:
    plain, with_numbers = ran("cat a.py", "\n".join(CODE[:80])), read("a.py", view(CODE[:80]))

    assert told(view(CODE[30:90], 31), "reading", [plain])[2] == (
        '    31→[= lines 31-80 of Bash cat a.py, at "result_30 = compute(firs"]'
    )
    assert told("\n".join(CODE[30:90]), "raw", [with_numbers])[1] == "[= lines 31-80 of Read a.py]"


def test_the_latest_of_equal_texts_is_told() -> None:
    earlier = [ran("cat a.py", "\n".join(CODE[:50])), ran("cat copy.py", "\n".join(CODE[:50]))]
    sent = "\n".join([*CODE[:50], "more"])

    assert told(sent, "raw", earlier)[1] == "[= lines 1-50 of Bash cat copy.py]"


def test_texts_of_one_name_are_counted_upwards() -> None:
    other = "\n".join(CODE[100:150])
    earlier = [ran("make", "\n".join(CODE[:50])), ran("make", other), ran("make", "")]

    assert told("\n".join([*CODE[:50], "more"]), "raw", earlier)[1] == "[= lines 1-50 of Bash make (3rd one up)]"
    assert told(other, "raw", earlier) == ["[= all of Bash make (2nd one up)]"]


def test_lines_that_stand_further_up_in_a_view_are_told_by_their_numbers_there() -> None:
    lines = told(view([*CODE[:30], "other", *CODE[10:25], "more"]), "reading", [])

    assert lines[:3] == [LEGEND, "[10th lines numbered]", f"     1→{CODE[0]}"]
    assert lines[-2:] == ["32→[= lines 11-25 here]", "47→more"]


def test_what_is_told_itself_is_not_referred_to_further_down_in_the_view() -> None:
    lines = told(view([*CODE[:12], "a", *CODE[:12], "b", *CODE[:12], "c"]), "reading", [])

    assert [line for line in lines if "[= lines" in line] == [
        "14→[= lines 1-12 here]",
        "27→[= lines 1-12 here]",
    ]


def test_a_repetition_right_below_itself_is_told_once_it_stands_in_full() -> None:
    lines = told(view([*CODE[:6], *CODE[:6], *CODE[:6], "more"]), "reading", [])

    assert lines[-3:] == ["7→[= lines 1-6 here]", "13→[= lines 1-6 here]", "19→more"]


def test_of_lines_above_and_lines_in_an_earlier_text_the_longer_run_is_told() -> None:
    earlier = [read("a.py", view(CODE[:20]))]
    lines = told(view([*CODE[40:48], "x", *CODE[5:20], "y", *CODE[40:48], "z"]), "reading", earlier)

    assert [line for line in lines if "[= lines" in line] == [
        "10→[= lines 6-20 of Read a.py]",
        "26→[= lines 1-8 here]",
    ]


def test_a_text_is_named_once_until_another_one_is() -> None:
    files = [ran("cat a", "\n".join(CODE[:40])), ran("cat b", "\n".join(CODE[40:80]))]
    lines = told("\n".join([*CODE[:8], "x", *CODE[20:30], "y", *CODE[40:50], "z", *CODE[:8]]), "raw", files)

    assert lines[1:] == [
        "[= lines 1-8 of Bash cat a]",
        "x",
        '[= lines 21-30 there, at "result_20 = compute(firs"]',
        "y",
        "[= lines 1-10 of Bash cat b]",
        "z",
        "[= lines 1-8 of Bash cat a]",
    ]


def test_a_text_without_numbers_is_not_told_by_its_own_lines() -> None:
    assert tell("\n".join([*CODE[:30], "other", *CODE[:30]]), "raw", []) is None


def test_a_record_is_told_by_an_equal_one_whatever_notations_either_legend_names() -> None:
    rows = [f"user.field_{i}=https://example.org/api/v3/users/alice/{i}" for i in range(12)]
    first = Earlier("Bash gh api a", "\n".join(["[compact JSON: k=v]", *rows]), "records")
    lines = told("\n".join(["[compact JSON: <k> is k's value]", "id=7", *rows]), "records", [first])

    assert lines[1:] == [
        "[compact JSON: <k> is k's value]",
        "id=7",
        "[= lines 2-13 of Bash gh api a]",
    ]


def test_under_another_legend_rows_of_a_table_stand_between_what_is_told() -> None:
    named = [f"user.field_{i}=https://example.org/api/v3/users/alice/{i}" for i in range(8)]
    rows = [f"{i}|alice|a row whose columns stand in the header above it|{i * 31}" for i in range(8)]
    first = Earlier("Bash gh api a", "\n".join(["[compact JSON: k=v]", *rows, *named]), "records")
    lines = told("\n".join(["[compact JSON: <k> is k's value]", *rows, *named]), "records", [first])

    assert lines[2:-1] == rows
    assert lines[-1] == "[= lines 10-17 of Bash gh api a]"


def test_a_told_text_is_referred_to_only_in_the_lines_that_it_shows() -> None:
    first = read("a.py", view(CODE[:50]))
    found = tell(view(CODE[:100]), "reading", [first])
    assert found is not None
    second = read("a.py", found[0])
    lines = told(view(CODE[:100]), "reading", [first, second])

    assert lines[2:] == [
        "     1→[= lines 1-50 of Read a.py (2nd one up)]",
        "[= lines 51-100 of Read a.py]",
    ]


def test_what_a_diff_adds_or_takes_out_is_told_by_what_was_written_or_read() -> None:
    call = ToolCall(name="Edit", args={"file_path": "/repo/src/a.py", "new_string": "\n".join(CODE[:9])})
    diff = ["[short git headers]", "diff src/a.py 1a2b3c4..5d6e7f8", "@@ -40,16 +40,17 @@", " def f():", "-x = 1"]
    diff += ["+x = 2", *(f"+{line}" for line in CODE[:9]), *(f"-{line}" for line in CODE[60:68]), " y = 3"]
    lines = told("\n".join(diff), "diff", [read("a.py", view(CODE[50:90], 51)), *written(call)])

    assert lines[1:7] == diff[:6]
    assert lines[7:] == [
        "+[= lines 1-9 of your Edit src/a.py]",
        "-[= lines 61-68 of Read a.py]",
        " y = 3",
    ]


def test_a_diff_that_comes_again_is_told_with_its_signs() -> None:
    diff = ["[short git headers]", "diff a.py 1a2b3c4..5d6e7f8", "@@ -1,9 +1,9 @@", *(f"-{line}" for line in CODE[:9])]
    earlier = [ran("cat a.py", "\n".join(CODE[:9])), Earlier("Bash git diff", "\n".join(diff), "diff")]

    assert told("\n".join([*diff, " more"]), "diff", earlier)[1:] == ["[= lines 1-12 of Bash git diff]", " more"]


def test_an_outline_is_referred_to_in_the_lines_that_it_shows_by_their_numbers() -> None:
    outline = "\n".join([numbered(CODE[:30]), "[… lines 31-60: the body of f]", numbered(CODE[60:90], 61)])
    shown = READING.encode(Facts(outline))
    assert shown is not None
    lines = told(view(CODE[:100]), "reading", [read("a.py", shown)._replace(outline=True)])

    assert lines[2] == "     1→[= lines 1-30 of Read a.py]"
    assert lines[3] == f"31→{CODE[30]}"
    assert lines[-11] == "[= lines 61-90 there]"


def test_an_outline_without_numbers_is_not_referred_to_in_parts() -> None:
    outline = ran("make", "\n".join([*CODE[:30], "[… lines 31-60: more]", *CODE[60:90]]))._replace(outline=True)

    assert tell("\n".join(CODE[:100]), "raw", [outline]) is None


def test_lines_that_could_be_taken_for_numbered_ones_come_back_with_their_numbers() -> None:
    odd = [*CODE[:13], "[end]", "12→x", "   7→", *CODE[13:40]]
    lines = told(view([*odd, "more"]), "reading", [read("a.py", view(odd))])

    assert lines[2:] == ["     1→[= lines 1-43 of Read a.py]", "44→more"]


def test_a_reference_to_a_reference_is_garbage() -> None:
    found = tell("\n".join([*CODE[:50], *CODE[100:120]]), "raw", [ran("x", "\n".join(CODE[:50]))])
    assert found is not None
    earlier = [ran("y", found[0])]

    assert expand(f"{LEGEND}\n[= lines 3-9 of Bash y]", "raw", earlier) == "\n".join(CODE[100:107])
    with pytest.raises(FormatError):
        expand(f"{LEGEND}\n[= lines 2-9 of Bash y]", "raw", earlier)
    with pytest.raises(FormatError):
        expand("[= all of Bash y]", "raw", earlier)


def test_only_a_numbered_view_refers_to_its_own_lines() -> None:
    with pytest.raises(FormatError):
        expand(f"{LEGEND}\n{CODE[0]}\n[= lines 1-1 here]", "raw", [])


def test_brackets_and_empty_lines_start_no_match() -> None:
    trivial = ["    }", "", "}", "", ");", "", "  ]", "", "end", ""] * 20

    assert tell("\n".join(["a", *trivial]), "raw", [ran("x", "\n".join(["b", *trivial]))]) is None


def test_short_runs_are_left_alone() -> None:
    sent = "\n".join(["new line of text"] * 3 + CODE[:4] + ["other line of text"] + ["a b c d e f g h"] * 5)

    assert (
        tell(sent, "raw", [ran("x", "\n".join([*CODE[:4], "z"])), ran("y", "\n".join(["a b c d e f g h"] * 5))]) is None
    )


def test_lines_under_different_legends_are_not_compared() -> None:
    rows = [f"{i},alice,{i * 31},open" for i in range(40)]
    earlier = [Earlier("api", "\n".join(["[rows: id,name,size,state]", *rows]), "records")]

    assert tell("\n".join(["[rows: id,user,cost,phase]", *rows]), "records", earlier) is None
    assert tell("\n".join(rows), "raw", earlier) is None
    assert tell("\n".join(["[rows: id,name,size,state]", *rows, "x"]), "records", earlier) is not None


def test_a_view_is_not_referred_to_by_a_number_that_it_shows_twice() -> None:
    twice = "\n".join([numbered(CODE[:30]), "---", numbered(CODE[100:130])])
    rendering = READING.encode(Facts(twice))
    assert rendering is not None
    earlier = [Earlier("Bash cat -n a b", rendering, "reading")]

    assert tell(view(CODE[100:131]), "reading", earlier) is None
    assert told(view(CODE[:31]), "reading", earlier)[2] == "     1→[= lines 1-30 of Bash cat -n a b]"


def test_a_text_that_speaks_our_notation_is_left_alone() -> None:
    earlier = [ran("x", "\n".join(CODE[:50]))]
    for line in (
        LEGEND,
        "[= all of Bash x]",
        "[= lines 1-50 of Bash x]",
        'y [= lines 1-7 of z (2nd one up), at "q"]',
    ):
        assert tell("\n".join([*CODE[:50], line]), "raw", earlier) is None


def test_names_that_could_be_notation_are_never_told() -> None:
    text = "\n".join(CODE[:50])
    for name in ("", "a]", "[a", "a (2nd one up)", 'a"', "a\nb", "a\u2028b", "x" * 200):
        assert tell(text, "raw", [Earlier(name, text, "raw")]) is None


@pytest.mark.parametrize(
    ("tool", "args", "name"),
    [
        ("Read", {"file_path": "/home/me/repo/src/flow.py"}, "Read src/flow.py"),
        ("Read", {"file_path": "C:\\repo\\src\\flow.py", "offset": 120, "limit": 3}, "Read src/flow.py offset 120"),
        ("Bash", {"command": "cd /repo && go test ./...", "description": "Tests"}, "Bash go test ./..."),
        ("shell", {"command": ["bash", "-lc", "ls -la"]}, "shell ls -la"),
        ("bash", {"command": "\nnl -ba django/db/models/query.py | sed -n '540,580p'"},
         "bash nl -ba django/db/models/q…ed -n 540,580p"),
        ("Grep", {"pattern": "func (s *Store)[", "path": "/repo"}, "Grep func s *Store"),
        ("str_replace_based_edit_tool", {"command": "view", "path": "/a/b"}, "str_replace_based_edit_tool a/b"),
        ("lookup", {"": "free form"}, "lookup free form"),
        ("", {"n": 3}, "tool"),
    ],
)  # fmt: skip
def test_a_result_is_named_by_its_tool_and_main_argument(tool: str, args: dict[str, Any], name: str) -> None:
    assert name_of(ToolCall(name=tool, args=args)) == name


@given(
    st.text(max_size=30), st.dictionaries(st.sampled_from(_repeats.MAIN), st.text() | st.lists(st.text()), max_size=3)
)
def test_a_name_can_always_be_told(tool: str, args: dict[str, Any]) -> None:
    name = name_of(ToolCall(name=tool, args=args))
    text = "\n".join(CODE[:50])

    assert len(name) <= 2 * _repeats.NAME_CHARS + 20
    assert tell(text, "raw", [Earlier(name, text, "raw")]) is not None


def test_written_texts_are_what_the_model_composed_not_what_it_copied() -> None:
    block = "\n".join("abcde")
    args = {"file_path": "x/a.py", "edits": [{"old_string": block, "new_string": "p"}, {"new_string": block}],
            "old_string": block, "note": "short", "plan": block}  # fmt: skip

    assert [(e.name, e.text) for e in written(ToolCall(name="Edit", args=args))] == [
        ("your Edit x/a.py", "p"), ("your Edit x/a.py, text 2", block), ("your Edit x/a.py, text 3", block),
    ]  # fmt: skip


def test_sessions_are_measured_with_and_without_what_the_agent_wrote() -> None:
    listing = "\n".join(f"{n:6d}→{line}" for n, line in enumerate(CODE[:60], 1))
    docs = [
        Document("Write", {"file_path": "a.py", "content": "\n".join(CODE[:60])}, "ok", "s1"),
        Document("Read", {"file_path": "a.py"}, listing, "s1"),
        Document("Read", {"file_path": "a.py"}, listing, "s1"),
        Document("Read", {"file_path": "a.py"}, listing, "s2"),
    ]
    rows = {row["references to"]: row for row in repeats.measure("made", docs)}
    alone, results, all_of_it, _ = rows.values()

    assert [row["sessions"] for row in rows.values()] == [2, 2, 2, 2]
    assert alone["told_n"] == 0
    assert (results["told_n"], results["whole_n"]) == (1, 1)
    assert (all_of_it["told_n"], all_of_it["whole_n"]) == (2, 0)
    assert alone["tokens"] > results["tokens"] > all_of_it["tokens"]  # type: ignore[operator]


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the recorded sessions are not here")
@pytest.mark.parametrize("corpus", ["claude code", "mini-swe"])
def test_recorded_sessions_shrink_and_every_text_comes_back(corpus: str) -> None:
    rows = repeats.measure(corpus, islice(repeats.CORPORA[corpus](SHARED), 400))

    assert rows[2]["saved_percent"] > rows[0]["saved_percent"] + 3  # type: ignore[operator]
