"""The ledger: one row per answer, what it cost and what was spared, shared by processes, closed to others."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headroom.errors import StoreError
from headroom.ledger import DAY, GROUPS, KEPT_DAYS, NAME, Entry, Ledger, Part, spared
from headroom.prices import Usage, dollars
from tests.processes import python

OPUS = "claude-opus-5-5"
CACHED = Usage(input=100, read=50_000, write=1_000, output=200)
ENTRY = Entry(
    session="s-1", agent="claude-cli", project="site", dialect="anthropic", model=OPUS, level="balanced", ms=3.5,
    answer="msg_1", usage=CACHED, removed_new=2_000, removed_old=10_000,
    parts=[Part("Bash", "logs", "outlined", 2_500, 500, "abc"), Part("Read", "raw", "small", 40, 40)],
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path)
    yield made
    made.close()


def named(number: int, **changed: object) -> Entry:
    return replace(ENTRY, answer=f"msg_{number}", **changed)  # type: ignore[arg-type]


# What was spared


def test_new_tokens_are_worth_what_this_request_paid_for_new_ones_and_old_ones_what_the_cache_costs() -> None:
    assert spared(ENTRY) == pytest.approx((2_000 * 5 + 10_000 * 0.2) / 1e6)


@pytest.mark.parametrize(
    ("usage", "worth"),
    [
        (Usage(100, 50_000, 0, 1_000, 200), 2_000 * 8 + 10_000 * 0.2),  # written for an hour
        (Usage(100, 50_000, 0, 0, 200), 2_000 * 4 + 10_000 * 0.2),  # nothing written
        (Usage(51_000, 0, 0, 0, 200), 2_000 * 4 + 10_000 * 4),  # no cache at all
        (Usage(100, 0, 51_000, 0, 200), 2_000 * 5 + 10_000 * 5),  # the cache was cold: all was written again
        (Usage(100, 0, 10, 51_000, 200), 2_000 * 8 + 10_000 * 8),
    ],
)
def test_tokens_are_worth_what_their_tier_costs(usage: Usage, worth: float) -> None:
    assert spared(replace(ENTRY, usage=usage)) == pytest.approx(worth / 1e6)


def test_a_request_kept_below_a_cliff_spares_the_price_of_the_whole() -> None:
    entry = Entry(model="claude-haiku-5-5", usage=Usage(input=90_000, output=100), removed_new=20_000)

    assert spared(entry) == pytest.approx((110_000 * 0.5 + 100 * 2.5 - 90_000 * 0.1 - 100 * 0.5) / 1e6)


def test_a_round_of_our_own_costs_all_that_was_billed_for_it() -> None:
    assert spared(replace(ENTRY, round=1)) == pytest.approx(-(dollars(OPUS, CACHED) or 0))


def test_nothing_is_clamped() -> None:
    assert (spared(replace(ENTRY, removed_new=-500, removed_old=0)) or 0) < 0


@pytest.mark.parametrize("entry", [replace(ENTRY, usage=None), replace(ENTRY, model="unknown")])
def test_without_an_account_or_a_price_nothing_is_claimed(entry: Entry) -> None:
    assert spared(entry) is None
    assert spared(replace(entry, round=1)) is None


@pytest.mark.parametrize(("tier", "times"), [("fast", 2), ("us", 1.1), ("fast us", 2.2)])
def test_tokens_are_worth_what_they_cost_as_they_were_billed(tier: str, times: float) -> None:
    dear = replace(ENTRY, usage=CACHED._replace(tier=tier))

    assert spared(dear) == pytest.approx(times * (spared(ENTRY) or 0))


def test_what_was_billed_by_contract_has_no_dollars_and_is_told_apart(ledger: Ledger) -> None:
    ledger.extend([named(1), named(2, usage=CACHED._replace(tier="priority"))])
    found = {total.name: (total.requests, total.unpriced) for total in ledger.totals("tier")}

    assert found == {"standard": (1, 0), "priority": (1, 1)}


# Rows


def test_a_row_says_what_was_asked_billed_and_spared_and_holds_no_text(ledger: Ledger) -> None:
    ledger.extend([ENTRY], at=1_790_000_000.5)
    (row,) = ledger.latest(10)

    assert row.pop("parts") == [part._asdict() for part in ENTRY.parts]
    assert row.pop("dollars") == pytest.approx(dollars(OPUS, CACHED))
    assert row.pop("spared") == pytest.approx(spared(ENTRY))
    assert row == {
        "id": 1, "at": 1_790_000_000.5, "session": "s-1", "agent": "claude-cli", "project": "site",
        "dialect": "anthropic", "model": OPUS, "level": "balanced", "status": 200, "ms": 3.5, "round": 0,
        "answer": "msg_1", "input": 100, "read": 50_000, "write": 1_000, "write_hour": 0, "output": 200, "tier": "",
        "removed_new": 2_000, "removed_old": 10_000, "holdout": 0,
    }  # fmt: skip


def test_an_answer_is_counted_once_and_one_without_a_name_each_time(ledger: Ledger) -> None:
    ledger.extend([ENTRY, replace(ENTRY, model="other"), named(2)])
    ledger.extend([ENTRY])
    ledger.extend([replace(ENTRY, answer=None), replace(ENTRY, answer=None)])

    (total,) = ledger.totals()
    assert total.requests == 4
    assert ledger.by_tool() == [("Bash", "logs", 4, 10_000, 2_000), ("Read", "raw", 4, 160, 160)]


def test_rounds_are_no_requests_and_their_cost_is_subtracted(ledger: Ledger) -> None:
    round_ = named(2, round=1, removed_new=0, removed_old=0, parts=())
    ledger.extend([ENTRY, round_])
    (total,) = ledger.totals()

    assert (total.requests, total.prompt, total.removed) == (1, 2 * CACHED.prompt, 12_000)
    assert total.dollars == pytest.approx(2 * (dollars(OPUS, CACHED) or 0))
    assert total.spared == pytest.approx((spared(ENTRY) or 0) - (dollars(OPUS, CACHED) or 0))


def test_the_sums_of_all_rows_include_those_without_a_price(ledger: Ledger) -> None:
    ledger.extend([ENTRY, named(2, model="llama3"), named(3, usage=None)])
    (total,) = ledger.totals()

    assert (total.requests, total.unpriced, total.output) == (3, 2, 400)
    assert (total.read, total.removed) == (100_000, 36_000)
    assert total.dollars == pytest.approx(dollars(OPUS, CACHED))


@pytest.mark.parametrize("by", GROUPS)
def test_groups_add_up_to_the_whole(ledger: Ledger, by: str) -> None:
    for number in range(6):
        other = named(number, agent="ab"[number % 2], project="xyz"[number % 3], model=[OPUS, "gpt-5.4"][number % 2])
        ledger.extend([replace(other, session=str(number), level=other.agent)], at=time.time() - number * 7_000)
    (total,), groups = ledger.totals(), ledger.totals(by)

    assert [group.name for group in groups] == sorted({group.name for group in groups})
    assert [sum(column) for column in list(zip(*groups, strict=True))[1:]] == pytest.approx(total[1:])


def test_only_what_is_young_enough_is_summed(ledger: Ledger) -> None:
    now = time.time()
    ledger.extend([named(1)], at=now - 10 * DAY)
    ledger.extend([named(2)], at=now - 1)

    assert [total.requests for total in ledger.totals("all", now - DAY)] == [1]
    assert [row[2] for row in ledger.by_tool(now - DAY)] == [1, 1]
    assert ledger.totals("all", now + DAY) == []


def test_hours_and_days_are_named_in_local_time(ledger: Ledger) -> None:
    at = time.time() - 3 * DAY
    ledger.extend([ENTRY], at=at)

    assert [total.name for total in ledger.totals("day")] == [time.strftime("%Y-%m-%d", time.localtime(at))]
    assert [total.name for total in ledger.totals("hour")] == [time.strftime("%Y-%m-%d %H:00", time.localtime(at))]


def test_the_last_rows_come_newest_first(ledger: Ledger) -> None:
    ledger.extend([named(number) for number in range(5)])

    assert [row["answer"] for row in ledger.latest(2)] == ["msg_4", "msg_3"]


def test_rows_are_priced_as_of_their_day(ledger: Ledger) -> None:
    for number, at in enumerate((1_780_000_000.0, 1_795_000_000.0)):  # before and after 7 October 2026
        ledger.extend([named(number, model="claude-sonnet-5-5", usage=Usage(read=1_000_000))], at=at)

    assert [row["dollars"] for row in ledger.latest(2)] == pytest.approx([0.10, 0.20])


def test_names_with_half_a_character_or_a_control_one_are_kept_readable(ledger: Ledger) -> None:
    ledger.extend([named(1, agent="caf\udce9", session="\ud800", model="m\0"), named(2)])

    assert {total.name for total in ledger.totals("agent")} == {"caf?", "claude-cli"}


# The file


def test_old_rows_are_dropped_when_the_ledger_is_opened(tmp_path: Path, ledger: Ledger) -> None:
    ledger.extend([named(1)], at=time.time() - (KEPT_DAYS + 1) * DAY)
    ledger.extend([named(2)], at=time.time() - (KEPT_DAYS - 1) * DAY)
    ledger.close()
    again = Ledger(tmp_path)

    assert [row["answer"] for row in again.latest(9)] == ["msg_2"]
    assert [row[2] for row in again.by_tool()] == [1, 1]
    again.close()


def test_rows_outlive_the_ledger_and_a_closed_one_opens_again(tmp_path: Path, ledger: Ledger) -> None:
    ledger.extend([named(1)])
    ledger.close()
    ledger.close()
    ledger.extend([named(2)])

    other = Ledger(tmp_path)
    assert len(other.latest(9)) == 2
    other.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    ledger = Ledger(folder)
    ledger.extend([ENTRY])

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    ledger.close()
    (folder / NAME).chmod(0o644)
    ledger.extend([named(2)])
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    ledger.close()


def test_a_damaged_file_is_told_with_what_to_do_and_doing_it_helps(tmp_path: Path, ledger: Ledger) -> None:
    file = tmp_path / NAME
    file.write_bytes(b"not a database, but long enough to be looked at as one" * 100)
    with pytest.raises(StoreError, match=r"ledger\.db cannot be used .*; move the file away"):
        ledger.extend([ENTRY])
    with pytest.raises(StoreError, match="move the file away"):
        ledger.totals()
    os.replace(file, tmp_path / "aside")

    ledger.extend([ENTRY])
    assert len(ledger.latest(9)) == 1


def test_a_file_that_is_damaged_while_it_is_open_is_told_as_well(tmp_path: Path, ledger: Ledger) -> None:
    ledger.extend([named(number) for number in range(200)])
    ledger.close()
    file = tmp_path / NAME
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)

    with pytest.raises(StoreError, match="move the file away"):
        ledger.latest(200)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="HEADROOM_HOME"):
        Ledger(tmp_path / "file" / "folder").totals()


def test_a_number_too_large_is_told_and_nothing_is_written(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="number"):
        ledger.extend([named(1), named(2, removed_new=2**70)])

    assert ledger.latest(9) == []
    ledger.extend([named(1)])


def test_a_writer_that_holds_on_is_named_as_such(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, busy_seconds=0.05)
    ledger.extend([named(1)])
    other = sqlite3.connect(tmp_path / NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process is writing"):
        ledger.extend([named(2)])
    other.close()

    ledger.extend([named(2)])
    assert len(ledger.latest(9)) == 2
    ledger.close()


def test_threads_write_and_read_at_once(ledger: Ledger) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 20):
            ledger.extend([named(number)])
            ledger.totals("agent")

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 10, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [total.requests for total in ledger.totals()] == [50]


WRITER = """
import sys
from pathlib import Path
from headroom.ledger import Entry, Ledger
ledger = Ledger(Path(sys.argv[1]))
print("ready", flush=True)
input()
for number in range(20):
    ledger.extend([Entry(answer=f"{sys.argv[2]}-{number}"), Entry(answer=f"both-{number}")])
