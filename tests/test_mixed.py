"""Several outputs in one text: each segment by its own compressor, order and bytes between them kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors import BY_NAME
from headroom.errors import FormatError
from headroom.types import Facts
from tests.samples import samples
from tests.test_compressor_contract import same

MIXED = BY_NAME["mixed"]
PIECES = [
    s.text for s in samples() if s.kind in ("records", "search", "reading", "listing", "logs") and len(s.text) < 8000
]
PROSE = "A few words between two outputs, long enough to be a block of its own and known to no compressor. " * 2
ROWS = json.dumps([{"id": i, "name": f"item {i}", "state": "open"} for i in range(40)], indent=1)
GREP = "".join(
    f"src/app/{'models' if i < 20 else 'views'}.py:{i * 3 + 1}:    return self.value_{i}\n" for i in range(40)
)


def rendering_of(text: str) -> str | None:
    facts = Facts(text)
    rendering = MIXED.encode(facts) if MIXED.fit(facts) > 0 else None
    if rendering is not None:
        assert MIXED.verify(facts, rendering)
        assert same(text, MIXED.decode(rendering))
    return rendering


def test_prose_records_and_search_results_are_each_encoded_in_their_place() -> None:
    rendering = rendering_of(f"{PROSE}\n\n{ROWS}\n\n{PROSE}\n\n{GREP}")
    assert rendering is not None
    header, first, *rest = rendering.split("\n")
    assert header == "[several outputs in one; a line [N lines of KIND] tells what the next N lines are]"
    assert first == PROSE
    kinds = [
        line.split(" of ")[1][:-1]
        for line in rest
        if line.startswith("[") and " lines of " in line and line[1].isdigit()
    ]
    assert kinds == ["records", "search"]
    assert rendering.count(PROSE) == 2


def test_a_fenced_block_in_markdown_is_encoded_and_its_fences_stay() -> None:
    rendering = rendering_of(f"# Title\n\n{PROSE}\n\n```json\n{ROWS}\n```\n\n{PROSE}\n")
    assert rendering is not None
    assert "```json" in rendering
    assert len(rendering) < len(ROWS)


@given(
    st.lists(st.sampled_from([*PIECES, PROSE, "", "\n", "$ ls\n", "---"]), min_size=1, max_size=5),
    st.sampled_from(["\n", "\n\n", "\n\n\n", "\r\n\n"]),
)
def test_whatever_is_encoded_comes_back(pieces: list[str], glue: str) -> None:
    rendering_of(glue.join(pieces))


def test_a_text_of_one_kind_is_left_to_its_own_compressor() -> None:
    assert MIXED.fit(Facts(GREP)) == 0
    assert MIXED.fit(Facts(ROWS)) == 0


def test_a_text_in_which_nothing_is_known_is_not_mixed() -> None:
    assert MIXED.fit(Facts(f"{PROSE}\n\n{PROSE}\n\n{PROSE}")) == 0


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "no header",
        "[several outputs in one; a line [N lines of KIND] tells what the next N lines are]\n[9 lines of search]\nx",
        "[several outputs in one; a line [N lines of KIND] tells what the next N lines are]\n[1 lines of nothing]\nx",
        "[several outputs in one; a line [N lines of KIND] tells what the next N lines are]\n[0 lines of search]\nx",
    ],
)
def test_what_is_no_rendering_raises_a_format_error(garbage: str) -> None:
    with pytest.raises(FormatError):
        MIXED.decode(garbage)
