"""Anthropic Messages: our calls are content blocks of their own, so a block is taken out and the others renumbered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.retrieve.answers import Streamed, Whole, complaint
from headroom.proxy.retrieve.blocks import Blocks
from headroom.proxy.retrieve.turn import Answer, Call, Record, Round
from headroom.proxy.sse import Event
from headroom.retrieval import DESCRIPTION, PARAMETERS, TOOL
from headroom.types import Json

NAME = "anthropic"

NORMAL_STOPS = frozenset({"tool_use", "end_turn", "stop_sequence"})

INVALID = "INVALID_JSON"
"""Under this name the provider's manual has the text of arguments that are no JSON sent back: a call's input must be
an object."""

_DEFINITION: Json = {"name": TOOL, "description": DESCRIPTION, "input_schema": PARAMETERS}

_ENDING = frozenset({b"message_delta", b"message_stop"})

_THOUGHT = frozenset({"thinking", "redacted_thinking"})

_DELTAS = {
    "text_delta": "text", "input_json_delta": "partial_json", "thinking_delta": "thinking",
    "signature_delta": "signature", "citations_delta": "citation",
}  # fmt: skip
"""The field of each kind of delta that adds to its block."""


class Anthropic:
    """The dialect as the retrieving proxy needs it."""

    def declared(self, body: Json, *, always: bool = False) -> Json:
        tools, choice = body.get("tools"), body.get("tool_choice")
        forced = isinstance(choice, dict) and choice.get("type") not in (None, "auto")
        if not isinstance(tools, list) or not tools or (forced and not always):
            return body
        if any(isinstance(tool, dict) and tool.get("name") == TOOL for tool in tools):
            return body  # the client's own: it answers it as well
        return {**body, "tools": [_DEFINITION, *tools]}

    def turn(self, *, stream: bool) -> AnthropicStream | AnthropicWhole:
        return AnthropicStream() if stream else AnthropicWhole()

    def follow_up(self, body: Json, done: Round, answers: Sequence[Answer]) -> Json:
        messages, marked = _without_last_mark(body["messages"])
        results = [_result(answer) for answer in answers]
        if marked is not None:
            results[-1] = {**results[-1], "cache_control": marked}
        said = {"role": "assistant", "content": list(done.output)}
        return {**body, "messages": [*messages, said, {"role": "user", "content": results}]}

    def keys(self, body: Json) -> list[bytes]:
        return [key for found in _BLOCKS.sought(body["messages"]) for key in found]

    def expanded(self, body: Json, edited: Json, records: Mapping[bytes, Json]) -> Json:
        return (
            {**edited, "messages": _BLOCKS.expanded(body["messages"], edited["messages"], records)}
            if records
            else edited
        )


class AnthropicStream(Streamed):
    """A streamed answer. Everything passes as raw bytes until a block of ours begins."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = 0
        """Blocks the client has seen so far, over all rounds."""
        self._spoke = False
        """True once the client has seen more than thoughts."""
        self._output = 0
        """Output tokens of the rounds so far."""
        self._begin()

    def _begin(self) -> None:
        self._blocks: dict[int, dict[str, Any]] = {}
        self._deltas: list[dict[str, Any] | bytes] = []
        self._index: dict[int, int] = {}
        """The client's index of each block of this round."""
        self._held: list[bytes] = []
        self._end: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._hides = self._rounds > 0

    def _passed(self, event: Event) -> bytes:
        kind = event.name
        if kind == b"content_block_delta" and not self._hides:
            self._deltas.append(event.data)  # read when it turns out that somebody needs it: mostly nobody does
            return event.raw
        told = parsed(event.data) if event.data else None
        if not isinstance(told, dict):
            return event.raw
        kind = kind or str(told.get("type")).encode()
        if kind.startswith(b"content_block_"):
            return self._block(event, kind, told)
        if kind == b"message_start":
            self._usage |= (told.get("message") or {}).get("usage") or {}
            return b"" if self._rounds else event.raw
        return self._ending(event, kind, told) if kind in _ENDING else event.raw

    def _block(self, event: Event, kind: bytes, told: dict[str, Any]) -> bytes:
        """An event of a block under the client's index; nothing of a block of ours."""
        index = told.get("index")
        if not isinstance(index, int):
            return event.raw
        if kind == b"content_block_start":
            block = told.get("content_block") or {}
            self._blocks[index] = {"block": block}
            if _is_ours(block):
                self._hides = True
            else:
                self._index[index] = self._shown
                self._shown += 1
                self._spoke = self._spoke or block.get("type") not in _THOUGHT
        elif kind == b"content_block_delta":
            self._deltas.append(told)
        if index not in self._index:
            return b"" if index in self._blocks else event.raw
        shown = self._index[index]
        return event.raw if shown == index else _event(kind, {**told, "index": shown})

    def _said(self) -> list[dict[str, Any]]:
        """The round's blocks as their deltas made them, in order."""
        for delta in self._deltas:
            told = parsed(delta) if isinstance(delta, bytes) else delta
            parts, delta = self._blocks.get((told or {}).get("index", -1)), (told or {}).get("delta") or {}
            field = _DELTAS.get(str(delta.get("type")))
            if parts is not None and field is not None:
                parts.setdefault(field, []).append(delta.get(field, ""))
        return [_whole(self._blocks[index]) for index in sorted(self._blocks)]

    def _ending(self, event: Event, kind: bytes, told: dict[str, Any]) -> bytes:
        if kind == b"message_delta":
            self._usage |= {name: value for name, value in (told.get("usage") or {}).items() if value is not None}
            self._end = told
        if not self._hides:
            return event.raw
        self._held.append(event.raw)
        return b""

    def end_round(self) -> Round:
        self._flush()
        stop = (self._end.get("delta") or {}).get("stop_reason") or ""
        done = _round(self._said() if self._hides else (), stop)
        self._last = (done, self._end, b"".join(self._held), self._usage)
        self._output += self._usage.get("output_tokens") or 0
        self._rounds += 1
        self._begin()
        return done

    def finish(self) -> bytes:
        done, end, held, usage = self._last
        if self._rounds == 1 or not end:
            return held + self._tail
        ended = {**(end.get("delta") or {}), "stop_reason": _stop(done, end["delta"].get("stop_reason"))}
        told = {**end, "delta": ended, "usage": {**usage, "output_tokens": self._output}}
        return self._tail + _event(b"message_delta", told) + _event(b"message_stop", {"type": "message_stop"})

    def failed(self, status: int, body: bytes) -> bytes:
        if not self._spoke:
            return b""
        return _event(b"error", {"type": "error", "error": {"type": "api_error", **complaint(status, body)}})

    def waiting(self) -> bytes:
        return _event(b"ping", {"type": "ping"})

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _BLOCKS.record(request, rounds)


