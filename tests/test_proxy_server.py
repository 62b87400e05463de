"""Who may talk to the proxy, where its requests go, and what it keeps to itself."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from headroom.cli._doctor.shapes import Shape, shapes
from headroom.ledger import Ledger
from headroom.proxy import bodies, server
from headroom.testing import FakeUpstream, Received, Reply
from tests.proxies import CLIENTS, TOKEN, Running, ask, connect, options, raw, running, send

Pairs = list[tuple[str, str]]
BODY = CLIENTS["anthropic"].first("hi")
SECRETS = ("sk-ant-secret-1", "AIza-secret-2", "the text of a prompt", TOKEN)


def echo(request: Received) -> Reply:
    return Reply(body=f"reached {request.method} {request.path}".encode())


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream(strict=False, otherwise=echo) as found:
        yield found


@pytest.fixture(scope="module")
def proxy(upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(options(tmp_path_factory.mktemp("proxy"), upstream.url)) as found:
        yield found


@pytest.fixture(scope="module")
def public(upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A proxy that believes other machines can reach it."""
    with running(options(tmp_path_factory.mktemp("public"), upstream.url, host="192.0.2.1")) as found:
        yield found


def port(proxy: Running) -> str:
    return proxy.url.rpartition(":")[2]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{}", "localhost:{}", "LOCALHOST", "[::1]:{}", "127.8.9.1", "agent.localhost:{}"]
)
def test_a_host_of_this_machine_is_served(proxy: Running, host: str) -> None:
    assert ask(proxy.url, "/v1/messages", BODY, [("Host", host.format(port(proxy)))]).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{}", "192.0.2.1", "127.0.0.1.evil.example", "localhost.evil.example",
             "localhost@evil.example", "", "127.0.0.1:{}@evil.example", "[::1", "0x7f.1.evil",
             "evil.example#localhost", "localhost, evil.example"],
)  # fmt: skip
def test_a_rebound_name_is_refused(proxy: Running, upstream: FakeUpstream, host: str) -> None:
    before = len(upstream.requests)
    for path in ("/v1/messages", "/v1/models", "/healthz", "/metrics"):
        headers = [("Host", host.format(port(proxy))), ("x-headroom-token", TOKEN)]
        assert ask(proxy.url, path, headers=headers).status == 403

    assert len(upstream.requests) == before


