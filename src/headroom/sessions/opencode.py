"""opencode's database (`~/.local/share/opencode/opencode.db`), as Anthropic message lists, and the JSON files of older
versions (`storage/session/<project>/<session>.json`, `storage/message/<session>/`, `storage/part/<message>/`) of what
is not in it.

A message holds parts: text, reasoning, calls with their results. Whatever provider it talked to, the history is told
as Anthropic messages: the texts are the client's, the shape around them is not that of the wire. A reply is what
stands between one `step-start` and the next; its tokens are those of its `step-finish`. After a summary the history
begins with it; a result that the client pruned reads `CLEARED` from then on. Sub-agents' sessions are threads of the
session that called them.

Left out, because the database lacks it: the system prompt and tools, reminders injected at send time, titles, and
what was undone and overwritten. Files that a user attaches are not told. Among JSON files a sub-agent's session is a
log of its own. Checked against databases of opencode 1.18 with three providers; summaries, pruning, sub-agents and
JSON files follow the client's published source alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headroom.prices import Usage
from headroom.sessions import _database, _files
from headroom.sessions._files import mapping, text
from headroom.sessions._log import Log, Reader, Request, Skipped
from headroom.types import Json

CLEARED = "[Old tool result content cleared]"
"""What opencode leaves in the place of a result that it pruned."""
INTERRUPTED = "[Tool execution was interrupted]"
"""The result of a call that never ended."""

_QUIET = frozenset({"text", "snapshot", "patch", "agent", "retry", "step-start", "step-finish"})

_SESSIONS = """
SELECT id, directory, parent_id, (SELECT count(*) FROM part WHERE part.session_id = session.id) FROM session
ORDER BY time_created, id
"""
_CHILDREN = "SELECT id FROM session WHERE parent_id = ? ORDER BY time_created, id"
_MESSAGES = """
SELECT message.id, message.data, part.data FROM message LEFT JOIN part ON part.message_id = message.id
WHERE message.session_id = ? ORDER BY message.time_created, message.id, part.id
"""

_Parts = list[dict[str, Json]]


@dataclass(slots=True)
class _Step:
    """One answer of the model within a message."""

    blocks: list[Json] = field(default_factory=list)
    results: list[Json] = field(default_factory=list)
    tokens: Json = None


class _Session:
    def __init__(self, thread: str, skipped: Skipped) -> None:
        self.thread = thread
        self.skipped = skipped
        self.messages: list[Json] = []
        self.rewrote = False
        self.pruned: dict[str, float] = {}
        """Calls whose results were cleared later, and when."""

    def take(self, name: str, message: dict[str, Json], parts: _Parts) -> Iterator[Request]:
        """Adds a message; the requests that it answers, none for a person's."""
        if message.get("role") == "user":
            blocks = [block for part in parts for block in self._said(part)]
            if blocks:
                self.messages.append({"role": "user", "content": blocks})
        elif message.get("role") == "assistant":
            yield from self._answers(name, message, parts)
        else:
            self.skipped["not a message"] += 1

    def _said(self, part: dict[str, Json]) -> list[Json]:
        kind, said = text(part.get("type")), text(part.get("text"))
        if kind == "compaction":
            said = "What did we do so far?"
        elif kind not in _QUIET:
            self.skipped[f"part {kind[:40]}"] += 1
        return [{"type": "text", "text": said}] if said and not part.get("ignored") else []

    def _answers(self, name: str, message: dict[str, Json], parts: _Parts) -> Iterator[Request]:
        time = mapping(message.get("time"))
        at = _files.seconds(time.get("created"))
        self._prune(at)
        steps = self._steps(parts)
        if message.get("error") and not any(step.blocks for step in steps):
            self.skipped["api error"] += 1
            return
        # A fork's copies have other ids, but the same times.
        copies = f"{time.get('created')} {time.get('completed')}" if time.get("completed") else name
        for n, step in enumerate(steps):
            tokens = message.get("tokens") if step.tokens is None and len(steps) == 1 else step.tokens
            reply = {"role": "assistant", "content": step.blocks}
            yield Request(
                messages=list(self.messages), model=text(message.get("modelID")), rewrote=self.rewrote,
                thread=self.thread, usage=_usage(tokens), at=at, reply=[reply], name=f"{copies} {n}",
            )  # fmt: skip
            self.rewrote = False
            self.messages.append(reply)
            if step.results:
                self.messages.append({"role": "user", "content": step.results})
        if message.get("summary") is True and message.get("finish"):
            self.messages = self.messages[-2:]  # the question for it, and the summary
            self.rewrote = True

    def _steps(self, parts: _Parts) -> list[_Step]:
        steps = [_Step()]
        for part in parts:
            kind, step = text(part.get("type")), steps[-1]
            if kind == "step-start" and (step.blocks or step.tokens is not None):
                steps.append(_Step())
            elif kind == "step-finish":
                step.tokens = part.get("tokens")
            elif kind == "text" and part.get("text"):
                step.blocks.append({"type": "text", "text": text(part["text"])})
            elif kind == "reasoning":
                signature = text(mapping(mapping(part.get("metadata")).get("anthropic")).get("signature"))
                step.blocks.append({"type": "thinking", "thinking": text(part.get("text")), "signature": signature})
            elif kind == "tool":
                self._call(part, step)
            elif kind not in _QUIET:
                self.skipped[f"part {kind[:40]}"] += 1
        return steps

    def _call(self, part: dict[str, Json], step: _Step) -> None:
        state, name = mapping(part.get("state")), text(part.get("callID"))
        call = {"type": "tool_use", "id": name, "name": text(part.get("tool")), "input": mapping(state.get("input"))}
        step.blocks.append(call)
        status = state.get("status")
        result: dict[str, Json] = {"type": "tool_result", "tool_use_id": name, "content": text(state.get("output"))}
        if status == "error":
            result |= {"content": text(state.get("error")), "is_error": True}
        elif status != "completed":
            result |= {"content": INTERRUPTED, "is_error": True}
        elif pruned := _files.seconds(mapping(state.get("time")).get("compacted")):
            self.pruned[name] = pruned
        step.results.append(result)

    def _prune(self, now: float) -> None:
        """Clears the results that were pruned before this answer."""
        due = {name for name, at in self.pruned.items() if at <= now}
        if due:
            self.pruned = {name: at for name, at in self.pruned.items() if name not in due}
            self.messages = [_cleared(message, due) for message in self.messages]
            self.rewrote = True


