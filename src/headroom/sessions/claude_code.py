"""Claude Code's transcripts (`~/.claude/projects/<slug>/<session>.jsonl`), as Anthropic message lists.

The log is a tree: records name their parent, one record per content block, results beside the branch that goes on. The
rule kept here: a reply's history is what stands on the way from its first record to the root, each earlier reply
whole (all records of its `message.id`), followed by one message with all its results. The tokens of a reply stand in
each of its records: the prompt's are taken from the largest, the output's from the last.

Sub-agents' files (`<session>/subagents/agent-*.jsonl`) belong to the session, a thread each, after the main one.

Left out, because the log lacks it or the API never saw it: the system prompt, reminders injected at send time,
`system` records (hooks, durations), API error notices, progress, the state of files that compaction attaches to its
summary, and the requests that the client makes beside the conversation (summaries, titles, safety checks).
A micro-compaction replaces the results it names by the client's notice, from then on.
A record whose parent is not in the file (progress records are often stripped) continues the one before it.
Checked against logs of Claude Code 2.0 to 2.1, with forks and sub-agents.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headroom.prices import Usage, tier
from headroom.sessions import _files
from headroom.sessions._files import mapping
from headroom.sessions._log import Log, Reader, Request, Skipped
from headroom.types import Json

CLEARED = "[Old tool result content cleared]"
"""What Claude Code leaves in the place of a result that it cleared itself."""

_SILENT = frozenset({"<synthetic>"})
_KEYS = (re.compile(r'"parentUuid"\s*:'), re.compile(r'"uuid"\s*:'))
"""What every message of a transcript has, and within a text would be escaped."""


@dataclass(slots=True)
class _Reply:
    """One answer of the model: its history, its blocks so far, and the results its calls got."""

    base: _Reply | None
    """The answer before it on the same branch, where its history goes on from there unchanged."""
    added: list[Json]
    """What stands between the two; without `base`, the whole history."""
    model: str
    thread: str
    name: str = ""
    declared: list[Json] = field(default_factory=list)
    at: float = 0.0
    copied: bool = False
    rewrote: bool = False
    usage: Usage | None = None
    blocks: list[Json] = field(default_factory=list)
    results: list[Json] = field(default_factory=list)
    closed: list[Json] | None = None
    """Its own message and its results, made when the first record after it needs them."""
    history: list[Json] | None = None
    """Its messages, until it is handed out."""
    done: bool = False
    """True if another reply of its thread has begun."""


@dataclass(slots=True)
class _Node:
    """A record of the tree, as far as histories need it."""

    parent: str | None
    reply: _Reply | None = None
    message: Json = None
    cleared: frozenset[str] = frozenset()
    thread: str = ""


class _Session:
    def __init__(self, skipped: Skipped, thread: str = "") -> None:
        self.skipped = skipped
        self.thread = thread
        self.nodes: dict[str, _Node] = {}
        self.last: dict[bool, str] = {}
        self.replies: dict[str, _Reply] = {}
        self.callers: dict[str, _Reply] = {}
        self.sent: dict[str, list[Json]] = {}
        self.latest: dict[str, _Reply] = {}
        self.open: deque[_Reply] = deque()
        self.shapes: dict[str, list[Json]] = {}
        self.declared: list[Json] = []

    def take(self, record: dict[str, Json]) -> None:
        """Adds a record to the tree."""
        name, kind = record.get("uuid"), _files.text(record.get("type"))
        if kind in _DECLARING:
            self._declares(record)
            return
        if not isinstance(name, str) or kind not in _KINDS or name in self.nodes:
            self.skipped[kind[:40] if isinstance(name, str) and name not in self.nodes else "not a message"] += 1
            return
        side = record.get("isSidechain") is True
        parent = record.get("parentUuid")
        if parent is not None and (not isinstance(parent, str) or parent not in self.nodes):
            parent = self.last.get(side)
        above = self.nodes.get(parent) if isinstance(parent, str) else None
        node = _Node(parent=parent, thread=self.thread or (above.thread if above else name if side else ""))
        self.nodes[name] = node
        self.last[side] = name
        if kind == "assistant":
            self._assistant(record, node)
        elif kind == "system":
            self._system(record, node)
        elif kind == "attachment":
            attachment = mapping(record.get("attachment"))
            rendered, role = attachment.get("rendered"), attachment.get("renderedRole")
            if isinstance(rendered, str | list) and rendered:
                node.message = {"role": role if isinstance(role, str) else "user", "content": rendered}
        else:
            self._user(record, node)

    def _declares(self, record: dict[str, Json]) -> None:
        """Current clients log which tools they declare, once for all requests that declare the same."""
        name, tools = _files.text(record.get("shapeHash")), mapping(record.get("shape")).get("tools")
        if isinstance(tools, list) and tools:
            self.shapes[name] = tools
        self.declared = self.shapes.get(name, self.declared)

    def ready(self, *, ended: bool = False) -> Iterator[Request]:
        """The requests whose replies are whole, in the order in which they began."""
        while self.open and (ended or self.open[0].done):
            reply = self.open.popleft()
            messages, reply.history = reply.history or [], None
            yield Request(
                messages=list(messages), model=reply.model, rewrote=reply.rewrote, thread=reply.thread,
                usage=reply.usage, at=reply.at, reply=[{"role": "assistant", "content": reply.blocks}],
                copied=reply.copied, name=reply.name, declared=reply.declared,
            )  # fmt: skip

    def _assistant(self, record: dict[str, Json], node: _Node) -> None:
        message = mapping(record.get("message"))
        content = message.get("content")
        if not isinstance(content, list | str):
            self.skipped["assistant without content"] += 1
            return
        model = str(message.get("model") or "")
        if record.get("isApiErrorMessage") or model in _SILENT:
            self.skipped["api error"] += 1
            return
        name = str(message.get("id") or record["uuid"])
        key = f"{node.thread}\n{name}"
        reply = self.replies.get(key)
        if reply is None:
            base, added = self._history(node)
            reply = self.replies[key] = _Reply(base, added, model, node.thread, name)
            reply.declared = self.declared if node.thread == self.thread else []
            reply.at = _files.seconds(record.get("timestamp"))
            reply.copied = _is_copied(record)
            self._begun(reply)
        reply.usage = _usage(message.get("usage"), reply.usage)
        node.reply = reply
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        reply.blocks += blocks
        for block in blocks:
            if isinstance(block, dict) and isinstance(block.get("id"), str):
                self.callers[block["id"]] = reply

    def _begun(self, reply: _Reply) -> None:
        before, now = self.sent.get(reply.thread), _messages(reply)
        reply.rewrote = before is not None and (
            len(before) > len(now) or any(old is not new and old != new for old, new in zip(before, now, strict=False))
        )
        reply.history = self.sent[reply.thread] = now
        if reply.thread in self.latest:
            self.latest[reply.thread].done = True
        self.latest[reply.thread] = reply
        self.open.append(reply)

    def _user(self, record: dict[str, Json], node: _Node) -> None:
        content = mapping(record.get("message")).get("content")
        if not isinstance(content, str | list):
            self.skipped["user without content"] += 1
            return
        if record.get("isVisibleInTranscriptOnly") and not record.get("isCompactSummary"):
            self.skipped["transcript only"] += 1
            return
        rest: Json = content
        if isinstance(content, list):
            rest = []
            for block in content:
                caller = self.callers.get(_result_of(block))
                if caller is None or caller.closed is not None:
                    rest.append(block)
                else:
                    caller.results.append(block)
        if rest:
            node.message = {"role": "user", "content": rest}

    def _system(self, record: dict[str, Json], node: _Node) -> None:
        if record.get("subtype") == "compact_boundary":
            node.parent = None
        cleared = mapping(record.get("microcompactMetadata")).get("compactedToolIds")
        if isinstance(cleared, list):
            node.cleared = frozenset(name for name in cleared if isinstance(name, str))

    def _history(self, node: _Node) -> tuple[_Reply | None, list[Json]]:
        """The messages from the root down to, not including, `node`: the reply that they start from, and the rest."""
        between: list[_Node] = []
        at = node.parent
        base: _Reply | None = None
        while at is not None and base is None:
            above = self.nodes[at]
            base = above.reply
            if base is None:
                between.append(above)
            at = above.parent
        added: list[Json] = []
        for above in reversed(between):
            if above.cleared:
                whole = [*_messages(base), *_close(base), *added] if base is not None else added
                base, added = None, [_cleared(message, above.cleared) for message in whole]
            if above.message is not None:
                added.append(above.message)
        return base, added


_KINDS = frozenset({"user", "assistant", "system", "attachment"})
_DECLARING = frozenset({"api-request-shape", "api-request"})


def _result_of(block: Json) -> str:
    """The id of the call that a `tool_result` block answers, "" for any other block."""
    if isinstance(block, dict) and block.get("type") == "tool_result" and isinstance(block.get("tool_use_id"), str):
        return str(block["tool_use_id"])
    return ""


def _close(reply: _Reply) -> list[Json]:
    if reply.closed is None:
        reply.closed = [{"role": "assistant", "content": list(reply.blocks)}]
        if reply.results:
            reply.closed.append({"role": "user", "content": list(reply.results)})
    return reply.closed


def _messages(reply: _Reply) -> list[Json]:
    """The whole history of a reply."""
    stretches = [reply.added]
    while reply.base is not None:
        reply = reply.base
        stretches += [_close(reply), reply.added]
    return [message for stretch in reversed(stretches) for message in stretch]


def _cleared(message: Json, names: frozenset[str]) -> Json:
    content = message.get("content")
    if not isinstance(content, list) or names.isdisjoint(map(_result_of, content)):
        return message
    blocks = [{**block, "content": CLEARED} if _result_of(block) in names else block for block in content]
    return {**message, "content": blocks}


def _usage(value: Json, before: Usage | None) -> Usage | None:
    """The tokens of a reply, after one more of its records: the last output, and the largest prompt, since tools that
    the provider runs add to it, and some providers tell it once."""
    if not isinstance(value, dict):
        return before
    written = _files.count(value.get("cache_creation_input_tokens"))
    hour = min(written, _files.count(mapping(value.get("cache_creation")).get("ephemeral_1h_input_tokens")))
    names = ("input_tokens", "cache_read_input_tokens", "output_tokens")
    fresh, read, output = (_files.count(value.get(name)) for name in names)
    told = Usage(fresh, read, written - hour, hour, output, tier(value))
    return told if before is None or told.prompt > before.prompt else before._replace(output=output)


def _is_copied(record: dict[str, Json]) -> bool:
    """True if another session made the request, as the client itself tells it of a fork's records."""
    named = (record.get("requestSessionId"), mapping(record.get("forkedFrom")).get("sessionId"))
    maker = next(filter(None, map(_files.text, named)), "")
    return maker not in ("", record.get("sessionId"))


