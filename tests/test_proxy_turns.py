"""The proxy answers the model's retrievals: what becomes of the rounds the client never sees."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from headroom.proxy.retrieve.turn import MAX_ROUNDS
from headroom.proxy.turns import LONGEST_WAIT, MOST_ROUNDS
from headroom.retrieval import TOOL
from headroom.store import MemoryStore
from headroom.testing import Call, FakeUpstream, Received, Reply
from tests.proxies import Answer, Running, ask, complaint, options, running
from tests.retrieve_model import Model
from tests.retrieve_samples import CLIENTS, OWN, Client, Told, events, records

ALL = sorted(CLIENTS)
LOG = records(5523)
REF = MemoryStore().put(LOG)
READ = Call(OWN, {"path": "pay.json"})
LOOKS = Call(TOOL, {"ref": REF, "query": "PG-5523"})
SLEPT: list[float] = []


async def noted(seconds: float) -> None:
    SLEPT.append(seconds)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("proxy")
    with running(options(home, "http://127.0.0.1:9", sleep=noted)) as found:
        yield found


class World(NamedTuple):
    """The provider behind the proxy, whose identifiers never come again."""

    upstream: FakeUpstream
    started: int

    @property
    def requests(self) -> list[Received]:
        """Those of this test."""
        return self.upstream.requests[self.started :]

    @property
    def violations(self) -> list[str]:
        """Those of this test."""
        numbers = [f"request {request.number}:" for request in self.requests]
        return [told for told in self.upstream.violations if told.startswith(tuple(numbers))]


Before = Callable[..., World]

MODELS: list[Callable[[Received], Reply]] = []


@pytest.fixture(scope="module")
def shared() -> Iterator[FakeUpstream]:
    with FakeUpstream(lambda received: MODELS[-1](received)) as upstream:
        yield upstream


@pytest.fixture
def before(proxy: Running, shared: FakeUpstream) -> Before:
    """Sets what the provider's model says: replies in order, or a model."""

    def prepared(*replies: Reply | Model) -> World:
        proxy.point(shared.url)
        SLEPT.clear()
        model = replies[0] if isinstance(replies[0], Model) else None
        left = [reply for reply in replies if isinstance(reply, Reply)]
        MODELS.append(model or (lambda _: left.pop(0) if left else Reply("Done.")))
        return World(shared, len(shared.requests))

    return prepared


class Agent:
    """A client in a session."""

    def __init__(self, dialect: str, name: str, prompt: str = "") -> None:
        self.client: Client = CLIENTS[dialect](1, prompt or f"question of {name}")
        self.headers = [("x-session-id", name)]

    def sends(self, url: str, *, stream: bool = True) -> Answer:
        return ask(url, self.client.path(stream), self.client.body(stream), self.headers)

    def asks(self, url: str, outputs: Sequence[str] = (), *, stream: bool = True) -> Told:
        """Sends its request, takes the answer, and goes on with these outputs of its calls."""
        answer = self.sends(url, stream=stream)
        assert (answer.status, TOOL.encode() in answer.body) == (200, False)
        told = self.client.told(answer.body, stream)
        self.client.keeps(told)
        if told.calls:
            self.client.returns(told.calls, [*outputs, *["ok"] * len(told.calls)][: len(told.calls)])
        else:
            self.client.asks("and then?")
        return told


def begun(proxy: Running, dialect: str, name: str) -> Agent:
    """An agent whose conversation has a notice; takes the upstream's first reply."""
    agent = Agent(dialect, name)
    agent.asks(proxy.url, [LOG])
    return agent


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("dialect", ALL)
def test_a_retrieval_is_answered_and_the_conversation_goes_on(
    proxy: Running, before: Before, dialect: str, stream: bool
) -> None:
    name = f"goes on {dialect} {stream}"
    upstream = before(
        Reply(calls=[READ]), Reply("one", thinking="hm", calls=[LOOKS]), Reply("two", calls=[LOOKS, READ])
    )
    agent = begun(proxy, dialect, name)
    for _ in range(3):
        agent.asks(proxy.url, stream=stream)

    assert upstream.violations == []
    assert [request.body.count(b"PG-5523 connection") for request in upstream.requests] == [0, 1, 2, 3, 3]
    assert "two" in str(agent.client.history)


