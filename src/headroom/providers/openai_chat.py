"""OpenAI Chat Completions, and the many services that speak it.

Parts are what `tool` (and the older `function`) messages and users say. `arguments` is read, never written: it is a
string the model chose, and its bytes are part of the cached prefix.
"""

from __future__ import annotations

from headroom.providers import _lens
from headroom.types import Item, Json, Path, ToolCall

_SYSTEM = frozenset({"system", "developer"})
_RESULTS = frozenset({"tool", "function"})
_ROLES = _SYSTEM | _RESULTS | {"user", "assistant"}
_ONLY_HERE = frozenset({"image_url", "input_audio", "file", "refusal", "video_url", "audio_url"})
_MESSAGE_MARKS = ("tool_calls", "function_call", "tool_call_id", "reasoning_content", "refusal")
_BODY_MARKS = frozenset(
    {
        "stream_options", "max_completion_tokens", "response_format", "n", "logprobs", "top_logprobs", "logit_bias",
        "parallel_tool_calls", "reasoning_effort", "prompt_cache_key", "functions", "modalities", "seed",
        "frequency_penalty", "presence_penalty",
    }
)  # fmt: skip


class _Reading(_lens.Reading):
    """One body being read: the items so far, and the calls that later results refer to, by id and by name."""

    roles = _ROLES

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[str, ToolCall] = {}

    def said(self, role: str, message: dict[str, Json], path: Path | None) -> None:
        content = message.get("content")
        place = (*path, "content") if path is not None else None
        if role in _SYSTEM:
            self.items += _lens.unhashed_items(role, content)
            return
        call = self.answered(message, role) if role in _RESULTS else None
        start = len(self.items)
        if content is None or isinstance(content, str):
            self.text(role, content or "", place, call)
        elif isinstance(content, list):
            for index, block in enumerate(content):
                self.block(role, block, None if place is None else (*place, index), call)
            if role in _RESULTS:
                _lens.settle(self.items, start)
        else:
            self.items.append(_lens.other_item(role, content))
        if role in _RESULTS and len(self.items) == start:
            self.text(role, "", None, call)
        if role == "assistant":
            self.asked(message)

    def answered(self, message: dict[str, Json], role: str) -> ToolCall | None:
        """The call that a result message answers."""
        name, tool = _lens.word(message, "tool_call_id"), _lens.word(message, "name")
        if role == "function":
            return self.named.get(tool) or ToolCall(name=tool)
        return self.calls.get(name) or (ToolCall(id=name, name=tool) if name or tool else None)

    def asked(self, message: dict[str, Json]) -> None:
        """The calls an assistant message makes."""
        calls = message.get("tool_calls")
        for raw in calls if isinstance(calls, list) else []:
            block = _lens.as_object(raw) or {}
            function, custom = _lens.as_object(block.get("function")), _lens.as_object(block.get("custom"))
            if function is not None:
                self.call(block, function, function.get("arguments"))
            elif custom is not None:
                text = custom.get("input")
                self.call(block, custom, {"": text} if isinstance(text, str) else text)
            else:
                self.items.append(_lens.other_item("assistant", raw))
        legacy = _lens.as_object(message.get("function_call"))
        if legacy is not None:
            self.call({}, legacy, legacy.get("arguments"))
        if isinstance(message.get("refusal"), str):
            self.items.append(_lens.other_item("assistant", {"refusal": message["refusal"]}))

    def call(self, block: dict[str, Json], function: dict[str, Json], args: Json) -> None:
        call = ToolCall(id=_lens.word(block, "id"), name=_lens.word(function, "name"), args=_lens.arguments(args))
        self.named[call.name] = call
        self.calls[call.id] = call
        self.items.append(Item(role="assistant", kind="call", call=call))

    def text(self, role: str, text: str, leaf: Path | None, call: ToolCall | None) -> None:
        if role in _RESULTS:
            self.items.append(_lens.result_item(role, text, leaf, call))
        else:
            user = role == "user"
            self.items.append(_lens.text_item(role, text, leaf if user else None, split_host=user))

    def block(self, role: str, raw: Json, path: Path | None, call: ToolCall | None) -> None:
        block = _lens.as_object(raw)
        if block is not None and block is not raw:
            path = None
        text = raw if isinstance(raw, str) else None
        kind = _lens.word(block, "type") if block is not None else ""
        if block is not None and kind == "text":
            text = block.get("text")
        if isinstance(text, str):
            self.text(role, text, None if path is None or block is None else (*path, "text"), call)
        elif block is not None and kind == "image_url":
            image = block.get("image_url")
            url = image if isinstance(image, str) else _lens.word(image, "url") if isinstance(image, dict) else ""
            self.items.append(_lens.image_item(role, url or _lens.canonical(block), call))
        else:
            self.items.append(_lens.other_item(role, raw))


def _judge(index: int, message: dict[str, Json]) -> float:
    role = _lens.word(message, "role")
    if role not in _ROLES or "type" in message or "parts" in message:
        return 0.0
    if role in _RESULTS or any(mark in message for mark in _MESSAGE_MARKS):
        return 1.0
    if role == "developer" or (role == "system" and index == 0):
        return 0.8
    content = message.get("content")
    if content is None:
        return 0.7 if role == "assistant" else 0.0
    if isinstance(content, str):
        return 0.5
    if not isinstance(content, list):
        return 0.0
    score = 0.5
    for block in content:
        kind = _lens.word(block, "type") if isinstance(block, dict) else ""
        if kind in _ONLY_HERE:
            return 1.0
        score = min(score, 0.5 if kind == "text" else 0.3 if kind else 0.0)
    return score


def _known(body: Json) -> float:
    if not isinstance(body, dict):
        return 0.0
    tools = body.get("tools")
    if not _BODY_MARKS.isdisjoint(body) or (
        isinstance(tools, list) and any(isinstance(tool, dict) and "function" in tool for tool in tools)
    ):
        return 0.9
    model = _lens.word(body, "model")
    return 0.6 if model and not model.startswith("claude") else 0.0


class OpenAIChat(_lens.Messages):
    """Lens over Chat Completions bodies (`{"messages": …}`) and bare message lists."""

    name = "openai-chat"
    reading = _Reading
    judge = staticmethod(_judge)
    known = staticmethod(_known)
