"""What else was paid for without use: each kind is found in a small session with its price, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from headroom.audit.rows import WASTES, Waste
from headroom.audit.waste import MOST
from headroom.tokens import counter
from tests.audit_logs import READ, WRITE, Transcript, audited, source, suite

PAGE = source("cart", 40)
HUGE = source("orders", 200)
STATE = "run 4711\nstatus: queued\nbranch: main\nelapsed: {} s"


def found(log: Transcript, folder: Path, kind: str) -> list[Waste]:
    """What an audit of the transcript tells of a kind."""
    return [waste for waste in audited(log.write(folder)).wastes if waste.kind == kind]


def carried(tokens: float, turns: int) -> float:
    """Dollars of what is written to the cache once and read in so many more requests."""
    return tokens * (WRITE + turns * READ)


def test_a_file_that_is_read_again_while_it_stands_there_is_told_with_its_price(tmp_path: Path) -> None:
    log = Transcript()
    for _ in range(2):
        log.calls("Read", PAGE, file_path="cart.py")
    log.says("one")
    log.asks("and?")
    log.says("two")
    (waste,) = found(log, tmp_path, "re-read")

    assert (waste.count, waste.what) == (1, "Read cart.py")
    assert waste.tokens == counter().count(PAGE)
    assert waste.dollars == pytest.approx(carried(waste.tokens, 1), rel=0.25)


def test_a_file_that_changed_or_another_range_of_it_is_no_second_read(tmp_path: Path) -> None:
    log = Transcript()
    log.calls("Read", PAGE, file_path="cart.py")
    log.calls("Read", PAGE.replace("+=", "-="), file_path="cart.py")
    log.calls("Read", PAGE, file_path="orders.py")
    log.says("done")

    assert found(log, tmp_path, "re-read") == []


def test_asking_again_until_something_is_ready_is_polling_and_costs_whole_turns(tmp_path: Path) -> None:
    log = Transcript()
    for seconds in range(4):
        log.calls("Bash", STATE.format(seconds), command="gh run view 4711")
    log.says("done")
    (waste,) = found(log, tmp_path, "polling")

    assert (waste.count, waste.what) == (3, "Bash gh run view 4711")
    assert waste.tokens > 3 * 20_000
    assert waste.dollars > 3 * 20_000 * READ


def test_a_command_whose_answer_changed_is_no_polling(tmp_path: Path) -> None:
    log = Transcript()
    for failing in ("login", "cart", "orders"):
        log.calls("Bash", f"1 failed: {failing}\nsee {failing}.log", command="npm test")
    log.says("done")

    assert found(log, tmp_path, "polling") == []


@pytest.mark.parametrize(("then", "told"), [("Look elsewhere.", 1), ("The fault is in total_orders.", 0)])
def test_a_huge_output_of_which_nothing_is_used_is_told(tmp_path: Path, then: str, told: int) -> None:
    log = Transcript()
    log.calls("Bash", HUGE, command="cat orders.py")
    for number in range(3):
        log.calls("Bash", f"{number}", said=then, command=f"ls {number}")
    log.says("done")
    wastes = found(log, tmp_path, "unused")

    assert [(waste.count, waste.what) for waste in wastes] == [(1, "Bash cat orders.py")] * told
    for waste in wastes:
        assert waste.dollars == pytest.approx(carried(waste.tokens, 3), rel=0.25)


def test_an_output_that_came_last_had_no_chance_to_be_used(tmp_path: Path) -> None:
    log = Transcript()
    log.calls("Bash", HUGE, command="cat orders.py")
    log.says("done")

    assert found(log, tmp_path, "unused") == []


def test_tools_that_are_declared_in_every_request_and_never_called_are_told_by_server(tmp_path: Path) -> None:
    def tool(name: str, **more: bool) -> dict[str, object]:
        return {"name": name, "description": "words " * 100, "input_schema": {"type": "object"}, **more}

    log = Transcript()
    log.declares(
        tool("Bash"), tool("Write"), tool("mcp__maps__find"), tool("mcp__maps__route"), tool("mcp__wiki__read"),
        tool("mcp__wiki__write"), tool("Later", defer_loading=True),
    )  # fmt: skip
    log.calls("Bash", "a", command="ls")
    log.calls("mcp__wiki__read", "b", page="x")
    log.says("done")
    row = audited(log.write(tmp_path))
    wastes = [waste for waste in row.wastes if waste.kind == "schemas"]

    assert {(waste.what, waste.count) for waste in wastes} == {
        ("Write", 3), ("all tools of mcp__maps", 6), ("mcp__wiki__write", 3),
    }  # fmt: skip
    write = next(waste for waste in wastes if waste.what == "Write")
    assert write.dollars == pytest.approx(write.tokens / 3 * (WRITE + 2 * READ), rel=0.01)
    assert not any("declared" in note for note in row.notes)


def test_where_a_log_holds_no_declarations_that_is_said(tmp_path: Path) -> None:
    log = Transcript()
    log.says("hello")

    assert any("holds no declarations" in note for note in audited(log.write(tmp_path)).notes)


@pytest.mark.parametrize(
    ("seconds", "cause"),
    [(400, "idle for longer than the cache lives (5 minutes)"), (20, "no cause that the log shows")],
)
def test_a_prompt_that_is_written_again_is_told_with_the_likely_cause(
    tmp_path: Path, seconds: float, cause: str
) -> None:
    log = Transcript()
    log.calls("Bash", suite(100), command="pytest -v")
    log.calls("Bash", "ok", command="ls")
    before = log.prompt
    log.waits(seconds)
    log.says("done")
    (waste,) = found(log, tmp_path, "cache miss")

    assert (waste.count, waste.what, waste.tokens) == (1, cause, before)
    assert waste.dollars == pytest.approx(before * (WRITE - READ))


def test_a_session_whose_cache_holds_has_no_misses(tmp_path: Path) -> None:
    log = Transcript()
    for number in range(4):
        log.calls("Bash", f"{number}", command=f"ls {number}")
    log.says("done")

    assert found(log, tmp_path, "cache miss") == []


def test_files_that_several_agents_of_a_session_read_are_told(tmp_path: Path) -> None:
    log = Transcript()
    log.calls("Read", PAGE, file_path="cart.py")
    log.calls("Task", "done", prompt="look at the cart")
    log.says("done")
    agent = Transcript("agent-1", side=True)
    agent.at += 100
    agent.calls("Read", PAGE, file_path="cart.py")
    agent.calls("Read", source("other", 40), file_path="other.py")
    agent.says("done")
    agent.write(tmp_path / "s1" / "subagents")
    (waste,) = found(log, tmp_path, "sub-agents")

    assert (waste.count, waste.what, waste.tokens) == (1, "cart.py", counter().count(PAGE))
    assert waste.dollars == pytest.approx(carried(waste.tokens, 0), rel=0.25)


def test_of_many_wastes_of_a_kind_the_dearest_are_told_and_the_rest_as_one(tmp_path: Path) -> None:
    log = Transcript()
    for number in range(MOST + 4):
        for _ in range(2):
            log.calls("Read", source(f"f{number}", 40), file_path=f"f{number}.py")
    log.says("done")
    wastes = found(log, tmp_path, "re-read")

    assert len(wastes) == MOST + 1
    assert (wastes[-1].what, wastes[-1].count) == ("others", 4)
    assert sum(waste.count for waste in wastes) == MOST + 4


def test_the_meaning_of_each_kind_fits_the_rest_of_a_line() -> None:
    assert all(len(kind.meaning) <= 38 for kind in WASTES.values())
