"""Gemini CLI's session files (`~/.gemini/tmp/<project>/chats/session-*.json` and `.jsonl`), as Gemini contents.

Both forms are read: one JSON document with `messages`, and JSONL, where a message is logged again as it grows (the
last one counts), `$set` changes the record or its messages, and `$rewindTo` takes back a message and all after it.
Results stand with the calls, and in newer logs in a message of their own as well: that is then what counts.

Left out, because the log lacks it: the system instruction, tools, thought signatures, and in older logs the context
(directory listing, GEMINI.md) that the client puts before the first prompt. Thoughts are logged as summaries and are
not sent. Call ids carry the tool's name in newer logs, other than on the wire. Checked against logs of Gemini CLI
0.61.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

from headroom.prices import Usage
from headroom.sessions import _files
from headroom.sessions._files import mapping, text
from headroom.sessions._log import Log, Reader, Request, Skipped
from headroom.types import Json

_NOT_SENT = frozenset({"info", "warning", "error"})


class _Entry(NamedTuple):
    """A message of the log, and the contents that it adds."""

    message: dict[str, Json]
    own: list[Json]
    results: list[Json]
    """What its calls got, unless the next message says it."""
    answers: bool
    """True if it is such a message."""


class _Session:
    def __init__(self, skipped: Skipped) -> None:
        self.skipped = skipped
        self.entries: list[_Entry] = []
        self.names: dict[str, int] = {}
        self.asked: set[str] = set()
        self.open: int | None = None
        """The reply that may still grow."""
        self.sent: list[Json] | None = None

    def take(self, event: dict[str, Json]) -> Iterator[Request]:
        """Adds a line; the request whose reply is whole with it."""
        change, rewound, kind = mapping(event.get("$set")), event.get("$rewindTo"), event.get("type")
        if isinstance(change.get("messages"), list):
            yield from self.end()
            self._cut(0)
            for message in change["messages"]:
                yield from self._message(mapping(message))
        elif isinstance(rewound, str):
            yield from self.end()
            self._cut(self.names.get(rewound, len(self.entries)))
        elif isinstance(kind, str):
            yield from self._message(event)
        elif not change and not event.get("sessionId"):
            self.skipped["not a message"] += 1

    def end(self) -> Iterator[Request]:
        """The request whose reply cannot grow any more."""
        at, self.open = self.open, None
        if at is None:
            return
        message, name = self.entries[at].message, text(self.entries[at].message.get("id"))
        if name in self.asked:
            return
        self.asked.update(filter(None, [name]))
        contents = self._contents(at)
        rewrote = self.sent is not None and contents[: len(self.sent)] != self.sent
        self.sent = contents
        yield Request(
            messages=list(contents), model=text(message.get("model")), rewrote=rewrote, usage=_usage(message),
            at=_files.seconds(message.get("timestamp")), reply=list(self.entries[at].own), name=name,
        )  # fmt: skip

    def _message(self, message: dict[str, Json]) -> Iterator[Request]:
        kind, name = text(message.get("type")), text(message.get("id"))
        if kind not in ("user", "gemini"):
            self.skipped[kind if kind in _NOT_SENT else f"unknown type {kind[:40]}"] += 1
            return
        entry = _user(message) if kind == "user" else _reply(message)
        at = self.names.get(name) if name else None
        if at is not None:
            self.entries[at] = entry
            return
        yield from self.end()
        if name:
            self.names[name] = len(self.entries)
        if kind == "gemini":
            self.open = len(self.entries)
        self.entries.append(entry)

    def _cut(self, at: int) -> None:
        del self.entries[at:]
        self.names = {name: n for name, n in self.names.items() if n < at}

    def _contents(self, at: int) -> list[Json]:
        """The contents of the first entries, up to `at`."""
        contents: list[Json] = []
        for entry, after in zip_longest(self.entries[:at], self.entries[1:at]):
            contents += entry.own
            if after is None or not after.answers:
                contents += entry.results
        return contents


def _user(message: dict[str, Json]) -> _Entry:
    parts = _parts(message.get("content"))
    answers = any("functionResponse" in mapping(part) for part in parts)
    return _Entry(message, [{"role": "user", "parts": parts}], [], answers)


def _reply(message: dict[str, Json]) -> _Entry:
    """What a reply adds: the model's text and calls, and one content with the results of all of them."""
    calls = message.get("toolCalls")
    calls = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    parts = [part for part in _parts(message.get("content")) if part != {"text": ""}]
    for call in calls:
        named = {key: call[key] for key in ("id", "name", "args") if key in call}
        parts.append({"functionCall": named})
    results = [part for call in calls for part in _results(call)]
    own: list[Json] = [{"role": "model", "parts": parts}] if parts else []
    return _Entry(message, own, [{"role": "user", "parts": results}] if results else [], False)


