"""Reads what the provider says an answer cost, out of the bytes that pass by. Nothing is held back or changed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from headroom.prices import Usage
from headroom.proxy.decoding import parsed
from headroom.proxy.sse import Events

MAX_WHOLE = 16 * 1024 * 1024
"""A longer answer that is no stream is not kept to be read; its usage stays unknown."""

MOST_TOKENS = 10**9
"""A larger count is a mistake: no model reads that much."""

SHORTEST_NAME = 16
"""A shorter name of an answer is not the only one of its kind: Ollama draws `chatcmpl-512` from a thousand."""


def _number(found: Any, *path: str) -> int:
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= MOST_TOKENS else 0


def _anthropic(usage: Any) -> Usage:
    """The sums do not hold the compactions that the provider ran: each is a call with an account of its own."""
    calls = usage.get("iterations")
    compactions = [call for call in calls if _is_compaction(call)] if isinstance(calls, list) else []
    return Usage(*map(sum, zip(*map(_anthropic_call, (usage, *compactions)), strict=True)))


def _is_compaction(call: Any) -> bool:
    return isinstance(call, dict) and call.get("type") == "compaction"


def _anthropic_call(usage: Any) -> Usage:
    hour = _number(usage, "cache_creation", "ephemeral_1h_input_tokens")
    short = _number(usage, "cache_creation", "ephemeral_5m_input_tokens")
    written = _number(usage, "cache_creation_input_tokens") or hour + short
    hour = min(hour, written)
    return Usage(
        _number(usage, "input_tokens"), _number(usage, "cache_read_input_tokens"), written - hour, hour,
        _number(usage, "output_tokens"),
    )  # fmt: skip


def _openai(usage: Any, prompt: str, details: str, output: str) -> Usage:
    read = _number(usage, details, "cached_tokens")
    write = _number(usage, details, "cache_write_tokens")
    fresh = max(0, _number(usage, prompt) - read - write)
    return Usage(fresh, read, write, 0, _number(usage, output))


def _gemini(usage: Any) -> Usage:
    read = _number(usage, "cachedContentTokenCount")
    prompt = _number(usage, "promptTokenCount") + _number(usage, "toolUsePromptTokenCount")
    made = _number(usage, "candidatesTokenCount") + _number(usage, "thoughtsTokenCount")
    return Usage(max(0, prompt - read), read, 0, 0, made)


READERS: Mapping[str, Callable[[Any], Usage]] = MappingProxyType(
    {
        "anthropic": _anthropic,
        "openai-chat": lambda u: _openai(u, "prompt_tokens", "prompt_tokens_details", "completion_tokens"),
        "openai-responses": lambda u: _openai(u, "input_tokens", "input_tokens_details", "output_tokens"),
        "gemini": _gemini,
    }
)
"""How each dialect's usage object is read."""

_SIGNS = (b'"usage', b'"message_start"', b'"message_delta"')
"""An event without one of these says nothing of usage: it is not parsed."""


CODINGS: Mapping[str, int] = MappingProxyType({"gzip": 47, "x-gzip": 47, "deflate": 47})
"""Content codings that are looked through, with zlib's number for a header of either kind."""


class Meter:
    """Collects the usage of one answer: `feed` it the bytes as they pass, and ask for the `usage` at their end. It
    never raises: what it cannot read is an answer without an account."""

    def __init__(self, dialect: str, content_type: str, coding: str = "") -> None:
        coding = coding.strip().lower()
        self._read = READERS.get(dialect) if coding in ("", "identity", *CODINGS) else None
        self._events = Events() if "event-stream" in content_type.lower() else None
        self._inflate = zlib.decompressobj(CODINGS[coding]) if coding in CODINGS else None
        self._whole: bytearray | None = bytearray() if "json" in content_type.lower() else None
        self._found: dict[str, Any] = {}
        self.name: str | None = None
        """What the provider calls the answer, if that is a name of its own; the same answer seen twice is counted
        once."""

    def feed(self, data: bytes) -> None:
        """Looks at the next bytes of the answer."""
        if self._read is None:
            return
        if self._inflate is not None:
            try:
                data = self._inflate.decompress(data)
            except zlib.error:
                self._read = None
                return
        if self._events is not None:
            self._look(data)
        elif self._whole is not None:
            self._whole += data
            if len(self._whole) > MAX_WHOLE:
                self._whole = None

    def usage(self) -> Usage | None:
        """What the provider billed, None if it said nothing."""
        if self._events is not None:
            self._look(b"\n\n")  # an answer may end without the blank line
        if self._whole:
            self._note(bytes(self._whole))
            self._whole.clear()
        return self._read(self._found) if self._read is not None and self._found else None

    def _look(self, data: bytes) -> None:
        assert self._events is not None
        for event in self._events.feed(data):
            if any(sign in event.data for sign in _SIGNS):
                self._note(event.data)

    def _note(self, data: bytes) -> None:
        told = parsed(data)
        for chunk in told if isinstance(told, list) else [told]:
            for holder in (chunk, *(_under(chunk, key) for key in ("message", "response"))):
                for key in ("usage", "usageMetadata"):
                    usage = _under(holder, key)
                    self._found |= {name: value for name, value in usage.items() if value is not None}
                name = holder.get("id") or holder.get("responseId") if isinstance(holder, dict) else None
                if self.name is None and isinstance(name, str) and len(name) >= SHORTEST_NAME:
                    self.name = name


def _under(holder: Any, key: str) -> dict[str, Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}
