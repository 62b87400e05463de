"""When something is left out of a part, and when it is not, through the library as a caller uses it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from headroom import compress, policy, retrieve
from headroom.api import Report
from headroom.compressors import stands_for
from headroom.notices import found, read, screen_equal
from headroom.store import MemoryStore
from headroom.types import WayBack

BEATS = [f"2026-11-02 10:{n // 60:02}:{n % 60:02} INFO pool worker heartbeat took {10 + n % 7} ms" for n in range(900)]
ODD = "2026-11-02 10:07:31 ERROR pool connection refused by db-2 (PG-5523)"
LOG = "\n".join([*BEATS[:450], ODD, *BEATS[450:]])


def turn(number: int, text: str, command: str) -> list[dict[str, Any]]:
    call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"command": command}}
    result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": text}
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]


def sent(
    texts: Sequence[tuple[str, str]], *, question: str = "Go on.", level: str = "balanced", way: WayBack = "tool",
    store: MemoryStore | None = None,
) -> list[tuple[Report, str]]:  # fmt: skip
    """What became of each (text, command) of one conversation: its report and what the model reads."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    for number, (text, command) in enumerate(texts):
        messages += turn(number, text, command)
    result = compress(messages, level=level, way_back=way, store=store or MemoryStore())
    shown = [message["content"][0]["content"] for message in result.messages[2::2]]
    return list(zip([part for part in result.parts if part.tool], shown, strict=True))


def test_what_repeats_is_left_out_and_the_rest_stays() -> None:
    store = MemoryStore()
    ((report, shown),) = sent([(LOG, "cat app.log")], store=store)
    assert (report.reason, report.lossless) == ("outlined", False)
    outline = stands_for(report.kind, shown).split("\n")
    assert ODD in outline
    assert [line for line in outline if read(line) is None] == [
        line for line in LOG.split("\n") if line in set(outline)
    ]
    assert report.ref is not None
    assert retrieve(report.ref, store=store) == LOG


@pytest.mark.parametrize("level", ["meter", "lossless"])
def test_levels_that_lose_nothing_leave_nothing_out(level: str) -> None:
    ((report, _),) = sent([(LOG, "cat app.log")], level=level)
    assert not report.omissions


def test_without_a_way_back_nothing_is_left_out() -> None:
    ((report, _),) = sent([(LOG, "cat app.log")], way="none")
    assert (report.reason, report.omissions) == ("encoded", ())


def test_a_small_part_is_left_whole() -> None:
    ((report, _),) = sent([("\n".join(BEATS[:30]), "tail app.log")])
    assert not report.omissions


def test_what_the_user_asked_for_stays() -> None:
    rare = BEATS[300].replace("worker", "worker-17")
    text = "\n".join([*BEATS[:300], rare, *BEATS[301:]])
    ((report, shown),) = sent([(text, "cat app.log")], question="What does worker-17 do?")
    assert rare in stands_for(report.kind, shown)


def test_the_same_call_again_is_shown_whole() -> None:
    first, second = sent([(LOG, "cat app.log"), (LOG + "\nend", "cat app.log")])
    assert (first[0].reason, second[0].reason) == ("outlined", "asked-again")
    assert not second[0].omissions


Call = tuple[str, dict[str, Any], str]
"""A tool's name, its arguments and what it returned."""


def anthropic(turns: Sequence[Sequence[Call]]) -> list[Any]:
    messages: list[Any] = [{"role": "user", "content": "Go on."}]
    for n, calls in enumerate(turns):
        uses = [{"type": "tool_use", "id": f"{n}.{i}", "name": c[0], "input": c[1]} for i, c in enumerate(calls)]
        results = [{"type": "tool_result", "tool_use_id": f"{n}.{i}", "content": c[2]} for i, c in enumerate(calls)]
        messages += [{"role": "assistant", "content": uses}, {"role": "user", "content": results}]
    return messages


def openai_chat(turns: Sequence[Sequence[Call]]) -> list[Any]:
    messages: list[Any] = [{"role": "user", "content": "Go on."}]
    for n, calls in enumerate(turns):
        functions = [{"name": name, "arguments": json.dumps(args)} for name, args, _ in calls]
        uses = [{"id": f"{n}.{i}", "type": "function", "function": f} for i, f in enumerate(functions)]
        messages += [{"role": "assistant", "content": None, "tool_calls": uses}]
        messages += [{"role": "tool", "tool_call_id": f"{n}.{i}", "content": c[2]} for i, c in enumerate(calls)]
    return messages


def openai_responses(turns: Sequence[Sequence[Call]]) -> list[Any]:
    items: list[Any] = [{"role": "user", "content": "Go on."}]
    for n, calls in enumerate(turns):
        for i, (name, args, _) in enumerate(calls):
            items.append({"type": "function_call", "call_id": f"{n}.{i}", "name": name, "arguments": json.dumps(args)})
        items += [{"type": "function_call_output", "call_id": f"{n}.{i}", "output": c[2]} for i, c in enumerate(calls)]
    return items


