"""What a deep outline of language, and of diffs, leaves out, and that nothing goes from them otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import compress
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, read
from headroom.store import MemoryStore
from headroom.types import Facts, Outline, ToolCall

WORDS = ("harbour", "pilot", "tide", "anchor", "ferry", "quay", "beacon", "channel", "lighthouse", "mooring")
PLAIN = [
    f"The {a} lies beside the {b}, where a {c} waits for the evening and people talk about the weather, the {a} and "
    f"whatever else comes to mind while the {b} is repaired once more."
    for a in WORDS for b in WORDS for c in WORDS[:1] if a != b
]  # fmt: skip


def document(sections: int = 6) -> list[str]:
    lines: list[str] = []
    for n in range(sections):
        lines += [f"## About the {WORDS[n]}", ""]
        for paragraph in PLAIN[n * 12 : n * 12 + 12]:
            lines += [paragraph, ""]
    return lines


def outline(
    kind: str, lines: list[str], query: str | None = None, deep: bool = True, call: ToolCall | None = None
) -> Outline | None:
    """The outline, checked to be restored by its notices."""
    facts = Facts("\n".join(lines), call, query)
    made = BY_NAME[kind].outline(facts, PartNotices("abcdefghijkl", "tool"), deep)
    assert made is None or BY_NAME[kind].restored(facts, made.text)
    return made if made and made.omissions else None


def kept(made: Outline | None, lines: list[str]) -> list[str]:
    return lines if made is None else [line for line in made.text.split("\n") if read(line) is None]


def test_headings_and_the_first_paragraphs_of_each_section_stay() -> None:
    lines = document()
    left = kept(outline("prose", lines), lines)
    for at, line in enumerate(lines):
        if line.startswith("##"):
            assert {line, lines[at + 2], lines[at + 4]} <= {*left}
    assert len(left) < 0.7 * len(lines)


STAY = {
    "a number": "Beyond the mole the water is 12 metres deep at low tide, as every chart of the coast has shown.",
    "a rule": "Vessels must wait beyond the mole until the signal is given, whatever the weather or the hour.",
    "a failure": "The signal failed in the night of the storm, and nobody beyond the mole saw it until morning.",
    "code": "Beyond the mole one calls `signal.wait()` and sits down, and nothing happens for the rest of the day.",
}


@pytest.mark.parametrize("name", STAY)
def test_a_paragraph_stays_that_holds(name: str) -> None:
    lines = document()
    lines[40:40] = [STAY[name], ""]
    assert STAY[name] in kept(outline("prose", lines), lines)


def test_a_paragraph_stays_that_holds_a_word_of_the_question() -> None:
    lines = document()
    asked = "In the yard behind the office the caulker mends what the winter broke, and sings about it to the gulls."
    lines[40:40] = [asked, ""]
    assert asked in kept(outline("prose", lines, "who is the caulker?"), lines)


def test_what_stands_in_a_fence_stays() -> None:
    lines = document()
    lines[40:40] = ["```", *PLAIN[:6], "", *PLAIN[6:12], "```", ""]
    left = "\n".join(kept(outline("prose", lines), lines))
    assert "\n".join(["```", *PLAIN[:6], "", *PLAIN[6:12], "```"]) in left


def test_language_is_whole_at_balanced_and_where_it_is_a_file() -> None:
    lines = document()
    assert outline("prose", lines, deep=False) is None
    assert outline("prose", lines, call=ToolCall(name="Read", args={"file_path": "README.md"})) is None
    text = "\n".join(lines)
    assert compress(text, level="balanced", way_back="tool", store=MemoryStore()).parts[0].reason != "outlined"


def patch(path: str, hunk: list[str]) -> list[str]:
    new, old = (sum(line[0] in signs for line in hunk) for signs in ("+ ", "- "))
    start = [f"diff --git a/{path} b/{path}", "index 1234567..89abcde 100644", f"--- a/{path}", f"+++ b/{path}"]
    return [*start, f"@@ -1,{old} +1,{new} @@", *hunk]


LOCK = [f'{"+-"[n % 2]}      "integrity": "sha512-{n:04}abcdefghijklmnopqrstuvwxyz",' for n in range(60)]
CODE = [" def f():", "-    return 1", "+    return 2", " "]
FAR = [*CODE, *[f" unchanged_{n} = compute_the_same_as_ever({n})" for n in range(40)], "+last = 1"]


def test_a_lock_file_in_a_diff_is_told_by_its_counts_and_all_else_stays() -> None:
    lines = [*patch("app.py", CODE), *patch("package-lock.json", LOCK), *patch("b.py", CODE)]
    made = outline("diff", lines)
    assert made is not None
    assert {line for line in lines if line not in LOCK} <= {*kept(made, lines)}
    assert made.omissions[0].what.endswith(" lines of package-lock.json")
    assert len(kept(made, lines)) < len(lines) - 50


def test_a_lock_file_stays_where_the_question_names_it_and_unless_deep() -> None:
    lines = [*patch("app.py", CODE), *patch("package-lock.json", LOCK)]
    assert outline("diff", lines, "what changed in package-lock.json?") is None
    assert outline("diff", lines, deep=False) is None


def test_unchanged_lines_far_from_a_change_go_and_those_beside_it_stay() -> None:
    made = outline("diff", patch("app.py", FAR))
    assert made is not None
    left = kept(made, [])
    assert {*CODE, FAR[-1], FAR[-2]} <= {*left}
    assert FAR[20] not in left
    assert made.omissions[-1].what.endswith("unchanged lines")


def test_a_failure_in_a_diff_stays() -> None:
    lines = patch("yarn.lock", [*LOCK[:30], '+    "resolved": "fatal error"', *LOCK[30:]])
    assert lines[35] in kept(outline("diff", lines), [])


piece = st.sampled_from([*patch("a.py", CODE), *patch("yarn.lock", LOCK[:9]), *document(1)[:9], *FAR[4:12], "```", ""])


@settings(max_examples=120, deadline=None)
@given(st.lists(piece, max_size=60), st.integers(1, 4), st.sampled_from(["prose", "diff"]), st.booleans())
def test_lines_outside_what_was_cut_stand_in_order(some: list[str], times: int, kind: str, deep: bool) -> None:
    lines = some * times
    made = outline(kind, lines, deep=deep)
    if made is not None:
        left = iter(lines)
        assert all(one in left for one in kept(made, lines))
