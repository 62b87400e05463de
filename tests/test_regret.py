"""What the cuts of a level would have cost: which lines count as used, which as hidden, and how it adds up."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bench import recorded, regret, used
from bench.recorded import Session
from bench.regret import Output, Replayed
from bench.texts import Messages
from bench.used import Later, Place, Seen, Used
from headroom.types import Item, Omission, ToolCall

NONE: frozenset[str] = frozenset()


def result(text: str, **args: str) -> Item:
    return Item(role="user", kind="result", text=text, call=ToolCall(name="Bash", args=args), leaf=(0,))


def lines(output: str | Item, after: Later, seen: Seen | None = None, common: frozenset[str] = NONE) -> list[int]:
    item = result(output) if isinstance(output, str) else output
    return [one.line for one in used.used(item, after, seen or Seen(), common)]


def seen(*texts: str) -> Seen:
    made = Seen()
    for text in texts:
        made.add(text)
    return made


OUTPUT = "def load_ledger(path):\n    rows = []\n    return rows\n"


def test_a_line_is_used_if_a_new_name_in_it_is_written_later() -> None:
    after = Later(texts=["Now call load_ledger with the file."])

    assert lines(OUTPUT, after) == [1]
    assert lines(OUTPUT, after, seen("what is load_ledger?")) == []
    assert lines(OUTPUT, after, common=frozenset({"load_ledger"})) == []
    assert lines(OUTPUT, Later(texts=["Return the rows."])) == []


def test_of_common_words_joined_by_dots_only_file_names_are_names() -> None:
    after = Later(texts=["fmt.Println(settings.json)"])

    assert lines("settings.json\nfmt.Println(x)", after, common=frozenset({"Println", "settings"})) == [1]


def test_a_name_on_many_lines_counts_on_the_first_two() -> None:
    after = Later(texts=["cache_key"])

    assert lines("\n".join(["cache_key"] * 4), after) == [1, 2, 3, 4]
    assert lines("\n".join(["cache_key"] * 5), after) == [1, 2]


def test_a_path_is_looked_for_as_a_whole_before_its_parts() -> None:
    listing = "src/app/ledger_rows.py\nsrc/app/other.py\ntests/ledger_rows.py"

    assert lines(listing, Later(texts=["cat tests/ledger_rows.py"])) == [3]
    assert lines(listing, Later(texts=["cat /home/user/app/ledger_rows.py"])) == [1, 3]


VIEW = "     7→func total() int {\n     8→\tsum := 0\n     9→\treturn sum + offset\n    10→}\n    11→\tsum := 0"


def test_what_an_edit_replaces_is_used_blank_and_short_lines_with_it() -> None:
    assert lines(VIEW, Later(edited=["\tsum := 0\n\treturn sum + offset\n}"])) == [2, 3, 4]
    assert lines(VIEW, Later(edited=["total() int {\n\tsum := 0\n\treturn sum"])) == [1, 2, 3]
    assert lines(VIEW, Later(edited=["return sum + offset"])) == [3]
    assert lines(VIEW, Later(edited=["sum := 0"])) == []
    assert lines(VIEW, Later(edited=["return sum + offset"]), seen("  return sum + offset")) == []


def test_a_line_written_again_is_used_unless_it_says_nothing_and_stands_alone() -> None:
    output = "alpha = compute(beta)\nif err != nil {\nomega\nif err == nil {"
    after = Later(texts=["x\n  alpha = compute(beta)\n  if err != nil {\nif err == nil {"])

    assert lines(output, after, common=frozenset({"compute"})) == []
    assert lines(output, after, seen("alpha compute")) == [1, 2]
    assert lines("\n".join(["same line here"] * 3), Later(texts=["same line here"]), seen("same line here x")) == []


@pytest.mark.parametrize(
    ("output", "place", "wanted"),
    [
        ("src/a.py:12:x = 1\nsrc/a.py:80:y = 2\nsrc/b.py:12:z", Place("/home/user/src/a.py", 10, 20), [1]),
        ("12:x = 1\n80:y = 2", Place("src/only.py", 75, 90), [2]),
        ('  File "/repo/a.py", line 9, in f\n  File "/repo/b.py", line 9, in g', Place("b.py", 5, 12), [2]),
        ("src/a.py:12:x = 1", Place("a.py", 12, 12), [1]),
        ("src/a.py:12:x = 1", Place("ba.py", 12, 12), []),
    ],
)
def test_a_hit_or_a_trace_is_used_if_the_agent_goes_there(output: str, place: Place, wanted: list[int]) -> None:
    item = result(output, command="grep -n x src/only.py")

    assert lines(item, Later(places=[place])) == wanted
    assert lines(item, Later(places=[place]), seen(output)) == []


def conversation(*turns: tuple[str, dict[str, Any], str, str]) -> Messages:
    """Turns of (what the agent says, the arguments of its call, the output, the tool)."""
    made: Messages = [{"role": "user", "content": "Fix it."}]
    for number, (said, args, output, tool) in enumerate(turns):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": args}
        answer = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": output}
        text = [{"type": "text", "text": said}] if said else []
        made += [{"role": "assistant", "content": [*text, call]}, {"role": "user", "content": [answer]}]
    return made


def items(messages: Messages) -> list[Item]:
    return regret.items_of(Session("made", "one", False, messages))


def test_what_is_written_later_ends_after_ten_turns_and_places_after_four() -> None:
    turns = [("", {"command": f"sed -n {n},{n + 5}p file_{n}.py"}, f"output {n}", "Bash") for n in range(14)]
    found = items(conversation(*turns))
    numbers = used.turns(found)
    first = next(at for at, item in enumerate(found) if item.kind == "result")
    after = used.later(found, numbers, first)

    assert [call.args["command"].split()[-1] for call in after.calls] == [f"file_{n}.py" for n in range(1, 11)]
    assert [place.path for place in after.places] == [f"file_{n}.py" for n in range(1, 5)]


def test_calls_made_at_once_were_not_written_after_each_others_results() -> None:
    calls = [{"type": "tool_use", "id": f"toolu_{n}", "name": "Bash", "input": {"command": f"ls {n}"}} for n in (1, 2)]
    answers = [{"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": "x"} for n in (1, 2)]
    found = items([{"role": "assistant", "content": calls}, {"role": "user", "content": answers}])

    assert used.turns(found) == [0, 0, 0, 0]
    assert used.later(found, used.turns(found), 2).calls == []


def test_an_edits_old_text_is_found_however_deep() -> None:
    edit = {"file_path": "a.py", "edits": [{"old_string": "one", "new_string": "two"}]}
    found = items(conversation(("", {"command": "cat a.py"}, "one", "Bash"), ("", edit, "done", "MultiEdit")))

    assert used.later(found, used.turns(found), 2).edited == ["one"]


def test_common_words_are_what_many_sessions_of_a_large_corpus_write() -> None:
    def session(number: int) -> list[Item]:
        text = f"Update handle_{number} and the strategy" + (" of load_all" if number < 40 else "")
        return [Item(role="assistant", kind="text", text=text)]

    one = [("a", session(n)) for n in range(60)]

    assert used.common(one) == {"Update", "strategy"}
    assert used.common([*one, *(("b", session(n)) for n in range(50))]) == {"Update", "strategy", "load_all"}
    assert used.common([("a", session(0))]) == set()


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
    made = items(recorded.messages(outputs))
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

    assert [i.text for i in items(recorded.with_tab_gutter(session).messages) if i.kind == "result"] == ["1\tx\n2\ty"]


def suite(tests: int) -> str:
    """A verbose run of which one test failed: what passed can be left out."""
    rows = [f"tests/test_ledger_{n % 7}.py::test_case_{n:04} PASSED [{100 * n // tests:3}%]" for n in range(tests)]
    rows[tests // 2] = f"tests/test_ledger_3.py::test_refund_twice FAILED [{50:3}%]"
    tail = ["FAILED tests/test_ledger_3.py::test_refund_twice - AssertionError: 1 != 2"]
    return "\n".join([
        "============================= test session starts ==============================",
        f"collected {tests} items", "", *rows, "",
        "=========================== short test summary info ============================", *tail,
        f"======================== 1 failed, {tests - 1} passed in 3.21s ========================", "",
    ])  # fmt: skip


def replayed(then: str, level: str = "balanced") -> Replayed:
    messages = conversation(
        ("Run the tests.", {"command": "pytest -v"}, suite(400), "Bash"), (then, {"command": "pytest -v"}, "ok", "Bash")
    )
    return regret.replay(Session("made", "one", False, messages), level, NONE)


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


def test_where_rows_are_left_out_the_used_text_is_looked_for() -> None:
    omission = Omission(unit="rows", first=2, last=3, what="rows", path="$.items")
    text = ['  {"id": "first_one"},', '  {"id": "second_one"},']

    assert regret.visible(Used(1, "named", "first_one"), text, [omission], ['[{"id":"first_one"}]'])
    assert not regret.visible(Used(2, "named", "second_one"), text, [omission], ['[{"id":"first_one"}]'])


def test_a_request_is_the_same_if_it_asks_for_the_same_whatever_it_is_called() -> None:
    def call(name: str = "Bash", **args: Any) -> ToolCall:
        return ToolCall(name=name, args=args)

    assert regret.same_request(call(command="ls", description="a"), call(command="ls", description="b"))
    assert regret.same_request(call("Read", file_path="a.py"), call("Read", file_path="a.py", offset=3))
    assert not regret.same_request(call(command="ls"), call(command="ls -l"))
    assert not regret.same_request(call("Grep", pattern="x", path="a"), call("Grep", pattern="x", path="b"))
    assert not regret.same_request(call("Read", file_path="a.py"), call("Edit", file_path="a.py"))


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
