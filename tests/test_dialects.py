"""What each dialect's lens reads: the parts, the call a result belongs to, what failed, what stays out of the chain."""

from __future__ import annotations

from typing import Any

import pytest

from headroom.providers import PROVIDERS, detect
from headroom.types import Item, Json, ToolCall
from tests.dialects import ANTHROPIC, BODIES, CHAT, CONVERSE, GEMINI, REMINDER, RESPONSES

BY_NAME = {provider.name: provider for provider in PROVIDERS}


def read(body: Json) -> list[Item]:
    provider = detect(body)
    assert provider is not None
    return provider.read(body)


def parts(body: Json) -> list[tuple[str, str, bool]]:
    """Kind, text and failure of every part."""
    return [(item.kind, item.text, item.is_error) for item in read(body) if item.is_part]


def call_of(body: Json, text: str) -> ToolCall | None:
    return next(item.call for item in read(body) if item.text == text)


def test_anthropic_parts_are_results_uncited_search_results_and_user_text() -> None:
    assert parts(ANTHROPIC) == [
        ("text", "fix the bug", False),
        ("result", "make: failed", True),
        ("result", "1\timport os", False),
        ("result", "free", False),
        ("text", "thanks", False),
    ]


def test_chat_parts_are_tool_and_function_messages_and_user_text() -> None:
    assert parts(CHAT) == [
        ("text", "what is this", False),
        ("result", "a.py\n", True),
        ("result", "ran", False),
        ("result", "legacy", False),
        ("text", "thanks", False),
    ]


def test_responses_parts_are_outputs_of_every_kind_and_user_text() -> None:
    assert parts(RESPONSES) == [
        ("text", "list files", False),
        ("result", "a.py\nb.py", True),
        ("result", "c.py", False),
        ("result", "built", True),
        ("result", "warning", True),
        ("result", "d.py", False),
        ("result", "answer", False),
        ("result", "an increment", False),
        ("text", "thanks", False),
    ]


def test_gemini_parts_are_the_strings_of_responses_and_unsigned_user_text() -> None:
    assert parts(GEMINI) == [
        ("text", "list files", False),
        ("result", "a.py\nb.py", False),
        ("result", "A", False),
        ("result", "A2", False),
        ("result", "no such file", True),
    ]


def test_converse_parts_are_results_the_strings_of_their_json_uncited_search_results_and_user_text() -> None:
    assert parts(CONVERSE) == [
        ("text", "fix the bug", False),
        ("text", "found", False),
        ("result", "make: failed", True),
        ("result", "1\timport os", False),
        ("result", "A", False),
        ("result", "A2", False),
        ("result", "free", False),
        ("text", "thanks", False),
    ]


@pytest.mark.parametrize(
    ("body", "text", "call"),
    [
        (ANTHROPIC, "make: failed", ToolCall(id="t1", name="Bash", args={"command": "make"})),
        (CHAT, "a.py\n", ToolCall(id="c1", name="sh", args={"cmd": "ls"})),
        (CHAT, "ran", ToolCall(id="c2", name="exec", args={"": "free text"})),
        (CHAT, "legacy", ToolCall(name="old")),
        (RESPONSES, "a.py\nb.py", ToolCall(id="c1", name="exec_command", args={"cmd": "ls"})),
        (RESPONSES, "c.py", ToolCall(id="c2", name="exec", args={"": "await tools.ls()"})),
        (RESPONSES, "built", ToolCall(id="c3", name="shell", args={"commands": ["make"]})),
        (RESPONSES, "d.py", ToolCall(id="c4", name="local_shell", args={"type": "exec", "command": ["ls"]})),
        (RESPONSES, "answer", ToolCall(id="m1", name="ask")),
        (RESPONSES, "an increment", ToolCall(id="elsewhere")),
        (GEMINI, "a.py\nb.py", ToolCall(id="f1", name="sh", args={"cmd": "ls"})),
        (GEMINI, "A", ToolCall(name="read", args={"path": "a"})),
        (GEMINI, "no such file", ToolCall(name="read", args={"path": "b"})),
        (CONVERSE, "make: failed", ToolCall(id="t1", name="sh", args={"command": "make"})),
        (CONVERSE, "A2", ToolCall(id="t3", name="query")),
        (CONVERSE, "the server's own", ToolCall(id="s1", name="web", args={"q": "x"})),
    ],
)
def test_a_result_knows_the_call_that_asked_for_it(body: Json, text: str, call: ToolCall) -> None:
    assert call_of(body, text) == call


