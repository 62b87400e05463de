"""OpenAI Responses: our calls are items of their own, and an answer is a list of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headroom.proxy.decoding import arguments, encoded, parsed
from headroom.proxy.retrieve.answers import Streamed, Whole, complaint
from headroom.proxy.retrieve.keys import heads, issued, keys
from headroom.proxy.retrieve.turn import Answer, Call, Record, Round
from headroom.proxy.sse import Event
from headroom.retrieval import DESCRIPTION, PARAMETERS, TOOL
from headroom.types import Json

NAME = "openai-responses"

_DEFINITION: Json = {
    "type": "function", "name": TOOL, "description": DESCRIPTION, "parameters": PARAMETERS, "strict": False,
}  # fmt: skip

_OPENING = frozenset({"response.created", "response.in_progress", "response.queued"})
TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed"})
_CALLS = frozenset({"function_call", "custom_tool_call", "local_shell_call", "shell_call", "apply_patch_call",
                    "computer_call"})  # fmt: skip
"""Items that the client must answer."""
_SAID = _CALLS | {"reasoning", "item_reference"}
"""Items of the model besides its messages, in full or by their id."""

NEWS = ('"response.output_item', '"response.c', '"response.in', '"response.q', '"response.f')
"""An event without one of these is a piece of an item that is not ours: it passes unread."""

_NEWS = tuple(sign.encode() for sign in NEWS)

_RATE_LIMIT, BAD_REQUEST = 429, 400

_STATUS = {"server_error": 500, "rate_limit_exceeded": 429, "server_is_overloaded": 503, "slow_down": 503}
"""What a refusal that passes would be over HTTP, by its code."""


class OpenAIResponses:
    """The dialect as the retrieving proxy needs it."""

    def declared(self, body: Json, *, always: bool = False) -> Json:
        """Not where the provider keeps the conversation (`conversation`) or the answer is fetched later."""
        if (body.get("tool_choice") not in (None, "auto") and not always) or body.get("conversation"):
            return body
        tools, items = body.get("tools"), body.get("input")
        first = items[0] if isinstance(items, list) and items else None
        extra = first.get("tools") if isinstance(first, dict) and first.get("type") == "additional_tools" else None
        if body.get("background") or any(_is_named(tool) for tool in [*(tools or ()), *(extra or ())]):
            return body
        if isinstance(tools, list) and tools:
            return {**body, "tools": [_DEFINITION, *tools]}
        if isinstance(first, dict) and extra:
            return {**body, "input": [{**first, "tools": [_DEFINITION, *extra]}, *body["input"][1:]]}
        return body

    def turn(self, *, stream: bool) -> ResponsesStream | ResponsesWhole:
        return ResponsesStream() if stream else ResponsesWhole()

    def follow_up(self, body: Json, done: Round, answers: Sequence[Answer]) -> Json:
        return {**body, "input": [*_items(body), *done.output, *map(result, answers)]}

    def keys(self, body: Json) -> list[bytes]:
        earlier = body.get("previous_response_id")
        found = [key for sought in _sought(body) for key in sought]
        return [issued(NAME, earlier), *found] if isinstance(earlier, str) else found

    def expanded(self, body: Json, edited: Json, records: Mapping[bytes, Json]) -> Json:
        if not records:
            return edited
        items = _items(edited)
        sought = _sought(body)
        made = _waiting(body.get("previous_response_id"), records)
        at = 0
        done: list[Json] = []
        while at < len(items):
            record = next((records[key] for key in sought[at] if key in records), None)
            if record is None or record in done:
                made.append(items[at])
                at += 1
                continue
            done.append(record)
            at = _restore(items, at, record, made)
        return {**edited, "input": made}


class _Named:
    """What the streamed and the whole answer have in common: the ids of their rounds."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        told = [
            {"output": list(done.output), "results": [result(answer) for answer in answers], "response": name}
            for (done, answers), name in zip(rounds, self._names, strict=True)
            if answers
        ]
        head = heads([*map(_given, _items(request)), None])[-1]
        shown = [item for done, _ in rounds for item in done.output if not _is_ours(item)]
        found = [issued(NAME, name) for (_, answers), name in zip(rounds, self._names, strict=True) if answers and name]
        found += [key for item in shown for key in keys(NAME, _words(item), head, _text(item), every=True)]
        return Record(tuple(found), told) if found and told else None


