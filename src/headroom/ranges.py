r"""Ranges of a stored text: by line number, or the best match for a query.

An agent that needs something back needs a few lines of it, and what it gets must fit together: `lines` returns the
exact text of a range, so that neighbouring ranges join to the original; `matching` shows lines with the numbers that
`lines` takes. Lines end at `\n` alone and are counted from 1. Every function here is pure, gives the same answer for
the same input, and does work that grows with the length of the text (times the few terms of a query).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from headroom.errors import RangeError

LONG_LINE = 1_000
"""Lines above this many characters (minified JSON, base64) are searched and shown in pieces: whole, one of them would
bring back most of what was cut."""

PIECE = 400
"""Characters of such a piece; a cut moves back to the last blank or comma, so that words stay whole."""

MAX_TERMS = 48
"""Distinct terms taken from a query: the work is the text times its terms, and a question has fewer."""

MERGED_HITS = 8
"""At most this many of the best lines per range asked for: where every line matches, an answer stays an excerpt."""

WEAK = 0.3
"""Share of the best score below which a match is not shown: a line with the common half of `item-0042` is no answer."""

PREFIX_WEIGHT = 0.4
"""What a term counts that only begins a longer word (`transaction` in `transactions`), against the word itself."""

PART_WEIGHT = 0.5
"""What a part of an identifier (`max` of `maxConnections`) counts, against the identifier."""

BM25_K1, BM25_B = 1.2, 0.5
"""Okapi BM25 (Robertson and Zaragoza 2009, §3.2 gives k1 of 1.2 to 2, b of 0.5 to 0.8). `b` is at the low end: a long
log line is not a diluted one."""

_SPEC = re.compile(r"\s*(?:(?:lines?|rows?)\s)?\s*([0-9]{0,12})\s*([-–]?)\s*([0-9]{0,12})\s*")
_WORD = re.compile(r"\w+")
_COMPOUND = re.compile(r"\w+(?:[-./:@#]+\w+)+")
_SUBWORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_ACRONYM_END = re.compile(r"[A-Z](?=[A-Z][a-z])")
_BREAK = re.compile(r"[\s,;]")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
# fmt: off
_COMMON = frozenset((
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "been", "by", "can", "did", "do", "does", "for",
    "from", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "many", "me", "much", "of", "on",
    "or", "our", "out", "please", "show", "so", "than", "that", "the", "their", "them", "then", "there", "these",
    "they", "this", "those", "to", "up", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will",
    "with", "would", "you", "your",
))
# fmt: on
"""Words of questions, not of what is asked for; rare in a log, so that BM25 alone would take them for the best ones."""


class _Unit(NamedTuple):
    """What is scored and shown: a line, or a piece of a long one. `line` counts from 1."""

    line: int
    start: int
    end: int
    long: bool


class _Term(NamedTuple):
    """A lower-cased string to look for, and what finding it is worth."""

    text: str
    weight: float


def parse(spec: str, unit: str = "line") -> tuple[int | None, int | None]:
    """First and last line (or whatever `unit` is) of a range, as written: `41-252` is (41, 252), `41` is (41, 41),
    `41-` to the end is (41, None), and `-20`, the last twenty, is (None, 20) — the grammar of HTTP's byte ranges
    (RFC 9110 §14.1.1). As a notice writes it, `lines 41-252`, it is read as well, and so is an en dash.

    Raises RangeError on anything else, a line 0, or a range that runs backwards.
    """
    match = _SPEC.fullmatch(spec)
    first, dash, last = match.groups() if match else ("", "", "")
    if not (first or (dash and last)) or (last and not dash):
        forms = "write it as 41-252, 41, 41- (to the end) or -20 (the last twenty)"
        raise RangeError(f"{quoted(spec)} is no range of {unit}s; {forms}")
    if not dash:
        last = first
    numbers = (int(first) if first else None, int(last) if last else None)
    if 0 in numbers:
        raise RangeError(f"{quoted(spec)} asks for {unit} 0; {unit}s are counted from 1")
    if numbers[0] is not None and numbers[1] is not None and numbers[1] < numbers[0]:
        raise RangeError(f"{quoted(spec)} runs backwards; write {numbers[1]}-{numbers[0]}")
    return numbers


def bounds(spec: str, count: int, unit: str = "line", whole: str = "the text") -> tuple[int, int]:
    """First and last of `count` lines (or whatever `unit` is) that `spec` names, both there.

    A last one beyond `whole` means its end. Raises RangeError where the first one lies beyond it, and as `parse` does.
    """
    first, last = parse(spec, unit)
    if first is None:
        first, last = max(1, count - (last or 0) + 1), count
    if first > count:
        there = f"has {count:,} {unit}{'s' * (count != 1)}; ask within 1-{count}" if count else "is empty"
        raise RangeError(f"{unit}s {quoted(spec)} lie outside {whole}, which {there}")
    return first, count if last is None else min(last, count)


def lines(text: str, spec: str) -> str:
    r"""The lines of `text` that `spec` names (see `parse`), with their line ends as they are.

    A last line beyond the text means the end of the text. Raises RangeError where the first one lies beyond it.
    """
    starts = _starts(text)
    first, last = bounds(spec, len(starts))
    return text[starts[first - 1] : starts[last] if last < len(starts) else len(text)]


def matching(text: str, query: str, *, ranges: int = 3, context: int = 2) -> str:
    """The ranges of `text` that match `query` best, in the order of the text, each with `context` lines around it.

    A range is a heading `[lines 41-47 of 1200]` and its lines as `41:text`; of a long line only the pieces that match
    are shown, under `[line 1, characters 801-1600 of 52000]`. Matching is lexical: whole identifiers, their camelCase
    and underscore parts, and compounds such as `PG-5523` or `src/app.py`, whatever their case; ranked by BM25. Where
    nothing matches, the answer says so, and what to do.

    Raises ValueError if `ranges` is below 1 or `context` below 0.
    """
    if ranges < 1 or context < 0:
        raise ValueError(f"ranges must be at least 1 and context at least 0, not {ranges} and {context}")
    starts = _starts(text)
    terms = _terms(query)
    units = _units(text, starts)
    scores = _scores(text, units, terms, context)
    if not scores:
        return _nothing(query, terms, len(starts))
    floor = WEAK * max(scores.values())
    strong = [index for index, score in scores.items() if score >= floor]
    best = sorted(strong, key=lambda index: (-scores[index], index))[: ranges * MERGED_HITS]
    chosen: list[tuple[int, int]] = []
    for index in best:
        around = _around(units, index, context)
        if any(_touch(units, around, other) for other in chosen) or len(chosen) < ranges:
            chosen = _merged(units, [*chosen, around])
    shown = sum(first <= index <= last for index in scores for first, last in chosen)
    answer = [_range(text, units, first, last, len(starts)) for first, last in chosen]
    if shown < len(scores):
        answer.append(f"[{len(scores) - shown:,} weaker matches not shown; ask with rarer words, or by lines]\n")
    return "".join(answer)


def quoted(words: str) -> str:
    """`words` in quotes as they may stand in a text of ours: one line, at most 40 printable characters, no brackets."""
    plain = "".join(c if c.isprintable() and c not in '[]{}<>"' else " " for c in words[:200])
    plain = " ".join(plain.split())
    return f'"{plain[:39]}…"' if len(plain) > 40 else f'"{plain}"'


def _starts(text: str) -> list[int]:
    """Where each line starts. A final line end starts no line."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))] if text else []
    if starts and starts[-1] == len(text):
        starts.pop()
    return starts


