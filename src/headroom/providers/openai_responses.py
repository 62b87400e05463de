"""OpenAI Responses: one list of typed items, or a bare string, as `input`.

Parts are the outputs of functions, custom tools, shells and MCP calls, and what users say. An output without its call
is legal (`previous_response_id` sends only what is new): its item still carries the call's id.
"""

from __future__ import annotations

from collections.abc import Callable

from headroom.providers import _lens
from headroom.types import Item, Json, Path, ToolCall

_CONTAINERS: tuple[Path, ...] = (("input",),)
_SYSTEM = frozenset({"system", "developer"})
_ROLES = _SYSTEM | {"user", "assistant"}
_UNHASHED = frozenset({"reasoning", "compaction", "compaction_trigger", "additional_tools", "mcp_list_tools"})
_ITEM_ENDINGS = ("_call", "_output", "_approval_request", "_approval_response")
_ITEMS = _UNHASHED | {"message", "item_reference", "program"}
_TEXTS = frozenset({"input_text", "output_text", "text"})
_ONLY_HERE = frozenset({"input_text", "output_text", "input_image", "input_file"})
_ARGUMENTS: dict[str, tuple[str, str]] = {
    # item type: the key its arguments stand under, and the tool's name where the item has none
    "function_call": ("arguments", ""),
    "custom_tool_call": ("input", ""),
    "local_shell_call": ("action", "local_shell"),
    "shell_call": ("action", "shell"),
    "apply_patch_call": ("operation", "apply_patch"),
    "computer_call": ("action", "computer"),
    "mcp_call": ("arguments", ""),
}
_OUTPUTS = frozenset(
    {"function_call_output", "custom_tool_call_output", "local_shell_call_output", "shell_call_output"}
)


class _Reading:
    """One body being read: the items so far, and the calls that later outputs refer to."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.calls: dict[str, ToolCall] = {}

    def entry(self, raw: Json, path: Path) -> None:
        block = _lens.as_object(raw)
        if block is None:
            self.items.append(_lens.other_item("", raw))
            return
        kind = _lens.word(block, "type")
        place = path if block is raw else None
        read = _ENTRIES.get(kind)
        if read is not None:
            read(self, block, place)
        elif kind in _ARGUMENTS:
            self.called(block, kind)
        elif kind in _OUTPUTS:
            self.output(block, place)
        elif not kind and "role" in block:
            self.message(block, place)
        else:
            self.items.append(_lens.other_item(_lens.word(block, "role"), raw, hashed=kind not in _UNHASHED))

    def message(self, block: dict[str, Json], path: Path | None) -> None:
        role, content = _lens.word(block, "role"), block.get("content")
        place = (*path, "content") if path is not None else None
        if role not in _ROLES:
            self.items.append(_lens.other_item(role, block))
        elif role in _SYSTEM:
            self.items += _lens.unhashed_items(role, content)
        elif content is None or isinstance(content, str):
            self.text(role, content or "", place)
        elif isinstance(content, list):
            for index, raw in enumerate(content):
                self.content(role, raw, None if place is None else (*place, index))
        else:
            self.items.append(_lens.other_item(role, content))

    def text(self, role: str, text: str, leaf: Path | None) -> None:
        user = role == "user"
        self.items.append(_lens.text_item(role, text, leaf if user else None, split_host=user))

    def content(self, role: str, raw: Json, path: Path | None) -> None:
        block, text, leaf = _open(raw, path)
        if text is not None:
            self.text(role, text, leaf)
        elif block is not None and _lens.word(block, "type") == "input_image":
            self.items.append(_image(role, block, None))
        else:
            self.items.append(_lens.other_item(role, raw))

    def called(self, block: dict[str, Json], kind: str) -> ToolCall:
        key, name = _ARGUMENTS[kind]
        args = block.get(key)
        free = kind == "custom_tool_call" and isinstance(args, str)
        call = ToolCall(
            id=_lens.word(block, "call_id", "id"),
            name=name or _lens.word(block, "name"),
            args={"": args} if free else _lens.arguments(args),
        )
        self.calls[call.id] = call
        self.items.append(Item(role="assistant", kind="call", call=call))
        return call

    def answered(self, block: dict[str, Json]) -> ToolCall | None:
        name = _lens.word(block, "call_id", "id")
        return self.calls.get(name) or (ToolCall(id=name) if name else None)

    def output(self, block: dict[str, Json], path: Path | None) -> None:
        call, output = self.answered(block), block.get("output")
        place = (*path, "output") if path is not None else None
        start = len(self.items)
        if isinstance(output, str):
            self.items.append(_lens.result_item("tool", output, place, call))
        elif isinstance(output, list):
            for index, raw in enumerate(output):
                self.inside(raw, None if place is None else (*place, index), call)
            _lens.settle(self.items, start)
        elif output is not None:
            self.items.append(_lens.other_item("tool", output))
        if len(self.items) == start:
            self.items.append(_lens.result_item("tool", "", None, call))

    def inside(self, raw: Json, path: Path | None, call: ToolCall | None) -> None:
        """One block of an output: a text, an image, or what one shell command wrote."""
        block, text, leaf = _open(raw, path)
        if text is not None:
            self.items.append(_lens.result_item("tool", text, leaf, call))
        elif block is not None and _lens.word(block, "type") in ("input_image", "computer_screenshot"):
            self.items.append(_image("tool", block, call))
        elif block is not None and not block.keys().isdisjoint(("stdout", "stderr")):
            outcome = block.get("outcome")
            code = outcome.get("exit_code") if isinstance(outcome, dict) else None
            for stream in ("stdout", "stderr"):
                written = block.get(stream)
                if isinstance(written, str):
                    leaf = (*path, stream) if path is not None and block is raw else None
                    self.items.append(_lens.result_item("tool", written, leaf, call, code not in (None, 0)))
        else:
            self.items.append(_lens.other_item("tool", raw))

    def patched(self, block: dict[str, Json], path: Path | None) -> None:
        """The output of a patch is a line or two on what failed: shown, not a part."""
        output = block.get("output")
        failed = block.get("status") == "failed"
        text = output if isinstance(output, str) else "" if output is None else _lens.canonical(output)
        self.items.append(_lens.result_item("tool", text, None, self.answered(block), failed))

    def screened(self, block: dict[str, Json], path: Path | None) -> None:
        output = _lens.as_object(block.get("output"))
        self.items.append(_image("tool", output or block, self.answered(block)))

    def mcp(self, block: dict[str, Json], path: Path | None) -> None:
        """A call of the provider's own MCP client, with its output in the same item."""
        call, output = self.called(block, "mcp_call"), block.get("output")
        leaf = (*path, "output") if path is not None else None
        text = output if isinstance(output, str) else "" if output is None else _lens.canonical(output)
        failed = bool(block.get("error"))
        self.items.append(_lens.result_item("tool", text, leaf if isinstance(output, str) else None, call, failed))


