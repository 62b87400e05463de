"""What a level hides of the used lines: a line is hidden only if what was used of it can no longer be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headroom.audit.regret import same_request, shows, visible
from headroom.audit.used import Used
from headroom.types import Omission, ToolCall
from tests.audit_logs import READ, Transcript, audited, suite


def test_a_fact_is_shown_escaped_or_under_its_files_heading_but_not_elsewhere() -> None:
    assert shows('say "a"', '{"x": "say \\"a\\""}')
    assert shows("src/a.py:12:x = 1", "src/a.py\n12:x = 1\n")
    assert not shows("src/a.py:12:x = 1", "src/b.py\n12:x = 1\n")
    assert not shows("absent", "present")


def test_where_rows_are_left_out_the_used_text_is_looked_for() -> None:
    omission = Omission(unit="rows", first=2, last=3, what="rows", path="$.items")
    text = ['  {"id": "first_one"},', '  {"id": "second_one"},']

    assert visible(Used(1, "named", "first_one"), text, [omission], ['[{"id":"first_one"}]'])
    assert not visible(Used(2, "named", "second_one"), text, [omission], ['[{"id":"first_one"}]'])


def test_a_line_is_read_as_well_without_its_clock_and_its_colours() -> None:
    unseen = Omission(unit="unseen in lines", first=1, last=2, what="2 times before lines")
    text = [
        "job\tstep\t2026-02-04T07:16:16.508Z \x1b[31mx_test.go:67: no",
        "job\tstep\t2026-02-04T07:16:17.1Z FAIL x",
    ]

    assert visible(Used(1, "pointed at", text[0]), text, [unseen], ["job\tstep\tx_test.go:67: no"])
    assert not visible(Used(2, "pointed at", text[1]), text, [unseen], ["job\tstep\tx_test.go:67: no"])


def test_a_request_is_the_same_if_it_asks_for_the_same_whatever_it_is_called() -> None:
    def call(name: str = "Bash", **args: Any) -> ToolCall:
        return ToolCall(name=name, args=args)

    assert same_request(call(command="ls", description="a"), call(command="ls", description="b"))
    assert same_request(call("Read", file_path="a.py"), call("Read", file_path="a.py", offset=3))
    assert not same_request(call(command="ls"), call(command="ls -l"))
    assert not same_request(call("Grep", pattern="x", path="a"), call("Grep", pattern="x", path="b"))
    assert not same_request(call("Read", file_path="a.py"), call("Edit", file_path="a.py"))


def session(then: str) -> Transcript:
    """A session that runs a suite, of whose output a level may leave something out, and then says a thing."""
    log = Transcript()
    log.calls("Bash", suite(), said="Run the tests.", command="pytest -v")
    log.calls("Bash", "ok", said=then, command="git status")
    log.says("done")
    return log


def test_a_line_that_a_level_would_have_hidden_is_told_with_what_would_have_stood_there(tmp_path: Path) -> None:
    row = audited(session("Look at test_case_0123.").write(tmp_path))
    one = next(regret for regret in row.regrets if regret.level == "balanced")

    assert (one.tool, one.call, one.why, one.used) == ("Bash", "pytest -v", "named", "test_case_0123")
    assert one.line == suite().split("\n")[one.number - 1]
    assert "[… lines " in one.around
    assert "test_case_0123" not in one.around
    assert {regret.level for regret in row.regrets} == {"balanced", "aggressive"}


def test_each_regret_costs_a_turn_which_is_subtracted_from_what_the_level_spares(tmp_path: Path) -> None:
    row = audited(session("Look at test_case_0123.").write(tmp_path))
    bill = row.levels["balanced"]

    assert bill.retrievals == 1
    assert bill.asked == next(regret.dollars for regret in row.regrets if regret.level == "balanced")
    assert bill.asked > 20_000 * READ
    assert bill.net == bill.input + bill.output + bill.asked
    assert row.levels["lossless"].asked == 0


def test_what_a_level_shows_is_no_regret(tmp_path: Path) -> None:
    row = audited(session("Look at test_refund_twice.").write(tmp_path))
    (group,) = [group for group in row.groups if group.needed]

    assert row.regrets == ()
    assert group.levels["balanced"].cut == 1
    assert group.levels["balanced"].used > 0
    assert group.levels["balanced"].hidden == 0


def test_what_an_agent_reads_again_after_a_compaction_is_new_to_it(tmp_path: Path) -> None:
    log = session("Fine.")
    log.compacts("The suite was run.")
    log.calls("Bash", suite(), said="Again.", command="pytest -v")
    log.calls("Bash", "ok", said="Look at test_case_0123.", command="git status")
    log.says("done")
    row = audited(log.write(tmp_path))

    assert [regret.turn for regret in row.regrets if regret.level == "balanced"] == [4]