@pytest.mark.parametrize("dialect", ALL)
def test_a_refusal_that_passes_is_waited_for(proxy: Running, before: Before, dialect: str) -> None:
    refusals = [
        Reply(status=429, headers=[("retry-after", "3")]),
        Reply(status=529, headers=[("retry-after", "1000")]),
        Reply(status=503, cut_after=4),
    ]
    upstream = before(Reply(calls=[READ]), Reply("one", calls=[LOOKS]), *refusals, Reply("two"))
    agent = begun(proxy, dialect, f"waits {dialect}")
    told = agent.asks(proxy.url)
    agent.asks(proxy.url)

    assert "two" in str(told.turn)
    assert upstream.violations == []
    assert SLEPT == [3.0, LONGEST_WAIT, 2.0]


SAID = {
    "anthropic": lambda event: event["error"]["message"],
    "openai-chat": lambda event: event["error"]["message"],
    "openai-responses": lambda event: event["response"]["error"]["message"],
    "gemini": lambda event: event["error"]["message"],
    "converse": lambda event: event["validationException"]["message"],
}


@pytest.mark.parametrize("dialect", ALL)
def test_a_refusal_for_good_is_told_in_the_stream_and_nothing_is_lost(
    proxy: Running, before: Before, dialect: str
) -> None:
    refusal = Reply(status=400, message="it is too late")
    upstream = before(Reply(calls=[READ]), Reply("one", calls=[LOOKS]), refusal)
    agent = begun(proxy, dialect, f"refused {dialect}")
    answer = agent.sends(proxy.url)
    told = agent.client.told(answer.body, True)
    agent.client.keeps(told)
    agent.client.asks("go on")
    agent.asks(proxy.url)

    assert SAID[dialect](events(answer.body)[-1]) == "it is too late"
    assert told.stop is None
    assert upstream.violations == []
    assert TOOL.encode() not in answer.body
    assert upstream.requests[-1].body.count(b"PG-5523 connection") == 2
    assert SLEPT == []


def test_a_refusal_that_does_not_pass_is_told_as_one_that_may_be_tried_again(proxy: Running, before: Before) -> None:
    for status, code in ((503, "server_error"), (429, "rate_limit_exceeded")):
        before(Reply(calls=[READ]), Reply("one", calls=[LOOKS]), *[Reply(status=status)] * 4)
        agent = begun(proxy, "openai-responses", f"persists {status}")
        event = events(agent.sends(proxy.url).body)[-1]

        assert (event["type"], event["response"]["error"]["code"]) == ("response.failed", code)
        assert SLEPT == [0.5, 1.0, 2.0]


def test_where_only_thoughts_were_shown_the_answer_breaks_off_so_that_it_is_asked_for_again(
    proxy: Running, before: Before
) -> None:
    upstream = before(Reply(calls=[READ]), Reply(thinking="hm", calls=[LOOKS]), Reply(status=400))
    agent = begun(proxy, "anthropic", "breaks off")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        agent.sends(proxy.url)
    agent.asks(proxy.url)

    assert upstream.violations == []


@pytest.mark.parametrize("dialect", ALL)
def test_a_whole_answer_that_fails_later_is_the_refusal_itself(proxy: Running, before: Before, dialect: str) -> None:
    refusal = Reply(status=413, message="too large", headers=[("x-why", "size")])
    before(Reply(calls=[READ]), Reply("one", calls=[LOOKS]), refusal)
    agent = begun(proxy, dialect, f"whole {dialect}")
    answer = agent.sends(proxy.url, stream=False)

    assert (answer.status, answer.header("x-why")) == (413, "size")
    assert complaint(answer) == "too large"


