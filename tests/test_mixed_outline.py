"""Outlines of mixed texts: each segment of lines is outlined as it would be alone; all else stays in its place."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, found, read
from headroom.types import Facts, Outline

MIXED = BY_NAME["mixed"]
PROSE = "A few words between two outputs, long enough to be a block of its own and known to no compressor. " * 5
BEATS = [f"2025-03-09 10:{i // 60:02}:{i % 60:02} INFO  [worker] heartbeat took {12 + i % 5}ms" for i in range(120)]
ERROR = "2025-03-09 10:01:00 ERROR [db] connect failed after 3 tries"
LOG = "\n".join([*BEATS[:60], ERROR, *BEATS[60:]])
TABLE = "\n".join(
    [
        "time,host,cpu,status",
        *(f"10:{i // 60:02}:{i % 60:02},{'ab'[i % 2]},{30 + i * 7 % 50 / 10},ok" for i in range(200)),
    ]
)
ROWS = json.dumps([{"id": i, "name": f"item {i}", "state": "open"} for i in range(40)], indent=1)


def outline_of(text: str) -> Outline | None:
    """The outline, checked for what holds of every one: restored, nothing moved, notices as written when encoded."""
    facts = Facts(text)
    outline = MIXED.outline(facts, PartNotices("k3f7q2abcdef", "tool"), False)
    if outline is not None:
        assert MIXED.restored(facts, outline.text)
        cut = {line for o in outline.omissions for line in range(o.first, o.last + 1)}
        kept = [line for number, line in enumerate(facts.lines, 1) if number not in cut]
        assert [line for line in outline.text.split("\n") if read(line) is None] == kept
        encoded = MIXED.encode(Facts(outline.text))
        assert encoded is None or MIXED.verify(Facts(outline.text), encoded)
        assert encoded is None or all(notice in encoded for notice in found(outline.text))
    return outline if outline and outline.omissions else None


def test_a_log_and_a_table_between_prose_are_each_outlined_in_their_own_words() -> None:
    outline = outline_of(f"{PROSE}\n\n{LOG}\n\n{PROSE}\n\n{TABLE}\n\n{PROSE}")

    assert outline is not None
    assert outline.text.count(PROSE) == 3
    assert ERROR in outline.text
    assert "INFO worker heartbeat (took 12-16ms, mean" in outline.text
    assert "rows, time 10:0" in outline.text
    assert len(outline.text) < len(3 * PROSE) + 2_500


def test_the_ranges_are_those_of_the_whole_text() -> None:
    text = f"{PROSE}\n\n{LOG}\n\n{PROSE}\n\n{TABLE}"
    outline = outline_of(text)

    assert outline is not None
    lines = text.split("\n")
    for omission in outline.omissions:
        run = lines[omission.first - 1 : omission.last]
        assert all("heartbeat" in line for line in run) or all(line.endswith(",ok") for line in run)


def test_json_between_other_outputs_stays_whole() -> None:
    outline = outline_of(f"{PROSE}\n\n{ROWS}\n\n{LOG}")

    assert outline is not None
    assert ROWS in outline.text


def test_the_edges_of_the_text_stay() -> None:
    outline = outline_of(f"{LOG}\n\n{PROSE}\n\n{TABLE}")

    assert outline is not None
    assert outline.text.startswith(BEATS[0])
    assert outline.text.split("\n")[-1] == TABLE.split("\n")[-1]


PIECES = st.sampled_from([PROSE, LOG, TABLE, ROWS, "", "$ ls", "---", "```"])


@settings(max_examples=20)
@given(st.lists(PIECES, min_size=1, max_size=6), st.sampled_from(["\n", "\n\n"]))
def test_any_mixture_has_an_outline_that_is_restored_or_none(pieces: list[str], glue: str) -> None:
    outline_of(glue.join(pieces))