def gemini(turns: Sequence[Sequence[Call]]) -> list[Any]:
    contents: list[Any] = [{"role": "user", "parts": [{"text": "Go on."}]}]
    for calls in turns:
        uses = [{"functionCall": {"name": name, "args": args}} for name, args, _ in calls]
        results = [{"functionResponse": {"name": c[0], "response": {"output": c[2]}}} for c in calls]
        contents += [{"role": "model", "parts": uses}, {"role": "user", "parts": results}]
    return contents


shapes = pytest.mark.parametrize("shape", [anthropic, openai_chat, openai_responses, gemini])


def reasons(messages: list[Any], level: str = "balanced") -> list[str]:
    result = compress(messages, level=level, way_back="tool", store=MemoryStore())
    return [part.reason for part in result.parts if part.tool]


def ran(command: str, text: str = LOG, **beside: str) -> Call:
    return "shell", {"command": command, **beside}, text


@shapes
def test_a_call_among_several_of_one_turn_is_shown_whole_when_it_is_asked_again(shape: Any) -> None:
    first, others = ran("cat app.log"), [ran(command, "done") for command in ("ls", "pwd", "id")]
    again = ran("cat app.log", LOG + "\nend")
    small = ["small"] * 3
    assert reasons(shape([[first, *others], [again]])) == ["outlined", *small, "asked-again"]
    assert reasons(shape([[first], [*others, again]])) == ["outlined", *small, "asked-again"]


@shapes
def test_what_was_called_at_once_is_no_asking_again(shape: Any) -> None:
    found = [(word, [f"src/m{n // 30}.py:{n % 30 + 1}:    {word}('beat %d', n)" for n in range(900)]) for word in "abc"]
    same = [("search", {"pattern": word, "path": "src"}, "\n".join(lines)) for word, lines in found]
    assert reasons(shape([same])) == ["outlined"] * 3


@shapes
def test_what_a_model_says_beside_a_command_does_not_make_it_another_one(shape: Any) -> None:
    turns = [[ran("cat app.log", description="See the log")], [ran("cat app.log", LOG + "\nend", description="Again")]]
    assert reasons(shape(turns)) == ["outlined", "asked-again"]


@shapes
@pytest.mark.parametrize("name", ["file_path", "filePath", "absolute_path", "target_file", "path"])
def test_a_file_is_the_same_however_its_argument_is_called(shape: Any, name: str) -> None:
    whole, rest = ("read", {name: "/srv/app.log"}, LOG), ("read", {name: "/srv/app.log", "offset": 9}, LOG[700:])
    assert reasons(shape([[whole], [rest]]), "aggressive") == ["outlined", "asked-again"]


def test_a_call_that_is_repeated_later_is_judged_anew() -> None:
    others = [("done", "true"), ("fine", "ls")]
    found = sent([(LOG, "cat app.log"), *others, (LOG + "\nend", "cat app.log")])
    assert [report.reason for report, _ in found] == ["outlined", "small", "small", "outlined"]


def test_an_outline_that_stands_above_is_told_by_reference() -> None:
    others = [("done", "true"), ("fine", "ls")]
    found = sent([(LOG, "cat app.log"), *others, (LOG, "cat app.log")])
    assert (found[3][0].reason, found[3][1]) == ("repeats", "[= all of Bash cat app.log]")
    assert found[3][0].omissions == found[0][0].omissions


def test_another_call_is_judged_by_itself() -> None:
    first, second = sent([(LOG, "cat app.log"), (LOG + "\nend", "cat other.log")])
    assert [first[0].reason, second[0].reason] == ["outlined", "outlined"]


@pytest.mark.parametrize(
    "told",
    [
        "Wasted call: the output is unchanged since your last call. Refer to the earlier result.",
        "The file has not been modified since it was last read.",
        "No changes since the last read of app.log.",
    ],
)
def test_a_tool_that_will_not_repeat_itself_is_shown_whole_from_then_on(told: str) -> None:
    found = sent([(LOG, "cat app.log"), (told, "cat app.log"), (LOG, "cat third.log")])
    assert [report.reason for report, _ in found] == ["outlined", "small", "asked-again"]


def test_later_requests_replay_what_was_decided() -> None:
    store = MemoryStore()
    ((_, shown),) = sent([(LOG, "cat app.log")], store=store)
    again = sent([(LOG, "cat app.log"), ("done", "true")], store=store, level="lossless")
    assert again[0][1] == shown


def test_an_outline_that_saves_little_is_not_taken() -> None:
    distinct = "\n".join(f"note {n}: {n * n} things of kind {chr(97 + n % 26) * 9}{n}" for n in range(400))
    ((report, _),) = sent([(distinct + "\n" + "\n".join(BEATS[:20]), "cat notes")])
    assert not report.omissions


def test_outlines_must_save_a_share_and_an_amount() -> None:
    assert policy.outline_pays(2_000, 1_700)
    assert not policy.outline_pays(2_000, 1_701)
    assert not policy.outline_pays(1_000, 701)


REBASE = "".join(f"Rebasing ({i}/1241)\r" for i in range(1, 653)) + (
    "error: could not apply 5080f023... Checkpoint\nhint: Resolve all conflicts manually\n"
)


