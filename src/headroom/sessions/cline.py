"""Cline's tasks, as Anthropic message lists: the extension's (`tasks/<id>/api_conversation_history.json`), those of Roo
Code and Kilo Code, which have it from there, and those of the newer command line
(`~/.cline/data/sessions/<id>/<id>.messages.json`).

Both keep the whole history as one JSON document, so that each assistant message answers all that stands before it.
Its tokens stand beside it in `metrics`, which counts cached tokens as part of the input; in older histories in
`ui_messages.json`, which does not: one `api_req_started` per request, told only if there are as many as answers.

Left out, because the history lacks it: the system prompt and tools, what the extension cut from its middle when the
context ran full (so prompts may be too long from then on), requests that failed, and sub-agents. Checked against
histories of the command line 3.0; those of the extension follow the documents alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from headroom.prices import Usage
from headroom.sessions import _files
from headroom.sessions._files import mapping, text
from headroom.sessions._log import Log, Reader, Request, Skipped
from headroom.types import Json

HISTORY = "api_conversation_history.json"

_EDITORS = (".config/*", "Library/Application Support/*", "AppData/Roaming/*", ".vscode-server/data")
_EXTENSIONS = ("saoudrizwan.claude-dev", "rooveterinaryinc.roo-cline", "kilocode.kilo-code")
_STORES = (
    *(f"{editor}/User/globalStorage/{extension}" for editor in _EDITORS for extension in _EXTENSIONS), ".cline/data",
)  # fmt: skip
"""Where editors keep the data of the extension and its forks, below the home folder, and where the command line
does."""
_INPUT = re.compile(r'<user_input mode="\w+">(.*)</user_input>', re.DOTALL)
"""What the command line writes around a prompt, and does not send."""
_BLOCKS = frozenset({"text", "image", "document"})
_START = re.compile(r'\s*(?:\[\s*\{|\{.*?"messages"\s*:\s*\[\s*\{).{0,4000}?"role"\s*:\s*"', re.DOTALL)
"""How both documents begin."""


def _requests(messages: list[Json], usages: list[Usage | None], model: str, skipped: Skipped) -> Iterator[Request]:
    history: list[Json] = []
    answers = iter(usages)
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            skipped["not a message"] += 1
            continue
        sent = {"role": message["role"], "content": _content(message.get("content"))}
        if message["role"] == "assistant":
            info = mapping(message.get("modelInfo"))
            usage = _metrics(message.get("metrics"))
            before = next(answers, None)
            yield Request(
                messages=list(history), model=text(info.get("id")) or text(info.get("modelId")) or model,
                rewrote=False, usage=usage or before, at=_files.seconds(message.get("ts")), reply=[sent],
                name=text(message.get("id")),
            )  # fmt: skip
        history.append(sent)


def _content(content: Json) -> Json:
    if not isinstance(content, list):
        return _prompt(text(content))
    return [_block(block) for block in content if isinstance(block, dict)]


def _block(block: dict[str, Json]) -> Json:
    if block.get("type") == "text":
        return {"type": "text", "text": _prompt(text(block.get("text")))}
    if block.get("type") != "tool_result":
        return block
    content = block.get("content")
    if isinstance(content, list) and not all(text(mapping(part).get("type")) in _BLOCKS for part in content):
        content = _files.dumped(content)  # as the client sends it
    return {**block, "content": content}


def _prompt(words: str) -> str:
    return found[1] if (found := _INPUT.fullmatch(words)) else words


def _metrics(value: Json) -> Usage | None:
    if not isinstance(value, dict):
        return None
    names = ("inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens")
    prompt, read, write, output = (_files.count(value.get(name)) for name in names)
    return Usage(input=max(0, prompt - read - write), read=read, write=write, output=output)


def _told(path: Path, answers: int, skipped: Skipped) -> list[Usage | None]:
    """The tokens of the answers by `ui_messages.json`; none where it is absent or has not one entry for each."""
    if not _files.is_file(path):
        return []
    said = _files.document(path, skipped)
    asked = [mapping(event) for event in said] if isinstance(said, list) else []
    infos = [mapping(_files.parsed(text(e.get("text")))) for e in asked if e.get("say") == "api_req_started"]
    infos = [info for info in infos if _files.count(info.get("tokensOut"))]
    if len(infos) != answers:
        skipped["tokens without an answer"] += len(infos)
        return []
    names = ("tokensIn", "cacheReads", "cacheWrites", "tokensOut")
    counts = [[_files.count(info.get(name)) for name in names] for info in infos]
    return [Usage(input=fresh, read=read, write=write, output=out) for fresh, read, write, out in counts]


def _model(path: Path, skipped: Skipped) -> str:
    """The model that a task used last."""
    used = mapping(_files.document(path, skipped)).get("model_usage") if _files.is_file(path) else None
    return text(mapping(used[-1]).get("model_id")) if isinstance(used, list) and used else ""


def _find(home: Path, environ: Mapping[str, str]) -> Iterator[Log]:
    for store in _STORES:
        for pattern in (f"{store}/tasks/*/{HISTORY}", f"{store}/sessions/*/*.messages.json"):
            for path in _files.files(home, pattern):
                yield _log(path)


def _at(path: Path) -> Iterator[Log]:
    """The task in a document that is a list of messages, or has one beside the session's id."""
    start = _files.head(path)[:8000]
    ours = start.lstrip().startswith("[") or ('"sessionId"' in start and '"agent"' in start)
    if ours and _START.match(start) and not start.lstrip().startswith('{"type"'):
        yield _log(path)


def _log(path: Path) -> Log:
    beside = path.with_name(path.name.replace(".messages.json", ".json"))
    session = mapping(_files.parsed(_files.head(beside))) if beside != path and _files.is_file(beside) else {}
    plain = path.name.partition(".")[0]
    name = path.parent.name if plain == HISTORY.partition(".")[0] else plain
    return Log("cline", path, text(session.get("cwd")), name, _files.size(path))


def _read(log: Log, skipped: Skipped) -> Iterator[Request]:
    value = _files.document(log.path, skipped)
    messages = value.get("messages") if isinstance(value, dict) else value
    if not isinstance(messages, list):
        if value is not None:
            skipped["not a history"] += 1
        return
    answers = [message for message in messages if mapping(message).get("role") == "assistant"]
    measured = any("metrics" in answer for answer in answers)
    usages = [] if measured else _told(log.path.with_name("ui_messages.json"), len(answers), skipped)
    model = _model(log.path.with_name("task_metadata.json"), skipped)
    yield from _requests(messages, usages, model, skipped)


READER: Reader = Reader("cline", "Cline", "anthropic", _find, _at, _read)
