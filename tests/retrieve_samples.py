"""Clients of the dialects that show a conversation again as real ones do.

What real clients change was seen on the wire: where cache marks stand, how a text is spelled, which ids and thoughts
they keep, that texts of one turn come back joined, that results come in the order in which they were ready.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tests.streams import of_converse, said

Object = dict[str, Any]

REF = re.compile(r"headroom_retrieve\('(\w+)'")

OWN = "read"
"""The client's own tool."""


def records(number: int) -> str:
    """A tool's output of which a notice is made: 300 rows alike but one."""
    rows: list[Object] = [
        {"id": i, "time": f"2026-11-01T10:{i // 60:02}:{i % 60:02}Z", "level": "INFO", "message": "heartbeat ok",
         "took_ms": 10 + i % 7} for i in range(300)
    ]  # fmt: skip
    rows[100 + number % 100] |= {"level": "FATAL", "message": f"PG-{number} connection pool exhausted"}
    return json.dumps(rows)


def events(data: bytes) -> list[Any]:
    """The data of server-sent events, without the last word of some dialects; frames begin with their length."""
    if data.startswith(b"\0"):
        return said(data)
    lines = re.split(rb"\r?\n", data)
    return [json.loads(line[6:]) for line in lines if line.startswith(b"data: ") and line != b"data: [DONE]"]


class Told:
    """What a client made of an answer."""

    def __init__(self, turn: list[Object], calls: list[str], stop: Any) -> None:
        self.turn = turn
        """As the client keeps it; empty if there was nothing to keep."""
        self.calls = calls
        """Identifiers of the calls it must answer."""
        self.stop = stop
        """Why the answer ended, in the provider's word; None if it broke off."""


class Client:
    """One conversation with its history. `body` spells it anew for each request."""

    stops: frozenset[str]
    """Words for an answer that waits for the client's tools."""

    def __init__(self, seed: int, prompt: str) -> None:
        self.random = random.Random(seed)
        self.history: list[Object] = []
        self.asks(prompt)

    def path(self, stream: bool) -> str:
        raise NotImplementedError

    def body(self, stream: bool) -> Object:
        raise NotImplementedError

    def asks(self, prompt: str) -> None:
        """Goes on with a prompt."""
        raise NotImplementedError

    def returns(self, calls: Sequence[str], outputs: Sequence[str]) -> None:
        """Goes on with what the tools returned."""
        raise NotImplementedError

    def told(self, data: bytes, stream: bool) -> Told:
        """Reads an answer."""
        raise NotImplementedError

    def keeps(self, told: Told) -> None:
        """Takes an answer, or what was seen of one, into the history."""
        self.history += told.turn

    def interrupted(self, told: Told) -> list[Object]:
        """What is kept of an answer whose calls the user did not let happen."""
        raise NotImplementedError

    def shuffled(self, values: Sequence[Object]) -> list[Object]:
        return self.random.sample(list(values), len(values))


