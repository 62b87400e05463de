"""The one engine that decides what stays. Compressors describe their units; nobody else chooses.

A unit may go only where others show the same thing (`Unit.alike`), so that what is lost is a repetition. Of such a
group the first stays (of a light kind only if no other must), and each one that a reader would look for: what must be
shown, what the query names, values far from the group's, and the places where the values change for good. `deep` levels
also drop units that are like nothing else but say no word that was not said before.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from itertools import chain, pairwise
from statistics import median

from headroom.types import Judged, Unit

EDGES = (2, 1)
"""Units shown at the start and at the end of a text: its form, and where it stopped."""

RARE = 3
"""A group of at most this many is shown whole: a notice would cost what it spares, and rare things matter."""

MIN_CUT_CHARS = 300
"""A run of units with less text than this is shown: its notice is a sixth of that, and breaks cost attention."""

LIGHT_CUT_CHARS = 90
"""The same where all of them are of kinds that nobody reads one by one: twice the text of a notice."""

NAMED_SHARE, NAMED_LEAST = 0.2, 3
"""A word of the query names the units it stands in if these are at most this share of all, or this many."""

FAR = 6.0
"""A value is unusual this many standard deviations from the median (1.4826 times the median absolute deviation, which
a few outliers do not move; Rousseeuw and Croux 1993)."""

UNUSUAL_SHARE = 0.05
"""At most this share of a group is unusual, the most extreme: where more are, spread is what is usual."""

HIGH, LOW = 2.0, 10.0
"""The few greatest values are unusual if they are so many times the next one, the few least if the next one is so many
times them: where values spread widely, one that stands alone at an end may be near enough to the median."""

STATES = 8
"""A number that takes at most so many values again and again is a state: what it takes besides, rarely, is unusual."""

WINDOW = 8
"""Values on each side of a place that are compared to tell whether the level changed there."""

_WORD = re.compile(r"[^\W_](?:[\w.\-/:@#]*\w)?")
_TIME = re.compile(r"(?<![\d:.])(\d\d?):(\d\d)(:\d\d)?(?![\d:])", re.ASCII)
# fmt: off
_HUMP = re.compile(r"[A-Z][a-z]+(?=[A-Z])|(?<=[a-z])[A-Z][a-z]+|[a-z]+(?=[A-Z])")
_COMMON = frozenset((
    "about", "after", "again", "also", "been", "before", "could", "does", "each", "error", "errors", "find", "first",
    "from", "have", "here", "into", "line", "lines", "look", "make", "more", "most", "need", "only", "other", "output",
    "over", "please", "result", "results", "return", "same", "show", "should", "some", "such", "tell", "test", "tests",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "thing", "this", "those", "tool",
    "under", "used", "user", "very", "want", "were", "what", "when", "where", "which", "while", "will", "with", "work",
    "would", "your",
))
# fmt: on
"""Words of questions: where one of them is rare in a text, that is chance."""


def select(units: Sequence[Unit], query: str | None, deep: bool = False, light: Container[str] = ()) -> list[Judged]:
    """Each unit with whether it is shown and why, in order. Of the kinds that are `light`, or of what is alike by these
    names, even short runs may go."""
    words = [_words(unit.text) for unit in units] if query or deep else []
    groups: dict[str, list[int]] = defaultdict(list)
    for index, unit in enumerate(units):
        if unit.alike:
            groups[unit.alike].append(index)
    why: dict[int, str] = {}
    for index, reason in _reasons(units, groups, words, query or "", light):
        why.setdefault(index, reason)
    seen: set[str] = set()
    judged: list[Judged] = []
    for index, unit in enumerate(units):
        reason = why.get(index, "")
        if not reason and not unit.alike:
            known = deep and words[index] <= seen
            reason = "" if known else "unlike others"
        if deep and reason:
            seen |= words[index]
        cut = f"one of {len(groups[unit.alike]):,} alike" if unit.alike else "nothing new"
        judged.append(Judged(unit, bool(reason), reason or cut))
    return _short_runs_shown(judged, light)


def _reasons(
    units: Sequence[Unit], groups: dict[str, list[int]], words: Sequence[set[str]], query: str, light: Container[str]
) -> Iterable[tuple[int, str]]:
    """Every reason to show a unit, the weightiest kind first."""
    for index, unit in enumerate(units):
        if unit.keep:
            yield index, unit.keep
    for index in _named(units, words, query):
        yield index, "named by the query"
    for index in [*range(len(units))[: EDGES[0]], *range(len(units))[-EDGES[1] :]]:
        yield index, "edge of the text"
    for group in groups.values():
        if len(group) <= RARE:
            yield from ((index, "rare") for index in group)
            continue
        if not (_is_light(units[group[0]], light) and any(units[index].keep for index in group)):
            yield group[0], "first of its kind"
        for place in range(min(len(units[index].values) for index in group)):
            series = [units[index].values[place] for index in group]
            yield from ((group[i], "unusual value") for i in _unusual(series))
            yield from ((group[i], "values change here") for i in _changes(series))


def _is_light(unit: Unit, light: Container[str]) -> bool:
    return unit.kind in light or unit.alike in light


def _named(units: Sequence[Unit], words: Sequence[set[str]], query: str) -> list[int]:
    """The units in which a rare word of the query stands, two of its words side by side, or a time that it names."""
    asked = {word for word in _words(query) if len(word) >= 2 and word not in _COMMON}
    places: dict[str, set[int]] = defaultdict(set)
    for index, said in enumerate(words):
        for word in said & asked:
            places[word].add(index)
    most = max(NAMED_LEAST, int(NAMED_SHARE * len(words)))
    named = [found for word, found in places.items() if len(word) >= 3]
    for pair in set(pairwise(_WORD.findall(query.lower()))):
        if places.keys() >= {*pair}:
            both = re.compile(rf"(?<!\w){re.escape(pair[0])}\W{{1,3}}{re.escape(pair[1])}(?!\w)", re.IGNORECASE)
            together = places[pair[0]] & places[pair[1]]
            named.append({index for index in together if both.search(units[index].text)})
    times: dict[str, set[int]] = {said[-1]: set() for said in _times(query)}
    for index, unit in enumerate(units if times else ()):
        for time in times.keys() & set(chain.from_iterable(_times(unit.text))):
            times[time].add(index)
    return sorted({index for found in (*named, *times.values()) if len(found) <= most for index in found})


def _times(text: str) -> list[list[str]]:
    """The times of day in a text, each to the minute and, where it is told, to the second."""
    found = [(f"{int(hour)}:{minute}", second) for hour, minute, second in _TIME.findall(text)]
    return [[time, time + second] if second else [time] for time, second in found]


def _words(text: str) -> set[str]:
    """The words and compounds of a text, and the parts of these (`LoginForm` has two), in small letters."""
    found = set(_WORD.findall(text.lower()))
    found.update(hump.lower() for hump in set(_HUMP.findall(text)))
    return found.union(*(re.split(r"[.\-/:@#_]+", word) for word in found if not word.isalnum())) - {""}


def _unusual(series: Sequence[float]) -> list[int]:
    """The places of values that stand alone, and of those far from the median, the farthest first, if they are few."""
    alone = _alone(series)
    odd = [i for i, value in enumerate(series) if value in alone]
    if len(series) < WINDOW:
        return odd
    middle = median(series)
    spread = 1.4826 * median(abs(value - middle) for value in series)
    if spread == 0:  # most are equal: the others are unusual if they are few
        far = [i for i, value in enumerate(series) if value != middle]
        return [*odd, *(far if len(far) <= max(1, UNUSUAL_SHARE * len(series)) else ())]
    far = [i for i, value in enumerate(series) if abs(value - middle) > FAR * spread]
    far.sort(key=lambda i: -abs(series[i] - middle))
    return [*odd, *far[: max(RARE, int(UNUSUAL_SHARE * len(series)))]]


def _alone(series: Sequence[float]) -> set[float]:
    """The values of few units that are like no others: the rare ones of a state, and those at an end that are of
    another sign (a zero has its own) or a multiple away."""
    counts = Counter(series)
    values = sorted(counts)
    often = [value for value in values if counts[value] > RARE]
    found: set[float] = set()
    if len(often) <= STATES and sum(counts[value] for value in often) >= (1 - UNUSUAL_SHARE) * len(series):
        found.update(value for value in values if counts[value] <= RARE)
    for end in (values, values[::-1]):
        seen = 0
        for k, (value, beyond) in enumerate(pairwise(end), 1):
            seen += counts[value]
            if seen > RARE:
                break
            if _sign(value) != _sign(beyond) or (len(series) >= 2 * WINDOW and _multiple(value, beyond)):
                found.update(end[:k])
    return found


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _multiple(value: float, beyond: float) -> bool:
    """True if a value at an end is many times the one beside it, or that one many times it."""
    return abs(value) >= HIGH * abs(beyond) or abs(beyond) >= LOW * abs(value)


def _changes(series: Sequence[float]) -> list[int]:
    """The last place before and the first place after the level of the values changed for good, if it did."""
    if len(series) < 2 * WINDOW or all(a <= b for a, b in pairwise(series)) or all(a >= b for a, b in pairwise(series)):
        return []  # a counter or a clock has no level
    best, at = 0.0, 0
    for i in range(WINDOW, len(series) - WINDOW + 1):
        before, after = series[i - WINDOW : i], series[i : i + WINDOW]
        spread = max(max(before) - min(before), max(after) - min(after))
        step = abs(median(after) - median(before))
        if step > 2 * spread and step > best:
            best, at = step, i
    return [at - 1, at] if best else []


def _short_runs_shown(judged: list[Judged], light: Container[str]) -> list[Judged]:
    """The same, with runs of units left out shown where they are too short to be worth a notice."""
    start = 0
    while start < len(judged):
        end = start
        while end < len(judged) and not judged[end].shown and judged[end].unit.path == judged[start].unit.path:
            end += 1
        run = judged[start:end]
        least = LIGHT_CUT_CHARS if all(_is_light(one.unit, light) for one in run) else MIN_CUT_CHARS
        if run and sum(len(one.unit.text) + 1 for one in run) < least:
            judged[start:end] = [Judged(one.unit, True, "too short to leave out") for one in run]
        start = max(end, start + 1)
    return judged


def dropped(judged: Sequence[Judged]) -> list[list[Unit]]:
    """The runs of neighbouring units that are not shown."""
    runs: list[list[Unit]] = []
    open_run = False
    for one in judged:
        if one.shown:
            open_run = False
            continue
        if open_run and runs[-1][-1].path == one.unit.path and runs[-1][-1].last + 1 == one.unit.first:
            runs[-1].append(one.unit)
        else:
            runs.append([one.unit])
        open_run = True
    return runs


def told(run: Sequence[Unit]) -> str:
    """A run in the words of a notice: how many of which kind, the most frequent kinds first."""
    kinds = Counter(unit.kind for unit in run).most_common()
    shown = ", ".join(f"{count:,} {kind}" for kind, count in kinds[:3])
    return shown if len(kinds) <= 3 else f"{shown}, {sum(count for _, count in kinds[3:]):,} others"
