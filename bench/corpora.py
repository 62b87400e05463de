"""`python -m bench.corpora`: what lossless encoding saves on each corpus of real tool outputs, into `corpora.csv`.

Each output goes alone through the public `compress`, as the result of its recorded call, with a store that has seen
nothing, so that no figure leans on a repetition. Tokens are o200k, of the outputs' text as a whole (host text and our
own headers included). `editing.csv` answers whether edits still work on the reads as they are shown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from bench import documents, tables
from bench.documents import Corpus, Document
from bench.texts import tokens, tool_outputs
from bench.workloads import SHARED, anthropic_messages
from headroom import Result, compress
from headroom.store import MemoryStore

HERE = Path(__file__).resolve().parent
COLUMNS = (
    "corpus", "n", "encoded_n", "raw_tokens", "tokens", "saved_percent", "encoded_share_percent",
    "saved_where_encoded_percent", "grown_n", "kinds", "reasons",
)  # fmt: skip
"""`encoded_share_percent` is the share of raw tokens that stand in outputs that were encoded."""

EDIT_COLUMNS = (
    "gutter", "edits", "old_strings_in_an_earlier_read", "contiguous_as_recorded", "contiguous",
    "contiguous_without_numbers",
)  # fmt: skip

CORPORA: dict[str, Corpus] = {
    "github lists": documents.github(lists=True, distinct=False),
    "github lists, distinct": documents.github(lists=True, distinct=True),
    "github single objects": documents.github(lists=False, distinct=False),
    "github single objects, distinct": documents.github(lists=False, distinct=True),
    "aws cli examples": documents.aws,
    "vega json": documents.json_archive("vega.tar.gz"),
    "tau2 json": documents.json_archive("tau2.tar.gz"),
    "claude code Read, as recorded": documents.reads,
    "claude code Read, tab gutter": documents.tab_reads,
    "claude code Grep, content": documents.grep_content,
    "claude code": documents.claude_code,
    "mini-swe": documents.mini_swe,
    "swe-agent demos": documents.swe_agent,
    "loghub": documents.loghub,
    "local cli": documents.local_cli,
    "clippy": documents.clippy,
}
BY: dict[str, Callable[[Document], str]] = {
    "claude code": lambda d: d.tool,
    "loghub": lambda d: d.session,
    "local cli": lambda d: d.session,
}
"""Corpora that get a row for each of their parts besides the whole."""


@dataclass(slots=True)
class Sum:
    """Totals over the documents of one row."""

    n: int = 0
    encoded_n: int = 0
    raw: int = 0
    after: int = 0
    raw_encoded: int = 0
    after_encoded: int = 0
    grown: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, reason: str, raw: int, after: int) -> None:
        self.n += 1
        self.raw += raw
        self.after += after
        self.grown += after > raw
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if reason == "encoded":
            self.encoded_n += 1
            self.raw_encoded += raw
            self.after_encoded += after
            self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def row(self, name: str) -> tables.Row:
        return {
            "corpus": name, "n": self.n, "encoded_n": self.encoded_n, "raw_tokens": self.raw, "tokens": self.after,
            "saved_percent": tables.percent(self.raw, self.after),
            "encoded_share_percent": round(100 * self.raw_encoded / self.raw, 1) if self.raw else 0.0,
            "saved_where_encoded_percent": tables.percent(self.raw_encoded, self.after_encoded),
            "grown_n": self.grown, "kinds": _counts(self.kinds), "reasons": _counts(self.reasons),
        }  # fmt: skip


def _counts(of: dict[str, int]) -> str:
    return " ".join(f"{name}:{n}" for name, n in sorted(of.items(), key=lambda x: (-x[1], x[0])))


RESULT = 2
"""Where `anthropic_messages` puts the tool result: after the question and the call."""


def shown(document: Document) -> tuple[str, Result]:
    """The output as the model would see it at level `lossless`, and the library's report."""
    messages = anthropic_messages(document.tool, document.args, document.text)
    if document.is_error:
        messages[-1]["content"][0]["is_error"] = True
    result = compress(messages, level="lossless", store=MemoryStore())
    return tool_outputs(result.messages)[0], result