def requests(lines: Iterable[str], skipped: Skipped | None = None, *, thread: str = "") -> Iterator[Request]:
    """One request per reply, in the order of the log, sub-agents' (`thread`) among them.

    `lines` is read once, as it comes; a request follows when the next reply of its thread begins. What cannot be used
    is counted in `skipped`, by reason. `thread` is the name of all that a sub-agent's file holds.
    """
    counts: Skipped = Skipped() if skipped is None else skipped
    found = _Session(counts, thread)
    for record in _files.records(lines, counts):
        found.take(record)
        yield from found.ready()
    yield from found.ready(ended=True)


def _find(home: Path, environ: Mapping[str, str]) -> Iterator[Log]:
    folder = Path(environ.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    for path in _files.files(folder / "projects", "*/*.jsonl"):
        yield _log(path)


def _at(path: Path) -> Iterator[Log]:
    """The session in a file; none in a sub-agent's whose session is there, as it is read with that."""
    beside = path.parent.name == "subagents" and _files.is_file(path.parent.parent.with_suffix(".jsonl"))
    if not beside and all(key.search(_files.head(path)) for key in _KEYS):
        yield _log(path)


def _log(path: Path) -> Log:
    folders = (_files.text(record.get("cwd")) for record in _files.first(path))
    project = next(filter(None, folders), path.parent.name)
    size = sum(map(_files.size, [path, *_subagents(path)]))
    return Log("claude", path, project, path.name.partition(".")[0], size)


def _subagents(path: Path) -> list[Path]:
    return list(_files.files(path.parent / path.name.partition(".")[0] / "subagents", "agent-*.jsonl"))


def _read(log: Log, skipped: Skipped) -> Iterator[Request]:
    yield from requests(_files.lines(log.path, skipped), skipped)
    for path in _subagents(log.path):
        yield from requests(_files.lines(path, skipped), skipped, thread=path.stem)


READER: Reader = Reader("claude", "Claude Code", "anthropic", _find, _at, _read)
