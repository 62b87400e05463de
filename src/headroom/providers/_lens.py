"""What the lenses share: finding the message list in a body, turning blocks into items, judging a dialect.

Reading never raises and never copies a text. A block that is not understood becomes an item of kind `other` whose text
is a canonical dump, so that the chain covers it; what clients move or strip (`cache_control`, ids, signatures) is left
out of that dump. A leaf is given only where the whole way to it is plain dicts and lists.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from headroom.providers._host import is_reminder, split
from headroom.providers._quoted import opened
from headroom.types import Item, Json, Path, ToolCall

MAX_DUMP = 4096
"""Characters above which a dump is given by its hash: a document in base64 must not be carried along twice."""

MAX_DEPTH = 64
"""Levels inside a result that is JSON below which strings are hashed but are no parts: no tool nests like that, an
attack may."""

_MARKERS = frozenset({"cache_control", "prompt_cache_breakpoint", "thoughtSignature", "thought_signature"})
_UNSTABLE = _MARKERS | {"id", "call_id", "tool_use_id", "status", "signature"}


def as_object(value: Json) -> dict[str, Json] | None:
    """`value` as a dict: itself, or what an SDK's model object dumps to. None for anything else."""
    if isinstance(value, dict):
        return value
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        dumped = dump(mode="json", exclude_unset=True)  # what the SDKs send
        return dumped if isinstance(dumped, dict) else None
    return None


def word(block: Mapping[str, Json], key: str, *others: str) -> str:
    """The string under `key`, else the first under one of `others`, else ""."""
    value = block.get(key)
    if isinstance(value, str):
        return value
    return word(block, *others) if others else ""


def digest(text: str) -> str:
    """SHA-256 of a text in hex; unpaired surrogates count as the bytes they would be."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: Json) -> str:
    """A dump of `value` that is equal for equal JSON values, cache markers aside; its hash if it is long."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=repr)
        if any(f'"{marker}"' in text for marker in _MARKERS):
            bare = json.loads(text, object_hook=_without_markers)
            text = json.dumps(bare, sort_keys=True, separators=(",", ":"))
    except (RecursionError, TypeError):
        text = "".join(_tokens(value))
    return text if len(text) <= MAX_DUMP else f"sha256:{digest(text)}"


def _without_markers(value: dict[str, Json]) -> dict[str, Json]:
    return {key: item for key, item in value.items() if key not in _MARKERS}


def _tokens(value: Json) -> Iterable[str]:
    """A dump without recursion, for what nests deeper than the C encoder goes."""
    stack: list[Json | tuple[str]] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            yield str(item[0])
        elif isinstance(item, dict):
            stack.append(("}",))
            for key in sorted(item, key=str, reverse=True):
                if key not in _MARKERS:
                    stack += [item[key], (f"{key!r}:",)]
            yield "{"
        elif isinstance(item, list):
            stack.append(("]",))
            for element in reversed(item):
                stack += [(",",), element]
            yield "["
        else:
            yield repr(item)


def arguments(value: Json) -> Mapping[str, Json]:
    """A call's arguments as decoded JSON. What is no JSON object stands under the empty name."""
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            decoded = json.loads(value)
        except (ValueError, RecursionError):
            return {"": value}
        return decoded if isinstance(decoded, dict) else {"": value}
    if isinstance(value, dict):
        return value
    return {} if value is None else {"": value}


def strings(value: Json) -> Iterator[tuple[Path, str]]:
    """Every string inside `value` with the way to it, in document order, without recursion."""
    stack: list[tuple[Path, Json]] = [((), value)]
    while stack:
        way, item = stack.pop()
        if isinstance(item, str):
            yield way, item
        elif len(way) > MAX_DEPTH:
            if isinstance(item, dict | list):
                yield way, canonical(item)
        elif isinstance(item, dict):
            stack += [((*way, key), item[key]) for key in reversed(item)]
        elif isinstance(item, list):
            stack += [((*way, index), item[index]) for index in reversed(range(len(item)))]


# --- items ---


def text_item(role: str, text: str, leaf: Path | None, *, split_host: bool = True) -> Item:
    """A text block outside results. One that is wholly host reminders is neither hashed nor a part."""
    if not split_host:
        return Item(role=role, kind="text", text=text)
    host = split(text)
    if not host.body and host.tail == text and is_reminder(text):
        return Item(role=role, kind="text", tail=text, hashed=False)
    return Item(
        role=role, kind="text", text=host.body, leaf=leaf if host.body else None, head=host.head, tail=host.tail
    )


def result_item(role: str, text: str, leaf: Path | None, call: ToolCall | None, is_error: bool = False) -> Item:
    """A text of a tool's result. Without a body (only host text, or nothing) it is no part."""
    head, body, tail, failed = split(text)
    inner = opened(body)
    if inner is not None:
        head, body, tail = head + inner.head, inner.text, inner.tail + tail
    return Item(
        role=role,
        kind="result",
        text=body,
        call=call,
        leaf=leaf if body else None,
        head=head,
        tail=tail,
        is_error=is_error or failed,
        quotes=inner.quotes if inner else "",
    )


