"""Lines of one kind, found in the text itself: equal words in equal places, with a digit somewhere in the rest.

A line is split at blanks, tabs and bars. Words that hold a digit vary; lines that agree in all other words and in what
separates them are one cluster. Rare lines that differ in a few plain words as well (a path, a user name) are then
joined to one another, never to a large cluster, and never where they speak of a failure: those words are the news.
A cluster's varying words become columns: what a column shares in all its rows moves back into the constant text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import eq, itemgetter

from headroom.compressors._lines.cost import cost

MAX_LINE = 3_000
"""Longer lines stay as they are: they hold documents, not events."""

MAX_WORDS = 160

RARE = 4
"""Clusters of at most this many lines may be joined to others like them."""

ROUNDS = 3
"""How many plain words of a kind of line may become values because they differ between otherwise equal lines."""

MAX_COMPARED = 3_000
MAX_COMPARED_WORDS = 40
MAX_COMPARED_ROWS = 100

LEADERS = 8
"""A rare cluster is compared with at most this many others of its width, which keeps the work linear."""

ALIKE = 0.7
"""Share of words that two rare clusters have in common before they are joined."""

DIVISIONS = 2
"""How often a cluster may be divided: each division is a name more to know."""

MIN_DIVIDED = 12

MOSTLY = 0.6
"""Share of a cluster's rows that one value must hold to be made constant in a cluster of its own."""

MIN_CONSTANT = 4
"""Shorter values are not worth a cluster of their own."""

SAME_PRICE = 1.2
"""Tokens that a value costs which is mostly the same: the mark for it, and now and then the value."""

ALARMS = (
    "error", "fatal", "panic", "exception", "critical", "emerg", "alert", "traceback", "segfault", "out of memory",
    "core dumped", "fehler", "erreur", "errore", "ошибк", "исключени", "错误", "异常", "失败", "エラー", "例外", "失敗",
    "오류", "실패",
)  # fmt: skip
"""Words that tell of a failure. Lines that hold one are looked for by name, so they keep it."""

_NONE = re.compile(r"s?[\"']?[:=] ?0(?![\d.,]*[1-9])")
"""After such a word: there were none."""

UNIT = "\x1f"
"""Stands for a blank inside a quoted phrase while words are split."""

_SPLIT = re.compile(r"([ \t|]+)")
DIGIT = re.compile(r"\d")
_ZEROS = str.maketrans("123456789", "000000000")
_CONSTANT_WORD = re.compile(r"[^\W\d_]{3,}")

MAX_KNOWN = 50_000
"""How many forms of lines are remembered at once."""

ZERO_PASSES = 5
"""Each halves the runs of zeros: numbers of up to 32 digits become one."""

Key = tuple[str | None, ...]
Column = tuple[str, ...]


@dataclass(slots=True)
class Cluster:
    """Lines of one kind: the constant words (None where they vary), and per line its number and varying words."""

    key: Key
    rows: list[int] = field(default_factory=list)
    words: list[tuple[str, ...]] = field(default_factory=list)


class _Mask(dict[str, str | None]):
    """A word as a key sees it: itself, or None if it varies. Plain words are remembered, the others are not."""

    def __init__(self, varies: re.Pattern[str]) -> None:
        super().__init__()
        self._varies = varies

    def __missing__(self, word: str) -> str | None:
        if UNIT not in word and self._varies.search(word):
            return None
        if len(self) > 200_000:
            self.clear()
        self[word] = word
        return word


_Pick = Callable[[list[str]], tuple[str, ...]]
_Place = tuple[Cluster, _Pick, bool]
"""A cluster, what picks its varying words, and whether the line's words are all parted by single blanks."""


