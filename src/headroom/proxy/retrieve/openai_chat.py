"""OpenAI Chat Completions: our calls are entries of `tool_calls`; clients join the texts of a turn into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headroom.proxy.decoding import arguments, encoded, parsed
from headroom.proxy.retrieve.answers import Streamed, Whole, complaint, exchanged
from headroom.proxy.retrieve.keys import heads, keys, without
from headroom.proxy.retrieve.turn import Answer, Call, Record, Round
from headroom.proxy.sse import Event
from headroom.retrieval import DESCRIPTION, PARAMETERS, TOOL
from headroom.types import Json

NAME = "openai-chat"

NORMAL_STOPS = frozenset({"tool_calls", "stop", "function_call"})

DONE = b"[DONE]"

_DEFINITION: Json = {
    "type": "function",
    "function": {"name": TOOL, "description": DESCRIPTION, "parameters": PARAMETERS},
}

_NEWS = (b'"tool_calls"', b'"finish_reason":"', b'"finish_reason": "', b'"usage":{', b'"usage": {', DONE)
"""A chunk without one of these is text: it passes unread."""

_THOUGHT = ("reasoning_content", "reasoning")
"""What servers call a model's thinking; some want it back within a turn."""

_SPOKEN = ("content", *_THOUGHT, "refusal")
"""Fields of a delta that are pieces of a string."""


class OpenAIChat:
    """The dialect as the retrieving proxy needs it."""

    def declared(self, body: Json, *, always: bool = False) -> Json:
        tools = body.get("tools")
        forced = body.get("tool_choice") not in (None, "auto") and not always
        if not isinstance(tools, list) or not tools or forced or body.get("n") not in (None, 1):
            return body
        if any(_is_ours(tool) for tool in tools):
            return body  # the client's own: it answers it as well
        return {**body, "tools": [_DEFINITION, *tools]}

    def turn(self, *, stream: bool) -> ChatStream | ChatWhole:
        return ChatStream() if stream else ChatWhole()

    def follow_up(self, body: Json, done: Round, answers: Sequence[Answer]) -> Json:
        return {**body, "messages": [*body["messages"], *done.output, *map(_result, answers)]}

    def keys(self, body: Json) -> list[bytes]:
        return [key for found in _sought(body["messages"]) for key in found]

    def expanded(self, body: Json, edited: Json, records: Mapping[bytes, Json]) -> Json:
        if not records:
            return edited
        made: list[Json] = []
        for message, sought in zip(edited["messages"], _sought(body["messages"]), strict=True):
            record = next((records[key] for key in sought if key in records), None)
            made += _restored(message, record) if record else [message]
        return {**edited, "messages": made}


