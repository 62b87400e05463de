"""Recorded sessions as the requests their client sent: one message list per model call, each continuing the last.

Read with the package's own readers. A sub-agent's conversation is a transcript of its own.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.texts import Messages
from headroom.sessions import Request, claude_code, gemini_cli


class Transcript(NamedTuple):
    """One conversation: its name and, in order, the messages of each request."""

    name: str
    requests: list[Messages]


Reader = Callable[[Iterable[str]], Iterator[Request]]
READERS: tuple[tuple[str, Reader], ...] = (
    ("claude-code/*.jsonl.gz", claude_code.requests),
    ("gemini-cli/*.json.gz", gemini_cli.requests),
)


def transcripts(shared: Path) -> Iterator[Transcript]:
    """All conversations of the shared folder's sessions, by file name, the main one of a file first."""
    for pattern, read in READERS:
        for path in sorted(shared.glob(f"data/sessions/{pattern}")):
            threads: dict[str, list[Messages]] = {"": []}
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for request in read(lines):
                    if request.messages:
                        threads.setdefault(request.thread, []).append(request.messages)
            name = f"{path.parent.name}/{path.name.split('.')[0]}"
            for thread, requests in threads.items():
                if requests:
                    yield Transcript(f"{name} {thread}".strip(), requests)
