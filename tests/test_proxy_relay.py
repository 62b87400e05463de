"""The proxy on the wire: what it does not compress passes byte for byte, both ways, and as it comes."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from backports import zstd

from headroom.testing import FakeUpstream, Received, Reply
from headroom.testing._script import Script
from tests.proxies import CLIENTS, WAIT, Answer, Running, ask, connect, options, raw, running, send
from tests.streams import streaming

ODD = {
    "anthropic": b'{ "model" : "claude",\n\t"messages":[{"role":"user","content":"h\\u00e9 \\ud83d\\ude00 \\/"}],'
    b'"novel":{"a":1e2,"a":-0},"max_tokens":  7 , "system":[{"type":"text","text":"","cache_control":{}}]}\r\n',
    "openai-chat": b'{"messages":[{"role":"user","content":"\\u0041\\t","name":"x"}],"model":"gpt-5.4",  "seed":1.50}',
    "openai-responses": b' {"input":"hi \\u2028","model":"gpt-5.4","store":false,"novel":[[],{}]}',
    "converse": b'{ "messages":[{"content":[{"text":"h\\u00e9 \\/"}, {"cachePoint":{"type":"default"}}],'
    b'"role":"user"}],"system":[{"text":"s"}], "inferenceConfig":{"temperature":0.10}}\n',
    "gemini": b'{"contents":[{"parts":[{"text":"\xc3\xa9"}]}],"generationConfig":{"temperature":0.10}}',
}
HEADERS = [
    ("User-Agent", "an-agent/1.0"),
    ("X-Two", "first"),
    ("authorization", "Bearer sk-secret"),
    ("X-Two", "second; with=more, and \u00c3\u00a9"),
    ("Content-Type", "application/json; charset=utf-8"),
    ("anthropic-beta", "a-1,b-2"),
    ("anthropic-beta", "c-3"),
    ("Cookie", "a=b"),
]
OURS = {"host", "accept-encoding", "content-length"}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(options(tmp_path_factory.mktemp("proxy"), "http://127.0.0.1:9")) as found:
        yield found


@contextmanager
def before(proxy: Running, script: Script = (), **given: Any) -> Iterator[FakeUpstream]:
    """A fake upstream that the proxy stands before."""
    with FakeUpstream(script, **given) as upstream:
        proxy.point(upstream.url)
        yield upstream


def passed(received: Received) -> list[tuple[str, str]]:
    return [(name, value) for name, value in received.headers if name.lower() not in OURS]


@pytest.mark.parametrize("dialect", sorted(CLIENTS))
def test_a_request_with_nothing_to_compress_arrives_byte_for_byte(proxy: Running, dialect: str) -> None:
    path = f"{CLIENTS[dialect].path}?beta=true&x=%2F%zz&&y"
    with before(proxy) as upstream:
        answer = ask(proxy.url, path, ODD[dialect], HEADERS)

        assert answer.status == 200
        assert upstream.requests[0].body == ODD[dialect]
        assert upstream.requests[0].path == path
        assert passed(upstream.requests[0]) == HEADERS
        assert upstream.requests[0].header("content-length") == str(len(ODD[dialect]))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/models?limit=1000", None),
        ("HEAD", "/api/hello", None),
        ("DELETE", "/v1/responses/resp_1%2Fx", None),
        ("POST", "/v1/files", b"--x\r\n\0\xff binary \r\n--x--"),
        ("POST", "/v1/messages/batches", b'{"requests":[ ]}'),
        ("PUT", "/anything/at all".replace(" ", "%20"), b""),
        ("PATCH", "/v1/unknown/../x", b"{not json"),
        ("OPTIONS", "/v1/messages", None),
        ("POST", "/v1/messages/count_tokens", b'{"messages" : [] }'),
        ("POST", "/v1/messages", b"{ not json"),
        ("POST", "/v1/messages", b'"a string"'),
        ("POST", "/v1/messages", b""),
        ("POST", "/v1/messages", "{\"messages\":[]}".encode("utf-16")),
    ],
)  # fmt: skip
def test_what_the_proxy_does_not_know_passes(proxy: Running, method: str, path: str, body: bytes | None) -> None:
    def otherwise(request: Received) -> Reply:
        return Reply(status=207, body=b"\0answer\xff", headers=[("X-Seen", request.method)])

    with before(proxy, strict=False, otherwise=otherwise) as upstream:
        answer = ask(proxy.url, path, body, HEADERS, method)
        received = upstream.requests[0]

    assert (received.method, received.path, received.body) == (method, path, body or b"")
    assert passed(received) == HEADERS
    if answer.status == 207:
        assert answer.header("x-seen") == method
        assert answer.body == (b"" if method == "HEAD" else b"\0answer\xff")


def test_a_body_without_a_length_passes(proxy: Running) -> None:
    pieces = b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    with before(proxy) as upstream:
        ask(proxy.url, "/v1/files", pieces, [("Transfer-Encoding", "chunked")])

        assert upstream.requests[0].body == b"abcdefg"


def direct_and_relayed(proxy: Running, path: str, body: Any, reply: Reply) -> tuple[Answer, Answer]:
    """The answer of a fake of its own, and the same answer through the proxy."""
    with FakeUpstream([reply], strict=False) as alone:
        direct = ask(alone.url, path, body)
    with before(proxy, [reply], strict=False):
        return direct, ask(proxy.url, path, body)


def told(answer: Answer) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in answer.headers if name != "Date")


@pytest.mark.parametrize("chunk", [None, 1, 4096])
@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("dialect", sorted(CLIENTS))
def test_an_answer_reaches_the_client_byte_for_byte(
    proxy: Running, dialect: str, streams: bool, chunk: int | None
) -> None:
    client = CLIENTS[dialect]
    reply = Reply(
        "héllo \u2028 wörld", thinking="so", chunk_bytes=chunk, headers=[("Set-Cookie", "a"), ("Set-Cookie", "b")]
    )
    path = client.path.replace("generateContent", "streamGenerateContent?alt=sse") if streams else client.path
    direct, relayed = direct_and_relayed(proxy, path, {**client.first("hi"), "stream": streams}, reply)

    assert relayed.body == direct.body
    assert relayed.status == 200
    assert told(relayed) == told(direct)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 529])
def test_errors_are_the_upstream_s_own(proxy: Running, status: int) -> None:
    headers = [("retry-after", "7"), ("request-id", "req_1"), ("x-should-retry", "true"), ("Retry-After-Ms", "1")]
    reply = Reply(status=status, body=b'{"error": {"message":"as  it is"} }', headers=headers)
    direct, relayed = direct_and_relayed(proxy, "/v1/messages", CLIENTS["anthropic"].first("hi"), reply)

    assert relayed == direct._replace(headers=relayed.headers)
    assert told(relayed) == told(direct)
    assert set(headers) <= set(relayed.headers)


@pytest.mark.parametrize("dialect", sorted(CLIENTS))
def test_an_error_in_mid_stream_passes(proxy: Running, dialect: str) -> None:
    path, body = streaming(dialect, CLIENTS[dialect].first("hi"))
    reply = Reply("some words " * 9, error="Overloaded")
    direct, relayed = direct_and_relayed(proxy, path, body, reply)

    assert relayed.body == direct.body
    assert b"Overloaded" in relayed.body


def test_a_compressed_answer_stays_compressed(proxy: Running) -> None:
    def otherwise(_: Received) -> Reply:
        return Reply(body=b"x" * 1000, headers=[("Content-Type", "text/plain")], gzip=True)

    with before(proxy, otherwise=otherwise):
        answer = ask(proxy.url, "/v1/models", headers=[("Accept-Encoding", "gzip, br, zstd")])

    assert answer.header("content-encoding") == "gzip"
    assert gzip.decompress(answer.body) == b"x" * 1000


@pytest.mark.parametrize("chunk", [None, 1])
def test_first_bytes_arrive_before_the_last_were_sent(proxy: Running, chunk: int | None) -> None:
    gate = threading.Event()
    with before(proxy, [Reply("a b c", gate=gate, chunk_bytes=chunk)]) as upstream:
        connection = connect(proxy.url)
        body = json.dumps({**CLIENTS["anthropic"].first("hi"), "stream": True}).encode()
        send(connection, "/v1/messages", body, [], "POST")
        answer = connection.getresponse()
        first = answer.read(1)
        ended = upstream.requests[0].ended.is_set()
        gate.set()
        rest = answer.read()
        connection.close()

    assert not ended
    assert (first + rest).startswith(b"event: message_start")
    assert (first + rest).endswith(b'data: {"type": "message_stop"}\n\n')


def test_a_body_that_is_not_read_is_sent_on_as_it_comes(proxy: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy.point(f"http://127.0.0.1:{server.getsockname()[1]}")
        connection = connect(proxy.url)
        connection.putrequest("POST", "/v1/files")
        connection.putheader("Content-Length", "10")
        connection.endheaders(b"first")
        link = server.accept()[0]
        arrived = b""
        while not arrived.endswith(b"first"):
            arrived += link.recv(65536)
        connection.send(b"later")
        while not arrived.endswith(b"firstlater"):
            arrived += link.recv(65536)
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        assert connection.getresponse().read() == b"ok"
        connection.close()
        link.close()


@pytest.mark.parametrize("status", [204, 205, 301, 304, 307])
def test_answers_without_a_body_and_redirects_pass(proxy: Running, status: int) -> None:
    body = b"" if status in (204, 205, 304) else b"moved"

    def otherwise(request: Received) -> Reply:
        return Reply(status=status, body=body, headers=[("Location", "https://evil.example/"), ("ETag", '"1"')])

    with before(proxy, otherwise=otherwise) as upstream:
        direct, relayed = (
            ask(url, "/v1/models", headers=[("If-None-Match", '"1"')]) for url in (upstream.url, proxy.url)
        )
        requests = len(upstream.requests)

    assert (relayed.status, relayed.body) == (direct.status, direct.body) == (status, body)
    assert relayed.header("location") == "https://evil.example/"
    assert requests == 2


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/files"])
def test_a_request_gets_no_headers_that_its_client_did_not_send(proxy: Running, path: str) -> None:
    with before(proxy, otherwise=lambda request: Reply(body=b"{}")) as upstream:
        ask(proxy.url, path, ODD["anthropic"], [("anthropic-version", "2023-06-01")])
        (received,) = upstream.requests

    assert passed(received) == [("anthropic-version", "2023-06-01")]


def test_long_headers_pass_both_ways(proxy: Running) -> None:
    token = "t" * 30_000

    def otherwise(request: Received) -> Reply:
        return Reply(body=b"seen", headers=[("X-Long", request.header("authorization") or "")])

    with before(proxy, otherwise=otherwise) as upstream:
        head = f"GET /v1/models?x={token} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\n"
        found = raw(proxy.url, head.encode() + b"Connection: close\r\n\r\n")

        assert upstream.requests[0].path.endswith(token)
    assert f"X-Long: {token}\r\n".encode() in found


@pytest.mark.parametrize("size", [2**20 - 500, 2**20 + 1, 2**21 + 7])
def test_a_long_body_arrives_counted_as_it_was_sent(proxy: Running, size: int) -> None:
    words = "".join(f"line {number}\n" for number in range(size // 8))[:size]
    body = json.dumps({"model": "m", "system": words, "messages": [{"role": "user", "content": "Hello"}]}).encode()
    with before(proxy) as upstream:
        assert ask(proxy.url, "/v1/messages", body).status == 200
        (received,) = upstream.requests

    assert received.body == body
    assert [value for name, value in received.headers if name.lower() == "content-length"] == [str(len(body))]
    assert passed(received) == []


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(proxy: Running) -> None:
    body = ODD["anthropic"]
    head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n"
    with before(proxy) as upstream:
        answer = raw(proxy.url, head.encode() + b"Connection: close\r\n\r\n" + body)

        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert upstream.requests[0].body == body
        assert upstream.requests[0].header("expect") is None


def test_a_client_of_the_first_version_is_not_told_to_go_on(proxy: Running) -> None:
    head = "POST /v1/messages HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{}"
    with before(proxy):
        assert raw(proxy.url, head.encode()).startswith(b"HTTP/1.0 ")


def test_an_answer_that_has_broken_off_at_once_keeps_its_status_and_headers(proxy: Running) -> None:
    replies = [Reply("some words", status=429, headers=[("retry-after", "7")], cut_after=1) for _ in range(20)]
    with before(proxy, replies):
        for number in range(20):  # of a new conversation something is looked up before the answer is read
            head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-session-id: cut {number}\r\n"
            found = raw(proxy.url, head.encode() + b"Content-Length: 2\r\n\r\n{}")
            assert found.startswith(b"HTTP/1.1 429 ")
            assert b"retry-after: 7\r\n" in found


@pytest.mark.parametrize("after", [1, 200])
def test_an_upstream_that_breaks_off_breaks_off_for_the_client(
    proxy: Running, after: int, caplog: pytest.LogCaptureFixture
) -> None:
    body = {**CLIENTS["anthropic"].first("hi"), "stream": True}
    with (
        before(proxy, [Reply("some words " * 50, cut_after=after)]),
        pytest.raises((http.client.IncompleteRead, ConnectionError)),
    ):
        ask(proxy.url, "/v1/messages", body)

    with before(proxy, [Reply("fine")]):
        assert ask(proxy.url, "/v1/messages", CLIENTS["anthropic"].first("hi")).status == 200
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [
        "upstream anthropic broke off within an answer: ClientPayloadError"
    ]
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


def test_a_client_that_leaves_ends_the_request_upstream(proxy: Running, caplog: pytest.LogCaptureFixture) -> None:
    with before(proxy, [Reply("a b c", gate=threading.Event())]) as upstream:
        connection = connect(proxy.url)
        body = json.dumps({**CLIENTS["anthropic"].first("hi"), "stream": True}).encode()
        send(connection, "/v1/messages", body, [], "POST")
        answer = connection.getresponse()
        answer.read(1)
        answer.close()
        connection.close()

        assert upstream.requests[0].ended.wait(WAIT)
        assert upstream.requests[0].gone
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


def test_an_upstream_that_is_down_is_told_in_a_sentence(proxy: Running) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        proxy.point(f"http://127.0.0.1:{taken.getsockname()[1]}")
        answer = ask(proxy.url, "/v1/messages", CLIENTS["anthropic"].first("hi"))

    assert answer.status == 502
    assert answer.json["type"] == "error"
    assert "headroom proxy: the upstream http://127.0.0.1:" in answer.json["error"]["message"]
    assert "cannot be reached" in answer.json["error"]["message"]


@pytest.mark.parametrize("said", [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_an_upstream_that_gives_no_answer_is_not_told_to_be_down(proxy: Running, said: bytes) -> None:
    def answer(link: socket.socket) -> None:
        with link:
            link.recv(65536)
            link.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy.point(f"http://127.0.0.1:{server.getsockname()[1]}")
        serving = threading.Thread(target=lambda: answer(server.accept()[0]))
        serving.start()
        found = ask(proxy.url, "/v1/messages", CLIENTS["anthropic"].first("hi"))
        serving.join(WAIT)

    assert found.status == 502
    assert "broke off before it answered" in found.json["error"]["message"]


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate", "br"])
def test_an_encoded_body_with_nothing_to_compress_passes_as_it_is(proxy: Running, coding: str) -> None:
    body = ODD["anthropic"]
    pieces = gzip.compress(body[:50]) + gzip.compress(body[50:])
    made = {"gzip": pieces, "zstd": bytes(zstd.compress(body)), "deflate": b"no deflate", "br": b"\x0b"}
    data = made[coding]
    with before(proxy, strict=False) as upstream:
        ask(proxy.url, "/v1/messages", data, [("Content-Encoding", coding)])

        assert upstream.requests[0].body == data
        assert upstream.requests[0].header("content-encoding") == coding


def test_what_is_meant_for_the_proxy_goes_no_further(proxy: Running) -> None:
    headers = [("x-headroom-level", "meter"), ("X-Headroom-Token", "t"), ("Connection", "X-Hop"), ("X-Hop", "1")]
    with before(proxy) as upstream:
        ask(proxy.url, "/v1/messages", CLIENTS["anthropic"].first("hi"), [*headers, ("X-Kept", "1")])

        assert passed(upstream.requests[0]) == [("X-Kept", "1")]
