"""Bodies of functions, found by indentation in source of any language that is indented as it is nested.

What a reader of a file looks for cannot be told from the file. So bodies go from long files only, few of them, those
that readers return to least: far down, long, and under a signature that shares no word with the question. Signatures,
classes, constants, imports and comments above stay, as does a body that a question points at or that tells of work left
over. A body that is mostly functions is looked into.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from headroom.types import Unit

KIND = "lines of a function body"

MIN_CHARS = 20_000
"""About 5,500 tokens. In recorded sessions a file above this had 0.3 used lines in 1,000 characters of its bodies, one
below 0.7 to 1.8: what an agent wants of a file hardly grows with the file."""

MIN_LINES = 12
MIN_BODY_CHARS = 600
"""A shorter body says in itself what a signature cannot, and hardly pays for its notice."""

MOST = 0.2
"""Share of a file's characters that may go. The share of used lines that go with them grows faster: 5 to 6 % of them at
0.15 and 0.2, 8 to 10 % at 0.25, 12 % at 0.35 (recorded sessions)."""

ASKED_WEIGHT, ASKED_MOST = 0.4, 2
"""What a word of the question in a signature weighs against standing at the end of the file instead of its
beginning, and how many such words count."""

ASKED_SHARE, ASKED_LEAST = 0.2, 3
"""A word of the question says something of the signatures it stands in if these are at most this share, or so many."""

LENGTH_WEIGHT, LONG_CHARS = 0.5, 6_000
"""... and what a body of this length, or a longer one, weighs."""

INNER = 0.6
"""A body of which this share is in bodies of its own is a class, a module, a suite of tests."""

MAX_SIGNATURE = 20
"""Lines that a signature may run over."""

MAX_DOCUMENTED = 6
"""Lines of a description below a signature that stay with it."""

_DEFINED = re.compile(
    r"\s*(?:(?:export|default|public|private|protected|internal|static|final|abstract|override|async|unsafe|extern|const"
    r"|inline|virtual|pub(?:\([\w: ]+\))?|@\w+)\s+)*(?:def|func|fn|function\*?|fun|sub)\b"
)
_FIRST_WORD = re.compile(r"[\w@\"'#~*&<(\[]+?\b|[(\[]")
_OTHER_BLOCKS = frozenset((
    "if", "else", "elif", "for", "while", "switch", "match", "catch", "do", "try", "with", "return", "loop", "select",
    "when", "case", "using", "lock", "namespace", "class", "struct", "enum", "interface", "impl", "trait", "mod",
    "module", "unless", "until", "foreach", "guard", "defer", "except", "finally", "synchronized",
))  # fmt: skip
"""Words that open a block of their own, which no signature begins with."""

_OPENS = re.compile(r".*(?:[{:]|\bdo|\bdo \|[^|]*\|)\s*(?:(?://|#|--).*)?\Z")
_QUOTES = ('"""', "'''")
_LEFT_OVER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|BUG)\b")
_PLACE = re.compile(r"(?:\w:|\blines? |\bL)([0-9]{1,6})(?:-([0-9]{1,6}))?\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]\w{2,}")
WIDTH = 500
"""Characters of a line that are looked at."""


class Body(NamedTuple):
    """A long body: where its signature starts, its first and last line, counted from 0, both texts."""

    start: int
    first: int
    last: int
    signature: str
    text: str


def units(lines: Sequence[str], query: str) -> list[Unit]:
    """The bodies of a file as units, those that may not go with the reason; none for a short file."""
    chars = sum(map(len, lines)) + len(lines)
    if chars < MIN_CHARS:
        return []
    found = [
        Body(start, first, last, "\n".join(lines[start:first]), "\n".join(lines[first : last + 1]))
        for start, first, last in bodies(lines)
    ]
    places = [(int(a), int(b or a)) for a, b in _PLACE.findall(query)]
    asked = _asked(found, query)
    left = MOST * chars
    reasons: dict[int, str] = {}
    for body in sorted(found, key=lambda one: _wanted(one, asked[one.start], len(lines))):
        reasons[body.start] = _reason(body, places) or ("" if len(body.text) <= left else "enough is left out")
        left -= 0 if reasons[body.start] else len(body.text)
    return [Unit(b.first + 1, b.last + 1, f"{b.signature}\n{b.text}", KIND, "body", reasons[b.start]) for b in found]


