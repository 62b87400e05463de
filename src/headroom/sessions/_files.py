"""Log files as text lines, records and documents, whatever their compression; broken ones as far as they go.

Nothing here raises on what a file holds. A file is read as a stream: of its text, one line is in memory at a time.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import cast

from headroom.sessions._log import Skipped
from headroom.types import Json

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_LINE = 1 << 26
"""Characters of a line that is still read; a longer one holds files or images, not a conversation."""
MAX_DOCUMENT = 1 << 28
"""Bytes of a file that is one JSON document, which can be read only whole."""
HEAD = 1 << 18
"""Bytes that are looked at to tell what a file is."""

_BROKEN = (OSError, EOFError, zlib.error, zstd.ZstdError)


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    """The file's bytes without their compression, which is told by the first of them. Raises OSError."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic[:2] == b"\x1f\x8b":
        return gzip.open(path)
    if magic == b"\x28\xb5\x2f\xfd":
        return cast(BufferedReader, zstd.ZstdFile(path))
    return path.open("rb")


def _encoding(start: bytes | bytearray) -> str:
    """How a text is encoded that begins so. A file that a person has moved may have become UTF-16."""
    return "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def lines(path: Path, skipped: Skipped) -> Iterator[str]:
    """The lines of a text file. It ends where the file cannot be read on, which is counted."""
    try:
        with _opened(path) as file, TextIOWrapper(file, _encoding(file.peek(2)), errors="replace") as text:
            while line := text.readline(MAX_LINE):
                if len(line) < MAX_LINE or line.endswith("\n"):
                    yield line
                    continue
                skipped["line too long"] += 1
                while line and not line.endswith("\n"):
                    line = text.readline(MAX_LINE)
    except _BROKEN:
        skipped["file cut off or unreadable"] += 1


def records(text: Iterable[str], skipped: Skipped) -> Iterator[dict[str, Json]]:
    """The JSON objects of JSON lines; what is none is counted. Zero bytes, which a crash leaves, say nothing."""
    for line in text:
        if not line.strip():
            continue
        record = parsed(line.strip("\0"))
        if isinstance(record, dict):
            yield record
        else:
            skipped["not JSON" if record is None and line.strip() != "null" else "not a record"] += 1


def parsed(text: str) -> Json:
    """The JSON value in `text`, None if there is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def dumped(value: Json) -> str:
    """The value as JSON without blanks, as JavaScript writes it; "" if it is nested too deep."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return ""


def document(path: Path, skipped: Skipped) -> Json:
    """The value of a file that is one JSON document; None, and counted, if it is cut off or too large."""
    try:
        with _opened(path) as file:
            data = file.read(MAX_DOCUMENT + 1)
    except _BROKEN:
        skipped["file cut off or unreadable"] += 1
        return None
    if len(data) > MAX_DOCUMENT:
        skipped["file too large"] += 1
        return None
    value = parsed(data.decode(_encoding(data), errors="replace").rstrip("\0"))
    if value is None:
        skipped["not JSON"] += 1
    return value


def first(path: Path) -> list[dict[str, Json]]:
    """The JSON objects among the first lines of a file, to tell whose it is. A line that is longer is not seen."""
    whole, _, rest = head(path).rpartition("\n")
    return list(records((whole or rest).split("\n"), Skipped()))


def head(path: Path) -> str:
    """The first part of a file's text, as far as it can be read."""
    data = bytearray()
    with suppress(*_BROKEN), _opened(path) as file:
        while len(data) < HEAD and (more := file.read1(HEAD)):
            data += more
    return data.decode(_encoding(bytes(data)), errors="replace")


def size(path: Path) -> int:
    """Bytes on disk, 0 if the file is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def files(folder: Path, pattern: str) -> Iterator[Path]:
    """The files below `folder` that match a glob pattern, by name; none of a folder that cannot be read."""
    try:
        found = sorted(folder.glob(pattern))
    except OSError:
        return
    yield from filter(is_file, found)


def is_file(path: Path) -> bool:
    """True for a file; False where that cannot be told, which `Path.is_file` raises for."""
    return os.path.isfile(path)


def seconds(value: Json) -> float:
    """An ISO timestamp, or milliseconds, as seconds since 1970; 0 if it is neither."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return 0.0
        try:
            return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        except (OverflowError, ValueError):
            return 0.0
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e14:
        return value / 1000
    return 0.0


def count(value: Json) -> int:
    """A number of tokens: 0 for whatever is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 53 else 0


def text(value: Json) -> str:
    """`value` if it is a string, else ""."""
    return value if isinstance(value, str) else ""


def mapping(value: Json) -> dict[str, Json]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