class Messages(Client):
    """Claude Code: strings become blocks and back, and the cache mark moves."""

    stops = frozenset({"tool_use"})

    def path(self, stream: bool) -> str:
        return "/v1/messages"

    def body(self, stream: bool) -> Object:
        messages = [self._spelled(message) for message in self.history]
        last = messages[-1]["content"]
        if isinstance(last, list):
            messages[-1]["content"] = [*last[:-1], {**last[-1], "cache_control": {"type": "ephemeral"}}]
        tools = [{"name": OWN, "input_schema": {"type": "object"}}]
        body = {"model": "claude-opus-5-5", "max_tokens": 99, "system": "s", "tools": tools, "messages": messages}
        return {**body, "stream": True} if stream else body

    def _spelled(self, message: Object) -> Object:
        content = message["content"]
        if len(content) == 1 and content[0]["type"] == "text" and self.random.random() < 0.5:
            return {**message, "content": content[0]["text"]}
        return {**message, "content": [dict(block) for block in content]}

    def asks(self, prompt: str) -> None:
        self.history.append({"role": "user", "content": [{"type": "text", "text": prompt}]})

    def returns(self, calls: Sequence[str], outputs: Sequence[str]) -> None:
        results = [{"type": "tool_result", "tool_use_id": n, "content": o} for n, o in zip(calls, outputs, strict=True)]
        self.history.append({"role": "user", "content": self.shuffled(results)})

    def interrupted(self, told: Told) -> list[Object]:
        kept = [block for message in told.turn for block in message["content"] if block["type"] != "tool_use"]
        return [{"role": "assistant", "content": kept}] if any(block["type"] == "text" for block in kept) else []

    def told(self, data: bytes, stream: bool) -> Told:
        if not stream:
            message = json.loads(data)
            return self._turn(message["content"], message["stop_reason"])
        blocks: list[Object] = []
        stop = None
        for event in events(data):
            if event["type"] == "content_block_start":
                assert event["index"] == len(blocks)
                blocks.append({**event["content_block"], "": ""})
            elif event["type"] == "content_block_delta":
                _grown(blocks[event["index"]], event["delta"])
            elif event["type"] == "message_delta":
                assert stop is None
                stop = event["delta"]["stop_reason"]
        for block in blocks:
            given = block.pop("")
            if block["type"] == "tool_use":
                block["input"] = json.loads(given or "{}")
        return self._turn(blocks, stop)

    def _turn(self, blocks: list[Object], stop: Any) -> Told:
        if stop is None:  # a broken answer's calls were never made
            blocks = [block for block in blocks if block["type"] != "tool_use"]
        calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        return Told([{"role": "assistant", "content": blocks}] if blocks else [], calls, stop)


def _grown(block: Object, delta: Object) -> None:
    for name, at in (("text", "text"), ("thinking", "thinking"), ("signature", "signature"), ("partial_json", "")):
        if name in delta:
            block[at] += delta[name]


class Chat(Client):
    """opencode: what a turn said comes back as one string, thinking as well."""

    stops = frozenset({"tool_calls"})

    def path(self, stream: bool) -> str:
        return "/v1/chat/completions"

    def body(self, stream: bool) -> Object:
        tools = [{"type": "function", "function": {"name": OWN, "parameters": {"type": "object"}}}]
        body = {"model": "gpt-5.4", "tools": tools, "messages": [self._spelled(message) for message in self.history]}
        return {**body, "stream": True, "stream_options": {"include_usage": True}} if stream else body

    def _spelled(self, message: Object) -> Object:
        if message["role"] == "user" and self.random.random() < 0.5:
            return {**message, "content": [{"type": "text", "text": message["content"]}]}
        if message["role"] == "assistant" and message.get("tool_calls") and not message["content"]:
            return {**message, "content": self.random.choice(["", None])}
        return message

    def asks(self, prompt: str) -> None:
        self.history.append({"role": "user", "content": prompt})

    def returns(self, calls: Sequence[str], outputs: Sequence[str]) -> None:
        told = [{"role": "tool", "tool_call_id": n, "content": o} for n, o in zip(calls, outputs, strict=True)]
        self.history += self.shuffled(told)

    def interrupted(self, told: Told) -> list[Object]:
        return [{"role": "assistant", "content": said["content"]} for said in told.turn if said["content"]]

    def told(self, data: bytes, stream: bool) -> Told:
        if not stream:
            choice = json.loads(data)["choices"][0]
            said = {k: v for k, v in choice["message"].items() if v or k == "content"}
            return self._turn(said, choice["finish_reason"])
        said = {"role": "assistant", "content": ""}
        calls: list[Object] = []
        stop, names = None, set()
        for chunk in events(data):
            names.add(chunk.get("id"))
            for choice in chunk.get("choices", ()):
                delta = choice["delta"]
                stop = choice["finish_reason"] or stop
                for name in ("content", "reasoning_content"):
                    if delta.get(name):
                        said[name] = said.get(name, "") + delta[name]
                for piece in delta.get("tool_calls", ()):
                    if piece["index"] == len(calls):
                        calls.append({**piece, "function": dict(piece["function"])})
                        del calls[-1]["index"]
                    else:
                        calls[piece["index"]]["function"]["arguments"] += piece["function"]["arguments"]
        assert len(names - {None}) == 1
        return self._turn({**said, "tool_calls": calls} if calls else said, stop)

    def _turn(self, said: Object, stop: Any) -> Told:
        if stop is None:
            said = {key: value for key, value in said.items() if key != "tool_calls"}
        calls = [call["id"] for call in said.get("tool_calls", ())]
        return Told([said] if said.get("content") or calls else [], calls, stop)


