"""A small session of each agent as its client keeps it: two answers, a call with its result between them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from headroom.types import Json

PROMPT, OUTPUT, FINAL = "what is here?", "a.txt\nb.txt", "two files"


class Sample(NamedTuple):
    """One session on disk."""

    file: Path
    prompts: list[int]
    """Tokens of the prompts of its answers, where the log tells them."""


def lines(records: Iterable[Json]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def claude_records() -> list[Json]:
    use = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": OUTPUT}
    bodies: list[tuple[str, Any]] = [
        ("user", {"role": "user", "content": PROMPT}),
        ("assistant", {"id": "m1", "role": "assistant", "model": "claude-opus-4-5", "content": [use],
                       "usage": {"input_tokens": 3, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 7,
                                 "cache_creation": {"ephemeral_1h_input_tokens": 5}, "output_tokens": 1}}),
        ("user", {"role": "user", "content": [result]}),
        ("assistant", {"id": "m2", "role": "assistant", "model": "claude-opus-4-5",
                       "content": [{"type": "text", "text": FINAL}],
                       "usage": {"input_tokens": 2, "cache_read_input_tokens": 50, "output_tokens": 4}}),
    ]  # fmt: skip
    shared = {"isSidechain": False, "sessionId": "s1", "cwd": "/home/user/app"}
    return [
        {"type": kind, "uuid": f"u{n}", "parentUuid": f"u{n - 1}" if n else None,
         "timestamp": f"2026-11-20T10:00:0{n}Z", "message": body, **shared}
        for n, (kind, body) in enumerate(bodies)
    ]  # fmt: skip


def codex_records() -> list[Json]:
    def item(**fields: Json) -> Json:
        return {"timestamp": "2026-11-20T10:00:00Z", "type": "response_item", "payload": fields}

    def tokens(prompt: int, cached: int, out: int) -> Json:
        """The total so far; the first is all there is, later ones say more than the last answer took."""
        usage = {"input_tokens": prompt, "cached_input_tokens": cached, "output_tokens": out}
        info = {"total_token_usage": usage, "last_token_usage": usage}
        return {"type": "event_msg", "payload": {"type": "token_count", "info": info}}

    return [
        {"type": "session_meta", "payload": {"id": "c1", "cwd": "/home/user/app"}},
        {"type": "turn_context", "payload": {"model": "gpt-5.4"}},
        item(type="message", role="user", content=[{"type": "input_text", "text": PROMPT}]),
        item(type="function_call", id="fc_1", call_id="t1", name="exec_command", arguments='{"cmd": "ls"}'),
        item(type="function_call_output", call_id="t1", output=OUTPUT),
        {"type": "event_msg", "payload": {"type": "token_count", "info": None}},
        tokens(50, 40, 9),
        item(type="message", id="msg_2", role="assistant", content=[{"type": "output_text", "text": FINAL}]),
        tokens(102, 90, 13),
        tokens(102, 90, 13),
    ]  # fmt: skip


def gemini_records() -> list[Json]:
    given = {"functionResponse": {"id": "t1", "name": "sh", "response": {"output": OUTPUT}}}
    call = {"id": "t1", "name": "sh", "args": {"command": "ls"}, "result": [given]}
    tokens = {"input": 50, "cached": 40, "output": 5, "thoughts": 4, "tool": 0, "total": 59}
    asks = {"id": "2", "timestamp": "2026-11-20T10:00:00Z", "type": "gemini", "content": "", "model": "gemini-2.5-pro",
            "tokens": tokens}  # fmt: skip
    return [
        {"sessionId": "g1", "projectHash": "h", "kind": "main"},
        {"id": "1", "type": "user", "content": [{"text": PROMPT}]},
        asks,
        {"$set": {"lastUpdated": "now"}},
        {**asks, "toolCalls": [call]},
        {"id": "3", "type": "user", "content": [given]},
        {"id": "4", "type": "gemini", "content": FINAL, "model": "gemini-2.5-pro",
         "tokens": {"input": 52, "cached": 50, "output": 4}},
    ]  # fmt: skip


def cline_history() -> Json:
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"query": "ls", "result": OUTPUT}]}
    return {
        "version": 1, "agent": "lead", "sessionId": "l1",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": f'<user_input mode="act">{PROMPT}</user_input>'}]},
            {"id": "m1", "role": "assistant", "ts": 1795932808429, "modelInfo": {"id": "claude-sonnet-4-5"},
             "metrics": {"inputTokens": 50, "cacheReadTokens": 40, "cacheWriteTokens": 7, "outputTokens": 5},
             "content": [{"type": "tool_use", "id": "t1", "name": "run_commands", "input": {"commands": ["ls"]}}]},
            {"role": "user", "content": [result]},
            {"id": "m2", "role": "assistant", "modelInfo": {"id": "claude-sonnet-4-5"},
             "metrics": {"inputTokens": 52, "cacheReadTokens": 50, "outputTokens": 4},
             "content": [{"type": "text", "text": FINAL}]},
        ],
    }  # fmt: skip


OPENCODE_TABLES = """
CREATE TABLE session (id TEXT, directory TEXT, parent_id TEXT, time_created INTEGER);
CREATE TABLE message (id TEXT, session_id TEXT, time_created INTEGER, data TEXT);
CREATE TABLE part (id TEXT, message_id TEXT, session_id TEXT, data TEXT);
"""


def opencode_rows() -> list[tuple[str, Json, list[Json]]]:
    def answer(created: int, fresh: int, read: int) -> Json:
        tokens = {"input": fresh, "output": 4, "reasoning": 1, "cache": {"read": read, "write": 0}}
        return {"role": "assistant", "modelID": "claude-sonnet-4-5", "tokens": tokens,
                "time": {"created": created, "completed": created + 1}}  # fmt: skip

    tool = {"type": "tool", "tool": "bash", "callID": "t1",
            "state": {"status": "completed", "input": {"command": "ls"}, "output": OUTPUT}}  # fmt: skip
    return [
        ("m1", {"role": "user"}, [{"type": "text", "text": PROMPT}]),
        ("m2", answer(1000, 10, 40), [{"type": "step-start"}, tool, {"type": "step-finish"}]),
        ("m3", answer(2000, 2, 50), [{"type": "step-start"}, {"type": "text", "text": FINAL}]),
    ]


def write_opencode(
    file: Path, rows: list[tuple[str, Json, list[Json]]], session: str = "o1", parent: Json = None
) -> None:
    with closing(sqlite3.connect(file)) as made, made:
        if not made.execute("SELECT 1 FROM sqlite_master WHERE name = 'part'").fetchone():
            made.executescript(OPENCODE_TABLES)
        made.execute("INSERT INTO session VALUES (?, '/home/user/app', ?, 1)", (session, parent))
        for at, (name, data, parts) in enumerate(rows):
            made.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (session + name, session, at, json.dumps(data)))
            for n, part in enumerate(parts):
                key = f"{session}{name}p{n}"
                made.execute("INSERT INTO part VALUES (?, ?, ?, ?)", (key, session + name, session, json.dumps(part)))


def cursor_values() -> dict[str, Json]:
    call = {"name": "run_terminal_cmd", "toolCallId": "t1", "rawArgs": '{"command": "ls"}', "result": OUTPUT}
    bubbles: dict[str, Json] = {
        "b1": {"type": 1, "text": PROMPT},
        "b2": {"type": 2, "text": "", "toolFormerData": call, "createdAt": "2026-11-20T10:00:00Z"},
        "b3": {"type": 2, "text": FINAL},
    }
    headers = [{"bubbleId": name, "type": bubble["type"]} for name, bubble in bubbles.items()]
    return {
        "composerData:k1": {"fullConversationHeadersOnly": headers, "modelConfig": {"modelName": "claude-opus-4-5"}},
        **{f"bubbleId:k1:{name}": bubble for name, bubble in bubbles.items()},
    }


def write_cursor(file: Path, values: dict[str, Json]) -> None:
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("CREATE TABLE cursorDiskKV (key TEXT UNIQUE, value BLOB)")
        rows = [(key, json.dumps(value).encode()) for key, value in values.items()]
        made.executemany("INSERT INTO cursorDiskKV VALUES (?, ?)", rows)


def _written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def _claude(home: Path) -> Sample:
    text = lines(claude_records())
    return Sample(_written(home / ".claude/projects/-home-user-app/s1.jsonl", text), [50, 52])


def _codex(home: Path) -> Sample:
    text = lines(codex_records())
    return Sample(_written(home / ".codex/sessions/2026/11/20/rollout-1-c1.jsonl", text), [50, 52])


def _gemini(home: Path) -> Sample:
    text = lines(gemini_records())
    return Sample(_written(home / ".gemini/tmp/app/chats/session-1.jsonl", text), [50, 52])


def _cline(home: Path) -> Sample:
    text = json.dumps(cline_history())
    return Sample(_written(home / ".cline/data/sessions/l1/l1.messages.json", text), [50, 52])


def _opencode(home: Path) -> Sample:
    file = home / ".local/share/opencode/opencode.db"
    file.parent.mkdir(parents=True)
    write_opencode(file, opencode_rows())
    return Sample(file, [50, 52])


def _cursor(home: Path) -> Sample:
    file = home / ".config/Cursor/User/globalStorage/state.vscdb"
    file.parent.mkdir(parents=True)
    write_cursor(file, cursor_values())
    return Sample(file, [])


SAMPLES: dict[str, Callable[[Path], Sample]] = {
    "claude": _claude, "codex": _codex, "gemini": _gemini, "cline": _cline, "opencode": _opencode, "cursor": _cursor,
}  # fmt: skip
