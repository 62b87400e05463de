"""Laws of telling by reference: every text comes back, garbage is refused, and work grows with the text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from headroom.compressors._repeat_lines import LEGEND, REFERENCE, WHOLE
from headroom.compressors._repeats import MARKS, Earlier, expand, tell
from headroom.errors import FormatError
from headroom.types import Facts
from tests.repeat_samples import CODE, READING, numbered, ran, read, view
from tests.work import work

HOSTILE = st.sampled_from(
    [*CODE[:8], "", "}", "\r", "a\rb", "\u2028", "x\u2028y", "12→x", "   7\t", "7→", "[end]", "\ud800", *MARKS,
     "[10th lines numbered]", "[= lines 1-9 above]", "[line above ×3]", "[= lines 2-9 of Bash a]", "é" * 90,
     "[= lines 9-2 of Bash a]", "\\[= lines 1-9 above]", "    10→[= lines 10-20 of Read a]"]
)  # fmt: skip
PIECES = [
    CODE[:12],
    CODE[5:30],
    CODE[40:47],
    ["12→" + CODE[0], "[end]", "", *CODE[50:58]],
    [line + "\r" for line in CODE[:9]],
]
LINES = st.lists(st.one_of(st.sampled_from(PIECES), st.lists(HOSTILE, max_size=4)), min_size=1, max_size=5).map(
    lambda pieces: [line for piece in pieces for line in piece]
)
FORM = st.sampled_from(["%6d→", "%d\t", "%d: ", "L%d: ", "%04d| "])


@st.composite
def parts(draw: st.DrawFn) -> tuple[str, str]:
    """A text as it is sent, and its kind."""
    lines = draw(LINES)
    shape = draw(st.sampled_from(["raw", "view", "snippet", "codec", "claimed"]))
    if shape in ("view", "snippet"):
        first, form = draw(st.integers(0, 995)), draw(FORM)
        whole = [numbered(lines, first, form)]
        if shape == "snippet":
            whole = [*draw(LINES), *whole, *draw(LINES)]
        rendering = READING.encode(Facts("\n".join(whole)))
        if rendering is not None:
            return rendering, "reading"
    text = "\n".join(lines)
    return text, {"codec": "runs", "claimed": "reading"}.get(shape, "raw")


def stands(source: Earlier, first: int, last: int) -> list[str]:
    """Lines of an earlier text, found as a reader finds them: by the numbers of the whole view, or counted."""
    if source.kind == "reading" and source.text.startswith("[10th lines numbered"):
        lines = READING.decode(source.text).split("\n")
        form = re.compile(r" *L?0*(\d+)(?:→|\t|: ?|\| ?)")
        by_number = {int(match[1]): line[match.end() :] for line in lines if (match := form.match(line))}
        return [by_number[n] for n in range(first, last + 1)]
    return source.text.split("\n")[first - 1 : last]


def check_references(text: str, sent: str, earlier: Sequence[Earlier], refers: Sequence[int]) -> None:
    """Every reference to another text names one of those it is said to refer to, and lines there that stand in
    `sent`."""
    there = -1
    for match in REFERENCE.finditer(text):
        if match["name"]:
            namesakes = [i for i, source in enumerate(earlier) if source.name == match["name"]]
            there = namesakes[-int(match["nth"] or 1)]
        elif not match["there"]:
            continue  # what stands above it in the view itself, which nothing but `expand` can tell
        at = there
        assert at in refers
        if earlier[at].text.startswith(MARKS):
            continue  # numbers of a told view are counted on over its references
        first, last = int(match["first"]), int(match["last"])
        lines = stands(earlier[at], first, last)
        assert len(lines) == last - first + 1
        assert not any(REFERENCE.fullmatch(line) for line in lines)
        assert all(line in sent for line in lines)


@settings(max_examples=150)
@given(st.lists(st.tuples(parts(), st.sampled_from("abc")), min_size=2, max_size=6))
def test_whatever_is_told_in_a_session_comes_back(session: list[tuple[tuple[str, str], str]]) -> None:
    earlier: list[Earlier] = []
    for (sent, kind), name in session:
        found = tell(sent, kind, earlier)
        assert found == tell(sent, kind, list(earlier))
        text = sent
        event("told" if found else "left alone")
        if found is not None:
            text, refers = found
            assert list(refers) == sorted(set(refers))
            assert refers or " here]" in text
            needed = [source if i in refers else source._replace(text="") for i, source in enumerate(earlier)]
            assert expand(text, kind, needed) == sent
            assert text.startswith(MARKS)
            assert not any(mark in sent for mark in MARKS)
            check_references(text, sent, earlier, refers)
        earlier.append(Earlier(name, text, kind))


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(st.sampled_from(["+", "-", " ", "", "@@ "]), st.integers(0, 30), st.integers(0, 12)), max_size=8
    ),
    st.booleans(),
)
def test_whatever_a_diff_repeats_comes_back(hunks: list[tuple[str, int, int]], again: bool) -> None:
    diff = "\n".join(["[short git headers]", *(sign + line for sign, at, n in hunks for line in CODE[at : at + n])])
    earlier = [read("a.py", view(CODE[:20])), ran("cat a.py", "\n".join(CODE[15:40]))]
    earlier += [Earlier("Bash git diff", diff + "\n+end", "diff")] * again
    found = tell(diff, "diff", earlier)
    event("told" if found else "left alone")
    if found is not None:
        text, refers = found
        needed = [source if i in refers else source._replace(text="") for i, source in enumerate(earlier)]
        assert expand(text, "diff", needed) == diff
        check_references(text, diff, earlier, refers)


@settings(max_examples=150)
@given(st.data())
def test_garbage_raises_a_format_error_and_nothing_else(data: st.DataObject) -> None:
    earlier = [
        read("a", view(CODE[:40])),
        ran("b", "\n".join(CODE)),
        Earlier("c", "[10th lines numbered]", "reading"),
    ]
    line = st.one_of(
        HOSTILE,
        st.builds(
            "{}[= lines {}-{} of {}{}]".format, st.sampled_from(["", "     1→", "9→", "+"]), st.integers(0, 60),
            st.integers(0, 60),
            st.sampled_from(["Read a", "Bash b", "c", "Bash b (2nd one up)"]),
            st.sampled_from(["", ', at "result_"']),
        ),
        st.builds(
            "{}[= lines {}-{} {}]".format, st.sampled_from(["", "     1→", "9→", "+"]), st.integers(0, 60),
            st.integers(0, 60), st.sampled_from(["here", "there", 'there, at "result_"']),
        ),
    )  # fmt: skip
    body = data.draw(st.lists(line, max_size=6))
    head = data.draw(st.sampled_from([[LEGEND], [LEGEND, "[10th lines numbered]"], [], [WHOLE + "c]"]]))
    kind = data.draw(st.sampled_from(["raw", "reading", "runs"]))
    with contextlib.suppress(FormatError):
        assert isinstance(expand("\n".join(head + body), kind, earlier), str)


@pytest.mark.parametrize(
    "line",
    [
        "    51→x\n[= lines 60-70 of Read a.py]",
        "    51→[= lines 60-51 of Read a.py]",
        "    51→[= lines 51-91 of Read a.py]",
        "    51→[= lines 51-60 of Read b.py]",
        "    51→[= lines 51-60 of Read a.py (2nd one up)]",
        '    51→[= lines 51-60 of Read a.py, at "result"]',
        "    51→[= lines 51-60 of Read a.py]\nno number here",
        "    51→[= lines 1-10 here]",
        "    51→[= lines 51-60 there]",
        "    51→x\n52→[= lines 51-52 here]",
        "    51→x\n[= lines 51-51 here]",
        "    51→x\ny\n53→[= lines 51-52 here]\n55→z\n56→[= lines 53-54 here]",
        "    51→x\n[end]\n    60→[= lines 51-51 here]",
    ],
)
def test_a_reference_that_points_nowhere_is_garbage(line: str) -> None:
    earlier = [read("a.py", view(CODE[:90]))]

    with pytest.raises(FormatError):
        expand("\n".join([LEGEND, "[10th lines numbered]", line]), "reading", earlier)


def test_references_do_not_stand_for_more_than_a_request_can_hold() -> None:
    earlier = [ran("x", "y" * 5_000_000 + "\nz")]

    with pytest.raises(FormatError, match="more text than"):
        expand("\n".join([LEGEND, *["[= lines 1-2 of Bash x]"] * 20]), "raw", earlier)


@pytest.mark.parametrize("pattern", [CODE[:7], ["a = b + c * d - e", *[""] * 40], ["}"], CODE])
def test_work_grows_with_the_text(pattern: list[str]) -> None:
    def session(times: int) -> None:
        lines = pattern * times
        other = [line for i, line in enumerate(lines) if i % 11]
        source = ran(f"cat {times}", "\n".join([str(times), *lines]))
        tell("\n".join(other), "raw", [source])
        tell(view([*other, "x", "y", "z", "v", "w"]), "reading", [source])

    assert work(lambda: session(40)) <= 6 * work(lambda: session(10)) + 5_000


def test_a_history_seen_before_costs_little_more_than_no_history() -> None:
    history = [read(f"{i}.py", view([f"{i} {line}" for line in CODE])) for i in range(60)]
    sent = view([f"new {line}" for line in CODE])
    tell(sent, "reading", history)

    assert work(lambda: tell(sent, "reading", history)) <= work(lambda: tell(sent, "reading", history[:1])) + 60 * 60
