"""Line templates with words as names: the first line of a kind stands whole, with its values in braces.

`Name := text {v} text {=v}` is that line and names its kind; later, `Name v` is such a line with the value v, in each
place where the first had it. `"` is the value of the last line of that name, and so is what is left out at the end. A
value in quotes reads to its closing quote. Other lines stand for themselves, after a backslash where they would be
read as one of these; a single leading blank, which prefix headings leave, is kept outside all this. Lines that speak
of a failure stay whole while they are few; where they are many, their name holds the word for the failure, so that a
search for it still finds each.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import eq, ne
from typing import NamedTuple

from headroom.compressors._lines import echoes
from headroom.compressors._lines.clusters import DIGIT, UNIT, Column, alarm, clusters
from headroom.compressors._lines.cost import cost
from headroom.compressors._lines.shapes import Shape, is_phrase, shape
from headroom.errors import FormatError

BRACES = ("{}", "«»", "‹›", "⟨⟩", "⟦⟧")
"""The marks around a value, the first pair that no defining line holds."""

MIN_GAIN = 8
"""A template must save this many tokens, by estimate."""

SHORT = 3
"""A line of so many tokens and no word stands as it is: a name for it is no shorter."""

FEW_ALARMS = 12
"""Up to this many lines of a kind that speak of a failure stay whole."""

DITTO_CHARS = 4
"""Shorter values are repeated rather than told as the same: nothing to look up, and about as short."""

STEADY = 0.6
"""A column of short values is steady if this share of them is the value before."""

DITTO_RUN = 24
"""After this many, a value is written again, so that a reader never looks back further."""

DITTO = UNIT
"""Stands for the mark of a value that is the one before, while a line is put together: no value holds it."""

_WORD = re.compile(r"(?<![\w:.%/\\-])[^\W\d_]{3,}(?!\w)")
_ANY_WORD = re.compile(r"[^\W\d_]{2,}")
_DEFINITION = re.compile(r"(\w+) := ")


@dataclass(slots=True)
class _Template:
    """A shape and what is written of it."""

    shape: Shape
    name: str


def _free(line: str) -> bool:
    return False


def _unnamed(text: str) -> Sequence[str]:
    return ()


class Manner(NamedTuple):
    """What is peculiar to the lines of one source: which words vary, how many lines of a kind stay whole, how many of
    one that speaks of a failure, how often in a row a value is told as the one before, and which names a constant text
    brings along, the best first."""

    varies: re.Pattern[str] = DIGIT
    few: int = 1
    few_alarms: int = FEW_ALARMS
    ditto: int = DITTO_RUN
    names: Callable[[str], Sequence[str]] = _unnamed


PLAIN = Manner()


class Notation(NamedTuple):
    """What a reader has to know: the brace pair, and whether values are told as equal to another or to the last."""

    braces: str
    equal: bool
    last: bool


def encode(
    lines: Sequence[str], fixed: Callable[[str], bool] = _free, manner: Manner = PLAIN
) -> tuple[list[str], Notation] | None:
    """The lines with templates, and the notation used; None where no template pays.

    `fixed` names lines that are another codec's notation and must be left alone.
    """
    kinds = clusters(lines, fixed, manner.varies)
    shapes = [s for s in map(shape, kinds) if s and _pays(lines, s, manner)]
    braces, usable = _marked(lines, shapes)
    if not usable:
        return None
    templates = _named(lines, usable, manner.names)
    written: list[str | None] = [None] * len(lines)
    last = False
    references = [i for i, line in enumerate(lines) if line[:1] == "[" and echoes.REFERENCE.match(line)]
    for template in templates:
        texts, told = _written(template, braces, references, manner.ditto)
        last |= told
        for row, short in zip(template.shape.rows, texts, strict=True):
            written[row] = " " + short if lines[row][0] == " " else short
    starts = {template.shape.rows[0]: template.name for template in templates}
    names: set[str] = set()
    out = []
    for i, (line, text) in enumerate(zip(lines, written, strict=True)):
        if i in starts:
            names.add(starts[i])
        out.append(_plain(line, names) if text is None else text)
    equal = any(same >= 0 for s in usable for same in s.same)
    return out, Notation(braces, equal, last)


def decode(lines: Sequence[str], braces: str) -> list[str]:
    """The lines that `encode` was given. Raises FormatError where a definition or a line's values do not fit."""
    out = []
    known: dict[str, _Known] = {}
    for line in lines:
        blank = line[:1] == " "
        body = line[1:] if blank else line
        if body[:1] == "\\":
            body = body[1:] if _is_ours(body.lstrip("\\"), known) else body
        else:
            name, gap, rest = body.partition(" ")
            template = known.get(name)
            if template is not None:
                body = template.line(rest if gap else None)
            elif rest[:3] == ":= " and _DEFINITION.match(body):
                known[name] = template = _Known(rest[3:], braces)
                body = template.first
        out.append(" " + body if blank else body)
    return out


