"""Long cells of a list's rows, shortened: texts to how they start and their telling lines, and what nobody reads (hash
sums, signatures) to nothing. The rule is that a text is shortened only beside a short one that names its row, and
that the ids with which an agent calls the next tool stay whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from headroom.compressors._columns.json_text import Tree
from headroom.compressors._records.alike import FAILURE
from headroom.compressors._select import NAMED_LEAST, NAMED_SHARE
from headroom.notices import CUT, GONE

OPAQUE_CHARS = 44
"""Shortest string that is left out whole: a commit's hash has 40, and an agent may need it."""

OPAQUE_SHARE = 0.6
"""A column is opaque if this share of its strings is."""

SAMPLED = 40
"""Strings of a column that are looked at to tell whether it is opaque."""

TEXT_CHARS = 80
"""Average characters from which a column of texts is long enough to be shortened."""

START_CHARS = (16, 160)
"""A shortened text shows whole lines until it has the first number of characters, and at most the second of one line
(a sentence or two)."""

SPARED_CODE, SPARED_WORDS = 12, 60
"""Characters that shortening one text must spare. The sign for it costs few, but half a message is worth more to a
reader than half a function: the rest of a short one is its point."""

BULK = 0.1
"""A column of texts is shortened if it makes up at least this share of all strings."""

KEPT_SHARE = 0.25
"""Rows that are shown for a reason keep their texts whole if they are at most this share."""

_opaque = re.compile(
    r"(?:sha\d+[-:])?(?:[0-9a-f]{41,}|(?=(?:[^0-9]*[0-9]){3})(?=(?:[^A-Z]*[A-Z]){3})(?=(?:[^a-z]*[a-z]){3})"
    r"[A-Za-z0-9+/_.-]{44,}={0,2})"
).fullmatch
_switch = re.compile(r"[a-z][A-Z0-9]|[A-Z][a-z0-9]|[0-9][A-Za-z]").findall
_archive = re.compile(r"https?://\S+\.(?:tgz|tar\.[gx]z|zip|whl|crate|gem|jar)(?:[?#]\S*)?").fullmatch
"""Truthy for the address of a package's archive: beside the archive's hash sum it is as little read as that."""
_signed = re.compile(r"(?i)https?://[^\s?]+\?(?=\S{80,}\Z)\S*(?:signature|sig=|token=|x-amz-|x-goog-)").match
_code = re.compile(
    r"\b(?:[A-Z][A-Z0-9]*_[A-Z0-9_]+\s?[=:]|[A-Z]{1,6}-?\d{3,}\b|0x[0-9a-f]{4,}|exit (?:code|status) [1-9])"
)

_handle = re.compile(r"(?i:(?:^|[_-])(?:ids?|arn|handle|cursor))$|[a-z](?:I[dD]s?|Arn|ARN|Handle|Cursor)$").search
"""Truthy for the name of a column with which the next tool is called: it is never shortened."""
_evidence = re.compile(r"(?i)err|exception|trace|stack|reason|cause|fail").search
"""Truthy for the name of a column that tells why something failed: it is never shortened."""
_statement = re.compile(r"\s*(?:raise|except|throw|catch|return|assert|if|elif|else|for|while|try)\b").match
"""Truthy for a line of code: that it names an error tells of none."""
_word = re.compile(r"[a-z0-9_][\w.:@#/-]{2,}")

CUT_SHORT, LEFT_OUT = " cut to the start and telling lines", " left out"
"""What a notice says behind the names of columns."""

Place = tuple[str, ...]
"""Keys from a row to a string; elements of a list share one place."""


class Plan(NamedTuple):
    """Which strings of a list's rows are shortened, and how."""

    starts: frozenset[Place]
    opaque: frozenset[Place]
    gone: frozenset[Place]
    """Those of them of which nothing is shown: every string there is opaque."""
    asked: frozenset[str]
    """Words of the query that stand in few of the texts: lines that hold one stay."""

    @property
    def words(self) -> str:
        """What a notice says of it; empty if nothing is shortened."""
        said = []
        if self.starts:
            said.append(f"{_names(self.starts)}{CUT_SHORT}")
        if self.opaque:
            said.append(f"{_names(self.opaque)}{LEFT_OUT}")
        return ", ".join(said)


def _names(places: Collection[Place]) -> str:
    return ", ".join(sorted({place[-1] for place in places}))


def left_out(what: str) -> frozenset[str]:
    """The names that a notice's words say are left out."""
    names = what.rpartition(f"{CUT_SHORT}, ")[2]
    return frozenset(names.removesuffix(LEFT_OUT).split(", ")) if names.endswith(LEFT_OUT) else frozenset()


