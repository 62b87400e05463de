"""Gemini: our calls are parts of a model's content. Clients drop thoughts, join texts, and may rename ids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.retrieve.answers import Streamed, Whole, complaint, exchanged
from headroom.proxy.retrieve.keys import digest, heads, keys, without
from headroom.proxy.retrieve.turn import Answer, Call, Record, Round
from headroom.proxy.sse import Event
from headroom.retrieval import DESCRIPTION, PARAMETERS, TOOL
from headroom.types import Json

_DEFINITION: Json = {"name": TOOL, "description": DESCRIPTION, "parametersJsonSchema": PARAMETERS}

NAME = "gemini"

NORMAL_STOPS = frozenset({"STOP"})

_FREE = frozenset({"AUTO", "VALIDATED", "MODE_UNSPECIFIED"})
"""Modes in which the model may do without a call."""

_MADE = ("candidatesTokenCount", "thoughtsTokenCount")
"""Figures of usage that add up over the rounds."""

_MODEL = "model"


class Gemini:
    """The dialect as the retrieving proxy needs it."""

    def declared(self, body: Json, *, always: bool = False) -> Json:
        """Our declaration stands first in the first object that declares functions."""
        config = _either(_either(body, "toolConfig") or {}, "functionCallingConfig") or {}
        tools = body.get("tools")
        if not isinstance(tools, list) or (config.get("mode", "AUTO") not in _FREE and not always):
            return body
        listed = [_either(tool, "functionDeclarations") for tool in tools]
        if any(entry.get("name") == TOOL for found in listed for entry in found or () if isinstance(entry, dict)):
            return body  # the client's own: it answers it as well
        at = next((i for i, found in enumerate(listed) if isinstance(found, list) and found), None)
        if at is None:
            return body
        name = next(name for name, value in tools[at].items() if value is listed[at])
        changed = {**tools[at], name: [_DEFINITION, *tools[at][name]]}
        return {**body, "tools": [*tools[:at], changed, *tools[at + 1 :]]}

    def turn(self, *, stream: bool) -> GeminiStream | GeminiWhole:
        return GeminiStream() if stream else GeminiWhole()

    def follow_up(self, body: Json, done: Round, answers: Sequence[Answer]) -> Json:
        said = {"role": _MODEL, "parts": list(done.output)}
        return {**body, "contents": [*body["contents"], said, {"role": "user", "parts": [*map(_result, answers)]}]}

    def keys(self, body: Json) -> list[bytes]:
        return [key for found in _sought(body["contents"]) for key in found]

    def expanded(self, body: Json, edited: Json, records: Mapping[bytes, Json]) -> Json:
        if not records:
            return edited
        made: list[Json] = []
        pending: tuple[list[Json], list[Json]] = ([], [])
        for content, sought in zip(edited["contents"], _sought(body["contents"]), strict=True):
            if pending[1] and content.get("role") != _MODEL:
                content = {**content, "parts": _woven(_parts(content), *pending)}
            elif pending[1]:
                made.append({"role": "user", "parts": pending[1]})
            record = next((records[key] for key in sought if key in records), None)
            restored, pending = _restored(content, record) if record else ([content], ([], []))
            made += restored
        if pending[1]:
            made.append({"role": "user", "parts": pending[1]})
        return {**edited, "contents": made}


def _record(request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
    told = exchanged(rounds, _result)
    shown = [part for done, _ in rounds for part in done.output if not _is_ours(part)]
    head = heads([*map(_given, request["contents"]), None])[-1]
    found = _keys(shown, head, every=True)
    return Record(tuple(found), told) if found and told else None


class GeminiStream(Streamed):
    """A streamed answer (`alt=sse`): each chunk holds whole parts. Those of Code Assist stand under `response`."""

    def __init__(self) -> None:
        super().__init__()
        self._made: Counter[str] = Counter()
        """Output tokens of the rounds so far."""
        self._begin()

    def _begin(self) -> None:
        self._parts: list[Json] = []
        self._usage: dict[str, Any] = {}
        self._stop = ""
        self._end: Json = None
        """The chunk that ended the round, held back."""
        self._hides = self._rounds > 0

    def _passed(self, event: Event) -> bytes:
        chunk = parsed(event.data) if event.data else None
        inner = chunk.get("response", chunk) if isinstance(chunk, dict) else None
        if not isinstance(inner, dict):
            return event.raw
        self._usage |= inner.get("usageMetadata") or {}
        candidate = (inner.get("candidates") or [None])[0]
        if not isinstance(candidate, dict):
            counts = "usageMetadata" in inner and "promptFeedback" not in inner
            return b"" if self._hides and counts else event.raw
        parts = _parts(candidate.get("content"))
        self._parts += parts
        self._stop = candidate.get("finishReason") or self._stop
        shown = [part for part in parts if not _is_ours(part)]
        self._hides = self._hides or len(shown) < len(parts)
        if not self._hides:
            return event.raw
        if candidate.get("finishReason"):
            self._end = _with(chunk, {k: v for k, v in candidate.items() if k != "content"})
            candidate = {k: v for k, v in candidate.items() if k != "finishReason"}
        if not shown:
            return b""
        return _event(_with(chunk, {**candidate, "content": {**candidate["content"], "parts": shown}}))

    def end_round(self) -> Round:
        self._flush()
        self._made += Counter({name: self._usage.get(name) or 0 for name in _MADE})
        self._last = (self._end, self._usage)
        done = _round(_merged(self._parts), self._stop)
        self._rounds += 1
        self._begin()
        return done

    def finish(self) -> bytes:
        end, usage = self._last
        if end is None:
            return self._tail
        inner = end.get("response", end)
        candidate = {"content": {"role": _MODEL, "parts": [{"text": ""}]}, **inner["candidates"][0]}
        return self._tail + _event(_with(end, candidate, _summed(usage, self._made)))

    def failed(self, status: int, body: bytes) -> bytes:
        return _event({"error": {"code": status, **complaint(status, body)}})

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _record(request, rounds)


class GeminiWhole(Whole):
    """An answer in one piece."""

    def _read(self, answer: Any) -> Round:
        candidate = answer.get("response", answer)["candidates"][0]
        return _round(_parts(candidate["content"]), candidate.get("finishReason") or "")

    def _joined(self) -> Json:
        inners = [answer.get("response", answer) for answer in self._answers]
        parts = [part for inner in inners for part in _parts(inner["candidates"][0]["content"])]
        last = inners[-1]["candidates"][0]
        content = {**last["content"], "parts": [part for part in parts if not _is_ours(part)]}
        made: Counter[str] = Counter()
        for inner in inners:
            made += Counter({name: (inner.get("usageMetadata") or {}).get(name) or 0 for name in _MADE})
        usage = _summed(inners[-1].get("usageMetadata") or {}, made)
        return _with(self._answers[-1], {**last, "content": content}, usage)

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return _record(request, rounds)


def _either(value: Json, name: str) -> Json:
    """A field under its name of JSON, or of Protocol Buffers: the API takes both."""
    if not isinstance(value, dict):
        return None
    other = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return value.get(name, value.get(other))


def _parts(content: Json) -> list[Json]:
    parts = content.get("parts") if isinstance(content, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _call(part: Json) -> Json:
    call = _either(part, "functionCall")
    return call if isinstance(call, dict) else None


def _response(part: Json) -> Json:
    found = _either(part, "functionResponse")
    return found if isinstance(found, dict) else None


def _is_ours(part: Json) -> bool:
    call = _call(part)
    return call is not None and call.get("name") == TOOL


def _merged(parts: Sequence[Json]) -> list[Json]:
    """Parts with the pieces of a text joined: a stream cuts one text into many parts."""
    made: list[Json] = []
    for part in parts:
        last = made[-1] if made else {}
        plain = set(part) <= {"text", "thought"} and set(last) <= {"text", "thought"}
        if plain and last and last.get("thought") == part.get("thought"):
            made[-1] = {**last, "text": last.get("text", "") + part.get("text", "")}
        elif part != {"text": ""}:
            made.append(part)
    return made


def _round(parts: Sequence[Json], stop: str) -> Round:
    calls = [call for call in map(_call, parts) if call is not None]
    hidden = tuple(Call(call.get("id") or "", call.get("args") or {}) for call in calls if call.get("name") == TOOL)
    return Round(hidden=hidden, own=len(calls) > len(hidden), normal=stop in NORMAL_STOPS, output=tuple(parts))


def _result(answer: Answer) -> dict[str, Any]:
    name = {"id": answer.id} if answer.id else {}
    told = {"error": answer.text} if answer.is_error else {"output": answer.text}
    return {"functionResponse": {**name, "name": TOOL, "response": told}}


def _with(chunk: Json, candidate: Json, usage: Json = None) -> Json:
    """A chunk of the same wrapping with another candidate and usage."""
    inner = {k: v for k, v in chunk.get("response", chunk).items() if k != "usageMetadata"}
    inner["candidates"] = [candidate]
    if usage:
        inner["usageMetadata"] = usage
    return {**chunk, "response": inner} if "response" in chunk else inner


def _summed(usage: Mapping[str, Any], made: Counter[str]) -> Json:
    """The last round's usage with the output of all."""
    before = {name: made[name] - (usage.get(name) or 0) for name in _MADE}
    total = (usage.get("totalTokenCount") or 0) + sum(before.values())
    return {**usage, **{name: made[name] for name in _MADE if made[name]}, "totalTokenCount": total} if usage else {}


