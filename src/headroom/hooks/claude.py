"""Claude Code: a PostToolUse hook that calls a tool of our MCP server, so that no process starts for it.

The client checks an answer against the tool's own output shape and keeps the original where it does not fit. `Read` is
left alone (its line numbers are added after the hook), and failing commands cannot be replaced by any hook.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path as FilePath

from headroom.configs import Change, Place
from headroom.hooks._hook import Event, Hook, Output, Paths, blocks, word
from headroom.types import Json, Path, ToolCall

MATCHER = "Bash|WebFetch|Task|Agent|Grep|Glob|mcp__(?!headroom__).*"

TIMEOUT = 5
"""Seconds that the client waits before it goes on with the original."""

FIELDS = ("session_id", "cwd", "tool_name", "tool_input", "tool_response", "tool_use_id")
"""Of the event, what our tool is given. The client writes objects as JSON strings there."""

INLINE_CHARS = 30_000
"""From this length on the client shows the first 2 KB of a command's output and the name of a file."""

PREVIEW_CHARS = 20_000
"""A file is taken for a command's whole output only if it begins with at least so much of what the event shows."""

FILE_BYTES = 64_000_000
"""A larger output is left in its file."""

PERSISTED = ("persistedOutputPath", "persistedOutputSize")

_Found = tuple[Json, tuple[Path, ...]]


def _read(event: Event) -> Output | None:
    name, args, raw = word(event, "tool_name"), _decoded(event.get("tool_input")), event.get("tool_response")
    value = _decoded(raw)
    call = ToolCall(id=word(event, "tool_use_id"), name=name, args=args if isinstance(args, dict) else {})
    if name.startswith("mcp__"):
        found = _mcp(value, raw)
    else:
        found = _TOOLS[name](value) if name in _TOOLS and isinstance(value, dict) else None
    if found is None:
        return None
    limit = INLINE_CHARS if name == "Bash" else 0
    return Output(call, *found, word(event, "session_id"), word(event, "cwd"), limit)


def _decoded(value: Json) -> Json:
    """An object of the event, which comes as it is or as a JSON string."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _mcp(value: Json, raw: Json) -> _Found | None:
    """Content blocks, or the text of a structured result."""
    if isinstance(value, list) and all(isinstance(block, dict) and "type" in block for block in value):
        return value, blocks(value)
    return (raw, ((),)) if isinstance(raw, str) else None


def _bash(value: dict[str, Json]) -> _Found | None:
    if not isinstance(value.get("stdout"), str) or value.get("isImage") or value.get("interrupted"):
        return None
    if value.get(PERSISTED[0]) is not None:
        whole = _persisted(value["stdout"], value[PERSISTED[0]])
        if whole is None:
            return None
        value = {key: item for key, item in value.items() if key not in PERSISTED} | {"stdout": whole}
    return value, tuple((key,) for key in ("stdout", "stderr") if isinstance(value.get(key), str))


def _persisted(shown: str, path: Json) -> str | None:
    """The whole of an output whose beginning is `shown`, from the file that the client keeps it in; None if it is not
    that file: no other is read, whoever asks."""
    if not isinstance(path, str) or len(shown) < PREVIEW_CHARS:
        return None
    with open(path, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > FILE_BYTES:
            return None
        text = file.read().decode("utf-8", "replace")
    return text if text.startswith(shown[:PREVIEW_CHARS]) else None


def _at(key: str) -> Callable[[dict[str, Json]], _Found | None]:
    def found(value: dict[str, Json]) -> _Found | None:
        return (value, ((key,),)) if isinstance(value.get(key), str) else None

    return found


def _task(value: dict[str, Json]) -> _Found | None:
    return (value, blocks(value.get("content"), "content")) if value.get("status") == "completed" else None


def _names(value: dict[str, Json]) -> _Found | None:
    """A list of files is one text to the model: it is given as a list of one. The client counts them where it says how
    many more there are."""
    names = value.get("filenames")
    if value.get("truncated"):
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        return None
    return {**value, "filenames": ["\n".join(names)]}, (("filenames", 0),)


def _grep(value: dict[str, Json]) -> _Found | None:
    return _names(value) if value.get("mode") == "files_with_matches" else _at("content")(value)


_TOOLS: Mapping[str, Callable[[dict[str, Json]], _Found | None]] = {
    "Bash": _bash,
    "WebFetch": _at("result"),
    "Task": _task,
    "Agent": _task,
    "Grep": _grep,
    "Glob": _names,
}


def _write(output: Output, value: Json) -> dict[str, Json]:
    return {"hookSpecificOutput": {"hookEventName": "PostToolUse", "updatedToolOutput": value}}


def _changes(place: Place, paths: Paths, project: bool) -> Sequence[Change]:
    folder = FilePath(place.environ.get("CLAUDE_CONFIG_DIR") or place.home / ".claude")
    file = place.cwd / ".claude" / "settings.local.json" if project else folder / "settings.json"
    hook = {
        "type": "mcp_tool",
        "server": "headroom",
        "tool": "hook",
        "timeout": TIMEOUT,
        "input": {"client": "claude"} | {name: f"${{{name}}}" for name in FIELDS},
    }
    entry = {"matcher": MATCHER, "hooks": [hook]}
    return [Change(file=file, form="json", appends=((("hooks", "PostToolUse"), entry),))]


HOOK = Hook(
    client="claude",
    title="Claude Code",
    model="claude-opus-5-5",
    read=_read,
    write=_write,
    changes=_changes,
    tells=(
        "Outputs of Bash, WebFetch, Task, Grep, Glob and MCP tools are made smaller before the model reads them.",
        "Not those of failing commands, which no hook can replace, nor of Read, which adds line numbers later.",
        "To let the model fetch what was left out without asking you, allow mcp__headroom__headroom_retrieve in"
        " Claude Code (/permissions).",
    ),
)
