"""Copilot CLI: a postToolUse command, whose answer is the result that the model reads.

Results of failing commands come here too, with the exit code in their text. A process starts for each: the command is
a small client of a server that stays (see `client.py`). A session starts it, so that its first tool need not wait.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

from headroom.configs import Change, Place
from headroom.hooks import client
from headroom.hooks._hook import Event, Hook, Output, Paths, word
from headroom.types import Json, ToolCall

TIMEOUT = 5
"""Seconds that the client waits before it goes on with the original."""

TEXT = "textResultForLlm"


def _read(event: Event) -> Output | None:
    args, result = event.get("toolArgs"), event.get("toolResult")
    if not isinstance(result, dict) or not isinstance(result.get(TEXT), str):
        return None
    if isinstance(args, str):
        try:
            args = json.loads(args)
        except ValueError:
            args = {"": args}
    call = ToolCall(name=word(event, "toolName"), args=args if isinstance(args, dict) else {})
    return Output(call, result, ((TEXT,),), word(event, "sessionId"), word(event, "cwd"))


def _write(output: Output, value: Json) -> dict[str, Json]:
    return {"modifiedResult": value}


def _changes(place: Place, paths: Paths, project: bool) -> Sequence[Change]:
    folder = place.cwd / ".github" if project else place.home / ".copilot"
    command = [paths.python, "-I", "-S", client.__file__, paths.home]
    events = {"sessionStart": command, "postToolUse": [*command, "copilot"]}
    hooks = {
        event: [{"type": "command", "bash": shlex.join(words), "timeoutSec": TIMEOUT}]
        for event, words in events.items()
    }
    text = json.dumps({"version": 1, "hooks": hooks}, indent=2) + "\n"
    return [Change(file=folder / "hooks" / "headroom.json", form="own", text=text)]


HOOK = Hook(
    client="copilot",
    title="Copilot CLI",
    model="gpt-5.1",
    read=_read,
    write=_write,
    changes=_changes,
    tells=(
        "Outputs of all tools are made smaller before the model reads them, those of failing commands too.",
        "Results that Copilot itself reports as tool errors stay as they are: no hook can replace them.",
        "To let the model fetch what was left out without asking you, allow the tool headroom_retrieve of the"
        " server headroom in Copilot.",
    ),
)
