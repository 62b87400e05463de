"""The lines of a text as it was sent, under the numbers by which a reader finds them, and an index to find runs in.

A line of a numbered view goes by the view's own number and is compared without its gutter; a line of any other text
goes by its place, counted from 1. Lines that stand for others (references, notes on repetition) go by nothing: they
part the stretches, and no run leads across them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from threading import Lock
from typing import NamedTuple

from headroom.compressors.reading import END, HEADER, STEP, Gutter, gutter_of
from headroom.errors import FormatError

LEGEND = "[= repeats text above]"
WHOLE = "[= all of "
MARKS = (LEGEND, WHOLE)
"""How a text starts that is told by reference."""

VIEW = "reading"
"""The kind whose renderings number their lines."""

NAME = r"[^\[\]()\"\n]{1,120}"
_NUMBER = r"(?:0|[1-9]\d{0,9})"
"""Some views count from 0."""

SOURCE = rf"(?P<name>{NAME})(?: \((?P<nth>[1-9]\d{{0,3}})(?:st|nd|rd|th) one up\))?"
REFERENCE = re.compile(
    rf"\[= lines (?P<first>{_NUMBER})-(?P<last>{_NUMBER})(?: here"
    rf'|(?: (?P<there>there)| of {SOURCE})(?:, at "(?P<words>[^\[\]"\n]{{1,60}})")?)\]',
    re.ASCII,
)

SIGNS = frozenset("+-")
"""What the lines of a diff begin with that were added or taken out."""

COUNTED = 10
"""Up to here a reader counts lines; a reference to lines further down in a text without numbers quotes their start."""

QUOTED_CHARS = 24
_WORD = re.compile(r"\w{2,}")
_UNQUOTABLE = re.compile(r'[\[\]"]')
_NOTATION = frozenset("[](){}\"'`")

WINDOW = 5
"""Lines that must be equal before a run is looked at: shorter ones are idiom, not repetition."""

WINDOW_CHARS = 40
"""... and what they must hold besides blanks: brackets and empty lines stand everywhere."""

MAX_PLACES = 4
"""How many places of the same window are remembered for one text."""

CACHE_CHARS = 4_000_000
"""Text whose indexes are kept between calls, least recently used out first; an index takes about six times its text."""


class Reference(NamedTuple):
    """A line that stands for the lines `first` to `last` of an earlier text."""

    first: int
    last: int
    name: str
    """Of the earlier text; empty for the one named last above, and for lines further up in this view itself."""
    nth: int
    """Of the texts of this name which one, counted upwards; 0 with the one named last."""
    words: str
    """How the lines begin, where the earlier text does not number its lines and they stand further down in it."""

    @property
    def source(self) -> tuple[str, int]:
        """Name and count of the earlier text."""
        return self.name, self.nth

    @property
    def is_here(self) -> bool:
        """True if the lines stand further up in this view itself."""
        return not self.name and self.nth > 0

    @classmethod
    def read(cls, line: str) -> Reference | None:
        """The reference that `line` is, None if it is none. Raises FormatError on a range that cannot be."""
        match = REFERENCE.fullmatch(line) if line[:9] == "[= lines " else None
        if match is None:
            return None
        first, last = int(match["first"]), int(match["last"])
        if last < first:
            raise FormatError(f"the reference {line[:60]!r} has no proper range")
        nth = 0 if match["there"] else int(match["nth"] or 1)
        return cls(first, last, match["name"] or "", nth, match["words"] or "")

    def __str__(self) -> str:
        words = f', at "{self.words}"' if self.words else ""
        source = f"of {called(self.name, self.nth)}" if self.name else "here" if self.is_here else "there"
        return f"[= lines {self.first}-{self.last} {source}{words}]"


class Line(NamedTuple):
    """One line as it stands: `prefix + text`. In the run of a view it has a number; the end mark is all prefix."""

    number: int | None
    prefix: str
    text: str
    reference: Reference | None


class Stretch(NamedTuple):
    """Neighbouring lines that a reference can stand for. All but the first have the prefix that their number and text
    give them."""

    at: int
    """Index of the first line in the text."""
    number: int | None
    """Number of the first line; None outside the runs of a view."""
    lines: list[str]


def called(name: str, nth: int) -> str:
    """An earlier text's name; where a later text has the same, counted from the new text upwards."""
    if nth == 1:
        return name
    ending = "th" if nth % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(nth % 10, "th")
    return f"{name} ({nth}{ending} one up)"


