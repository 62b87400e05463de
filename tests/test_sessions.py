"""Session readers: the message list before each reply, as the client would have sent it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from headroom.prices import Usage
from headroom.providers import detect
from headroom.sessions import Request, Skipped, claude_code, gemini_cli
from headroom.types import Json
from tests.dialects import SHARED

CLAUDE = sorted((SHARED / "sessions" / "claude-code").glob("*.jsonl.gz"))
GEMINI = sorted((SHARED / "sessions" / "gemini-cli").glob("*.json.gz"))


class Log:
    """Writes a Claude Code transcript, each record the child of the one before unless told otherwise."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.last: str | None = None

    def record(self, kind: str, name: str, **fields: Any) -> str:
        record = {"type": kind, "uuid": name, "parentUuid": self.last, "isSidechain": False, **fields}
        self.lines.append(json.dumps(record))
        self.last = name
        return name

    def user(self, name: str, content: Json, **fields: Any) -> str:
        return self.record("user", name, message={"role": "user", "content": content}, **fields)

    def result(self, name: str, call: str, text: str, **fields: Any) -> str:
        return self.user(name, [{"type": "tool_result", "tool_use_id": call, "content": text}], **fields)

    def reply(self, name: str, message: str, *blocks: Json, **fields: Any) -> str:
        content = {"id": message, "role": "assistant", "model": "claude-m", "content": list(blocks)}
        return self.record("assistant", name, message=content, **fields)

    def requests(self, skipped: Skipped | None = None) -> list[Request]:
        return list(claude_code.requests(self.lines, skipped))


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def call(name: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "Bash", "input": {}}


def outline(request: Request) -> list[str]:
    """A request's messages in short: role, then each block's text, call or result."""
    return [f"{message['role']}: {_blocks(message['content'])}" for message in request.messages]


def _blocks(content: Json) -> str:
    if isinstance(content, str):
        return content
    return " ".join(str(block.get("text") or block.get("id") or block.get("content")) for block in content)


def test_a_reply_is_preceded_by_all_that_stands_above_it() -> None:
    log = Log()
    log.user("u1", "fix it")
    log.reply("a1", "m1", text("looking"))
    log.reply("a2", "m1", call("t1"))
    log.result("r1", "t1", "out 1")
    log.reply("a3", "m2", text("done"))
    log.user("u2", "thanks")
    log.reply("a4", "m3", text("bye"))
    first, second, third = log.requests()
    assert outline(first) == ["user: fix it"]
    assert outline(second) == ["user: fix it", "assistant: looking t1", "user: out 1"]
    assert outline(third) == [*outline(second), "assistant: done", "user: thanks"]
    assert [r.rewrote for r in (first, second, third)] == [False, False, False]
    assert first.model == "claude-m"


def test_parallel_results_beside_the_branch_come_back_in_one_message() -> None:
    log = Log()
    log.user("u1", "go")
    log.reply("a1", "m1", call("t1"))
    log.result("r1", "t1", "one", parentUuid="a1")
    log.reply("a2", "m1", call("t2"), parentUuid="a1")
    log.result("r2", "t2", "two")
    log.reply("a3", "m2", text("done"))
    assert outline(log.requests()[1]) == ["user: go", "assistant: t1 t2", "user: one two"]


def test_a_rewind_leaves_the_other_branch_out_and_says_so() -> None:
    log = Log()
    log.user("u1", "one")
    log.reply("a1", "m1", text("first"))
    log.user("u2", "wrong turn")
    log.reply("a2", "m2", text("lost"))
    log.user("u3", "right turn", parentUuid="a1")
    log.reply("a3", "m3", text("kept"))
    last = log.requests()[-1]
    assert outline(last) == ["user: one", "assistant: first", "user: right turn"]
    assert last.rewrote


def test_a_compaction_starts_from_its_summary() -> None:
    log = Log()
    log.user("u1", "one")
    log.reply("a1", "m1", text("first"))
    log.record("system", "s1", subtype="compact_boundary", parentUuid=None, logicalParentUuid="a1")
    log.user("u2", "the summary", isCompactSummary=True, isVisibleInTranscriptOnly=True)
    log.reply("a2", "m2", text("on"))
    log.user("u3", "next")
    log.reply("a3", "m3", text("yes"))
    _, second, third = log.requests()
    assert outline(second) == ["user: the summary"]
    assert second.rewrote
    assert outline(third) == ["user: the summary", "assistant: on", "user: next"]
    assert not third.rewrote


