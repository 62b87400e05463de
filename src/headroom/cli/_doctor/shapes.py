"""Requests as the supported clients send them, each with one large tool output, and what their hooks are told of it:
whatever is in force, each must come out smaller.

The blocks beside the output are those that a client really sends (reminders, a system message among the messages,
reasoning, a wrapper around the body), since it is by these that a reader is misled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from headroom.types import Json

PROMPT = "Which part of the service failed?"
COMMAND = "cat service.log"
CALL = "call_0123456789abcdef"
SCHEMA: Json = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


TELLING = "FATAL payment-gateway PG-5523"
"""Stands in the one line of the output that matters, and must stay in view."""


class Shape(NamedTuple):
    """One client's request."""

    client: str
    tool: str
    """What printed the output in it."""
    path: str
    headers: Mapping[str, str]
    body: Json


def output(lines: int = 160) -> str:
    """A log as tools print it: alike but for one line."""
    made = [
        f"2026-03-09T06:{i // 60:02}:{i % 60:02}Z INFO storefront rendered page in {18 + i * 7 % 61} ms"
        for i in range(lines)
    ]
    made[lines * 2 // 3] = f"2026-03-09T06:01:46Z {TELLING} connection pool exhausted, 1,847 hit"
    return "\n".join(made) + "\n"


def shapes() -> list[Shape]:
    """One request of every client, the outputs in them equal."""
    return [
        Shape("Claude Code", "Bash", "/v1/messages?beta=true", {"anthropic-version": "2023-06-01"}, _messages()),
        Shape("Codex", "exec_command", "/v1/responses", {}, _responses()),
        Shape("Gemini CLI", "run_shell_command", "/v1beta/models/gemini-3.5-flash:streamGenerateContent?alt=sse", {},
              _contents()),
        Shape("Gemini CLI (signed in)", "run_shell_command", "/v1internal:streamGenerateContent?alt=sse", {},
              {"model": "gemini-3.5-flash", "project": "p", "request": _contents()}),
        Shape("OpenAI-compatible clients", "bash", "/v1/chat/completions", {}, _chat()),
        Shape("clients of Bedrock's Converse", "bash", "/model/amazon.nova-pro-v1%3A0/converse-stream", {},
              _converse()),
    ]  # fmt: skip


class Event(NamedTuple):
    """What one client's hook is told once a tool is done."""

    tool: str
    body: Json


def events() -> Mapping[str, Event]:
    """An event of every client that has hooks, by its name, the outputs in them equal."""
    args: Json = {"command": COMMAND}
    printed = {"stdout": output(), "stderr": "", "interrupted": False, "isImage": False, "noOutputExpected": False}
    return {
        "claude": Event("Bash", {
            "session_id": "doctor", "cwd": "", "tool_name": "Bash", "tool_input": json.dumps(args),
            "tool_response": json.dumps(printed), "tool_use_id": CALL,
        }),
        "opencode": Event("bash", {
            "tool": "bash", "sessionID": "doctor", "callID": CALL, "directory": "", "args": args,
            "output": {"output": output()},
        }),
        "copilot": Event("bash", {
            "sessionId": "doctor", "cwd": "", "toolName": "bash", "toolArgs": json.dumps(args),
            "toolResult": {"resultType": "success", "textResultForLlm": output()},
        }),
    }  # fmt: skip


def _messages() -> Json:
    return {
        "model": "claude-opus-5-5",
        "max_tokens": 32000,
        "stream": True,
        "thinking": {"type": "adaptive"},
        "system": [{"type": "text", "text": "You are an agent.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "tools": [{"name": "Bash", "description": "Runs a command.", "input_schema": SCHEMA}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "<system-reminder>\nToday is Monday.\n</system-reminder>"},
                {"type": "text", "text": PROMPT},
            ]},
            {"role": "system", "content": "Work in /work."},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "", "signature": "RG9jdG9y"},
                {"type": "tool_use", "id": CALL, "name": "Bash", "input": {"command": COMMAND}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": CALL, "content": output(),
                 "cache_control": {"type": "ephemeral"}},
            ]},
        ],
    }  # fmt: skip


def _responses() -> Json:
    return {
        "model": "gpt-5.6-sol",
        "instructions": "You are an agent.",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "tools": [{"type": "function", "name": "exec_command", "strict": False, "parameters": SCHEMA}],
        "input": [
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Work in /work."}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": PROMPT}]},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "RG9jdG9y"},
            {"type": "function_call", "name": "exec_command", "call_id": CALL,
             "arguments": '{"command": "cat service.log"}'},
            {"type": "function_call_output", "call_id": CALL,
             "output": f"Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\n{output()}"},
        ],
    }  # fmt: skip


def _contents() -> Json:
    declaration = {"name": "run_shell_command", "description": "Runs a command.", "parametersJsonSchema": SCHEMA}
    answer = {"output": output()}
    return {
        "systemInstruction": {"role": "user", "parts": [{"text": "You are an agent."}]},
        "tools": [{"functionDeclarations": [declaration]}],
        "contents": [
            {"role": "user", "parts": [{"text": PROMPT}]},
            {"role": "model", "parts": [
                {"functionCall": {"id": CALL, "name": "run_shell_command", "args": {"command": COMMAND}},
                 "thoughtSignature": "RG9jdG9y"},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": CALL, "name": "run_shell_command", "response": answer}},
            ]},
        ],
    }  # fmt: skip


def _chat() -> Json:
    function = {"name": "bash", "description": "Runs a command.", "parameters": SCHEMA}
    call = {"id": CALL, "type": "function", "function": {"name": "bash", "arguments": '{"command": "cat service.log"}'}}
    return {
        "model": "gpt-5.6-sol",
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [{"type": "function", "function": function}],
        "messages": [
            {"role": "system", "content": "You are an agent."},
            {"role": "user", "content": PROMPT},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": CALL, "content": output()},
        ],
    }


def _converse() -> Json:
    tool = {"name": "bash", "description": "Runs a command.", "inputSchema": {"json": SCHEMA}}
    result = {"toolUseId": CALL, "content": [{"text": output()}], "status": "success"}
    return {
        "system": [{"text": "You are an agent."}, {"cachePoint": {"type": "default"}}],
        "inferenceConfig": {"maxTokens": 4096},
        "toolConfig": {"tools": [{"toolSpec": tool}]},
        "messages": [
            {"role": "user", "content": [{"text": PROMPT}]},
            {"role": "assistant", "content": [
                {"text": "I look."},
                {"toolUse": {"toolUseId": CALL, "name": "bash", "input": {"command": COMMAND}}},
            ]},
            {"role": "user", "content": [{"toolResult": result}, {"cachePoint": {"type": "default"}}]},
        ],
    }  # fmt: skip
