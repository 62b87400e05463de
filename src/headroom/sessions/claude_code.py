"""Claude Code's transcripts (`~/.claude/projects/<slug>/<session>.jsonl`), as Anthropic message lists.

The log is a tree: records name their parent, one record per content block, results beside the branch that goes on. The
rule kept here: a reply's history is what stands on the way from its first record to the root, each earlier reply
whole (all records of its `message.id`), followed by one message with all its results.

Left out, because the log lacks it or the API never saw it: the system prompt and tools, reminders injected at send
time, `system` records (hooks, durations), API error notices, progress, and the state of files that compaction
attaches to its summary. A micro-compaction replaces the results it names by the client's notice, from then on.
A record whose parent is not in the file (progress records are often stripped) continues the one before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from headroom.sessions import Request, Skipped
from headroom.types import Json

CLEARED = "[Old tool result content cleared]"
"""What Claude Code leaves in the place of a result that it cleared itself."""

_SILENT = frozenset({"<synthetic>"})


@dataclass(slots=True)
class _Reply:
    """One answer of the model: its history, its blocks so far, and the results its calls got."""

    history: list[Json]
    model: str
    blocks: list[Json] = field(default_factory=list)
    results: list[Json] = field(default_factory=list)
    closed: list[Json] | None = None
    """Its own message and its results, made when the first record after it needs them."""


@dataclass(slots=True)
class _Node:
    """A record of the tree, as far as histories need it."""

    parent: str | None
    reply: _Reply | None = None
    message: Json = None
    cleared: frozenset[str] = frozenset()
    thread: str = ""


class _Session:
    def __init__(self, skipped: Skipped) -> None:
        self.skipped = skipped
        self.nodes: dict[str, _Node] = {}
        self.last: dict[bool, str] = {}
        self.replies: dict[str, _Reply] = {}
        self.callers: dict[str, _Reply] = {}
        self.sent: dict[str, list[Json]] = {}

    def take(self, record: dict[str, Json]) -> Request | None:
        """Adds a record to the tree; the request that it answers, if it opens a reply."""
        name, kind = record.get("uuid"), record.get("type")
        if not isinstance(name, str) or kind not in _KINDS or name in self.nodes:
            self.skipped[str(kind)[:40] if isinstance(name, str) and name not in self.nodes else "not a message"] += 1
            return None
        side = record.get("isSidechain") is True
        parent = record.get("parentUuid")
        if parent is not None and (not isinstance(parent, str) or parent not in self.nodes):
            parent = self.last.get(side)
        above = self.nodes.get(parent) if isinstance(parent, str) else None
        node = _Node(parent=parent, thread=above.thread if above else name if side else "")
        self.nodes[name] = node
        self.last[side] = name
        if kind == "assistant":
            return self._assistant(record, node)
        if kind == "system":
            self._system(record, node)
        elif kind == "attachment":
            attachment = record.get("attachment")
            rendered = attachment.get("rendered") if isinstance(attachment, dict) else None
            if isinstance(rendered, str | list) and rendered:
                role = attachment.get("renderedRole") if isinstance(attachment, dict) else None
                node.message = {"role": role if isinstance(role, str) else "user", "content": rendered}
        else:
            self._user(record, node)
        return None

    def _assistant(self, record: dict[str, Json], node: _Node) -> Request | None:
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(content, list | str):
            self.skipped["assistant without content"] += 1
            return None
        model = str(message.get("model") or "")
        if record.get("isApiErrorMessage") or model in _SILENT:
            self.skipped["api error"] += 1
            return None
        key = f"{node.thread}\n{message.get('id') or record['uuid']}"
        reply = self.replies.get(key)
        fresh = reply is None
        if reply is None:
            reply = self.replies[key] = _Reply(history=self._history(node), model=model)
        node.reply = reply
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        reply.blocks += blocks
        for block in blocks:
            if isinstance(block, dict) and isinstance(block.get("id"), str):
                self.callers[block["id"]] = reply
        return self._request(reply, node.thread) if fresh else None

    def _request(self, reply: _Reply, thread: str) -> Request | None:
        before, now = self.sent.get(thread), reply.history
        rewrote = before is not None and (
            len(before) > len(now) or any(old is not new and old != new for old, new in zip(before, now, strict=False))
        )
        self.sent[thread] = now
        return Request(messages=list(now), model=reply.model, rewrote=rewrote, thread=thread)

    def _user(self, record: dict[str, Json], node: _Node) -> None:
        message = record.get("message")
        content = message.get("content") if isinstance(message, dict) else None
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
        meta = record.get("microcompactMetadata")
        cleared = meta.get("compactedToolIds") if isinstance(meta, dict) else None
        if isinstance(cleared, list):
            node.cleared = frozenset(name for name in cleared if isinstance(name, str))

    def _history(self, node: _Node) -> list[Json]:
        """The messages from the root down to, not including, `node`."""
        between: list[_Node] = []
        at = node.parent
        base: _Reply | None = None
        while at is not None and base is None:
            above = self.nodes[at]
            base = above.reply
            if base is None:
                between.append(above)
            at = above.parent
        history = [*base.history, *_close(base)] if base is not None else []
        for above in reversed(between):
            if above.cleared:
                history = [_cleared(message, above.cleared) for message in history]
            if above.message is not None:
                history.append(above.message)
        return history


_KINDS = frozenset({"user", "assistant", "system", "attachment"})


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


def _cleared(message: Json, names: frozenset[str]) -> Json:
    content = message.get("content")
    if not isinstance(content, list) or names.isdisjoint(map(_result_of, content)):
        return message
    blocks = [{**block, "content": CLEARED} if _result_of(block) in names else block for block in content]
    return {**message, "content": blocks}


def requests(lines: Iterable[str], skipped: Skipped | None = None) -> Iterator[Request]:
    """One request per reply, in the order of the log, sub-agents' (`thread`) among them.

    `lines` is read once, as it comes. What cannot be used is counted in `skipped`, by reason.
    """
    counts: Skipped = Skipped() if skipped is None else skipped
    session = _Session(counts)
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            counts["not JSON"] += 1
            continue
        if not isinstance(record, dict):
            counts["not a record"] += 1
            continue
        request = session.take(record)
        if request is not None:
            yield request
