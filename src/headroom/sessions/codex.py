"""Codex' rollouts (`~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl`, archived and zstd ones too), as Responses items.

A `response_item` is an item of the client's history as it is sent. What the model made in a row is one reply; any
other item ends it. Its tokens are those of the `token_usage_record` after it; in logs of older clients, by how much
the totals of `token_count` grew (the same count is told several times). `compacted` puts another history in the place
of all before, and a rollback takes turns back.

Left out, because the log lacks it: instructions and tools (the newest models get both as first items), the question
that asks for a compaction's summary (older clients log the summary's tokens only: "tokens without an answer"), and
requests beside the conversation. A sub-agent's rollout and a fork's are logs of their own. Checked against logs of
Codex 0.171 over HTTP and WebSocket, with both families of tools, compacted and resumed; older rollouts and rollbacks
follow the documents alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headroom.prices import Usage
from headroom.sessions import _files
from headroom.sessions._files import mapping, text
from headroom.sessions._log import Log, Reader, Request, Skipped
from headroom.types import Json

_INPUT = frozenset({"additional_tools", "compaction_trigger", "item_reference"})
"""Items that no model makes, besides messages of other roles and outputs."""
_NOT_SENT = frozenset({"ghost_snapshot", "other"})
"""Items that the client keeps among the others for itself: its undo, and what it did not know."""
_OWN_KEYS = frozenset({"internal_chat_message_metadata_passthrough"})
"""What the client keeps with an item and does not send to a provider of the user's own."""
_CONTEXT = ("<environment_context>", "<user_instructions>", "# AGENTS.md")
"""How messages begin that the client writes in the user's name."""
_QUIET = frozenset({"session_meta", "turn_context", "world_state", "event_msg"})


@dataclass(slots=True)
class _Reply:
    """One answer: how many items precede it, and what it is made of."""

    history: list[Json]
    model: str
    at: float
    rewrote: bool
    items: list[Json] = field(default_factory=list)
    usage: Usage | None = None
    whole: bool = False
    """True if the next item of the model belongs to another answer."""

    def request(self) -> Request:
        named = (text(mapping(item).get(key)) for item in self.items for key in ("id", "call_id"))
        return Request(
            messages=self.history, model=self.model, rewrote=self.rewrote, usage=self.usage, at=self.at,
            reply=self.items, name=next(filter(None, named), ""),
        )  # fmt: skip


