"""Server-sent events as bytes: where each begins and ends, and what it says. Nothing is rewritten.

The grammar is that of the HTML standard, §9.2: lines end with LF, CRLF or CR, a blank line ends an event.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_EVENT = 32 * 1024 * 1024
"""An event longer than this is handed on in pieces that say nothing: it is none of ours."""

_BLANK = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?=[^\n]))", re.DOTALL)
"""The end of a line and a blank one. A CR that is the last byte so far may be half of a CRLF: it waits."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event as it came."""

    raw: bytes
    """All of its bytes, the blank line included; a comment or an odd piece says nothing but is passed on as well."""
    name: bytes
    data: bytes
    """Its data lines, joined by LF."""


class Events:
    """Cuts a stream of bytes into events, however the bytes are split."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._seen = 0
        """How far the held bytes were searched for the end of an event."""
        self._first = True
        self._silent = False
        """True within an event that is handed on in pieces."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes."""
        self._held += data
        found: list[Event] = []
        while (end := self._end()) > 0:
            raw = bytes(self._held[:end])
            del self._held[:end]
            self._seen = 0
            silent = self._silent or end > MAX_EVENT
            found.append(Event(raw, b"", b"") if silent else _event(raw, self._first))
            self._first = self._silent = False
        if len(self._held) > MAX_EVENT:
            # The last bytes stay: they may be half of the blank line that ends the event.
            found.append(Event(bytes(self._held[:-3]), b"", b""))
            del self._held[:-3]
            self._seen = 0
            self._silent = True
        return found

    def rest(self) -> bytes:
        """What came after the last whole event."""
        return bytes(self._held)

    def _end(self) -> int:
        """Where the first event ends, 0 if it is not whole."""
        found = _BLANK.search(self._held, max(0, self._seen - 3))
        self._seen = len(self._held)
        return found.end() if found is not None else 0


def _event(raw: bytes, first: bool) -> Event:
    name, data = b"", []
    for line in _LINE_END.split(raw.removeprefix(_BOM) if first else raw):
        field, _, value = line.partition(b":")
        value = value[1:] if value[:1] == b" " else value
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(raw, name, b"\n".join(data))
