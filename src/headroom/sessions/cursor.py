"""Cursor's conversations, as Anthropic message lists: from its database (`state.vscdb`, table `cursorDiskKV`), and
where that lacks them from its agents' transcripts (`~/.cursor/projects/<slug>/agent-transcripts/`).

`composerData:<id>` lists the bubbles of a conversation, `bubbleId:<id>:<bubble>` holds each (older versions kept them
in the list itself): the user's text, the model's, or one call with its result. What the model says and calls in a row
is one answer, until it says something again after a call: answers that only call, one after the other, look like one,
so that there may have been more.
Transcripts hold the calls without results; those of the older form (`.txt`) are not read.

Cursor keeps no account of tokens. Left out, because neither has it: the system prompt and tools, files and rules that
Cursor adds, summaries, and the shape on the wire, which Cursor's own servers make. Written after public
descriptions of versions up to 3; not checked against a real database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from headroom.sessions import _database, _files
from headroom.sessions._files import mapping, text
from headroom.sessions._log import Log, Reader, Request, Skipped
from headroom.types import Json

_STORES = (
    ".config/Cursor/User/globalStorage/state.vscdb",
    "Library/Application Support/Cursor/User/globalStorage/state.vscdb",
    "AppData/Roaming/Cursor/User/globalStorage/state.vscdb",
)
_COMPOSER, _BUBBLE = "composerData:", "bubbleId:"
_COMPOSERS = "SELECT key, length(value) FROM cursorDiskKV WHERE key >= 'composerData:' AND key < 'composerData;'"
_VALUE = "SELECT value FROM cursorDiskKV WHERE key = ?"


class _Session:
    def __init__(self, model: str) -> None:
        self.model = model
        self.messages: list[Json] = []
        self.blocks: list[Json] = []
        self.results: list[Json] = []
        self.history: list[Json] = []
        self.at = 0.0

    def say(self, role: str, blocks: list[Json], at: float = 0.0) -> Iterator[Request]:
        """Adds blocks of a speaker; the request whose answer ends before them."""
        if role == "user" or (self.results and blocks[0].get("type") != "tool_use"):
            yield from self.end()
        if role == "user":
            self.messages.append({"role": "user", "content": blocks})
            return
        if not self.blocks:
            self.history, self.at = list(self.messages), at
        self.blocks += blocks

    def end(self) -> Iterator[Request]:
        """The request of the answer that is open."""
        if not self.blocks:
            return
        reply = {"role": "assistant", "content": self.blocks}
        yield Request(messages=self.history, model=self.model, rewrote=False, at=self.at, reply=[reply])
        self.messages.append(reply)
        if self.results:
            self.messages.append({"role": "user", "content": self.results})
        self.blocks, self.results = [], []


def _conversation(log: Log, skipped: Skipped) -> Iterator[Request]:
    """The requests of a conversation in the database."""
    composer = _value(log.path, f"{_COMPOSER}{log.name}", skipped)
    within, headers = composer.get("conversation"), composer.get("fullConversationHeadersOnly")
    whole = isinstance(within, list) and bool(within)
    headers = within if whole else headers
    if not isinstance(headers, list):
        skipped["conversation without bubbles"] += 1
        return
    session = _Session(text(mapping(composer.get("modelConfig")).get("modelName")))
    for header in map(mapping, headers):
        name = text(header.get("bubbleId"))
        bubble = header if whole else _value(log.path, f"{_BUBBLE}{log.name}:{name}", skipped)
        if not bubble:
            continue
        session.model = text(mapping(bubble.get("modelInfo")).get("modelName")) or session.model
        yield from _bubble(session, name, bubble, skipped)
    yield from session.end()


def _bubble(session: _Session, name: str, bubble: dict[str, Json], skipped: Skipped) -> Iterator[Request]:
    at = _files.seconds(bubble.get("createdAt"))
    said, call = text(bubble.get("text")), mapping(bubble.get("toolFormerData"))
    if bubble.get("type") not in (1, 2):
        skipped["unknown bubble"] += 1
        return
    if said:
        role = "user" if bubble["type"] == 1 else "assistant"
        yield from session.say(role, [{"type": "text", "text": said}], at)
    if call.get("name"):
        key = text(call.get("toolCallId")) or name
        given = mapping(_files.parsed(text(call.get("rawArgs")) or text(call.get("params"))))
        block = {"type": "tool_use", "id": key, "name": text(call["name"]), "input": given}
        yield from session.say("assistant", [block], at)
        session.results.append({"type": "tool_result", "tool_use_id": key, "content": text(call.get("result"))})


def requests(lines: Iterable[str], skipped: Skipped | None = None) -> Iterator[Request]:
    """The requests of a transcript: one per message of the model, its calls answered by nothing."""
    counts: Skipped = Skipped() if skipped is None else skipped
    history: list[Json] = []
    for record in _files.records(lines, counts):
        role, content = record.get("role"), mapping(record.get("message")).get("content")
        if role not in ("user", "assistant") or not isinstance(content, list | str):
            counts["not a message"] += 1
            continue
        message = {"role": role, "content": content}
        if role == "assistant":
            yield Request(messages=list(history), model="", rewrote=False, reply=[message])
        history.append(message)


def _value(path: Path, key: str, skipped: Skipped) -> dict[str, Json]:
    for (value,) in _database.rows(path, _VALUE, (key,), skipped):
        data = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else text(value)
        found = _files.parsed(data)
        if isinstance(found, dict):
            return found
        skipped["not JSON"] += 1
        return {}
    skipped["bubble missing"] += 1
    return {}


def _find(home: Path, environ: Mapping[str, str]) -> Iterator[Log]:
    known = set()
    for store in _STORES:
        for log in _at(home / store):
            known.add(log.name)
            yield log
    for path in _files.files(home / ".cursor" / "projects", "*/agent-transcripts/**/*.jsonl"):
        if path.name.partition(".")[0] not in known:
            yield _log(path)


def _at(path: Path) -> Iterator[Log]:
    if "cursorDiskKV" in _database.tables(path):
        for key, size in _database.rows(path, _COMPOSERS, (), Skipped()):
            if isinstance(size, int) and size:
                yield Log("cursor", path, "", text(key).removeprefix(_COMPOSER), size)
    elif any("uuid" not in record and _is_ours(record) for record in _files.first(path)):
        yield _log(path)


def _is_ours(record: dict[str, Json]) -> bool:
    content = mapping(record.get("message")).get("content")
    return record.get("role") in ("user", "assistant") and isinstance(content, list | str)


def _log(path: Path) -> Log:
    slugs = [parent.parent.name for parent in path.parents if parent.name == "agent-transcripts"]
    return Log("cursor", path, slugs[0] if slugs else "", path.name.partition(".")[0], _files.size(path))


def _read(log: Log, skipped: Skipped) -> Iterator[Request]:
    if _database.is_database(log.path):
        return _conversation(log, skipped)
    return requests(_files.lines(log.path, skipped), skipped)


READER: Reader = Reader("cursor", "Cursor", "anthropic", _find, _at, _read)
