"""Anthropic Messages: the API itself, and its bodies on Bedrock and Vertex, which lack `model`.

Parts are the texts of tool results, of search results without citations, and of the user. Everything signed,
encrypted or written by the model is left alone: editing it costs the conversation (a signature no longer matches).
"""

from __future__ import annotations

from collections.abc import Callable

from headroom.providers import _lens
from headroom.types import Item, Json, Path, ToolCall

_ROLES = frozenset({"user", "assistant", "system"})
_UNHASHED = frozenset({"thinking", "redacted_thinking", "compaction"})
_ONLY_HERE = frozenset(
    {
        "tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use", "search_result", "document",
        "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
        "bash_code_execution_tool_result", "text_editor_code_execution_tool_result", "tool_search_tool_result",
        "advisor_tool_result", "mcp_tool_use", "mcp_tool_result", "container_upload", "compaction", "tool_reference",
        "tool_addition", "tool_removal",
    }
)  # fmt: skip
_BODY_MARKS = frozenset({"system", "anthropic_version", "anthropic_beta", "output_config", "stop_sequences"})


class _Reading(_lens.Reading):
    """One body being read: the items so far, and the calls that later results refer to."""

    roles = _ROLES

    def said(self, role: str, message: dict[str, Json], path: Path | None) -> None:
        content = message.get("content")
        place = (*path, "content") if path is not None else None
        if role == "system":
            self.items += _lens.unhashed_items(role, content)
        elif content is None:
            self.items.append(_lens.text_item(role, "", None))
        elif isinstance(content, str):
            self.text(role, content, place)
        elif isinstance(content, list):
            for index, block in enumerate(content):
                self.block(role, block, None if place is None else (*place, index))
        else:
            self.items.append(_lens.other_item(role, content))

    def text(self, role: str, text: str, leaf: Path | None) -> None:
        user = role == "user"
        self.items.append(_lens.text_item(role, text, leaf if user else None, split_host=user))

    def block(self, role: str, raw: Json, path: Path | None) -> None:
        if isinstance(raw, str):
            self.text(role, raw, None)
            return
        block = _lens.as_object(raw)
        kind = _lens.word(block, "type") if block is not None else ""
        read = _BLOCKS.get(kind)
        if block is None or read is None:
            self.items.append(_lens.other_item(role, raw, hashed=kind not in _UNHASHED))
        else:
            read(self, role, block, path if block is raw else None)

    def text_block(self, role: str, block: dict[str, Json], path: Path | None) -> None:
        text = block.get("text")
        if not isinstance(text, str):
            self.items.append(_lens.other_item(role, block))
            return
        free = path is not None and not block.get("citations") and "signature" not in block
        self.text(role, text, (*path, "text") if path is not None and free else None)

    def call_block(self, role: str, block: dict[str, Json], path: Path | None) -> None:
        call = ToolCall(
            id=_lens.word(block, "id"), name=_lens.word(block, "name"), args=_lens.arguments(block.get("input"))
        )
        self.calls[call.id] = call
        self.items.append(Item(role=role, kind="call", call=call))

    def image_block(self, role: str, block: dict[str, Json], path: Path | None) -> None:
        self.items.append(_image(role, block, None))

    def result_block(self, role: str, block: dict[str, Json], path: Path | None) -> None:
        name = _lens.word(block, "tool_use_id")
        call = self.call_of(name)
        content, failed = block.get("content"), block.get("is_error") is True
        place = (*path, "content") if path is not None else None
        start = len(self.items)
        if isinstance(content, str):
            self.items.append(_lens.result_item(role, content, place, call, failed))
        elif isinstance(content, list):
            for index, inner in enumerate(content):
                self.inside(role, inner, None if place is None else (*place, index), call, failed)
            _lens.settle(self.items, start)
        elif content is not None:
            self.items.append(_lens.other_item(role, content))
        if len(self.items) == start:
            self.items.append(_lens.result_item(role, "", None, call, failed))

    def inside(self, role: str, raw: Json, path: Path | None, call: ToolCall | None, failed: bool) -> None:
        """One block of a result's content."""
        block = _lens.as_object(raw)
        if block is not None and block is not raw:
            path = None
        kind = _lens.word(block, "type") if block is not None else ""
        text = raw if isinstance(raw, str) else block.get("text") if block is not None and kind == "text" else None
        if isinstance(text, str):
            leaf = None if path is None or block is None else (*path, "text")
            self.items.append(_lens.result_item(role, text, leaf, call, failed))
        elif block is not None and kind == "image":
            self.items.append(_image(role, block, call))
        elif block is not None and kind == "search_result":
            self.search(role, block, path, lambda text, leaf: _lens.result_item(role, text, leaf, call, failed))
        else:
            self.items.append(_lens.other_item(role, raw))

    def search_block(self, role: str, block: dict[str, Json], path: Path | None) -> None:
        leafless = None if role != "user" else path
        self.search(role, block, leafless, lambda text, leaf: _lens.text_item(role, text, leaf))

    def search(
        self, role: str, block: dict[str, Json], path: Path | None, make: Callable[[str, Path | None], Item]
    ) -> None:
        """The texts of a search result; with citations on, their bytes are what the answer cites."""
        content, citations = block.get("content"), block.get("citations")
        if not isinstance(content, list) or not all(isinstance(_text_of(inner), str) for inner in content):
            self.items.append(_lens.other_item(role, block))
            return
        cited = isinstance(citations, dict) and bool(citations.get("enabled"))
        for index, inner in enumerate(content):
            leaf = None if path is None or cited else (*path, "content", index, "text")
            self.items.append(make(_text_of(inner), leaf))