def _record(request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
    told = exchanged(rounds, _result)
    said = [done.output[0] for done, _ in rounds if done.output]
    ids = [call.get("id") or "" for message in said for call in _calls(message) if not _is_ours(call)]
    head = heads([*map(_plain, request["messages"]), None])[-1]
    found = keys(NAME, ids, head, "".join(map(_text, said)), every=True)
    return Record(tuple(found), told) if found and told else None


class ChatStream(Streamed):
    """A streamed answer. Chunks of text pass unread; our calls are taken out, the client's renumbered."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = 0
        """Calls that the client has seen begin."""
        self._id: str | None = None
        self._output = 0
        """Output tokens of the rounds so far."""
        self._begin()

    def _begin(self) -> None:
        self._chunks: list[bytes] = []
        self._slots = _Slots()
        self._index: dict[int, int | None] = {}
        """The client's index of each call of this round, None for ours."""
        self._held: list[bytes] = []
        """Data of the events that end the round."""
        self._hides = self._rounds > 0

    def _passed(self, event: Event) -> bytes:
        if not event.data:
            return event.raw
        self._chunks.append(event.data)
        if not self._hides and not any(sign in event.data for sign in _NEWS):
            return event.raw
        chunk = parsed(event.data) if event.data != DONE else {"usage": DONE}
        choices = chunk.get("choices") if isinstance(chunk, dict) else None
        if not isinstance(chunk, dict) or not choices or not isinstance(choices[0], dict):
            return self._kept(event) if isinstance(chunk, dict) and chunk.get("usage") else event.raw
        self._id = self._id or chunk.get("id")
        shown = self._shown_of(choices[0])
        said = shown.get("delta") or {}
        if choices[0].get("finish_reason") and self._hides:
            self._held.append(event.data)
            said = {k: v for k, v in said.items() if v and k != "role"}
            ended = {**chunk, "id": self._id, "choices": [{**shown, "delta": said, "finish_reason": None}]}
            return _event(ended) if said else b""
        if shown is choices[0] and not self._rounds:
            return event.raw
        if said != choices[0].get("delta") and not any(said.values()):
            return b""
        return _event({**chunk, "id": self._id, "choices": [shown]})

    def _kept(self, event: Event) -> bytes:
        if not self._hides:
            return event.raw
        self._held.append(event.data)
        return b""

    def _shown_of(self, choice: Json) -> Json:
        """The choice without our calls and with the client's under its own count; the same object if that is how it
        came."""
        delta = choice.get("delta") or {}
        kept: list[Json] = []
        for call in delta.get("tool_calls") or ():
            slot = self._slots.of(call)
            if slot not in self._index and _is_ours(call):
                self._hides = True
                self._index[slot] = None
            elif slot not in self._index:
                self._index[slot] = self._shown if self._hides else call.get("index", 0)
                self._shown += 1
            at = self._index[slot]
            if at is not None:
                kept.append(call if call.get("index", 0) == at else {**call, "index": at})
        changed = {**delta, "tool_calls": kept} if kept else {k: v for k, v in delta.items() if k != "tool_calls"}
        if self._rounds:
            changed.pop("role", None)
        same = changed == delta or not self._hides
        return choice if same else {**choice, "delta": changed}

    def end_round(self) -> Round:
        self._flush()
        done, used = Round(hidden=(), own=False, normal=True, output=()), 0
        if self._hides:
            message, stop, usage = _joined(self._chunks)
            done, used = _round(message, stop), usage.get("completion_tokens") or 0
        self._output += used
        self._last = (done, self._held)
        self._rounds += 1
        self._begin()
        return done

    def finish(self) -> bytes:
        done, held = self._last
        return b"".join([self._tail, *(self._ended(data, done) for data in held)])

    def _ended(self, data: bytes, done: Round) -> bytes:
        """An event that was held back: less what was shown when it came, and with what the turn adds up to."""
        chunk = parsed(data) if data != DONE else None
        if not isinstance(chunk, dict):
            return b"data: " + data + b"\n\n"
        usage = chunk.get("usage")
        if isinstance(usage, dict) and self._rounds > 1:
            total = (usage.get("prompt_tokens") or 0) + self._output
            chunk = {**chunk, "usage": {**usage, "completion_tokens": self._output, "total_tokens": total}}
        if chunk.get("choices"):
            choice = chunk["choices"][0]
            ended = {**choice, "delta": {}, "finish_reason": _stop(done, choice.get("finish_reason"))}
            chunk = {**chunk, "choices": [ended]}
        return _event({**chunk, "id": self._id} if "id" in chunk else chunk)

    def failed(self, status: int, body: bytes) -> bytes:
        return _event({"error": {"type": "api_error", "code": status, **complaint(status, body)}})

    def waiting(self) -> bytes:
        return b": still waiting for the model\n\n"

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _record(request, rounds)


class ChatWhole(Whole):
    """An answer in one piece."""

    def _read(self, answer: Any) -> Round:
        choice = answer["choices"][0]
        said = {k: v for k, v in choice["message"].items() if v or k == "content"}  # what is empty is not sent back
        return _round(said, choice.get("finish_reason") or "")

    def _joined(self) -> Json:
        messages = [answer["choices"][0]["message"] for answer in self._answers]
        last = self._answers[-1]
        shown = {k: v for k, v in messages[-1].items() if k != "tool_calls"}
        calls = [call for message in messages for call in _calls(message) if not _is_ours(call)]
        for name in _SPOKEN:
            if any(message.get(name) for message in messages):
                shown[name] = "".join(message.get(name) or "" for message in messages)
        if calls:
            shown["tool_calls"] = calls
        usage = dict(last.get("usage") or {})
        made = sum((answer.get("usage") or {}).get("completion_tokens") or 0 for answer in self._answers)
        usage |= {"completion_tokens": made, "total_tokens": (usage.get("prompt_tokens") or 0) + made}
        choice = last["choices"][0]
        ended = {**choice, "message": shown, "finish_reason": _stop(self._last, choice.get("finish_reason"))}
        return {**last, "id": self._answers[0].get("id"), "choices": [ended], "usage": usage}

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _record(request, rounds)


class _Slots:
    """Tells the calls of an answer apart: by index, and by id where a server gives several calls the same index."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[int, str]] = {}
        self._count = 0

    def of(self, call: Json) -> int:
        """The place of the call that a piece belongs to, counted from 0."""
        at, name = call.get("index", 0), call.get("id") or ""
        slot, known = self._open.get(at, (-1, ""))
        if slot < 0 or (name and name != known and (call.get("function") or {}).get("name")):
            slot, self._count = self._count, self._count + 1
            self._open[at] = (slot, name)
        return slot


def _calls(message: Json) -> list[Json]:
    return [call for call in message.get("tool_calls") or () if isinstance(call, dict)]


def _is_ours(call: Json) -> bool:
    function = call.get("function") if isinstance(call, dict) else None
    return isinstance(function, dict) and function.get("name") == TOOL


def _joined(chunks: Sequence[bytes]) -> tuple[dict[str, Any], str, dict[str, Any]]:
    """The message that a round's chunks make, why it ended, and its usage."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    calls: dict[int, dict[str, Any]] = {}
    slots = _Slots()
    stop = ""
    usage: dict[str, Any] = {}
    for data in chunks:
        chunk = parsed(data) if data != DONE else None
        if not isinstance(chunk, dict):
            continue
        usage = chunk.get("usage") or usage
        for choice in (chunk.get("choices") or ())[:1]:
            stop = choice.get("finish_reason") or stop
            delta = choice.get("delta") or {}
            for name, value in delta.items():
                if name in _SPOKEN and isinstance(value, str):
                    message[name] = (message.get(name) or "") + value
                elif isinstance(value, list) and name != "tool_calls":
                    message[name] = [*message.get(name, ()), *value]  # such as signed thoughts, in pieces
            for call in delta.get("tool_calls") or ():
                _add(calls.setdefault(slots.of(call), {}), call)
    if calls:
        message["tool_calls"] = [calls[at] for at in sorted(calls)]
    return {**message, "content": message["content"] or None}, stop, usage


def _add(call: dict[str, Any], delta: Json) -> None:
    """Adds a delta to a call: names are told once, arguments in pieces."""
    function = call.setdefault("function", {})
    call |= {k: v for k, v in delta.items() if k not in ("index", "function") and v}
    for name, value in (delta.get("function") or {}).items():
        function[name] = function.get(name, "") + (value or "") if name == "arguments" else function.get(name) or value


def _round(message: Json, stop: str) -> Round:
    calls = _calls(message)
    hidden = tuple(Call(call.get("id", ""), arguments(call["function"].get("arguments")))
                   for call in calls if _is_ours(call))  # fmt: skip
    own = len(calls) > len(hidden)
    return Round(hidden=hidden, own=own, normal=stop in NORMAL_STOPS, output=(message,))


def _stop(done: Round, stop: Json) -> Json:
    """Why the turn ended, as the client may know it: not for a call of ours."""
    return "stop" if stop == "tool_calls" and not done.own else stop


def _result(answer: Answer) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": answer.id, "content": answer.text}


def _text(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _sought(messages: Sequence[Json]) -> list[list[bytes]]:
    """By what each message may be known: none but the model's is."""
    return [
        keys(NAME, [str(call.get("id") or "") for call in _calls(message)], head, _text(message))
        if message.get("role") == "assistant" else []
        for message, head in zip(messages, heads(map(_plain, messages)), strict=True)
    ]  # fmt: skip


def _plain(message: Json) -> Json:
    """A message however the client spells it."""
    ids = [call.get("id") for call in _calls(message)]
    return [message.get("role"), _text(message), ids, message.get("tool_call_id")]


def _restored(echo: Json, record: Json) -> list[Json]:
    """The messages that a turn really was. The client's texts were joined: the stored ones are cut off its front."""
    made: list[Json] = []
    text, calls = _text(echo), {call.get("id"): call for call in _calls(echo)}
    thought = {name: echo[name] for name in _THOUGHT if isinstance(echo.get(name), str)}
    for told in record:
        said = {k: v for k, v in told["output"][0].items() if k not in _THOUGHT or thought.get(k)}
        said["tool_calls"] = [
            call if _is_ours(call) else calls.pop(call.get("id"))
            for call in _calls(said)
            if _is_ours(call) or call.get("id") in calls
        ]
        text = without(text, _text(said))
        thought |= {name: without(thought[name], said[name]) for name in _THOUGHT if name in said and name in thought}
        if told["pending"]:
            said["tool_calls"] += calls.values()
            return [*made, said, *told["results"]]  # what the client makes of its text is between it and its user
        made += [said, *told["results"]]
    if text or calls:
        rest = {k: v for k, v in echo.items() if k not in ("content", "tool_calls", *_THOUGHT)}
        rest |= {name: value for name, value in thought.items() if value}
        made.append({**rest, "content": text or None, **({"tool_calls": list(calls.values())} if calls else {})})
    return made


def _event(data: Json) -> bytes:
    return b"data: " + encoded(data) + b"\n\n"
