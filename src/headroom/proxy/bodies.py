"""Bodies as they travel: compressed or not. What cannot be decoded is somebody else's to read."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 64 * 1024 * 1024
"""A body may be this large once decoded: twice what any provider takes."""


class Coding(NamedTuple):
    """A content coding of HTTP (RFC 9110 §8.4.1)."""

    decode: Callable[[bytes], bytes]
    """Raises what its library raises, or ValueError."""
    encode: Callable[[bytes], bytes]


def _inflated(data: bytes, wbits: int) -> bytes:
    machine = zlib.decompressobj(wbits)
    made = machine.decompress(data, MAX_BYTES)
    if not machine.eof or machine.unused_data:
        raise ValueError("the body is cut off, too large, or of several pieces")
    return made


def _unzstd(data: bytes) -> bytes:
    machine = zstd.ZstdDecompressor()
    made = machine.decompress(data, MAX_BYTES)
    if not machine.eof or machine.unused_data:
        raise ValueError("the body is cut off, too large, or of several pieces")
    return bytes(made)


CODINGS: Mapping[str, Coding] = MappingProxyType(
    {
        "gzip": Coding(lambda data: _inflated(data, 31), lambda data: gzip.compress(data, 6, mtime=0)),
        "deflate": Coding(lambda data: _inflated(data, 15), lambda data: zlib.compress(data, 6)),
        "zstd": Coding(_unzstd, lambda data: bytes(zstd.compress(data, 3))),
    }
)
"""Codings of request bodies that we can undo. A `br` body is relayed as it is: no client sends one, and answers are
never decoded."""


def decoded(data: bytes, coding: str) -> bytes | None:
    """`data` without its content coding; None if that coding, or what it made, cannot be undone."""
    if coding in ("", "identity"):
        return data
    known = CODINGS.get(coding)
    if known is None:
        return None
    try:
        return known.decode(data)
    except (ValueError, zlib.error, EOFError, zstd.ZstdError):
        return None


def encoded(data: bytes, coding: str) -> bytes:
    """`data` in a coding that `decoded` could undo."""
    return data if coding in ("", "identity") else CODINGS[coding].encode(data)
