"""`headroom stats`: a report that fits a terminal, a schema for programs, and a sentence where there is nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import CliRunner

from headroom import settings
from headroom.cli import main
from headroom.cli.stats import BY, SPANS
from headroom.ledger import DAY, HOOK, NAME, Entry, Ledger, Part
from headroom.prices import UPDATED, Usage

EMPTY = "No requests went through the proxy (week). Start it with: headroom proxy\n"
PARTS = [Part("Bash", "logs", "outlined", 20_000, 500, "abc"), Part("", "prose", "encoded", 900, 700)]
ENTRY = Entry(
    agent="claude-cli", model="claude-opus-5-5", session="s", usage=Usage(100, 50_000, 2_000, 0, 500),
    removed_new=19_700, removed_old=4_000, parts=PARTS,
)  # fmt: skip


def wrote(*entries: Entry, at: float | None = None) -> None:
    ledger = Ledger(settings.load().home)
    ledger.extend(entries, at)
    ledger.close()


def stats(*args: str) -> str:
    result = CliRunner().invoke(main, ["stats", *args])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout_bytes.decode()


def told(*args: str) -> Any:
    return json.loads(stats("--json", *args))


def test_an_empty_ledger_is_a_sentence_and_an_empty_record() -> None:
    assert stats() == EMPTY
    assert stats("--since", "month", "--by", "agent") == EMPTY.replace("week", "month")
    found = told()
    assert (found["total"]["requests"], found["groups"], found["tools"]) == (0, [], [])


def test_the_report_tells_the_bill_what_was_spared_and_where() -> None:
    wrote(ENTRY, ENTRY)
    text = stats("--by", "agent")

    # 100*4 + 50,000*0.2 + 2,000*5 + 500*20 is billed, 19,700*5 + 4,000*0.2 is spared: millionths, twice
    assert text.startswith(
        "2 requests (week): $0.06 at list price\n"
        "$0.20 spared, net: 77% of $0.26\n"
        "47,400 tokens not sent, 1,000 written\n"
        "104,200 tokens of prompt, 96% from the cache\n"
        f"Spared dollars are an estimate; prices of {UPDATED}.\n"
        "\n"
    )
    rows = [line.split() for line in text.splitlines()[6:]]
    assert rows[0] == ["agent", "requests", "spent", "spared"]
    assert rows[1][:4] == ["claude-cli", "2", "$0.06", "$0.20"]
    assert set(rows[1][4]) == {"▇"}
    assert rows[3:] == [
        ["tool", "kind", "parts", "tokens", "now", "fewer"],
        ["Bash", "logs", "2", "40,000", "1,000", "98%"],
        ["(the", "user)", "prose", "2", "1,800", "1,400", "22%"],
    ]


HOOKED = Entry(agent="claude", session="h", round=HOOK, removed_new=19_500, parts=PARTS[:1])


def test_outputs_made_smaller_by_hooks_are_told_without_a_bill() -> None:
    wrote(HOOKED, HOOKED, Entry(agent="claude", round=HOOK, status=500))
    text = stats()

    assert text.splitlines()[:3] == [
        "2 outputs made smaller by hooks (week): 39,000 tokens, each counted once",
        "1 outputs stayed as they were because a hook failed",
        "",
    ]
    assert text.splitlines()[4].split() == ["Bash", "logs", "2", "40,000", "1,000", "98%"]
    assert "$" not in text


def test_hooks_are_no_requests_of_the_proxy() -> None:
    wrote(ENTRY, HOOKED)
    text, found = stats(), told()["total"]

    assert [line.split(" (")[0] for line in text.splitlines()[:2]] == ["1 outputs made smaller by hooks", "1 requests"]
    assert "23,700 tokens not sent" in text
    assert (found["requests"], found["unpriced"], found["removed"]) == (1, 0, 43_200)


def test_a_loss_is_shown_as_one() -> None:
    wrote(ENTRY, Entry(model="claude-opus-5-5", agent="other", round=1, usage=Usage(1_000_000)))
    text = stats("--by", "agent")

    assert "\n-$3.90 spared, net: " in text
    assert [line for line in text.splitlines() if line.startswith("-  ")] == []
    (other,) = [line for line in text.splitlines() if line.startswith("other")]
    assert other.split() == ["other", "0", "$4.00", "-$4.00"]


def test_answers_without_a_price_are_told() -> None:
    wrote(ENTRY, Entry(model="llama3", usage=Usage(9)))

    assert "\n1 answers have no price" in stats()


LARGE = Usage(10**9, 10**9, 10**9, 0, 10**9)
ODD = Entry(
    agent="an-agent-with-a-very-long-name-indeed", model="gpt-5\x1b[31m\n", session="é" * 300, project="\udce9",
    usage=LARGE, removed_new=10**9,
    parts=[Part("mcp__a_server_with_a_name__a_tool_with_another", "a-kind-of-text", "x", 10**9, 0)] * 3,
)  # fmt: skip


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("since", SPANS)
def test_the_report_fits_eighty_columns_whatever_is_in_the_ledger(by: str, since: str) -> None:
    tools = [Part(f"tool-{n}", "logs", "outlined", 10, 5) for n in range(30)]
    wrote(ENTRY, ODD, Entry(parts=tools), *[Entry(model="gpt-6-astra", usage=LARGE, agent=f"a{n}") for n in range(9)])
    text = stats("--by", by, "--since", since)

    assert max(map(len, text.splitlines())) <= 80
    assert not any(ord(char) < 32 or ord(char) == 127 for char in text.replace("\n", ""))
    assert text.splitlines()[-1] == "and 21 more; --json lists them"


def test_a_group_without_a_name_has_a_dash() -> None:
    wrote(Entry(model="gpt-5", usage=Usage(1)))

    assert [line.split()[0] for line in stats("--by", "project").splitlines()[7:8]] == ["-"]


@pytest.mark.parametrize("by", BY)
def test_the_record_has_one_schema(by: str) -> None:
    wrote(ENTRY, ODD)
    found = told("--by", by, "--since", "day")
    total = {"name", "requests", "prompt", "read", "output", "removed", "dollars", "spared", "unpriced"}
    total |= {"hooked", "hook_tokens", "hook_failures"}

    assert list(found) == ["since", "total", "by", "groups", "tools", "prices_of"]
    assert (found["since"], found["by"], found["prices_of"]) == ("day", by, UPDATED.isoformat())
    assert set(found["total"]) == total
    assert found["groups"]
    assert all(set(group) == total for group in found["groups"])
    assert found["tools"]
    assert all(list(t) == ["tool", "kind", "parts", "tokens_before", "tokens_after"] for t in found["tools"])
    assert sum(group["requests"] for group in found["groups"]) == found["total"]["requests"] == 2


@pytest.mark.parametrize(("since", "count"), [("day", 1), ("week", 2), ("month", 3), ("all", 4)])
def test_only_the_span_that_was_asked_for_is_summed(since: str, count: int) -> None:
    for days in (0.5, 3, 20, 200):
        wrote(ENTRY, at=time.time() - days * DAY)

    assert told("--since", since)["total"]["requests"] == count


@pytest.mark.parametrize("args", [["--since", "year"], ["--by", "all"], ["--by", "x"], ["extra"]])
def test_a_wrong_use_is_refused(args: Sequence[str]) -> None:
    result = CliRunner().invoke(main, ["stats", *args])

    assert result.exit_code == 2
    assert result.stderr.startswith("headroom: ")


def test_a_damaged_ledger_is_one_sentence_with_a_remedy() -> None:
    home = settings.load().home
    home.mkdir(exist_ok=True)
    (home / NAME).write_bytes(b"not a ledger, but a long text that says so" * 99)
    result = CliRunner().invoke(main, ["stats"])

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("headroom: the ledger ")
    assert result.stderr.endswith("move the file away, and a new one is made\n")
    assert result.stderr.count("\n") == 1


def test_it_loads_neither_the_server_nor_a_vocabulary() -> None:
    code = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules)); import headroom.cli as c; c.main(['stats'])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert {"aiohttp", "asyncio", "splintr", "headroom.proxy", "headroom.api"}.isdisjoint(answer.stdout.split())