def test_progress_that_was_drawn_over_is_told_by_its_last_state_with_a_way_back() -> None:
    store = MemoryStore()
    ((report, shown),) = sent([(REBASE, "git rebase main")], store=store)
    assert (report.reason, report.lossless, screen_equal(report.omissions)) == ("unseen", False, True)
    text, _, notice = shown.rpartition("\n")
    assert stands_for(report.kind, text) == (
        "Rebasing (652/1241)\rerror: could not apply 5080f023... Checkpoint\nhint: Resolve all conflicts manually"
    )
    assert found(notice) == [notice]
    assert report.ref is not None
    assert retrieve(report.ref, store=store) == REBASE
    assert retrieve(report.ref, lines="1", store=store) in REBASE


@pytest.mark.parametrize(
    ("text", "command", "level", "way"),
    [
        (REBASE, "git rebase main", "lossless", "tool"),
        (REBASE, "git rebase main", "balanced", "none"),
        (REBASE, "cat rebase.log", "balanced", "tool"),
        (f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n+{REBASE}", "git diff", "balanced", "tool"),
        (f'[{{"log": "{REBASE.encode("unicode_escape").decode()}"}}]', "api logs", "balanced", "tool"),
    ],
)
def test_what_was_drawn_over_stays_where_it_may_be_content(text: str, command: str, level: str, way: WayBack) -> None:
    ((report, _),) = sent([(text, command)], level=level, way=way)
    assert report.lossless
    assert not report.omissions


def test_who_runs_the_same_again_at_once_sees_all_that_was_drawn() -> None:
    first, again = sent([(REBASE, "git rebase main"), (REBASE, "git rebase main")])
    assert screen_equal(first[0].omissions)
    assert again[0].lossless


def test_what_repeats_beside_progress_is_left_out_by_the_lines_of_the_original() -> None:
    store = MemoryStore()
    progress = "".join(f"Fetching {i}%\r" for i in range(100))
    text = f"{progress}\n{LOG}"
    ((report, shown),) = sent([(text, "./serve")], store=store)
    assert report.reason == "outlined"
    assert not screen_equal(report.omissions)
    lines, outline = text.split("\n"), stands_for(report.kind, shown).split("\n")
    assert outline[0].rstrip("\r") == "Fetching 99%"
    at = 0
    for line in outline[:-1]:
        omission = read(line)
        if omission is not None:
            at = omission.last
            continue
        at += 1
        assert at == 1 or line == lines[at - 1]
    assert at == len(lines)


WORDS = (
    "adds",
    "keeps",
    "taxes",
    "rounds",
    "ships",
    "stores",
    "counts",
    "sends",
    "rejects",
    "splits",
    "merges",
    "prints",
)
COLOURED = "\n".join(
    f"\x1b[32m✓\x1b[39m \x1b[2m{word} {other} \x1b[33m{len(other)}\x1b[39m\x1b[22m"
    for word, other in zip(WORDS, reversed(WORDS), strict=True)
)


@pytest.mark.parametrize(
    ("question", "command", "coloured"),
    [
        ("Go on.", "npm test", False),
        ("Why is the colour wrong?", "npm test", True),
        ("Go on.", "printf '\\033[32m'", True),
    ],
)
def test_colours_of_a_run_are_left_out_unless_they_are_asked_about(question: str, command: str, coloured: bool) -> None:
    text = f"{COLOURED}\n\x1b[31m✕\x1b[39m it refunds\nTests: 1 failed, 12 passed\n"
    ((report, shown),) = sent([(text, command)], question=question)
    assert ("\x1b[31m✕" in shown) == coloured
    assert ("✕ it refunds" in shown) == (not coloured)
    assert report.lossless == coloured


def test_who_runs_a_test_again_after_an_edit_sees_it_without_colours_again() -> None:
    text = f"{COLOURED}\nTests: 12 passed\n"
    reports = [r for r, _ in sent([(text, "npm test"), ("edited", "sed -i s/a/b/ a"), (text, "npm test")])]
    assert [screen_equal(report.omissions) for report in reports] == [True, False, True]


def test_an_outline_that_would_lose_a_place_of_a_failure_shows_it_and_leaves_out_the_rest() -> None:
    logged = [f"INFO     shop.client:client.py:{41 + n % 3} POST /orders/{n} attempt {n} ok" for n in range(200)]
    rule = " Captured log call ".center(80, "-")
    lines = [" FAILURES ".center(80, "="), " test_total ".center(80, "_"), "    def test_total():"]
    lines += [">       assert total() == 1", "E       assert 2 == 1", "", "tests/test_a.py:10: AssertionError", rule]
    lines += [*logged, " 1 failed, 38 passed in 1.2s ".center(80, "=")]
    ((report, shown),) = sent([("\n".join(lines), "pytest")])
    assert report.reason == "outlined"
    outline = stands_for(report.kind, shown)
    assert all(f"client.py:{place}" in outline for place in (41, 42, 43))
    assert sum(line in outline for line in logged) < 12