def _asked(found: Sequence[Body], query: str) -> dict[int, int]:
    """How many words of the question stand in the signature of each body, by where it starts."""
    asked = _words(query)
    said = {body.start: _words(body.signature) & asked for body in found}
    often = Counter(word for words in said.values() for word in words)
    most = max(ASKED_LEAST, ASKED_SHARE * len(found))
    return {start: sum(often[word] <= most for word in words) for start, words in said.items()}


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _wanted(body: Body, asked: int, lines: int) -> float:
    """How likely a reader returns to a body: higher is likelier."""
    named = ASKED_WEIGHT * min(asked, ASKED_MOST)
    return named - body.start / lines - LENGTH_WEIGHT * min(len(body.text), LONG_CHARS) / LONG_CHARS


def _reason(body: Body, places: Sequence[tuple[int, int]]) -> str:
    """Why a body may not go, whatever else does; empty if it may."""
    if any(a <= body.last + 1 and b >= body.first for a, b in places):
        return "named by the query"
    if body.last - body.first + 1 < MIN_LINES or len(body.text) < MIN_BODY_CHARS:
        return "short"
    return "work left over" if _LEFT_OVER.search(body.text) else ""


def bodies(lines: Sequence[str]) -> list[tuple[int, int, int]]:
    """Where each long body's signature starts, and its first and last line, counted from 0, without overlap."""
    depths = [len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip()) if line.strip() else -1 for line in lines]
    return _within(lines, depths, 0, len(lines))


def _within(lines: Sequence[str], depths: Sequence[int], at: int, stop: int) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    while at < stop:
        opened = _opened(lines, depths, at, stop) if depths[at] >= 0 else -1
        if opened < 0:
            at += 1
            continue
        first = opened + 1
        end = first
        while end < stop and (depths[end] > depths[at] or depths[end] < 0):
            end += 1
        last = end - 1
        while last >= first and depths[last] < 0:
            last -= 1
        inner = _within(lines, depths, first, last + 1)
        first = _documented(lines, first, last)
        if sum(b - a + 1 for _, a, b in inner) >= INNER * (last - first + 1):
            found += inner
        elif last - first + 1 >= MIN_LINES:
            found.append((at, first, last))
        at = max(end, at + 1)
    return found


def _opened(lines: Sequence[str], depths: Sequence[int], at: int, stop: int) -> int:
    """The line that opens the body of a function whose signature starts at `at`; -1 if none does."""
    line = lines[at][:WIDTH]
    defined = _DEFINED.match(line) is not None
    if not defined and not _may_define(line):
        return -1
    deepest = depths[at]
    for place in range(at, min(at + MAX_SIGNATURE, stop)):
        further = lines[place][:WIDTH]
        if place > at and depths[place] == depths[at] and further.strip() == "{":
            return place
        if place > at and (
            depths[place] < depths[at] or (depths[place] == depths[at] and further.lstrip()[0] not in ")]")
        ):
            return -1
        if _OPENS.match(further) and (place == at or depths[place] == deepest or further.lstrip()[:1] in ")]"):
            allman = place + 1 < stop and lines[place + 1].strip() == "{" and depths[place + 1] == depths[at]
            return place + 1 if allman else place
        if not defined and place > at and further.rstrip()[-1:] == ";":
            return -1
    return -1


def _may_define(line: str) -> bool:
    """True if a line without a word that says so may begin a function: it calls or declares something with a block."""
    line = line.strip()
    word = _FIRST_WORD.match(line)
    return "(" in line and line[-1] in "{(,)" and word is not None and word[0] not in _OTHER_BLOCKS


def _documented(lines: Sequence[str], first: int, last: int) -> int:
    """The line after a short description that a body opens with."""
    opening = lines[first].lstrip("rbuRBU \t")[:3] if first <= last else ""
    if opening not in _QUOTES:
        return first
    for at in range(first, min(first + MAX_DOCUMENTED, last + 1)):
        if lines[at].count(opening) == 2 or (at > first and opening in lines[at]):
            return at + 1
    return first