_BLOCKS: dict[str, Callable[[_Reading, str, dict[str, Json], Path | None], None]] = {
    "text": _Reading.text_block,
    "tool_use": _Reading.call_block,
    "server_tool_use": _Reading.call_block,
    "mcp_tool_use": _Reading.call_block,
    "tool_result": _Reading.result_block,
    "search_result": _Reading.search_block,
    "image": _Reading.image_block,
}


def _text_of(block: Json) -> Json:
    return block.get("text") if isinstance(block, dict) else None


def _image(role: str, block: dict[str, Json], call: ToolCall | None) -> Item:
    source = block.get("source")
    data = _lens.word(source, "data", "url", "file_id") if isinstance(source, dict) else ""
    return _lens.image_item(role, data or _lens.canonical(block), call)


def _judge(index: int, message: dict[str, Json]) -> float:
    role = _lens.word(message, "role")
    if role not in _ROLES or (role == "system" and index == 0):
        return 0.0
    if not message.keys().isdisjoint(("tool_calls", "function_call", "type", "tool_call_id", "parts")):
        return 0.0
    content = message.get("content")
    if isinstance(content, str):
        return 0.5
    if not isinstance(content, list):
        return 0.0
    score = 0.5
    for block in content:
        kind = _lens.word(block, "type") if isinstance(block, dict) else ""
        if kind in _ONLY_HERE or (kind == "image" and "source" in block):
            return 1.0
        score = min(score, 0.5 if kind == "text" else 0.3 if kind else 0.0)
    return score


def _known(body: Json) -> float:
    if not isinstance(body, dict):
        return 0.0
    tools = body.get("tools")
    if not _BODY_MARKS.isdisjoint(body) or (
        isinstance(tools, list) and any(isinstance(tool, dict) and "input_schema" in tool for tool in tools)
    ):
        return 0.9
    return 0.6 if _lens.word(body, "model").startswith("claude") else 0.0


class Anthropic(_lens.Messages):
    """Lens over Messages bodies (`{"messages": …}`) and bare message lists."""

    name = "anthropic"
    reading = _Reading
    judge = staticmethod(_judge)
    known = staticmethod(_known)