class _Known:
    """A template as a decoder knows it: the constant texts, and the values of its last line."""

    def __init__(self, definition: str, braces: str) -> None:
        left, right = map(re.escape, braces)
        parts = re.split(f"{left}([^{left}{right}]*){right}", definition)
        self._texts = parts[::2]
        self._slots: list[int] = []
        self._phrases: list[bool] = []
        self._last: list[str] = []
        for value in parts[1::2]:
            if value[:1] == "=":
                try:
                    self._slots.append(self._last.index(value[1:]))
                except ValueError:
                    raise FormatError(f"{value[:40]!r} repeats no value before it") from None
            else:
                self._slots.append(len(self._last))
                self._last.append(value)
                self._phrases.append(is_phrase(value))
        self.first = self._text()
        if any(mark in text for text in self._texts for mark in braces):
            raise FormatError(f"the template {definition[:60]!r} has a brace without its pair")

    def line(self, values: str | None) -> str:
        """The text of a line with these values."""
        words = [] if values is None else self._words(values)
        if len(words) > len(self._last):
            raise FormatError(f"{len(words)} values stand where {len(self._last)} belong: {str(values)[:60]!r}")
        self._last[: len(words)] = [old if new == '"' else new for new, old in zip(words, self._last, strict=False)]
        return self._text()

    def _words(self, values: str) -> list[str]:
        if not any(self._phrases):
            return values.split(" ")
        words, start = [], 0
        for phrase in self._phrases:
            if phrase and values[start : start + 1] == '"' and values[start + 1 : start + 2] not in ("", " "):
                stop = values.find('"', start + 1) + 1
            else:
                stop = values.find(" ", start)
                stop = len(values) if stop < 0 else stop
            if stop < start or start > len(values):
                break
            words.append(values[start:stop])
            start = stop + 1
        return words if start == len(values) + 1 else [*words, values[start:]]

    def _text(self) -> str:
        out = [self._texts[0]]
        for slot, text in zip(self._slots, self._texts[1:], strict=True):
            out += (self._last[slot], text)
        return "".join(out)


def _pays(lines: Sequence[str], s: Shape, manner: Manner) -> bool:
    first = lines[s.rows[0]]
    n = len(s.rows)
    if n <= manner.few or (n <= manner.few_alarms and _alarm(lines, s)):
        return False
    if not s.columns and cost(first) <= SHORT and not _ANY_WORD.search(first):
        return False  # a bracket needs no name
    own = [c for c, same in zip(s.columns, s.same, strict=True) if same < 0]
    if any('"' in column for column in own):
        return False
    if any(not all(map(is_phrase, column)) for column in own if is_phrase(column[0])):
        return False
    later = cost(" ".join(["Name", *(column[1] for column in own)]))
    return (n - 1) * (cost(first) - later) >= MIN_GAIN + 3 + 2 * len(s.columns)


def _alarm(lines: Sequence[str], s: Shape) -> str:
    """The word that tells of a failure in lines of this shape; of `errors=0` only where the number is another one in
    some."""
    return alarm(lines[s.rows[0]]) or alarm("".join(s.texts))


def _marked(lines: Sequence[str], shapes: Sequence[Shape]) -> tuple[str, list[Shape]]:
    """The brace pair that most shapes can be defined with, and these shapes."""
    best, most = BRACES[0], -1
    for braces in BRACES:
        usable = sum(_writable(lines, s, braces) for s in shapes)
        if usable > most:
            best, most = braces, usable
        if usable == len(shapes):
            break
    return best, [s for s in shapes if _writable(lines, s, best)]


def _writable(lines: Sequence[str], s: Shape, braces: str) -> bool:
    first = lines[s.rows[0]]
    if braces[0] in first or braces[1] in first:
        return False
    return not any(column[0][:1] == "=" for column in s.columns)


