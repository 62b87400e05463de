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

MAX_SEEN = 1 << 20
"""Answers that `Seen` remembers: about 100 MB at the most."""


class Seen:
    """The answers that were read in one audit, so that copies of them in other logs are not counted again.

    A client that resumes or forks a session may copy its records into a new file. The oldest are forgotten first.
    """

    def __init__(self, room: int = MAX_SEEN) -> None:
        self._room = room
        self._names: dict[int, None] = {}

    def again(self, name: str) -> bool:
        """True if `name` was asked before; remembers it."""
        key = hash(name)
        if key in self._names:
            return True
        if len(self._names) >= self._room:
            del self._names[next(iter(self._names))]
        self._names[key] = None
        return False


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


def requests(log: Log, skipped: Skipped, seen: Seen | None = None) -> Iterator[Request]:
    """The requests of a session, in the order of the log.

    A request that the log copied from another session is left out and counted: always where the log says so, else
    if `seen`, one object for all logs of an audit, has met its answer before. What follows it still carries its
    history, as it did on the wire.
    """
    for request in _BY_AGENT[log.agent].read(log, skipped):
        met = bool(request.name) and seen is not None and seen.again(f"{log.agent} {request.name}")
        if request.copied or met:
            skipped["copied from another session"] += 1
        else:
            yield request


__all__ = ["READERS", "Log", "Reader", "Request", "Seen", "Skipped", "logs", "logs_at", "requests"]
