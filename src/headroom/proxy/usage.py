"""Reads what the provider says an answer cost, out of the bytes that pass by. Nothing is held back or changed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from headroom.prices import Usage, tier
from headroom.proxy.decoding import parsed
from headroom.proxy.eventstream import CONTENT_TYPE, Frames
from headroom.proxy.sse import Events

MAX_WHOLE = 16 * 1024 * 1024
"""A longer answer that is no stream is not kept to be read; its usage stays unknown."""

MOST_TOKENS = 10**9
"""A larger count is a mistake: no model reads that much."""

MOST_CHARS = 40
"""Of a tier's name, this much is kept."""

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
    if not compactions:
        return _anthropic_call(usage)
    told = [_anthropic_call(call)[:-1] for call in (usage, *compactions)]
    fresh, read, write, hour, made = map(sum, zip(*told, strict=True))
    return Usage(fresh, read, write, hour, made)


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


def _converse(usage: Any) -> Usage:
    return Usage(
        _number(usage, "inputTokens"), _number(usage, "cacheReadInputTokens"), *_converse_writes(usage),
        _number(usage, "outputTokens"),
    )  # fmt: skip


def _converse_writes(usage: Any) -> tuple[int, int]:
    """What was written for five minutes, and for an hour: `cacheDetails` tells them apart, where it is there."""
    told = usage.get("cacheDetails")
    details = told if isinstance(told, list) else []
    hour = sum(_number(one, "inputTokens") for one in details if isinstance(one, dict) and one.get("ttl") == "1h")
    written = _number(usage, "cacheWriteInputTokens")
    return written - min(hour, written), min(hour, written)


READERS: Mapping[str, Callable[[Any], Usage]] = MappingProxyType(
    {
        "anthropic": _anthropic,
        "openai-chat": lambda u: _openai(u, "prompt_tokens", "prompt_tokens_details", "completion_tokens"),
        "openai-responses": lambda u: _openai(u, "input_tokens", "input_tokens_details", "output_tokens"),
        "gemini": _gemini,
        "converse": _converse,
    }
)
"""How each dialect's usage object is read."""

_SIGNS = re.compile(rb'sage(?:(?<="usage)|(?<="message)_(?:start|delta)")')
"""An event without `"usage`, `"message_start"` or `"message_delta"` says nothing of usage: it is not parsed. What all
of them share comes first: it is found six times as fast (measured) as a quote, of which there are many."""


def account(dialect: str, usage: Mapping[str, Any]) -> Usage:
    """What a usage object says, with the tier that stands in it or was put there."""
    read, told = READERS[dialect](usage), tier(usage)
    return read._replace(tier=told[:MOST_CHARS]) if told else read


def billed(holder: Mapping[str, Any]) -> dict[str, Any]:
    """The account that an answer, or an event of one, holds: its usage, and the tier that stands beside that. Without
    a usage it says what was asked for, not what was billed."""
    if "usage" not in holder and "usageMetadata" not in holder:
        return {}  # most have none
    found = _under(holder, "usage") | _under(holder, "usageMetadata")
    if not found:
        return {}
    beside = {key: holder[key] for key in ("service_tier", "serviceTier") if key in holder}
    return {name: value for name, value in (beside | found).items() if value is not None}


CODINGS: Mapping[str, int] = MappingProxyType({"gzip": 47, "x-gzip": 47, "deflate": 47})
"""Content codings that are looked through, with zlib's number for a header of either kind."""


class Meter:
    """Collects the usage of one answer: `feed` it the bytes as they pass, and ask for the `usage` at their end. It
    never raises: what it cannot read is an answer without an account."""

    def __init__(self, dialect: str, content_type: str, coding: str = "") -> None:
        coding = coding.strip().lower()
        self._dialect = dialect if dialect in READERS and coding in ("", "identity", *CODINGS) else ""
        self._events = Events() if "event-stream" in content_type.lower() else None
        self._frames = Frames() if CONTENT_TYPE in content_type.lower() else None
        self._inflate = zlib.decompressobj(CODINGS[coding]) if coding in CODINGS else None
        self._whole: bytearray | None = bytearray() if "json" in content_type.lower() else None
        self._found: dict[str, Any] = {}
        self.output: list[Any] = []
        """The items of a whole answer of Responses, or of the last event of a streamed one."""
        self.name: str | None = None
        """What the provider calls the answer, if that is a name of its own; the same answer seen twice is counted
        once."""

    def feed(self, data: bytes) -> None:
        """Looks at the next bytes of the answer."""
        if not self._dialect:
            return
        if self._inflate is not None:
            try:
                data = self._inflate.decompress(data)
            except zlib.error:
                self._dialect = ""
                return
        if self._events is not None:
            self._look(data)
        elif self._frames is not None:
            for said in (frame.said() for frame in self._frames.feed(data)):
                if _SIGNS.search(said):
                    self._note(said)
        elif self._whole is not None:
            self._whole += data
            if len(self._whole) > MAX_WHOLE:
                self._whole = None

    def end(self) -> None:
        """Looks at what is known only at the answer's end: all of one in one piece, the last event of a stream. What is
        fed later is not read."""
        if self._events is not None:
            self._look(b"\n\n")  # an answer may end without the blank line
        if self._whole:
            self._note(bytes(self._whole))
        self._events = self._frames = self._whole = None

    def usage(self) -> Usage | None:
        """What the provider billed, None if it said nothing."""
        self.end()
        return account(self._dialect, self._found) if self._dialect and self._found else None

    def _look(self, data: bytes) -> None:
        assert self._events is not None
        for event in self._events.feed(data, _SIGNS):
            self._note(event.data)

    def _note(self, data: bytes) -> None:
        told = parsed(data)
        for chunk in told if isinstance(told, list) else [told]:
            for holder in (chunk, _under(chunk, "message"), _under(chunk, "response")):
                if not isinstance(holder, dict) or not holder:
                    continue
                self._found |= billed(holder)
                output = holder.get("output")
                self.output = output if isinstance(output, list) and output else self.output
                name = holder.get("id") or holder.get("responseId")
                if self.name is None and isinstance(name, str) and len(name) >= SHORTEST_NAME:
                    self.name = name


def _under(holder: Any, key: str) -> dict[str, Any]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}