def test_a_reply_was_billed_as_its_records_say_last_and_at_their_tier() -> None:
    log = Log()
    content = {"id": "m1", "role": "assistant", "model": "claude-opus-5-5"}
    told = [
        {"input_tokens": 0, "output_tokens": 1},
        {"input_tokens": 3, "cache_read_input_tokens": 900, "output_tokens": 1, "speed": "fast"},
        {"input_tokens": 3_000, "cache_read_input_tokens": 900, "output_tokens": 40, "speed": "fast"},
        {"input_tokens": 0, "output_tokens": 50},
    ]
    for number, usage in enumerate(told):
        log.record("assistant", f"a{number}", message={**content, "content": [text("so")], "usage": usage})
    (request,) = log.requests()
    assert request.usage == Usage(input=3_000, read=900, output=50, tier="fast")


def test_a_micro_compaction_clears_the_results_it_names_from_then_on() -> None:
    log = Log()
    log.user("u1", "go")
    log.reply("a1", "m1", call("t1"), call("t2"))
    log.result("r1", "t1", "one")
    log.result("r2", "t2", "two")
    log.reply("a2", "m2", text("ok"))
    log.record("system", "s1", subtype="microcompact_boundary", microcompactMetadata={"compactedToolIds": ["t1"]})
    log.user("u2", "next")
    log.reply("a3", "m3", text("yes"))
    before, after = log.requests()[1:]
    assert outline(before)[2] == "user: one two"
    assert outline(after)[2] == f"user: {claude_code.CLEARED} two"
    assert after.rewrote


def test_a_sub_agent_has_a_thread_of_its_own() -> None:
    log = Log()
    log.user("u1", "main")
    log.reply("a1", "m1", call("t1"))
    log.user("x1", "side", isSidechain=True, parentUuid=None)
    log.reply("y1", "n1", text("side reply"), isSidechain=True)
    log.result("r1", "t1", "from the agent", parentUuid="a1")
    log.reply("a2", "m2", text("done"))
    main, side, again = log.requests()
    assert (main.thread, side.thread, again.thread) == ("", "x1", "")
    assert outline(side) == ["user: side"]
    assert outline(again) == ["user: main", "assistant: t1", "user: from the agent"]
    assert not again.rewrote


def test_a_record_whose_parent_was_stripped_continues_the_one_before() -> None:
    log = Log()
    log.user("u1", "go")
    log.reply("a1", "m1", call("t1"))
    log.result("r1", "t1", "out", parentUuid="stripped")
    log.reply("a2", "m2", text("done"), parentUuid="stripped too")
    assert outline(log.requests()[1]) == ["user: go", "assistant: t1", "user: out"]


def test_rendered_attachments_are_sent_and_notices_are_not() -> None:
    log = Log()
    log.user("u1", "go")
    log.record("attachment", "x1", attachment={"type": "env", "rendered": "the environment", "renderedRole": "system"})
    log.user("u2", "for your eyes only", isVisibleInTranscriptOnly=True)
    log.record("assistant", "e1", isApiErrorMessage=True, message={"id": "e", "content": [text("API Error")]})
    log.reply("a1", "m1", text("hi"))
    assert [outline(request) for request in log.requests()] == [["user: go", "system: the environment"]]


def test_the_tools_that_requests_declared_are_told_where_the_log_holds_them() -> None:
    log = Log()
    log.user("u1", "go")
    log.reply("a1", "m1", text("hi"))
    tools = [{"name": "Bash", "input_schema": {}}]
    log.lines.append(json.dumps({"type": "api-request-shape", "shapeHash": "h1", "shape": {"tools": tools}}))
    log.lines.append(json.dumps({"type": "api-request-shape", "shapeHash": "h2", "shape": {"tools": []}}))
    log.lines.append(json.dumps({"type": "api-request", "shapeHash": "h1"}))
    for name in ("m2", "m3"):
        log.user(f"u{name}", "more")
        log.reply(f"a{name}", name, text("yes"))
    skipped = Skipped()
    assert [request.declared for request in log.requests(skipped)] == [[], tools, tools]
    assert not skipped


def test_unknown_and_broken_lines_are_counted_not_raised() -> None:
    log = Log()
    log.user("u1", "go")
    log.lines += ["", "null", "[1]", '{"type": "novel", "uuid": "n1"}', '{"type": "user"}', "{" * 50_000]
    log.lines += ['{"type":"user","uuid":"u9","message":7}', '{"type":"assistant","uuid":"u8","message":{"content":3}}']
    log.reply("a1", "m1", text("hi"))
    log.lines.append(log.lines[0])
    log.lines.append('{"type":"user","uuid":"u2","mess')
    skipped = Skipped()
    assert len(log.requests(skipped)) == 1
    assert skipped.total() == 9


