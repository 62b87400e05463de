"""Readers of agents' own session logs: what the client sent to the model, request by request.

One module per agent. A reader rebuilds the message list before each reply of the model as the client would have sent
it; it never raises on a record it does not know or a line that is cut off, but counts it. Logs do not hold everything
that was on the wire: each reader says what it leaves out. Nothing here writes, and databases are opened read-only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from headroom.sessions import claude_code, cline, codex, cursor, gemini_cli, opencode
from headroom.sessions._files import files
from headroom.sessions._log import Log, Reader, Request, Skipped

READERS: tuple[Reader, ...] = (
    claude_code.READER,
    codex.READER,
    gemini_cli.READER,
    opencode.READER,
    cursor.READER,
    cline.READER,
)

_BY_AGENT = {reader.agent: reader for reader in READERS}


def logs(home: Path, environ: Mapping[str, str], agents: Collection[str] = ()) -> Iterator[Log]:
    """All sessions of a user, of the agents that are named, or of all. Only names and heads of files are read."""
    for reader in READERS:
        if not agents or reader.agent in agents:
            yield from reader.find(home, environ)


def logs_at(paths: Sequence[Path]) -> Iterator[Log]:
    """The sessions in files, and in all files below folders; whose they are is told by what the files hold."""
    for path in paths:
        for file in list(files(path, "**/*")) or [path]:
            for reader in READERS:
                found = list(reader.at(file))
                if found:
                    yield from found
                    break


def requests(log: Log, skipped: Skipped) -> Iterator[Request]:
    """The requests of a session, in the order of the log.

    A request that the log itself says was copied from another session is left out and counted. What follows it still
    carries its history, as it did on the wire.
    """
    for request in _BY_AGENT[log.agent].read(log, skipped):
        if request.copied:
            skipped["copied from another session"] += 1
        else:
            yield request


__all__ = ["READERS", "Log", "Reader", "Request", "Skipped", "logs", "logs_at", "requests"]
