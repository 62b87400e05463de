"""The measurements themselves: repeatable, honest about what is visible, and runnable without anybody's data."""

from __future__ import annotations

import asyncio
import csv
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench import corpora, documents, exact, fuzz, hostile, law, measure, proxy_parts, run, tables, texts
from bench.generators import GENERATORS, generated
from bench.transcripts import Transcript
from bench.workloads import SHARED, Workload, anthropic_messages, load, openai_messages
from headroom import Result, compress
from headroom.notices import PartNotices
from headroom.store import MemoryStore
from headroom.types import Item, Omission

NOWHERE = Path("no-such-folder")
WORKLOADS = load(NOWHERE)


def bench(out: Path, *arguments: str) -> list[dict[str, str]]:
    assert run.main(["--shared", str(NOWHERE), "--out", str(out), "--no-peer", *arguments]) == 0
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_without_shared_data_every_seeded_workload_is_measured_at_every_level(tmp_path: Path) -> None:
    rows = bench(tmp_path, "--runs", "0")

    assert [(r["workload"], r["level"]) for r in rows] == [
        (w.name, level) for w in WORKLOADS for level in ("lossless", "balanced", "aggressive")
    ]
    assert tuple(rows[0]) == run.COLUMNS
    assert not (tmp_path / "speed.csv").exists()