def test_arguments_that_are_no_json_object_stand_under_the_empty_name() -> None:
    calls = [item.call for item in read(CHAT) if item.kind == "call"]
    assert [call.args for call in calls if call and call.name == "bad"] == [{"": "{not json"}]
    for raw in ("[1]", "7", "[" * 100_000, "9" * 5_000):
        body = [{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": raw}}]}]
        call = next(item.call for item in read(body) if item.kind == "call")
        assert call is not None
        assert call.args == {"": raw}


@pytest.mark.parametrize("name", ["anthropic", "openai-chat", "openai-responses", "converse"])
def test_system_and_developer_text_is_never_hashed_nor_a_part(name: str) -> None:
    found = [item for item in read(BODIES[name]) if item.role in ("system", "developer")]
    assert found
    assert not any(item.hashed or item.is_part for item in found)


def test_a_block_that_is_wholly_a_reminder_is_not_hashed() -> None:
    for body in (ANTHROPIC, CONVERSE):
        first = read(body)[0]
        assert (first.tail, first.hashed, first.is_part) == (REMINDER, False, False)


def test_a_reminder_beside_a_result_is_not_hashed_but_a_result_of_reminders_is_an_empty_one() -> None:
    def chain(content: Json) -> list[tuple[str, str]]:
        body = [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "Read", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": content}]},
        ]
        return [(item.kind, item.text) for item in read(body) if item.hashed]

    text, reminder = {"type": "text", "text": "x"}, {"type": "text", "text": REMINDER}
    assert chain([text, reminder]) == chain([reminder, text]) == chain([text]) == chain("x")
    assert chain([reminder, reminder]) == chain([reminder]) == chain(REMINDER) == chain("") == chain([]) == chain(None)


def test_an_image_is_told_by_its_hash_and_never_a_part() -> None:
    for body in (ANTHROPIC, CHAT, RESPONSES, GEMINI, CONVERSE):
        images = [item for item in read(body) if item.kind == "image"]
        assert len(images) == 1
        assert len(images[0].text) == 64
        assert not images[0].is_part


def test_unknown_blocks_are_covered_by_the_chain_with_bounded_text() -> None:
    for body in (ANTHROPIC, CHAT, RESPONSES, GEMINI, CONVERSE):
        others = [item for item in read(body) if item.kind == "other" and item.hashed]
        assert others
        assert all(0 < len(item.text) <= 4_096 for item in others)


def test_absent_content_is_one_empty_text() -> None:
    for content in ({}, {"content": None}, {"content": ""}):
        items = read([{"role": "user", "content": "x"}, {"role": "assistant", **content}])
        assert [(item.role, item.kind, item.text) for item in items[1:]] == [("assistant", "text", "")]


def test_a_bare_string_is_one_result_and_its_leaf_is_the_whole() -> None:
    assert [(i.kind, i.text, i.tail, i.leaf) for i in read(f"out\n\n{REMINDER}")] == [
        ("result", "out", f"\n\n{REMINDER}", ())
    ]


def test_a_responses_input_may_be_a_bare_string() -> None:
    assert [(i.role, i.text, i.leaf) for i in read({"model": "gpt-5.4", "input": "hello"})] == [
        ("user", "hello", ("input",))
    ]


def test_code_assist_wraps_contents_in_a_request() -> None:
    body = {"model": "gemini-3-pro", "project": "p", "request": GEMINI}
    assert [i.leaf and i.leaf[:2] for i in read(body) if i.is_part] == [("request", "contents")] * 5


@pytest.mark.parametrize("name", ["gemini", "converse"])
def test_strings_deep_in_a_result_that_is_json_are_hashed_but_no_parts(name: str) -> None:
    deep: Any = "bottom"
    for _ in range(5_000):
        deep = [deep]
    told = {"a": "top", "b": deep}
    body = {
        "gemini": [{"role": "user", "parts": [{"functionResponse": {"name": "f", "response": told}}]}],
        "converse": [{"role": "user", "content": [{"toolResult": {"toolUseId": "f", "content": [{"json": told}]}}]}],
    }[name]
    items = read(body)
    assert [item.text for item in items if item.is_part] == ["top"]
    assert len([item for item in items if item.hashed]) == 2


def test_gemini_answers_in_another_order_find_their_calls_by_id_and_the_rest_by_order() -> None:
    calls = [("a", "1"), ("", "2"), ("b", "3"), ("", "4")]
    body = [
        {"role": "model", "parts": [{"functionCall": {"id": i, "name": "f", "args": {"n": n}}} for i, n in calls]},
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": i, "name": "f", "response": {"output": n}}}
                for i, n in (("b", "3"), ("", "2"), ("a", "1"), ("", "4"))
            ],
        },
    ]
    results = [item for item in read(body) if item.kind == "result"]
    assert [(item.text, item.call and item.call.args) for item in results] == [
        (n, {"n": n}) for n in ("3", "2", "1", "4")
    ]