def _units(text: str, starts: list[int]) -> list[_Unit]:
    units: list[_Unit] = []
    for number, start in enumerate(starts, 1):
        end = starts[number] - 1 if number < len(starts) else len(text) - text.endswith("\n")
        if end - start <= LONG_LINE:
            units.append(_Unit(number, start, end, False))
        else:
            units.extend(_Unit(number, a, b, True) for a, b in _pieces(text, start, end))
    return units


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > PIECE:
        breaks = [match.end() for match in _BREAK.finditer(text, start + PIECE // 2, start + PIECE)]
        cut = breaks[-1] if breaks else start + PIECE
        yield start, cut
        start = cut
    yield start, end


def _terms(query: str) -> list[_Term]:
    """What to look for, most telling first: the words as one phrase, compounds, identifiers, and their parts."""
    literal = query.strip().strip("\"'`")
    phrase = " ".join(literal.split())
    found: dict[str, float] = {}
    if not phrase.isalnum() and 0 < len(phrase) <= 200:
        found[phrase.lower()] = 1.0
    for match in _COMPOUND.finditer(query):
        found.setdefault(match.group().lower(), 1.0)
    words = [word for word in _WORD.findall(query) if word.strip("_")]
    for word in [word for word in words if word.lower() not in _COMMON and (len(word) > 1 or word > "z")] or words:
        found.setdefault(word.lower(), 1.0)
        parts = _SUBWORD.findall(word)
        for part in (part for part in parts if 1 < len(part) < len(word)):
            found.setdefault(part.lower(), PART_WEIGHT)
    if not words and phrase:
        found.setdefault(literal.lower(), 1.0)
    return [_Term(text, weight) for text, weight in list(found.items())[:MAX_TERMS]]


def _scores(text: str, units: list[_Unit], terms: list[_Term], context: int) -> dict[int, float]:
    """BM25 of each unit in which a term stands, plus half of what its neighbours say beyond it: the line with the
    error and the line with the name of the service belong together. The number of neighbours looked at is capped."""
    lowered = text.lower()
    if len(lowered) != len(text):  # İ and a few others grow: keep the positions, give up their case
        lowered = text.translate(_ASCII_LOWER)
    starts = [unit.start for unit in units]
    average = sum(unit.end - unit.start for unit in units) / max(1, len(units)) + 1
    worth: dict[int, dict[int, float]] = {}
    for number, term in enumerate(terms):
        frequency = _frequency(text, lowered, term.text, starts)
        rarity = term.weight * math.log(1 + (len(units) - len(frequency) + 0.5) / (len(frequency) + 0.5))
        for index, count in frequency.items():
            length = BM25_K1 * (1 - BM25_B + BM25_B * (units[index].end - units[index].start) / average)
            worth.setdefault(index, {})[number] = rarity * count * (BM25_K1 + 1) / (count + length)
    near = min(context, 4)
    scores = {}
    for index, own in worth.items():
        beside: dict[int, float] = {}
        for other in range(index - near, index + near + 1):
            for number, value in worth.get(other, {}).items():
                if number not in own:
                    beside[number] = max(value, beside.get(number, 0.0))
        scores[index] = sum(own.values()) + 0.5 * sum(beside[number] for number in sorted(beside))
    return scores


def _frequency(text: str, lowered: str, term: str, starts: list[int]) -> dict[int, float]:
    """How often `term` stands in each unit; a mere beginning of a word counts less, a hit inside a word not at all."""
    stem = term[:-1] if len(term) > 4 and term.endswith("s") and not term.endswith("ss") else term
    frequency: dict[int, float] = {}
    position = lowered.find(stem)
    while position >= 0:
        weight = _hit(text, position, position + len(stem))
        if weight:
            index = bisect_right(starts, position) - 1
            frequency[index] = frequency.get(index, 0.0) + weight
        position = lowered.find(stem, position + len(stem))
    return frequency


def _hit(text: str, start: int, end: int) -> float:
    """1 for a word or a part of an identifier, less for a beginning, 0 inside a word. Scripts that write no blanks
    between words (Chinese, Thai) count wherever they stand."""
    if start and _inside(text[start - 1], text[start]) and not _ACRONYM_END.match(text, start - 1):
        return 0.0
    if end == len(text) or not _inside(text[end - 1], text[end]):
        return 1.0
    return PREFIX_WEIGHT if end - start > 2 else 0.0


def _inside(left: str, right: str) -> bool:
    """True if no word of an identifier ends between these two characters."""
    if not (left.isalnum() and right.isalnum() and left.isascii() and right.isascii()):
        return False
    if left.isdigit() or right.isdigit():
        return left.isdigit() and right.isdigit()
    return not (left.islower() and right.isupper())


def _around(units: list[_Unit], index: int, context: int) -> tuple[int, int]:
    """The units to show with `index`: its neighbours of the same sort (lines, or pieces of its own line)."""
    first = last = index
    for _ in range(1 if units[index].long else context):
        first -= first > 0 and _joins(units[first - 1], units[first])
        last += last + 1 < len(units) and _joins(units[last], units[last + 1])
    return first, last


def _joins(left: _Unit, right: _Unit) -> bool:
    return left.line == right.line if left.long or right.long else True


def _touch(units: list[_Unit], one: tuple[int, int], other: tuple[int, int]) -> bool:
    """True if two ranges overlap, or stand side by side and may be shown as one."""
    (_, end), (start, _) = sorted((one, other))
    return start <= end or (start == end + 1 and _joins(units[end], units[start]))


def _merged(units: list[_Unit], chosen: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(chosen):
        if merged and _touch(units, merged[-1], (first, last)):
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _range(text: str, units: list[_Unit], first: int, last: int, count: int) -> str:
    head, tail = units[first], units[last]
    if not head.long:
        body = "".join(f"{unit.line}:{text[unit.start : unit.end]}\n" for unit in units[first : last + 1])
        where = f"lines {head.line}-{tail.line}" if tail.line > head.line else f"line {head.line}"
        return f"[{where} of {count}]\n{body}"
    origin = text.rfind("\n", 0, head.start) + 1
    end = text.find("\n", head.start)
    length = (len(text) if end < 0 else end) - origin
    where = f"line {head.line} of {count}, characters {head.start - origin + 1}-{tail.end - origin} of {length}"
    return f"[{where}]\n{head.line}:{text[head.start : tail.end]}\n"


def _nothing(query: str, terms: list[_Term], count: int) -> str:
    if not terms:
        return f"[the query is empty; ask with words of the text, or by lines within 1-{count}]\n"
    if not count:
        return "[the text is empty]\n"
    return f"[no line of {count} matches {quoted(query)}; ask with other words, or by lines within 1-{count}]\n"