@pytest.mark.parametrize(
    "headers",
    [
        [("Origin", "https://evil.example")],
        [("Origin", "null")],
        [("Origin", "http://localhost:1")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
    ],
)
def test_a_web_page_is_refused(proxy: Running, upstream: FakeUpstream, headers: Pairs) -> None:
    before = len(upstream.requests)

    assert ask(proxy.url, "/v1/messages", BODY, headers).status == 403
    assert ask(proxy.url, "/v1/messages", headers=headers, method="OPTIONS").status == 403
    assert len(upstream.requests) == before


def test_its_own_page_may_ask(proxy: Running) -> None:
    origin = [("Origin", proxy.url), ("Sec-Fetch-Site", "same-origin")]

    assert ask(proxy.url, "/v1/messages", BODY, origin).status == 200
    assert ask(proxy.url, "/healthz", headers=origin).status == 200


def test_own_pages_need_the_token_and_health_does_not(proxy: Running, upstream: FakeUpstream) -> None:
    before = len(upstream.requests)

    assert ask(proxy.url, "/healthz").json["ok"] is True
    assert ask(proxy.url, "/", method="HEAD").status == 200
    for path in ("/", "/metrics", "/api/figures"):
        assert ask(proxy.url, path).status == 403
        assert ask(proxy.url, f"{path}?token=wrong").status == 403
        assert ask(proxy.url, path, headers=[("x-headroom-token", "wrong")]).status == 403
        assert ask(proxy.url, path, headers=[("x-headroom-token", TOKEN)]).status != 403
        assert ask(proxy.url, f"{path}?token={TOKEN}").status != 403
    assert len(upstream.requests) == before


def test_without_a_token_nobody_has_the_right_one(upstream: FakeUpstream, tmp_path: Path) -> None:
    with running(options(tmp_path, upstream.url, token="")) as found:
        for headers in ([], [("x-headroom-token", "")]):
            assert ask(found.url, "/metrics", headers=headers).status == 403
            assert ask(found.url, "/v1/messages", BODY, [*headers, ("Origin", "https://evil.example")]).status == 403
        assert ask(found.url, "/v1/messages", BODY).status == 200


def test_a_dry_run_comes_back_as_it_would_have_been_sent(proxy: Running, upstream: FakeUpstream) -> None:
    sent = len(upstream.requests)
    dry = [("x-headroom-dry-run", "1"), ("x-headroom-token", TOKEN)]
    answer = ask(proxy.url, "/v1/messages", CLIENTS["anthropic"].first("word " * 2000), dry)

    assert answer.status == 200
    assert answer.json["messages"][0]["role"] == "user"
    assert ask(proxy.url, "/v1/models", headers=dry).status == 404
    assert ask(proxy.url, "/v1/messages", BODY, dry[:1]).status == 403
    assert len(upstream.requests) == sent


def test_a_dry_run_is_not_sent_even_if_nobody_can_read_it(proxy: Running, upstream: FakeUpstream) -> None:
    sent = len(upstream.requests)
    dry = [("x-headroom-dry-run", "1"), ("x-headroom-token", TOKEN)]

    assert ask(proxy.url, "/v1/messages", b"coded", [*dry, ("Content-Encoding", "x-unknown")]).body == b"coded"
    assert (
        ask(proxy.url, "/v1/responses", headers=[*dry, ("Connection", "upgrade"), ("Upgrade", "websocket")]).status
        == 404
    )
    assert len(upstream.requests) == sent


@pytest.mark.parametrize("shape", shapes(), ids=lambda shape: shape.client)
def test_the_request_of_every_client_comes_out_smaller(proxy: Running, shape: Shape) -> None:
    dry = [("x-headroom-dry-run", "1"), ("x-headroom-token", TOKEN), *shape.headers.items()]
    answer = ask(proxy.url, shape.path, shape.body, dry)

    assert answer.status == 200
    assert len(answer.body) < len(json.dumps(shape.body)) * 0.7
    assert b"FATAL payment-gateway PG-5523" in answer.body


def test_other_machines_need_the_token(public: Running) -> None:
    named = [("Host", "proxy.example"), ("x-headroom-token", TOKEN)]

    assert ask(public.url, "/v1/messages", BODY, named).status == 200
    assert ask(public.url, "/v1/messages", BODY, named[:1]).status == 403
    assert ask(public.url, "/v1/messages", BODY).status == 403
    assert ask(public.url, "/v1/files", b"x", [("x-headroom-token", "é")]).status == 403


CRAFTED = [
    "//evil.example/x", "///evil.example", "/..", "/../../x", "/@evil.example", "/x@evil.example/",
    "/%2f%2fevil.example", "/\\evil.example", "/.evil.example", "/:80/x", "/%0d%0aX-Evil:%201", "/x?u=http://evil.example/",
    "/%40evil.example",
    "/anthropic//evil.example/v1/messages", "/%zz", "/;@evil.example", "//127.0.0.1:1/x", "/%00", "/x%23y",
]  # fmt: skip


@pytest.mark.parametrize("target", CRAFTED)
def test_a_crafted_path_goes_to_the_upstream_and_nowhere_else(
    proxy: Running, upstream: FakeUpstream, target: str
) -> None:
    answer = raw(proxy.url, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    assert answer.endswith(f"reached GET {target}".encode())
    assert upstream.requests[-1].header("host") == upstream.url.removeprefix("http://")
    assert upstream.requests[-1].header("x-evil") is None


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/x", "http://evil.example/", "https://evil.example:443/v1/messages", "x://evil.example/",
     "http://localhost@evil.example/", "@evil.example/x", ".evil.example/x", ":80@evil.example/", "evil.example:443",
     "http:/evil.example", "*", "?x", "#x"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "CONNECT"])
def test_a_target_that_is_no_path_goes_nowhere(
    proxy: Running, upstream: FakeUpstream, target: str, method: str
) -> None:
    before = len(upstream.requests)
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    answer = raw(proxy.url, head.encode())

    assert answer.split()[1] in (b"400", b"404")
    assert len(upstream.requests) == before