class ResponsesStream(_Named, Streamed):
    """A streamed answer, as server-sent events or as the frames of a WebSocket."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Json] = []
        """Finished items that the client has seen, over all rounds."""
        self._count = 0
        """Items that the client has seen begin."""
        self._sequence = 0
        """The number of the client's next event."""
        self._output = 0
        """Output tokens of the rounds so far."""
        self._begin()

    def _begin(self) -> None:
        self._items: list[Json] = []
        self._index: dict[int, int | None] = {}
        """The client's index of each item of this round, None for ours."""
        self._end: dict[str, Any] = {}
        self.hides = self._rounds > 0
        """True once something was withheld: from then on events are rewritten."""

    def _passed(self, event: Event) -> bytes:
        if not event.data or (not self.hides and not any(sign in event.data for sign in _NEWS)):
            self._sequence += bool(event.data)
            return event.raw
        told = parsed(event.data)
        if not isinstance(told, dict):
            return event.raw
        shown = self.passed(told)
        if shown is None:
            return b""
        return event.raw if shown is told else _event(shown)

    def skip(self) -> None:
        """Counts an event that passed unread."""
        self._sequence += 1

    def passed(self, told: dict[str, Any]) -> dict[str, Any] | None:
        """One event as the client sees it: the same object if nothing changes, None if it is withheld."""
        kind = told.get("type", "")
        if kind in _OPENING and self._rounds:
            return None
        if kind in TERMINAL:
            self._end = told
            if self.hides:
                return None
        index = told.get("output_index")
        if isinstance(index, int):
            item = told.get("item")
            if index not in self._index:
                self._begun(index, item)
            if kind == "response.output_item.done" and isinstance(item, dict):
                self._items.append(item)
                if self._index[index] is not None:
                    self._shown.append(item)
            if self._index[index] is None:
                return None
        made = told
        number = told.get("sequence_number")
        if self.hides:
            made = {**told, "output_index": self._index[index]} if isinstance(index, int) else made
            made = {**made, "sequence_number": self._sequence} if number is not None else made
        elif isinstance(number, int):
            self._sequence = number
        self._sequence += 1
        return made

    def _begun(self, index: int, item: Json) -> None:
        if _is_ours(item):
            self.hides = True
            self._index[index] = None
        else:
            self._index[index] = self._count
            self._count += 1

    def end_round(self) -> Round:
        self._flush()
        response = self._end.get("response") or {}
        self._names.append(str(response.get("id") or ""))
        self._output += (response.get("usage") or {}).get("output_tokens") or 0
        self._last = self._end if self.hides else {}
        done = _round(self._items, self._end.get("type", ""))
        self._rounds += 1
        self._begin()
        return done

    def finish(self) -> bytes:
        end = self.ended()
        return self._tail if end is None else self._tail + _event(end)

    def ended(self) -> dict[str, Any] | None:
        """The last event of the turn, if it was held back."""
        if not self._last:
            return None
        response = {**(self._last.get("response") or {}), "output": self._shown}
        usage = response.get("usage")
        if isinstance(usage, dict):
            total = (usage.get("input_tokens") or 0) + self._output
            response["usage"] = {**usage, "output_tokens": self._output, "total_tokens": total}
        numbered = {"sequence_number": self._sequence} if "sequence_number" in self._last else {}
        return {**self._last, **numbered, "response": response}

    def failed(self, status: int, body: bytes) -> bytes:
        """A refusal that passes is called so that clients ask again with what they have seen."""
        error = complaint(status, body)
        code = "rate_limit_exceeded" if status == _RATE_LIMIT else error.get("code") or "invalid_request_error"
        told = {**error, "code": "server_error" if status >= 500 else code}
        response = {**(self._last.get("response") or {}), "status": "failed", "error": told, "output": self._shown}
        return _event({"type": "response.failed", "sequence_number": self._sequence, "response": response})

    def waiting(self) -> bytes:
        return _event(self.keepalive())

    def keepalive(self) -> dict[str, Any]:
        """The event by which OpenAI itself says that an answer is still to come; clients pass over it."""
        self._sequence += 1
        return {"type": "keepalive", "sequence_number": self._sequence - 1}

    @property
    def begun(self) -> bool:
        """True once the client may have seen something of this round."""
        return bool(self._index)


class ResponsesWhole(_Named, Whole):
    """An answer in one piece."""

    def end_round(self) -> Round:
        self._names.append("")
        return super().end_round()

    def _read(self, answer: Any) -> Round:
        done = _round(list(answer["output"]), f"response.{answer.get('status') or 'completed'}")
        self._names[-1] = str(answer.get("id") or "")
        return done

    def _joined(self) -> Json:
        last = self._answers[-1]
        usage = dict(last.get("usage") or {})
        made = sum((answer.get("usage") or {}).get("output_tokens") or 0 for answer in self._answers)
        usage |= {"output_tokens": made, "total_tokens": (usage.get("input_tokens") or 0) + made}
        shown = [item for answer in self._answers for item in answer["output"] if not _is_ours(item)]
        return {**last, "output": shown, "usage": usage}