def _results(call: dict[str, Json]) -> list[Json]:
    """What a call returned, as parts; a bare text is told as the client's own response."""
    result = call.get("result")
    named = {key: call[key] for key in ("id", "name") if key in call}
    found = result if isinstance(result, list) else [result]
    parts = [{"functionResponse": {**named, "response": {"output": r}}} if isinstance(r, str) else r for r in found]
    return [part for part in parts if isinstance(part, dict)]


def _parts(content: Json) -> list[Json]:
    if isinstance(content, list):
        return [{"text": part} if isinstance(part, str) else part for part in content]
    return [content if isinstance(content, dict) else {"text": text(content)}]


def _usage(message: dict[str, Json]) -> Usage | None:
    """The client counts cached tokens as part of the input, thoughts beside the output."""
    tokens = message.get("tokens")
    if not isinstance(tokens, dict):
        return None
    names = ("input", "cached", "output", "thoughts", "tool")
    prompt, read, output, thoughts, tool = (_files.count(tokens.get(name)) for name in names)
    return Usage(input=max(0, prompt - read) + tool, read=read, output=output + thoughts)


def requests(lines: Iterable[str], skipped: Skipped | None = None) -> Iterator[Request]:
    """One request per reply of the model, in order. `lines` is read once; JSONL as it comes, a document whole."""
    counts: Skipped = Skipped() if skipped is None else skipped
    session = _Session(counts)
    for event in _events(iter(lines), counts):
        yield from session.take(event)
    yield from session.end()


def _events(lines: Iterator[str], skipped: Skipped) -> Iterator[dict[str, Json]]:
    """The log's records in order, whichever of the two forms it has."""
    first = next(lines, "")
    if isinstance(whole := _files.parsed(first), dict) and not isinstance(whole.get("messages"), list):
        yield from _files.records(chain([first], lines), skipped)
        return
    if whole is None and first.strip() in ("{", ""):
        whole = _document(first, lines)
    messages = mapping(whole).get("messages")
    if isinstance(messages, list):
        for message in messages:
            if isinstance(message, dict):
                yield message
            else:
                skipped["not a record"] += 1
    else:
        yield from _files.records(chain([first], lines), skipped)


def _document(first: str, lines: Iterator[str]) -> Json:
    size, text_of = len(first), [first]
    for line in lines:
        size += len(line)
        if size > _files.MAX_DOCUMENT:
            return None
        text_of.append(line)
    return _files.parsed("".join(text_of))


def _find(home: Path, environ: Mapping[str, str]) -> Iterator[Log]:
    for pattern in ("*/chats/session-*.json", "*/chats/session-*.jsonl"):
        for path in _files.files(home / ".gemini" / "tmp", pattern):
            yield from _at(path)


def _at(path: Path) -> Iterator[Log]:
    start = _files.head(path)[:2000]
    if '"sessionId"' in start and '"projectHash"' in start:
        yield Log("gemini", path, _project(path), path.name.partition(".")[0], _files.size(path))


def _project(path: Path) -> str:
    """The project's path where the client keeps it, else the name of its folder: a hash, or a short name."""
    folder = path.parent.parent
    if path.parent.name != "chats":
        return ""
    return _files.head(folder / ".project_root").strip() or folder.name


def _read(log: Log, skipped: Skipped) -> Iterator[Request]:
    return requests(_files.lines(log.path, skipped), skipped)


READER: Reader = Reader("gemini", "Gemini CLI", "gemini", _find, _at, _read)