def test_requests_come_as_the_lines_do() -> None:
    log = Log()
    log.user("u1", "go")
    log.reply("a1", "m1", text("hi"))
    log.user("u2", "go on")
    log.reply("a2", "m2", text("done"))

    def lines() -> Iterator[str]:
        yield from log.lines
        raise OSError("read too far")

    assert next(claude_code.requests(lines())).messages == [{"role": "user", "content": "go"}]


@pytest.mark.skipif(not CLAUDE, reason="no recorded sessions at ../shared/data/sessions/claude-code")
@pytest.mark.parametrize("file", CLAUDE[::4], ids=lambda path: path.name[:8])
def test_recorded_claude_code_sessions_grow_request_by_request(file: Path) -> None:
    skipped, before, compactions, rewrites = Skipped(), None, 0, 0
    with gzip.open(file, "rt", encoding="utf-8") as log:
        lines = log.readlines()
    compactions = sum('"isCompactSummary":true' in line for line in lines)
    for request in claude_code.requests(lines, skipped):
        rewrites += request.rewrote
        if before is not None and not request.rewrote:
            assert request.messages[: len(before)] == before
        before = request.messages
        for asked, answered in pairwise(before):
            if asked["role"] == "assistant":
                calls = [block["id"] for block in asked["content"] if block["type"] == "tool_use"]
                blocks = answered["content"] if calls else []
                assert sorted(calls) == sorted(block["tool_use_id"] for block in blocks)
    assert before is not None
    assert rewrites <= compactions
    assert skipped.total() < len(lines) / 20
    provider = detect(before)
    assert provider is not None
    assert provider.name == "anthropic"


def gemini(*messages: Json) -> list[str]:
    return [json.dumps({"sessionId": "s", "messages": messages}, indent=1)]


USER = {"id": "1", "type": "user", "content": "go"}
REPLY = {
    "id": "2",
    "type": "gemini",
    "content": "looking",
    "model": "gemini-m",
    "thoughts": [{"subject": "s"}],
    "toolCalls": [
        {"id": "c1", "name": "sh", "args": {"command": "ls"},
         "result": [{"functionResponse": {"id": "c1", "name": "sh", "response": {"output": "a"}}}]},
    ],
}  # fmt: skip
LAST = {"id": "3", "type": "gemini", "content": "done", "model": "gemini-m"}


def test_gemini_replies_carry_calls_and_results() -> None:
    skipped = Skipped()
    first, second = gemini_cli.requests(gemini(USER, {"type": "info", "content": "x"}, REPLY, LAST, 7), skipped)
    assert first.messages == [{"role": "user", "parts": [{"text": "go"}]}]
    assert second.messages[1:] == [
        {
            "role": "model",
            "parts": [{"text": "looking"}, {"functionCall": {"id": "c1", "name": "sh", "args": {"command": "ls"}}}],
        },
        {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "sh", "response": {"output": "a"}}}]},
    ]
    assert (second.model, second.rewrote, dict(skipped)) == ("gemini-m", False, {"info": 1, "not a record": 1})


def test_gemini_lines_grow_and_rewind() -> None:
    growing = {**REPLY, "content": "look", "toolCalls": []}
    lines = [json.dumps(record) for record in (
        {"sessionId": "s", "kind": "main"}, USER, growing, REPLY, {"$set": {"lastUpdated": "now"}}, LAST,
        {"$rewindTo": "2"}, {"id": "4", "type": "user", "content": "again"}, {**LAST, "id": "5"},
    )]  # fmt: skip
    first, second, third = gemini_cli.requests([*lines, '{"id": "6", "ty'])
    assert len(first.messages) == 1
    assert len(second.messages) == 3
    assert [part["text"] for content in third.messages for part in content["parts"]] == ["go", "again"]
    assert (second.rewrote, third.rewrote) == (False, True)


@pytest.mark.skipif(not GEMINI, reason="no recorded sessions at ../shared/data/sessions/gemini-cli")
@pytest.mark.parametrize("file", GEMINI, ids=lambda path: path.name[:8])
def test_recorded_gemini_sessions_grow_request_by_request(file: Path) -> None:
    with gzip.open(file, "rt", encoding="utf-8") as log:
        found = list(gemini_cli.requests(log))
    for before, after in pairwise(found):
        assert after.messages[: len(before.messages)] == before.messages
        assert not after.rewrote
    for request in found:
        provider = detect(request.messages)
        assert provider is not None
        assert provider.name == "gemini"
