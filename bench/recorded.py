"""Recorded agent sessions as the message list that their client sent last, for measurements that replay them.

A trajectory record shows a tool output, its call and the agent's next three turns. The windows of a session's records
overlap, so that what the agent said between two calls comes back by laying them over each other; what the user said is
not recorded. Native transcripts are read with the package's own readers; those of Claude Code are left out, as their
outputs are in the trajectories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from bench.documents import records, to_tab
from bench.texts import Messages
from bench.transcripts import transcripts


class Session(NamedTuple):
    """One recorded conversation."""

    corpus: str
    name: str
    held: bool
    """True if nothing may be tuned on it."""
    messages: Messages


Row = dict[str, Any]
"""What the agent wrote at once, as recorded: `text`, and `calls` with the name of a `tool` and its `args`."""

HELD_REPOSITORIES = ("sympy", "sphinx")
"""Projects of the bash agent whose sessions are held out."""

HELD_SHARE = 5
"""One in this many of the Claude Code sessions is held out: those at the end."""

TASK = "Go on."
"""Stands for what the user said."""


def _last_fifth(number: int, count: int, name: str) -> bool:
    return number >= count - count // HELD_SHARE


def _repository(number: int, count: int, name: str) -> bool:
    return name.startswith(HELD_REPOSITORIES)


def _never(number: int, count: int, name: str) -> bool:
    return False


Held = Callable[[int, int, str], bool]
"""Whether a session is held out, by its place among all of its corpus, their number, and its name."""

TRAJECTORIES: dict[str, tuple[str, Held]] = {
    "claude_code": ("claude-code-go-project.jsonl.gz", _last_fifth),
    "mini_swe": ("mini-swe-agent-python.jsonl.gz", _repository),
    "swe_agent": ("swe-agent-demos.jsonl.gz", _never),
}


def sessions(shared: Path) -> Iterator[Session]:
    """All recorded sessions of the shared folder, corpus by corpus; none where the folder is absent."""
    for corpus, (file, held) in TRAJECTORIES.items():
        path = shared / "data/trajectories" / file
        if path.exists():
            found = [(name, list(group)) for name, group in groupby(records(path), lambda r: str(r["session"]))]
            for number, (name, outputs) in enumerate(found):
                yield Session(corpus, name, held(number, len(found), name), messages(outputs))
    for transcript in transcripts(shared):
        agent = transcript.name.partition("/")[0].replace("-", "_")
        if agent not in TRAJECTORIES:
            yield Session(agent, transcript.name, False, max(transcript.requests, key=len))


def messages(outputs: Sequence[Row]) -> Messages:
    """One session's records as Anthropic messages: each call in a turn of its own, after what was said before it."""
    rows, places = timeline(outputs)
    made: Messages = [{"role": "user", "content": TASK}]
    said: list[Any] = []
    done = 0
    for number, (output, place) in enumerate(zip(outputs, places, strict=True)):
        said += [{"type": "text", "text": row["text"]} for row in rows[done : place + 1] if row["text"]]
        done = max(done, place + 1)
        id_ = f"toolu_{number}"
        call = {"type": "tool_use", "id": id_, "name": output["tool"] or "", "input": _arguments(output["args"])}
        result = {"type": "tool_result", "tool_use_id": id_, "content": output["output"] or ""}
        if output["is_error"]:
            result["is_error"] = True
        made += [{"role": "assistant", "content": [*said, call]}, {"role": "user", "content": [result]}]
        said = []
    said = [{"type": "text", "text": row["text"]} for row in rows[done:] if row["text"]]
    return [*made, {"role": "assistant", "content": said}] if said else made


def timeline(outputs: Sequence[Row]) -> tuple[list[Row], list[int]]:
    """All that the agent wrote in a session, in order, and for each record the place of its call there."""
    rows: list[Row] = []
    places: list[int] = []
    at, taken = 0, 0
    for output in outputs:
        call = {"tool": output["tool"], "args": output["args"]}
        place, taken = _place(rows, call, at, taken)
        if place == len(rows):
            rows.append({"text": "", "calls": [call]})
        rows += output["next"][len(rows) - place - 1 :]
        places.append(place)
        at = place
    return rows, places


def _place(rows: Sequence[Row], call: Row, at: int, taken: int) -> tuple[int, int]:
    """The first row at or after `at` with this call, where the row at `at` has `taken` calls behind it already, and
    how many of that row's calls are then behind; the end if there is none."""
    for place in range(at, len(rows)):
        for number, other in enumerate(rows[place]["calls"]):
            same = other["tool"] == call["tool"] and other["args"] == call["args"]
            if same and (place > at or number >= taken):
                return place, number + 1
    return len(rows), 1


def _arguments(args: Any) -> dict[str, Any]:
    return args if isinstance(args, dict) else {"command": args or ""}


def with_tab_gutter(session: Session) -> Session:
    """The session with numbered reads as current clients send them (see `documents.to_tab`)."""
    return session._replace(messages=[tabbed(message) for message in session.messages])


def tabbed(message: Any) -> Any:
    """The same for one message."""
    content = message.get("content")
    return {**message, "content": [_tabbed(block) for block in content]} if isinstance(content, list) else message


def _tabbed(block: Any) -> Any:
    if isinstance(block, dict) and block.get("type") == "tool_result" and isinstance(block.get("content"), str):
        return {**block, "content": to_tab(block["content"])}
    return block
