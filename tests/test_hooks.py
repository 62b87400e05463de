"""The contract of hooks, over every client: same shape, other words; no failure shows; what is missing can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import hooks, notices, retrieve
from headroom.errors import StoreError, UsageError
from headroom.ledger import Ledger
from headroom.proxy.engine import Engine, Job
from headroom.store import MemoryStore, SqliteStore
from tests.hook_events import SAMPLES, log

CLIENTS = [hook.client for hook in hooks.HOOKS]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def answer(client: str, event: Any, store: MemoryStore | None = None, level: str = "balanced") -> Any:
    return hooks.answer(client, event, level=level, store=store or MemoryStore())


def shape(value: Any) -> Any:
    """A value with all its strings empty."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return "" if isinstance(value, str) else value


def shown(client: str, event: Any, store: MemoryStore) -> str:
    """What the model reads of an event's output."""
    sample, made = SAMPLES[client], answer(client, event, store)
    return sample.text(sample.received(event) if made is None else sample.given(made))


def test_every_client_has_a_sample() -> None:
    assert SAMPLES.keys() == set(CLIENTS)


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer_has_the_shape_that_came_in_and_a_smaller_text(client: str) -> None:
    sample = SAMPLES[client]
    event = sample.event(log())
    output = sample.given(answer(client, event))

    assert shape(output) == shape(sample.received(event))
    assert len(sample.text(output)) < len(log()) / 10
    assert "FATAL PG-5523 connection pool exhausted" in sample.text(output)


@pytest.mark.parametrize("client", CLIENTS)
def test_every_notice_names_a_range_that_can_be_read(client: str) -> None:
    store, lines = MemoryStore(), log().split("\n")
    text = shown(client, SAMPLES[client].event(log()), store)
    found = notices.found(text)
    ref = found[0].split("headroom_retrieve('")[1].split("'")[0]

    assert len(found) == 2
    for notice in found:
        omission = notices.read(notice)
        assert omission is not None
        asked = retrieve(ref, lines=notices.spec(omission), store=store)
        assert asked.rstrip("\n") == "\n".join(lines[omission.first - 1 : omission.last])


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("text", ["", "ok", "word " * 50, "\ud800" * 90, "a\0b" * 90])
def test_what_gains_nothing_stays(client: str, text: str) -> None:
    assert answer(client, SAMPLES[client].event(text)) is None


@pytest.mark.parametrize("client", CLIENTS)
def test_the_level_is_kept(client: str) -> None:
    event = SAMPLES[client].event(log())

    assert answer(client, event, level="meter") is None
    assert "headroom_retrieve" not in json.dumps(answer(client, event, level="lossless"))


@pytest.mark.parametrize("client", CLIENTS)
def test_host_text_around_an_output_stays_word_for_word(client: str) -> None:
    reminder = "\n\n<system-reminder>\nBe kind.\n</system-reminder>"
    text = shown(client, SAMPLES[client].event(f"Exit code 1\n{log()}{reminder}"), MemoryStore())

    assert text.startswith("Exit code 1\n[log codes")
    assert text.endswith(reminder)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_asked_again_is_shown_whole_and_cut_the_next_time(client: str) -> None:
    store, event = MemoryStore(), SAMPLES[client].event
    texts = [shown(client, event(log()), store) for _ in range(3)]
    other = shown(client, event(log(), session="another"), store)

    assert ["headroom_retrieve" in text for text in [*texts, other]] == [True, False, True, True]


def test_a_command_is_the_same_whatever_is_said_beside_it() -> None:
    store, event = MemoryStore(), SAMPLES["claude"].event(log())
    texts = []
    for said in ("See the log", "See it again"):
        asked = {**event, "tool_input": json.dumps({"command": "cat app.log", "description": said})}
        texts.append(shown("claude", asked, store))

    assert ["headroom_retrieve" in text for text in texts] == [True, False]


@pytest.mark.parametrize("client", CLIENTS)
def test_another_call_is_no_asking_again_and_a_late_one_neither(client: str) -> None:
    store, event = MemoryStore(), SAMPLES[client].event
    texts = [shown(client, event(log(), command=f"cat {name}"), store) for name in "abcdea"]

    assert all("headroom_retrieve" in text for text in texts)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", ["mcp__headroom__headroom_retrieve", "headroom_headroom_retrieve"])
def test_answers_of_our_own_tools_stay(client: str, name: str) -> None:
    event = SAMPLES[client].event(log())
    named = {key: name if key in ("tool_name", "tool", "toolName") else value for key, value in event.items()}

    assert answer(client, named) is None


