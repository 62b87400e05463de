"""The lens laws over every dialect: what is read, what is a part, what is written back, and what the chain sees."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.errors import RangeError
from headroom.providers import PROVIDERS, detect, write
from headroom.providers._lens import canonical
from headroom.types import Edit, Item, Json, Path, Provider
from tests.dialects import BODIES, CONTAINER, REMINDER

SUITE = [pytest.param(provider, BODIES[provider.name], id=provider.name) for provider in PROVIDERS]
LISTS = [
    pytest.param(provider, BODIES[provider.name], id=provider.name) for provider in PROVIDERS if provider.name != "text"
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["role", "type", "content", "text", "parts", "input", "output", "messages", "contents", "request", "id", "name",
        "tool_calls", "function", "arguments", "functionCall", "functionResponse", "response", "source", "toolUse",
        "toolResult", "json", "searchResult", "citations", "cachePoint"]  # fmt: skip
VALUES = ["user", "assistant", "tool", "model", "system", "text", "tool_use", "tool_result", "search_result", "message",
          "function_call", "function_call_output", "shell_call_output", "mcp_call", "image", "input_text"]  # fmt: skip
LIKELY: st.SearchStrategy[Json] = st.recursive(
    st.sampled_from(VALUES) | st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)


def at(body: Json, path: Path) -> Json:
    for key in path:
        body = body[key]
    return body


def paths(value: Json, path: Path = ()) -> list[Path]:
    """The paths of all values inside `value`, itself included."""
    inner: list[Path] = []
    if isinstance(value, dict):
        inner = [found for key, item in value.items() for found in paths(item, (*path, key))]
    elif isinstance(value, list):
        inner = [found for index, item in enumerate(value) for found in paths(item, (*path, index))]
    return [path, *inner]


def chained(items: list[Item]) -> list[Any]:
    """What the chain is made of."""
    return [
        (i.role, i.kind, i.call and (i.call.name, canonical(dict(i.call.args))), i.head + i.text)
        for i in items
        if i.hashed
    ]


def texts(items: list[Item], kind: str = "") -> list[str]:
    return [item.text for item in items if item.is_part and (not kind or item.kind == kind)]


# --- laws ---


@pytest.mark.parametrize(("provider", "body"), SUITE)
def test_a_dialect_knows_its_own(provider: Provider, body: Json) -> None:
    assert detect(body) is provider
    assert detect(body[CONTAINER[provider.name]] if provider.name in CONTAINER else body) is provider


@pytest.mark.parametrize(("provider", "body"), SUITE)
def test_without_edits_the_body_itself_comes_back(provider: Provider, body: Json) -> None:
    before = copy.deepcopy(body)
    assert provider.read(body)
    assert write(body, []) is body
    assert body == before


@pytest.mark.parametrize(("provider", "body"), SUITE)
def test_every_leaf_holds_head_text_and_tail(provider: Provider, body: Json) -> None:
    items = provider.read(body)
    parts = [item for item in items if item.leaf is not None]
    assert parts
    for part in parts:
        assert part.leaf is not None
        assert at(body, part.leaf) == part.around(part.text)
    assert len({part.leaf for part in parts}) == len(parts)


@pytest.mark.parametrize(("provider", "body"), SUITE)
def test_edited_texts_read_back_and_nothing_else_changes(provider: Provider, body: Json) -> None:
    before = copy.deepcopy(body)
    items = provider.read(body)
    edits = [Edit(i.leaf, i.around(f"new {n}")) for n, i in enumerate(items) if i.leaf is not None]
    written = write(body, edits)
    assert body == before
    again = provider.read(written)
    assert len(again) == len(items)
    for number, (old, new) in enumerate(zip(items, again, strict=True)):
        if old.is_part:
            assert (new.leaf, new.text) == (old.leaf, f"new {number}")
            assert (new.head, new.tail, new.role, new.kind, new.call) == (
                old.head,
                old.tail,
                old.role,
                old.kind,
                old.call,
            )
        else:
            assert new == old
    changed = {edit.leaf for edit in edits}
    way = {leaf[:depth] for leaf in changed for depth in range(len(leaf) + 1)}
    for path in paths(body):
        if path not in way:
            assert at(written, path) is at(body, path)


@pytest.mark.parametrize(("provider", "body"), LISTS)
def test_a_list_reads_as_the_body_around_it_does(provider: Provider, body: Json) -> None:
    key = CONTAINER[provider.name]
    assert [(i.text, i.leaf and i.leaf[1:]) for i in provider.read(body)] == [
        (i.text, i.leaf) for i in provider.read(body[key])
    ]


@pytest.mark.parametrize(("provider", "body"), LISTS)
def test_a_longer_conversation_begins_with_the_items_of_the_shorter(provider: Provider, body: Json) -> None:
    messages = body[CONTAINER[provider.name]]
    whole = provider.read(messages)
    for end in range(len(messages)):
        shorter = provider.read(messages[:end])
        assert whole[: len(shorter)] == shorter


@given(JSON | LIKELY)
@settings(max_examples=150)
def test_no_body_is_too_strange_to_read(body: Json) -> None:
    detect(body)
    for provider in PROVIDERS:
        assert 0 <= provider.fit(body) <= 1
        for item in provider.read(body):
            assert item.leaf is None or at(body, item.leaf) == item.around(item.text)


@given(st.sampled_from(LISTS), st.data())
@settings(max_examples=150)
def test_one_wrong_value_anywhere_does_no_harm(case: Any, data: st.DataObject) -> None:
    provider, body = case.values
    body = copy.deepcopy(body)
    path = data.draw(st.sampled_from([path for path in paths(body) if path]))
    at(body, path[:-1])[path[-1]] = data.draw(JSON | LIKELY)
    detect(body)
    items = provider.read(body)
    parts = [item for item in items if item.leaf is not None]
    edits = [Edit(part.leaf, "x") for part in parts if part.leaf is not None]
    written = write(body, edits)
    for edit in edits:
        assert at(written, edit.leaf) == "x"


@pytest.mark.parametrize(
    "path", [("nope",), ("messages", 99), ("messages", 0, "role", 0), ("messages", -1), ("messages",)]
)
def test_writing_where_no_string_stands_is_refused(path: Path) -> None:
    with pytest.raises(RangeError):
        write({"messages": [{"role": "user", "content": "x"}]}, [Edit(path, "y")])


def test_a_dict_that_stands_twice_is_changed_in_one_place_only() -> None:
    block = {"type": "text", "text": "same"}
    body = [{"role": "user", "content": [block, block]}]
    assert write(body, [Edit((0, "content", 1, "text"), "new")]) == [
        {"role": "user", "content": [{"type": "text", "text": "same"}, {"type": "text", "text": "new"}]}
    ]


# --- what the chain sees ---


def _cached(value: Json) -> Json:
    """Cache markers on every block."""
    if isinstance(value, list):
        marks = [{"cachePoint": {"type": "default"}}] if any(map(_is_converse, value)) else []
        return [*(_cached(item) for item in value), *marks]
    if isinstance(value, dict):
        marked = {key: _cached(item) for key, item in value.items()}
        return (
            {**marked, "cache_control": {"type": "ephemeral"}}
            if value.get("type") in ("text", "tool_result")
            else marked
        )
    return value


def _is_converse(block: Json) -> bool:
    return isinstance(block, dict) and not block.keys().isdisjoint(("toolUse", "toolResult"))


def _flipped(value: Json, word: str) -> Json:
    """Bare strings as one text block, one text block as a bare string."""
    if isinstance(value, list):
        return [_flipped(item, word) for item in value]
    if not isinstance(value, dict) or value.get("role") == "moderator":
        return value
    flipped = {key: _flipped(item, word) for key, item in value.items()}
    for key in {"content", "output"} & flipped.keys():
        inner = flipped[key]
        kind = "output_text" if word == "input_text" and value.get("role") == "assistant" else word
        if isinstance(inner, str) and value.get("type") not in ("compaction", "mcp_call", "local_shell_call_output"):
            flipped[key] = [{"type": kind, "text": inner}]
        elif isinstance(inner, list) and len(inner) == 1 and inner[0].get("type") == kind and key in value:
            flipped[key] = inner[0]["text"] if value.get("type") != "search_result" else inner
    return flipped


def _stripped(value: Json) -> Json:
    """Without thinking, reasoning and the host's own reminders."""
    if isinstance(value, list):
        return [_stripped(item) for item in value if not _is_stripped(item)]
    if isinstance(value, dict):
        return {key: _stripped(item) for key, item in value.items() if key not in ("reasoning_content", "signature")}
    return value


