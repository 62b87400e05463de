"""The library as a user calls it: shapes in, the same shapes out, originals back, and clear errors."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

import headroom
from headroom import HeadroomError, RangeError, UnknownLevelError, UnknownRefError, UsageError, compress, retrieve
from headroom.store import MemoryStore

ROWS = [
    {"id": i, "name": f"item-{i:04}", "state": "open", "url": f"https://api.example.com/items/{i}"} for i in range(80)
]
RECORDS = json.dumps(ROWS, indent=2)
REMINDER = "\n\n<system-reminder>\nYour todo list is empty.\n</system-reminder>"

ANTHROPIC: list[Any] = [
    {"role": "user", "content": "list the items"},
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "t1", "name": "list_items", "input": {"state": "open"}}],
    },
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": RECORDS}]},
]
OPENAI_CHAT: list[Any] = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": "list the items"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "list_items", "arguments": "{}"}}],
    },
    {"role": "tool", "tool_call_id": "t1", "content": RECORDS},
]
OPENAI_RESPONSES: list[Any] = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "list the items"}]},
    {"type": "function_call", "call_id": "t1", "name": "list_items", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "t1", "output": RECORDS},
]
GEMINI: list[Any] = [
    {"role": "user", "parts": [{"text": "list the items"}]},
    {"role": "model", "parts": [{"functionCall": {"name": "list_items", "args": {}}, "thoughtSignature": "x"}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "list_items", "response": {"output": RECORDS}}}]},
]
CONVERSE: list[Any] = [
    {"role": "user", "content": [{"text": "list the items"}]},
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "name": "list_items", "input": {}}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"text": RECORDS}]}}]},
]
DIALECTS = {
    "anthropic": (ANTHROPIC, (2, "content", 0, "content")),
    "openai_chat": (OPENAI_CHAT, (3, "content")),
    "openai_responses": (OPENAI_RESPONSES, (2, "output")),
    "gemini": (GEMINI, (2, "parts", 0, "functionResponse", "response", "output")),
    "converse": (CONVERSE, (2, "content", 0, "toolResult", "content", 0, "text")),
}
BODIES: list[tuple[dict[str, Any], tuple[str | int, ...]]] = [
    ({"model": "claude-opus-5-5", "max_tokens": 9, "messages": ANTHROPIC}, ("messages",)),
    ({"model": "gpt-5.4", "messages": OPENAI_CHAT, "stream": True}, ("messages",)),
    ({"model": "gpt-5.4", "input": OPENAI_RESPONSES, "store": False}, ("input",)),
    ({"system": [{"text": "s"}], "messages": CONVERSE, "inferenceConfig": {}}, ("messages",)),
    ({"contents": GEMINI, "generationConfig": {}}, ("contents",)),
    ({"model": "m", "request": {"contents": GEMINI}}, ("request", "contents")),
]


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize(("messages", "leaf"), DIALECTS.values(), ids=DIALECTS)
def test_only_the_tool_output_changes_and_the_callers_messages_do_not(messages: list[Any], leaf: Any) -> None:
    before = copy.deepcopy(messages)
    store = MemoryStore()
    result = compress(messages, store=store)

    assert messages == before
    rendering = at(result.messages, leaf)
    assert rendering != RECORDS
    expected = copy.deepcopy(messages)
    at(expected, leaf[:-1])[leaf[-1]] = rendering
    assert result.messages == expected
    [report] = [p for p in result.parts if p.reason == "encoded"]
    assert (report.leaf, report.tool, report.kind, report.lossless) == (leaf, "list_items", "records", True)
    assert report.ref is not None
    assert retrieve(report.ref, store=store) == RECORDS
    assert result.tokens_after < result.tokens_before


@pytest.mark.parametrize(("body", "path"), BODIES)
def test_a_whole_request_body_gives_a_whole_request_body(body: dict[str, Any], path: tuple[str | int, ...]) -> None:
    alone = compress(at(body, path), store=MemoryStore())
    whole = compress(body, store=MemoryStore())
    assert at(whole.messages, path) == alone.messages
    assert whole.messages.keys() == body.keys()


def test_the_model_of_a_body_chooses_the_tokenizer_and_estimates_are_labelled() -> None:
    assert compress({"model": "claude-opus-5-5", "messages": ANTHROPIC}, store=MemoryStore()).estimate
    assert not compress({"model": "gpt-5.4", "messages": OPENAI_CHAT}, store=MemoryStore()).estimate
    assert compress(ANTHROPIC, model="claude-opus-5-5", store=MemoryStore()).estimate


def test_a_bare_string_gives_a_string_and_is_decided_anew_each_time() -> None:
    store = MemoryStore()
    result = compress(RECORDS, store=store, tool="list_items", args={"state": "open"})
    assert isinstance(result.messages, str)
    assert result.parts[0].tool == "list_items"
    assert len(result.messages) < len(RECORDS)
    assert compress(RECORDS, store=store, level="meter").messages == RECORDS


def test_host_text_in_a_result_is_left_alone_and_put_back() -> None:
    messages = copy.deepcopy(ANTHROPIC)
    messages[2]["content"][0]["content"] = "Exit code 1\n" + RECORDS + REMINDER
    text = at(compress(messages, store=MemoryStore()).messages, (2, "content", 0, "content"))
    assert text.startswith("Exit code 1\n[")
    assert text.endswith(REMINDER)
    assert len(text) < len(RECORDS)


CLEARING = [
    {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
    {"context_management": {"edits": [{"type": "clear_thinking_20251015"}, {"type": "compact_20260112"}]}},
    {"context_management": [{"type": "compaction", "compact_threshold": 1000}]},
    {"truncation": "auto"},
]


@pytest.mark.parametrize("fields", CLEARING)
def test_no_reference_is_made_where_the_provider_will_clear_what_it_points_to(fields: dict[str, Any]) -> None:
    words = "\n".join(f"{i}: a line of words that no compressor knows, {i * 7}" for i in range(60))
    twice = [message for i in range(2) for message in copy.deepcopy(ANTHROPIC)[1:]]
    for message in twice[1::2]:
        message["content"][0]["content"] = words
    body = {"model": "claude-opus-5-5", "messages": [ANTHROPIC[0], *twice]}

    assert compress(body, store=MemoryStore()).parts[-1].reason == "repeats"
    assert compress({**body, **fields}, store=MemoryStore()).parts[-1].reason != "repeats"


def test_with_nothing_to_change_the_very_same_object_comes_back() -> None:
    messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
    assert compress(messages, store=MemoryStore()).messages is messages


BAD_CONTENT = {
    "half a JSON": RECORDS[:-40],
    "not JSON": "{" + "no json at all, just words. " * 60,
    "NUL bytes": RECORDS + "\0",
    "lone surrogates": RECORDS.replace("open", "op\ud800en"),
    "an escaped lone surrogate": RECORDS.replace("open", r"\ud800"),
    "duplicate keys": '[{"a": 1, "a": 2}' + ', {"a": 1, "b": 2}' * 60 + "]",
    "NaN": RECORDS.replace('"open"', "NaN"),
    "1e400": RECORDS.replace('"open"', "1e400"),
    "40-digit integers": RECORDS.replace('"open"', "1234567890" * 4),
    "deep nesting": "[" * 10_000 + "]" * 10_000,
    "deep nesting of objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "one long line": "x" * 3_000_000,
    "empty": "",
}


@pytest.mark.parametrize("text", BAD_CONTENT.values(), ids=BAD_CONTENT)
def test_bad_content_never_raises_and_never_changes_a_value(text: str) -> None:
    store = MemoryStore()
    messages = copy.deepcopy(ANTHROPIC)
    messages[2]["content"][0]["content"] = text
    for given in (messages, text):
        result = compress(given, store=store)
        report = result.parts[-1] if result.parts else None
        if report is None:
            assert text == ""
        elif report.reason == "encoded":
            assert report.ref is not None
            assert retrieve(report.ref, store=store) == text
        else:
            assert result.messages == given
            assert report.reason


BAD_MESSAGES: list[Any] = [
    [],
    {},
    [None],
    [1, "two", ["three"]],
    {"messages": None},
    {"messages": [{"role": "wizard", "content": [{"type": "spell", "text": RECORDS}]}]},
    [{"role": "user", "content": [{"type": "hologram"}, None, 4, "loose"]}],
    [{"role": "user"}],
    [{"content": {"nested": [RECORDS]}}],
    [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": None, "content": None}]}],
    {"input": [{"type": "future_output", "output": {"deep": RECORDS}}]},
    {"contents": [{"parts": "no list"}, {"parts": [{"functionResponse": "no object"}]}]},
]


@pytest.mark.parametrize("messages", BAD_MESSAGES)
def test_unknown_roles_blocks_and_shapes_pass_through(messages: Any) -> None:
    before = copy.deepcopy(messages)
    assert compress(messages, store=MemoryStore()).messages == before


def test_compressing_what_was_compressed_changes_nothing() -> None:
    once = compress(ANTHROPIC, store=MemoryStore()).messages
    assert compress(once, store=MemoryStore()).messages == once


def test_an_original_comes_back_by_line_range_by_words_and_by_path() -> None:
    store = MemoryStore()
    ref = compress(RECORDS, store=store).parts[0].ref
    assert ref is not None
    lines = RECORDS.split("\n")
    assert retrieve(ref, lines="2-4", store=store) == "\n".join(lines[1:4]) + "\n"
    assert "item-0042" in retrieve(ref, query="item-0042", store=store)
    assert retrieve(ref, path="$[42].name", store=store) == '"item-0042"'


def test_rows_of_an_original_come_back_byte_for_byte() -> None:
    store = MemoryStore()
    text = json.dumps({"items": ROWS, "page": {"next": None, "total": 80}}, indent=1)
    ref = store.put(text)
    found = retrieve(ref, path="$.items", rows="3-5", store=store)
    assert found in text
    assert json.loads(f"[{found}]") == ROWS[2:5]
    assert retrieve(ref, path="$.items", rows="80", store=store) == retrieve(ref, path="$.items[79]", store=store)
    assert retrieve(ref, path="$.items", rows="1-", store=store) == text[text.index("[") + 1 : text.index("]")].strip()
    assert retrieve(ref, path="$.page", rows="-1", store=store) == '"total": 80'
    assert json.loads("{" + retrieve(ref, rows="1-2", store=store) + "}") == json.loads(text)


def test_rows_that_are_not_there_are_told_with_what_is() -> None:
    store = MemoryStore()
    ref = store.put(json.dumps({"items": ROWS, "total": 80}))
    for path, rows, says in (
        ("$.items", "81-90", 'rows "81-90" lie outside $.items, which has 80 rows; ask within 1-80'),
        ("$.items", "5-3", '"5-3" runs backwards; write 3-5'),
        ("$.total", "1", "at $.total stands 80, which has no rows; name an array or an object"),
        ("$.pages", "1", "nothing stands at $.pages"),
    ):
        with pytest.raises(RangeError) as caught:
            retrieve(ref, path=path, rows=rows, store=store)
        assert says in str(caught.value)
    with pytest.raises(UsageError, match="lines and rows cannot be combined; give one of them"):
        retrieve(ref, rows="1", lines="1", store=store)
    with pytest.raises(UsageError, match="query and rows cannot be combined; give one of them"):
        retrieve(ref, rows="1", query="x", store=store)


def test_wrong_arguments_are_named_in_one_sentence_with_the_next_step() -> None:
    store = MemoryStore()
    ref = compress(RECORDS, store=store).parts[0].ref
    assert ref is not None
    with pytest.raises(
        UnknownLevelError, match="unknown level 'deep'; use one of: meter, lossless, balanced, aggressive"
    ):
        compress(RECORDS, level="deep", store=store)
    with pytest.raises(UsageError, match="way_back cannot be 'pigeon'; use one of"):
        compress(RECORDS, way_back="pigeon", store=store)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="history cannot be 'forget'"):
        compress(RECORDS, history="forget", store=store)  # type: ignore[arg-type]
    with pytest.raises(UnknownRefError, match="zzzzzzzzzzzz"):
        retrieve("zzzzzzzzzzzz", store=store)
    with pytest.raises(RangeError):
        retrieve(ref, lines="9000-9001", store=store)
    with pytest.raises(UsageError, match="lines and query cannot be combined"):
        retrieve(ref, lines="1", query="x", store=store)
    with pytest.raises(TypeError, match="unexpected keyword argument 'levl'"):
        compress(RECORDS, levl="lossless")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="must be a list, a dict or a string, not int"):
        compress(42, store=store)


def test_the_public_names_are_sorted_and_all_there() -> None:
    assert sorted(headroom.__all__) == headroom.__all__
    assert all(getattr(headroom, name) is not None for name in headroom.__all__)
    with pytest.raises(AttributeError, match="no attribute 'compresss'"):
        headroom.compresss  # noqa: B018
    assert issubclass(UnknownRefError, HeadroomError)


def test_without_a_store_argument_the_users_store_on_disk_is_used(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "home"))
    ref = compress(RECORDS).parts[0].ref
    assert ref is not None
    assert retrieve(ref) == RECORDS
    assert (tmp_path / "home" / "headroom.db").exists()


def test_a_store_that_cannot_be_opened_leaves_everything_as_it_is(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / "headroom.db").mkdir(parents=True)
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "home"))
    result = compress(ANTHROPIC)
    assert result.messages is ANTHROPIC
    assert {p.reason for p in result.parts} == {"store-failed"}
