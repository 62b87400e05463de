"""Streamed answers put together again, as the clients of each provider do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.proxies import CLIENTS


def sse(body: bytes) -> list[Any]:
    """The data of every event, `[DONE]` aside."""
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


JOINED: dict[str, Callable[[list[Any]], Any]] = {
    "anthropic": of_anthropic,
    "openai-chat": of_chat,
    "openai-responses": of_responses,
    "gemini": of_gemini,
}


def streaming(dialect: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if dialect == "gemini":
        return "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", body
    return CLIENTS[dialect].path, {**body, "stream": True}
