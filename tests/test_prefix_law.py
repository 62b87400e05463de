"""The prefix law: what we sent at one turn is the beginning of what we send at the next, whatever happens between."""

from __future__ import annotations

import copy
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom import compress
from headroom.sessions import claude_code
from headroom.store import SqliteStore
from tests.samples import SHARED, samples

OUTPUTS = [sample.text for sample in samples()] + ["ok", ""]


def comparable(messages: list[Any]) -> list[Any]:
    """Messages as the provider's cache sees them: `cache_control` gone, a bare string as one text block."""
    return [_comparable(message) for message in messages]


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [_comparable(v) for v in value if not (isinstance(v, dict) and v.get("type") == "thinking")]
    if isinstance(value, dict):
        return {
            k: [{"type": "text", "text": v}] if k == "content" and isinstance(v, str) else _comparable(v)
            for k, v in value.items()
            if k != "cache_control"
        }
    return value


def anthropic_turn(number: int, output: str) -> list[Any]:
    return [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": f"s{number}"},
                {"type": "text", "text": f"step {number}"},
                {"type": "tool_use", "id": f"t{number}", "name": "run", "input": {"step": number}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{number}", "content": output}]},
    ]


def mark_last_block(messages: list[Any]) -> None:
    """Moves the cache breakpoint to the newest block, as Claude Code does each turn (a string becomes a block)."""
    last = messages[-1]
    if isinstance(last["content"], str):
        last["content"] = [{"type": "text", "text": last["content"]}]
    block = last["content"][-1]
    if block.get("type") == "tool_result" and isinstance(block["content"], str) and block["content"]:
        block["content"] = [{"type": "text", "text": block["content"]}]
    block["cache_control"] = {"type": "ephemeral"}


def strip_thinking(messages: list[Any]) -> None:
    for message in messages:
        if isinstance(message["content"], list):
            message["content"] = [b for b in message["content"] if b.get("type") != "thinking"]


turns = st.lists(
    st.tuples(
        st.sampled_from(OUTPUTS),
        st.sampled_from(["lossless", "balanced", "meter", "aggressive"]),
        st.booleans(),  # restart
        st.booleans(),  # cache breakpoint moves to the newest block
        st.booleans(),  # thinking stripped
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=turns)
def test_each_request_extends_the_one_before_it(tmp_path_factory: pytest.TempPathFactory, turns: list[Any]) -> None:
    file = tmp_path_factory.mktemp("store") / "headroom.db"
    workers = [SqliteStore(file), SqliteStore(file)]
    history: list[Any] = [{"role": "user", "content": "fix it"}]
    sent: list[Any] = []
    for number, (output, level, restart, moved, stripped) in enumerate(turns):
        history += anthropic_turn(number, output)
        request = copy.deepcopy(history)
        if moved:
            mark_last_block(request)
        if stripped:
            strip_thinking(request)
        if restart:
            workers[0].close()
            workers[0] = SqliteStore(file)
        now = comparable(compress(request, level=level, store=workers[number % 2]).messages)
        assert now[: len(sent)] == sent
        sent = now
    for worker in workers:
        worker.close()


def test_a_changed_first_block_in_the_middle_loses_no_rendering(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "headroom.db")
    history: list[Any] = [{"role": "user", "content": "CLAUDE.md: use tabs"}]
    for number, output in enumerate(OUTPUTS):
        history += anthropic_turn(number, output)
    before = compress(history, store=store, level="lossless")
    history[0] = {"role": "user", "content": "CLAUDE.md: use spaces"}
    after = compress(history, store=store, level="meter", history="raw")

    assert after.messages[1:] == before.messages[1:]
    assert [p.reason for p in after.parts[1:]] == [p.reason for p in before.parts[1:]]
    store.close()


def recorded() -> Iterator[Path]:
    """Every tenth recorded session, the smaller half: the whole set is run by `python -m bench.law`."""
    files = sorted((SHARED / "data" / "sessions" / "claude-code").glob("*.jsonl.gz"), key=lambda f: f.stat().st_size)
    yield from files[: len(files) // 2 : 10]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded sessions are not on this machine")
def test_recorded_sessions_obey_the_law_through_restarts_and_changed_levels(tmp_path: Path) -> None:
    checked = 0
    for number, file in enumerate(recorded()):
        store = SqliteStore(tmp_path / f"{number}.db")
        sent: list[Any] = []
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            main = [request for request in claude_code.requests(lines) if not request.thread]
        for turn, request in enumerate(main):
            if turn % 5 == 4:
                store.close()
                store = SqliteStore(tmp_path / f"{number}.db")
            level = "lossless" if turn % 3 else "balanced"
            now = comparable(compress(request.messages, level=level, store=store).messages)
            if not request.rewrote:
                assert now[: len(sent)] == sent
                checked += 1
            sent = now
        store.close()
    assert checked > 20
