"""Conversations through the proxy: what is large gets smaller once, and is sent the same way ever after."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from headroom.ledger import Ledger
from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import CLIENTS, WAIT, Running, ask, connect, options, running, send
from tests.streams import JOINED, sse, streaming

DIALECTS = sorted(CLIENTS)
TURNS = 4
OBJECT = {"type": "object"}
TOOLS: dict[str, dict[str, Any]] = {
    "anthropic": {"tools": [{"name": "read", "input_schema": OBJECT}]},
    "openai-chat": {"tools": [{"type": "function", "function": {"name": "read", "parameters": OBJECT}}]},
    "openai-responses": {"tools": [{"type": "function", "name": "read", "parameters": OBJECT}]},
    "gemini": {"tools": [{"functionDeclarations": [{"name": "read", "parameters": OBJECT}]}]},
    "converse": {"toolConfig": {"tools": [{"toolSpec": {"name": "read", "inputSchema": {"json": OBJECT}}}]}},
}
"""What a request has besides, if it has a tool."""


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(options(tmp_path_factory.mktemp("proxy"), "http://127.0.0.1:9")) as found:
        yield found


@contextmanager
def before(proxy: Running, turns: int = 1) -> Iterator[FakeUpstream]:
    """A fake upstream behind the proxy, whose model reads something in each of so many turns."""
    with FakeUpstream([Reply(thinking="hm", calls=[Call("read", {"n": n})]) for n in range(turns)]) as upstream:
        proxy.point(upstream.url)
        yield upstream


@contextmanager
def before_new(home: Path, **given: Any) -> Iterator[tuple[Running, FakeUpstream]]:
    """The same with a proxy of its own, which has ended afterwards."""
    script = [Reply(calls=[Call("read", {"path": "a"})]), Reply("done")] * 2
    with FakeUpstream(script, forks=True) as upstream, running(options(home, upstream.url, **given)) as proxy:
        yield proxy, upstream


def records(name: str, count: int = 120) -> str:
    """A tool's output that is known to get smaller."""
    rows = [{"id": i, "name": f"{name}-{i}", "region": "eu-west-1", "state": "active"} for i in range(count)]
    return json.dumps(rows)


class Agent:
    """One conversation of one dialect."""

    def __init__(self, dialect: str, prompt: str, *, tools: bool = False, streams: bool = False) -> None:
        self.dialect = dialect
        self.streams = streams
        self.client = CLIENTS[dialect]
        self.body = self.client.first(prompt)
        if tools:
            self.body |= TOOLS[dialect]
        self.answer: Any = None

    def sends(self, url: str, headers: list[tuple[str, str]] | None = None) -> int:
        """Sends the next request; its status."""
        path, body = streaming(self.dialect, self.body) if self.streams else (self.client.path, self.body)
        answer = ask(url, path, body, headers or [])
        streamed = self.streams and answer.status == 200
        self.answer = JOINED[self.dialect](sse(answer.body)) if streamed else answer.json
        return answer.status

    def reads(self, output: str) -> None:
        """Takes the output of the call in the last answer, or goes on with a prompt."""
        calls = self.client.calls(self.answer)
        self.body = self.client.following(self.body, self.answer, [output] * max(1, len(calls)))

    @property
    def sent(self) -> bytes:
        return json.dumps(self.body).encode()


def changed(sent: bytes, arrived: bytes, text: str) -> bytes:
    """What arrived in the place of a text; all bytes around it must be the same."""
    raw = json.dumps(text).encode()
    start = sent.index(raw)
    end = len(sent) - start - len(raw)
    assert arrived[:start] == sent[:start]
    assert arrived[len(arrived) - end :] == sent[len(sent) - end :]
    return arrived[start : len(arrived) - end]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_large_result_arrives_smaller_and_all_else_as_it_was(proxy: Running, dialect: str) -> None:
    with before(proxy) as upstream:
        agent = Agent(dialect, f"smaller {dialect}")
        agent.sends(proxy.url)
        agent.reads(records("smaller"))
        status = agent.sends(proxy.url)

        arrived = upstream.requests[-1]
        assert status == 200
        assert upstream.violations == []
    assert len(arrived.body) < 0.7 * len(agent.sent)
    assert arrived.header("content-length") == str(len(arrived.body))
    assert "120 rows" in json.loads(changed(agent.sent, arrived.body, records("smaller")))