class _Session:
    def __init__(self, skipped: Skipped) -> None:
        self.skipped = skipped
        self.model = ""
        self.items: list[Json] = []
        self.rewrote = False
        self.reply: _Reply | None = None
        self.exact = False
        self.total: Usage | None = None

    def take(self, record: dict[str, Json]) -> Request | None:
        """Adds a record; the request whose answer ended before it, if another answer begins."""
        kind, payload = text(record.get("type")), mapping(record.get("payload"))
        if kind == "response_item" or "payload" not in record:
            item = payload if kind == "response_item" else record  # the first clients wrote the items alone
            return self._item(item, _files.seconds(record.get("timestamp")))
        if kind == "turn_context":
            self.model = text(payload.get("model")) or self.model
        elif kind == "compacted":
            self._compacted(payload)
        elif kind == "token_usage_record":
            self.exact = True
            self._used(_usage(payload.get("usage")))
        elif kind == "event_msg":
            self._event(payload)
        elif kind not in _QUIET:
            self.skipped[f"unknown type {kind[:40]}"] += 1
        return None

    def end(self) -> Iterator[Request]:
        if self.reply is not None:
            yield self.reply.request()

    def _item(self, item: dict[str, Json], at: float) -> Request | None:
        kind = text(item.get("type"))
        if not kind:
            self.skipped["not an item"] += 1
            return None
        if kind in _NOT_SENT:
            self.skipped[kind] += 1
            return None
        item = _sent(item)
        made = item.get("role") == "assistant" if kind == "message" else kind not in _INPUT
        made = made and not kind.endswith("_output")
        before = None
        if not made:
            if self.reply is not None:
                self.reply.whole = True
        elif self.reply is None or self.reply.whole:
            before, self.reply = self.reply, _Reply(list(self.items), self.model, at, self.rewrote)
            self.rewrote = False
        if made and self.reply is not None:
            self.reply.items.append(item)
        self.items.append(item)
        return before.request() if before is not None else None

    def _compacted(self, payload: dict[str, Json]) -> None:
        history = payload.get("replacement_history")
        if isinstance(history, list):
            self.items = [_sent(item) for item in history if isinstance(item, dict)]
        else:
            summary = {"role": "user", "content": [{"type": "input_text", "text": text(payload.get("message"))}]}
            self.items = [item for item in self.items if mapping(item).get("role") in ("user", "developer")]
            self.items.append({"type": "message", **summary})
        self._changed()

    def _event(self, payload: dict[str, Json]) -> None:
        kind, turns = payload.get("type"), _files.count(payload.get("num_turns"))
        if kind == "token_count" and not self.exact:
            info = mapping(payload.get("info"))
            total, last = _usage(info.get("total_token_usage")), _usage(info.get("last_token_usage"))
            if total is not None and total != self.total:
                counts = [now - old for now, old in zip(total[:-1], (self.total or Usage())[:-1], strict=True)]
                first = self.total is None and last is not None  # a fork's total begins with what it copied
                self.total = total
                fresh, read, write, hour, output = counts
                self._used(last if first or min(counts) < 0 else Usage(fresh, read, write, hour, output))
        elif kind == "thread_rolled_back" and turns:
            begins = [n for n, item in enumerate(self.items) if _is_prompt(item)]
            if begins:
                del self.items[begins[-min(turns, len(begins))] :]
                self._changed()

    def _changed(self) -> None:
        self.rewrote = True
        if self.reply is not None:
            self.reply.whole = True

    def _used(self, usage: Usage | None) -> None:
        if usage is None:
            return
        if self.reply is None or self.reply.usage is not None:
            self.skipped["tokens without an answer"] += 1
        else:
            self.reply.usage = usage
            self.reply.whole = self.reply.whole or self.exact


def _sent(item: dict[str, Json]) -> dict[str, Json]:
    """The item without what the client keeps for itself."""
    return {key: value for key, value in item.items() if key not in _OWN_KEYS}


def _usage(value: Json) -> Usage | None:
    """Codex counts cached and written tokens as part of the input."""
    if not isinstance(value, dict):
        return None
    names = ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens")
    prompt, read, write, output = (_files.count(value.get(name)) for name in names)
    return Usage(input=max(0, prompt - read - write), read=read, write=write, output=output)


def _is_prompt(item: Json) -> bool:
    content = mapping(item).get("content")
    start = text(mapping(content[0]).get("text")) if isinstance(content, list) and content else text(content)
    return bool(mapping(item).get("role") == "user" and not start.startswith(_CONTEXT))


def requests(lines: Iterable[str], skipped: Skipped | None = None) -> Iterator[Request]:
    """One request per answer of the model, in order. `lines` is read once, as it comes; a request follows when the
    next answer begins. What cannot be used is counted in `skipped`."""
    counts: Skipped = Skipped() if skipped is None else skipped
    session = _Session(counts)
    for record in _files.records(lines, counts):
        request = session.take(record)
        if request is not None:
            yield request
    yield from session.end()


def _find(home: Path, environ: Mapping[str, str]) -> Iterator[Log]:
    folder = Path(environ.get("CODEX_HOME") or home / ".codex")
    for name in ("sessions", "archived_sessions"):
        for path in _files.files(folder / name, "**/rollout-*.jsonl*"):
            yield _log(path)


def _at(path: Path) -> Iterator[Log]:
    kinds = {text(record.get("type")) for record in _files.first(path) if isinstance(record.get("payload"), dict)}
    if kinds & {"session_meta", "response_item", "turn_context"}:
        yield _log(path)


def _log(path: Path) -> Log:
    metas = (mapping(record.get("payload")) for record in _files.first(path) if record.get("type") == "session_meta")
    meta = next(metas, {})
    name = text(meta.get("id")) or path.name.partition(".")[0]
    return Log("codex", path, text(meta.get("cwd")), name, _files.size(path))


def _read(log: Log, skipped: Skipped) -> Iterator[Request]:
    return requests(_files.lines(log.path, skipped), skipped)


READER: Reader = Reader("codex", "Codex", "openai-responses", _find, _at, _read)