ledger.close()
"""


def test_processes_that_make_the_file_at_once_lose_no_row(tmp_path: Path, ledger: Ledger) -> None:
    writers = [python(WRITER, tmp_path, name) for name in "ab"]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()

    assert [writer.returncode for writer in writers] == [0, 0]
    assert [total.requests for total in ledger.totals()] == [60]


def test_a_read_only_ledger_tells_the_same_and_writes_nothing(tmp_path: Path, ledger: Ledger) -> None:
    ledger.extend([Entry(session="a"), Entry(session="a"), Entry(session="b")])
    reading = Ledger(tmp_path, read_only=True)

    assert reading.totals() == ledger.totals()
    assert [total.requests for total in reading.totals(session="a")] == [2]
    with pytest.raises(StoreError):
        reading.extend([Entry()])
    reading.close()


def test_a_read_only_ledger_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be used"):
        Ledger(tmp_path / "none", read_only=True).totals()
    assert not (tmp_path / "none").exists()


# Its schema

BEFORE_STEPS = (
    "CREATE TABLE answers (id INTEGER PRIMARY KEY, at REAL NOT NULL, session TEXT NOT NULL, agent TEXT NOT NULL,"
    " project TEXT NOT NULL, dialect TEXT NOT NULL, model TEXT NOT NULL, level TEXT NOT NULL, status INTEGER NOT NULL,"
    " ms REAL NOT NULL, round INTEGER NOT NULL, answer TEXT UNIQUE, input INTEGER, read INTEGER, write INTEGER,"
    " write_hour INTEGER, output INTEGER, removed_new INTEGER NOT NULL, removed_old INTEGER NOT NULL, holdout INTEGER"
    " NOT NULL, dollars REAL, spared REAL)",
    "CREATE TABLE parts (answer INTEGER NOT NULL REFERENCES answers ON DELETE CASCADE, tool TEXT NOT NULL, kind TEXT"
    " NOT NULL, reason TEXT NOT NULL, before INTEGER NOT NULL, after INTEGER NOT NULL, ref TEXT)",
)


def test_a_ledger_from_before_its_schema_was_written_down_keeps_its_rows(tmp_path: Path, ledger: Ledger) -> None:
    with sqlite3.connect(tmp_path / NAME) as link:
        for statement in BEFORE_STEPS:
            link.execute(statement)
        link.execute(
            "INSERT INTO answers VALUES (1, ?, 's', 'a', '', 'anthropic', 'm', 'balanced', 200, 1, 0, 'old', 1, 2, 3,"
            " 0, 5, 0, 0, 0, 0.5, 0.1)", (time.time(),),
        )  # fmt: skip
    link.close()
    ledger.extend([ENTRY])

    assert [(row["answer"], row["tier"]) for row in ledger.latest(9)] == [("msg_1", ""), ("old", None)]


def test_a_ledger_of_a_newer_version_or_of_another_program_is_left_alone(tmp_path: Path, ledger: Ledger) -> None:
    ledger.extend([ENTRY])
    ledger.close()
    with sqlite3.connect(tmp_path / NAME) as link:
        link.execute("INSERT INTO migrations VALUES ('m9999_later', '2030-01-01')")
    link.close()
    with pytest.raises(StoreError, match="newer Headroom"):
        ledger.extend([named(2)])

    (tmp_path / "other").mkdir()
    with sqlite3.connect(tmp_path / "other" / NAME) as link:
        link.execute("CREATE TABLE cookies (a)")
    link.close()
    other = Ledger(tmp_path / "other")
    with pytest.raises(StoreError, match="another program"):
        other.totals()