class Items(Client):
    """Codex: items come back with their ids or without them, and with fields that say nothing."""

    stops = frozenset()

    def __init__(self, seed: int, prompt: str) -> None:
        super().__init__(seed, prompt)
        self._bare = self.random.random() < 0.3

    def path(self, stream: bool) -> str:
        return "/v1/responses"

    def body(self, stream: bool) -> Object:
        tools = [{"type": "function", "name": OWN, "parameters": {"type": "object"}}]
        body = {"model": "gpt-5.4", "store": False, "tools": tools, "input": [self._spelled(i) for i in self.history]}
        return {**body, "stream": True} if stream else body

    def _spelled(self, item: Object) -> Object:
        dropped = {"id", "status"} if self._bare and item.get("type") != "reasoning" else set()
        kept = {key: value for key, value in reversed(item.items()) if key not in dropped}
        return {**kept, "content": None} if item.get("type") == "reasoning" else kept

    def asks(self, prompt: str) -> None:
        self.history.append({"role": "user", "content": [{"type": "input_text", "text": prompt}]})

    def returns(self, calls: Sequence[str], outputs: Sequence[str]) -> None:
        told = [{"type": "function_call_output", "call_id": n, "output": o}
                for n, o in zip(calls, outputs, strict=True)]  # fmt: skip
        self.history += self.shuffled(told)

    def interrupted(self, told: Told) -> list[Object]:
        return [item for item in told.turn if item["type"] == "message"]

    def told(self, data: bytes, stream: bool) -> Told:
        if not stream:
            response = json.loads(data)
            return self._turn(response["output"], response["status"])
        items: list[Object] = []
        stop, begun = None, 0
        for number, event in enumerate(events(data)):
            assert event["type"] == "error" or event["sequence_number"] == number
            if event["type"] == "response.output_item.added":
                assert event["output_index"] == begun
                begun += 1
            elif event["type"] == "response.output_item.done":
                assert event["output_index"] == len(items)
                items.append(event["item"])
            elif event["type"] in ("response.completed", "response.incomplete"):
                assert event["response"]["output"] == items
                stop = event["response"]["status"]
        return self._turn(items, stop)

    def _turn(self, items: list[Object], stop: Any) -> Told:
        if stop is None:
            items = [item for item in items if item["type"] == "message"]
        calls = [item["call_id"] for item in items if item["type"] == "function_call"]
        return Told(items, calls, stop)