class AnthropicWhole(Whole):
    """An answer in one piece: the rounds' contents are put together at the end."""

    def _read(self, answer: Any) -> Round:
        return _round(list(answer["content"]), answer.get("stop_reason") or "")

    def _joined(self) -> Json:
        last = self._answers[-1]
        content = [block for message in self._answers for block in message["content"] if not _is_ours(block)]
        usage = dict(last.get("usage") or {})
        usage["output_tokens"] = sum((m.get("usage") or {}).get("output_tokens") or 0 for m in self._answers)
        stop = _stop(self._last, last.get("stop_reason"))
        return {**last, "id": self._answers[0].get("id"), "content": content, "stop_reason": stop, "usage": usage}

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _BLOCKS.record(request, rounds)


def _is_ours(block: Json) -> bool:
    return isinstance(block, dict) and block.get("type") == "tool_use" and block.get("name") == TOOL


def _whole(parts: dict[str, Any]) -> dict[str, Any]:
    """A block as its deltas made it."""
    block = dict(parts["block"])
    for name in ("text", "thinking", "signature"):
        if name in parts:
            block[name] = (block.get(name) or "") + "".join(parts[name])
    if text := "".join(parts.get("partial_json", ())):
        found = parsed(text)
        block["input"] = found if isinstance(found, dict) else {INVALID: text}
    if "citation" in parts:
        block["citations"] = [*(block.get("citations") or []), *parts["citation"]]
    return block


def _round(blocks: Sequence[dict[str, Any]], stop: str) -> Round:
    hidden = tuple(Call(block["id"], block.get("input")) for block in blocks if _is_ours(block))
    own = any(block.get("type") == "tool_use" and not _is_ours(block) for block in blocks)
    kept = tuple(block for block in blocks if block.get("type") != "text" or (block.get("text") or "").strip())
    return Round(hidden=hidden, own=own, normal=stop in NORMAL_STOPS, output=kept)


def _stop(done: Round, stop: Json) -> Json:
    """Why the turn ended, as the client may know it: not for a call of ours."""
    return "end_turn" if stop == "tool_use" and not done.own else stop


def _result(answer: Answer) -> dict[str, Any]:
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": answer.id, "content": answer.text}
    return {**result, "is_error": True} if answer.is_error else result


def _without_last_mark(messages: list[Json]) -> tuple[list[Json], Json]:
    """The messages without the cache mark of the last one, and the mark: it moves to our result, so that what is
    fetched is written to the cache once."""
    content = messages[-1].get("content") if messages else None
    if not isinstance(content, list):
        return messages, None
    for at in range(len(content) - 1, -1, -1):
        mark = content[at].get("cache_control") if isinstance(content[at], dict) else None
        if mark is not None:
            changed = {**messages[-1], "content": [*content[:at], _unmarked(content[at]), *content[at + 1 :]]}
            return [*messages[:-1], changed], mark
    return messages, None


def _unmarked(block: Json) -> Json:
    return {key: value for key, value in block.items() if key != "cache_control"} if isinstance(block, dict) else block


def _blocks(message: Json) -> list[Json]:
    content = message.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or [])


def _issued(block: Json) -> str:
    if not isinstance(block, dict) or (block.get("type") not in _THOUGHT and block.get("type") != "tool_use"):
        return ""
    return str(block.get("signature") or block.get("data") or block.get("id") or "")


def _plain(block: Json) -> Json:
    """A block without its mark; thinking comes and goes."""
    return None if isinstance(block, dict) and block.get("type") in _THOUGHT else _unmarked(block)


def _text(block: Json) -> str:
    return str(block.get("text") or "") if isinstance(block, dict) else ""


def _same(echo: Json, block: Json) -> bool:
    if not isinstance(echo, dict) or echo.get("type") != block.get("type"):
        return False
    name = next((key for key in ("signature", "data", "id", "text", "thinking") if block.get(key)), "")
    return bool(echo.get(name) == block.get(name)) if name else bool(_unmarked(echo) == block)


_BLOCKS = Blocks(NAME, _blocks, _is_ours, _issued, _plain, _text, _same, _result)


def _event(name: bytes, data: Json) -> bytes:
    return b"event: " + name + b"\ndata: " + encoded(data) + b"\n\n"