def _text(parts: Sequence[Json]) -> str:
    return "".join(str(part.get("text") or "") for part in parts if not part.get("thought"))


def _named(call: Json) -> list[Json]:
    return [call.get("name"), call.get("args") or {}]


def _keys(parts: Sequence[Json], head: bytes, *, every: bool = False) -> list[bytes]:
    """By what a content is recognised: ids of calls, calls by name and arguments in their place, else the text."""
    calls = [call for call in map(_call, parts) if call is not None]
    placed = [digest("call", NAME, head, json.dumps(_named(call), sort_keys=True)) for call in calls]
    known = keys(NAME, [str(call.get("id") or "") for call in calls], head, _text(parts), every=every or not calls)
    return [*known, *placed] if every or calls else known


def _sought(contents: Sequence[Json]) -> list[list[bytes]]:
    """By what each content may be known: none but the model's is."""
    return [
        _keys(_parts(content), head) if content.get("role") == _MODEL else []
        for content, head in zip(contents, heads(map(_given, contents)), strict=True)
    ]


def _given(content: Json) -> Json:
    """The users' and tools' contents, as they count for the place of a turn."""
    if content.get("role") == _MODEL:
        return None
    return [[part.get("text"), (_response(part) or {}).get("response")] for part in _parts(content)]