@pytest.mark.parametrize("dialect", ALL)
def test_a_model_that_never_stops_is_stopped(proxy: Running, before: Before, dialect: str) -> None:
    upstream = before(Reply(calls=[READ]), *[Reply(f"{n} ", calls=[LOOKS]) for n in range(20)])
    agent = begun(proxy, dialect, f"never {dialect}")
    told = agent.asks(proxy.url)
    rounds = len(upstream.requests) - 1
    agent.asks(proxy.url)

    assert rounds == MOST_ROUNDS
    assert told.stop not in (None, *agent.client.stops)
    assert upstream.violations == []
    last = upstream.requests[-1].body
    assert last.count(b"PG-5523 connection") > MAX_ROUNDS
    assert last.count(b"no more retrievals") > MOST_ROUNDS - MAX_ROUNDS


def results(upstream: World) -> str:
    """What the last request says that our calls returned."""
    return json.dumps(upstream.requests[-1].json["messages"][-1])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"ref": "nothing"}, "No original 'nothing' belongs to this conversation; there are: " + REF),
        ({}, "No original None belongs"),
        ({"ref": REF, "lines": "x"}, "x"),
        ({"ref": REF, "rows": "9000-9001"}, "300"),
        ({"ref": REF, "rows": "1", "query": "a"}, "cannot be combined"),
        ({"ref": REF, "path": "$.no", "rows": 1}, "$.no"),
        ({"ref": [REF]}, "belongs to this conversation"),
    ],
)
def test_a_call_that_cannot_be_answered_says_what_to_do(
    proxy: Running, before: Before, args: dict[str, Any], said: str
) -> None:
    upstream = before(Reply(calls=[READ]), Reply(calls=[Call(TOOL, args)]), Reply("two"))
    agent = begun(proxy, "anthropic", f"says {args}")
    told = agent.asks(proxy.url)

    assert said in results(upstream)
    assert json.loads(results(upstream))["content"][0].get("is_error") is True
    assert "two" in str(told.turn)
    assert upstream.violations == []


def test_refs_belong_to_a_session_outlive_compaction_and_are_no_other_s(proxy: Running, before: Before) -> None:
    look = Reply(calls=[LOOKS])
    upstream = before(Reply(calls=[READ]), Reply("seen"), look, Reply("mine"), look, Reply("not mine"))
    begun(proxy, "anthropic", "compacted").asks(proxy.url)
    Agent("anthropic", "compacted", "a summary").asks(proxy.url)
    assert "PG-5523 connection" in results(upstream)
    Agent("anthropic", "another", "something else").asks(proxy.url)
    assert "belongs to this conversation" in results(upstream)
    assert upstream.violations == []


@pytest.mark.parametrize("dialect", ["anthropic", "gemini"])
def test_another_proxy_with_the_same_home_puts_the_same_back(tmp_path: Path, dialect: str) -> None:
    agent = Agent(dialect, "moved")
    look = Reply("one", thinking="hm", calls=[LOOKS])
    with FakeUpstream([Reply(calls=[READ]), look, Reply(calls=[READ]), look, Reply("two")]) as upstream:
        for _ in range(2):
            with running(options(tmp_path, upstream.url)) as first:
                agent.asks(first.url, [LOG])
        with running(options(tmp_path, upstream.url)) as last:
            agent.asks(last.url)
            compacted = Agent(dialect, "moved", "a summary")
            compacted.asks(last.url)

        assert upstream.violations == []
        assert upstream.requests[-3].body.count(b"PG-5523 connection") >= 2