def image_item(role: str, data: str, call: ToolCall | None = None) -> Item:
    """An image, told by the hash of its data or address."""
    return Item(role=role, kind="image", text=digest(data), call=call)


def other_item(role: str, block: Json, *, hashed: bool = True) -> Item:
    """What no lens touches. Unhashed, its text is left out too: nothing may depend on it."""
    if not hashed:
        return Item(role=role, kind="other", hashed=False)
    if isinstance(block, dict):
        block = {key: value for key, value in block.items() if key not in _UNSTABLE}
    return Item(role=role, kind="other", text=canonical(block))


def unhashed_items(role: str, content: Json) -> list[Item]:
    """System and developer text, wherever it stands: shown, never hashed, never a part."""
    blocks = content if isinstance(content, list) else [content]
    texts = [block if isinstance(block, str) else word(as_object(block) or {}, "text") for block in blocks]
    kinds: list[Literal["text", "other"]] = ["text" if text else "other" for text in texts]
    return [Item(role=role, kind=kind, text=text, hashed=False) for kind, text in zip(kinds, texts, strict=True)]


def settle(items: list[Item], start: int) -> None:
    """Takes reminders that are blocks of their own out of the chain, within one result (the items from `start`).

    Clients add and drop such blocks. If the result holds nothing else, its first block stays, as the empty text
    that an empty result is.
    """
    if len(items) - start < 2:
        return
    reminders = [i for i in range(start, len(items)) if _only_reminder(items[i])]
    if len(reminders) == len(items) - start:
        reminders = reminders[1:]
    for i in reminders:
        items[i] = items[i]._replace(hashed=False)


def _only_reminder(item: Item) -> bool:
    return item.kind == "result" and not item.text and not item.head and is_reminder(item.tail)


# --- bodies ---


def locate(body: Json, containers: Iterable[Path]) -> tuple[Path, Json] | None:
    """The message list of `body` and the path to it: the body itself if it is a list, else the first container."""
    if isinstance(body, list):
        return (), body
    for path in containers:
        value = body
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return path, value
    return None


class Reading:
    """One body being read: the items so far, and the calls that later results refer to."""

    roles: frozenset[str]
    """Messages of other roles are not understood."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.calls: dict[str, ToolCall] = {}

    def message(self, raw: Json, path: Path) -> None:
        """Adds the items of the message at `path`."""
        message = as_object(raw)
        role = word(message, "role") if message is not None else ""
        if message is None or role not in self.roles:
            self.items.append(other_item(role, raw))
        else:
            self.said(role, message, path if message is raw else None)

    def said(self, role: str, message: dict[str, Json], path: Path | None) -> None:
        """Adds the items of what somebody said; without a path nothing of it can be edited."""
        raise NotImplementedError

    def call_of(self, name: str) -> ToolCall | None:
        """The call that a result names by its id."""
        return self.calls.get(name) or (ToolCall(id=name) if name else None)


class Messages:
    """A dialect whose conversation is the list under `messages`, or the body itself if it is a list."""

    CONTAINERS: ClassVar[tuple[Path, ...]] = (("messages",),)

    name: str
    reading: type[Reading]

    def fit(self, body: Json) -> float:
        """How surely `body` is of this dialect, 0 to 1."""
        found = locate(body, self.CONTAINERS)
        if found is None or not isinstance(found[1], list):
            return 0.0
        return weigh(found[1], self.judge, self.known(body))

    def read(self, body: Json) -> list[Item]:
        """All items of the conversation in order; what stands beside `messages` is not conversation."""
        reading = self.reading()
        path, messages = locate(body, self.CONTAINERS) or ((), None)
        for index, message in enumerate(messages if isinstance(messages, list) else []):
            reading.message(message, (*path, index))
        return reading.items

    @staticmethod
    def judge(index: int, message: dict[str, Json]) -> float:
        """How surely one message is of this dialect, as `weigh` has it."""
        raise NotImplementedError

    @staticmethod
    def known(body: Json) -> float:
        """How surely the rest of the body is."""
        raise NotImplementedError


def weigh(messages: Sequence[Json], judge: Callable[[int, dict[str, Json]], float], known: float = 0.0) -> float:
    """How surely a message list is of a dialect, 0 to 1.

    `judge` gives 1 for a message that no other dialect has, 0 for one that this dialect does not have, and the
    likeliness in between; `known` is what the rest of the body says. A list that holds foreign messages counts a
    fifth, unless the body or a message decides; one that holds nothing else is not of this dialect.
    """
    best, foreign = 0.0, False
    for index, message in enumerate(messages):
        score = judge(index, message) if isinstance(message, dict) else 0.0
        if score >= 1.0:
            return 1.0
        foreign = foreign or score == 0.0
        best = max(best, score)
    if foreign and not best:
        return 0.0
    return max(known, best / 5 if foreign else best or 0.5)
