"""The entries of a log as units that may be left out: what each shows, and which ones tell the story.

An entry is the line that begins it and the lines that continue it. Entries show the same if all their words are equal
and only numbers, ids and times differ. Templates that make names out of plain words are right for encoding, where
nothing is lost, but wrong here: a word that stands in few entries is the news.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple

from headroom.compressors._lines.clusters import ALARMS
from headroom.compressors._lines.heads import GRAVITY, HEAD, TIME
from headroom.compressors._lines.measures import NAME, UNITS, Measure, in_order, measure, numbers, room, summary
from headroom.compressors._lines.templates import FEW_ALARMS
from headroom.compressors._select import RARE, UNUSUAL_SHARE
from headroom.types import Facts, Unit

HOLE = "\0"
"""Stands for what varies in an entry's words; no text that is encoded holds it."""

SLOT = re.compile(
    r"(?<![A-Za-z0-9])(?<!\.[a-z]:)(?<!\.[a-z]{2}:)(?<!\.[a-z]{3}:)(?<!\.[a-z]{4}:)(?<!line )-?(?:"  # no line of a file
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![A-Za-z0-9])"  # a UUID
    r"|(?<!\d[.:])\d+(?:\.\d+)?"  # a number, without its unit
    rf"(?={UNITS}(?![A-Za-z0-9_/])|(?![A-Za-z0-9_]|[.:]\d))"
    r"|[A-Za-z]*+\d[A-Za-z0-9]*"  # a word with a digit
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?![A-Za-z])"
    r")",
    re.ASCII,
)
"""What may differ between entries that show the same."""

FAILURES = (*ALARMS, "fail", "severe", "abort", "killed", "refused", "denied", "unreachable", "corrupt")
"""In small letters, words one of which stands in every line that speaks of a failure."""