def test_the_envelope_of_code_assist_is_kept(proxy: Running, before: Before) -> None:
    agent = Agent("gemini", "assist")
    path = "/v1internal:streamGenerateContent?alt=sse"
    upstream = before(Reply(calls=[READ]), Reply("one", calls=[LOOKS]), Reply("two"))
    for output in (LOG, "", ""):
        body = {"model": "gemini-3.5-flash", "project": "p", "request": agent.client.body(True)}
        answer = ask(proxy.url, path, body, agent.headers)
        chunks = [event["response"] for event in events(answer.body)]
        told = agent.client.told(b"".join(b"data: " + json.dumps(c).encode() + b"\n" for c in chunks), True)
        agent.client.keeps(told)
        if told.calls:
            agent.client.returns(told.calls, [output])
        else:
            agent.client.asks("and then?")

    assert upstream.violations == []
    assert {request.json["project"] for request in upstream.requests} == {"p"}
    assert "two" in str(agent.client.history)


def test_an_answer_that_is_compressed_although_nobody_asked_is_read_all_the_same(
    proxy: Running, before: Before
) -> None:
    with FakeUpstream([Reply("one", calls=[LOOKS])]) as other:  # its identifiers are not of this conversation
        body = ask(other.url, "/v1/messages", CLIENTS["anthropic"](1, "x").body(True)).body
    headers = [("content-encoding", "gzip"), ("content-type", "text/event-stream")]
    hidden = Reply(body=gzip.compress(body.replace(b"fake", b"other")), headers=headers)
    upstream = before(hidden, Reply("two"))
    answer = Agent("anthropic", "zipped").sends(proxy.url)

    assert len(upstream.requests) == 2
    assert answer.header("content-encoding") is None
    assert b"one" in answer.body
    assert b"two" in answer.body


def test_lone_surrogates_do_no_harm(proxy: Running, before: Before) -> None:
    upstream = before(Reply("one", calls=[LOOKS]), Reply("two"))
    answer = Agent("anthropic", "odd", "a \ud800 b").sends(proxy.url)

    assert b"two" in answer.body
    assert b"a \\ud800 b" in upstream.requests[-1].body


def test_the_tool_stays_where_it_was_offered_and_comes_nowhere_else(proxy: Running, before: Before) -> None:
    upstream = before(Reply("one"), Reply("two"), Reply("three"))
    agent = Agent("anthropic", "stays")
    agent.asks(proxy.url)
    forced = agent.client.body(False) | {"tool_choice": {"type": "any"}}
    bare = {key: value for key, value in agent.client.body(False).items() if key != "tools"}
    unknown = CLIENTS["anthropic"](1, "never seen")
    counts = [agent.client.body(False), unknown.body(False)]
    for body in (forced, bare):
        ask(proxy.url, "/v1/messages", body, agent.headers)
    for body in counts:
        ask(proxy.url, "/v1/messages/count_tokens", {k: v for k, v in body.items() if k != "max_tokens"})
    unknown.history = [
        *unknown.history,
        {"role": "assistant", "content": [{"type": "text", "text": "from elsewhere"}]},
    ]
    unknown.asks("go on")
    ask(proxy.url, "/v1/messages", unknown.body(False))
    has = [TOOL.encode() in request.body for request in upstream.requests]

    assert has == [True, True, False, True, False, False]


@pytest.mark.parametrize("dialect", ALL)
def test_whatever_model_and_client_do_the_provider_reads_what_it_has_seen(
    proxy: Running, before: Before, dialect: str
) -> None:
    model = Model(7, hides=0.8)
    upstream = before(model)
    agents = [Agent(dialect, f"random {dialect} {n}") for n in range(2)]
    for step in range(30):
        agent = agents[step % 2]
        stream = model.random.random() < 0.7
        answer = agent.sends(proxy.url, stream=stream)
        assert TOOL.encode() not in answer.body
        told = agent.client.told(answer.body, stream) if answer.status == 200 else Told([], [], None)
        if told.turn:
            agent.client.keeps(told)
            if told.calls:
                agent.client.returns(told.calls, [f"output {step} of {name}" for name in told.calls])
            else:
                agent.client.asks(f"question {step}")

    assert upstream.violations == []
    assert model.hidden > 5