class Contents(Client):
    """Gemini CLI: thoughts are dropped, neighbouring texts joined, and a call without its signature gets a stand-in."""

    stops = frozenset()

    def path(self, stream: bool) -> str:
        return "/v1beta/models/gemini-3.5-flash:" + ("streamGenerateContent?alt=sse" if stream else "generateContent")

    def body(self, stream: bool) -> Object:
        tools = [{"functionDeclarations": [{"name": OWN, "parametersJsonSchema": {"type": "object"}}]}]
        return {"tools": tools, "contents": list(self.history)}

    def asks(self, prompt: str) -> None:
        self.history.append({"role": "user", "parts": [{"text": prompt}]})

    def returns(self, calls: Sequence[str], outputs: Sequence[str]) -> None:
        parts = [
            {"functionResponse": {"id": name, "name": OWN, "response": {"output": output}}}
            for name, output in zip(calls, outputs, strict=True)
        ]
        self.history.append({"role": "user", "parts": parts})

    def interrupted(self, told: Told) -> list[Object]:
        kept = [part for content in told.turn for part in content["parts"] if "functionCall" not in part]
        return [{"role": "model", "parts": kept}] if kept else []

    def told(self, data: bytes, stream: bool) -> Told:
        parts: list[Object] = []
        stop = None
        for chunk in events(data) if stream else [json.loads(data)]:
            for candidate in chunk.get("candidates", ()):
                assert stop is None
                stop = candidate.get("finishReason")
                for part in candidate["content"]["parts"]:
                    if part.keys() == {"text"} and parts and parts[-1].keys() == {"text"}:
                        parts[-1] = {"text": parts[-1]["text"] + part["text"]}
                    elif not part.get("thought") and part != {"text": ""}:
                        parts.append(part)
        if stop is None:
            parts = [part for part in parts if "functionCall" not in part]
        calls = [part for part in parts if "functionCall" in part]
        if calls and "thoughtSignature" not in calls[0]:
            parts[parts.index(calls[0])] = {**calls[0], "thoughtSignature": "skip_thought_signature_validator"}
        names = [part["functionCall"]["id"] for part in calls]
        return Told([{"role": "model", "parts": parts}] if parts else [], names, stop)


class Blocks(Client):
    """Agents on Amazon Bedrock: the cache mark is a block that moves, what a user says twice is one message."""

    stops = frozenset({"tool_use"})

    def path(self, stream: bool) -> str:
        return "/model/us.anthropic.claude-opus-4-5-20251101-v1%3A0/converse" + ("-stream" if stream else "")

    def body(self, stream: bool) -> Object:
        messages = [dict(message) for message in self.history]
        messages[-1]["content"] = [*messages[-1]["content"], {"cachePoint": {"type": "default"}}]
        tools = [{"toolSpec": {"name": OWN, "inputSchema": {"json": {"type": "object"}}}}]
        return {"system": [{"text": "s"}], "toolConfig": {"tools": tools}, "messages": messages}

    def asks(self, prompt: str) -> None:
        self._adds([{"text": prompt}])

    def _adds(self, content: list[Object]) -> None:
        if self.history and self.history[-1]["role"] == "user":
            content = [*self.history.pop()["content"], *content]
        self.history.append({"role": "user", "content": content})

    def returns(self, calls: Sequence[str], outputs: Sequence[str]) -> None:
        told = [{"toolResult": {"toolUseId": n, "content": [{"text": o}]}} for n, o in zip(calls, outputs, strict=True)]
        self._adds(self.shuffled(told))

    def interrupted(self, told: Told) -> list[Object]:
        kept = [block for message in told.turn for block in message["content"] if "toolUse" not in block]
        return [{"role": "assistant", "content": kept}] if any("text" in block for block in kept) else []

    def told(self, data: bytes, stream: bool) -> Told:
        if not stream:
            answer = json.loads(data)
            return self._turn(answer["output"]["message"]["content"], answer["stopReason"])
        found: defaultdict[str, list[Any]] = defaultdict(list)
        for event in events(data):
            for kind, value in event.items():
                found[kind].append(value)
        indices = [value["contentBlockIndex"] for value in found["contentBlockStop"]]
        assert indices == list(range(len(indices)))
        assert len(found["messageStart"]) == 1 >= len(found["messageStop"])
        stop = found["messageStop"][0]["stopReason"] if found["messageStop"] else None
        return self._turn(of_converse(events(data))["output"]["message"]["content"], stop)

    def _turn(self, blocks: list[Object], stop: Any) -> Told:
        if stop is None:
            blocks = [block for block in blocks if "toolUse" not in block]
        calls = [block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block]
        return Told([{"role": "assistant", "content": blocks}] if blocks else [], calls, stop)


CLIENTS: dict[str, type[Client]] = {
    "anthropic": Messages,
    "openai-chat": Chat,
    "openai-responses": Items,
    "gemini": Contents,
    "converse": Blocks,
}
"""By the name of the provider."""
