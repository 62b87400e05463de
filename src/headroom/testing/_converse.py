"""The fake's Amazon Bedrock: Converse, whole and in binary frames, and which requests it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from headroom.testing._script import Reply
from headroom.testing._wire import Asked, Mint, Object, Usage, dump, frame, halves, listed, pieces


def _content(message: Object) -> list[Object]:
    """A message's blocks without the marks of caching, which clients move about."""
    return [block for block in listed(message.get("content")) if "cachePoint" not in block]


def _block(block: Object) -> Object:
    """A block in the form it is compared in: the order of keys counts in a call's input alone."""
    use = block.get("toolUse")
    if not isinstance(use, dict):
        return block
    return {"toolUse": {**use, "input": json.dumps(use.get("input"), ensure_ascii=False)}}


def _ids(blocks: list[Object], kind: str) -> list[str]:
    return [str(block[kind].get("toolUseId")) for block in blocks if isinstance(block.get(kind), dict)]


def _faults(messages: list[Object]) -> Iterator[str]:
    """What Bedrock refuses about the messages, in its own words where they are known."""
    open_calls: list[str] = []
    before = "assistant"
    for number, message in enumerate(messages):
        role, blocks, place = str(message.get("role")), _content(message), f"messages.{number}.content"
        if not blocks:
            yield f"The content field in the Message object at messages.{number} is empty."
        results = _ids(blocks, "toolResult")
        if missing := [name for name in open_calls if name not in results]:
            yield f"Expected toolResult blocks at {place} for the following Ids: {missing}"
        if unknown := [name for name in results if name not in open_calls]:
            yield f"The toolResult blocks at {place} contain unexpected Ids: {unknown}"
        if len(set(results)) < len(results):
            yield f"The toolResult blocks at {place} contain duplicate Ids: {results}"
        if any("toolResult" not in block for block in blocks[: len(results)]):
            yield f"{place}: `tool_result` blocks must come first"
        for index, block in enumerate(blocks):
            if "text" in block and not str(block["text"]).strip():
                yield f"The text field in the ContentBlock object at {place}.{index} is blank."
        if role == before:
            yield "A conversation must alternate between user and assistant roles."
        open_calls = _ids(blocks, "toolUse") if role == "assistant" else []
        before = role
    if open_calls:
        yield f"Expected toolResult blocks at messages.{len(messages)}.content for the following Ids: {open_calls}"


class Converse:
    """Converse, ConverseStream and CountTokens. The model's name stands in the path."""

    def read(self, body: Object, path: str) -> Asked:
        """The request in shared terms, taken out of its envelope where it is only counted."""
        _, name, verb = path.partition("?")[0].rsplit("/", 2)
        told = body.get("input") if verb == "count-tokens" else None
        inner = told.get("converse") if isinstance(told, dict) else None
        body = inner if isinstance(inner, dict) else body
        messages = listed(body.get("messages"))
        tools = body.get("toolConfig")
        return Asked(
            body={**body, "model": unquote(name)},
            form="frames" if verb == "converse-stream" else "json",
            tools=dump(_content({"content": tools.get("tools")}) if isinstance(tools, dict) else []),
            system=dump(_content({"content": body.get("system")})),
            blocks=tuple(self.blocks(messages)),
            faults=tuple(_faults(messages)),
            caches='"cachePoint"' in json.dumps(body),
        )

    def turn(self, asked: Asked, reply: Reply, mint: Mint) -> list[Object]:
        """An assistant message: reasoning, text, calls."""
        content: list[Object] = []
        if reply.thinking:
            content.append({"reasoningContent": {"reasoningText": {"text": reply.thinking, "signature": mint("Eo")}}})
        if reply.text:
            content.append({"text": reply.text})
        content += [
            {"toolUse": {"toolUseId": mint("tooluse_"), "name": call.name, "input": dict(call.args)}}
            for call in reply.calls
        ]
        return [{"role": "assistant", "content": content}]

    def blocks(self, turn: Sequence[Object]) -> list[str]:
        """One block per content block."""
        return [dump([message.get("role"), _block(block)]) for message in turn for block in _content(message)]

    def whole(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Object:
        """What Converse returns."""
        stop = reply.stop or ("tool_use" if reply.calls else "end_turn")
        return {"output": {"message": turn[0]}, "stopReason": stop, **_account(usage)}

    def events(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[bytes]:
        """`messageStart`, the blocks, `messageStop`, `metadata`. Only calls have a start of their own."""
        yield _event("messageStart", role="assistant")
        for index, block in enumerate(turn[0]["content"]):
            use = block.get("toolUse")
            if use is not None:
                start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
                yield _event("contentBlockStart", contentBlockIndex=index, start=start)
            for delta in _deltas(block):
                yield _event("contentBlockDelta", contentBlockIndex=index, delta=delta)
            yield _event("contentBlockStop", contentBlockIndex=index)
        yield _event("messageStop", stopReason=self.whole(asked, turn, reply, usage, name)["stopReason"])
        yield _event("metadata", **_account(usage))

    def broken(self, asked: Asked, message: str) -> bytes:
        """An exception in a frame."""
        return frame("exception", "modelStreamErrorException", self.error(424, message))

    def error(self, status: int, message: str) -> Object:
        """The body of all errors."""
        return {"message": message}


def _account(usage: Usage) -> Object:
    told = {
        "inputTokens": usage.fresh,
        "outputTokens": usage.output,
        "totalTokens": usage.prompt + usage.output,
        "cacheReadInputTokens": usage.read,
        "cacheWriteInputTokens": usage.written,
    }
    return {"usage": told, "metrics": {"latencyMs": 1}}


def _event(kind: str, **fields: Any) -> bytes:
    return frame("event", kind, {**fields, "p": "abcdef"})


def _deltas(block: Object) -> list[Object]:
    """What follows a block's start."""
    if "text" in block:
        return [{"text": piece} for piece in pieces(block["text"])]
    if "toolUse" in block:
        given = json.dumps(block["toolUse"]["input"], ensure_ascii=False)
        return [{"toolUse": {"input": piece}} for piece in ["", *(halves(given) if given != "{}" else [])]]
    told = block["reasoningContent"]["reasoningText"]
    said = [{"reasoningContent": {"text": piece}} for piece in pieces(told["text"])]
    return [*said, {"reasoningContent": {"signature": told["signature"]}}]
