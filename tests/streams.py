"""Streamed answers put together again, as the clients of each provider do."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from tests.proxies import CLIENTS


def cut(data: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Headers and payload of each of Amazon's frames, read by the rules of AWS's own description, sums checked."""
    while data:
        length, size, head = struct.unpack_from(">III", data)
        assert head == zlib.crc32(data[:8])
        assert struct.unpack_from(">I", data, length - 4)[0] == zlib.crc32(data[: length - 4])
        at, headers = 12, {}
        while at < 12 + size:
            name = data[at + 1 : at + 1 + data[at]].decode()
            at += 1 + data[at]
            assert data[at] == 7
            (size_of,) = struct.unpack_from(">H", data, at + 1)
            headers[name] = data[at + 3 : at + 3 + size_of].decode()
            at += 3 + size_of
        yield headers, data[at : length - 4]
        data = data[length:]


def said(data: bytes) -> list[Any]:
    """Every frame as an object of one key, its type."""
    frames = [(headers.get(":event-type") or headers[":exception-type"], payload) for headers, payload in cut(data)]
    return [{kind: json.loads(payload)} for kind, payload in frames]


def sse(body: bytes) -> list[Any]:
    """The data of every event, `[DONE]` aside; frames begin with their length."""
    if body.startswith(b"\0"):
        return said(body)
    lines = [line.strip() for line in body.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line != "data: [DONE]"]


def of_anthropic(events: list[Any]) -> Any:
    blocks: list[dict[str, Any]] = []
    given: dict[int, str] = {}
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"]))
        if event["type"] == "content_block_delta":
            delta, index = event["delta"], event["index"]
            if delta["type"] == "input_json_delta":
                given[index] = given.get(index, "") + delta["partial_json"]
            else:
                key = delta["type"].removesuffix("_delta")
                blocks[index][key] = blocks[index].get(key, "") + delta[key]
    for index, text in given.items():
        blocks[index]["input"] = json.loads(text or "{}")
    return {"content": blocks}


def of_chat(events: list[Any]) -> Any:
    message: dict[str, Any] = {"role": "assistant", "content": "", "reasoning_content": "", "tool_calls": []}
    for delta in (event["choices"][0]["delta"] for event in events if event["choices"]):
        for key in ("content", "reasoning_content"):
            message[key] += delta.get(key) or ""
        for call in delta.get("tool_calls", []):
            if "id" in call:
                message["tool_calls"].append({key: value for key, value in call.items() if key != "index"})
            else:
                message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"]["arguments"]
    return {"choices": [{"message": message}]}


def of_responses(events: list[Any]) -> Any:
    return events[-1]["response"]


def of_gemini(events: list[Any]) -> Any:
    parts = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
    return {"candidates": [{"content": {"role": "model", "parts": parts}}]}


def of_converse(events: list[Any]) -> Any:
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        ((kind, told),) = event.items()
        if kind == "contentBlockStart":
            blocks[told["contentBlockIndex"]] = {"toolUse": {**told["start"]["toolUse"], "input": ""}}
        if kind == "contentBlockDelta":
            ((name, delta),) = told["delta"].items()
            block = blocks.setdefault(told["contentBlockIndex"], {name: ""})
            if name == "text":
                block[name] += delta
            elif name == "toolUse":
                block[name]["input"] += delta["input"]
            else:
                inner = {"text": "", "signature": "", **(block[name] or {"reasoningText": {}})["reasoningText"]}
                block[name] = {"reasoningText": {key: inner[key] + delta.get(key, "") for key in inner}}
    for block in blocks.values():
        if "toolUse" in block:
            block["toolUse"]["input"] = json.loads(block["toolUse"]["input"] or "{}")
    return {"output": {"message": {"role": "assistant", "content": [blocks[index] for index in sorted(blocks)]}}}


JOINED: dict[str, Callable[[list[Any]], Any]] = {
    "anthropic": of_anthropic,
    "openai-chat": of_chat,
    "openai-responses": of_responses,
    "gemini": of_gemini,
    "converse": of_converse,
}


def streaming(dialect: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if dialect == "gemini":
        return "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", body
    if dialect == "converse":
        return f"{CLIENTS[dialect].path}-stream", body
    return CLIENTS[dialect].path, {**body, "stream": True}
