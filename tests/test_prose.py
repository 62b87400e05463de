"""Language: which texts are written for people, what is told once, and that no word is touched."""

from __future__ import annotations

import gzip
import json
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors.prose import MARK, Prose
from headroom.errors import FormatError
from headroom.types import Facts, ToolCall
from tests.samples import SHARED

CLAUDE_CODE = SHARED / "data" / "trajectories" / "claude-code-go-project.jsonl.gz"

PROSE = Prose()
PARAGRAPH = [
    "A booking waits on the queue until a worker is free.", "The queue keeps its order, whatever happens.",
    "After a minute the customer is told to come back.", "No booking is lost on the way.",
]  # fmt: skip
ENGLISH = "The wind rose in the afternoon, and the boats came home early. Nobody spoke of the storm.\n" * 3
GERMAN = "Der Hafenmeister schloss die Tür und sah auf die Uhr. Zwei Boote fehlten noch an diesem Abend.\n" * 3
RUSSIAN = "К полудню оба судна стояли у причала, и капитаны молча пожали друг другу руки на берегу.\n" * 3
JAPANESE = "港の人々は朝まで待った。霧が晴れると、沖に小さな帆が二つ見えた。\n" * 6
MARKDOWN = (
    "# Boats\n\n- **heron**: two oars\n- **plover**: one sail\n\n1. Choose a boat.\n2. Pay for it.\n\n> Come early.\n"
    * 3
)
FENCED = (
    "Here is what I found in the file.\n\n```go\nfunc a() {\n\treturn b(c)\n}\n```\n\nIt is called from two places.\n"
    * 4
)
WRAPPED = 3 * (
    "This paragraph is wrapped by hand, which is why its lines\nend in the middle; some of them (few,\n"
    "that is) end like source does:\nimport what you need from the harbour office.\n"
)

PRINTS = "\n".join(f"axis {n}: limits=({n}, {n * 2}) shared" for n in range(12))
ONELINE = "\n".join(f"{n:07x} Move the queue to its own package" for n in range(0xA000000, 0xA000014))
STATUS = "\n".join(f"M  cmd/queue/file{n}.go" for n in range(20))

paragraphs = st.lists(
    st.sampled_from([*PARAGRAPH, "", "- [a](http://x/y/1)", "- [b](http://x/y/2)", "@x", "\\@", " a"])
    | st.text(max_size=20),
    max_size=40,
).map("\n".join)


def rendered(text: str, call: ToolCall | None = None) -> str | None:
    facts = Facts(text, call)
    rendering = PROSE.encode(facts)
    assert rendering is None or PROSE.verify(facts, rendering)
    return rendering


@pytest.mark.parametrize(
    "text", [ENGLISH, GERMAN, RUSSIAN, JAPANESE, MARKDOWN, FENCED, WRAPPED, ENGLISH.replace("\n", " ")]
)
def test_language_is_recognised(text: str) -> None:
    assert PROSE.fit(Facts(text)) > 0.25


def test_a_long_report_is_language_whatever_its_fences_hold() -> None:
    fences = "```go\n" + "func a() {\n\treturn b(c)\n}\n" * 40 + "```\n"
    report = "\n".join([fences, *PARAGRAPH, fences, *PARAGRAPH])

    assert PROSE.fit(Facts(report)) > 0.25


@pytest.mark.parametrize("text", [PRINTS, ONELINE, STATUS, "", "Few words."])
def test_what_tools_print_is_no_language(text: str) -> None:
    assert PROSE.fit(Facts(text)) == 0.0


def test_a_paragraph_that_stands_again_is_told_by_its_lines() -> None:
    text = "\n".join(["# First", *PARAGRAPH, "", "# Second", *PARAGRAPH, "The end."])
    rendering = rendered(text)

    assert rendering is not None
    assert rendering.startswith(MARK)
    assert rendering.split("\n")[-2:] == ["[= lines 2-5 above]", "The end."]


def test_links_of_one_site_stand_below_what_they_share() -> None:
    links = [
        f"- https://ferries.example.org/downloads/timetable/2026/{part}.pdf"
        for part in ("may", "june", "july", "august")
    ]
    rendering = rendered("\n".join(["Where to find them:", *links, "", "That is all."]))

    assert rendering is not None
    assert rendering.split("\n")[2:5] == [
        "@- https://ferries.example.org/downloads/timetable/2026/",
        " may.pdf",
        " june.pdf",
    ]


def test_a_file_that_may_be_edited_next_stays() -> None:
    text = "\n".join([*PARAGRAPH, "", *PARAGRAPH])

    assert rendered(text, ToolCall(name="Bash", args={"command": "cat README.md"})) is None
    assert rendered(text, ToolCall(name="Task", args={"prompt": "cat the file"})) is not None


@given(paragraphs)
def test_every_byte_comes_back(text: str) -> None:
    rendering = rendered(text)
    if rendering is not None:
        assert PROSE.decode(rendering) == text


@pytest.mark.parametrize(
    "garbage", ["", "Words.", f"{MARK}nothing known]\nWords.", f"{MARK}×N: N times in all]\n[line above ×9]"]
)
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(FormatError):
        PROSE.decode(garbage)


@pytest.mark.skipif(not CLAUDE_CODE.exists(), reason="the recorded sessions are not on this machine")
def test_reports_of_other_agents_are_language() -> None:
    with gzip.open(CLAUDE_CODE, "rt", encoding="utf-8") as lines:
        records = map(json.loads, lines)
        reports = [
            r["output"] for r in islice((r for r in records if r["tool"] == "Task"), 60) if len(r["output"]) > 1_000
        ]

    assert len(reports) > 20
    assert sum(PROSE.fit(Facts(report)) > 0.25 for report in reports) >= 0.9 * len(reports)
    assert all(PROSE.decode(r) == text for text in reports if (r := rendered(text)) is not None)