class Numbering:
    """How one view writes the numbers of its lines."""

    def __init__(self, gutter: Gutter) -> None:
        self.full = gutter.full
        self.short = gutter.short
        self.match = gutter.numbered().match

    def due(self, number: int, text: str) -> str:
        """What stands before a line inside a run."""
        taken = text[:1] in _NUMBERED and self.match(text) is not None
        return self.short % number if number % STEP == 0 or taken or text == END else ""


_NOTE = re.compile(r"\[(?:= lines \d|line above ×|\d+ lines above ×)", re.ASCII)
"""How a line starts that stands for lines above it, in the general line codec."""

_NUMBERED = frozenset(" L0123456789")
"""What a gutter can start with."""


def first_words(lines: Sequence[str], number: int) -> str:
    """How these lines of an unnumbered text begin, empty where they stand near its top: that line is soon found."""
    if number <= COUNTED:
        return ""
    line = next(filter(_WORD.search, lines), lines[0])
    pieces = _UNQUOTABLE.split("".join(c if c.isprintable() else '"' for c in line[: 8 * QUOTED_CHARS]))
    return max((piece.strip()[:QUOTED_CHARS].strip() for piece in pieces), key=len)


def quoted(words: str, most: int) -> str:
    """Up to `most` printable characters of a text, without what could be taken for notation."""
    kept = "".join(c for c in words[: 8 * most] if c.isspace() or (c.isprintable() and c not in _NOTATION))
    return " ".join(kept.split())[:most].strip()


def numbering(lines: Sequence[str], header: int) -> Numbering | None:
    """That of the view whose header is `lines[header]`, None where that is no header. Raises FormatError."""
    known = HEADER.fullmatch(lines[header]) if header < len(lines) else None
    return Numbering(gutter_of(list(lines[header + 1 :]), known[1])) if known else None


def read(view: Numbering | None, lines: Sequence[str]) -> Iterator[Line]:
    """The lines of a text below its header. Raises FormatError on a view that its encoder does not write."""
    return (_read_line(line) for line in lines) if view is None else _read_view(view, lines)


def _read_line(line: str) -> Line:
    """A line without a number. A reference may stand after the sign of a diff's line: all its lines then have it."""
    reference = Reference.read(line)
    if reference is None and line[:1] in SIGNS and (signed := Reference.read(line[1:])) is not None:
        return Line(None, line[0], line[1:], signed)
    return Line(None, "", line, reference)


def _read_view(view: Numbering, lines: Sequence[str]) -> Iterator[Line]:
    match, full, short = view.match, view.full, view.short
    expected: int | None = None  # the number of this line inside a run
    told = False  # whether the line above is a reference inside a run
    for line in lines:
        shown = match(line) if line[:1] in _NUMBERED else None
        number, prefix = expected, ""
        if expected is None:
            if shown is not None and shown[0] == full % int(shown[1]):
                number, prefix = int(shown[1]), shown[0]
        elif line == END:
            expected, told = None, False
            yield Line(None, END, "", None)
            continue
        elif shown is not None and shown[0] == short % int(shown[1]):
            number, prefix = int(shown[1]), shown[0]
        text = line[len(prefix) :]
        reference = Reference.read(text)
        if number is None:
            yield Line(None, "", text, reference)
            continue
        if reference is not None and reference.first != number and not prefix:
            raise FormatError(f"line {number} of a numbered view holds a reference and must show its number")
        if reference is None and number == expected and prefix != view.due(number, text) and not (told and prefix):
            raise FormatError(f"line {number} of a numbered view has not the number that is due before it")
        if reference is None and told and not prefix:
            raise FormatError(f"line {number} of a numbered view follows a reference and must show its number")
        yield Line(number, prefix, text, reference)
        told = reference is not None
        expected = number + 1 + (reference.last - reference.first if reference else 0)


class Shown(NamedTuple):
    """A text's stretches in order, and how it numbers its lines."""

    view: Numbering | None
    lines: list[str]
    stretches: list[Stretch]