def _named(lines: Sequence[str], shapes: Sequence[Shape], names: Callable[[str], Sequence[str]]) -> list[_Template]:
    """Gives each shape a name that it brings along, or a word of its own text, most telling first; the words that open
    other lines are avoided."""
    texts = [" ".join(s.texts) for s in shapes]
    vocabularies = [list(dict.fromkeys(_WORD.findall(text) + _ANY_WORD.findall(text)[:20])) for text in texts]
    spread = Counter(word for words in vocabularies for word in words)
    taken = {row for s in shapes for row in s.rows}
    openings = {line.split(" ", 2)[line[:1] == " "] for i, line in enumerate(lines) if line and i not in taken}
    used: set[str] = set()
    out = []
    order = sorted(range(len(shapes)), key=lambda i: -len(shapes[i].rows))
    for i in order:
        ranked = sorted(
            enumerate(vocabularies[i][:60]),
            key=lambda word: (_dullness(word[1]) + min(spread[word[1]], 9) * 2 + word[0] * 0.1, word[1]),
        )
        name = _name([*names(texts[i]), *(word for _, word in ranked)], used, openings, _alarm(lines, shapes[i]))
        used.add(name)
        out.append(_Template(shapes[i], name))
    return out


@lru_cache(maxsize=4_096)
def _dullness(word: str) -> float:
    """How little a word tells by itself: many tokens long, or short as function words are."""
    return cost(" " + word) * 3 + max(0, 6 - len(word)) * 0.8


def _name(words: Sequence[str], used: set[str], openings: set[str], failure: str) -> str:
    failure = failure.replace(" ", "_")
    for word in words:
        name = word if failure.lower() in word.lower() else f"{failure}_{word}"
        if name not in used and name not in openings:
            return name
    stem = failure or (words[0] if words else "Line")
    number = 2
    while f"{stem}{number}" in used or f"{stem}{number}" in openings:
        number += 1
    return f"{stem}{number}"


def _written(template: _Template, braces: str, references: Sequence[int], most: int) -> tuple[list[str], bool]:
    """The lines of one kind, and whether any value is told as the one before: never below one of the `references`,
    which may stand for a line of this kind."""
    s = template.shape
    above = [bisect_left(references, row) for row in s.rows]
    afresh = [False, *map(ne, above, above[1:])]
    first = [s.texts[0]]
    for column, same, text in zip(s.columns, s.same, s.texts[1:], strict=True):
        first += (braces[0], "=" if same >= 0 else "", column[0], braces[1], text)
    columns = [_shortened(s.columns[k], afresh, most) for k, same in enumerate(s.same) if same < 0]
    later = list(map(" ".join, zip([template.name] * len(s.rows), *columns, strict=True)))
    told = any(map(ne, columns, (s.columns[k] for k, same in enumerate(s.same) if same < 0)))
    if told:
        blank = " " + DITTO
        for k, line in enumerate(later):
            while line.endswith(blank):
                line = line[: -len(blank)]
            later[k] = line.replace(DITTO, '"')
    later[:1] = [f"{template.name} := {''.join(first)}"]
    return later, told


def _shortened(column: Column, afresh: Sequence[bool], most: int) -> Column:
    """A column with DITTO where a value is the one before, unless it is short and changes often, or told afresh."""
    again = [same and not new for same, new in zip((False, *map(eq, column, column[1:])), afresh, strict=True)]
    times = sum(again)
    if not times or (len(column[0]) < DITTO_CHARS and times < STEADY * (len(column) - 1)):
        return column
    out, run = [], 0
    for value, same in zip(column, again, strict=True):
        run = run + 1 if same and run < most else 0
        out.append(DITTO if run else value)
    return tuple(out)


def _plain(line: str, names: Container[str]) -> str:
    body = line[1:] if line[:1] == " " else line
    if not _is_ours(body.lstrip("\\"), names):
        return line
    return " \\" + body if line[:1] == " " else "\\" + line


def _is_ours(body: str, names: Container[str]) -> bool:
    """True if a line that starts like this would be read as a definition or as a line of a kind defined above it."""
    name, _, rest = body.partition(" ")
    return name in names or (rest[:3] == ":= " and _DEFINITION.match(body) is not None)
