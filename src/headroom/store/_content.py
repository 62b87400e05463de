"""What an original is called, how it is kept, and when it must not go: the rules that every store shares.

An original is named by its content. The name is a prefix of the hash and may collide; the tagged hash may not, so a
text is handed out only after its full hash was derived again from what was read.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import threading
from collections.abc import Iterator

from headroom.errors import StoreError, UnknownRefError
from headroom.types import Decision

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

REF_LENGTH = 12
"""Characters of a ref: 60 bits, one chance in a billion of a collision among 50,000 originals."""

CAP_BYTES = 1 << 30
"""Compressed originals a store holds before the oldest go: months of an agent's cut outputs."""

PROTECTED_SECONDS = 30 * 86_400.0
"""How long after its last use a pin holds on to the original it dropped something of."""

NOTE_SECONDS = 90 * 86_400.0
"""How long a note is kept after it was written: no conversation goes on after months."""

ORIGINAL_TOUCH_SECONDS = 60.0
"""An original's last use is written at most this often: reading one range after another must not write each time."""

PIN_TOUCH_SECONDS = 86_400.0
"""A pin's last use is written at most this often: a request reads a thousand pins and must not write a thousand."""

ZSTD_LEVEL = 3
"""zstd's own default: 310 MB/s here and a ratio of 4.3 on tool outputs; level 9 is five times slower for 6 % more."""

_HASH_TAG = "sha256:"
_SHOWN_REF = 60


class Damaged(Exception):
    """What was read back is not what was written; the store adds which file, and what to do."""


class _Contexts(threading.local):
    """A zstd compressor per thread: making one costs more than compressing a small text, sharing one is not safe."""

    def __init__(self) -> None:
        self.compressor = zstd.ZstdCompressor(level=ZSTD_LEVEL)


_contexts = _Contexts()


def encoded(text: str) -> bytes:
    """UTF-8 in which a lone surrogate has a form of its own: every Python string comes back as it was."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """The inverse of `encoded`. Raises Damaged."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise Damaged(f"it is not UTF-8 ({error.reason} at byte {error.start})") from None


def tagged_hash(data: bytes) -> str:
    """`sha256:` and the hex digest; the tag leaves room for another hash in the same column."""
    return _HASH_TAG + hashlib.sha256(data).hexdigest()


def refs(tagged: str, length: int) -> Iterator[str]:
    """The names an original may bear, in order of preference: base32 of its hash, `length` characters and longer."""
    name = base64.b32encode(bytes.fromhex(tagged.removeprefix(_HASH_TAG))).decode("ascii").rstrip("=").lower()
    return (name[:end] for end in range(length, len(name) + 1))


def packed(data: bytes) -> bytes:
    """`data` as one zstd frame that carries its own size."""
    return _contexts.compressor.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)


def unpacked(frame: bytes) -> bytes:
    """The inverse of `packed`. Raises Damaged. Never allocates more than the frame declares and holds."""
    try:
        size = zstd.get_frame_info(frame).decompressed_size
        if size is None:
            raise Damaged("its zstd frame does not declare its size")
        decompressor = zstd.ZstdDecompressor()
        data = decompressor.decompress(frame, size + 1)
    except (zstd.ZstdError, TypeError, OverflowError, MemoryError) as error:
        raise Damaged(f"it does not decompress ({error})") from None
    if not decompressor.eof or len(data) != size or decompressor.unused_data:
        raise Damaged("its zstd frame is cut short or has something after it")
    return data


def original_text(tagged: str, frame: bytes) -> str:
    """The text of a kept frame, its full hash checked. Raises Damaged."""
    data = unpacked(frame)
    found = tagged_hash(data)
    if found != tagged:
        raise Damaged(f"its text hashes to {found}, not to {tagged}")
    return decoded(data)


def normal_ref(ref: str) -> str:
    """The ref as stores write it: people and models return it in capitals or with blanks around. Raises
    UnknownRefError for what no store can have issued."""
    name = ref.strip().lower()
    if not (name.isascii() and name.isalnum()):
        raise unknown_ref(ref)
    return name


def needs_original(decision: Decision) -> bool:
    """True if something of the part is not in its rendering, so that only the original can give it back."""
    return decision.ref is not None and (bool(decision.omissions) or not decision.lossless)


def protected_since(now: float) -> float:
    """A pin seen at this time or later holds on to its original; a day is added because `seen` may lag by one."""
    return now - PROTECTED_SECONDS - PIN_TOUCH_SECONDS


def unknown_ref(ref: str) -> UnknownRefError:
    shown = ref if len(ref) <= _SHOWN_REF else ref[:_SHOWN_REF] + "…"
    return UnknownRefError(
        f"no original is stored under {shown!r}: the ref is mistyped, belongs to another store, or its original was "
        "removed to make room; copy the ref from the notice again, or run the command that made the output once more"
    )


def too_large(where: str, needed: int, cap: int) -> StoreError:
    return StoreError(
        f"{where} is full: one original needs {needed:,} bytes, its cap is {cap:,}; raise the cap of the store"
    )


def full(where: str, needed: int, cap: int) -> StoreError:
    return StoreError(
        f"{where} is full: making room for {needed:,} bytes under its cap of {cap:,} would remove originals that a "
        "conversation of the last 30 days may still fetch; raise the cap of the store, or run: headroom purge"
    )


def original_gone(where: str, ref: str) -> StoreError:
    return StoreError(
        f"{where} no longer holds the original {ref!r} that a new pin would refer to: other texts took its room "
        "before the pin was written; raise the cap of the store"
    )


def closed(where: str) -> StoreError:
    return StoreError(f"{where} is closed; open it again")
