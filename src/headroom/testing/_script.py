"""What a test says to the fake, and what the fake tells it: replies and received requests."""

from __future__ import annotations

import gzip
import json
import sys
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Pairs: TypeAlias = Sequence[tuple[str, str]]
"""Headers in order, repeated ones repeated."""

_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "zstd": lambda data: bytes(zstd.decompress(data)),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that the model makes."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the model, or what the server does instead of one."""

    text: str = ""
    thinking: str = ""
    calls: Sequence[Call] = ()
    stop: str = ""
    """The stop reason in the provider's own word; empty for what the content implies."""
    output_tokens: int | None = None
    """None for an estimate from the answer."""

    status: int = 200
    message: str = ""
    """The error's message, for a status of 400 and above."""
    headers: Pairs = ()
    """Sent besides the usual ones, or instead of those of the same name."""
    body: bytes | None = None
    """Sent as it is instead of anything made from the fields above."""

    error: str = ""
    """Message of an error event, sent instead of the second half of a stream."""
    chunk_bytes: int | None = None
    """Sends the body in writes of so many bytes; None for one write per event."""
    delay_chunks: float = 0.0
    """Seconds between two writes."""
    gate: threading.Event | None = None
    """After the first write, the others wait for this."""
    cut_after: int | None = None
    """Drops the connection once so many bytes of the body were sent."""
    gzip: bool = False
    """Compresses the body if the client accepts that."""


@dataclass(slots=True)
class Received:
    """A request as it arrived: an HTTP request, or one frame of a WebSocket (then `method` is "WS")."""

    number: int
    """Counted from 1, over all conversations."""
    method: str
    path: str
    """The raw target, with the query."""
    headers: Pairs
    """In order and spelling."""
    body: bytes
    """As received, before any content coding is undone."""
    ended: threading.Event = field(default_factory=threading.Event, repr=False)
    """Set once the answer was sent, or the client was gone."""
    gone: bool = False
    """True if the client left before the answer was sent."""

    def header(self, name: str) -> str | None:
        """All values of a header, joined by a comma and a blank; None without one."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self) -> Any:
        """The body's JSON value once content coding is undone. Raises ValueError where there is none."""
        coding = (self.header("content-encoding") or "").strip().lower()
        try:
            data = _DECODERS[coding](self.body) if coding in _DECODERS else self.body
        except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
            raise ValueError(f"the body is no {coding}: {error}") from None
        try:
            return json.loads(data)
        except RecursionError:
            raise ValueError("the body is nested too deep") from None


Script: TypeAlias = Sequence[Reply] | Callable[[Received], Reply]
"""Replies in order, after which the model only says "Done."; or a function of the request, called in the server's
thread, one request at a time."""
