"""The fake's OpenAI Chat Completions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from headroom.testing._script import Reply
from headroom.testing._wire import Asked, Mint, Object, Usage, bare, compact, data_event, dump, halves, listed, pieces

CREATED = 1_790_000_000
"""Every answer's time: a fake has no clock."""

_INSTRUCTING = frozenset({"system", "developer"})


def openai_error(status: int, message: str) -> Object:
    """The envelope of OpenAI's errors."""
    kinds = {401: "invalid_request_error", 429: "rate_limit_exceeded", 400: "invalid_request_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def _leading(messages: list[Object]) -> int:
    """How many messages at the start instruct the model."""
    return next((i for i, message in enumerate(messages) if message.get("role") not in _INSTRUCTING), len(messages))


def _message_blocks(message: Object) -> Iterator[Any]:
    """A message's content and calls; absent, null and empty content are the same, a string is one text part."""
    role, content = message.get("role"), message.get("content")
    place = [role, message["tool_call_id"]] if "tool_call_id" in message else [role]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) and content else listed(content)
    if not parts and role != "assistant":
        parts = [{"type": "text", "text": ""}]
    yield from ([*place, bare(part)] for part in parts)
    yield from ([role, bare(call, frozenset({"index"}))] for call in listed(message.get("tool_calls")))


def _faults(messages: list[Object]) -> Iterator[str]:
    """Calls and results that do not pair up."""
    unanswered: list[str] = []
    for number, message in enumerate(messages):
        if message.get("role") == "tool":
            name = str(message.get("tool_call_id"))
            if name not in unanswered:
                yield (
                    f"messages[{number}]: messages with role 'tool' must be a response to a preceding message with"
                    f" 'tool_calls': {name}"
                )
            unanswered = [other for other in unanswered if other != name]
            continue
        if unanswered:
            yield (
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                f" 'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(unanswered)}"
            )
        unanswered = [str(call.get("id")) for call in listed(message.get("tool_calls"))]
    if unanswered:
        yield f"No tool messages follow the calls {', '.join(unanswered)}"


class Chat:
    """Chat Completions."""

    def read(self, body: Object, path: str) -> Asked:
        """The request in shared terms; leading instructions are the system's."""
        messages = listed(body.get("messages"))
        lead = _leading(messages)
        return Asked(
            body=body,
            form="sse" if body.get("stream") else "json",
            tools=dump(body.get("tools") or ""),
            system=dump(bare(messages[:lead])),
            blocks=tuple(self.blocks(messages[lead:])),
            faults=tuple(_faults(messages)),
        )

    def turn(self, asked: Asked, reply: Reply, mint: Mint) -> list[Object]:
        """An assistant message. Thinking is told, and not asked back."""
        message: Object = {"role": "assistant", "content": reply.text or (None if reply.calls else "")}
        if reply.calls:
            message["tool_calls"] = [
                {
                    "id": mint("call_"),
                    "type": "function",
                    "function": {"name": call.name, "arguments": compact(call.args)},
                }
                for call in reply.calls
            ]
        return [message]

    def blocks(self, turn: Sequence[Object]) -> list[str]:
        """One block per content part and per call."""
        return [dump(block) for message in turn for block in _message_blocks(message)]

    def whole(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Object:
        """A `chat.completion`."""
        thought = {"reasoning_content": reply.thinking} if reply.thinking else {}
        choice = {"index": 0, "message": {**turn[0], **thought, "refusal": None}, "finish_reason": _stop(reply)}
        return {**self._head(asked, name, "chat.completion"), "choices": [choice], "usage": _usage(usage)}

    def _head(self, asked: Asked, name: str, kind: str) -> Object:
        return {"id": f"chatcmpl-{name}", "object": kind, "created": CREATED, "model": asked.model}

    def events(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[bytes]:
        """Chunks, the usage if it was asked for, and `[DONE]`."""
        head = self._head(asked, name, "chat.completion.chunk")
        options = asked.body.get("stream_options")
        tells = isinstance(options, dict) and options.get("include_usage") is True
        none = {"usage": None} if tells else {}

        def chunk(delta: Object, stop: str | None = None) -> bytes:
            return data_event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": stop}], **none})

        yield chunk({"role": "assistant", "content": None if reply.calls and not reply.text else ""})
        yield from (chunk({"reasoning_content": piece}) for piece in pieces(reply.thinking))
        yield from (chunk({"content": piece}) for piece in pieces(reply.text))
        for index, call in enumerate(turn[0].get("tool_calls", [])):
            function = call["function"]
            opening = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
            yield chunk({"tool_calls": [opening]})
            for piece in halves(function["arguments"]):
                yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield chunk({}, _stop(reply))
        if tells:
            yield data_event({**head, "choices": [], "usage": _usage(usage)})
        yield b"data: [DONE]\n\n"

    def broken(self, asked: Asked, message: str) -> bytes:
        """An error in place of a chunk."""
        return data_event(self.error(500, message))

    def error(self, status: int, message: str) -> Object:
        """The envelope of all errors."""
        return openai_error(status, message)


def _stop(reply: Reply) -> str:
    return reply.stop or ("tool_calls" if reply.calls else "stop")


def _usage(usage: Usage) -> Object:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.read},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
