"""Amazon Bedrock's Converse: one shape for the models of every maker, each block an object of one key.

Parts are the texts of tool results, the strings inside their JSON, search results without citations, and what users
say. What the model wrote, reasoned, signed or cited is left alone. `cachePoint` blocks are the marks of caching here:
clients move them, so they are not hashed. Shapes: botocore's model of `bedrock-runtime`.
"""

from __future__ import annotations

from collections.abc import Callable

from headroom.providers import _lens
from headroom.types import Item, Json, Path, ToolCall

_ROLES = frozenset({"user", "assistant", "system"})
_UNHASHED = frozenset({"reasoningContent", "cachePoint"})
_ONLY_HERE = _UNHASHED | {
    "toolUse", "toolResult", "guardContent", "citationsContent", "searchResult", "toolAddition", "toolRemoval",
}  # fmt: skip
_MEDIA = frozenset({"image", "document", "video", "audio"})
_BODY_MARKS = frozenset(
    {"inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "performanceConfig"}
)
_ELSEWHERE = frozenset({"tool_calls", "function_call", "type", "tool_call_id", "parts"})


class _Reading(_lens.Reading):
    """One body being read: the items so far, and the calls that later results refer to."""

    roles = _ROLES

    def said(self, role: str, message: dict[str, Json], path: Path | None) -> None:
        content = message.get("content")
        if role == "system":
            self.items += _lens.unhashed_items(role, content)
        elif content is None:
            self.items.append(_lens.text_item(role, "", None))
        elif isinstance(content, list):
            for index, block in enumerate(content):
                self.block(role, block, (*path, "content", index) if path is not None and role == "user" else None)
        else:
            self.items.append(_lens.other_item(role, content))

    def block(self, role: str, raw: Json, path: Path | None) -> None:
        """A block of a message. Only the user's have a path: nothing else is ours to change."""
        block = _lens.as_object(raw)
        if block is not None:
            for key, read in _BLOCKS:
                if key in block and read(self, role, block, path if block is raw else None):
                    return
        self.items.append(_lens.other_item(role, raw, hashed=block is None or _UNHASHED.isdisjoint(block)))

    def text(self, role: str, block: dict[str, Json], path: Path | None) -> bool:
        text = block["text"]
        if not isinstance(text, str):
            return False
        leaf = (*path, "text") if path is not None else None
        self.items.append(_lens.text_item(role, text, leaf, split_host=role == "user"))
        return True

    def call(self, role: str, block: dict[str, Json], path: Path | None) -> bool:
        use = _lens.as_object(block["toolUse"])
        if use is None:
            return False
        name = _lens.word(use, "toolUseId")
        call = ToolCall(id=name, name=_lens.word(use, "name"), args=_lens.arguments(use.get("input")))
        self.calls[name] = call
        self.items.append(Item(role=role, kind="call", call=call))
        return True

    def image(self, role: str, block: dict[str, Json], path: Path | None) -> bool:
        self.items.append(_image(role, block["image"], None))
        return True

    def result(self, role: str, block: dict[str, Json], path: Path | None) -> bool:
        result = _lens.as_object(block["toolResult"])
        if result is None:
            return False
        name = _lens.word(result, "toolUseId")
        call = self.call_of(name)
        content, failed = result.get("content"), result.get("status") == "error"
        place = (*path, "toolResult", "content") if path is not None and result is block["toolResult"] else None
        start = len(self.items)
        if isinstance(content, list):
            for index, inner in enumerate(content):
                self.inside(role, inner, None if place is None else (*place, index), call, failed)
            _lens.settle(self.items, start)
        elif content is not None:
            self.items.append(_lens.other_item(role, content))
        if len(self.items) == start:
            self.items.append(_lens.result_item(role, "", None, call, failed))
        return True

    def inside(self, role: str, raw: Json, path: Path | None, call: ToolCall | None, failed: bool) -> None:
        """One block of a result's content."""

        def make(text: str, leaf: Path | None) -> Item:
            return _lens.result_item(role, text, leaf, call, failed)

        block = _lens.as_object(raw) or {}
        place = path if block is raw else None
        text = block.get("text")
        if isinstance(text, str):
            self.items.append(make(text, None if place is None else (*place, "text")))
        elif "json" in block:
            self.json(block["json"], None if place is None else (*place, "json"), make)
        elif "image" in block:
            self.items.append(_image(role, block["image"], call))
        elif "searchResult" not in block or not self.search(block, place, make):
            self.items.append(_lens.other_item(role, raw, hashed=_UNHASHED.isdisjoint(block)))

    def json(self, value: Json, path: Path | None, make: Callable[[str, Path | None], Item]) -> None:
        """A result that is JSON: its strings, or where it has none all of it as one text."""
        start = len(self.items)
        for way, text in _lens.strings(value):
            self.items.append(make(text, (*path, *way) if path is not None and len(way) <= _lens.MAX_DEPTH else None))
        if len(self.items) == start:
            self.items.append(make(_lens.canonical(value), None))

    def searched(self, role: str, block: dict[str, Json], path: Path | None) -> bool:
        return self.search(block, path, lambda text, leaf: _lens.text_item(role, text, leaf))

    def search(self, block: dict[str, Json], path: Path | None, make: Callable[[str, Path | None], Item]) -> bool:
        """The texts of a search result; with citations on, their bytes are what the answer cites."""
        found = _lens.as_object(block["searchResult"]) or {}
        content, citations = found.get("content"), found.get("citations")
        if not isinstance(content, list) or not all(isinstance(_text_of(inner), str) for inner in content):
            return False
        fixed = found is not block["searchResult"] or (isinstance(citations, dict) and bool(citations.get("enabled")))
        for index, inner in enumerate(content):
            leaf = None if path is None or fixed else (*path, "searchResult", "content", index, "text")
            self.items.append(make(_text_of(inner), leaf))
        return True


_BLOCKS: tuple[tuple[str, Callable[[_Reading, str, dict[str, Json], Path | None], bool]], ...] = (
    ("text", _Reading.text),
    ("toolUse", _Reading.call),
    ("toolResult", _Reading.result),
    ("image", _Reading.image),
    ("searchResult", _Reading.searched),
)


def _text_of(block: Json) -> Json:
    return block.get("text") if isinstance(block, dict) else None


def _image(role: str, image: Json, call: ToolCall | None) -> Item:
    source = image.get("source") if isinstance(image, dict) else None
    data = _lens.word(source, "bytes") if isinstance(source, dict) else ""
    return _lens.image_item(role, data or _lens.canonical(image), call)


def _judge(index: int, message: dict[str, Json]) -> float:
    content = message.get("content")
    if _lens.word(message, "role") not in _ROLES or not message.keys().isdisjoint(_ELSEWHERE):
        return 0.0
    if not isinstance(content, list) or not all(isinstance(block, dict) and "type" not in block for block in content):
        return 0.0
    if any(isinstance(block[key], dict) for block in content for key in _ONLY_HERE & block.keys()):
        return 1.0
    return 0.5 if all(_is_common(block) for block in content) else 0.0


def _is_common(block: dict[str, Json]) -> bool:
    """True for a block without a type, as only Converse has them, though its key alone is no proof."""
    return isinstance(block.get("text"), str) or any(isinstance(block[key], dict) for key in _MEDIA & block.keys())


def _known(body: Json) -> float:
    """More than what `system` beside messages says to other dialects: only here its blocks have no type."""
    if not isinstance(body, dict):
        return 0.0
    system = body.get("system")
    bare = isinstance(system, list) and any(isinstance(block, dict) and "type" not in block for block in system)
    return 0.95 if bare or not _BODY_MARKS.isdisjoint(body) else 0.0


class Converse(_lens.Messages):
    """Lens over Converse bodies (`{"messages": …}`) and bare message lists."""

    name = "converse"
    reading = _Reading
    judge = staticmethod(_judge)
    known = staticmethod(_known)
