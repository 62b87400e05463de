"""The proxy's accounts: who asked, by their headers, and rows that are written together or given up."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headroom.ledger import NAME, Entry, Ledger
from headroom.proxy.accounts import MOST_CHARS, SESSION_HEADERS, Accounts, agent_of, is_held_out, session_of


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("claude-cli/2.1.330 (external, cli)", "claude-cli"),
        ("codex_cli_rs/0.169.0 (Linux 6.1; x86_64) xterm", "codex_cli_rs"),
        ("GeminiCLI/0.30.0/gemini-3.1-pro (linux; x64)", "geminicli"),
        ("Anthropic/Python 0.80.0", "anthropic"),
        ("opencode/1.2", "opencode"),
        ("", ""),
        ("(odd) agent/1", ""),
        ("a" * 5_000, "a" * MOST_CHARS),
    ],
)
def test_an_agent_is_the_first_product_of_its_user_agent(agent: str, name: str) -> None:
    assert agent_of({"user-agent": agent}) == name


@pytest.mark.parametrize(
    ("headers", "session"),
    [
        ({}, ""),
        ({name: name for name in SESSION_HEADERS}, SESSION_HEADERS[0]),
        ({"x-headroom-session": "", "session-id": "s"}, "s"),
        ({"thread-id": "t" * 5_000}, "t" * MOST_CHARS),
    ],
)
def test_a_conversation_is_the_first_header_that_names_one(headers: Mapping[str, str], session: str) -> None:
    assert session_of(headers) == session


def test_without_a_user_agent_nobody_is_named() -> None:
    assert agent_of({}) == ""


def test_rows_are_written_together_and_the_last_ones_at_the_end(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)

    async def write() -> None:
        accounts = Accounts(ledger)
        writing = asyncio.create_task(accounts.run())
        accounts.add(Entry(answer="one"))
        accounts.add(Entry(answer="two"))
        await accounts.flush()
        assert [row["answer"] for row in ledger.latest(9)] == ["two", "one"]
        accounts.add(Entry(answer="three", agent="caf\udce9", usage=None))
        writing.cancel()
        await accounts.close()

    asyncio.run(write())
    assert [row["answer"] for row in ledger.latest(9)] == ["three", "two", "one"]
    ledger.close()


def test_rows_that_are_about_to_be_written_are_not_lost_where_the_writing_is_ended(tmp_path: Path) -> None:
    ledger, go = Ledger(tmp_path), threading.Event()

    async def write() -> None:
        accounts, loop = Accounts(ledger), asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, go.wait)
        accounts.add(Entry(answer="one"))
        writing = asyncio.create_task(accounts.flush())
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.wait([writing])
        go.set()
        await busy
        await accounts.close()

    asyncio.run(write())
    assert [row["answer"] for row in ledger.latest(9)] == ["one"]
    ledger.close()


def test_rows_that_cannot_be_written_are_told_and_later_ones_are_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / NAME
    file.write_bytes(b"no database, whatever it is called" * 200)
    ledger = Ledger(tmp_path)

    async def write() -> None:
        accounts = Accounts(ledger)
        accounts.add(Entry(answer="one"))
        accounts.add(Entry(answer="two"))
        with caplog.at_level(logging.WARNING, "headroom"):
            await accounts.flush()
        file.unlink()
        accounts.add(Entry(answer="three"))
        await accounts.close()

    asyncio.run(write())
    (record,) = caplog.records
    assert record.getMessage().startswith("2 rows are lost: the ledger ")
    assert record.exc_info is None
    assert [row["answer"] for row in ledger.latest(9)] == ["three"]
    ledger.close()


def test_a_share_of_the_conversations_is_held_out_always_the_same_ones() -> None:
    names = [f"session {n}" for n in range(2_000)]
    held = [name for name in names if is_held_out(name, 0.1)]

    assert 120 < len(held) < 280
    assert held == [name for name in names if is_held_out(name, 0.1)]
    assert not any(is_held_out(name, 0.0) for name in names)
    assert all(is_held_out(name, 1.0) for name in names)
    assert not is_held_out("", 1.0), "a conversation without a name cannot be told again"
