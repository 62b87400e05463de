"""Sessions of an agent, made by hand: as message lists, and as the transcripts that Claude Code keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from headroom.audit import findings
from headroom.audit.rows import Row
from headroom.prices import Usage
from headroom.sessions import Skipped, logs_at, requests
from headroom.tokens import counter

Messages = list[dict[str, Any]]

MODEL = "claude-opus-4-5"
INPUT, READ, WRITE = 5e-6, 0.5e-6, 6.25e-6
"""Dollars per token of that model: fresh, from the cache, into it for five minutes."""

START = 1_770_000_000.0
FIRST = 20_000
"""Tokens of a first prompt: what a client sends before any word of ours."""


def conversation(*turns: tuple[str, dict[str, Any], str, str]) -> Messages:
    """Turns of (what the agent says, the arguments of its call, the output, the tool)."""
    made: Messages = [{"role": "user", "content": "Fix it."}]
    for number, (said, args, output, tool) in enumerate(turns):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": args}
        answer = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": output}
        text = [{"type": "text", "text": said}] if said else []
        made += [{"role": "assistant", "content": [*text, call]}, {"role": "user", "content": [answer]}]
    return made


class Transcript:
    """A transcript of Claude Code. Each prompt is read from the cache as far as the one before went, and the rest is
    written to it, unless a reply says otherwise."""

    def __init__(self, name: str = "s1", side: bool = False) -> None:
        self.name, self.side = name, side
        self.records: list[dict[str, Any]] = []
        self.at = START
        self.prompt = 0
        self.grew = FIRST
        self.asks("Fix the ledger.")

    def asks(self, text: str) -> None:
        self._message("user", {"role": "user", "content": text})
        self._grows(text)

    def calls(self, tool: str, output: str, /, said: str = "", **args: Any) -> None:
        """The agent calls a tool, and gets its output."""
        use = {"type": "tool_use", "id": f"{self.name}_t{len(self.records)}", "name": tool, "input": args}
        self._reply([{"type": "text", "text": said}, use] if said else [use])
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": output}
        self._message("user", {"role": "user", "content": [result]})
        self._grows(output)

    def says(self, text: str) -> None:
        self._reply([{"type": "text", "text": text}])

    def waits(self, seconds: float) -> None:
        """Nothing happens for so long, and the cache forgets what it held."""
        self.at += seconds
        self.forgets()

    def compacts(self, summary: str) -> None:
        """The client puts a summary in the place of all that was said."""
        name = f"{self.name}_u{len(self.records)}"
        self.records.append({"type": "system", "subtype": "compact_boundary", "uuid": name, "parentUuid": None})
        self.grew, self.prompt = FIRST, 0
        self.asks(summary)

    def forgets(self) -> None:
        self.grew, self.prompt = self.prompt + self.grew, 0

    def declares(self, *tools: dict[str, Any]) -> None:
        """From now on requests declare these tools."""
        self.records.append({"type": "api-request-shape", "shapeHash": "h", "shape": {"tools": list(tools)}})

    def write(self, folder: Path) -> Path:
        file = folder / f"{self.name}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(record) + "\n" for record in self.records), encoding="utf-8")
        return file

    def _grows(self, text: str) -> None:
        self.grew += round(1.2 * counter().count(text))

    def _reply(self, blocks: list[dict[str, Any]]) -> None:
        usage = Usage(read=self.prompt, write=self.grew)
        body = {
            "id": f"{self.name}_m{len(self.records)}", "role": "assistant", "model": MODEL, "content": blocks,
            "usage": {"input_tokens": 0, "cache_read_input_tokens": usage.read, "output_tokens": 60,
                      "cache_creation_input_tokens": usage.write},
        }  # fmt: skip
        self._message("assistant", body)
        self.prompt, self.grew = usage.prompt, 0
        self._grows(json.dumps(blocks))

    def _message(self, kind: str, message: dict[str, Any]) -> None:
        self.at += 10
        names = [record["uuid"] for record in self.records if "uuid" in record]
        self.records.append(
            {"type": kind, "uuid": f"{self.name}_u{len(self.records)}", "parentUuid": names[-1] if names else None,
             "isSidechain": self.side, "sessionId": "s1", "cwd": "/home/user/shop", "timestamp": _stamp(self.at),
             "message": message}
        )  # fmt: skip


def _stamp(at: float) -> str:
    from_start = round(at - START)
    return f"2026-11-20T{10 + from_start // 3600:02}:{from_start // 60 % 60:02}:{from_start % 60:02}Z"


def audited(path: Path) -> Row:
    """The row of the one session at a path."""
    (log,) = logs_at([path])
    skipped = Skipped()
    return findings.row(log, requests(log, skipped), skipped)


def suite(tests: int = 400) -> str:
    """A verbose run of which one test failed: what passed can be left out."""
    rows = [f"tests/test_ledger_{n % 7}.py::test_case_{n:04} PASSED [{100 * n // tests:3}%]" for n in range(tests)]
    rows[tests // 2] = f"tests/test_ledger_3.py::test_refund_twice FAILED [{50:3}%]"
    tail = ["FAILED tests/test_ledger_3.py::test_refund_twice - AssertionError: 1 != 2"]
    return "\n".join([
        "============================= test session starts ==============================",
        f"collected {tests} items", "", *rows, "",
        "=========================== short test summary info ============================", *tail,
        f"======================== 1 failed, {tests - 1} passed in 3.21s ========================", "",
    ])  # fmt: skip


def source(name: str, lines: int = 120) -> str:
    """A numbered read of a file, as old clients show it, whose lines nobody writes again."""
    return "\n".join(f"{number:>6}→    total_{name} += price[{number * 7919 % 997}]" for number in range(1, lines + 1))
