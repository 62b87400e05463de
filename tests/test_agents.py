"""What holds for every agent: pointed for one run and by file, told of our server, and all of it undone."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from headroom import agents
from headroom.agents import AGENTS, ANY, Agent, Point
from headroom.configs import Change, Form, read
from headroom.errors import UsageError
from headroom.proxy import routes
from tests.agent_settings import ENVIRON, FILES, POINT, edits, home, place
from tests.config_samples import snapshot

COMMAND = ["/usr/bin/python3", "-P", "-m", "headroom", "mcp"]
NOT_BY_RUN = {"cursor", "cline", "continue"}
"""Agents without a variable or an argument for a base URL."""
NOT_BY_FILE = {*NOT_BY_RUN, "copilot", "openhands"}
NO_SERVERS = {"aider"}
NO_VARIABLE = {*NOT_BY_RUN, "codex", "opencode"}

EVERY = pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
BY_FILE = pytest.mark.parametrize(
    "agent", [agent for agent in AGENTS if agent.name not in NOT_BY_FILE], ids=lambda agent: agent.name
)
CALLS = {
    "anthropic": ("/v1/messages",),
    "openai": ("/v1/chat/completions", "/v1/responses"),
    "gemini": ("/v1beta/models/gemini-3-pro:generateContent",),
    "code-assist": ("/v1internal:generateContent",),
}
"""What each provider's clients ask for at the provider's own host."""


def changes(agent: Agent, folder: Path, url: str = POINT) -> tuple[Change, ...]:
    return agent.persist(Point(url), place(folder, **ENVIRON))


def urls(value: Any) -> list[str]:
    """Every URL in a value."""
    if isinstance(value, str):
        return [value] if value.startswith("http") else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [url for held in inner for url in urls(held)]


def asked(base: str, upstream: str, call: str) -> routes.Route:
    """The route of a call by a client that has this base URL in place of the provider's."""
    ends = {"anthropic": "/v1", "openai": "/v1", "gemini": "/v1beta"}
    end = ends.get(upstream, "")
    path = base.removeprefix(POINT)
    rest = call.removeprefix(end) if end and path.endswith(end) else call
    extra = {name: "" for name in [path.split("/")[1]] if name} if path.count("/") > 1 else {}
    return routes.find("POST", path + rest, {}, extra)[0]


def test_the_agents_are_those_of_the_table_and_have_names_of_their_own() -> None:
    names = [agent.name for agent in AGENTS]

    assert sorted(names) == sorted({
        "claude", "codex", "gemini", "cursor", "copilot", "aider", "opencode", "cline", "continue", "goose",
        "openhands", "qwen",
    })  # fmt: skip
    assert [agents.find(name) for name in names] == list(AGENTS)
    assert agents.find("any") is ANY


@pytest.mark.parametrize(("name", "meant"), [("claud", "did you mean claude?"), ("xyz", "known are: claude, codex")])
def test_an_unknown_agent_is_told_with_those_that_are_close(name: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"there is no agent '{name}'; {meant.replace('?', '.')}"):
        agents.find(name)


@EVERY
def test_one_run_sends_its_requests_to_the_proxy_or_it_is_said_why_not(agent: Agent, tmp_path: Path) -> None:
    where = place(home(tmp_path), **ENVIRON)
    env, args = agent.env(Point(POINT), where), agent.args(Point(POINT), where)
    found = urls([json.loads(value) if value.startswith("{") else value for value in env.values()])
    found += [json.loads(word.partition("=")[2]) for word in args if "base_url" in word]

    assert all(url.startswith(POINT) for url in found)
    assert bool(found) == (agent.name not in NOT_BY_RUN)
    assert agent.explains


@pytest.mark.parametrize("agent", [*AGENTS, ANY], ids=lambda agent: agent.name)
def test_what_a_client_asks_at_its_base_url_is_a_request_that_the_proxy_reads(agent: Agent, tmp_path: Path) -> None:
    where = place(home(tmp_path), **ENVIRON)
    env = agent.env(Point(POINT), where)
    for base in agent.pointed(where):
        for call in CALLS[base.upstream]:
            route = asked(env[base.variable], base.upstream, call)
            assert (route.upstream, route.answers) == (base.upstream, True)


