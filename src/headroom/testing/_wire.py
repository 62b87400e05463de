"""What the fake's dialects share: the view of a request that the rules are checked on, and how answers are cut up."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, NamedTuple, Protocol

from headroom.testing._script import Reply

Form = Literal["json", "sse", "array", "frames"]
"""How the answer is sent: whole, as server-sent events, as one JSON array in pieces, or in Amazon's binary frames."""

Object = dict[str, Any]

_MARKERS = frozenset({"cache_control", "prompt_cache_breakpoint"})
_WORDS_AT_ONCE = re.compile(r"(?:\s*\S+){1,4}\s*|\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for an answer, in terms that all dialects share."""

    body: Object
    """The dialect's own body."""
    form: Form
    tools: str
    system: str
    """Both canonical dumps: they must be the same throughout a conversation."""
    blocks: tuple[str, ...]
    """The conversation, one canonical dump per block, cache markers left out."""
    faults: tuple[str, ...]
    """Rules of the provider that the request breaks by itself, as sentences."""
    caches: bool = True
    """True if the provider caches this request's prefix."""
    wrapped: bool = False
    """True if the answer goes in an envelope (Code Assist)."""

    @property
    def model(self) -> str:
        """The model as the client calls it."""
        return str(self.body.get("model") or "fake-model")


class Usage(NamedTuple):
    """Tokens of one exchange. The prompt is the sum of the first three."""

    fresh: int
    read: int
    written: int
    output: int

    @property
    def prompt(self) -> int:
        """All input tokens."""
        return self.fresh + self.read + self.written


class Mint:
    """Makes identifiers that are recognised when they come back."""

    PATTERN = re.compile(r"fake\d{6}")

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self, prefix: str) -> str:
        return f"{prefix}fake{next(self._numbers):06d}"


class Dialect(Protocol):
    """One provider's interface, from the server's side."""

    def read(self, body: Object, path: str) -> Asked:
        """The request in shared terms. `path` carries the query."""

    def turn(self, asked: Asked, reply: Reply, mint: Mint) -> list[Object]:
        """The model's turn as a well-behaved client sends it back."""

    def blocks(self, turn: Sequence[Object]) -> list[str]:
        """That turn as blocks of `Asked`."""

    def whole(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Object:
        """The answer as one JSON object. `name` identifies it."""

    def events(self, asked: Asked, turn: list[Object], reply: Reply, usage: Usage, name: str) -> Iterator[bytes]:
        """The answer as the pieces of a stream."""

    def broken(self, asked: Asked, message: str) -> bytes:
        """An error in mid-stream."""

    def error(self, status: int, message: str) -> Object:
        """The body of a refusal."""


def dump(value: Any) -> str:
    """Equal for equal JSON values, whatever the order of keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def compact(value: Any) -> str:
    """A call's arguments as models write them: clients that parse them send them back so."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def bare(value: Any, without: frozenset[str] = frozenset()) -> Any:
    """`value` less the markers of caching, which clients move about, and the keys in `without`."""
    if isinstance(value, dict):
        return {k: bare(item, without) for k, item in value.items() if k not in _MARKERS and k not in without}
    return [bare(item, without) for item in value] if isinstance(value, list) else value


def listed(value: Any) -> list[Object]:
    """The objects in a list; nothing for what is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def pieces(text: str) -> list[str]:
    """A text in pieces of a few words, as models send it."""
    return _WORDS_AT_ONCE.findall(text)


def halves(text: str) -> list[str]:
    """A text in two pieces that split it anywhere, as arguments of calls are sent."""
    middle = (len(text) + 1) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]


def framed(event: bytes) -> bytes:
    """A server-sent event in a frame of Amazon's, around `{"bytes": ...}`; an error as an exception."""
    data = event.partition(b"data: ")[2].strip()
    if data.startswith(b'{"type": "error"'):
        return frame("exception", "throttlingException", json.loads(data)["error"])
    return frame("event", "chunk", {"bytes": base64.b64encode(data).decode(), "p": "abcdef"})


def frame(message: str, kind: str, value: Mapping[str, Any]) -> bytes:
    """A frame of Amazon's: two lengths and headers, each summed, around a JSON object. `message` is `event` or
    `exception`, `kind` its type."""
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(told).to_bytes(2) + told.encode()
        for name, told in ((f":{message}-type", kind), (":message-type", message))
    )
    payload = json.dumps(value).encode()
    head = (16 + len(headers) + len(payload)).to_bytes(4) + len(headers).to_bytes(4)
    body = head + zlib.crc32(head).to_bytes(4) + headers + payload
    return body + zlib.crc32(body).to_bytes(4)


def data_event(value: Mapping[str, Any], name: str = "", end: str = "\n\n") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False)}{end}".encode()