_ENTRIES: dict[str, Callable[[_Reading, dict[str, Json], Path | None], None]] = {
    "message": _Reading.message,
    "mcp_call": _Reading.mcp,
    "apply_patch_call_output": _Reading.patched,
    "computer_call_output": _Reading.screened,
}


def _open(raw: Json, path: Path | None) -> tuple[dict[str, Json] | None, str | None, Path | None]:
    """A content block as a dict, its text if it is a text block, and the leaf of that text."""
    if isinstance(raw, str):
        return None, raw, None
    block = _lens.as_object(raw)
    if block is None or _lens.word(block, "type") not in _TEXTS or not isinstance(block.get("text"), str):
        return block, None, None
    return block, block["text"], (*path, "text") if path is not None and block is raw else None


def _image(role: str, block: dict[str, Json], call: ToolCall | None) -> Item:
    return _lens.image_item(role, _lens.word(block, "image_url", "file_id") or _lens.canonical(block), call)


def _judge(index: int, message: dict[str, Json]) -> float:
    kind, role = _lens.word(message, "type"), _lens.word(message, "role")
    if kind:
        known = kind in _ITEMS or kind.endswith(_ITEM_ENDINGS)
        return 1.0 if known and not (kind == "message" and "content" not in message) else 0.0
    if role not in _ROLES or "parts" in message or "tool_calls" in message:
        return 0.0
    content = message.get("content")
    if isinstance(content, list):
        kinds = [_lens.word(block, "type") if isinstance(block, dict) else "" for block in content]
        return 1.0 if any(kind in _ONLY_HERE for kind in kinds) else 0.0
    return 0.4 if isinstance(content, str) else 0.0


class OpenAIResponses:
    """Lens over Responses bodies (`{"input": …}`, WebSocket frames included) and bare item lists."""

    name = "openai-responses"

    def fit(self, body: Json) -> float:
        """How surely `body` is a Responses body, 0 to 1. A body for embeddings, which has `input` too, is none."""
        found = _lens.locate(body, _CONTAINERS)
        if found is None:
            return 0.0
        path, entries = found
        if path and _lens.word(body, "model").startswith("text-embedding"):
            return 0.0
        if isinstance(entries, str):
            return 0.9
        if not isinstance(entries, list):
            return 0.0
        return _lens.weigh(entries, _judge, 0.9 if path and all(isinstance(e, dict) for e in entries) else 0.0)

    def read(self, body: Json) -> list[Item]:
        """All items of `input` in order; `instructions` and `tools` are not conversation."""
        reading = _Reading()
        path, entries = _lens.locate(body, _CONTAINERS) or ((), None)
        if isinstance(entries, str):
            reading.text("user", entries, path)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            reading.entry(entry, (*path, index))
        return reading.items