def _is_named(tool: Json) -> bool:
    return isinstance(tool, dict) and tool.get("name") == TOOL


def _is_ours(item: Json) -> bool:
    return _is_named(item) and item.get("type") == "function_call"


def _round(items: Sequence[Json], end: str) -> Round:
    hidden = tuple(Call(item.get("call_id", ""), arguments(item.get("arguments"))) for item in items if _is_ours(item))
    own = any(item.get("type") in _CALLS and not _is_ours(item) for item in items)
    return Round(hidden=hidden, own=own, normal=end == "response.completed", output=tuple(items))


def result(answer: Answer) -> dict[str, Any]:
    """The item that answers a call of ours."""
    return {"type": "function_call_output", "call_id": answer.id, "output": answer.text}


def refused(told: dict[str, Any]) -> tuple[int, str]:
    """The status and the `retry-after` of an event of a socket that refuses a request; 0 for any other event."""
    if told.get("type") not in ("error", "response.failed"):
        return 0, ""
    error = (told.get("response") or told).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    status = told.get("status", told.get("status_code"))
    headers = told.get("headers")
    after = headers.get("retry-after") if isinstance(headers, dict) else None
    return status if isinstance(status, int) else _STATUS.get(str(code), BAD_REQUEST), str(after or "")


def _items(body: Json) -> list[Json]:
    items = body.get("input")
    if isinstance(items, str):
        return [{"type": "message", "role": "user", "content": items}]
    return list(items) if isinstance(items, list) else []


def _is_said(item: Json) -> bool:
    """True for what the model said: only that is looked up."""
    if not isinstance(item, dict):
        return False
    return item.get("role") == "assistant" or item.get("type") in _SAID


def _ends_turn(item: Json) -> bool:
    """True for what is not of the model's turn: a message to it, or what a tool returned."""
    if not isinstance(item, dict) or str(item.get("type", "")).endswith("_output"):
        return True
    return item.get("type", "message") == "message" and item.get("role") != "assistant"


def _words(item: Json) -> list[str]:
    return [str(item[name]) for name in ("id", "call_id", "encrypted_content") if item.get(name)]


def _text(item: Json) -> str:
    content = item.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _sought(body: Json) -> list[list[bytes]]:
    """By what each item of the input may be known: none but the model's is."""
    items = _items(body)
    return [
        keys(NAME, _words(item), head, _text(item)) if _is_said(item) else []
        for item, head in zip(items, heads(map(_given, items)), strict=True)
    ]


def _given(item: Json) -> Json:
    """The user's and the tools' items as they count for the place of a turn; the form of what the model said varies."""
    if not isinstance(item, dict) or _is_said(item) or item.get("type") == "additional_tools":
        return None
    return [item.get("role"), item.get("call_id"), _text(item)]


def _waiting(earlier: Json, records: Mapping[bytes, Json]) -> list[Json]:
    """Our results for the response that a request goes on from: the provider has the calls, and waits for them."""
    record = records.get(issued(NAME, earlier), ()) if isinstance(earlier, str) else ()
    return [item for told in record if told["response"] == earlier for item in told["results"]]


def _restore(items: Sequence[Json], at: int, record: Json, made: list[Json]) -> int:
    """Puts a turn back as it really was, along the client's echo from `at` on; returns where the echo goes on."""
    end = next((i for i in range(at, len(items)) if _ends_turn(items[i])), len(items))
    for told in record:
        for item in told["output"]:
            if _is_ours(item):
                made.append(item)
                continue
            here = next((i for i in range(at, end) if _same(items[i], item)), None)
            if here is not None:
                made += items[at : here + 1]
                at = here + 1
        made += told["results"]
    return at


def _same(echo: Json, item: Json) -> bool:
    if not isinstance(echo, dict):
        return False
    if echo.get("type") == "item_reference":
        return bool(echo.get("id") == item.get("id"))
    if echo.get("type", "message") != item.get("type", "message"):
        return False
    name = next((key for key in ("id", "call_id", "encrypted_content") if item.get(key) and echo.get(key)), "")
    return bool(echo.get(name) == item.get(name)) if name else bool(_text(item)) and _text(echo) == _text(item)


def _event(data: Json) -> bytes:
    return b"event: " + str(data.get("type", "")).encode() + b"\ndata: " + encoded(data) + b"\n\n"
