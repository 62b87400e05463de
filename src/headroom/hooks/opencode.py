"""opencode: a plugin, which is told of every tool's output and keeps one process of ours to ask.

Its text is `opencode_plugin.ts`, with the command filled in. It catches everything: what a plugin throws would be all
that the model reads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path as FilePath

from headroom.configs import Change, Place
from headroom.hooks._hook import Event, Hook, Output, Paths, blocks, word
from headroom.types import Json, Path, ToolCall

COMMAND = '["headroom"]'
"""Stands in the plugin for the command line that answers events."""


def _read(event: Event) -> Output | None:
    args, value = event.get("args"), event.get("output")
    if not isinstance(value, dict):
        return None
    texts: tuple[Path, ...] = (("output",),) if isinstance(value.get("output"), str) else ()
    call = ToolCall(id=word(event, "callID"), name=word(event, "tool"), args=args if isinstance(args, dict) else {})
    texts += blocks(value.get("content"), "content")
    return Output(call, value, texts, word(event, "sessionID"), word(event, "directory"))


def _write(output: Output, value: Json) -> dict[str, Json]:
    return {"output": value}


def _changes(place: Place, paths: Paths, project: bool) -> Sequence[Change]:
    folder = FilePath(place.environ.get("XDG_CONFIG_HOME") or place.home / ".config") / "opencode"
    if project:
        folder = place.cwd / ".opencode"
    command = json.dumps([paths.python, "-P", "-m", "headroom", "hook", "--home", paths.home, "opencode", "--lines"])
    text = files("headroom.hooks").joinpath("opencode_plugin.ts").read_text(encoding="utf-8").replace(COMMAND, command)
    return [Change(file=folder / "plugins" / "headroom.ts", form="own", text=text)]


HOOK = Hook(
    client="opencode",
    title="opencode",
    model="gpt-5.1",
    read=_read,
    write=_write,
    changes=_changes,
    tells=(
        "Outputs of all tools are made smaller before the model reads them, those of failing commands too.",
        "Errors that a tool throws (such as a file that is not there) stay as they are: plugins are not told of them.",
        "opencode lets the model call headroom_retrieve unless your permissions say otherwise.",
    ),
)