def plan(rows: Sequence[Tree], labelled: bool, asked: Collection[str]) -> Plan:
    """What to shorten in `rows`: texts only if the rows are `labelled`; nothing in columns that are `asked` for."""
    found: dict[Place, list[str]] = defaultdict(list)
    for row in rows:
        for place, text in _strings(row, ()):
            found[place].append(text)
    total = sum(sum(map(len, texts)) for texts in found.values())
    starts, opaque, archives = set(), set(), set()
    for place, texts in found.items():
        size = sum(map(len, texts))
        if not place or place[-1].lower() in asked or _handle(place[-1]) or len(texts) < 3:
            continue
        some = texts[:: 1 + len(texts) // SAMPLED]
        if size >= OPAQUE_CHARS * OPAQUE_SHARE * len(texts) and sum(map(_is_opaque, some)) >= OPAQUE_SHARE * len(some):
            opaque.add(place)
        elif sum(map(bool, map(_archive, some))) >= OPAQUE_SHARE * len(some):
            archives.add(place)
        elif not labelled or _evidence(place[-1]):
            continue
        elif size >= max(TEXT_CHARS * len(texts), BULK * total) and _is_prose(texts):
            starts.add(place)
    texts = [text.lower() for place in starts for text in found[place]]
    few = max(NAMED_LEAST, NAMED_SHARE * len(texts))
    named = {word for word in asked if 0 < sum(word in text for text in texts) <= few}
    opaque |= archives if opaque else set()
    gone = {place for place in opaque if all(_says_nothing(text) and not _signed(text) for text in found[place])}
    return Plan(frozenset(starts), frozenset(opaque), frozenset(gone), frozenset(named))


def words(query: str) -> frozenset[str]:
    """The words of a query that may name something."""
    return frozenset(word.rstrip(".:/-") for word in _word.findall(query.lower()))


def _is_prose(texts: Sequence[str]) -> bool:
    """True if most of these texts are like no other and have several words."""
    return 2 * len(set(texts)) > len(texts) and 2 * sum(" " in text for text in texts) > len(texts)


def _strings(value: Tree, place: Place) -> Iterable[tuple[Place, str]]:
    kind = type(value)
    if kind is str:
        yield place, value
    elif kind is dict:
        for key, inner in value.items():
            yield from _strings(inner, (*place, key))
    elif kind is list:
        for inner in value:
            yield from _strings(inner, place)


def _is_opaque(text: str) -> bool:
    if len(text) < OPAQUE_CHARS or " " in text:
        return False
    if _signed(text):
        return True
    return bool(_opaque(text)) and ((text[-40:].isalnum() and text.islower()) or 6 * len(_switch(text)) >= len(text))


def _says_nothing(text: str) -> bool:
    return bool(_archive(text)) or _is_opaque(text)


def shorten(value: Tree, what: Plan, whole: bool, place: Place = ()) -> Tree:
    """`value` with its strings shortened as planned; `whole` leaves texts as they are."""
    kind = type(value)
    if kind is str:
        if place in what.opaque and _says_nothing(value):
            signed = _signed(value)
            return value[: value.index("?") + 1] + CUT if signed else GONE
        return _brief(value, what.asked) if place in what.starts and not whole else value
    if kind is dict:
        return {
            key: shorten(inner, what, whole, (*place, key))
            for key, inner in value.items()
            if type(inner) is not str or (*place, key) not in what.gone
        }
    if kind is list:
        return [shorten(inner, what, whole, place) for inner in value]
    return value


_CODE = re.compile(r"(?m)[;{}]\s*$|^\s*(?:def|class|import|from|return|function|const|let|var|if|for|func|fn|pub)\b")


def _brief(text: str, asked: Collection[str]) -> str:
    """The start of a text and its telling lines, or the text itself where that spares little."""
    least, most = START_CHARS
    lines = text.split("\n")
    shown = 1
    while shown < len(lines) and sum(map(len, lines[:shown])) < least:
        shown += 1
    start = "\n".join(lines[:shown])
    if len(start) > most and not _tells(start, asked):
        blank = start.rfind(" ", most // 2, most)
        start = start[: blank if blank > 0 else most]
    made = start
    gap = len(start) < len("\n".join(lines[:shown]))
    end = f"\n{CUT}" if _tells(start, asked) else CUT  # a telling line stands as it was
    for line in lines[shown:]:
        if _tells(line, asked):
            made += f"{end * gap}\n{line}"
            gap, end = False, f"\n{CUT}"
        else:
            gap = True
    made += end * gap
    least = SPARED_CODE if _CODE.search(text) else SPARED_WORDS
    return made if len(text) - len(made) >= least else text


def _tells(line: str, asked: Collection[str]) -> bool:
    """True if a line names a failure, an exact code, or what is asked for."""
    if (FAILURE.search(line) and not _statement(line)) or _code.search(line):
        return True
    low = line.lower()
    return any(word in low for word in asked)
