"""A turn of Messages that comes in Amazon's frames: each carries one event of the very stream that Anthropic sends."""

from __future__ import annotations

from collections.abc import Sequence

from headroom.proxy.decoding import encoded, parsed
from headroom.proxy.eventstream import Frame, Frames, chunk, failure
from headroom.proxy.retrieve.answers import complaint
from headroom.proxy.retrieve.turn import Answer, Record, Round, Turn
from headroom.proxy.sse import Events
from headroom.types import Json

EXCEPTIONS = {
    400: "validationException", 408: "modelTimeoutException", 429: "throttlingException",
    503: "serviceUnavailableException",
}  # fmt: skip
"""What Bedrock calls a refusal within a stream (botocore's model of bedrock-runtime); else it is its own fault."""


class Framed:
    """A streamed turn inside frames. A frame whose event is not changed passes as it came."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._frames = Frames()

    def feed(self, data: bytes) -> bytes:
        shown = b"".join([self._passed(frame) for frame in self._frames.feed(data)])
        return shown + self._frames.rest() if self._frames.is_odd() else shown

    def _passed(self, frame: Frame) -> bytes:
        if frame.headers.get(":event-type") != "chunk":
            return frame.raw
        said = frame.said()
        event = b"data: " + (encoded(parsed(said)) if b"\n" in said or b"\r" in said else said) + b"\n\n"
        shown = self._turn.feed(event)
        return frame.raw if shown == event else _framed(shown)

    def end_round(self) -> Round:
        self._tail = self._frames.rest()
        self._frames = Frames()
        return self._turn.end_round()

    def finish(self) -> bytes:
        return _framed(self._turn.finish()) + self._tail

    def failed(self, status: int, body: bytes) -> bytes:
        if not self._turn.failed(status, body):
            return b""
        kind = EXCEPTIONS.get(status, "internalServerException")
        return failure(kind, str(complaint(status, body).get("message")))

    def waiting(self) -> bytes:
        return _framed(self._turn.waiting())

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        return self._turn.record(request, rounds)


def _framed(events: bytes) -> bytes:
    return b"".join([chunk(event.data) for event in Events().feed(events)])
