"""The MCP server as its clients meet it: both eras of the protocol, whatever lines come, and always JSON."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import __version__
from headroom.errors import UsageError
from headroom.mcp import stdio
from headroom.mcp.jsonrpc import Requests
from headroom.mcp.protocol import INFO, LEGACY, MODERN, SERVER, VERSION, Server, Tool

META = {VERSION: MODERN[0], "io.modelcontextprotocol/clientCapabilities": {}}
WAIT = 30


def _refuse(arguments: Mapping[str, Any]) -> str:
    raise UsageError(f"{arguments} will not do; give more")


def _break(arguments: Mapping[str, Any]) -> str:
    raise ZeroDivisionError("a bug")


ECHO = Tool("echo", "Says it again.", {"type": "object"}, lambda arguments: str(arguments.get("text")))
SERVED = Server([ECHO], {"hook": lambda arguments: "{}", "refuse": _refuse, "break": _break})


def answered(line: bytes, server: Server = SERVED) -> bytes | None:
    """The line that answers one line."""
    return Requests(server.handle).read(line)()


def asked(method: str, params: Any = None, *, server: Server = SERVED, **more: Any) -> Any:
    """The answer to one request."""
    message = {"jsonrpc": "2.0", "id": 7, "method": method, **({} if params is None else {"params": params}), **more}
    line = answered(json.dumps(message).encode(), server)
    answer = json.loads(line) if line is not None else None
    assert answer is None or (answer["jsonrpc"], answer["id"]) == ("2.0", message["id"])
    return answer


def result(method: str, params: Any = None, *, server: Server = SERVED) -> Any:
    answer = asked(method, params, server=server)
    assert "error" not in answer, answer
    return answer["result"]


def refusal(method: str, params: Any = None) -> tuple[int, str]:
    error = asked(method, params)["error"]
    return error["code"], error["message"]


# --- clients that begin with `initialize` ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", LEGACY)
def test_an_older_client_gets_the_version_it_asks_for(version: str) -> None:
    told = result("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "c"}})

    assert told == {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": dict(INFO)}
    assert told["serverInfo"] == {"name": "headroom", "version": __version__}


@pytest.mark.parametrize("version", ["2023-01-01", MODERN[0], None, 5, ["x"]])
def test_a_client_that_asks_for_another_version_is_offered_the_newest_of_its_era(version: Any) -> None:
    assert result("initialize", {"protocolVersion": version})["protocolVersion"] == LEGACY[0]


def test_an_older_client_lists_calls_and_pings_without_extra_keys() -> None:
    assert result("ping") == {}
    assert result("tools/list") == {
        "tools": [{"name": "echo", "description": "Says it again.", "inputSchema": {"type": "object"}}]
    }
    assert result("tools/call", {"name": "echo", "arguments": {"text": "hi"}}) == {
        "content": [{"type": "text", "text": "hi"}],
        "isError": False,
    }


def test_notifications_and_stray_answers_get_no_answer() -> None:
    for message in (
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}},
    ):
        assert answered(json.dumps(message).encode()) is None


# --- clients that say their version in every request ----------------------------------------------------------------


def test_a_newer_client_discovers_what_there_is() -> None:
    assert result("server/discover", {"_meta": META}) == {
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}},
        "ttlMs": 3_600_000,
        "cacheScope": "public",
        "_meta": {SERVER: dict(INFO)},
    }


def test_a_newer_clients_results_say_that_they_are_complete_and_lists_how_long_they_hold() -> None:
    told = result("tools/list", {"_meta": META})
    assert (told["resultType"], told["ttlMs"], told["cacheScope"]) == ("complete", 3_600_000, "public")
    assert told["tools"] == result("tools/list")["tools"]
    called = result("tools/call", {"name": "echo", "arguments": {"text": "hi"}, "_meta": META})
    assert called == {"resultType": "complete", "content": [{"type": "text", "text": "hi"}], "isError": False}


def test_a_version_to_come_is_refused_with_those_there_are() -> None:
    answer = asked("tools/list", {"_meta": {VERSION: "2031-01-01"}})
    assert answer["error"]["code"] == -32022
    assert answer["error"]["data"] == {"supported": [*MODERN, *LEGACY], "requested": "2031-01-01"}


def test_what_an_era_does_not_have_is_an_unknown_method() -> None:
    for method in ("ping", "initialize", "resources/list", "tools"):
        assert refusal(method, {"_meta": META}) == (-32601, f"there is no method {method}")
    for method in ("resources/list", "prompts/list", "logging/setLevel", ""):
        assert refusal(method)[0] == -32601


# --- calls ----------------------------------------------------------------------------------------------------------


def test_what_is_hidden_can_be_called_but_is_not_listed() -> None:
    assert result("tools/call", {"name": "hook", "arguments": {}})["content"][0]["text"] == "{}"
    assert [tool["name"] for tool in result("tools/list")["tools"]] == ["echo"]


def test_arguments_that_a_tool_refuses_are_a_failed_result_that_says_why() -> None:
    assert result("tools/call", {"name": "refuse", "arguments": {"a": 1}}) == {
        "content": [{"type": "text", "text": "{'a': 1} will not do; give more."}],
        "isError": True,
    }


def test_a_bug_in_a_tool_fails_its_call_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert refusal("tools/call", {"name": "break"})[0] == -32603
    assert "ZeroDivisionError: a bug" in caplog.text


@pytest.mark.parametrize(
    "params",
    [{}, {"name": "no"}, {"name": None}, {"name": ["echo"]}, {"name": "echo", "arguments": []}, {"name": "echo" * 999}],
)
def test_a_call_that_names_no_tool_or_has_no_arguments_object_is_refused(params: Any) -> None:
    code, message = refusal("tools/call", params)
    assert code == -32602
    assert len(message) < 150


# --- lines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"garbage", -32700),
        (b"{", -32700),
        (b"\xff\xfe{}", -32700),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"3", -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b'{"id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1e999,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":["ping"]}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', -32602),
    ],
)
def test_what_is_no_request_is_refused_with_the_code_for_it(line: bytes, code: int) -> None:
    answer = answered(line)
    assert answer is not None
    assert json.loads(answer)["error"]["code"] == code


def test_a_batch_is_answered_by_a_batch_without_its_notifications() -> None:
    ping, told = {"jsonrpc": "2.0", "method": "ping"}, {"jsonrpc": "2.0", "method": "notifications/initialized"}
    line = answered(json.dumps([{**ping, "id": 1}, told, 5, {**ping, "id": "b"}]).encode())
    assert line is not None
    assert [answer["id"] for answer in json.loads(line)] == [1, None, "b"]
    assert answered(json.dumps([told]).encode()) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
METHODS = st.sampled_from(["initialize", "server/discover", "ping", "tools/list", "tools/call", "x"])
REQUESTS = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": METHODS | JSON},
    optional={
        "id": st.integers() | st.text() | JSON,
        "params": JSON
        | st.fixed_dictionaries(
            {}, optional={"name": st.sampled_from(["echo", "hook", "refuse"]), "arguments": JSON, "_meta": JSON}
        ),
    },
)


@given(st.lists(st.binary() | (REQUESTS | JSON | st.lists(REQUESTS)).map(lambda value: json.dumps(value).encode())))
def test_whatever_comes_each_answer_is_one_line_of_json_and_the_server_lives(lines: list[bytes]) -> None:
    written: list[bytes] = []
    ping = b'{"jsonrpc":"2.0","id":"last","method":"ping"}'
    stdio.serve(io.BytesIO(b"\n".join([*lines, ping]) + b"\n"), written.append, Requests(SERVED.handle).read)
    for line in written:
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        told = json.loads(line, parse_constant=lambda name: pytest.fail(name))
        for answer in told if isinstance(told, list) else [told]:
            assert answer.keys() - {"result", "error"} == {"jsonrpc", "id"}
    assert b'{"jsonrpc":"2.0","id":"last","result":{}}\n' in written


def test_texts_that_json_or_strict_clients_could_stumble_over_stay_one_line() -> None:
    text = "a\nb\u2028c\x00\ud800 ümlaut 🎉"
    line = answered(
        json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": text}}}
        ).encode(),
    )
    assert line is not None
    assert b"\n" not in line
    assert json.loads(line)["result"]["content"][0]["text"] == text.replace("\ud800", "?")


def test_a_line_that_is_too_long_is_refused_and_the_next_one_answered() -> None:
    ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    for long in (b"x" * 200 + b"\n", b"x" * 100 + b"\n", b"x" * 3_000_000 + b"\n"):
        written: list[bytes] = []
        reader = io.BytesIO(long + ping)
        stdio.serve(reader, written.append, Requests(SERVED.handle).read, most_bytes=100)
        assert sorted(json.loads(line).get("error", {}).get("code", 0) for line in written) == [-32600, 0]


def test_a_slow_call_delays_no_other() -> None:
    going, done = threading.Event(), threading.Event()

    def slow(arguments: Mapping[str, Any]) -> str:
        going.set()
        assert done.wait(WAIT)
        return "slow"

    def quick(arguments: Mapping[str, Any]) -> str:
        assert going.wait(WAIT)
        return "quick"

    server = Server([], {"slow": slow, "hook": quick})
    call = {"jsonrpc": "2.0", "method": "tools/call"}
    lines = [{**call, "id": name, "params": {"name": name}} for name in ("slow", "hook")]
    order: list[str] = []

    def write(line: bytes) -> None:
        order.append(json.loads(line)["id"])
        if order == ["hook"]:
            done.set()

    reader = io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    stdio.serve(reader, write, Requests(server.handle).read)
    assert order == ["hook", "slow"]


def cancelled(name: Any) -> bytes:
    params = {"requestId": name, "reason": "the user pressed a key"}
    return json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}).encode()


def test_a_request_that_is_cancelled_while_it_waits_is_not_begun_and_one_that_runs_is_not_answered() -> None:
    begun: list[str] = []

    def work(arguments: Mapping[str, Any]) -> str:
        begun.append(arguments["name"])
        if arguments["name"] == "running":
            requests.read(cancelled("running"))()
        return "done"

    requests = Requests(Server([], {"work": work}).handle)
    call = {"jsonrpc": "2.0", "method": "tools/call"}
    lines = [{**call, "id": n, "params": {"name": "work", "arguments": {"name": n}}} for n in ("waits", "running", "b")]
    works = [requests.read(json.dumps(line).encode()) for line in lines]
    requests.read(cancelled("waits"))()
    waits, running, other = [work() for work in works]

    assert begun == ["running", "b"]
    assert (waits, running) == (None, None)
    assert other is not None


@pytest.mark.parametrize("name", [1, "b", None, True, 1.0, [1], {"a": 1}])
def test_a_cancellation_of_what_does_not_wait_changes_nothing(name: Any) -> None:
    requests = Requests(SERVED.handle)
    ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'

    for _ in range(2):
        assert requests.read(ping)() is not None
        assert requests.read(cancelled(name))() is None
    assert requests.read(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":3}')() is None


def test_what_later_calls_need_is_made_ready_once_after_the_first_answer() -> None:
    told: list[str] = []
    ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    stdio.serve(
        io.BytesIO(b'{"jsonrpc":"2.0","method":"notifications/x"}\n' + ping * 3),
        lambda line: told.append("answer"),
        Requests(SERVED.handle).read,
        afterwards=lambda: told.append("ready"),
    )
    assert told[0] == "answer"
    assert sorted(told) == ["answer"] * 3 + ["ready"]
