"""Which lines of an output count as used: what the agent named, quoted or went to afterwards, and nothing else."""

from __future__ import annotations

import pytest

from headroom import policy, providers
from headroom.audit.used import Later, Place, Seen, common, later, turns, used
from headroom.types import Item, ToolCall
from tests.audit_logs import Messages, conversation

NONE: frozenset[str] = frozenset()


def result(text: str, **args: str) -> Item:
    return Item(role="user", kind="result", text=text, call=ToolCall(name="Bash", args=args), leaf=(0,))


def lines(output: str | Item, after: Later, before: Seen | None = None, common: frozenset[str] = NONE) -> list[int]:
    item = result(output) if isinstance(output, str) else output
    return [one.line for one in used(item, after, before or Seen(), common)]


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


def items(messages: Messages) -> list[Item]:
    provider = providers.detect(messages)
    assert provider is not None
    return provider.read(messages)


def test_what_is_written_later_ends_after_ten_turns_and_places_after_four() -> None:
    reads = [("", {"command": f"sed -n {n},{n + 5}p file_{n}.py"}, f"output {n}", "Bash") for n in range(14)]
    found = items(conversation(*reads))
    numbers = turns(found)
    first = next(at for at, item in enumerate(found) if item.kind == "result")
    after = later(found, numbers, first)

    assert [call.args["command"].split()[-1] for call in after.calls] == [f"file_{n}.py" for n in range(1, 11)]
    assert [place.path for place in after.places] == [f"file_{n}.py" for n in range(1, 5)]


@pytest.mark.parametrize("name", policy.PATH_ARGUMENTS)
def test_where_an_agent_goes_is_read_however_its_client_calls_the_file(name: str) -> None:
    asks = ("", {"command": "grep -n x"}, "src/a.py:12:x = 1", "Bash")
    goes = ("", {name: "/repo/src/a.py", "offset": 10, "limit": 5}, "x = 1", "read")
    found = items(conversation(asks, goes))
    first = next(at for at, item in enumerate(found) if item.kind == "result")

    assert later(found, turns(found), first).places == [Place("/repo/src/a.py", 10, 14)]


def test_calls_made_at_once_were_not_written_after_each_others_results() -> None:
    calls = [{"type": "tool_use", "id": f"toolu_{n}", "name": "Bash", "input": {"command": f"ls {n}"}} for n in (1, 2)]
    answers = [{"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": "x"} for n in (1, 2)]
    found = items([{"role": "assistant", "content": calls}, {"role": "user", "content": answers}])

    assert turns(found) == [0, 0, 0, 0]
    assert later(found, turns(found), 2).calls == []


def test_an_edits_old_text_is_found_however_deep() -> None:
    edit = {"file_path": "a.py", "edits": [{"old_string": "one", "new_string": "two"}]}
    found = items(conversation(("", {"command": "cat a.py"}, "one", "Bash"), ("", edit, "done", "MultiEdit")))

    assert later(found, turns(found), 2).edited == ["one"]


def test_common_words_are_what_many_sessions_of_a_large_corpus_write() -> None:
    def session(number: int) -> list[Item]:
        text = f"Update handle_{number} and the strategy" + (" of load_all" if number < 40 else "")
        return [Item(role="assistant", kind="text", text=text)]

    one = [("a", session(n)) for n in range(60)]

    assert common(one) == {"Update", "strategy"}
    assert common([*one, *(("b", session(n)) for n in range(50))]) == {"Update", "strategy", "load_all"}
    assert common([("a", session(0))]) == set()