def test_a_second_run_writes_the_same_table(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for out in (first, second):
        out.mkdir()
        bench(out, "--runs", "0", "--only", "seeded_r")

    assert (first / "results.csv").read_bytes() == (second / "results.csv").read_bytes()


def test_speeds_stand_in_a_table_of_their_own(tmp_path: Path) -> None:
    bench(tmp_path, "--runs", "1", "--levels", "lossless", "--only", "seeded_p")
    with (tmp_path / "speed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert tuple(rows[0]) == run.SPEED_COLUMNS
    assert [r["workload"] for r in rows] == ["seeded_prose", "seeded_pytest", "(median, all)"]
    assert all(float(r["mb_per_s"]) > 0 and r["peer_mb_per_s"] == "" for r in rows)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_every_planted_fact_of_a_seeded_workload_is_in_it(workload: Workload) -> None:
    facts = (*workload.needles, *workload.samples)

    assert facts
    assert measure.visible(facts, workload.texts) == len(facts)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_at_lossless_every_part_is_restored_redeemed_and_no_longer(workload: Workload) -> None:
    measured = measure.measure(workload, "lossless")

    assert measured.lossless
    assert measured.redeemed == measured.refs == measured.encoded
    assert measured.tokens <= measured.raw_tokens
    assert measured.needles == len(workload.needles)
    assert measured.samples == len(workload.samples)


@pytest.mark.parametrize("level", ["balanced", "aggressive"])
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_what_is_left_out_is_counted_and_redeemed_and_is_never_called_lossless(workload: Workload, level: str) -> None:
    measured = measure.measure(workload, level)

    assert measured.redeemed_ranges == measured.omissions
    assert measured.redeemed == measured.refs
    assert measured.lossless == (measured.omissions == 0)
    assert measured.needles == len(workload.needles)


ROWS = '{"items": [{"id": 1.0}, {"id": 2}, {"id": 3}], "by": {"x y": 1, "b": [2], "c": "3"}}'


def redeemed(original: str, omission: Omission, sent: str | None = None) -> int:
    store = MemoryStore()
    ref = store.put(original)
    result, _ = measure.run(anthropic_messages("Bash", {}, original), "lossless")
    report = replace(result.parts[0], ref=ref, omissions=(omission,))
    item = Item(role="user", kind="result", text=original)
    notice = PartNotices(ref, "tool").write(omission)
    return measure.redeemed_ranges(report, item, notice if sent is None else sent, store)


@pytest.mark.parametrize(
    ("original", "omission"),
    [
        ("a\nb\nc\nd", Omission(unit="lines", first=2, last=3, what="lines")),
        ("a\nb\nc\nd", Omission(unit="lines", first=3, last=4, what="lines")),
        (ROWS, Omission(unit="rows", first=1, last=2, what="rows", path="$.items")),
        (ROWS, Omission(unit="cells", first=2, last=3, what="long text", path="$.by")),
        ("[1, 2.50, [3]]", Omission(unit="rows", first=2, last=3, what="rows")),
    ],
)
def test_a_range_is_redeemed_if_its_notice_is_there_and_names_it(original: str, omission: Omission) -> None:
    assert redeemed(original, omission) == 1
    assert redeemed(original, omission, "no notice") == 0
    assert redeemed(original, omission, "[… lines 1-1: other]") == 0


@pytest.mark.parametrize(
    ("original", "omission"),
    [
        ("a\nb", Omission(unit="lines", first=3, last=4, what="beyond the text")),
        ("a\nb", Omission(unit="rows", first=1, last=1, what="no rows")),
        ("[1]", Omission(unit="rows", first=2, last=3, what="beyond the array")),
        (ROWS, Omission(unit="rows", first=1, last=1, what="no such path", path="$.item")),
    ],
)
def test_a_range_that_the_original_does_not_have_is_not_redeemed(original: str, omission: Omission) -> None:
    assert redeemed(original, omission) == 0


def test_a_total_weighs_by_tokens_and_stands_below_the_workloads(tmp_path: Path) -> None:
    real = [replace(w, group="real") for w in WORKLOADS[:3]]
    rows = run.results(real, ["balanced"], [])
    (total,) = run.totals(rows)

    assert set(total) <= set(run.COLUMNS)
    assert total["workload"] == "(total, real)"
    assert total["tokens"] == sum(int(str(r["tokens"])) for r in rows)
    assert total["saved_percent"] == tables.percent(int(str(total["raw_tokens"])), int(str(total["tokens"])))
    assert total["samples_total"] == sum(len(w.samples) for w in real)
    assert run.totals(run.results(WORKLOADS[:1], ["balanced"], [])) == []
    assert run.summary(rows)[0]["n"] == 3


def test_a_generator_repeats_itself_and_another_seed_does_not() -> None:
    assert generated(1) == generated(1)
    assert {made.text for made in generated(1)}.isdisjoint({made.text for made in generated(2)})
    assert len({made.name for made in generated(1)}) == len(GENERATORS)


def test_both_message_shapes_hold_the_same_outputs() -> None:
    for workload in WORKLOADS:
        assert texts.outputs(workload.anthropic) == texts.outputs(workload.openai)


def test_without_tool_results_the_pasted_text_is_what_is_measured() -> None:
    assert texts.outputs([{"role": "user", "content": "a page"}, {"role": "assistant", "content": "yes"}]) == ["a page"]
    assert texts.outputs([]) == []


def test_the_judge_of_equality_keeps_json_values_apart() -> None:
    assert exact.same('{"a": 1, "b": [1, 2]}', '{"b":[1,2],"a":1}')
    assert exact.same('Found:\n{"a": 1}\n', 'Found:\n{"a":1}\n')
    for other in ('{"a": 1.0}', '{"a": "1"}', '{"a": null}', "{}", '{"a": 1, "a": 1}', '{"a": [1]}', '{"a": 1} x'):
        assert not exact.same('{"a": 1}', other)
    assert not exact.same("[1, 2]", "[2, 1]")
    assert not exact.same("a\n", "a\r\n")


def test_json_that_is_not_whole_says_the_same_as_far_as_its_tokens_do() -> None:
    cut = 'Found:\n[{"a": 1, "b": "x  y"}, {"a": 2, "b": [3,'
    assert exact.same(cut, 'Found:\n[{"b":"x  y","a":1},{"a":2, "b":[3,')
    for other in (cut[:-1], cut + "]", cut.replace("2", "3"), cut.replace("x  y", "x y"), cut.replace("nd:", "nd: ")):
        assert not exact.same(cut, other)


def test_a_rewritten_view_keeps_its_text_and_stops_where_the_count_does() -> None:
    view = "     9→\tx = '3→4'\n    10→\n    11→y\nno number\n    40→z"

    assert documents.to_tab(view) == "9\t\tx = '3→4'\n10\t\n11\ty\nno number\n    40→z"
    assert documents.without_gutter("9\t\tx\n10\t\n    11→y") == "\tx\n\ny"


def test_percentages_of_nothing_and_of_growth_are_told_as_they_are() -> None:
    assert tables.percent(0, 0) == 0.0
    assert tables.percent(100, 110) == -10.0
    assert tables.percent(3, 1) == 66.7


def test_a_corpus_row_adds_up() -> None:
    reads = [documents.Document("Read", {}, made.text) for made in generated() if made.category == "read"]
    reads += [documents.Document("Read", {}, "short")]
    (row,) = corpora.measure("reads", reads)

    assert tuple(row) == corpora.COLUMNS
    assert row["n"] == 3
    assert row["raw_tokens"] == texts.tokens([d.text for d in reads])
    assert row["grown_n"] == 0


def turns(n: int) -> Transcript:
    messages: texts.Messages = [{"role": "user", "content": "Fix the ledger."}]
    requests = [list(messages)]
    for number, made in enumerate(generated(3)[:n]):
        call, result = anthropic_messages(made.tool, made.args, made.text)[1:]
        call["content"].insert(0, {"type": "thinking", "thinking": "hm", "signature": "s"})
        call["content"][1]["id"] = result["content"][0]["tool_use_id"] = f"toolu_{number}"
        messages += [call, result]
        requests.append(list(messages))
    return Transcript("made", requests)


@pytest.mark.parametrize("touched", [False, True])
def test_a_session_of_seeded_outputs_obeys_the_prefix_law(tmp_path: Path, touched: bool) -> None:
    tally = law.replay(turns(8), tmp_path / "store.db", touched=touched)

    assert tally.violations == []
    assert (tally.turns, tally.compared, tally.rewritten) == (9, 8, 0)


def test_the_law_sees_a_request_that_does_not_continue_the_last(tmp_path: Path) -> None:
    answered = iter(range(100))

    def forgetful(messages: Any, **options: Any) -> Result:
        return compress([{"role": "user", "content": f"another {next(answered)}"}, *messages[1:]], **options)

    tally = law.replay(turns(3), tmp_path / "store.db", touched=False, send=forgetful)

    assert len(tally.violations) == 3


def test_hostile_documents_do_no_harm() -> None:
    embed = fuzz.samples()
    wrong = {number: found for number in range(400) if (found := fuzz.check(5, number, embed)[2])}

    assert wrong == {}


def test_a_hostile_case_can_be_repeated_by_its_number() -> None:
    assert fuzz.case(1, 77, ())[1] == fuzz.case(1, 77, ())[1]
    assert len({fuzz.case(1, number, ())[1] for number in range(50)}) > 40
    for kind in set(hostile.KINDS):
        assert kind(Random("x")) == kind(Random("x"))


@pytest.mark.skipif(not (SHARED / "workloads").is_dir(), reason="the shared workloads are not on this machine")
def test_shared_workloads_are_read_where_they_lie() -> None:
    shared = [w for w in load() if w.group != "seeded"]

    assert len(shared) == len(list((SHARED / "workloads").glob("*.json.gz")))
    assert all(measure.visible(w.needles, w.texts) == len(w.needles) for w in shared)


def test_openai_and_anthropic_messages_are_read_as_one_output() -> None:
    for make in (anthropic_messages, openai_messages):
        assert texts.tool_outputs(make("Bash", {"command": "ls"}, "a\nb")) == ["a\nb"]


@pytest.mark.parametrize(
    "message",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n\r\n0\r\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    ],
)
def test_a_message_between_the_measured_ends_is_over_with_its_last_byte(message: bytes) -> None:
    assert [proxy_parts.whole(bytearray(message[:at])) for at in range(len(message))] == [0] * len(message)
    assert proxy_parts.whole(bytearray(message + message)) == len(message)


def test_every_request_of_a_load_is_answered_and_timed() -> None:
    async def loaded() -> list[float]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: proxy_parts.Provider(proxy_parts.events()), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await proxy_parts.client(f"http://127.0.0.1:{port}/v1/messages", b"x" * 500_000, 20, 4)

    assert len([taken for taken in asyncio.run(loaded()) if taken > 0]) == 20
