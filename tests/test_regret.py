"""What the cuts of a level would have cost recorded agents: what is judged, and how it adds up in the table."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bench import recorded, regret
from bench.measure import items_of
from bench.recorded import Session
from bench.regret import Output, Replayed
from tests.audit_logs import conversation, suite


def test_windows_of_next_turns_are_laid_over_each_other() -> None:
    def row(text: str, *commands: str) -> dict[str, Any]:
        return {"text": text, "calls": [{"tool": "bash", "args": command} for command in commands]}

    def record(command: str, *following: dict[str, Any]) -> dict[str, Any]:
        return {"tool": "bash", "args": command, "output": f"of {command}", "is_error": False, "next": [*following]}

    say, b, c, end, lost = row("hm"), row("", "b"), row("then", "c", "c"), row("done"), row("late")
    outputs = [record("a", say, b, c), record("b", c, end), record("c", end), record("c", end), record("z", lost)]

    rows, places = recorded.timeline(outputs)

    assert [r["text"] for r in rows] == ["", "hm", "", "then", "done", "", "late"]
    assert places == [0, 2, 3, 3, 5]
    made = items_of(recorded.messages(outputs))
    assert [i.text or (i.call and i.call.args["command"]) for i in made if i.role == "assistant"] == [
        "a", "hm", "b", "then", "c", "c", "done", "z", "late",
    ]  # fmt: skip
    assert [i.text for i in made if i.kind == "result"] == ["of a", "of b", "of c", "of c", "of z"]


def write(folder: Path, file: str, names: list[str]) -> None:
    path = folder / "data" / "trajectories" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"tool": "bash", "args": "ls", "output": "a.py", "is_error": False, "next": []}
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps({"session": name, **record}) + "\n" for name in names)


def test_the_last_fifth_and_two_projects_are_held_out(tmp_path: Path) -> None:
    write(tmp_path, "claude-code-go-project.jsonl.gz", [f"s{n}" for n in range(10)])
    write(tmp_path, "mini-swe-agent-python.jsonl.gz", ["django__1", "sphinx-doc__2", "sympy__3"])

    held = {s.name for s in recorded.sessions(tmp_path) if s.held}

    assert held == {"s8", "s9", "sphinx-doc__2", "sympy__3"}


def test_a_read_is_rewritten_to_the_gutter_of_current_clients() -> None:
    session = Session("made", "one", False, conversation(("", {"file_path": "a.py"}, "    1→x\n    2→y", "Read")))

    read = items_of(recorded.with_tab_gutter(session).messages)
    assert [i.text for i in read if i.kind == "result"] == ["1\tx\n2\ty"]


def replayed(then: str, level: str = "balanced") -> Replayed:
    messages = conversation(
        ("Run the tests.", {"command": "pytest -v"}, suite(400), "Bash"), (then, {"command": "pytest -v"}, "ok", "Bash")
    )
    return regret.replay(Session("made", "one", False, messages), level, frozenset())


def test_a_used_line_in_a_cut_is_hidden_and_told_with_the_cut() -> None:
    made = replayed("Look at test_case_0123.")
    first, second = made.outputs

    assert [first.cut, second.cut] == [True, False]
    assert (first.used, first.hidden, first.gone, first.asked_again) == (1, 1, 1, True)
    assert [(f.used.what, f.tool) for f in made.findings] == [("test_case_0123", "Bash")]
    assert "test_case_0123" in regret.told([made], 5)
    assert first.tokens < first.raw / 2


def test_a_used_line_that_the_level_shows_costs_nothing() -> None:
    first = replayed("Look at test_refund_twice.").outputs[0]

    assert first.cut
    assert (first.used, first.hidden) == (2, 0)


def test_where_nothing_may_be_left_out_nothing_is_judged() -> None:
    assert all((o.cut, o.used) == (False, 0) for o in replayed("Look at test_case_0123.", "lossless").outputs)


def test_the_rows_of_a_table_add_up() -> None:
    big = Output("runs", 6_000, 1_000, True, used=8, hidden=1, gone=1)
    sessions = [
        Replayed("a", "1", [big, Output("raw", 500, 500, False)], []),
        Replayed("a", "2", [Output("runs", 1_500, 500, True, used=2)], []),
        Replayed("b", "1", [Output("logs", 1_500, 1_400, False)], []),
    ]

    rows = regret.rows("balanced", "tune", sessions)
    by = {(row["corpus"], row["of"]): row for row in rows}

    assert all(set(row) == set(regret.COLUMNS) for row in rows)
    assert [by[corpus, "all"]["outputs"] for corpus in ("a", "b", "total")] == [3, 1, 4]
    assert by["total", "all"]["regret_percent"] == 10.0
    assert by["total", "all"]["saved_percent"] == 64.2
    assert by["total", "all"]["hurt"] == 1
    assert by["total", "kind runs"]["cut_percent"] == 100.0
    assert by["total", "size 1-2k"]["outputs"] == 2
    assert by["total", "kind logs"]["regret_percent"] is None
    assert regret.verdicts(rows) == [
        "balanced, tune: regret 10.0 % of 10 used lines in 2 outputs (goal: at most 2 %), "
        "64.2 % fewer tokens (goal: at least 33 %)"
    ]


def test_the_interval_holds_the_share_and_is_drawn_the_same_each_time() -> None:
    pairs = [(0, 10)] * 30 + [(5, 10)] * 3
    low, high = regret.interval(pairs)

    assert low is not None
    assert high is not None
    assert low < 100 * 15 / 330 < high
    assert regret.interval(pairs) == (low, high)
    assert regret.interval([(1, 2)]) == (None, None)


def test_the_command_measures_what_there_is_and_says_where_nothing_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regret.main(["--shared", str(tmp_path), "--out", str(tmp_path)]) == 2
    write(tmp_path, "mini-swe-agent-python.jsonl.gz", ["django__1", "sympy__3"])

    assert regret.main(["--shared", str(tmp_path), "--out", str(tmp_path), "--jobs", "1"]) == 0
    written = (tmp_path / "regret.csv").read_text(encoding="utf-8").splitlines()

    assert written[0].split(",") == list(regret.COLUMNS)
    assert {row.split(",")[1] for row in written[1:]} == {"tune", "held", "both"}
    assert "mini_swe" in capsys.readouterr().out
