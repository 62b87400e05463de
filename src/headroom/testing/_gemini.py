"""The fake's Gemini: generateContent and its two streams, bare or in the envelope of Code Assist."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headroom.testing._script import Reply
from headroom.testing._wire import Asked, Form, Mint, Object, Usage, bare, data_event, dump, listed, pieces

STATUSES: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def _parts(content: Object) -> list[Object]:
    """A content's parts without thoughts, neighbouring texts joined: clients join what a stream cut up."""
    joined: list[Object] = []
    for part in listed(content.get("parts")):
        if part.get("thought") is True:
            continue
        if joined and part.keys() == {"text"} == joined[-1].keys():
            joined[-1] = {"text": joined[-1]["text"] + part["text"]}
        else:
            joined.append(part)
    return joined


def _named(content: Object, key: str) -> list[str]:
    """The names in the parts of one kind, in order."""
    return [str(part[key].get("name")) for part in listed(content.get("parts")) if isinstance(part.get(key), dict)]


def _is_prompt(content: Object) -> bool:
    return content.get("role", "user") == "user" and any("text" in part for part in listed(content.get("parts")))


def _faults(contents: list[Object]) -> Iterator[str]:
    """Calls and responses that do not pair up, and calls of the current turn without a signature."""
    turn = max((i for i, content in enumerate(contents) if _is_prompt(content)), default=0)
    for number, content in enumerate(contents):
        called = _named(content, "functionCall")
        following = contents[number + 1] if number + 1 < len(contents) else {}
        answered = _named(following, "functionResponse")
        if called and called != answered:
            yield (
                "Please ensure that the number of function response parts is equal to the number of function call parts"
                f" of the function call turn: contents[{number}] calls {called}, then come {answered}"
            )
        if answered and not called:
            yield f"contents[{number + 1}]: function responses {answered} without their calls"
        first = next((part for part in listed(content.get("parts")) if "functionCall" in part), None)
        if number > turn and first is not None and not first.get("thoughtSignature"):
            yield f"contents[{number}]: Function call is missing a thought_signature in functionCall parts"


class Gemini:
    """The Gemini API; Vertex AI takes the same bodies."""

    def read(self, body: Object, path: str) -> Asked:
        """The request in shared terms, taken out of its envelope."""
        inner = body.get("request")
        wrapped = "/v1internal:" in path and isinstance(inner, dict)
        asked: Object = {**inner, "model": body.get("model")} if wrapped and isinstance(inner, dict) else body
        target, _, query = path.partition("?")
        form: Form = "json"
        if target.endswith(":streamGenerateContent"):
            form = "sse" if "alt=sse" in query.split("&") else "array"
        contents = listed(asked.get("contents"))
        if "model" not in body:
            asked = {**asked, "model": target.rpartition("/")[2].partition(":")[0]}
        return Asked(
            body=asked,
            form=form,
            tools=dump(asked.get("tools") or ""),
            system=dump(asked.get("systemInstruction") or ""),
            blocks=tuple(self.blocks(contents)),
            faults=tuple(_faults(contents)),
            wrapped=wrapped,
        )

    def turn(self, asked: Asked, reply: Reply, mint: Mint) -> list[Object]:
        """A model content; the first call is signed."""
        parts: list[Object] = [{"text": reply.thinking, "thought": True}] if reply.thinking else []
        if reply.text or not reply.calls:
            parts.append({"text": reply.text})
        for number, call in enumerate(reply.calls):
            part: Object = {"functionCall": {"id": mint("call_"), "name": call.name, "args": dict(call.args)}}
            parts.append(part if number else {**part, "thoughtSignature": mint("Eq")})
        return [{"role": "model", "parts": parts}]

    def blocks(self, turn: Sequence[Object]) -> list[str]:
        """One block per part."""
        return [dump([content.get("role", "user"), bare(part)]) for content in turn for part in _parts(content)]

    def whole(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Object:
        """One GenerateContentResponse."""
        made = self._chunk(asked, turn[0]["parts"], usage, name)
        made["candidates"][0]["finishReason"] = reply.stop or "STOP"
        return self._enveloped(asked, made)

    def _chunk(self, asked: Asked, parts: list[Object], usage: Usage, name: str) -> Object:
        cached = {"cachedContentTokenCount": usage.read} if usage.read else {}
        return {
            "candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}],
            "usageMetadata": {
                "promptTokenCount": usage.prompt,
                **cached,
                "candidatesTokenCount": usage.output,
                "totalTokenCount": usage.prompt + usage.output,
            },
            "modelVersion": asked.model,
            "responseId": name,
        }

    def _enveloped(self, asked: Asked, made: Object) -> Object:
        return {"response": made, "traceId": "fake"} if asked.wrapped else made

    def events(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[bytes]:
        """Chunks as events without names, or as the elements of one array."""
        parts: list[Object] = []
        for part in turn[0]["parts"]:
            cut = [{**part, "text": piece} for piece in pieces(part["text"])] if "text" in part else [part]
            parts += cut or [part]
        for number, part in enumerate(parts):
            chunk = self._chunk(asked, [part], usage, name)
            if number == len(parts) - 1:
                chunk["candidates"][0]["finishReason"] = reply.stop or "STOP"
            yield _written(asked, self._enveloped(asked, chunk), first=number == 0, last=number == len(parts) - 1)

    def broken(self, asked: Asked, message: str) -> bytes:
        """An error in place of a chunk."""
        return _written(asked, self.error(503, message), first=False, last=True)

    def error(self, status: int, message: str) -> Object:
        """The envelope of all errors."""
        error = {"code": status, "message": message, "status": STATUSES.get(status, "UNKNOWN"), "details": []}
        return {"error": error}


def _written(asked: Asked, value: Mapping[str, Any], *, first: bool, last: bool) -> bytes:
    if asked.form == "sse":
        return data_event(value, end="\r\n\r\n")
    return f"{'[' if first else ','}{json.dumps(value, indent=2)}{']' if last else ''}\n".encode()
