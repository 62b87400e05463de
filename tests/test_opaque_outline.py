"""What an outline of text that is not made for reading leaves out: base64, hex dumps, minified code."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import compress
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, read
from headroom.store import MemoryStore
from headroom.types import Facts, Outline

OPAQUE = BY_NAME["opaque"]
BYTES = b"".join(sha256(str(n).encode()).digest() for n in range(400))
ENCODED = b64encode(BYTES).decode()
WRAPPED = [ENCODED[at : at + 76] for at in range(0, len(ENCODED), 76)]
DUMP = [f"{at:08x}: {BYTES[at : at + 16].hex(' ', 2)}  ................" for at in range(0, len(BYTES), 16)]
MINIFIED = "".join(f"function a{n}(b,c){{var d=b+c*{n};return d>9?e({n}):[b,c]}}" for n in range(300))
PROGRESS = "".join(f"Rebasing ({n}/1241)" for n in range(1241)) + "CONFLICT (content): 74/af.jsonl"


def outline(lines: list[str], query: str | None = None) -> Outline | None:
    """The outline, checked to be restored by its notices."""
    facts = Facts("\n".join(lines), None, query)
    made = OPAQUE.outline(facts, PartNotices("abcdefghijkl", "tool"), False)
    assert made is None or OPAQUE.restored(facts, made.text)
    return made if made and made.omissions else None


@pytest.mark.parametrize(
    ("lines", "kind", "shown"),
    [
        ([*WRAPPED, ""], "base64", 4),
        (DUMP, "a hex dump", 36),
        ([MINIFIED], "minified code", 0),
        ([ENCODED], "base64", 0),
    ],
    ids=["wrapped base64", "hex dump", "minified code", "base64 in one line"],
)
def test_the_middle_goes_and_is_told_by_its_length_and_hash(lines: list[str], kind: str, shown: int) -> None:
    made = outline(lines)
    assert made is not None
    (omission,) = made.omissions
    middle = "\n".join(lines[omission.first - 1 : omission.last])
    digest = sha256(middle.encode()).hexdigest()[:12]
    assert omission.what == f"{len(middle):,} characters of {kind}, sha256 {digest}"
    assert sum(read(line) is None for line in made.text.split("\n")) == shown


@pytest.mark.parametrize(
    "lines",
    [
        [sha256(str(n).encode()).hexdigest() for n in range(200)],
        [f"{sha256(str(n).encode()).hexdigest()}  dist/file_{n}.tar.gz" for n in range(200)],
        [PROGRESS],
        ["<output>", PROGRESS, "</output>"],
        WRAPPED[:20],
        [f"src/components/settings/panels/section{n}/SomeLongNamedPanelComponent" for n in range(90)],
        [MINIFIED[:4_000]],
    ],
    ids=["hashes", "checksums", "progress", "progress between tags", "a short one", "paths", "little minified code"],
)
def test_nothing_goes_from(lines: list[str]) -> None:
    assert outline(lines) is None


def test_code_stays_in_which_a_word_of_the_question_stands() -> None:
    assert outline([MINIFIED], "what does function do here?") is None
    assert outline([MINIFIED], "what does frobnicate do?") is not None


def test_base64_is_sent_as_its_ends_at_balanced() -> None:
    sent = compress("\n".join(WRAPPED), level="balanced", way_back="tool", store=MemoryStore())
    assert sent.parts[0].reason == "outlined"
    assert sent.messages.startswith(WRAPPED[0])
    assert sent.messages.endswith(WRAPPED[-1])
    assert sent.tokens_after < 300


line = st.sampled_from([*WRAPPED[:3], DUMP[0], MINIFIED, PROGRESS, "", "text", ENCODED[:3_000]])


@settings(max_examples=60, deadline=None)
@given(st.lists(line, max_size=8), st.integers(1, 40))
def test_lines_outside_what_was_cut_stand_in_order(some: list[str], times: int) -> None:
    lines = [one for one in some for _ in range(times)]
    made = outline(lines)
    if made is not None:
        left = iter(lines)
        assert all(one in left for one in made.text.split("\n") if read(one) is None)