def measure(name: str, docs: Iterable[Document]) -> list[tables.Row]:
    """The row of one corpus, and the rows of its parts (by size) where `BY` names them."""
    total, parts = Sum(), dict[str, Sum]()
    split = BY.get(name)
    for document in docs:
        if not document.text:
            continue
        text, result = shown(document)
        raw = tokens([document.text])
        after = raw if text == document.text else tokens([text])
        report = next((part for part in result.parts if part.leaf[:1] == (RESULT,)), None)
        kind, reason = (report.kind, report.reason) if report else ("", "no part")
        for row in (total, parts.setdefault(split(document), Sum())) if split else (total,):
            row.add(kind, reason, raw, after)
    by_size = sorted(parts.items(), key=lambda p: (-p[1].raw, p[0]))
    return [total.row(name), *(part.row(f"{name}: {key}") for key, part in by_size)]


def editing(shared: Path, rewrite: Callable[[str], str], gutter: str, step: int = 1) -> tables.Row:
    """Whether the old string of each recorded Edit that stood in an earlier Read of its session can be copied whole.

    The latest Read of the same file that holds it counts. `contiguous_as_recorded`: it stands in the numbered view the
    agent really saw, before any rendering; `contiguous`: it stands in the rendering as it is;
    `contiguous_without_numbers`: it does after the numbers that the rendering shows are taken away, as an agent takes
    away those of any numbered view.
    """
    edits = found = recorded = whole = bare = 0
    seen: dict[str, list[str]] = {}
    session = ""
    for n, document in enumerate(documents.claude_code(shared)):
        if document.session != session:
            session, seen = document.session, {}
        path = str(document.args.get("file_path", ""))
        if document.tool == "Read" and documents.NUMBERED.match(document.text):
            seen.setdefault(path, []).append(rewrite(document.text))
        elif document.tool in ("Edit", "MultiEdit") and n % step == 0:
            for old in _old_strings(document.args):
                edits += 1
                read = next((t for t in reversed(seen.get(path, ())) if old in documents.without_gutter(t)), None)
                if read is None:
                    continue
                found += 1
                text, _ = shown(Document("Read", {"file_path": path}, read))
                recorded += old in read
                whole += old in text
                bare += old in documents.without_gutter(text)
    return {
        "gutter": gutter, "edits": edits, "old_strings_in_an_earlier_read": found, "contiguous_as_recorded": recorded,
        "contiguous": whole, "contiguous_without_numbers": bare,
    }  # fmt: skip


def _old_strings(args: dict[str, object]) -> Iterator[str]:
    edits = args.get("edits")
    for edit in [args, *(edits if isinstance(edits, list) else [])]:
        old = edit.get("old_string") if isinstance(edit, dict) else None
        if isinstance(old, str) and old:
            yield old


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures the corpora and the editing law; writes and prints both tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.corpora", description=main.__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with data/ (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=HERE, help="where the tables go (default: %(default)s)")
    parser.add_argument("--only", default="", help="only corpora whose name contains this; writes nothing")
    parser.add_argument("--step", type=int, default=1, help="every STEP-th output only, for a quick look")
    options = parser.parse_args(arguments)
    if not (options.shared / "data").is_dir():
        print(f"there is no {options.shared / 'data'}; name the folder with --shared", file=sys.stderr)
        return 2
    rows: list[tables.Row] = []
    for name, corpus in CORPORA.items():
        if options.only in name:
            start = time.monotonic()
            rows += measure(name, islice(corpus(options.shared), 0, None, options.step))
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(tables.text(COLUMNS[:-2], rows))
    if options.only:
        return 0
    edits = [
        editing(options.shared, lambda text: text, "→", options.step),
        editing(options.shared, documents.to_tab, "tab", options.step),
    ]
    print("", tables.text(EDIT_COLUMNS, edits), sep="\n")
    tables.write(options.out / "corpora.csv", COLUMNS, rows)
    tables.write(options.out / "editing.csv", EDIT_COLUMNS, edits)
    return 0


if __name__ == "__main__":
    sys.exit(main())
