"""The fake's Anthropic Messages: bodies, server-sent events, errors, and which requests the API refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headroom.testing._script import Reply
from headroom.testing._wire import (
    Asked,
    Form,
    Mint,
    Object,
    Usage,
    bare,
    data_event,
    dump,
    framed,
    halves,
    listed,
    pieces,
)

ERRORS: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Types by status; others are `api_error`."""


def _content(message: Object) -> list[Object]:
    """A message's blocks: a string stands for one text block."""
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else listed(content)


def _block(block: Object) -> Any:
    """A block in the form it is compared in: the order of keys counts in a call's input alone, as it does for the
    provider's cache."""
    if block.get("type") == "tool_use":
        return {**bare(block), "input": json.dumps(block.get("input"), ensure_ascii=False)}
    if block.get("type") == "tool_result":
        return {**bare(block), "content": bare(_content(block))}
    return bare(block)


def _turns(messages: list[Object]) -> list[tuple[str, list[Object]]]:
    """Roles and blocks, with neighbours of one role merged, as the API does."""
    turns: list[tuple[str, list[Object]]] = []
    for message in messages:
        role = str(message.get("role"))
        if turns and turns[-1][0] == role:
            turns[-1][1].extend(_content(message))
        else:
            turns.append((role, _content(message)))
    return turns


def _faults(messages: list[Object]) -> Iterator[str]:
    """What the API refuses about the messages, in its own words where they are known."""
    open_calls: list[str] = []
    for number, (role, blocks) in enumerate(_turns(messages)):
        place = f"messages.{number}"
        results = [str(block.get("tool_use_id")) for block in blocks if block.get("type") == "tool_result"]
        if missing := [name for name in open_calls if name not in results]:
            yield f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}"
        if unknown := [name for name in results if name not in open_calls]:
            yield f"{place}: unexpected `tool_use_id` found in `tool_result` blocks: {unknown}"
        if len(set(results)) < len(results):
            yield f"{place}: each tool_use must have a single result; {results}"
        if any(block.get("type") != "tool_result" for block in blocks[: len(results)]):
            yield f"{place}: `tool_result` blocks must come first in the content"
        for index, block in enumerate(blocks):
            if block.get("type") == "text" and not str(block.get("text", "")).strip():
                yield f"{place}.content.{index}: text content blocks must contain non-whitespace text"
        open_calls = [str(b.get("id")) for b in blocks if b.get("type") == "tool_use"] if role == "assistant" else []
    if open_calls:
        yield f"`tool_use` ids were found without `tool_result` blocks: {open_calls}"


class Anthropic:
    """Messages, also as Vertex and Bedrock take them."""

    def read(self, body: Object, path: str) -> Asked:
        """The request in shared terms."""
        messages = listed(body.get("messages"))
        marked = '"cache_control"' in json.dumps(body)
        return Asked(
            body=body,
            form=_form(body, path),
            tools=dump(bare(body.get("tools") or "")),
            system=dump(bare(_content({"content": body.get("system")}))),
            blocks=tuple(self.blocks(messages)),
            faults=tuple(_faults(messages)),
            caches=marked,
        )

    def turn(self, asked: Asked, reply: Reply, mint: Mint) -> list[Object]:
        """An assistant message: thinking, text, calls."""
        content: list[Object] = []
        if reply.thinking:
            content.append({"type": "thinking", "thinking": reply.thinking, "signature": mint("Eo")})
        if reply.text:
            content.append({"type": "text", "text": reply.text})
        content += [
            {"type": "tool_use", "id": mint("toolu_"), "name": call.name, "input": dict(call.args)}
            for call in reply.calls
        ]
        return [{"role": "assistant", "content": content}]

    def blocks(self, turn: Sequence[Object]) -> list[str]:
        """One block per content block."""
        return [dump([message.get("role"), _block(block)]) for message in turn for block in _content(message)]

    def whole(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Object:
        """A message object."""
        hour = usage.written if '"1h"' in json.dumps(asked.body) else 0
        return {
            "id": f"msg_{name}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": turn[0]["content"],
            "stop_reason": reply.stop or ("tool_use" if reply.calls else "end_turn"),
            "stop_sequence": None,
            "usage": {
                "input_tokens": usage.fresh,
                "cache_read_input_tokens": usage.read,
                "cache_creation_input_tokens": usage.written,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": usage.written - hour,
                    "ephemeral_1h_input_tokens": hour,
                },
                "output_tokens": usage.output,
            },
        }

    def events(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[bytes]:
        """`message_start`, the blocks, `message_delta`, `message_stop`; each in a frame where Bedrock is asked."""
        for event in self._events(asked, turn, reply, usage, name):
            yield framed(event) if asked.form == "frames" else event

    def _events(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[bytes]:
        made = self.whole(asked, turn, reply, usage, name)
        started = {**made, "content": [], "stop_reason": None, "usage": {**made["usage"], "output_tokens": 1}}
        yield _event("message_start", message=started)
        yield _event("ping")
        for index, block in enumerate(made["content"]):
            empty, deltas = _streamed(block)
            yield _event("content_block_start", index=index, content_block=empty)
            for delta in deltas:
                yield _event("content_block_delta", index=index, delta=delta)
            yield _event("content_block_stop", index=index)
        delta = {"stop_reason": made["stop_reason"], "stop_sequence": None}
        yield _event("message_delta", delta=delta, usage={"output_tokens": usage.output})
        yield _event("message_stop")

    def broken(self, asked: Asked, message: str) -> bytes:
        """An `error` event."""
        event = _event("error", error={"type": "overloaded_error", "message": message})
        return framed(event) if asked.form == "frames" else event

    def error(self, status: int, message: str) -> Object:
        """The envelope of all errors."""
        error = {"type": ERRORS.get(status, "api_error"), "message": message}
        return {"type": "error", "error": error, "request_id": "req_fake"}


def _form(body: Object, path: str) -> Form:
    if path.endswith("/invoke-with-response-stream"):
        return "frames"
    return "sse" if body.get("stream") or ":streamRawPredict" in path else "json"


def _event(kind: str, **fields: Any) -> bytes:
    return data_event({"type": kind, **fields}, kind)


def _streamed(block: Object) -> tuple[Object, list[Object]]:
    """A block as its start and the deltas that follow."""
    if block["type"] == "thinking":
        said = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, [*said, signed]
    if block["type"] == "text":
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": p} for p in pieces(block["text"])]
    given = json.dumps(block["input"], ensure_ascii=False)
    return {**block, "input": {}}, [
        {"type": "input_json_delta", "partial_json": piece} for piece in ["", *(halves(given) if given != "{}" else [])]
    ]
