"""The keys under which a decision is found again: a running hash over a conversation's items, and a part's own text.

The chain covers what the model reads and clients keep: role, kind, tool name, arguments with sorted keys, text. It
does not cover what clients move, strip or rewrite between requests (ids, message boundaries, `cache_control`,
thinking, tools, system text, host reminders): items marked unhashed, and tails. See ARCHITECTURE.md, "Pins".
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from headroom.types import Item, Json, TextKey, WayBack

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)
"""Made once: `json.dumps` would make one for each call."""


def chain(dialect: str, items: Sequence[Item]) -> list[bytes]:
    """For each item the SHA-256 over the dialect and all hashed items up to and including it (32 bytes each)."""
    running = hashlib.sha256(_field(dialect))
    values: list[bytes] = []
    value = running.digest()
    for item in items:
        if item.hashed:
            running.update(_content(item))
            value = running.digest()
        values.append(value)
    return values


def text_keys(parts: Sequence[Item], way: WayBack) -> list[TextKey]:
    """The second keys of pins: the call that produced each part, and the part's text. Parts without a call are told
    apart by how often the same text stood before them."""
    seen: Counter[str] = Counter()
    keys = []
    for part in parts:
        call_id = part.call.id if part.call else ""
        if not call_id:
            seen[part.text] += 1
            call_id = f"#{seen[part.text]}"
        keys.append(TextKey(way, call_id, sent_hash(part.head + part.text)))
    return keys


def sent_hash(text: str) -> bytes:
    """SHA-256 of a text (32 bytes)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _content(item: Item) -> bytes:
    front, call = _kind(item.role, item.kind), item.call
    if item.kind == "call" and call is not None:
        front += _field(call.name) + _field(_sorted(call.args))
    if item.head:
        front += _field(item.head)
    return front + _field(item.text)


@lru_cache(maxsize=256)
def _kind(role: str, kind: str) -> bytes:
    return _field(role) + _field(kind)


def _sorted(args: Mapping[str, Json]) -> str:
    try:
        return _ENCODER.encode(args)
    except (RecursionError, ValueError, TypeError):
        # Nested beyond the interpreter's stack, circular, or keys of mixed types: no rendering depends on such
        # arguments, and the results behind the call are still told apart by their own text.
        return "unsortable"


def _field(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return len(data).to_bytes(8, "big") + data
