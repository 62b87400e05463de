"""Outlines of logs: repeated entries go, told by exact counts and figures; failures, turns and rare things stay."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import gate
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, found, read
from headroom.types import Facts, Outline

LOGS = BY_NAME["logs"]

KINDS = (
    "INFO  [worker] heartbeat ok took {}ms",
    "INFO  [worker] heartbeat ok took {}ms",
    "DEBUG [cache] evicted {} keys",
    "WARN  [pool] slow checkout of connection {}",
    "ERROR [db] connect failed after {} tries",
    "ERROR [db] query {} failed\njava.lang.IllegalStateException: closed\n\tat com.acme.Db.query(Db.java:{})",
    "INFO  [server] started on port {}",
    "INFO  [audit] user-{} signed in",
)


def clock(second: int) -> str:
    return f"2025-03-09 {10 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def beats(count: int, start: int = 0, took: int = 12) -> list[str]:
    return [f"{clock(start + i)} INFO  [worker] heartbeat took {took + i % 5}ms" for i in range(count)]


def outline_of(lines: list[str], query: str | None = None) -> Outline | None:
    """The outline, checked for what holds of every one: it is restored, no fact is lost, and it encodes like a log."""
    facts = Facts("\n".join(lines), query=query)
    outline = LOGS.outline(facts, PartNotices("k3f7q2abcdef", "tool"), False)
    if outline is not None:
        assert LOGS.restored(facts, outline.text)
        assert gate.lost(facts.text, outline.text) == []
        encoded = LOGS.encode(Facts(outline.text))
        assert encoded is None or LOGS.decode(encoded) == outline.text
        assert all(notice in (encoded or outline.text).split("\n") for notice in found(outline.text))
    return outline if outline and outline.omissions else None


def shown(lines: list[str], query: str | None = None) -> str:
    outline = outline_of(lines, query)
    assert outline is not None
    return outline.text


def test_heartbeats_are_told_by_their_count_their_figures_and_their_time() -> None:
    text = shown([*beats(100), f"{clock(100)} INFO  [worker] draining queue"])

    assert "98 × INFO worker heartbeat (took 12-16ms, mean 14.03), 10:00:02 to 10:01:39" in text
    assert len(text) < 500


def test_an_error_among_heartbeats_stays_with_its_stack_trace() -> None:
    trace = [
        f"{clock(60)} ERROR [checkout] posting failed: LedgerError: splice 7731 is closed",
        '  File "/srv/checkout/post.py", line 88, in post',
        "    ledger.splice(entry)",
    ]

    assert "\n".join(trace) in shown([*beats(60), *trace, *beats(60, 61)])


@pytest.mark.parametrize(
    "line",
    [
        "INFO  [worker] heartbeat skipped took 14ms",
        "WARN  [worker] heartbeat took 14ms",
        "INFO  [worker] heartbeat took 9714ms",
        "INFO  [worker] heartbeat took 1.4s",
        "INFO  [worker] connection to replica lost",
        "INFO  [watch] limit raised to 7731",
    ],
    ids=["another word", "another level", "another size", "another unit", "a turn", "another kind"],
)
def test_an_entry_that_differs_from_all_others_stays(line: str) -> None:
    odd = f"{clock(60)} {line}"

    assert odd in shown([*beats(60), odd, *beats(60, 61)]).split("\n")


def test_a_code_that_few_entries_have_stays_and_so_does_the_first_of_each_common_one() -> None:
    lines = [f"{clock(i)} INFO  [web] GET /cart {404 if i % 4 == 1 else 200} id={i * 7919}" for i in range(160)]
    lines[90] = f"{clock(90)} INFO  [web] GET /cart 503 id=1"

    text = shown(lines).split("\n")
    assert lines[90] in text
    assert sum(" 404 " in line for line in text) >= 1


def test_of_many_equal_failures_the_first_and_the_last_stay_and_of_a_dozen_all() -> None:
    many = [f"{clock(i)} ERROR [db] connect failed after {i % 3} tries" for i in range(100)]
    few = [f"{clock(100 + 10 * i)} ERROR [mail] send failed with code 55{i % 3}" for i in range(12)]
    text = shown([*many, *beats(60, 300), *few, *beats(60, 400)]).split("\n")

    assert many[0] in text
    assert many[-1] in text
    assert set(few) <= set(text)
    assert sum(line in text for line in many) < 10


def test_the_entries_beside_a_silence_stay() -> None:
    lines = [*beats(60), *beats(60, 60 + 1500)]
    text = shown(lines).split("\n")

    assert lines[59] in text
    assert lines[60] in text


def test_what_the_query_names_stays() -> None:
    lines = [f"{clock(i)} INFO  [web] served request req-{i:04}-qx in 12ms" for i in range(200)]

    assert lines[133] not in shown(lines)
    assert lines[133] in shown(lines, "what became of req-0133-qx?")


def test_frames_of_different_lines_of_a_file_are_not_alike() -> None:
    lines = []
    for i in range(40):
        number = 107 if i == 20 else 96
        lines += [f"{clock(i)} WARN  data race in goroutine {i}", f"      /srv/cli/paths.go:{number} +0x244"]

    text = shown(lines)
    assert "paths.go:107" in text
    assert text.count("paths.go:96") < 10


def test_lines_that_are_stamped_with_the_time_but_indented_continue_an_entry() -> None:
    trace = [f"{clock(60)}Z WARNING: DATA RACE", f"{clock(60)}Z   app.Write()", f"{clock(60)}Z       /srv/app.go:17"]
    calm = [f"{clock(i)}Z cache warmed in {i % 7}ms" for i in range(60)]

    assert "\n".join(trace) in shown([*calm, *trace, *calm])


def test_a_log_of_distinct_entries_has_no_outline() -> None:
    words = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")

    assert outline_of([f"{clock(i)} INFO  module {a} loads {b}" for i, a in enumerate(words) for b in words]) is None


def test_an_outline_of_a_log_with_carriage_returns_encodes_like_the_log() -> None:
    failed = [f"{clock(90)} ERROR [mail] message {i} to customer {i * 7919} failed with code 550" for i in range(12)]
    lines = [f"{line}\r" for line in [*beats(80), *failed, *beats(80, 91)]]
    outline = outline_of([*lines, ""])

    assert outline is not None
    assert LOGS.encode(Facts(outline.text)) is not None
    assert LOGS.fit(Facts(outline.text)) > 0.5


ENTRIES = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 40)), min_size=1, max_size=12)


@given(st.lists(ENTRIES, min_size=1, max_size=3), st.integers(1, 30))
def test_any_outline_is_restored_and_tells_exactly_what_it_leaves_out(
    blocks: list[list[tuple[str, int]]], times: int
) -> None:
    entries = [f"{clock(i)} {kind.format(n, n)}" for i, (kind, n) in enumerate(times * [e for b in blocks for e in b])]
    lines = "\n".join(entries).split("\n")
    outline = outline_of(lines)
    if outline is None:
        return
    cut = {line for o in outline.omissions for line in range(o.first, o.last + 1)}
    kept = [line for number, line in enumerate(lines, 1) if number not in cut]
    assert [line for line in outline.text.split("\n") if read(line) is None] == kept
    for omission in outline.omissions:
        run = [line for line in lines[omission.first - 1 : omission.last] if line.startswith("2025")]
        counts = [int(n) for n in re.findall(r"(\d+) (?:× |others?\b)", omission.what)]
        assert sum(counts) == len(run)
        told = re.search(r"took (\d+)(?:-(\d+)ms, mean ([\d.]+)|ms)\)", omission.what)
        took = [int(line.split("took ")[1][:-2]) for line in run if "took" in line]
        if told:
            assert [int(told[1]), int(told[2] or told[1])] == [min(took), max(took)]
            assert float(told[3] or told[1]) == pytest.approx(sum(took) / len(took), rel=1e-3)


@given(st.lists(st.text("ab1 :.[]()=/%-\t\r\0×…", max_size=30), max_size=60))
def test_any_lines_at_all_have_an_outline_that_is_restored_or_none(lines: list[str]) -> None:
    outline_of(3 * lines)


def test_files_that_a_log_lists_are_never_left_out() -> None:
    files = [
        f"-rw-r--r--@  1 ada  staff  6966 Jan {n % 28 + 1:2} 13:10 2026-01-{n:02}-19abe{n:03}.json" for n in range(60)
    ]
    beats = [f"2026-03-09 06:41:{n % 60:02} INFO pool heartbeat took {n % 9} ms" for n in range(300)]
    facts = Facts("\n".join([*beats, *files, *beats]))
    made = BY_NAME["logs"].outline(facts, PartNotices("k3f7q2abcdef", "tool"), False)

    assert made is not None
    assert made.omissions
    assert set(files) <= set(made.text.split("\n"))


@pytest.mark.parametrize(
    ("head", "odd"),
    [
        ("<134>1 {} app 31 request", "<131>1 {} app 31 request"),
        ("I0309 {} 1 server.go:88] request", "E0309 {} 1 server.go:88] request"),
        ("10.0.0.7 - - [09/Mar/2026:{}] request", "203.7.113.9 - - [09/Mar/2026:{}] request"),
    ],
)
def test_what_stands_before_the_time_is_compared_too(head: str, odd: str) -> None:
    lines = [head.format(clock(i)[11:]) + f" handled in {12 + i % 5} ms" for i in range(200)]
    lines[120] = odd.format(clock(120)[11:]) + " handled in 12 ms"

    assert lines[120] in shown(lines).split("\n")


def test_a_day_before_the_time_is_no_state() -> None:
    lines = [f"Mar {9 + i // 100:2} {clock(i)[11:]} web1 app[31]: handled in {12 + i % 5} ms" for i in range(300)]

    assert len(shown(lines).split("\n")) < 10