_VARYING = re.compile(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b", re.IGNORECASE)
"""What may differ between two lines on one failure: less than elsewhere, as the facts gate asks for one of each."""

_FILE = re.compile(r"[-dlbcps](?:[r-][w-][xsStT-]){3}[.+@]? +\d")
"""A line of `ls -l`: names that differ in digits alone are different files, and the agent asked which there are."""

_TURN = re.compile(
    r"(?i)\b(?:start(?:ed|ing|up)?|stop(?:ped|ping)?|restart(?:ed|ing)?|shut(?:ting)? ?down|reboot(?:ed|ing)?"
    r"|boot(?:ed)?|(?:dis|re)?connect(?:ed|ing)|fail(?:ed )?over|promoted|demoted|elected|leader|joined|left"
    r"|reload(?:ed|ing)?|deploy(?:ed|ing)?|upgrad(?:ed|ing)|rolled back|recovered|ready|listening|lost|online|offline"
    r"|enabled|disabled|changed|switch(?:ed|ing)|exit(?:ed|ing)?|completed|finished)\b"
)
"""A word of an entry after which things are other than before."""

FEW_TURNS = 6
"""Up to this many entries of a kind that tells of a turn are shown: of more, none is the turn."""

FEW_STATES = 8
"""A number that takes at most this many values, each often, is a state: the first entry with each is shown."""

SILENCE, SILENT_SECONDS, SILENCES = 20, 60, 3
"""A silence is so many times the mean time between entries, and so many seconds; the longest so many are shown."""

SAMPLED = 200
"""Lines, evenly spread, that tell which clock is the time."""

MOSTLY = 0.5
"""Share of the lines that do not continue one by their form which must say when or how grave for all others to do."""

COMMON = 0.95
"""A word in this share of all entries (the host, the program) says nothing of their kind."""

LABEL = 36
"""Characters that name a kind of entries in a notice."""

TELLING = 12
"""Where the words that tell kinds apart have fewer characters, the others stand beside them."""

_GRAVE = re.compile(
    r"\b(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL|SEVERE|ALERT|EMERG)\b", re.IGNORECASE
)
_PLAIN = re.compile(r"(?<![^\s|])[(\[<'\"*-]*([^\W\d_](?:[\w/$.-]*[^\W_])?)")
"""The first word of what stands between blanks or bars, if it opens with a letter."""

_DATE = re.compile(r"(?:[\s/.,:T-]|[^\W\d_]+\.?(?=\s|/|\d)|\d{1,4}(?!\d))*")
"""What may stand between a part of a date and the time."""

_DIGITS = re.compile(r"\d+")
_OUTER = re.compile(r".*[.$/]")
_INDENT = re.compile(r"[.,]?\d*(?:Z|[+-]\d\d:?\d\d)?(?: {2,}|\t)\s*[^\d\s\[|]", re.ASCII)
"""What follows the time of a line that continues another one."""

_CLOCK = re.compile(r"(?<!\d)(\d\d):(\d\d):(\d\d)(?!\d)", re.ASCII)
_WHEN = re.compile(
    r"(?:(\d{2,4}[-/.]\d\d[-/.]\d\d|\d\d/[A-Z][a-z]{2}/\d{4}|[A-Z][a-z]{2} +\d{1,2})[ T:_])?\d\d:\d\d:\d\d", re.ASCII
)

Entry = tuple[int, int]
"""First and last line, counted from 0, inclusive."""


class Log(NamedTuple):
    """The entries of a log as units, by their key what the first of their values measures, and which of the clocks at
    the head of a line is the one that goes on."""

    units: list[Unit]
    measured: Mapping[str, Measure]
    clock: int


def fails(lines: Sequence[str]) -> list[bool]:
    """Which lines speak of a failure, or may do so: a word that is part of another one counts."""
    return [any(word in line for word in FAILURES) for line in map(str.lower, lines)]


def form(line: str) -> str:
    """What two lines that speak of one failure have in common."""
    return _VARYING.sub("0", line.strip())


def read(facts: Facts) -> Log:
    """The units of a log, worked out once."""
    return facts.once("logs.units", lambda: _read(facts))


def told(facts: Facts, run: Sequence[Unit]) -> str:
    """The most frequent kinds of entries in a run with their count, what their first number measured, and the time."""
    log = read(facts)
    span = _span(run, log.clock)
    left = room(run) - len(span)
    kinds: dict[str, list[Unit]] = defaultdict(list)
    for unit in run:
        kinds[unit.kind].append(unit)
    made: list[str] = []
    rest = len(run)
    for label, units in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        short = f"{len(units):,} × {label}"
        others = _others(rest - len(units))
        figures = _figures(units, log.measured)
        said = [", ".join(filter(None, [*made, short + more, others])) for more in dict.fromkeys((figures, ""))]
        more = next((more for more, words in zip((figures, ""), said, strict=False) if len(words) <= left), None)
        if more is None and made:
            break
        made.append(short + (more or ""))
        rest -= len(units)
    return ", ".join(filter(None, [*made, _others(rest)])) + span


def _others(count: int) -> str:
    return f"{count:,} other{'s' * (count > 1)}" if count else ""


def _figures(units: Sequence[Unit], measured: Mapping[str, Measure]) -> str:
    """What the first number of these units measured, in brackets; empty if they measure different things."""
    measures = {measured.get(unit.alike) for unit in units}
    what = measures.pop()
    return "" if measures or what is None else f" ({summary([unit.values[0] for unit in units], what)})"


def _span(run: Sequence[Unit], clock: int) -> str:
    """From when to when a run is, by the clock at the head of its first and last entry; with days where they differ."""
    heads = [list(_WHEN.finditer(unit.text, 0, HEAD)) for unit in (run[0], run[-1])]
    if any(len(found) <= clock for found in heads):
        return ""
    first, last = (found[clock] for found in heads)
    if first[1] != last[1]:
        return f", {first[0]} to {last[0]}"
    first_time, last_time = first[0][-8:], last[0][-8:]
    return f", {first_time} to {last_time}" if first_time < last_time else ""


def _read(facts: Facts) -> Log:
    lines = facts.lines
    if HOLE in facts.text or len(lines) < 2:
        return Log([], {}, 0)
    masked = SLOT.sub(HOLE, facts.text).split("\n")
    failing = fails(lines)
    keys = [form(line) if bad else mask for line, mask, bad in zip(lines, masked, failing, strict=True)]
    entries = _entries(lines)
    groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, (first, last) in enumerate(entries):
        groups[tuple(keys[first : last + 1])].append(place)
    labels = _labels([masked[entries[places[0]][0]] for places in groups.values()], list(map(len, groups.values())))
    clock = _clock([lines[first] for first, _ in entries])
    keep = dict(_silences(lines, entries, clock))
    units: dict[int, Unit] = {}
    measured: dict[str, Measure] = {}
    for number, (label, places) in enumerate(zip(labels, groups.values(), strict=True)):
        heads = [lines[entries[place][0]] for place in places]
        first, last = entries[places[0]]
        for i, reason in _told_by_words(heads, failure=any(failing[first : last + 1])):
            keep.setdefault(places[i], reason)
        values: list[tuple[float, ...]] = [()] * len(places)
        if len(places) > RARE:
            columns = _columns(heads)
            for i, reason in _states(columns):
                keep.setdefault(places[i], reason)
            series = [(column.what, column.values) for column in columns if column.what and column.values]
            if series:
                measured[str(number)] = series[0][0]
                values = list(zip(*(column for _, column in series), strict=True))
        for place, row in zip(places, values, strict=True):
            start, stop = entries[place]
            text = "\n".join(lines[start : stop + 1])
            alike = str(number) if len(places) > 1 and not _FILE.match(text) else ""
            units[place] = Unit(start + 1, stop + 1, text, label, alike, keep.get(place, ""), row)
    return Log([units[place] for place in range(len(entries))], measured, clock)


def _entries(lines: Sequence[str]) -> list[Entry]:
    """Every line that says when or how grave begins an entry, where most do; else each that does not begin blank.
    Where every line is stamped with the time, one that is indented behind it continues an entry."""
    plain = [i for i, line in enumerate(lines) if line.strip() and line[0] not in " \t"]
    headed = [i for i in plain if TIME.search(lines[i], 0, HEAD) or GRAVITY.search(lines[i], 0, HEAD)]
    starts = headed if len(headed) >= MOSTLY * len(plain) else plain
    starts = [i for i in starts if not _indented(lines[i])]
    if not starts or starts[0]:
        starts = [0, *starts]
    return [(start, after - 1) for start, after in pairwise([*starts, len(lines)])]


def _indented(line: str) -> bool:
    end = max((found.end() for found in TIME.finditer(line, 0, HEAD)), default=-1)
    return end > 0 and bool(_INDENT.match(line, end)) and not GRAVITY.search(line, 0, HEAD)


def _labels(masked: Sequence[str], times: Sequence[int]) -> list[str]:
    """A few words that name each kind: how grave, and the first words that not all entries have."""
    words = [list(dict.fromkeys(_OUTER.sub("", word) for word in _PLAIN.findall(line))) for line in masked]
    spread: Counter[str] = Counter()
    for said, count in zip(words, times, strict=True):
        spread.update(dict.fromkeys(said, count))
    most = COMMON * sum(times)
    labels = []
    for line, said in zip(masked, words, strict=True):
        grave = _GRAVE.search(line, 0, 2 * HEAD)
        label = grave[0].upper() if grave else ""
        said = [word for word in said if not NAME.fullmatch(word)]
        telling = [word for word in said if spread[word] < most]
        for word in telling if len(" ".join(telling)) >= TELLING else said:
            if word and word.upper() != label and len(label) + len(word) < LABEL:
                label = f"{label} {word}".strip()
        labels.append(label or "entries")
    return labels


def _clock(heads: Sequence[str]) -> int:
    """Which of the clocks at the head of a line changes most: the others are part of a name."""
    sample = heads[:: max(1, len(heads) // SAMPLED)]
    clocks = [[found[0] for found in _CLOCK.finditer(head, 0, HEAD)] for head in sample]
    seen = [len(set(column)) for column in zip_longest(*clocks)]
    return seen.index(max(seen)) if seen else 0


def _silences(lines: Sequence[str], entries: Sequence[Entry], clock: int) -> Iterator[tuple[int, str]]:
    """The entries before and after the longest silences."""
    timed = []
    for place, (first, _) in enumerate(entries):
        found = _CLOCK.findall(lines[first][:HEAD])
        if len(found) > clock:
            hours, minutes, seconds = map(int, found[clock])
            timed.append((place, hours * 3600 + minutes * 60 + seconds))
    gaps = []
    for (before, a), (after, b) in pairwise(timed):
        gap = b - a if b >= a else b - a + 86_400
        if gap < 43_200:  # else a clock that went back
            gaps.append((gap, before, after))
    least = max(SILENT_SECONDS, SILENCE * sum(gap for gap, _, _ in gaps) / max(1, len(gaps)))
    for gap, before, after in sorted(gaps, reverse=True)[:SILENCES]:
        if gap >= least:
            yield before, "before a silence"
            yield after, "after a silence"


def _told_by_words(heads: Sequence[str], failure: bool) -> Iterator[tuple[int, str]]:
    """Which entries of a kind must be shown for what they say."""
    n = len(heads)
    if failure:
        yield from ((i, "failure") for i in (range(n) if n <= FEW_ALARMS else (0, n - 1)))
    elif n <= FEW_TURNS and _TURN.search(heads[0]):
        yield from ((i, "turn") for i in range(n))


class Column(NamedTuple):
    """One place in which the entries of a kind differ: the words there, what they measure, and their values if so."""

    words: tuple[str, ...]
    what: Measure | None
    values: list[float] | None


def _columns(heads: Sequence[str]) -> list[Column]:
    """What varies in the first lines of entries of one kind, but for their time."""
    line = heads[0]
    slots = list(SLOT.finditer(line))
    rows = [SLOT.findall(head) for head in heads]
    if not slots or any(len(row) != len(slots) for row in rows):
        return []
    times = [found.span() for found in TIME.finditer(line, 0, HEAD)]
    begin, end = min(times, default=(0, 0))[0], max((stop for _, stop in times), default=0)
    end += line[end : end + 1] in (",", ".")  # a fraction of a second follows
    columns = []
    for slot, words in zip(slots, zip(*rows, strict=True), strict=True):
        if slot.end() <= begin:
            dated = _DATE.fullmatch(line, slot.end(), begin)
            columns.append(Column(tuple(map(_undated, words)) if dated else words, None, None))
            continue
        if slot.start() < end or (slot.start() == end and line[end - 1 : end] in (",", ".")):
            continue
        what = measure(line, *slot.span())
        columns.append(Column(words, what, numbers(words) if what else None))
    return columns


def _undated(word: str) -> str:
    """A word right before the time without its digits, which tell the day: `E0309` is an error of 9 March."""
    return _DIGITS.sub("0", word) if _DIGITS.search(word) else ""


def _states(columns: Sequence[Column]) -> Iterator[tuple[int, str]]:
    """The entries with a value that few have where nearly all share some, and the first ones with each of these."""
    for column in columns:
        counts = Counter(column.words)
        if len(counts) == 1 or (column.values and not in_order(column.values)):
            continue
        often = {word for word, count in counts.items() if count > RARE}
        if sum(counts[word] for word in often) < (1 - UNUSUAL_SHARE) * len(column.words):
            continue
        yield from ((i, "rare value") for i, word in enumerate(column.words) if word not in often)
        if len(often) <= FEW_STATES:
            yield from ((column.words.index(word), "first with this value") for word in sorted(often))