@pytest.mark.parametrize("client", CLIENTS)
@given(event=JSON)
def test_no_event_raises(client: str, event: Any) -> None:
    assert answer(client, event) is None


@pytest.mark.parametrize("client", CLIENTS)
@settings(max_examples=40)
@given(data=st.data())
def test_an_event_with_any_value_in_any_place_keeps_its_shape_or_stays(client: str, data: st.DataObject) -> None:
    sample = SAMPLES[client]
    event = sample.event(log(100))
    event[data.draw(st.sampled_from(sorted(event)))] = data.draw(JSON)
    made = answer(client, event)

    if made is not None:
        assert shape(sample.given(made)) == shape(sample.received(event))


class BrokenStore(MemoryStore):
    """Nothing can be read from it."""

    def notes(self, keys: Any) -> Any:
        raise StoreError("the disk is full; free some space")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_failure_leaves_the_output_is_logged_and_counted(
    client: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path)
    made = hooks.answer(client, SAMPLES[client].event(log()), level="balanced", store=BrokenStore(), ledger=ledger)
    [total] = ledger.totals()
    ledger.close()

    assert made is None
    assert "the disk is full" in caplog.text
    assert (total.hook_failures, total.hooked, total.requests, total.unpriced) == (1, 0, 0, 0)


def test_a_store_that_cannot_be_opened_is_a_failure_of_the_hook_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "file"))
    ledger = Ledger(tmp_path)
    made = hooks.answer("claude", SAMPLES["claude"].event(log()), level="balanced", ledger=ledger)
    [total] = ledger.totals()
    ledger.close()

    assert (made, total.hook_failures) == (None, 1)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("level", ["lossless", "balanced"])
def test_what_a_hook_has_made_smaller_a_proxy_leaves_as_it_is(client: str, level: str, tmp_path: Path) -> None:
    store, event = SqliteStore(tmp_path / "headroom.db"), SAMPLES[client].event(log())
    made = hooks.answer(client, event, level=level, store=store)
    store.close()
    result = {"type": "tool_result", "tool_use_id": "t", "content": SAMPLES[client].text(SAMPLES[client].given(made))}
    call = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "cat a.log"}}
    turns = [("user", "Look."), ("assistant", [call]), ("user", [result])]
    body = json.dumps({"model": "m", "messages": [{"role": role, "content": content} for role, content in turns]})
    changed = Engine(tmp_path, 1 << 30, None).change(Job(body=body.encode(), dialect="anthropic", level="aggressive"))

    assert changed.body == body.encode()
    assert [part.reason for part in changed.parts if part.tool] == ["contains-format"]


def test_a_row_tells_how_long_the_hook_took(tmp_path: Path) -> None:
    ledger, clock = Ledger(tmp_path), iter([5.0, 5.25])
    event = SAMPLES["claude"].event(log())
    hooks.answer("claude", event, level="balanced", store=MemoryStore(), ledger=ledger, clock=lambda: next(clock))
    [row] = ledger.latest(9)
    ledger.close()

    assert row["ms"] == 250.0


def test_the_ledger_gets_a_row_per_output_that_is_no_request(tmp_path: Path) -> None:
    ledger, store = Ledger(tmp_path), MemoryStore()
    for text in (log(), "ok"):
        hooks.answer("claude", SAMPLES["claude"].event(text), level="balanced", store=store, ledger=ledger)
    [total], rows, tools = ledger.totals("agent"), ledger.latest(9), ledger.by_tool()
    ledger.close()

    assert (total.name, total.requests, total.unpriced, total.hooked) == ("claude", 0, 0, 1)
    assert total.removed == total.hook_tokens == sum(row[3] - row[4] for row in tools) > 5_000
    assert [(row["project"], row["session"]) for row in rows] == [("shop", "s")] * 2


def test_a_ledger_that_cannot_be_written_costs_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ledger = Ledger(tmp_path / "file")

    assert hooks.answer("claude", SAMPLES["claude"].event(log()), level="balanced", store=MemoryStore(), ledger=ledger)
    assert "a hook's row is lost" in caplog.text


@pytest.mark.parametrize("refusal", hooks.REFUSALS)
def test_a_client_whose_hooks_are_not_safe_is_refused_with_the_reason(refusal: hooks.Refusal) -> None:
    with pytest.raises(UsageError, match=f"{refusal.title} .*headroom wrap {refusal.client}"):
        hooks.find(refusal.client)


def test_an_unknown_client_is_a_usage_error_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no hooks for 'emacs'; use one of: claude, opencode, copilot"):
        hooks.find("emacs")
