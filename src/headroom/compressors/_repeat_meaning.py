"""Whether equal lines of two texts as sent mean the same: many hang on what stands above them.

A line of a log hangs on its heading or on the definition of its kind, a search hit on its file, a row on the names of
its columns, `html_url=<url>` on the address told above. A reference to such lines would be looked up where they say
something else. What lines of most kinds mean is told by their decoder: what it makes of the text up to their end,
beyond what it makes of the text up to their start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from headroom.errors import FormatError

Decode = Callable[[str, str], str]
"""From the kind of a text and the text as sent to what it stands for; raises FormatError."""

LITERAL = frozenset({"raw", "reading", "code", "diff"})
"""Kinds whose lines mean the same wherever they stand."""

RECORDS = "records"
"""A kind that no decoder reads up to a line in its middle."""


def as_it_stands(_kind: str, text: str) -> str:
    """Of texts in no notation, or where none is known."""
    return text


MOST_CHARS, MOST_TIMES = 300_000, 12
"""So many characters of a text are decoded, and so many times its length: runs that would need more are not told."""

_OPENING = re.compile(r"(?:.*=)?[\[{]\d+ (?:rows|lists|values|documents)[\]}]\Z")
_NAMED = re.compile(r'([\w$@/.-]+(?:\[\])*|"[^"]*")[=~](.*)', re.DOTALL)
_USED = re.compile(r"<(\.?[\w$@/.-]+(?:\[\])*)>")
_CLOSING = frozenset("]}")


class Meaning:
    """What the lines of one text stand for."""

    def __init__(self, text: str, kind: str, decode: Decode) -> None:
        self.kind = kind
        self.lines = text.split("\n")
        self._decode = decode
        self._room = MOST_CHARS + MOST_TIMES * len(text)
        self._known: dict[int, list[str] | None] = {}

    def of(self, at: int, lines: Sequence[str]) -> Sequence[str] | None:
        """What these lines of the text stand for, the first of which is its line `at`; None where that cannot be
        told."""
        if self.kind in LITERAL:
            return lines
        before, after = self._until(at), self._until(at + len(lines))
        return None if before is None or after is None else after[len(before) :]

    def _until(self, stop: int) -> list[str] | None:
        if stop not in self._known:
            text = "\n".join(self.lines[:stop])
            self._room -= len(text)
            try:
                self._known[stop] = self._decode(self.kind, text).split("\n") if self._room > 0 else None
            except FormatError:
                self._known[stop] = None
        return self._known[stop]

    def columns(self, at: int) -> list[str]:
        """What says how the rows of a table around line `at` are to be read; empty outside of tables."""
        opened = next((i for i in range(at - 1, -1, -1) if _OPENING.match(self.lines[i])), None)
        if opened is None:
            return []
        names = next((i for i in range(opened, at) if self.lines[i][:1] == ":"), at)
        return self.lines[opened + 1 : names + 1]


def alike(lines: Sequence[str], here: Meaning, at: int, there: Meaning, place: int) -> Iterator[tuple[int, int]]:
    """Those pieces, by start and end, of lines that stand in two texts, in one from line `at` on and in the other from
    `place` on, that mean the same."""
    if here.kind in LITERAL:
        yield 0, len(lines)
    elif RECORDS in (here.kind, there.kind):
        if here.kind == there.kind:
            yield from _named(lines, here.columns(at) == there.columns(place))
    else:
        # What lines hang on may stand among them: then those below it mean the same.
        fresh = next((i for i, line in enumerate(lines) if i and (line[:1] == "@" or " := " in line)), 0)
        for start in (0, fresh) if fresh else (0,):
            told = here.of(at + start, lines[start:])
            if told is not None and told == there.of(place + start, lines[start:]):
                yield start, len(lines)
                return


def _named(lines: Sequence[str], same_columns: bool) -> Iterator[tuple[int, int]]:
    """The pieces of records that use no value told outside of them; rows of tables only under the same columns."""
    start = 0
    known: list[set[str]] = [set()]
    for i, line in enumerate(lines):
        named = _NAMED.match(line) if line[:1] != " " else None
        used = set(_USED.findall(named[2])) - {"json"} if named and named[2][:1] != '"' else set()
        row = named is None and line[:1] not in (" ", *_CLOSING) and line != ""
        if used.difference(*known) or (row and not same_columns):
            yield start, i
            start, known = i + 1, [set()]
            continue
        if named:
            known[-1].add(named[1])
            known += [set()] * (named[2] in ("{", "["))
        elif line[:1] in _CLOSING:
            known = known[:-1] or [set()]
    yield start, len(lines)
