"""Gemini CLI's session files (`~/.gemini/tmp/<project>/chats/session-*.json` and `.jsonl`), as Gemini contents.

Both forms are read: one JSON document with `messages`, and JSONL, where a message is logged again as it grows (the
last one counts), `$set` changes the record, and `$rewindTo` takes back a message and all after it.

Left out, because the log lacks it: the system instruction, tools, thought signatures, and the context (directory
listing, GEMINI.md) that the client puts before the first prompt. Thoughts are logged as summaries and are not sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from headroom.sessions import Request, Skipped
from headroom.types import Json

_NOT_SENT = frozenset({"info", "warning", "error"})


def requests(lines: Iterable[str], skipped: Skipped | None = None) -> Iterator[Request]:
    """One request per reply of the model, in order. `lines` is read whole: a message's last version counts."""
    counts: Skipped = Skipped() if skipped is None else skipped
    events = _events(list(lines), counts)
    final = {message["id"]: message for message in events if isinstance(message.get("id"), str)}
    contents: list[Json] = []
    starts: dict[str, int] = {}
    sent: list[Json] | None = None
    for event in events:
        rewound, name, kind = event.get("$rewindTo"), event.get("id"), event.get("type")
        if isinstance(rewound, str) and rewound in starts:
            cut = starts[rewound]
            contents = contents[:cut]
            starts = {key: at for key, at in starts.items() if at < cut}
        if not isinstance(kind, str) or (isinstance(name, str) and name in starts):
            continue
        message = final.get(name, event) if isinstance(name, str) else event
        if isinstance(name, str):
            starts[name] = len(contents)
        if kind == "user":
            contents = [*contents, {"role": "user", "parts": _parts(message.get("content"))}]
        elif kind == "gemini":
            rewrote = sent is not None and contents[: len(sent)] != sent
            yield Request(messages=list(contents), model=str(message.get("model") or ""), rewrote=rewrote)
            sent = contents
            contents = [*contents, *_reply(message)]
        else:
            counts[kind if kind in _NOT_SENT else f"unknown type {kind[:40]}"] += 1


def _events(lines: list[str], skipped: Skipped) -> list[dict[str, Any]]:
    """The log's records in order, whichever of the two forms it has."""
    try:
        whole = json.loads("".join(lines))
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("messages"), list):
        return _records(whole["messages"], skipped)
    records: list[Json] = []
    for line in lines:
        if not line.strip():
            continue
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError):
            skipped["not JSON"] += 1
    events: list[dict[str, Any]] = []
    for record in _records(records, skipped):
        change = record.get("$set")
        if isinstance(change, dict) and isinstance(change.get("messages"), list):
            events = _records(change["messages"], skipped)
        elif "$rewindTo" in record or "type" in record:
            events.append(record)
    return events


def _records(values: list[Json], skipped: Skipped) -> list[dict[str, Any]]:
    records = [value for value in values if isinstance(value, dict)]
    if len(records) < len(values):
        skipped["not a record"] += len(values) - len(records)
    return records


def _parts(content: Json) -> list[Json]:
    if isinstance(content, list):
        return [{"text": part} if isinstance(part, str) else part for part in content]
    return [content if isinstance(content, dict) else {"text": content if isinstance(content, str) else ""}]


def _reply(message: dict[str, Any]) -> list[Json]:
    """What a reply adds: the model's text and calls, and one content with the results of all of them."""
    calls = message.get("toolCalls")
    calls = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    parts = [part for part in _parts(message.get("content")) if part != {"text": ""}]
    for call in calls:
        named = {key: call[key] for key in ("id", "name", "args") if key in call}
        parts.append({"functionCall": named})
    added: list[Json] = [{"role": "model", "parts": parts}] if parts else []
    results = [part for call in calls for part in _results(call)]
    return [*added, {"role": "user", "parts": results}] if results else added


def _results(call: dict[str, Any]) -> list[Json]:
    result = call.get("result")
    if isinstance(result, list):
        return [part for part in result if isinstance(part, dict)]
    return [result] if isinstance(result, dict) else []
