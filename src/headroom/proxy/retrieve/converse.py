"""Amazon Bedrock's Converse: as in Messages our calls are blocks of their own; its streams are frames, and a block
that is no call begins with its first delta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.eventstream import Frame, Frames, failure, frame
from headroom.proxy.retrieve.answers import Whole, complaint
from headroom.proxy.retrieve.blocks import Blocks
from headroom.proxy.retrieve.framed import EXCEPTIONS
from headroom.proxy.retrieve.turn import Answer, Call, Record, Round
from headroom.retrieval import DESCRIPTION, PARAMETERS, TOOL
from headroom.types import Json

NAME = "converse"

NORMAL_STOPS = frozenset({"tool_use", "end_turn", "stop_sequence"})

INVALID = "INVALID_JSON"
"""As in Messages: a call's input must be an object, so the text of one that is no JSON goes back under this name."""

SERVED = "server_tool_use"
"""The type of a call that the provider answers itself."""

_DEFINITION: Json = {"toolSpec": {"name": TOOL, "description": DESCRIPTION, "inputSchema": {"json": PARAMETERS}}}

_ENDING = frozenset({"messageStop", "metadata"})


class Converse:
    """The dialect as the retrieving proxy needs it."""

    def declared(self, body: Json, *, always: bool = False) -> Json:
        config = body.get("toolConfig")
        if not isinstance(config, dict) or not isinstance(config.get("tools"), list):
            return body
        tools, choice = config["tools"], config.get("toolChoice")
        specs = [tool["toolSpec"] for tool in tools if _has(tool, "toolSpec")]
        forced = isinstance(choice, dict) and bool(choice) and "auto" not in choice
        if not specs or any(spec.get("name") == TOOL for spec in specs) or (forced and not always):
            return body
        return {**body, "toolConfig": {**config, "tools": [_DEFINITION, *tools]}}

    def turn(self, *, stream: bool) -> ConverseStream | ConverseWhole:
        return ConverseStream() if stream else ConverseWhole()

    def follow_up(self, body: Json, done: Round, answers: Sequence[Answer]) -> Json:
        messages, marks = _without_last_mark(body["messages"])
        results = [*map(_result, answers), *marks]
        said = {"role": "assistant", "content": list(done.output)}
        return {**body, "messages": [*messages, said, {"role": "user", "content": results}]}

    def keys(self, body: Json) -> list[bytes]:
        return [key for found in _BLOCKS.sought(body["messages"]) for key in found]

    def expanded(self, body: Json, edited: Json, records: Mapping[bytes, Json]) -> Json:
        if not records:
            return edited
        theirs = {id(message) for message in edited["messages"]}
        made: list[Json] = []
        for message in _BLOCKS.expanded(body["messages"], edited["messages"], records):
            ours = bool(made) and id(made[-1]) not in theirs
            if ours and made[-1]["role"] == message.get("role") == "user":  # two in a row are refused here
                made[-1] = {**message, "content": [*made[-1]["content"], *_blocks(message)]}
            else:
                made.append(message)
        return {**edited, "messages": made}


