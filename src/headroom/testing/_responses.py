"""The fake's OpenAI Responses: over HTTP, where an answer is kept unless `store` is false, and over a WebSocket, which
keeps its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headroom.testing._chat import CREATED, openai_error
from headroom.testing._script import Call, Reply
from headroom.testing._wire import Asked, Mint, Object, Usage, bare, compact, data_event, dump, halves, listed, pieces

_UNSTABLE = frozenset({"id", "status", "annotations", "logprobs", "internal_chat_message_metadata_passthrough"})
"""What clients leave out or change when they send an item back."""

_OUTPUTS: Mapping[str, str] = {
    "function_call_output": "function_call",
    "custom_tool_call_output": "custom_tool_call",
    "shell_call_output": "shell_call",
    "local_shell_call_output": "local_shell_call",
}
_CALLS = frozenset(_OUTPUTS.values())


def _items(value: Any) -> list[Object]:
    """Input as items: a string is one user message."""
    return [{"role": "user", "content": value}] if isinstance(value, str) else listed(value)


def _kind(item: Object) -> str:
    return str(item.get("type") or "message")


def _instructs(item: Object) -> bool:
    return _kind(item) == "additional_tools" or (
        _kind(item) == "message" and item.get("role") in ("system", "developer")
    )


def _block(item: Object) -> Any:
    """An item in the form it is compared in."""
    made = {key: value for key, value in bare(item, _UNSTABLE).items() if value is not None}
    made["type"] = _kind(item)
    if made["type"] == "message" and isinstance(made.get("content"), str):
        part = "output_text" if made.get("role") == "assistant" else "input_text"
        made["content"] = [{"type": part, "text": made["content"]}]
    return made


def _call_id(item: Object) -> str:
    return str(item.get("call_id") or item.get("id"))


def _faults(items: list[Object]) -> Iterator[str]:
    """Calls, outputs and reasoning that do not pair up."""
    calls: list[tuple[str, str]] = []
    for item in items:
        kind = _kind(item)
        if kind in _CALLS:
            calls.append((kind, _call_id(item)))
        elif kind in _OUTPUTS:
            pair = (_OUTPUTS[kind], _call_id(item))
            if pair not in calls:
                yield f"No tool call found for function call output with call_id {pair[1]}."
            else:
                calls.remove(pair)
    yield from (f"No tool output found for function call {name}." for _, name in calls)
    if items and _kind(items[-1]) == "reasoning":
        yield f"Item '{items[-1].get('id')}' of type 'reasoning' was provided without its required following item."


def _tools(tools: Any, namespace: str = "") -> dict[str, tuple[str, str]]:
    """Type and namespace of every tool by name."""
    found: dict[str, tuple[str, str]] = {}
    for tool in listed(tools):
        if "tools" in tool:
            found |= _tools(tool["tools"], str(tool.get("name", "")))
        found[str(tool.get("name"))] = (str(tool.get("type")), namespace)
    return found


class Responses:
    """Responses over HTTP, or one WebSocket of them.

    Args:
        keeps_all: True to remember answers whatever their request says of `store`.
    """

    def __init__(self, *, keeps_all: bool = False) -> None:
        self._keeps_all = keeps_all
        self._kept: dict[str, list[Object]] = {}

    def read(self, body: Object, path: str) -> Asked:
        """The request in shared terms, with the items that `previous_response_id` stands for."""
        earlier = body.get("previous_response_id")
        lost = earlier is not None and earlier not in self._kept
        items = [*self._kept.get(str(earlier), []), *_items(body.get("input"))]
        lead = next((i for i, item in enumerate(items) if not _instructs(item)), len(items))
        found = [f"Previous response with id '{earlier}' not found."] if lost else [*_faults(items)]
        return Asked(
            body={**body, "input": items},
            form="sse" if body.get("stream") else "json",
            tools=dump(body.get("tools") or ""),
            system=dump([body.get("instructions"), [_block(item) for item in items[:lead]]]),
            blocks=tuple(self.blocks(items[lead:])),
            faults=tuple(found),
        )

    def turn(self, asked: Asked, reply: Reply, mint: Mint) -> list[Object]:
        """The output items: reasoning, a message, calls."""
        items: list[Object] = []
        if reply.thinking:
            items.append({"type": "reasoning", "id": mint("rs_"), "summary": [], "encrypted_content": mint("gAAA")})
        if reply.text or not reply.calls:
            content = [{"type": "output_text", "text": reply.text, "annotations": []}]
            head = {"type": "message", "id": mint("msg_"), "role": "assistant", "status": "completed"}
            items.append({**head, "content": content})
        offered = _tools(asked.body.get("tools"))
        for item in asked.body["input"]:
            offered |= _tools(item.get("tools"))
        return items + [_called(call, *offered.get(call.name, ("function", "")), mint) for call in reply.calls]

    def blocks(self, turn: Sequence[Object]) -> list[str]:
        """One block per item."""
        return [dump(_block(item)) for item in turn]

    def whole(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Object:
        """A response object. It is kept for requests that go on from it."""
        if self._keeps_all or asked.body.get("store") is not False:
            self._kept[f"resp_{name}"] = [*asked.body["input"], *turn]
        return {
            **self._started(asked, name),
            "status": "incomplete" if reply.stop else "completed",
            "incomplete_details": {"reason": reply.stop} if reply.stop else None,
            "output": turn,
            "usage": {
                "input_tokens": usage.prompt,
                "input_tokens_details": {"cached_tokens": usage.read, "cache_write_tokens": usage.written},
                "output_tokens": usage.output,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": usage.prompt + usage.output,
            },
        }

    def _started(self, asked: Asked, name: str) -> Object:
        return {
            "id": f"resp_{name}", "object": "response", "created_at": CREATED, "status": "in_progress", "error": None,
            "model": asked.model, "output": [], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "previous_response_id": asked.body.get("previous_response_id"), "usage": None,
        }  # fmt: skip

    def objects(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[Object]:
        """The objects of a stream: data of its events, or frames of a WebSocket."""
        done = self.whole(asked, turn, reply, usage, name)
        started = self._started(asked, name)
        events: list[Object] = [{"type": "response.created", "response": started}]
        events.append({"type": "response.in_progress", "response": started})
        for index, item in enumerate(turn):
            events.append({"type": "response.output_item.added", "item": _opened(item), "output_index": index})
            place = {"item_id": item["id"], "output_index": index}
            events += [{**event, **place} for event in _inside(item)]
            events.append({"type": "response.output_item.done", "item": item, "output_index": index})
        events.append({"type": f"response.{done['status']}", "response": done})
        for number, event in enumerate(events):
            yield {**event, "sequence_number": number}

    def events(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[bytes]:
        """Named events with sequence numbers."""
        yield from (data_event(event, event["type"]) for event in self.objects(asked, turn, reply, usage, name))

    def broken(self, asked: Asked, message: str) -> bytes:
        """An `error` event."""
        event = {"type": "error", "code": "server_error", "message": message, "param": None, "sequence_number": 99}
        return data_event(event, "error")

    def error(self, status: int, message: str) -> Object:
        """The envelope of all errors; an unknown earlier response has a code that clients act on."""
        made = openai_error(status, message)
        if message.startswith("Previous response"):
            made["error"] |= {"code": "previous_response_not_found", "param": "previous_response_id"}
        return made


def _called(call: Call, kind: str, namespace: str, mint: Mint) -> Object:
    if kind == "custom":
        item = {"type": "custom_tool_call", "id": mint("ctc_"), "input": str(call.args.get("input", ""))}
    else:
        given = compact(call.args)
        item = {"type": "function_call", "id": mint("fc_"), "arguments": given}
    inside = {"namespace": namespace} if namespace else {}
    return {**item, "call_id": mint("call_"), "name": call.name, "status": "completed", **inside}


_GROWS: Mapping[str, tuple[str, str, str]] = {
    "function_call": ("arguments", "response.function_call_arguments", "arguments"),
    "custom_tool_call": ("input", "response.custom_tool_call_input", "input"),
    "message": ("content", "response.output_text", "text"),
}
"""By type of item: the key that is empty at first, the events that fill it, and how the last one calls the whole."""


def _opened(item: Object) -> Object:
    if item["type"] not in _GROWS:
        return item
    key = _GROWS[item["type"]][0]
    return {**item, key: type(item[key])(), "status": "in_progress"}


def _inside(item: Object) -> list[Object]:
    """The events between an item's start and its end."""
    if item["type"] not in _GROWS:
        return []
    key, event, whole = _GROWS[item["type"]]
    if item["type"] != "message":
        said = [{"type": f"{event}.delta", "delta": piece} for piece in halves(item[key])]
        return [*said, {"type": f"{event}.done", whole: item[key]}]
    part = item[key][0]
    texts: list[Object] = [
        {"type": f"{event}.delta", "delta": piece, "content_index": 0} for piece in pieces(part["text"])
    ]
    return [
        {"type": "response.content_part.added", "content_index": 0, "part": {**part, "text": ""}},
        *texts,
        {"type": f"{event}.done", "content_index": 0, whole: part["text"]},
        {"type": "response.content_part.done", "content_index": 0, "part": part},
    ]