def _is_stripped(item: Json) -> bool:
    return isinstance(item, dict) and (
        item.get("type") in ("thinking", "redacted_thinking", "reasoning")
        or item.get("thought") is True
        or "reasoningContent" in item
        or item.get("text") == REMINDER
    )


@pytest.mark.parametrize(("provider", "body"), LISTS)
def test_moved_cache_markers_are_no_change(provider: Provider, body: Json) -> None:
    assert chained(provider.read(_cached(body))) == chained(provider.read(body))


@pytest.mark.parametrize(("provider", "body"), [case for case in LISTS if case.id not in ("gemini", "converse")])
def test_a_string_and_its_one_text_block_are_the_same(provider: Provider, body: Json) -> None:
    flipped = _flipped(body, "input_text" if provider.name == "openai-responses" else "text")
    assert flipped != body
    assert chained(provider.read(flipped)) == chained(provider.read(body))


@pytest.mark.parametrize(("provider", "body"), LISTS)
def test_stripped_thinking_is_no_change(provider: Provider, body: Json) -> None:
    assert _stripped(body) != body
    assert chained(provider.read(_stripped(body))) == chained(provider.read(body))


@pytest.mark.parametrize(("provider", "body"), LISTS)
def test_other_ids_are_no_change(provider: Provider, body: Json) -> None:
    renamed = json.loads(json.dumps(body).replace('"t1"', '"T9"').replace('"c1"', '"C9"').replace('"f1"', '"F9"'))
    assert renamed != body
    assert chained(provider.read(renamed)) == chained(provider.read(body))


@pytest.mark.parametrize(("provider", "body"), LISTS)
def test_a_changed_word_is_a_change(provider: Provider, body: Json) -> None:
    for item in provider.read(body):
        if item.leaf is not None:
            changed = write(body, [Edit(item.leaf, item.around(f"{item.text} and more"))])
            assert chained(provider.read(changed)) != chained(provider.read(body))