class ConverseStream:
    """A streamed answer. Every frame passes as it came until a block of ours begins."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._tail = b""
        self._rounds = 0
        self._shown = 0
        """Blocks the client has seen so far, over all rounds."""
        self._spoke = False
        """True once the client has seen more than thoughts."""
        self._output = 0
        """Output tokens of the rounds so far."""
        self._begin()

    def _begin(self) -> None:
        self._starts: dict[int, dict[str, Any]] = {}
        self._deltas: list[bytes] = []
        self._index: dict[int, int | None] = {}
        """The client's index of each block of this round; None for one of ours."""
        self._held: list[bytes] = []
        self._end: dict[str, dict[str, Any]] = {}
        """The last words by their kind."""
        self._hides = self._rounds > 0

    def feed(self, data: bytes) -> bytes:
        shown = b"".join([self._passed(one) for one in self._frames.feed(data)])
        return shown + self._frames.rest() if self._frames.is_odd() else shown

    def _passed(self, one: Frame) -> bytes:
        kind = one.headers.get(":event-type", "")
        if kind == "contentBlockDelta":
            self._deltas.append(one.payload)  # read when it turns out that somebody needs it: mostly nobody does
            if not self._hides:
                return one.raw
        elif kind == "messageStart":
            return b"" if self._rounds else one.raw
        elif kind not in _ENDING and not kind.startswith("contentBlock"):
            return one.raw
        told = parsed(one.payload)
        if not isinstance(told, dict):
            return one.raw
        if kind not in _ENDING:
            return self._block(one, kind, told)
        self._end[kind] = told
        if not self._hides:
            return one.raw
        self._held.append(one.raw)
        return b""

    def _block(self, one: Frame, kind: str, told: dict[str, Any]) -> bytes:
        """An event of a block under the client's index; nothing of a block of ours."""
        index = told.get("contentBlockIndex")
        if not isinstance(index, int):
            return one.raw
        ours = False
        if kind == "contentBlockStart":
            self._starts[index] = _object(told, "start")
            ours = _is_ours(self._starts[index])
            self._hides = self._hides or ours
        if index not in self._index:
            self._index[index] = None if ours else self._shown
            self._shown += not ours
        shown = self._index[index]
        if shown is None or shown == index:
            return b"" if shown is None else one.raw
        return frame(one.headers, encoded({**told, "contentBlockIndex": shown}))

    def _said(self) -> list[dict[str, Any]]:
        """The round's blocks as their starts and deltas made them, in order."""
        deltas: dict[int, list[dict[str, Any]]] = {index: [] for index in self._starts}
        for data in self._deltas:
            told = parsed(data)
            if isinstance(told, dict) and isinstance(told.get("contentBlockIndex"), int):
                deltas.setdefault(told["contentBlockIndex"], []).append(_object(told, "delta"))
        return [_whole(self._starts.get(index, {}), deltas[index]) for index in sorted(deltas)]

    def end_round(self) -> Round:
        self._tail, self._frames = self._frames.rest(), Frames()
        stop, account = self._end.get("messageStop"), self._end.get("metadata", {})
        done = _round(self._said() if self._hides else (), str((stop or {}).get("stopReason")))
        self._spoke = self._spoke or any(not _is_ours(b) and "reasoningContent" not in b for b in done.output)
        self._last = (done, stop, account, b"".join(self._held))
        self._output += _made(account)
        self._rounds += 1
        self._begin()
        return done

    def finish(self) -> bytes:
        done, stop, account, held = self._last
        if self._rounds == 1 or stop is None:
            return held + self._tail
        told = _event("messageStop", {**stop, "stopReason": _stop(done, stop.get("stopReason"))})
        return told + (_event("metadata", _summed(account, self._output)) if account else b"") + self._tail

    def failed(self, status: int, body: bytes) -> bytes:
        if not self._spoke:
            return b""
        return failure(EXCEPTIONS.get(status, "internalServerException"), str(complaint(status, body).get("message")))

    def waiting(self) -> bytes:
        return b""  # it has no event that says nothing

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _BLOCKS.record(request, rounds)


class ConverseWhole(Whole):
    """An answer in one piece: the rounds' contents are put together at the end."""

    def _read(self, answer: Any) -> Round:
        return _round(answer["output"]["message"]["content"], str(answer.get("stopReason")))

    def _joined(self) -> Json:
        last = self._answers[-1]
        messages = [answer["output"]["message"] for answer in self._answers]
        content = [block for message in messages for block in message["content"] if not _is_ours(block)]
        output = {**last["output"], "message": {**messages[-1], "content": content}}
        stop = _stop(self._last, last.get("stopReason"))
        return {**_summed(last, sum(map(_made, self._answers))), "output": output, "stopReason": stop}

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _BLOCKS.record(request, rounds)


def _has(block: Json, key: str) -> bool:
    return isinstance(block, dict) and isinstance(block.get(key), dict)