@pytest.mark.parametrize(
    "line",
    [b"X-A: 1\rX-Evil: 1", b"X-A: 1\n\tX-Evil: 1", b"X-A: a\0b", b"X-A : 1", b"X A: 1", b": 1", b"X-A: 1\r\n X-Evil: 1",
     b"Transfer-Encoding: chunked\r\nContent-Length: 3", b"Content-Length: 3\r\nContent-Length: 4",
     b"Transfer-Encoding: xchunked", b"Content-Length: +3", b"Content-Length: -1", b"Transfer-Encoding : chunked"],
)  # fmt: skip
def test_a_header_cannot_smuggle_another(proxy: Running, upstream: FakeUpstream, line: bytes) -> None:
    before = len(upstream.requests)
    head = b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + line + b"\r\n\r\n"
    answer = raw(proxy.url, head + b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")

    seen = upstream.requests[before:]
    assert answer.split()[1] in (b"400", b"200")
    assert [request.path for request in seen if request.path != "/v1/files"] == []
    assert [request.header("x-evil") for request in seen if request.header("x-evil")] == []


def test_a_body_above_the_limit_is_refused(proxy: Running, upstream: FakeUpstream) -> None:
    before = len(upstream.requests)
    answer = ask(proxy.url, "/v1/messages", b" " * (bodies.MAX_BYTES + 1))

    assert answer.status == 413
    assert "headroom proxy: the request body is larger than" in answer.json["error"]["message"]
    assert len(upstream.requests) == before


def test_a_body_that_grows_beyond_the_limit_is_left_to_the_upstream(proxy: Running, upstream: FakeUpstream) -> None:
    bomb = gzip.compress(b" " * (bodies.MAX_BYTES + 10), 9)
    ask(proxy.url, "/v1/messages", bomb, [("Content-Encoding", "gzip")])

    assert upstream.requests[-1].body == bomb


@pytest.mark.parametrize(
    "hostile",
    [b"[" * 100_000, b'{"messages":' * 50_000, b'{"messages":[' + b"{" * 9_000, b'{"messages":[{"role":1e999}]}',
     b'{"messages":[{"role":"user","content":[[[[{}]]]]},7,null]}', b'{"messages":{"a":1},"tools":7,"model":[]}',
     b'{"messages":[{"role":"user","content":"\\ud800"}],"max_tokens":[]}', b"\xef\xbb\xbf{}", b"{}{}", b"NaN"],
)  # fmt: skip
@pytest.mark.parametrize("dialect", sorted(CLIENTS))
def test_a_hostile_body_passes_as_it_is(proxy: Running, upstream: FakeUpstream, hostile: bytes, dialect: str) -> None:
    sent = hostile.replace(b"messages", {"openai-responses": b"input", "gemini": b"contents"}.get(dialect, b"messages"))
    ask(proxy.url, CLIENTS[dialect].path, sent)

    assert upstream.requests[-1].body == sent


def test_secrets_are_never_logged(proxy: Running, upstream: FakeUpstream, caplog: pytest.LogCaptureFixture) -> None:
    key, query, prompt, token = SECRETS
    headers = [("x-api-key", key), ("Authorization", f"Bearer {key}"), ("x-headroom-token", token)]
    body = {**CLIENTS["anthropic"].first(prompt), "tools": [{"name": "x", "input_schema": {}}]}
    with caplog.at_level(logging.DEBUG):
        ask(proxy.url, f"/v1/messages?key={query}", body, headers)
        ask(proxy.url, f"/v1/messages?key={query}", json.dumps(body).encode()[:-1], headers)
        ask(proxy.url, "/v1/messages", body, [*headers, ("Content-Encoding", "gzip")])
        ask(proxy.url, f"/metrics?token={token}")
        raw(proxy.url, f"GET /{query} X HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        raw(proxy.url, f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: {key}\0\r\n\r\n".encode())
        raw(proxy.url, f"GET /?key={query} HTTP/1.1\r\nHost: localhost\r\nAuthorization {key}\r\n\r\n".encode())
        with FakeUpstream([Reply("word " * 99, cut_after=200)]) as broken:
            proxy.point(broken.url)
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                ask(proxy.url, f"/v1/messages?key={query}", {**body, "stream": True}, headers)
        ask(proxy.url, f"/v1/messages?key={query}", body, headers)
        proxy.point(upstream.url)

    assert len(caplog.records) > 3
    assert [secret for secret in SECRETS if secret in caplog.text] == []


def test_told_twice_to_end_it_ends_at_once_and_its_rows_are_written(tmp_path: Path) -> None:
    gate, arrived = threading.Event(), threading.Event()
    replies = [Reply("fine"), Reply("never ends", gate=gate)]

    def model(_: Received) -> Reply:
        if len(replies) == 1:
            arrived.set()
        return replies.pop(0)

    async def serve(url: str, listening: asyncio.Future[int]) -> None:
        async with server.running(server.Proxy(options(tmp_path, url)), "127.0.0.1", 0) as at:
            listening.set_result(at)
            await asyncio.Event().wait()

    async def run(url: str) -> None:
        listening = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(url, listening))
        at = await listening
        waits = connect(f"http://127.0.0.1:{at}")
        await asyncio.to_thread(ask, f"http://127.0.0.1:{at}", "/v1/messages", BODY)
        await asyncio.to_thread(send, waits, "/v1/messages", b'{"stream":true}', [], "POST")
        await asyncio.to_thread(arrived.wait)
        serving.cancel()
        with suppress(ConnectionError):
            while True:  # as long as it listens
                _, writer = await asyncio.open_connection("127.0.0.1", at)
                writer.close()
        assert not serving.done()
        serving.cancel()
        await asyncio.wait([serving])
        waits.close()

    with FakeUpstream(model) as upstream:
        asyncio.run(run(upstream.url))
        gate.set()
    ledger = Ledger(tmp_path)
    assert len(ledger.latest(9)) == 1
    ledger.close()
