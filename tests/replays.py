"""Small sessions made by hand for the tests of replays: a reader of files whose results are worth encoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headroom.prices import Usage
from headroom.sessions import Request

MODEL = "claude-opus-4-5"


def listing(name: str, lines: int = 120) -> str:
    """A numbered read of a file, as old clients show it."""
    return "\n".join(f"{number:>6}→def {name}_{number}(value): return value" for number in range(1, lines + 1))


def asked(words: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": words}]}


def reads(name: str) -> dict[str, Any]:
    call = {"type": "tool_use", "id": f"toolu_{name}", "name": "Read", "input": {"file_path": f"{name}.py"}}
    return {"role": "assistant", "content": [call]}


def gets(name: str, text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{name}", "content": text}]}


def says(words: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": words}]}


def session(
    usages: Sequence[Usage | None], *, model: str = MODEL, gap: float = 10.0, lines: int = 120, thread: str = ""
) -> list[Request]:
    """One request per usage, each with one more read than the one before, `gap` seconds apart."""
    history = [asked("read them")]
    made = []
    for number, usage in enumerate(usages):
        reply = reads(f"f{number}")
        made.append(
            Request(
                messages=list(history), model=model, rewrote=False, thread=thread, usage=usage,
                at=1_770_000_000 + gap * number, reply=[reply],
            )
        )  # fmt: skip
        history += [reply, gets(f"f{number}", listing(f"f{number}", lines))]
    return made


def billed(turns: int, *, first: int = 20_000, grows: int = 3_000) -> list[Usage]:
    """Usages of a session whose cache is never missed."""
    made = [Usage(input=5, write=first - 5, output=90)]
    for _ in range(turns - 1):
        before = made[-1].prompt
        made.append(Usage(input=5, read=before - 5, write=grows, output=90))
    return made
