"""`python -m bench.repeats`: what references to earlier texts of the same session save on real sessions, into
`repeats.csv`.

Every tool output goes through the pipeline as in `bench.corpora`, then its text as sent is told against what stood
before it in its session. What the client compacted away cannot be seen in these records: one row therefore forgets
everything each time as much as a context window holds has been sent. Tokens are o200k, of the outputs' text as a
whole (host text, our own headers and references included); every text told is expanded again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from bench import documents, tables
from bench.documents import Corpus, Document
from bench.texts import tokens
from bench.workloads import SHARED, anthropic_messages
from headroom import pipeline, policy, providers
from headroom.compressors import _repeats, stands_for
from headroom.compressors._repeats import Earlier
from headroom.rendering import Moment
from headroom.store import MemoryStore
from headroom.tokens import counter
from headroom.types import Item, ToolCall

HERE = Path(__file__).resolve().parent
COLUMNS = (
    "corpus", "references to", "sessions", "n", "raw_tokens", "tokens", "saved_percent", "told_n", "whole_n",
    "references", "tell_ms_p50", "tell_ms_p99",
)  # fmt: skip

CORPORA: dict[str, Corpus] = {"claude code": documents.claude_code, "mini-swe": documents.mini_swe}

WINDOW_TOKENS = 60_000
"""Tokens of results and written text after which a client compacts: half of the room beside its fixed prompt, as the
other half is reasoning, prose and prompts."""

TELLABLE = frozenset({"encoded", "no-gain", "no-fit", "repeats"})
"""Reasons under which a part is ours to change."""


class Sent(NamedTuple):
    """One tool output as the pipeline alone would send it."""

    call: ToolCall
    part: Item
    text: str
    kind: str
    tellable: bool
    raw_tokens: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a row's references may point to."""

    name: str
    results: bool
    written: bool
    window: int | None = None


SCOPES = (
    Scope("nothing", False, False),
    Scope("earlier results", True, False),
    Scope("earlier results and written text", True, True),
    Scope(f"the same, forgotten after {WINDOW_TOKENS} tokens", True, True, WINDOW_TOKENS),
)


@dataclass(slots=True)
class Sum:
    """Totals of one row."""

    sessions: int = 0
    n: int = 0
    raw: int = 0
    after: int = 0
    told: int = 0
    whole: int = 0
    references: int = 0
    times: list[float] = field(default_factory=list)

    def row(self, corpus: str, scope: str) -> tables.Row:
        times = sorted(self.times) or [0.0]
        return {
            "corpus": corpus, "references to": scope, "sessions": self.sessions, "n": self.n, "raw_tokens": self.raw,
            "tokens": self.after, "saved_percent": tables.percent(self.raw, self.after), "told_n": self.told,
            "whole_n": self.whole, "references": self.references,
            "tell_ms_p50": round(1000 * times[len(times) // 2], 2),
            "tell_ms_p99": round(1000 * times[len(times) * 99 // 100], 2),
        }  # fmt: skip


def sent(document: Document) -> Sent:
    """The output at level `lossless`, alone, with nothing told by reference."""
    messages = anthropic_messages(document.tool, document.args, document.text)
    if document.is_error:
        messages[-1]["content"][0]["is_error"] = True
    provider = providers.detect(messages)
    items = provider.read(messages) if provider else []
    call = ToolCall(name=document.tool, args=document.args)
    moment = Moment(level=policy.level("lossless"), counter=counter(), store=MemoryStore())
    raw = tokens([document.text])
    part = next((item for item in items if item.is_part and item.kind == "result"), None)
    if part is None:
        return Sent(call, Item("tool", "result", document.text), document.text, "raw", False, raw, raw)
    decision = pipeline.decide("anthropic", [part], moment, pinned=False)[0]
    text = part.text if decision.rendering is None else decision.rendering
    text = _repeats.expand(text, decision.kind, ()) if decision.reason == "repeats" else text
    kind = "raw" if decision.rendering is None else decision.kind
    after = raw if text == part.text else tokens([part.around(text)])
    return Sent(call, part, text, kind, decision.reason in TELLABLE, raw, after)


def session(outputs: Iterable[Sent], scope: Scope, total: Sum) -> None:
    """Adds one session's outputs, in order."""
    earlier: list[Earlier] = []
    used = 0
    total.sessions += 1
    for output in outputs:
        if scope.window is not None and used > scope.window:
            earlier, used = [], 0
        if scope.written:
            own = _repeats.written(output.call)
            earlier += own
            used += tokens([one.text for one in own]) if scope.window is not None else 0
        text, after = output.text, output.tokens
        if scope.results and output.tellable:
            text, after = told(output, earlier, total)
        earlier.append(Earlier(_repeats.name_of(output.call), text, output.kind))
        used += after
        total.n += 1
        total.raw += output.raw_tokens
        total.after += after


def told(output: Sent, earlier: Sequence[Earlier], total: Sum) -> tuple[str, int]:
    """The text with references and its tokens, or as it was where they do not pay. Raises ValueError on a text that
    does not come back."""
    start = time.perf_counter()
    found = _repeats.tell(output.text, output.kind, earlier, decode=stands_for)
    total.times.append(time.perf_counter() - start)
    if found is None:
        return output.text, output.tokens
    text, _ = found
    if _repeats.expand(text, output.kind, earlier) != output.text:
        raise ValueError(f"a text told by reference does not come back: {text[:200]!r}")
    after = tokens([output.part.around(text)])
    if not policy.pays(output.tokens, after):
        return output.text, output.tokens
    total.told += 1
    total.whole += "\n" not in text
    total.references += text.count("[= lines ")
    return text, after


def measure(corpus: str, docs: Iterable[Document], step: int = 1) -> list[tables.Row]:
    """One row for each scope, over every `step`-th session."""
    sums = [Sum() for _ in SCOPES]
    for outputs in _sessions(docs, step):
        for scope, total in zip(SCOPES, sums, strict=True):
            session(outputs, scope, total)
    return [total.row(corpus, scope.name) for scope, total in zip(SCOPES, sums, strict=True)]


def _sessions(docs: Iterable[Document], step: int) -> Iterator[list[Sent]]:
    for i, (_, group) in enumerate(groupby(docs, lambda document: document.session)):
        if i % step == 0:
            yield [sent(document) for document in group if document.text]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures both trajectory sets; writes and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.repeats", description=main.__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with data/ (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, help="where the table goes (default: %(default)s)")
    parser.add_argument("--only", default="", help="only corpora whose name contains this; writes nothing")
    parser.add_argument("--step", type=int, default=1, help="every STEP-th session only; writes nothing")
    options = parser.parse_args(arguments)
    if not (options.shared / "data").is_dir():
        print(f"there is no {options.shared / 'data'}; name the folder with --shared", file=sys.stderr)
        return 2
    rows: list[tables.Row] = []
    for name, corpus in CORPORA.items():
        if options.only in name:
            rows += measure(name, corpus(options.shared), options.step)
    print(tables.text(COLUMNS, rows))
    if not options.only and options.step == 1:
        tables.write(options.out / "repeats.csv", COLUMNS, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