@BY_FILE
def test_a_persisted_base_url_is_one_of_the_proxy_and_undone_byte_for_byte(agent: Agent, tmp_path: Path) -> None:
    before = snapshot(home(tmp_path))
    made = changes(agent, tmp_path)
    edits(tmp_path).apply(f"wrap {agent.name}", made)
    between = snapshot(tmp_path)
    again = edits(tmp_path).apply(f"wrap {agent.name}", changes(agent, tmp_path))
    other = changes(agent, tmp_path, "http://127.0.0.1:9999")

    assert made
    assert between != before
    assert again == []
    assert [change.file for change in other] == [change.file for change in made]
    edits(tmp_path).apply(f"wrap {agent.name}", other)
    assert edits(tmp_path).faults(f"wrap {agent.name}") == []
    edits(tmp_path).undo(f"wrap {agent.name}")
    assert snapshot(tmp_path) == before


@BY_FILE
def test_files_that_are_not_there_are_made_and_removed(agent: Agent, tmp_path: Path) -> None:
    made = changes(agent, tmp_path)
    edits(tmp_path).apply(f"wrap {agent.name}", made)

    assert all(parsed(change.file, change.form) for change in made)
    assert changes(agent, tmp_path) == made
    edits(tmp_path).undo(f"wrap {agent.name}")
    assert snapshot(tmp_path) == {}


@BY_FILE
def test_the_user_s_own_edits_in_between_are_kept(agent: Agent, tmp_path: Path) -> None:
    home(tmp_path)
    made = changes(agent, tmp_path)
    edits(tmp_path).apply(f"wrap {agent.name}", made)
    wanted = {}
    for change in made:
        name = str(change.file.relative_to(tmp_path))
        mark = "// theirs\n" if change.form == "json" else "# theirs\n"
        change.file.write_bytes(change.file.read_bytes() + mark.encode())
        wanted[name] = (FILES[name] + ("" if FILES[name].endswith("\n") else "\n") + mark).encode()
    edits(tmp_path).undo(f"wrap {agent.name}")

    assert {name: (tmp_path / name).read_bytes() for name in wanted} == wanted


@EVERY
def test_the_mcp_server_is_registered_in_a_file_that_parses(agent: Agent, tmp_path: Path) -> None:
    before = snapshot(home(tmp_path))
    made = agent.mcp(COMMAND, place(tmp_path))
    assert bool(made) == (agent.name not in NO_SERVERS)
    if not made:
        return
    edits(tmp_path).apply(f"mcp {agent.name}", made)
    words = json.dumps([parsed(change.file, change.form) for change in made])

    assert all(json.dumps(word) in words for word in ["headroom", *COMMAND])
    assert not any(word in words for word in ("trust", "allow", "autoApprove"))
    edits(tmp_path).undo(f"mcp {agent.name}")
    assert snapshot(tmp_path) == before


@EVERY
def test_with_nothing_set_requests_go_on_to_the_providers(agent: Agent, tmp_path: Path) -> None:
    assert agent.upstreams(place(home(tmp_path))) == {}


@pytest.mark.parametrize(
    "agent", [agent for agent in (*AGENTS, ANY) if agent.name not in NO_VARIABLE], ids=lambda agent: agent.name
)
def test_a_base_url_of_the_user_s_becomes_the_upstream_and_one_of_ours_does_not(agent: Agent, tmp_path: Path) -> None:
    bases = agent.pointed(place(home(tmp_path), **ENVIRON))
    theirs = {base.variable: f"https://{base.upstream}.example/api{base.path}" for base in bases}
    ours = {base.variable: f"http://localhost:8787{base.path}/" for base in bases}
    said = {**ENVIRON, **theirs}

    assert agent.upstreams(place(tmp_path, **said)) == {
        base.upstream: f"https://{base.upstream}.example/api" for base in bases
    }
    assert agent.env(Point(POINT), place(tmp_path, **said)) == agent.env(Point(POINT), place(tmp_path, **ENVIRON))
    assert agent.upstreams(place(tmp_path, **{**ENVIRON, **ours}), [POINT]) == {}
    for name, url in agent.upstreams(place(tmp_path, **said)).items():
        assert routes.parse_upstreams((f"{name}={url}",))[name] == url


@BY_FILE
def test_our_own_persisted_base_url_is_no_upstream(agent: Agent, tmp_path: Path) -> None:
    home(tmp_path)
    edits(tmp_path).apply(f"wrap {agent.name}", changes(agent, tmp_path))

    assert agent.upstreams(place(tmp_path, ANTHROPIC_API_KEY="x")) == {}


def parsed(file: Path, form: Form) -> Any:
    """What a reader that is not ours makes of a file; ours, where no other reads comments or variables."""
    if form in ("json", "env"):
        return read(file, form)
    text = file.read_text(encoding="utf-8")
    return tomllib.loads(text) if form == "toml" else yaml.safe_load(text)