def _cleared(message: Json, names: set[str]) -> Json:
    content = message["content"]
    if not any(block.get("tool_use_id") in names for block in content):
        return message
    blocks = [{**block, "content": CLEARED} if block.get("tool_use_id") in names else block for block in content]
    return {**message, "content": blocks}


def _usage(tokens: Json) -> Usage | None:
    """opencode counts cached tokens beside the input, reasoning beside the output."""
    if not isinstance(tokens, dict):
        return None
    cache = mapping(tokens.get("cache"))
    fresh, output, reasoning = (_files.count(tokens.get(name)) for name in ("input", "output", "reasoning"))
    read, write = (_files.count(cache.get(name)) for name in ("read", "write"))
    return Usage(input=fresh, read=read, write=write, output=output + reasoning)


def _messages(path: Path, session: str, skipped: Skipped) -> Iterator[tuple[str, dict[str, Json], _Parts]]:
    """The messages of a session with their parts, in order."""
    last, message, parts = "", dict[str, Json](), _Parts()
    for name, data, part in _database.rows(path, _MESSAGES, (session,), skipped):
        if name != last:
            if last:
                yield last, message, parts
            last, message, parts = str(name), _value(data, skipped), []
        if part is not None:
            parts.append(_value(part, skipped))
    if last:
        yield last, message, parts


def _stored(path: Path, session: str, skipped: Skipped) -> Iterator[tuple[str, dict[str, Json], _Parts]]:
    """`_messages` out of the files that stand beside a session's own; their names are in order."""
    storage = path.parent.parent.parent
    for file in _files.files(storage / "message" / session, "*.json"):
        parts = [_whole(part, skipped) for part in _files.files(storage / "part" / file.stem, "*.json")]
        yield file.stem, _whole(file, skipped), parts


def _whole(file: Path, skipped: Skipped) -> dict[str, Json]:
    return mapping(_files.document(file, skipped))


def _value(data: object, skipped: Skipped) -> dict[str, Json]:
    data = data.decode("utf-8", errors="replace") if isinstance(data, bytes) else data
    value = _files.parsed(data) if isinstance(data, str) else None
    if isinstance(value, dict):
        return value
    skipped["not JSON"] += 1
    return {}


def _find(home: Path, environ: Mapping[str, str]) -> Iterator[Log]:
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    known = set[_database.Row]()
    for path in _files.files(data / "opencode", "opencode*.db"):
        known.update(_database.rows(path, "SELECT id FROM session", (), Skipped()))
        yield from _at(path)
    for path in _files.files(data / "opencode" / "storage" / "session", "*/*.json"):
        if (path.stem,) not in known:
            yield from _at(path)


def _at(path: Path) -> Iterator[Log]:
    """The sessions of a database, but those of sub-agents whose session is there; or the one that a file is about."""
    if not {"session", "message", "part"} <= _database.tables(path):
        said = path.parent.parent.parent / "message" / path.stem
        if path.parent.parent.name == "session" and any(_files.files(said, "*.json")):
            yield Log("opencode", path, text(_whole(path, Skipped()).get("directory")), path.stem, _files.size(path))
        return
    found = list(_database.rows(path, _SESSIONS, (), Skipped()))
    names = {name for name, *_ in found}
    total = sum(count for *_, count in found if isinstance(count, int)) or 1
    for name, folder, parent, count in found:
        if parent not in names and isinstance(count, int):
            yield Log("opencode", path, text(folder), str(name), _files.size(path) * count // total)


def _read(log: Log, skipped: Skipped) -> Iterator[Request]:
    if not _database.is_database(log.path):
        session = _Session("", skipped)
        for message, data, parts in _stored(log.path, log.name, skipped):
            yield from session.take(message, data, parts)
        return
    waiting, seen = [(log.name, "")], {log.name}
    while waiting:
        name, thread = waiting.pop(0)
        session = _Session(thread, skipped)
        for message, data, parts in _messages(log.path, name, skipped):
            yield from session.take(message, data, parts)
        for (child,) in _database.rows(log.path, _CHILDREN, (name,), skipped):
            if str(child) not in seen:
                seen.add(str(child))
                waiting.append((str(child), str(child)))


READER: Reader = Reader("opencode", "opencode", "anthropic", _find, _at, _read)
