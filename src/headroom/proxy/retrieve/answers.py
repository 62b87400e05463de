"""How answers are read: as events while they come, or in one piece. What is particular to a dialect is not here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.retrieve.turn import Answer, Round
from headroom.proxy.sse import Event, Events
from headroom.types import Json

UNREAD = Round(hidden=(), own=False, normal=False, output=())
"""An answer that is none of this dialect: it is passed on, and that is all."""

QUOTED = 500
"""Characters of an error that is no JSON, as they are told."""


class Streamed:
    """An answer that comes as server-sent events."""

    def __init__(self) -> None:
        self._events = Events()
        self._tail = b""
        """What the client gets of a last event that no blank line ended."""
        self._rounds = 0
        """Rounds that have ended."""

    def feed(self, data: bytes) -> bytes:
        return b"".join([self._passed(event) for event in self._events.feed(data)])

    def waiting(self) -> bytes:
        return b""

    def _passed(self, event: Event) -> bytes:
        raise NotImplementedError

    def _flush(self) -> None:
        """Takes what came after the last whole event as an event: not every server ends its last one, and what is
        left of one round must not run into the next."""
        rest, self._events = self._events.rest(), Events()
        if rest:
            event = Events().feed(rest + b"\n\n")[0]
            self._tail += self._passed(event._replace(raw=rest))


class Whole:
    """An answer in one piece: kept until it is whole; the rounds are put together at the end."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._raw = b""
        """The last round, as it came."""
        self._answers: list[dict[str, Any]] = []
        self._hid = False
        """True once a call of ours was in an answer."""
        self._last = UNREAD

    def feed(self, data: bytes) -> bytes:
        self._bytes += data
        return b""

    def end_round(self) -> Round:
        self._raw, answer = bytes(self._bytes), parsed(self._bytes)
        self._bytes = bytearray()
        self._last = UNREAD
        try:
            self._last = self._read(answer)
        except (KeyError, IndexError, TypeError, AttributeError):
            return self._last
        self._answers.append(answer)
        self._hid = self._hid or bool(self._last.hidden)
        return self._last

    def finish(self) -> bytes:
        return encoded(self._joined()) if self._hid and self._answers else self._raw

    def _read(self, answer: Any) -> Round:
        """What an answer is. Whatever a value of another shape raises means that it is none of this dialect."""
        raise NotImplementedError

    def _joined(self) -> Json:
        """The answers as one."""
        raise NotImplementedError

    def failed(self, status: int, body: bytes) -> bytes:
        return body

    def waiting(self) -> bytes:
        return b""


def exchanged(
    rounds: Sequence[tuple[Round, tuple[Answer, ...]]], result: Callable[[Answer], Json]
) -> list[dict[str, Any]]:
    """The rounds with calls of ours as a record keeps them. `pending` results go with those of the client's calls."""
    return [
        {"output": list(done.output), "results": [result(answer) for answer in answers], "pending": done.own}
        for done, answers in rounds
        if answers
    ]


def complaint(status: int, body: bytes) -> dict[str, Any]:
    """What an upstream's refusal says: the object under `error`, or its text in one of the same form."""
    told = parsed(body)
    told = told[0] if isinstance(told, list) and told else told
    told = told if isinstance(told, dict) else {}
    error = told.get("error", told.get("message"))  # Amazon tells a message, nothing around it
    if isinstance(error, dict):
        return error
    said = error if isinstance(error, str) else body.decode("utf-8", "replace")[:QUOTED]
    return {"message": said or f"the upstream answered {status}"}