def test_gemini_answers_without_ids_are_matched_in_order() -> None:
    calls = [{"functionCall": {"id": n, "name": "f", "args": {"n": n}}} for n in "123"]
    answers = [{"functionResponse": {"name": "f", "response": {"output": n}}} for n in "123"]
    results = read([{"role": "model", "parts": calls}, {"role": "user", "parts": answers}])[3:]
    assert [(item.text, item.call and item.call.id) for item in results] == [("1", "1"), ("2", "2"), ("3", "3")]


def test_the_objects_of_an_sdk_are_read_but_never_written_to() -> None:
    class Block:
        def __init__(self, **fields: Json) -> None:
            self.fields = fields

        def model_dump(self, mode: str, exclude_unset: bool) -> dict[str, Json]:
            assert (mode, exclude_unset) == ("json", True)
            return self.fields

    as_dicts = ANTHROPIC["messages"]
    as_objects = [
        {**m, "content": [Block(**b) for b in m["content"]]} if isinstance(m["content"], list) else m for m in as_dicts
    ]
    provider = BY_NAME["anthropic"]
    mine, theirs = provider.read(as_objects), provider.read(as_dicts)
    assert [(i.kind, i.text, i.call) for i in mine if i.kind != "other"] == [
        (i.kind, i.text, i.call) for i in theirs if i.kind != "other"
    ]
    assert [i.leaf for i in mine if i.is_part] == [(6, "content")]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ([{"role": "user", "content": "hi"}], "anthropic"),
        ([{"role": "system", "content": "s"}, {"role": "user", "content": "hi"}], "openai-chat"),
        ({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}, "openai-chat"),
        ({"model": "claude-x", "messages": [{"role": "user", "content": "hi"}]}, "anthropic"),
        ({"anthropic_version": "bedrock-2023-05-31", "messages": [{"role": "user", "content": "hi"}]}, "anthropic"),
        ({"model": "x", "tools": [{"name": "t", "input_schema": {}}], "messages": [{"role": "user", "content": "h"}]},
         "anthropic"),
        ([{"role": "user", "content": [{"type": "input_text", "text": "hi"}]}], "openai-responses"),
        ([{"type": "function_call_output", "call_id": "c", "output": "x"}], "openai-responses"),
        ({"type": "response.create", "input": [], "model": "gpt-5.6"}, "openai-responses"),
        ([{"parts": [{"text": "hi"}]}], "gemini"),
        ({"system": [{"text": "s"}], "messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "converse"),
        ([{"role": "user", "content": [{"text": "hi"}, {"image": {"format": "png", "source": {"bytes": "iVBO"}}}]}],
         "converse"),
        ({"inferenceConfig": {}, "messages": [{"role": "user", "content": [{"text": "hi"}]},
                                              {"role": "assistant", "content": []}]}, "converse"),
        ({"system": "s", "messages": [{"role": "user", "content": "hi"}, {"role": "user", "content": [{"text": "x"}]}]},
         "anthropic"),
        ({"model": "gpt-4o", "messages": [{"role": "user", "content": [{"text": "hi"}]},
                                          {"role": "tool", "tool_call_id": "c", "content": "x"}]}, "openai-chat"),
        ("text", "text"),
    ],
)  # fmt: skip
def test_a_body_is_known_by_what_only_its_dialect_has(body: Json, name: str) -> None:
    provider = detect(body)
    assert provider is not None
    assert provider.name == name


@pytest.mark.parametrize(
    "body",
    [
        None,
        3,
        {},
        {"messages": "x"},
        {"input": ["a", "b"], "model": "text-embedding-3-small"},
        {"input": "a", "model": "text-embedding-3-small"},
        [{"role": "user", "content": [{"image": "https://a.b/c.png"}]}],
        [1, 2],
    ],
)
def test_a_body_of_no_dialect_is_nobodys(body: Json) -> None:
    assert detect(body) is None