def clusters(lines: Sequence[str], fixed: Callable[[str], bool], varies: re.Pattern[str] = DIGIT) -> list[Cluster]:
    """All kinds of lines with at least two lines each. `fixed` names lines that belong to none; a word in which
    `varies` finds something is a value.

    A leading blank is not part of the line: prefix headings put it there.
    """
    if not lines:
        return []
    places: dict[Key, _Place] = {}
    known: dict[str, _Place | None] = {}
    mask = _Mask(varies).__getitem__
    for i, (line, numberless) in enumerate(zip(lines, _numberless(lines), strict=True)):
        # Lines that differ in decimal numbers alone are common, and their words need no second look; but a quoted
        # phrase is one plain word, whatever numbers it holds.
        quoted = '" "' in line
        place = None if quoted else known.get(numberless)
        if place is not None:
            cluster, pick, even = place
            body = line[1:] if line[0] == " " else line
            words = pick(body.split(" ") if even else _SPLIT.split(body))
        elif quoted or numberless not in known:
            if line and len(line) <= MAX_LINE and UNIT not in line and not fixed(line):
                parts, even = _parts(line)
                key = tuple(map(mask, parts))
                place = places.get(key)
                if place is None and len(parts) <= 2 * MAX_WORDS:
                    place = places[key] = Cluster(key), _picker(key, even), even
            if not quoted and len(known) < MAX_KNOWN:
                known[numberless] = place
            if place is None:
                continue
            cluster, pick, even = place
            words = pick(parts[::2] if even else parts)
        else:
            continue
        cluster.rows.append(i)
        cluster.words.append(words)
    kinds = _generalised([cluster for cluster, _, _ in places.values()])
    big = [c for c in kinds if len(c.rows) > RARE]
    rare = [c for c in kinds if len(c.rows) <= RARE]
    return [part for c in big + _join(rare) if len(c.rows) > 1 for part in _divide(_in_order(c))]


def _numberless(lines: Sequence[str]) -> list[str]:
    """The lines with every decimal number as one zero: whole-text passes, ten times as fast as an expression."""
    text = "\n".join(lines).translate(_ZEROS)
    for _ in range(ZERO_PASSES):
        text = text.replace("00", "0")
    return text.split("\n")


def _parts(line: str) -> tuple[list[str], bool]:
    """The words of a line at even places, what separates them at odd ones; whether that is one blank everywhere."""
    if line[:1] == " ":
        line = line[1:]
    if '" "' in line:
        quoted = line.split('"')
        for i in range(1, len(quoted) - 1, 2):
            phrase = quoted[i]
            if phrase.count(" ") > 2 and phrase[0] != " " and quoted[i - 1][-1:] == " " and quoted[i + 1][:1] in " ":
                quoted[i] = phrase.replace(" ", UNIT)
        whole = '"'.join(quoted)
        return _SPLIT.split(whole), False
    parts = _SPLIT.split(line)
    return parts, all(gap == " " for gap in parts[1::2])