def _object(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _is_ours(block: Json) -> bool:
    return _has(block, "toolUse") and block["toolUse"].get("name") == TOOL


def _made(answer: Mapping[str, Any]) -> int:
    """Output tokens of an answer, or of an event that tells the account."""
    return _object(answer, "usage").get("outputTokens") or 0


def _summed(answer: dict[str, Any], output: int) -> dict[str, Any]:
    """The last round's account with the output of all."""
    usage = _object(answer, "usage")
    total = (usage.get("totalTokens") or 0) - _made(answer) + output
    return {**answer, "usage": {**usage, "outputTokens": output, "totalTokens": total}}


def _whole(start: dict[str, Any], deltas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A block as its start and its deltas made it."""
    kind, begun = next(iter(start.items()), ("", {}))
    if kind == "toolUse":
        text = "".join(str(_object(delta, kind).get("input") or "") for delta in deltas)
        found = parsed(text) if text else {}
        return {kind: {**begun, "input": found if isinstance(found, dict) else {INVALID: text}}}
    if kind == "toolResult":
        return {kind: {**begun, "content": [part for delta in deltas for part in delta.get(kind) or ()]}}
    if kind:
        return {kind: {key: value for delta in (start, *deltas) for key, value in _object(delta, kind).items()}}
    thoughts = [delta["reasoningContent"] for delta in deltas if _has(delta, "reasoningContent")]
    if thoughts:
        return {"reasoningContent": _thought(thoughts)}
    said = "".join(str(delta.get("text") or "") for delta in deltas)
    cited = [delta["citation"] for delta in deltas if "citation" in delta]
    return {"citationsContent": {"content": [{"text": said}], "citations": cited}} if cited else {"text": said}


def _thought(deltas: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    hidden = "".join(delta.get("redactedContent") or "" for delta in deltas)
    if hidden:
        return {"redactedContent": hidden}
    told = {key: "".join(delta.get(key) or "" for delta in deltas) for key in ("text", "signature")}
    return {"reasoningText": told if told["signature"] else {"text": told["text"]}}


def _round(blocks: Sequence[dict[str, Any]], stop: str) -> Round:
    uses = [block["toolUse"] for block in blocks if _has(block, "toolUse")]
    hidden = tuple(Call(use["toolUseId"], use.get("input")) for use in uses if use.get("name") == TOOL)
    own = any(use.get("name") != TOOL and use.get("type") != SERVED for use in uses)
    kept = tuple(block for block in blocks if "text" not in block or (block["text"] or "").strip())
    return Round(hidden=hidden, own=own, normal=stop in NORMAL_STOPS, output=kept)


def _stop(done: Round, stop: Json) -> Json:
    """Why the turn ended, as the client may know it: not for a call of ours."""
    return "end_turn" if stop == "tool_use" and not done.own else stop


def _result(answer: Answer) -> dict[str, Any]:
    status = "error" if answer.is_error else "success"
    return {"toolResult": {"toolUseId": answer.id, "content": [{"text": answer.text}], "status": status}}


def _blocks(message: Json) -> list[Json]:
    content = message.get("content")
    return list(content) if isinstance(content, list) else []


def _without_last_mark(messages: list[Json]) -> tuple[list[Json], list[Json]]:
    """The messages without the cache mark of the last one, and the mark: it moves behind our result, so that what is
    fetched is written to the cache once."""
    content = _blocks(messages[-1]) if messages else []
    if len(content) < 2 or not _has(content[-1], "cachePoint"):
        return messages, []
    return [*messages[:-1], {**messages[-1], "content": content[:-1]}], content[-1:]


def _issued(block: Json) -> str:
    if _has(block, "toolUse"):
        return str(block["toolUse"].get("toolUseId") or "")
    thought = _object(block, "reasoningContent") if isinstance(block, dict) else {}
    return str(_object(thought, "reasoningText").get("signature") or thought.get("redactedContent") or "")


def _plain(block: Json) -> Json:
    """Marks and reasoning come and go."""
    return None if _has(block, "cachePoint") or _has(block, "reasoningContent") else block


def _text(block: Json) -> str:
    """What is cited, too, stands in texts of its own."""
    cited = block["citationsContent"].get("content") if _has(block, "citationsContent") else None
    said = cited if isinstance(cited, list) else [block]
    return "".join(str(one.get("text") or "") for one in said if isinstance(one, dict))


def _same(echo: Json, block: Json) -> bool:
    """True if a block of the client's is the one we showed: by what identifies it, else by all it says."""
    name = _issued(block)
    return _issued(echo) == name if name else bool(echo == block)


def _event(kind: str, told: Json) -> bytes:
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, encoded(told))


_BLOCKS = Blocks(NAME, _blocks, _is_ours, _issued, _plain, _text, _same, _result)