def shown(text: str, kind: str) -> Shown:
    """`text` as it was sent, told or not. Raises FormatError."""
    lines = text.split("\n")
    header = int(lines[0] == LEGEND)
    view = numbering(lines, header) if kind == VIEW else None
    body = header + (view is not None)
    return Shown(view, lines, list(_stretches(read(view, lines[body:]), body)))


def _stretches(lines: Iterable[Line], body: int) -> Iterator[Stretch]:
    texts: list[str] = []
    expected: int | None = None
    at = body
    for number, prefix, text, reference in lines:
        stands = reference is None and prefix != END and (number is not None or not _NOTE.match(text))
        if texts and (number != expected or not stands):
            yield Stretch(at - len(texts), None if expected is None else expected - len(texts), texts)
            texts = []
        if stands:
            texts.append(text)
            expected = None if number is None else number + 1
        at += 1
    if texts:
        yield Stretch(at - len(texts), None if expected is None else expected - len(texts), texts)


def windows(lines: Sequence[str]) -> list[int]:
    """A key for each place where `WINDOW` lines begin, 0 where they hold too little to start a run."""
    sizes = list(accumulate(map(len, map(str.strip, lines)), initial=0))
    keys = map(hash, zip(*(lines[i:] for i in range(WINDOW)), strict=False))
    return [
        key if end - start >= WINDOW_CHARS else 0 for key, start, end in zip(keys, sizes, sizes[WINDOW:], strict=False)
    ]


class Index:
    """Where the windows of one sent text stand."""

    def __init__(self, text: str, kind: str) -> None:
        """Raises FormatError."""
        self.view, _, stretches = shown(text, kind)
        self.lines: list[str] = []
        self._starts: list[int] = []
        self._numbers: list[int] = []
        self.first: dict[int, int] = {}
        self._more: dict[int, list[int]] = {}
        beyond = 0
        for at, number, lines in stretches:
            if self.view is None:
                number = at + 1
            if number is None or number < beyond:
                continue  # no number, or one that stands further up as well
            beyond = number + len(lines)
            self._add(number, lines)

    def _add(self, number: int, lines: list[str]) -> None:
        start = len(self.lines)
        self._starts.append(start)
        self._numbers.append(number)
        self.lines += lines
        for place, key in enumerate(windows(lines), start):
            if self.first.setdefault(key, place) != place:
                more = self._more.setdefault(key, [])
                if len(more) < MAX_PLACES - 1:
                    more.append(place)
        self.first.pop(0, None)

    def places(self, key: int) -> list[int]:
        """Where this window stands: indices into `lines`."""
        return [self.first[key], *self._more.get(key, ())]

    def stretch(self, place: int) -> tuple[int, int, int]:
        """The stretch around a place: its start and end in `lines`, and the number of the line at `place`."""
        i = bisect_right(self._starts, place) - 1
        start = self._starts[i]
        end = self._starts[i + 1] if i + 1 < len(self._starts) else len(self.lines)
        return start, end, self._numbers[i] + place - start

    def numbered(self, first: int, last: int) -> list[str]:
        """The lines with these numbers. Raises FormatError where they do not all stand in one stretch."""
        i = bisect_right(self._numbers, first) - 1
        if i >= 0:
            start = self._starts[i]
            end = self._starts[i + 1] if i + 1 < len(self._starts) else len(self.lines)
            place = start + first - self._numbers[i]
            stop = place + last - first + 1
            if stop <= end:
                return self.lines[place:stop]
        raise FormatError(f"no lines {first}-{last} stand in the earlier text")


class Indexes:
    """The indexes made last, for as many texts as fit; what a text's index is depends on the text alone."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._used = 0
        self._known: OrderedDict[tuple[bool, str], Index | None] = OrderedDict()
        self._lock = Lock()

    def get(self, text: str, kind: str) -> Index | None:
        """The index of a text as sent; None if it is no text of its kind."""
        key = (kind == VIEW, text)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        index = _index(text, kind)
        with self._lock:
            if key not in self._known:
                self._known[key] = index
                self._used += len(text)
            while self._used > self._room and len(self._known) > 1:
                (_, oldest), _ = self._known.popitem(last=False)
                self._used -= len(oldest)
        return index


def _index(text: str, kind: str) -> Index | None:
    try:
        return Index(text, kind)
    except FormatError:
        return None


indexes = Indexes(CACHE_CHARS)
