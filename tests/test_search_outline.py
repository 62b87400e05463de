"""What an outline of search results leaves out: hits that say what was shown for their file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import compress
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, read
from headroom.store import MemoryStore
from headroom.types import Facts, Outline

SEARCH = BY_NAME["search"]
BEATS = [
    f"app/server.log:{n}:2025-03-01 10:{n // 60:02}:{n % 60:02} INFO heartbeat ok seq={n}" for n in range(100, 180)
]
OTHERS = [
    f"src/{name}.rs:{len(name) * 7}:    let {name} = open({name!r}).unwrap();" for name in ("alpha", "beta", "gamma")
]
MANY = [f"src/big.rs:{n * 3}:    let {word} = {word}_of(input).unwrap(); // the {word} of all that came in"
        for n, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 5)]  # noqa: SIM905  # fmt: skip


def outline(lines: list[str], query: str | None = None, deep: bool = False) -> Outline | None:
    """The outline, checked to be restored by its notices."""
    facts = Facts("\n".join(lines), None, query)
    made = SEARCH.outline(facts, PartNotices("abcdefghijkl", "tool"), deep)
    assert made is None or SEARCH.restored(facts, made.text)
    return made if made and made.omissions else None


def kept(made: Outline | None, lines: list[str]) -> list[str]:
    return lines if made is None else [line for line in made.text.split("\n") if read(line) is None]


def test_hits_of_a_file_that_differ_in_numbers_only_are_told_by_their_count() -> None:
    made = outline([*OTHERS, *BEATS, *OTHERS])
    assert made is not None
    assert {*OTHERS, BEATS[0]} <= {*kept(made, [])}
    assert [omission.what for omission in made.omissions] == [
        "79 hits in app/server.log like: 0-0-0 0:0:0 INFO heartbeat ok seq=0"
    ]


def test_hits_that_say_something_of_their_own_stay_at_balanced() -> None:
    assert outline([*OTHERS, *MANY]) is None


def test_the_same_hit_in_many_files_names_every_file() -> None:
    lines = [f"src/mod_{n}/lib.rs:3:use std::collections::HashMap;" for n in range(60)]
    assert outline(lines) is None
    assert outline(lines, deep=True) is None


def test_a_failure_among_hits_that_are_alike_stays() -> None:
    failed = "app/server.log:200:2025-03-01 10:03:20 ERROR heartbeat lost"
    assert failed in kept(outline([*OTHERS, *BEATS[:40], failed, *BEATS[40:], *OTHERS]), [])


def test_a_hit_that_the_question_names_stays() -> None:
    assert BEATS[37] in kept(outline([*OTHERS, *BEATS, *OTHERS], "what happened at seq=137?"), [])


@pytest.mark.parametrize("deep", [False, True])
def test_hits_and_context_lines_of_their_own_stay_at_every_level(deep: bool) -> None:
    lines = [*OTHERS, *MANY, *OTHERS]
    for n in range(10, 90, 4):
        lines += [f"src/c.rs-{n}-    context {n} of the call", f"src/c.rs:{n + 1}:    call_{'abcdef'[n % 6]}();", "--"]
    assert outline(lines, deep=deep) is None


@pytest.mark.parametrize("style", ["each", "headed"])
def test_both_ways_of_naming_files_have_an_outline(style: str) -> None:
    headed = ["src/a.rs", *[line.split(":", 1)[1] for line in OTHERS], "", "app/server.log"]
    lines = [*OTHERS, *BEATS] if style == "each" else [*headed, *[line.split(":", 1)[1] for line in BEATS]]
    made = outline(lines)
    assert made is not None
    assert {line for line in lines if "server.log" not in line and "heartbeat" not in line} <= {*kept(made, [])}


def test_what_is_left_is_still_told_by_file() -> None:
    lines = [line for n in range(20) for line in [*OTHERS, *[beat.replace("server", f"server{n}") for beat in BEATS]]]
    sent = compress("\n".join(lines), level="balanced", way_back="tool", store=MemoryStore())
    assert sent.parts[0].reason == "outlined"
    assert sent.messages.startswith("[lines by file")
    assert sent.messages.count("[… lines ") == 20


hit = st.builds(
    "{}:{}:{}".format,
    st.sampled_from(["a.py", "b/c.rs", "d.log"]),
    st.integers(1, 400),
    st.sampled_from(["x = 1", "x = 2", "INFO beat " * 6, "ERROR lost", "use std;"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(hit, hit, st.sampled_from(["", "--", "a.py-3-c", "note"])), max_size=80), st.booleans())
def test_lines_outside_what_was_cut_stand_in_order(lines: list[str], deep: bool) -> None:
    made = outline(lines, deep=deep)
    if made is not None:
        left = iter(lines)
        assert all(line in left for line in kept(made, lines))
        assert {line.partition(":")[0] for line in lines if line.count(":") > 1} == {
            line.partition(":")[0] for line in kept(made, lines) if line.count(":") > 1
        }


@pytest.mark.parametrize(
    "form",
    ["src/big.py:{0}:{0}: E501 Line too long ({0} > 88)", "src/big.py:{0}:0: C0301: Line too long ({0}/100)",
     "src/big.c:{0}: warning: unused variable 'x{0}' [-Wunused]"],
)  # fmt: skip
def test_every_finding_of_a_linter_stays_with_its_place(form: str) -> None:
    lines = [form.format(90 + i) for i in range(80)]

    assert outline([*OTHERS, *lines, "Found 80 errors."]) is None
