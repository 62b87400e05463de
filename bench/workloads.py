"""One tool output (or a few) inside a conversation, with facts that must stay findable: what the runner measures.

The shared folder's workloads are read where they lie, never copied; the seeded ones of `generators.py` are always
there, so that every figure but those of the shared data can be had on any machine.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.generators import Made, generated
from bench.texts import Messages, outputs

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
"""Where real data lies beside a checkout; every command takes another place with --shared."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A conversation whose tool outputs are compressed, and what a reader may look for in them."""

    name: str
    group: str
    category: str
    anthropic: Messages
    openai: Messages
    needles: tuple[str, ...]
    """Planted facts that a task hangs on."""
    samples: tuple[str, ...]
    """Unremarkable facts, drawn from the outputs at random."""

    @property
    def texts(self) -> list[str]:
        return outputs(self.anthropic)

    @property
    def raw_bytes(self) -> int:
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in self.texts)


def load(shared: Path = SHARED, *, only: str = "") -> list[Workload]:
    """All workloads, sorted by group and name: the shared ones if the folder exists, then the generated ones."""
    found = [_read(path) for path in sorted(shared.glob("workloads/*.json.gz"))]
    found += [_wrap(made) for made in generated()]
    return sorted((w for w in found if only in w.name), key=lambda w: (w.group, w.name))


def _read(path: Path) -> Workload:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        record: dict[str, Any] = json.load(file)
    return Workload(
        name=record["name"],
        group=record["group"],
        category=record["category"],
        anthropic=record["anthropic"],
        openai=record["openai"],
        needles=tuple(needle["text"] for needle in record["needles"]),
        samples=tuple(record["samples"]),
    )


def _wrap(made: Made) -> Workload:
    return Workload(
        name=made.name,
        group="seeded",
        category=made.category,
        anthropic=anthropic_messages(made.tool, made.args, made.text, made.query),
        openai=openai_messages(made.tool, made.args, made.text, made.query),
        needles=made.needles,
        samples=made.samples,
    )


def anthropic_messages(tool: str, args: dict[str, Any], text: str, query: str = "Go on.") -> Messages:
    """One user turn, one call, one result, in the Anthropic Messages shape."""
    return [
        {"role": "user", "content": query},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": tool, "input": args}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": text}]},
    ]


def openai_messages(tool: str, args: dict[str, Any], text: str, query: str = "Go on.") -> Messages:
    """The same in the OpenAI chat shape."""
    function = {"name": tool, "arguments": json.dumps(args)}
    call = {"id": "call_1", "type": "function", "function": function}
    return [
        {"role": "user", "content": query},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": text},
    ]