def _restored(echo: Json, record: Json) -> tuple[list[Json], tuple[list[Json], list[Json]]]:
    """The contents that a turn really was, and what waits for the client's next responses: the calls of the last
    round in their order, and our results."""
    made: list[Json] = []
    rest = _parts(echo)
    for told in record:
        if told["pending"]:
            said = _kept(told["output"], rest)
            calls = [call for call in map(_call, said) if call is not None]
            return [*made, {"role": _MODEL, "parts": said}], (calls, told["results"])
        made += [{"role": _MODEL, "parts": told["output"]}, {"role": "user", "parts": told["results"]}]
        rest = _without(rest, told["output"])
    return [*made, {**echo, "parts": rest}] if rest else made, ([], [])


def _kept(said: Sequence[Json], echo: Sequence[Json]) -> list[Json]:
    """A last round as it was, less those of the client's calls that it dropped, and with those that we do not know."""
    theirs = [part for part in echo if _call(part) is not None]
    made: list[Json] = []
    for part in said:
        call = _call(part)
        if call is None or _is_ours(part):
            made.append(part)
            continue
        here = _position(call, [_call(other) for other in theirs])
        if here is not None:
            made.append(part)
            del theirs[here]
    return [*made, *theirs]


def _position(call: Json, among: Sequence[Json]) -> int | None:
    """Where a call, or what answers it, is among others: by its id, else by what it says."""
    ids = (i for i, other in enumerate(among) if call.get("id") and other.get("id") == call.get("id"))
    told = (i for i, other in enumerate(among) if _named(other) == _named(call))
    return next(ids, next(told, None))


def _without(parts: list[Json], said: Sequence[Json]) -> list[Json]:
    """The client's parts less what a hidden round said; joined texts lose their front."""
    text = _text(said)
    made: list[Json] = []
    for part in parts:
        own = str(part.get("text") or "")
        if not own or part.get("thought") or not text.strip():
            made.append(part)
            continue
        if text.startswith(own):
            text = text[len(own) :]
            continue
        rest, text = without(own, text), ""
        if rest:
            made.append({**part, "text": rest})
    return made


def _woven(parts: list[Json], calls: Sequence[Json], results: Sequence[Json]) -> list[Json]:
    """The client's function responses with ours between them, in the order of the calls."""
    ours = list(results)
    theirs = [part for part in parts if _response(part) is not None]
    others = [part for part in parts if _response(part) is None]
    made: list[Json] = []
    for call in calls:
        if call.get("name") == TOOL:
            made.append(ours.pop(0))
        elif (here := _position({**call, "args": None}, [_response(part) for part in theirs])) is not None:
            made.append(theirs.pop(here))
    return [*made, *theirs, *others]


def _event(data: Json) -> bytes:
    return b"data: " + encoded(data) + b"\n\n"