@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
def test_an_encoded_body_is_read_and_encoded_again(proxy: Running, coding: str) -> None:
    agent = Agent("anthropic", f"encoded {coding}")
    encode: dict[str, Callable[[bytes], Any]] = {"gzip": gzip.compress, "zstd": zstd.compress, "deflate": zlib.compress}
    with before(proxy) as upstream:
        agent.sends(proxy.url)
        agent.reads(records("encoded"))
        body = bytes(encode[coding](agent.sent))
        ask(proxy.url, agent.client.path, body, [("Content-Encoding", coding)])
        agent.sends(proxy.url)
        first, plain = upstream.requests[1:]

        assert first.json == plain.json != agent.body
        assert first.header("content-encoding") == coding
        assert first.header("content-length") == str(len(first.body))
        assert upstream.violations == []


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("tools", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_growing_conversation_keeps_its_beginning(proxy: Running, dialect: str, tools: bool, streams: bool) -> None:
    agent = Agent(dialect, f"growing {dialect} {tools} {streams}", tools=tools, streams=streams)
    with before(proxy, TURNS) as upstream:
        for turn in range(TURNS):
            assert agent.sends(proxy.url) == 200
            agent.reads(records(f"growing-{turn}", 40 * turn))
        assert agent.sends(proxy.url) == 200

        assert upstream.violations == []
        assert len(upstream.requests) == TURNS + 1
        assert len(upstream.requests[-1].body) < 0.8 * len(agent.sent)


def test_what_a_request_is_and_what_it_is_counted_as_are_the_same(proxy: Running) -> None:
    agent = Agent("anthropic", "counted")
    with before(proxy) as upstream:
        agent.sends(proxy.url)
        agent.reads(records("counted"))
        ask(proxy.url, "/v1/messages/count_tokens", agent.body)
        agent.sends(proxy.url)
        counted, sent = upstream.requests[1:]

        assert counted.json == sent.json != agent.body
        assert upstream.violations == []


def test_the_level_header_sets_the_level_of_new_parts(proxy: Running) -> None:
    agent = Agent("anthropic", "levels")
    with before(proxy, 3) as upstream:
        agent.sends(proxy.url)
        for turn, level in enumerate(["meter", "balanced", "no-such-level"]):
            agent.reads(records(f"level-{turn}"))
            agent.sends(proxy.url, [("x-headroom-level", level)])
            if level == "meter":
                assert upstream.requests[-1].body == agent.sent

        assert upstream.violations == []
        last = upstream.requests[-1].body
    assert json.dumps(records("level-0")).encode() in last
    assert json.dumps(records("level-1")).encode() not in last
    assert json.dumps(records("level-2")).encode() not in last


def test_conversations_that_are_held_out_arrive_as_they_are_and_are_told_apart(tmp_path: Path) -> None:
    agent = Agent("anthropic", "held out")
    with before_new(tmp_path, holdout=1.0) as (proxy, upstream):
        for headers in ([("x-claude-code-session-id", "one")], []):
            agent.sends(proxy.url, headers)
            agent.reads(records("held-out"))
            agent.sends(proxy.url, headers)
            if headers:
                assert upstream.requests[-1].body == agent.sent
    held = {total.name: total.requests for total in Ledger(tmp_path).totals("holdout")}
    assert held == {"left raw": 2, "smaller": 2}


@pytest.mark.parametrize("tools", [True, False], ids=["hidden", "relayed"])
def test_an_answer_that_its_client_does_not_read_to_the_end_is_in_the_ledger(tmp_path: Path, tools: bool) -> None:
    body = {**CLIENTS["anthropic"].first("hi"), **(TOOLS["anthropic"] if tools else {}), "stream": True}
    with (
        FakeUpstream([Reply("a b c", gate=threading.Event())]) as upstream,
        running(options(tmp_path, upstream.url)) as proxy,
    ):
        connection = connect(proxy.url)
        send(connection, "/v1/messages", json.dumps(body).encode(), [], "POST")
        connection.getresponse().read(1)
        connection.close()
        assert upstream.requests[0].ended.wait(WAIT)

    (row,) = Ledger(tmp_path).latest(9)
    assert row["status"] == 200
    assert row["input"] or row["write"], "the prompt is billed however the answer ends"


@pytest.mark.parametrize("level", ["meter", "lossless"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_at_meter_nothing_changes_and_at_lossless_no_tool_is_added(proxy: Running, dialect: str, level: str) -> None:
    agent = Agent(dialect, f"at {level}", tools=True)
    with before(proxy, 2) as upstream:
        for _ in range(3):
            agent.sends(proxy.url, [("x-headroom-level", level)])
            assert (upstream.requests[-1].body == agent.sent) == (level == "meter" or len(upstream.requests) == 1)
            assert upstream.requests[-1].json.items() >= TOOLS[dialect].items()
            agent.reads(records("metered"))

        assert upstream.violations == []


def test_a_signed_body_is_relayed_untouched(proxy: Running) -> None:
    agent = Agent("anthropic", "signed")
    signed = [("Authorization", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=y")]
    with before(proxy) as upstream:
        agent.sends(proxy.url, signed)
        agent.reads(records("signed"))
        ask(proxy.url, "/model/us.anthropic.claude%3A0/invoke", agent.body, signed)

        assert upstream.requests[-1].body == agent.sent
        assert upstream.requests[-1].path == "/model/us.anthropic.claude%3A0/invoke"


def test_conversations_at_once_do_not_disturb_each_other(proxy: Running) -> None:
    agents = [Agent(dialect, f"at once {dialect} {i}", tools=i == 1) for dialect in DIALECTS for i in range(2)]
    statuses: list[int] = []

    def talk(agent: Agent, name: str) -> None:
        for turn in range(TURNS):
            statuses.append(agent.sends(proxy.url))
            agent.reads(records(f"{name}-{turn}", 90) if turn % 2 else records("shared", 90))

    def step(_: Received) -> Reply:
        return Reply(calls=[Call("read", {})])

    with FakeUpstream(step) as upstream:
        proxy.point(upstream.url)
        threads = [threading.Thread(target=talk, args=(agent, str(i))) for i, agent in enumerate(agents)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert upstream.violations == []
        assert statuses == [200] * TURNS * len(agents)


def test_a_dead_worker_leaves_new_parts_raw_and_later_requests_agree(tmp_path: Path) -> None:
    others = set(multiprocessing.active_children())
    agent = Agent("anthropic", "dead")
    with running(options(tmp_path, "http://127.0.0.1:9")) as found, before(found, 3) as upstream:
        agent.sends(found.url)
        agent.reads(records("dead-1"))
        agent.sends(found.url)
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        agent.reads(records("dead-2"))
        status = agent.sends(found.url)
        agent.reads(records("dead-3"))
        agent.sends(found.url)

        assert status == 200
        assert upstream.violations == []
        last = upstream.requests[-1].body
    raw = [json.dumps(records(f"dead-{n}")).encode() in last for n in (1, 2, 3)]
    assert raw == [False, True, False]


def test_a_short_conversation_that_is_known_needs_no_worker(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    others = set(multiprocessing.active_children())
    agent = Agent("anthropic", "short")
    with running(options(tmp_path, "http://127.0.0.1:9")) as found, before(found, 2) as upstream:
        agent.sends(found.url)
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        agent.sends(found.url)

        first, second = (request.body for request in upstream.requests)
    assert first == second
    assert "worker" not in caplog.text


def test_a_late_worker_leaves_new_parts_raw_and_later_requests_agree(tmp_path: Path) -> None:
    agent = Agent("anthropic", "late")
    with running(options(tmp_path, "http://127.0.0.1:9", deadline=0.0)) as late, before(late, 3) as upstream:
        for turn in range(3):
            assert agent.sends(late.url) == 200
            agent.reads(records(f"late-{turn}", 400))
        with running(options(tmp_path, upstream.url)) as timely:
            assert agent.sends(timely.url) == 200

        assert upstream.violations == []


def test_another_proxy_with_the_same_home_sends_the_same_and_has_its_own_level(tmp_path: Path) -> None:
    agent = Agent("openai-chat", "moved")
    with FakeUpstream([Reply(calls=[Call("read")])] * 4) as upstream:
        for level in ("balanced", "meter"):
            with running(options(tmp_path, upstream.url, level=level)) as found:
                for turn in range(2):
                    assert agent.sends(found.url) == 200
                    agent.reads(records(f"{level}-{turn}"))

        assert upstream.violations == []
        last = upstream.requests[-1].body
    assert json.dumps(records("balanced-0")).encode() not in last
    assert json.dumps(records("balanced-1")).encode() in last
    assert json.dumps(records("meter-0")).encode() in last
