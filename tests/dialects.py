"""One rich conversation per wire dialect, for the provider suites: every block type that a request may carry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[2] / "shared" / "data"
"""Real data, on some machines only."""

REMINDER = "<system-reminder>\nToday is Monday.\n</system-reminder>"
PIXEL = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}

ANTHROPIC: dict[str, Any] = {
    "model": "claude-opus-4-8",
    "max_tokens": 100,
    "system": [{"type": "text", "text": "You are …", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": REMINDER}, {"type": "text", "text": "fix the bug"}]},
        {"role": "system", "content": "the environment"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "", "signature": "Eo"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make"}, "caller": {"a": 1}},
                {"type": "tool_use", "id": "t2", "name": "Read", "input": {"file_path": "a.py"}},
                {"type": "tool_use", "id": "t3", "name": "Search", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": "Exit code 2\nmake: failed"},
                {
                    "type": "tool_result",
                    "tool_use_id": "t2",
                    "content": [
                        {"type": "text", "text": f"1\timport os\n\n{REMINDER}\n"},
                        {"type": "image", "source": PIXEL},
                        {"type": "tool_reference", "tool_name": "x"},
                    ],
                },
                {
                    "type": "tool_result",
                    "tool_use_id": "t3",
                    "content": [
                        {"type": "search_result", "source": "s", "content": [{"type": "text", "text": "free"}]},
                        {
                            "type": "search_result",
                            "source": "s",
                            "title": "t",
                            "citations": {"enabled": True},
                            "content": [{"type": "text", "text": "cited"}],
                        },
                    ],
                },
                {"type": "tool_result", "tool_use_id": "gone"},
                {"type": "document", "source": {"type": "base64", "media_type": "text/pdf", "data": "JVBE" * 2000}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
                {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [{"encrypted_content": "E"}]},
                {"type": "compaction", "content": "c"},
                {"type": "brand_new_block", "payload": [1, {"cache_control": {"type": "ephemeral"}}]},
            ],
        },
        {"role": "moderator", "content": "?"},
        {"role": "user", "content": "thanks", "extra": {"kept": True}},
    ],
}  # fmt: skip

CHAT: dict[str, Any] = {
    "model": "gpt-5.4",
    "stream_options": {"include_usage": True},
    "messages": [
        {"role": "system", "content": "You are …"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "what is this"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "hm",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "sh", "arguments": '{"cmd": "ls"}'}},
                {"id": "c2", "type": "custom", "custom": {"name": "exec", "input": "free text"}},
                {"id": "c3", "type": "function", "function": {"name": "bad", "arguments": "{not json"}},
                {"id": "c4", "type": "novel"},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "<returncode>1</returncode>\n<output>\na.py\n</output>"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "ran"}]},
        {"role": "tool", "tool_call_id": "c3"},
        {"role": "assistant", "content": "done", "function_call": {"name": "old", "arguments": ""}},
        {"role": "function", "name": "old", "content": "legacy"},
        {"role": "developer", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "content": "thanks"},
    ],
}

RESPONSES: dict[str, Any] = {
    "model": "gpt-5.4",
    "instructions": "You are …",
    "input": [
        {"type": "additional_tools", "role": "developer", "tools": []},
        {"role": "developer", "content": "be brief"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "list files"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "exec_command", "arguments": '{"cmd":"ls"}'},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": "Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 3\nOutput:\na.py\nb.py",
        },
        {"type": "custom_tool_call", "call_id": "c2", "name": "exec", "input": "await tools.ls()"},
        {
            "type": "custom_tool_call_output",
            "call_id": "c2",
            "output": [
                {"type": "input_text", "text": "Script completed\nWall time 0.2 seconds\nOutput:\n"},
                {"type": "input_text", "text": "c.py"},
                {"type": "input_image", "image_url": "data:image/png;base64,iVBO"},
            ],
        },
        {"type": "shell_call", "call_id": "c3", "action": {"commands": ["make"]}},
        {
            "type": "shell_call_output",
            "call_id": "c3",
            "output": [{"stdout": "built", "stderr": "warning", "outcome": {"type": "exit", "exit_code": 2}}],
        },
        {"type": "local_shell_call", "id": "ls_1", "call_id": "c4", "action": {"type": "exec", "command": ["ls"]}},
        {"type": "local_shell_call_output", "id": "c4", "output": "d.py"},
        {"type": "mcp_call", "id": "m1", "name": "ask", "arguments": "{}", "output": "answer", "error": None},
        {"type": "function_call_output", "call_id": "elsewhere", "output": "an increment"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "q"}},
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "done"}],
            "phase": "final",
        },
        {"type": "novel_item", "payload": 1},
        {"role": "user", "content": "thanks"},
    ],
}

GEMINI: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "You are …"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "list files"}, {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}]},
        {
            "role": "model",
            "parts": [
                {"text": "thinking", "thought": True},
                {"text": "Let me look."},
                {"functionCall": {"id": "f1", "name": "sh", "args": {"cmd": "ls"}}, "thoughtSignature": "Eq"},
                {"functionCall": {"name": "read", "args": {"path": "a"}}},
                {"function_call": {"name": "read", "args": {"path": "b"}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "f1", "name": "sh", "response": {"output": "a.py\nb.py"}}},
                {"functionResponse": {"name": "read", "response": {"result": [{"text": "A", "n": 1}, {"text": "A2"}]}}},
                {"function_response": {"name": "read", "response": {"error": "no such file"}}},
                {"functionResponse": {"name": "count", "response": {"n": 3}}},
            ],
        },
        {"role": "model", "parts": [{"executableCode": {"code": "1"}}, {"text": "", "thoughtSignature": "Eq"}]},
        {"role": "user", "parts": [{"text": "signed", "thoughtSignature": "Eq"}, {"novel": 1}]},
    ],
}

CONVERSE: dict[str, Any] = {
    "system": [{"text": "You are …"}, {"cachePoint": {"type": "default"}}],
    "inferenceConfig": {"maxTokens": 4096},
    "toolConfig": {
        "tools": [{"toolSpec": {"name": "sh", "inputSchema": {"json": {"type": "object"}}}}, {"cachePoint": {}}]
    },
    "messages": [
        {
            "role": "user",
            "content": [
                {"text": REMINDER},
                {"text": "fix the bug"},
                {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
                {"document": {"format": "txt", "name": "d", "source": {"text": "a document"}}},
                {"guardContent": {"text": {"text": "guarded", "qualifiers": ["query"]}}},
                {"searchResult": {"source": "s", "title": "t", "content": [{"text": "found"}]}},
                {"cachePoint": {"type": "default", "ttl": "1h"}},
            ],
        },
        {"role": "system", "content": [{"text": "the environment"}]},
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "Eo"}}},
                {"reasoningContent": {"redactedContent": "x"}},
                {"text": "Let me look."},
                {"toolUse": {"toolUseId": "t1", "name": "sh", "input": {"command": "make"}}},
                {"toolUse": {"toolUseId": "t2", "name": "read", "input": {"path": "a.py"}}},
                {"toolUse": {"toolUseId": "t3", "name": "query", "input": {}}},
                {"toolUse": {"toolUseId": "t4", "name": "search", "input": {}}},
                {"toolUse": {"toolUseId": "t5", "name": "count", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "status": "error", "content": [{"text": "make: failed"}]}},
                {
                    "toolResult": {
                        "toolUseId": "t2",
                        "status": "success",
                        "content": [
                            {"text": f"1\timport os\n\n{REMINDER}\n"},
                            {"document": {"format": "pdf", "name": "d", "source": {"bytes": "JVBE" * 2000}}},
                        ],
                    }
                },
                {
                    "toolResult": {
                        "toolUseId": "t3",
                        "content": [{"json": {"rows": [{"text": "A", "n": 1}, {"text": "A2"}]}}, {"novel": {"n": 1}}],
                    }
                },
                {
                    "toolResult": {
                        "toolUseId": "t4",
                        "content": [
                            {"searchResult": {"source": "s", "title": "t", "content": [{"text": "free"}]}},
                            {
                                "searchResult": {
                                    "source": "s",
                                    "title": "t",
                                    "citations": {"enabled": True},
                                    "content": [{"text": "cited"}],
                                }
                            },
                        ],
                    }
                },
                {"toolResult": {"toolUseId": "t5", "content": [{"json": {"n": 3}}]}},
                {"toolResult": {"toolUseId": "gone", "content": []}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "s1", "name": "web", "input": {"q": "x"}, "type": "server_tool_use"}},
                {"toolResult": {"toolUseId": "s1", "type": "web_result", "content": [{"text": "the server's own"}]}},
                {"citationsContent": {"content": [{"text": "it is so"}], "citations": [{"title": "t"}]}},
                {"brandNew": {"payload": [1]}},
            ],
        },
        {"role": "moderator", "content": [{"text": "?"}]},
        {"role": "user", "content": [{"text": "thanks"}], "extra": {"kept": True}},
    ],
}

BODIES: dict[str, Any] = {
    "anthropic": ANTHROPIC,
    "openai-chat": CHAT,
    "openai-responses": RESPONSES,
    "gemini": GEMINI,
    "converse": CONVERSE,
    "text": "one tool output\n",
}
CONTAINER = {
    "anthropic": "messages", "openai-chat": "messages", "openai-responses": "input", "gemini": "contents",
    "converse": "messages",
}  # fmt: skip
