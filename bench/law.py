"""`python -m bench.law`: the prefix law over all recorded sessions, fed turn by turn.

What was sent in one request stands unchanged at the start of the next, as JSON values, `cache_control` ignored and a
bare string taken as one text block. Each session is fed twice, with a scripted client that does what real ones do:

- `moods`: two workers (two store objects on one file) take turns; at the middle both are closed and opened again; the
  level changes at every quarter (`meter` among them, which would leave new parts raw); `cache_control` moves to the
  last block of each request; from two thirds on thinking blocks are stripped from the history.
- `touched`: the same, and from the middle on the first user block is another one (a changed CLAUDE.md, a new date):
  every message after it must still be sent as it was before.

`history="raw"` throughout: a rendering that was lost would show as its raw text, so that nothing passes by luck.
Where the recorded client itself rewrote its history, that turn is not compared, and counted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.texts import Messages
from bench.transcripts import Transcript, transcripts
from bench.workloads import SHARED
from headroom import Result, compress
from headroom.store import SqliteStore
from headroom.types import Json

LEVELS = ("balanced", "meter", "aggressive", "lossless")
"""The level in force in each quarter of a session."""

THINKING = ("thinking", "redacted_thinking")
MARK = {"type": "ephemeral"}


@dataclass
class Tally:
    """What was seen over the turns of one session, or of many."""

    turns: int = 0
    compared: int = 0
    rewritten: int = 0
    parts: int = 0
    encoded: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.turns += other.turns
        self.compared += other.compared
        self.rewritten += other.rewritten
        self.parts += other.parts
        self.encoded += other.encoded
        self.violations += other.violations


class Workers:
    """Two store objects on one file that take turns, as two proxy workers do."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stores = [SqliteStore(file), SqliteStore(file)]

    def of(self, turn: int) -> SqliteStore:
        return self._stores[turn % 2]

    def restart(self) -> None:
        self.close()
        self._stores = [SqliteStore(self._file), SqliteStore(self._file)]

    def close(self) -> None:
        for store in self._stores:
            store.close()


def replay(session: Transcript, file: Path, *, touched: bool, send: Callable[..., Result] = compress) -> Tally:
    """Feeds one session turn by turn through `send` and compares each request as sent with the one before."""
    tally = Tally()
    workers = Workers(file)
    last = len(session.requests)
    before: list[Json] = []
    recorded: list[Json] = []
    for turn, messages in enumerate(session.requests):
        if turn == last // 2:
            workers.restart()
        level = LEVELS[turn * len(LEVELS) // last]
        body = dressed(messages, strip=turn >= 2 * last // 3, touch=touched and turn >= last // 2)
        try:
            result = send(body, level=level, store=workers.of(turn), history="raw")
        except Exception as error:  # noqa: BLE001  any exception is the finding
            tally.violations.append(f"{session.name} turn {turn}: {type(error).__name__}: {error}")
            break
        sent = [plain(message) for message in result.messages]
        asked = [plain(message) for message in messages]
        tally.turns += 1
        skip = 1 if touched and turn == last // 2 else 0
        if asked[: len(recorded)] != recorded:
            tally.rewritten += 1
        elif before:
            tally.compared += 1
            changed = [j for j, (a, b) in enumerate(zip(before, sent, strict=False)) if a != b and j >= skip]
            if changed or len(sent) < len(before):
                tally.violations.append(f"{session.name} turn {turn} ({level}): messages {changed[:5]} changed")
        before, recorded = sent, asked
        if turn == last - 1:
            tally.parts = len(result.parts)
            tally.encoded = sum(part.reason == "encoded" for part in result.parts)
    workers.close()
    return tally


def dressed(messages: Messages, *, strip: bool, touch: bool) -> Messages:
    """The same request as a client would send it now; what is not changed is shared with `messages`."""
    out = [without_thinking(m) if strip and m.get("role") == "assistant" else m for m in messages]
    if touch and out:
        out[0] = touched_first(out[0])
    if out and isinstance(out[-1].get("content"), list) and out[-1]["content"]:
        blocks = list(out[-1]["content"])
        blocks[-1] = {**blocks[-1], "cache_control": MARK}
        out[-1] = {**out[-1], "content": blocks}
    elif out and isinstance(out[-1].get("content"), str):
        out[-1] = {**out[-1], "content": [{"type": "text", "text": out[-1]["content"], "cache_control": MARK}]}
    return out


def without_thinking(message: dict[str, Json]) -> dict[str, Json]:
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [b for b in content if b.get("type") not in THINKING]}


def touched_first(message: dict[str, Json]) -> dict[str, Json]:
    """The first message with another text in its first block (Anthropic and Gemini shapes)."""
    for name in ("content", "parts"):
        content = message.get(name)
        if isinstance(content, str):
            return {**message, name: f"Today is another day.\n{content}"}
        if isinstance(content, list) and content and isinstance(content[0].get("text"), str):
            first = {**content[0], "text": f"Today is another day.\n{content[0]['text']}"}
            return {**message, name: [first, *content[1:]]}
    return message


def plain(message: dict[str, Json]) -> Json:
    """A message without what the law ignores: marks, thinking, and whether a lone text is a string or a block."""
    content = message.get("content")
    if content is None:
        return message
    return {**message, "content": _blocks(content)}


def _blocks(content: Json) -> Json:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        return content
    kept = [b for b in content if isinstance(b, dict) and b.get("type") not in THINKING]
    return [
        {k: _blocks(v) if k == "content" else v for k, v in block.items() if k != "cache_control"} for block in kept
    ]


def replay_all(sessions: Sequence[Transcript], folder: Path) -> Iterator[tuple[str, str, Tally]]:
    """(session, script, tally) for each session and script, each with a store of its own."""
    number = count()
    for session in sessions:
        for script in ("moods", "touched"):
            file = folder / f"{next(number)}.db"
            yield session.name, script, replay(session, file, touched=script == "touched")
            for left in folder.glob(f"{file.name}*"):
                left.unlink()


def main(arguments: Sequence[str] | None = None) -> int:
    """Feeds all sessions; prints counts and every violation; exit status 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m bench.law", description=main.__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with data/ (default: %(default)s)")
    parser.add_argument("--only", default="", help="only sessions whose name contains this")
    options = parser.parse_args(arguments)
    sessions = [t for t in transcripts(options.shared) if options.only in t.name]
    if not sessions:
        print(f"there are no sessions in {options.shared / 'data/sessions'}; name the folder with --shared")
        return 2
    start = time.monotonic()
    totals: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, script, tally in replay_all(sessions, Path(folder)):
            totals.setdefault(script, Tally()).add(tally)
            for violation in tally.violations[:3]:
                print(f"{script}: {violation}")
            print(f"{name} {script}: {tally.turns} turns", file=sys.stderr)
    for script, t in totals.items():
        print(
            f"{script}: {len(sessions)} sessions, {t.turns} turns, {t.compared} compared, {t.rewritten} rewritten by "
            f"the client, {t.encoded} of {t.parts} parts encoded at the end, {len(t.violations)} violations"
        )
    print(f"{time.monotonic() - start:.0f} s")
    return 1 if any(t.violations for t in totals.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
