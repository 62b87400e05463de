"""Frames of `application/vnd.amazon.eventstream`, in which Amazon Bedrock streams: cut, read and written.

A frame is its length and its headers' length (each 4 bytes, big endian), a CRC-32 of these eight bytes, headers,
payload, and a CRC-32 of all before it. Checked against recorded answers of Bedrock.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from headroom.proxy.decoding import encoded, parsed

CONTENT_TYPE = "amazon.eventstream"
"""What the content type of such an answer holds."""

MAX_FRAME = 24 * 1024 * 1024
"""AWS's limit is 16 MiB of payload and 128 KiB of headers; a longer frame is none."""

_PRELUDE, _CRC = 12, 4
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type, where that is fixed."""
_BYTES, _STRING = 6, 7


class Frame(NamedTuple):
    """One frame as it came."""

    raw: bytes
    """All of its bytes."""
    headers: Mapping[str, str]
    """Those that are strings."""
    payload: bytes

    def said(self) -> bytes:
        """What it says as JSON: the event of the model's own stream that a `chunk` carries, else the payload."""
        told: Any = parsed(self.payload) if self.headers.get(":event-type") == "chunk" else None
        inner = told.get("bytes") if isinstance(told, dict) else None
        try:
            return self.payload if not isinstance(inner, str) else base64.b64decode(inner)
        except (binascii.Error, ValueError):
            return self.payload


class Frames:
    """Cuts bytes into frames, however they are split. What is no frame, and all that follows it, is `rest`."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._odd = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes."""
        self._held += data
        while not self._odd and len(self._held) >= _PRELUDE:
            length = int.from_bytes(self._held[:4])
            headers = int.from_bytes(self._held[4:8])
            sound = int.from_bytes(self._held[8:12]) == zlib.crc32(self._held[:8])
            if not sound or not _PRELUDE + headers + _CRC <= length <= MAX_FRAME:
                self._odd = True
            elif len(self._held) < length:
                return
            else:
                raw = bytes(self._held[:length])
                del self._held[:length]
                start = _PRELUDE + headers
                yield Frame(raw, dict(_headers(raw[_PRELUDE:start])), raw[start:-_CRC])

    def rest(self) -> bytes:
        """What came after the last whole frame; it is not kept any longer."""
        rest = bytes(self._held)
        self._held.clear()
        return rest

    def is_odd(self) -> bool:
        """True once something came that is no frame: nothing after it is read."""
        return self._odd


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    while at + 1 < len(data):
        end = at + 1 + data[at]
        name, kind = data[at + 1 : end].decode("utf-8", "replace"), data[end] if end < len(data) else -1
        at = end + 1
        if kind in (_BYTES, _STRING):
            size = int.from_bytes(data[at : at + 2])
            at += 2
            if kind == _STRING:
                yield name, data[at : at + size].decode("utf-8", "replace")
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            return
        at += size


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A frame with these headers, all of them strings."""
    told = b"".join(
        bytes([len(name)]) + name.encode() + bytes([_STRING]) + len(value).to_bytes(2) + value.encode()
        for name, value in headers.items()
    )
    prelude = (_PRELUDE + len(told) + len(payload) + _CRC).to_bytes(4) + len(told).to_bytes(4)
    body = prelude + zlib.crc32(prelude).to_bytes(4) + told + payload
    return body + zlib.crc32(body).to_bytes(4)


def chunk(event: bytes) -> bytes:
    """A frame that carries an event of the model's own stream."""
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, encoded({"bytes": base64.b64encode(event).decode()}))


def failure(kind: str, message: str) -> bytes:
    """A frame that ends a stream with an exception of Bedrock's."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, encoded({"message": message}))
