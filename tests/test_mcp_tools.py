"""Our MCP tools: what they cost in every request, what they return, and what they say of wrong arguments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headroom import settings
from headroom.mcp.calls import Calls
from headroom.mcp.protocol import Server
from headroom.mcp.tools import listed
from headroom.retrieval import DESCRIPTION, PARAMETERS, TOOL
from headroom.tokens import counter


def ours() -> Server:
    calls = Calls(settings.load(), lambda: 0.0)
    return Server(listed(lambda: calls), {})


def tools() -> Any:
    """The list as a client gets it."""
    listing: Any = ours().handle("tools/list", {})
    return listing["tools"]


def told(server: Server, name: str, **arguments: Any) -> str:
    made: Any = server.handle("tools/call", {"name": name, "arguments": arguments})
    text: str = made["content"][0]["text"]
    return f"failed: {text}" if made["isError"] else text


LOG = "".join(f"2026-11-01T10:{n // 60:02}:{n % 60:02}Z INFO heartbeat seq={n:04} ok\n" for n in range(400))


def cost(tools: Any, model: str) -> int:
    """Tokens of tools as models see them."""
    shown = [
        {"name": f"mcp__headroom__{t['name']}", "description": t["description"], "input_schema": t["inputSchema"]}
        for t in tools
    ]
    texts = [json.dumps(tool, ensure_ascii=False, separators=(",", ":")) for tool in shown]
    return sum(map(counter(model).count, texts))


@pytest.mark.parametrize("model", ["gpt-5", "claude-sonnet-4-5", "gemini-2.5-pro"])
def test_the_list_takes_at_most_250_tokens(model: str) -> None:
    assert cost(tools(), model) <= 250


def test_a_client_that_searches_for_tools_loads_one_at_once_which_takes_at_most_250_of_any_models_tokens() -> None:
    loaded = [tool for tool in tools() if tool.get("_meta", {}).get("anthropic/alwaysLoad")]

    assert [tool["name"] for tool in loaded] == [TOOL]
    assert cost(loaded, "claude-opus-5-5") <= 250


def test_retrieval_is_declared_as_in_the_proxy_and_told_to_be_at_hand() -> None:
    tool = tools()[0]
    assert (tool["name"], tool["description"], tool["inputSchema"]) == (TOOL, DESCRIPTION, PARAMETERS)
    assert tool["annotations"] == {"readOnlyHint": True}
    assert tool["_meta"] == {"anthropic/alwaysLoad": True}


def test_what_compress_leaves_out_retrieve_returns() -> None:
    server = ours()
    text = told(server, "headroom_compress", text=LOG)
    ref = text.rpartition(f"original: {TOOL}('")[2].partition("'")[0]
    assert len(text) < len(LOG) / 4
    assert told(server, TOOL, ref=ref) == LOG
    assert told(server, TOOL, ref=ref, lines="100-101") == "".join(LOG.splitlines(True)[99:101])
    assert "seq=0250" in told(server, TOOL, ref=ref, query="seq=0250")


def test_a_text_that_stays_as_it_is_is_kept_but_not_repeated() -> None:
    server = ours()
    text = told(server, "headroom_compress", text="short")
    assert text.startswith("[left as it is: the part is too small to gain · kept: ")
    assert told(server, TOOL, ref=text.rpartition("('")[2].partition("'")[0]) == "short"


def test_a_secret_is_not_kept() -> None:
    secret = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq\n" * 60 + "-----END RSA PRIVATE KEY-----\n"
    server = ours()
    assert told(server, "headroom_compress", text=secret).endswith("not kept]")
    assert told(server, "headroom_stats").endswith(" 0 originals can be retrieved.")


def test_wrong_arguments_are_told_to_the_model() -> None:
    server = ours()
    assert told(server, TOOL).startswith("failed: None is no ref")
    assert told(server, TOOL, ref="abcdefghijkl").startswith("failed: ")
    for text in (None, "", 5):
        assert told(server, "headroom_compress", text=text).startswith("failed: The text is missing")


def test_stats_are_a_line_or_two() -> None:
    text = told(ours(), "headroom_stats")
    assert text == "No requests went through the proxy in the last 7 days. 0 originals can be retrieved."
