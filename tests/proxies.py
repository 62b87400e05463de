"""A running proxy before a fake upstream, and the least an agent needs to talk to either."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from headroom.proxy import server
from headroom.proxy.routes import UPSTREAMS

WAIT = 60.0
"""Seconds until a test that waits in vain fails."""

TOKEN = "a-token-of-the-tests"


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def ask(
    url: str, path: str, body: bytes | Any = None, headers: Sequence[tuple[str, str]] = (), method: str = ""
) -> Answer:
    """One request with exactly these headers besides Host and Content-Length; what is no bytes goes as JSON."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    connection = connect(url)
    try:
        send(connection, path, data, headers, method or ("GET" if data is None else "POST"))
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheaders(), answer.read())
    finally:
        connection.close()


def complaint(answer: Answer) -> str:
    """What a provider's refusal says; Amazon puts nothing around it."""
    return str(answer.json.get("error", answer.json)["message"])


def connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=WAIT)


def send(
    connection: http.client.HTTPConnection,
    path: str,
    data: bytes | None,
    headers: Sequence[tuple[str, str]],
    method: str,
) -> None:
    hosted = any(name.lower() == "host" for name, _ in headers)
    connection.putrequest(method, path, skip_host=hosted, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if data is not None and not any(name.lower() == "transfer-encoding" for name, _ in headers):
        connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data)