def _picker(key: Key, even: bool) -> _Pick:
    places = [i // 2 if even else i for i, word in enumerate(key) if word is None]
    if len(places) > 1:
        return itemgetter(*places)
    return lambda parts: tuple([parts[i] for i in places])


def _divide(cluster: Cluster) -> list[Cluster]:
    """Takes rows out of a cluster whose long values are mostly the same ones: there they become constant text."""
    out: list[Cluster] = []
    for _ in range(DIVISIONS):
        n = len(cluster.rows)
        if n < MIN_DIVIDED:
            break
        mostly = []
        for place, column in enumerate(zip(*cluster.words, strict=True)):
            value, times = Counter(column).most_common(1)[0]
            if MOSTLY * n <= times < n and len(value) >= MIN_CONSTANT:
                mostly.append((times, place, value))
        mostly.sort(reverse=True)
        rows = list(range(n))
        best_gain: float = _row_price(cluster) + MIN_DIVIDED
        best_rows = None
        for count, (_, place, value) in enumerate(mostly, 1):
            rows = [row for row in rows if cluster.words[row][place] == value]
            if len(rows) * count * SAME_PRICE > best_gain:
                best_gain, best_rows = len(rows) * count * SAME_PRICE, rows
        if best_rows is None:
            break
        inside = set(best_rows)
        out.append(_picked(cluster, best_rows))
        cluster = _picked(cluster, [row for row in range(n) if row not in inside])
    return [*out, cluster]


def _row_price(cluster: Cluster) -> int:
    return cost("".join(word or "" for word in cluster.key) + " ".join(cluster.words[0]))


def _picked(cluster: Cluster, places: Sequence[int]) -> Cluster:
    return Cluster(cluster.key, [cluster.rows[i] for i in places], [cluster.words[i] for i in places])


def alarm(text: str) -> str:
    """The word in `text` that tells of a failure, as it stands there; empty if none does, or none but `errors=0`."""
    low = text.lower()
    for word in ALARMS:
        start = low.find(word)
        while start >= 0 and _NONE.match(low, start + len(word)):
            start = low.find(word, start + 1)
        if start >= 0:
            return text[start : start + len(word)]
    return ""


def _is_alarm(cluster: Cluster) -> bool:
    return bool(alarm(" ".join(filter(None, cluster.key[::2]))))


def _generalised(found: list[Cluster]) -> list[Cluster]:
    """Joins clusters that differ in one plain word each, where one template with a value is shorter than many.

    Each round looks at every cluster with each of its words masked in turn: those that then agree are one family.
    """
    fit = [c for c in found if len(c.rows) <= MAX_COMPARED_ROWS and len(c.key) <= 2 * MAX_COMPARED_WORDS]
    fit = [c for c in fit[:MAX_COMPARED] if not _is_alarm(c)]
    for _ in range(ROUNDS):
        families: dict[tuple[int, Key], list[Cluster]] = {}
        for cluster in fit:
            key = cluster.key
            for i in range(0, len(key), 2):
                if key[i]:
                    families.setdefault((i, (*key[:i], None, *key[i + 1 :])), []).append(cluster)
        ranked = []
        for (i, key), family in families.items():
            if len(family) > 1 and sum(1 for word in key[::2] if word and _CONSTANT_WORD.search(word)) > 1:
                gain = (len(family) - 1) * (_row_price(family[0]) - 2)
                gain -= sum(len(c.rows) * cost(" " + (c.key[i] or "")) for c in family)
                if gain > 0:
                    ranked.append((gain, i, key, family))
        ranked.sort(key=lambda family: -family[0])
        joined: set[int] = set()
        merged = []
        for _, _, _, family in ranked:
            if not any(id(c) in joined for c in family):
                joined.update(map(id, family))
                for other in family[1:]:
                    _merge(family[0], other)
                merged.append(family[0])
        if not merged:
            break
        found = [c for c in found if id(c) not in joined] + merged
        fit = [c for c in fit if id(c) not in joined] + merged
    return found


def _join(rare: list[Cluster]) -> list[Cluster]:
    """Joins rare clusters of one width whose words are mostly equal."""
    leaders: dict[tuple[str | None, ...], list[Cluster]] = {}
    out: list[Cluster] = []
    for cluster in rare:
        key = cluster.key
        if _is_alarm(cluster):
            out.append(cluster)
            continue
        peers = leaders.setdefault((str(len(key)), *key[1::2]), [])
        best, most = None, 0
        for peer in peers:
            equal = sum(map(eq, key[::2], peer.key[::2]))
            if equal > most:
                best, most = peer, equal
        if best is not None and _alike(best.key, key, most):
            _merge(best, cluster)
        else:
            out.append(cluster)
            peers.insert(0, cluster)
            del peers[LEADERS:]
    return out


def _alike(a: Key, b: Key, equal: int) -> bool:
    width = (len(a) + 1) // 2
    if equal < ALIKE * width:
        return False
    kept = [x for x, y in zip(a[::2], b[::2], strict=True) if x == y and x]
    return sum(1 for word in kept if _CONSTANT_WORD.search(word)) >= 2


def _merge(into: Cluster, other: Cluster) -> None:
    key = tuple([x if x == y else None for x, y in zip(into.key, other.key, strict=True)])
    into.words = _widened(into, key) + _widened(other, key)
    into.rows += other.rows
    into.key = key


def _widened(cluster: Cluster, key: Key) -> list[tuple[str, ...]]:
    if cluster.key == key:
        return cluster.words
    wide = []
    for words in cluster.words:
        values = iter(words)
        full = [next(values) if own is None else own for own in cluster.key]
        wide.append(tuple([word for word, m in zip(full, key, strict=True) if m is None]))
    return wide


def _in_order(cluster: Cluster) -> Cluster:
    return _picked(cluster, sorted(range(len(cluster.rows)), key=cluster.rows.__getitem__))
