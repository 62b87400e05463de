"""Texts inside JSON: the one long text is the part, the JSON around it stays, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import suites
from headroom import compress, retrieve
from headroom.providers._quoted import LEAST_LINES, opened
from headroom.store import MemoryStore
from headroom.types import Item, quoted

SUITE = suites.suite("pytest -q", 3, 200, 3).text
DOCUMENTS = {
    "the output first": {"output": SUITE, "metadata": {"exit_code": 1, "duration_seconds": 0.4}},
    "the output last": {"exit_code": 1, "stderr": "", "stdout": SUITE},
    "content of MCP": {"content": [{"type": "text", "text": SUITE}], "isError": True},
    "a list of blocks": [{"type": "text", "text": SUITE}],
    "an escaped path beside it": {"cwd": 'C:\\work\\"x"', "stdout": SUITE},
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("form", [{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}], ids=str)
def test_the_text_inside_is_cut_as_it_would_be_alone_and_the_document_stays_one(name: str, form: Any) -> None:
    document, store = DOCUMENTS[name], MemoryStore()
    alone = compress(SUITE, store=store, level="balanced", way_back="tool")
    inside = compress(json.dumps(document, **form), store=store, level="balanced", way_back="tool")

    assert json.dumps(json.loads(inside.messages)) == json.dumps(document).replace(
        json.dumps(SUITE), json.dumps(alone.messages)
    )
    assert "\\u" not in inside.messages
    assert inside.parts[0].omissions == alone.parts[0].omissions != ()
    first = inside.parts[0].omissions[0]
    found = retrieve(str(inside.parts[0].ref), lines=f"{first.first}-{first.last}", store=store)
    assert found.splitlines() == SUITE.splitlines()[first.first - 1 : first.last]


def test_in_every_dialect_it_stands_in_a_result() -> None:
    text = json.dumps(DOCUMENTS["the output first"])
    anthropic = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": text}]}]
    chat = [{"role": "tool", "tool_call_id": "t", "content": text}]
    responses = [{"type": "function_call_output", "call_id": "t", "output": text}]
    for messages in (anthropic, chat, responses):
        result = compress(messages, store=MemoryStore())
        assert result.parts[-1].kind == "runs"
        assert result.tokens_after < result.tokens_before / 3


@pytest.mark.parametrize(
    "document",
    [
        json.dumps({"output": "\n" * (LEAST_LINES - 1)}),
        json.dumps({"output": "line\n" * 40, "more": "x" * 400}),
        json.dumps({"output": json.dumps([{"id": n} for n in range(40)], indent=1)}),
        json.dumps({"output": "line\n" * 40})[:-1],
        '{"output": "' + "a\\/b\\n" * 40 + '"}',
        "[" + "\\n" * 40,
        '"' + "\\n" * 40 + '"',
    ],
    ids=["few lines", "much else", "JSON inside", "not closed", "escaped by other rules", "no JSON", "a string alone"],
)
def test_what_is_no_such_document_stays_one_text(document: str) -> None:
    assert opened(document) is None


@given(st.text(), st.text(max_size=20), st.booleans(), st.sampled_from([None, 2]))
def test_the_document_comes_back(text: str, other: str, ascii_only: bool, indent: int | None) -> None:
    text = "one\n" * LEAST_LINES * 4 + text
    document = json.dumps({"a": other, "output": text, "b": 1}, ensure_ascii=ascii_only, indent=indent)
    found = opened(document)
    if found is None:
        assert len(quoted(text, "ascii")) < 3 * len(document)  # it was not most of it
        return
    item = Item("tool", "result", found.text, head=found.head, tail=found.tail, quotes=found.quotes)
    assert item.around(item.text) == document
    assert item.within(document) == item.text == text


@given(st.text(st.sampled_from('{}[]",:\\n\n')))
def test_whatever_begins_like_one_raises_nothing(text: str) -> None:
    for document in (text, "{" + "\\n" * 20 + text, '{"a":"' + "\\n" * 20 + text):
        found = opened(document)
        assert found is None or found.head + quoted(found.text, found.quotes) + found.tail == document


def test_what_was_sent_of_it_stays_the_same_as_the_conversation_grows() -> None:
    store, sent = MemoryStore(), []
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Why does it fail?"}]
    for number in range(3):
        text = json.dumps({"stdout": suites.suite("pytest -v", number, 200, 3).text, "exit_code": 1})
        call = {"type": "tool_use", "id": f"t{number}", "name": "shell", "input": {"command": f"pytest {number}"}}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": text}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
        sent.append(compress(messages, store=store, level="balanced", way_back="tool").messages)

    assert sent[1][:3] == sent[0]
    assert sent[2][:5] == sent[1]
    assert all(json.loads(m["content"][0]["content"])["exit_code"] == 1 for m in sent[2][2::2])
