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

_USUAL = re.compile(rb"(?:event: ?([^\r\n]*)\n)?data: ?([^\r\n]*)\n\n")
"""An event as nearly all are written."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
_LF = ord("\n")


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
        self._returns = False
        """True once a CR came: most servers send none, and LFs alone are found ten times as fast."""
        self._first = True
        self._silent = False
        """True within an event that is handed on in pieces."""

    def feed(self, data: bytes, only: re.Pattern[bytes] | None = None) -> list[Event]:
        """The events that `data` completes; of them those in whose bytes `only` is found, if it is given: a pattern of
        words, not of where an event begins or ends."""
        self._held += data
        self._returns = self._returns or b"\r" in data
        found: list[Event] = []
        begin = 0
        while (end := self._end(max(begin, self._seen - 3))) > 0:
            if only is not None and not only.search(self._held, begin, end):
                end = self._next(only, end)
            else:
                raw = bytes(self._held[begin:end])
                silent = self._silent or end - begin > MAX_EVENT
                found.append(Event(raw, b"", b"") if silent else _event(raw, self._first))
            begin = end
            self._first = self._silent = False
        del self._held[:begin]
        if len(self._held) > MAX_EVENT:
            # The last bytes stay: they may be half of the blank line that ends the event.
            found.append(Event(bytes(self._held[:-3]), b"", b""))
            del self._held[:-3]
            self._silent = True
        self._seen = len(self._held)
        return found

    def rest(self) -> bytes:
        """What came after the last whole event."""
        return bytes(self._held)

    def _next(self, only: re.Pattern[bytes], start: int) -> int:
        """Where the first event that may hold `only` begins, at or behind the beginning of one at `start`: those before
        it, most of a stream, are not looked at one by one."""
        if self._returns:
            return start
        sign = only.search(self._held, start)
        before = sign.start() if sign is not None else len(self._held)
        at = self._held.rfind(b"\n\n", start, before)
        if at < 0:
            return start
        if at > start and self._held[at - 1] == _LF:  # of three in a row, the first two end an event
            return before - len(self._held[start:before].split(b"\n\n")[-1])
        return at + 2

    def _end(self, start: int) -> int:
        """Where the first event that ends at or behind `start` ends, 0 if there is none."""
        if self._returns:
            found = _BLANK.search(self._held, start)
            return found.end() if found is not None else 0
        at = self._held.find(b"\n\n", start)
        return at + 2 if at >= 0 else 0


def _event(raw: bytes, first: bool) -> Event:
    text = raw.removeprefix(_BOM) if first else raw
    usual = _USUAL.fullmatch(text)
    if usual is not None:
        return Event(raw, usual[1] or b"", usual[2])
    name, data = b"", []
    for line in _LINE_END.split(text):
        field, _, value = line.partition(b":")
        value = value[1:] if value[:1] == b" " else value
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(raw, name, b"\n".join(data))