def raw(url: str, data: bytes) -> bytes:
    """What comes back for these very bytes, until the other side closes."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=WAIT) as link:
        link.sendall(data)
        found = b""
        while piece := link.recv(65536):
            found += piece
    return found


@dataclass
class Running:
    """A proxy that listens."""

    url: str
    proxy: server.Proxy

    def point(self, url: str) -> None:
        """Has all upstreams be at `url`."""
        self.proxy.options.upstreams.update(dict.fromkeys(self.proxy.options.upstreams, url))


def options(home: Path, upstream: str, **given: Any) -> server.Options:
    """Options of a proxy whose every upstream is at one URL."""
    upstreams = dict.fromkeys(UPSTREAMS, upstream)
    made = server.Options(home=home, store_cap=10**8, token=TOKEN, upstreams=upstreams, deadline=WAIT)
    return replace(made, **given)


@contextmanager
def running(chosen: server.Options) -> Iterator[Running]:
    """A proxy in a thread of its own, as `headroom proxy` runs it."""
    proxy = server.Proxy(chosen)
    started = threading.Event()
    found: list[str] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with server.running(proxy, "127.0.0.1", 0) as port:
            found.append(f"http://127.0.0.1:{port}")
            started.set()
            await stop.wait()

    def whole() -> None:
        try:
            loop.run_until_complete(run())
        finally:
            loop.close()
            started.set()

    thread = threading.Thread(target=whole, name="proxy", daemon=True)
    thread.start()
    started.wait()
    if not found:
        raise RuntimeError("the proxy did not start; its thread said why")
    try:
        yield Running(found[0], proxy)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


class Client(NamedTuple):
    """How the agents of one dialect speak."""

    path: str
    first: Callable[[str], dict[str, Any]]
    """The request that opens a conversation with a prompt."""
    calls: Callable[[dict[str, Any]], list[str]]
    """The identifiers of the calls in an answer."""
    following: Callable[[dict[str, Any], dict[str, Any], list[str]], dict[str, Any]]
    """The request after an answer: the last one, the answer, and the outputs of its calls; or a prompt, if there were
    none."""


def _anthropic_next(body: dict[str, Any], answer: dict[str, Any], said: list[str]) -> dict[str, Any]:
    names = _anthropic_calls(answer)
    user: Any = (
        [{"type": "tool_result", "tool_use_id": n, "content": o} for n, o in zip(names, said, strict=True)]
        if names
        else said[0]
    )
    turn = [{"role": "assistant", "content": answer["content"]}, {"role": "user", "content": user}]
    return {**body, "messages": [*body["messages"], *turn]}


def _anthropic_calls(answer: dict[str, Any]) -> list[str]:
    return [block["id"] for block in answer["content"] if block["type"] == "tool_use"]


def _chat_next(body: dict[str, Any], answer: dict[str, Any], said: list[str]) -> dict[str, Any]:
    message = {key: value for key, value in answer["choices"][0]["message"].items() if key != "refusal"}
    results = [
        {"role": "tool", "tool_call_id": name, "content": text}
        for name, text in zip(_chat_calls(answer), said, strict=False)
    ]
    turn = [message, *(results or [{"role": "user", "content": said[0]}])]
    return {**body, "messages": [*body["messages"], *turn]}


def _chat_calls(answer: dict[str, Any]) -> list[str]:
    return [call["id"] for call in answer["choices"][0]["message"].get("tool_calls") or []]


def _responses_next(body: dict[str, Any], answer: dict[str, Any], said: list[str]) -> dict[str, Any]:
    results: list[dict[str, Any]] = [
        {"type": "function_call_output", "call_id": name, "output": text}
        for name, text in zip(_responses_calls(answer), said, strict=False)
    ]
    turn = results or [{"role": "user", "content": said[0]}]
    return {**body, "input": [*body["input"], *answer["output"], *turn]}


def _responses_calls(answer: dict[str, Any]) -> list[str]:
    return [item["call_id"] for item in answer["output"] if item["type"] == "function_call"]


def _gemini_next(body: dict[str, Any], answer: dict[str, Any], said: list[str]) -> dict[str, Any]:
    content: dict[str, Any] = answer["candidates"][0]["content"]
    calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
    parts: list[dict[str, Any]] = [
        {"functionResponse": {"id": call["id"], "name": call["name"], "response": {"output": text}}}
        for call, text in zip(calls, said, strict=False)
    ]
    return {**body, "contents": [*body["contents"], content, {"role": "user", "parts": parts or [{"text": said[0]}]}]}


def _gemini_calls(answer: dict[str, Any]) -> list[str]:
    parts = answer["candidates"][0]["content"]["parts"]
    return [part["functionCall"]["id"] for part in parts if "functionCall" in part]


def _converse_next(body: dict[str, Any], answer: dict[str, Any], said: list[str]) -> dict[str, Any]:
    results: list[dict[str, Any]] = [
        {"toolResult": {"toolUseId": name, "content": [{"text": text}], "status": "success"}}
        for name, text in zip(_converse_calls(answer), said, strict=False)
    ]
    user = {"role": "user", "content": results or [{"text": said[0]}]}
    return {**body, "messages": [*body["messages"], answer["output"]["message"], user]}


def _converse_calls(answer: dict[str, Any]) -> list[str]:
    content = answer["output"]["message"]["content"]
    return [block["toolUse"]["toolUseId"] for block in content if "toolUse" in block]


CLIENTS: Mapping[str, Client] = {
    "anthropic": Client(
        "/v1/messages",
        lambda prompt: {
            "model": "claude-opus-5-5",
            "max_tokens": 64,
            "messages": [{"role": "user", "content": prompt}],
        },
        _anthropic_calls,
        _anthropic_next,
    ),
    "openai-chat": Client(
        "/v1/chat/completions",
        lambda prompt: {"model": "gpt-5.4", "messages": [{"role": "user", "content": prompt}]},
        _chat_calls,
        _chat_next,
    ),
    "openai-responses": Client(
        "/v1/responses",
        lambda prompt: {"model": "gpt-5.4", "store": False, "input": [{"role": "user", "content": prompt}]},
        _responses_calls,
        _responses_next,
    ),
    "gemini": Client(
        "/v1beta/models/gemini-3-pro:generateContent",
        lambda prompt: {"contents": [{"role": "user", "parts": [{"text": prompt}]}]},
        _gemini_calls,
        _gemini_next,
    ),
    "converse": Client(
        "/model/us.anthropic.claude-opus-4-5-20251101-v1%3A0/converse",
        lambda prompt: {"messages": [{"role": "user", "content": [{"text": prompt}]}]},
        _converse_calls,
        _converse_next,
    ),
}
