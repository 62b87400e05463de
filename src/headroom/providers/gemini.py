"""Gemini's generateContent, on its own API, Vertex AI and Code Assist (where the body stands under `request`).

Parts are the strings inside function responses, at any depth down to `_lens.MAX_DEPTH`, and what users say. A part that
carries a thought signature is never touched, not even its text. Both spellings of keys (`functionCall`,
`function_call`) are read and kept.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable

from headroom.providers import _lens
from headroom.types import Item, Json, Path, ToolCall

_CONTAINERS: tuple[Path, ...] = (("contents",), ("request", "contents"), ("generateContentRequest", "contents"))
_RESULT_ROLES = frozenset({"user", "function", "tool"})
_ROLES = _RESULT_ROLES | {"model", "system"}


class _Reading:
    """One body being read: the items so far, and the calls not yet answered, by id and in order by name.

    Queues are kept by (name, has an id): a response without an id belongs to a call without one, if there is any.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.calls: dict[str, ToolCall] = {}
        self.open: defaultdict[tuple[str, bool], deque[ToolCall]] = defaultdict(deque)
        self.done: set[int] = set()
        """Identities of the calls in `open` that were answered by id."""

    def content(self, raw: Json, path: Path) -> None:
        content = _lens.as_object(raw)
        role = "" if content is None else _lens.word(content, "role") if content.get("role") is not None else "user"
        if content is None or role not in _ROLES:
            self.items.append(_lens.other_item(role, raw))
            return
        parts = content.get("parts")
        place = (*path, "parts") if content is raw else None
        if role == "system":
            self.items += _lens.unhashed_items(role, parts)
        elif parts is None:
            self.items.append(_lens.text_item(role, "", None))
        elif isinstance(parts, list):
            for index, part in enumerate(parts):
                self.part(role, part, None if place is None else (*place, index))
        else:
            self.part(role, parts, place)

    def part(self, role: str, raw: Json, path: Path | None) -> None:
        part = _lens.as_object(raw)
        if part is not None:
            for keys, read in _PARTS:
                for key in keys:
                    if key in part and read(self, role, part, key, path if part is raw else None):
                        return
        self.items.append(_lens.other_item(role, raw))

    def text(self, role: str, part: dict[str, Json], key: str, path: Path | None) -> bool:
        text = part[key]
        if not isinstance(text, str):
            return False
        signed = "thoughtSignature" in part or "thought_signature" in part
        if part.get("thought") or (signed and not text):
            self.items.append(_lens.other_item(role, part, hashed=False))
        else:
            leaf = (*path, key) if path is not None and role == "user" and not signed else None
            self.items.append(_lens.text_item(role, text, leaf, split_host=role == "user"))
        return True

    def call(self, role: str, part: dict[str, Json], key: str, path: Path | None) -> bool:
        block = _lens.as_object(part[key])
        if block is None:
            return False
        call = ToolCall(
            id=_lens.word(block, "id"), name=_lens.word(block, "name"), args=_lens.arguments(block.get("args"))
        )
        if call.id:
            self.calls[call.id] = call
        self.open[call.name, bool(call.id)].append(call)
        self.items.append(Item(role=role, kind="call", call=call))
        return True

    def answered(self, block: dict[str, Json]) -> ToolCall:
        """The call a response belongs to: by id, else the oldest of its name without a response."""
        key, name = _lens.word(block, "id"), _lens.word(block, "name")
        call = self.calls.get(key) if key else None
        if call is not None:
            self.done.add(id(call))
            return call
        for waiting in (self.open[name, False], self.open[name, True]):
            while waiting:
                call = waiting.popleft()
                if id(call) not in self.done:
                    return call
        return ToolCall(id=key, name=name)

    def response(self, role: str, part: dict[str, Json], key: str, path: Path | None) -> bool:
        block = _lens.as_object(part[key])
        if block is None:
            return False
        call, response = self.answered(block), block.get("response")
        failed = isinstance(response, dict) and bool(response.get("error"))
        free = path is not None and block is part[key] and role in _RESULT_ROLES
        if "thoughtSignature" in part or "thought_signature" in part:
            free = False
        place = (*path, key, "response") if path is not None and free else None
        start = len(self.items)
        for way, text in _lens.strings(response):
            leaf = (*place, *way) if place is not None and len(way) <= _lens.MAX_DEPTH else None
            self.items.append(_lens.result_item(role, text, leaf, call, failed))
        if len(self.items) == start:
            dump = "" if response in (None, {}) else _lens.canonical(response)
            self.items.append(Item(role=role, kind="result", text=dump, call=call, is_error=failed))
        inner = block.get("parts")
        for raw in inner if isinstance(inner, list) else []:
            self.part(role, raw, None)
        return True

    def media(self, role: str, part: dict[str, Json], key: str, path: Path | None) -> bool:
        block = _lens.as_object(part[key])
        if block is None or not _lens.word(block, "mimeType", "mime_type").startswith("image/"):
            return False
        data = _lens.word(block, "data", "fileUri", "file_uri") or _lens.canonical(block)
        self.items.append(_lens.image_item(role, data))
        return True


_PARTS: tuple[tuple[tuple[str, ...], Callable[[_Reading, str, dict[str, Json], str, Path | None], bool]], ...] = (
    (("text",), _Reading.text),
    (("functionCall", "function_call"), _Reading.call),
    (("functionResponse", "function_response"), _Reading.response),
    (("inlineData", "inline_data", "fileData", "file_data"), _Reading.media),
)


def _judge(index: int, message: dict[str, Json]) -> float:
    return 1.0 if isinstance(message.get("parts"), dict | list) and "content" not in message else 0.0


class Gemini:
    """Lens over generateContent bodies (`{"contents": …}`, Code Assist's `{"request": …}`) and bare content lists."""

    name = "gemini"

    def fit(self, body: Json) -> float:
        """How surely `body` is a generateContent body, 0 to 1."""
        found = _lens.locate(body, _CONTAINERS)
        if found is None or not isinstance(found[1], list):
            return 0.0
        path, contents = found
        if not contents and not path:
            return 0.1
        return _lens.weigh(contents, _judge, 0.9 if path else 0.0)

    def read(self, body: Json) -> list[Item]:
        """All items of `contents` in order; `systemInstruction` and `tools` are not conversation."""
        reading = _Reading()
        path, contents = _lens.locate(body, _CONTAINERS) or ((), None)
        for index, content in enumerate(contents if isinstance(contents, list) else []):
            reading.content(content, (*path, index))
        return reading.items
