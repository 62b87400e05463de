"""Which rows of a list or map only repeat each other. The rule is that a row may go only where others tell the same
event, so that what is lost are its numbers, names of places and ids; any text of its own makes it like no other.

Columns play parts. One that says what happened (a level, a status, any text of several words, any name that hardly
repeats) belongs to the key by which rows are alike, with digits and hex set aside. One that says where (a service, a
region) does not, but its rare values are shown. Numbers are compared, unless they only count or name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

from headroom.compressors._columns.cells import MISSING, Value
from headroom.compressors._columns.json_text import NAMES, Tree, relaxed
from headroom.compressors._records.rows import Flat, flatten
from headroom.compressors._select import RARE
from headroom.types import Unit

REPEATS = 4
"""Rows that share a value on average before a single word counts as the name of a place; below, it names the row."""

SAID = 8
"""Numbers inside one cell that are compared."""

ENTRY_CHARS = 200
"""Characters of one cell that a query is matched against, and that are looked through for words of failure."""

LONG_TEXT = 120
"""Average characters of a column that is read for words of failure only if its name promises them."""

LABEL_CHARS = 120
"""Average characters of a column that can name its rows."""

NAMED = "named by the query"
ALIKE = "rows alike"
"""What rows are called that have no level or status."""

FAILED = "failure"
"""Why a row is shown whose own outcome is a failure."""

SHOWN_FAILURES = 2
"""Rows that are shown of each way in which rows fail."""

_STATUS = re.compile(
    r"(?:^|[._])(?:log_?)?(?:level|severity(?:_?(?:text|number))?|status(?:_?code)?|state|conclusion|outcome|result"
    r"|event(?:_?name)?|type|kind|action|operation(?:_?name)?|verb|priority|code)$"
)
"""Ends of the names, as `_plain` writes them, of columns that say what happened."""

LEVELS = frozenset(("level", "severity", "severity_text", "log_level", "loglevel", "levelname", "level_name", "lvl"))
"""Names, as `_plain` writes them, of columns that say how grave it was."""

GRADES = frozenset(("10", "20", "30", "40", "50", "60"))
"""Levels as numbers: those of Bunyan, pino, and Python's `logging`."""

_LABEL = re.compile(
    r"(?i)(?:^|[._])(?:title|subject|message|msg|text|summary|path|file_?name|file|test|check|job|workflow|command)$|^name$"
)
_words = re.compile(r"[A-Za-z]{2,}")
_GOOD = re.compile(
    r"(?i)(?:^|[._])(?:is_?)?(?:pass(?:ed)?|success(?:ful)?|succeeded|ok|healthy|valid|ready|available)$"
)
_ID = re.compile(
    r"(?i)(?:^|[._])(?:id|ids|number|no|num|line|lineno|pid|tid|uid|gid|ts|time|timestamp|date|created|updated|epoch|seq"
    r"|sequence|offset|index|row|page|port|position|node_id)$|_(?:id|at|ts|time|no)$|[a-z](?:Id|At|Time|Timestamp)$"
)
_ERROR = re.compile(r"(?i)err|exception|trace|stack|mess|msg|reason|detail|fail|cause|log|text|event")
FAILURE = re.compile(
    r"(?i)\b(?:errors?|fail(?:ed|ure|ures|ing|s)?|fatal|panic(?:ked)?|exceptions?|traceback|critical|emergency|crash(?:ed)?"
    r"|abort(?:ed)?|denied|refused|timed?[ _-]?out|timeout|unreachable|exhausted|killed|rejected|unhealthy|down|outage"
    r"|4\d\d (?:bad|un|for|not|conf|too)\w*|5\d\d (?:int|bad|serv|gate)\w*)\b|\w(?:Error|Exception)\b"
)
"""Words that tell of a failure."""

_hex = re.compile(
    r"(?<![^\W_])(?:0x)?(?=[0-9a-f]*[0-9])[0-9a-f]{6,}(?![^\W_])|(?<![^\W_])(?:[A-Za-z]*\d+[A-Za-z]+){2}\w*"
)
_digits = re.compile(r"\d+")
_number = re.compile(r"(?<![\w.])\d+(?:\.\d+)?|(?<==)\d+(?:\.\d+)?")
_exact = re.compile(r"\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b", re.IGNORECASE)
_short = re.compile(r"[A-Za-z][\w-]{0,23}").fullmatch
_hump = re.compile(r"(?<=[a-z\d])(?=[A-Z])(?!Type|Kind)")  # what sort a thing is does not say what happened
_figures = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?").fullmatch
_NAMES, _VALUES = frozenset(("key", "name", "k")), frozenset(("value", "val", "v"))


class Alike(NamedTuple):
    """The rows of one list or map as units, and what may be said of several of them."""

    units: list[Unit]
    measures: dict[str, list[float | None]]
    """Numbers that can be compared, by name, one a row."""
    labelled: bool
    """True if most rows have a short text of their own, so that a longer one beside it is not what tells them apart."""


class _Column(NamedTuple):
    """One column: what a row must share with another to be alike, and what it shares with few."""

    key: list[str] | None = None
    place: list[str] | None = None
    measure: list[float | None] | None = None


def describe(keys: Sequence[str] | None, rows: list[Tree], path: str, asked: Collection[str] = ()) -> Alike:
    """The rows of the list at `path`, or of a map's values with their `keys`, as units. In a list of strings each is a
    row; else rows that are no objects are like no other. Rows with a cell that is `asked` for are shown."""
    n = len(rows)
    if all(type(row) is str for row in rows):
        rows = [{"value": row} for row in rows]
    whole = [i for i, row in enumerate(rows) if type(row) is dict]
    flat = flatten([_by_name(rows[i]) for i in whole])
    columns: dict[str, list[Value]] = dict(flat.columns)
    if keys is not None:
        columns["{key}"] = [keys[i] for i in whole]
    _add_children(columns, flat)
    telling = any(_tells(name, column) for name, column in columns.items())
    parts = {name: _part(name, column) for name, column in columns.items()} if telling else {}
    varied = {name: column for name, column in columns.items() if len(set(column)) > 1}
    texts = [_texts(row) for row in zip(*varied.values(), strict=True)] if varied else [[""]] * len(whole)
    alike, kinds = _groups(columns, parts)
    keep = _kept(columns, parts, asked)
    measures = {name: part.measure for name, part in parts.items() if part.measure is not None}
    numbers = [[number or 0.0 for number in column] for column in measures.values()]
    values = list(zip(*numbers, *_said(columns, parts), strict=True)) if columns else []
    made = {
        i: Unit(i + 1, i + 1, " ".join(texts[j]), kinds[j], alike[j], keep[j], values[j] if values else (), path)
        for j, i in enumerate(whole)
    }
    units = [
        made[i] if i in made else Unit(i + 1, i + 1, relaxed(rows[i])[:ENTRY_CHARS], "rows", path=path)
        for i in range(n)
    ]
    of_row = {i: j for j, i in enumerate(whole)}
    told = {name: [column[of_row[i]] if i in of_row else None for i in range(n)] for name, column in measures.items()}
    return Alike(units, told, any(map(_labels, columns.values())))


def _by_name(tree: Tree) -> Tree:
    """A tree in which lists of names with values, `[{"key": "host", "value": "a1"}]`, are objects."""
    if type(tree) is dict:
        return {key: _by_name(value) if type(value) in (dict, list) else value for key, value in tree.items()}
    if type(tree) is not list or not tree or not all(type(item) is dict for item in tree):
        return tree
    made: dict[str, Tree] = {}
    for item in tree:
        parts = {key.lower(): value for key, value in item.items() if key != "type"}
        name, value = (next((parts[key] for key in parts if key in known), None) for known in (_NAMES, _VALUES))
        if len(parts) != 2 or type(name) is not str or name in made or not parts.keys() & _VALUES:
            return tree
        made[name] = _by_name(value)
    return made


def _add_children(columns: dict[str, list[Value]], flat: Flat) -> None:
    """Nested lists of objects as one text a row."""
    for name, children in flat.children.items():
        rest = iter(children.rows)
        column: list[Value] = [
            (relaxed([next(rest) for _ in range(count)]), 0) if count is not None else MISSING
            for count in children.counts
        ]
        own = columns.get(name)
        columns[name] = [b if a is MISSING else a for a, b in zip(column, own, strict=True)] if own else column


def form(text: str) -> str:
    """A text without what tells one of its kind from the next: digits, hex, mixed ids."""
    return _digits.sub("0", _hex.sub("0", text))


def _text(value: Value) -> str:
    """A cell as text."""
    if type(value) is str:
        return value
    if type(value) is tuple:
        return str(value[0])
    return "" if value is MISSING else NAMES[value]


def _texts(row: Sequence[Value]) -> list[str]:
    return [_text(value)[:ENTRY_CHARS] for value in row if value is not MISSING]


def _part(name: str, column: list[Value]) -> _Column:
    """What a column means for whether its rows are alike."""
    values = set(column)
    if len(values) == 1:
        return _Column()
    shape = [_kind(value) for value in column]
    if not any(sort in ("text", "number", "bool", "nested") for sort in shape):
        return _Column(shape)
    if set(shape) <= {"number", "text", "none"} and all(
        _figures(_text(value)) for value, sort in zip(column, shape, strict=True) if sort == "text"
    ):
        return _numbers(name, column, shape)
    if set(shape) <= {"text", "none"} and all(type(value) is not str or value.startswith("http") for value in values):
        return _Column(["none" if sort == "none" else "some" for sort in shape] if "none" in shape else None)
    form_of = {value: _form_of(value) for value in values}
    forms = [form_of[value] for value in column]
    if {"text", "number"} <= set(shape):
        forms = [f"{sort} {text}" for sort, text in zip(shape, forms, strict=True)]
    present = [text for text, sort in zip(forms, shape, strict=True) if sort != "none"]
    different = len(set(present))
    words = sum(" " in text.strip() for text in present)
    if different == 1 and len(present) == len(forms) and 2 * words <= len(present):
        return _Column()
    named = _is_status(name) or _LABEL.search(name)
    if "bool" in shape or named or 2 * words > len(present) or len(present) < REPEATS * different:
        return _Column(forms)
    return _Column(["" if sort == "none" else "some" for sort in shape], forms)


def _form_of(value: Value) -> str:
    """What a cell has in common with those that differ in ids and numbers only."""
    sort = _kind(value)
    if sort in ("none", "bool"):
        return f"{sort} {value}"
    text = _text(value)
    return form(text[:ENTRY_CHARS]) + text[ENTRY_CHARS:]


def _kind(value: Value) -> str:
    if value is MISSING or value is None:
        return "none"
    if type(value) is str:
        return "text"
    if type(value) is tuple:
        return "number" if len(value) == 1 else "nested"
    return "bool"


def _numbers(name: str, column: list[Value], shape: list[str]) -> _Column:
    """A column of numbers, also as strings: a code, something measured, or something that only counts."""
    texts = [_text(value) for value, sort in zip(column, shape, strict=True) if sort != "none"]
    key = shape if len(set(shape)) > 1 else None
    different = len(set(texts))
    if different == 1:
        return _Column(key)
    if _is_status(name) and different * REPEATS <= len(texts):
        return _Column(
            [_text(value) for value in column]
            if key is None
            else [f"{sort} {_text(value)}" for sort, value in zip(shape, column, strict=True)]
        )
    numbers = [float(text) for text in texts]
    counts = all(a <= b for a, b in pairwise(numbers)) or all(a >= b for a, b in pairwise(numbers))
    if _ID.search(name) or counts or not all(map(isfinite, numbers)):
        return _Column(key)
    return _Column(
        key, measure=[float(_text(v)) if sort != "none" else None for v, sort in zip(column, shape, strict=True)]
    )


def _groups(columns: dict[str, list[Value]], parts: dict[str, _Column]) -> tuple[list[str], list[str]]:
    """For each row the key by which it is alike others, and what several such rows are called."""
    shared = {name: part.key for name, part in parts.items() if part.key is not None}
    n = len(next(iter(columns.values()), []))
    if not parts:
        return [""] * n, ["rows"] * n
    keys = ["\n".join(row) for row in zip(*shared.values(), strict=True)] if shared else ["same"] * n
    told = [name for name in columns if name in shared and (_is_status(name) or _GOOD.search(name))]
    told = sorted(told, key=_rank)[:1] or [name for name in columns if _is_level(name)][:1]
    if not told:
        return keys, [ALIKE] * n
    name = told[0]
    last = name.rpartition(".")[2]
    bare = _is_level(name)
    kinds = []
    for value in columns[name]:
        word = _text(value)
        named = _short(word)
        kinds.append(
            ALIKE if not named and not word.isdigit() else f"{word} rows" if bare and named else f"{last}={word} rows"
        )
    return keys, kinds


def _tells(name: str, column: list[Value]) -> bool:
    """True if a column says what happened, in words that come again: without one, rows are data, and each counts."""
    texts = [value for value in column if type(value) is str]
    if 2 * len(texts) <= len(column):
        graded = _is_level(name) and all(_text(value) in GRADES for value in set(column))
        return graded or (type(column[0]) is bool and _GOOD.search(name) is not None)
    different = len(set(texts))
    if different == 1 and not _is_level(name):
        return _is_sentence(texts[:1])
    if _is_status(name) or (_LABEL.search(name) and name != "name"):
        return 2 * different <= len(texts) or _is_sentence(texts)
    return _is_sentence(texts)


def _is_sentence(texts: Sequence[str]) -> bool:
    """True if these texts have three words on average."""
    return sum(len(_words.findall(text[:ENTRY_CHARS])) if " " in text else 0 for text in texts) >= 3 * len(texts)


def _plain(name: str) -> str:
    """A column's name in small letters, with a sign where capitals part its words: `event_name`."""
    return _hump.sub("_", name).lower()


def _is_status(name: str) -> bool:
    return _STATUS.search(_plain(name)) is not None


def _is_level(name: str) -> bool:
    return _plain(name).rpartition(".")[2] in LEVELS


def _rank(name: str) -> tuple[bool, bool, int]:
    """Which of several columns names a row's kind best."""
    return "level" not in name and "severity" not in name, "stat" not in name, len(name)


def _kept(columns: dict[str, list[Value]], parts: dict[str, _Column], asked: Collection[str]) -> list[str]:
    """Why each row must be shown, if it must."""
    n = len(next(iter(columns.values()), []))
    keep = [""] * n
    for name, part in parts.items():
        if asked and (part.key or part.place):
            named = [type(value) is str and value.lower() in asked for value in columns[name]]
            if 2 * sum(named) <= n:
                keep = [NAMED if yes else why for yes, why in zip(named, keep, strict=True)]
        if part.place:
            seen = Counter(part.place)
            keep = ["rare value" if seen[value] <= RARE else why for value, why in zip(part.place, keep, strict=True)]
        below = [(number or 0) < 0 for number in part.measure or ()]
        if 0 < sum(below) <= RARE:
            keep = ["unusual value" if yes else why for yes, why in zip(below, keep, strict=True)]
    tell = [name for name, part in parts.items() if part.key is not None or part.place is not None]
    tell = [name for name in tell if _ERROR.search(name) or not _is_long(columns[name])]
    bad = {name: {value for value in set(columns[name]) if _fails(name, value)} for name in tell}
    ways: dict[str, int] = defaultdict(int)
    for i in range(n):
        said = [(name, value) for name in tell if (value := columns[name][i]) in bad[name]]
        if said:
            way = "\n".join([_exact.sub("0", _text(columns[name][i])[:ENTRY_CHARS]) for name in tell])
            ways[way] += 1
            if ways[way] <= SHOWN_FAILURES:
                keep[i] = FAILED if any(_states(name, value) for name, value in said) else "tells of a failure"
    return keep


def _states(name: str, value: Value) -> bool:
    """True if a cell that tells of a failure is the row's own outcome, not a text that speaks of one."""
    return type(value) is not str or " " not in value or _is_status(name)


def _is_long(column: list[Value]) -> bool:
    """True for a column of texts that are more than a sentence: words in them prove nothing about the row."""
    texts = [value for value in column if type(value) is str]
    return sum(map(len, texts)) > LONG_TEXT * len(texts) or 2 * sum("\n" in text for text in texts) > len(texts)


def _fails(name: str, value: Value) -> bool:
    """True if a cell tells that something failed."""
    if value is False:
        return _GOOD.search(name) is not None
    if type(value) is tuple and len(value) == 1:
        return "code" in name.lower() and value[0].isdigit() and 400 <= int(value[0][:6]) < 600
    return type(value) in (str, tuple) and FAILURE.search(_text(value)[:ENTRY_CHARS]) is not None


def _said(columns: dict[str, list[Value]], parts: dict[str, _Column]) -> list[list[float]]:
    """Numbers inside the sentences that make rows alike and inside nested values, as columns; rows of one form have
    equally many."""
    made: list[list[float]] = []
    for name, part in parts.items():
        column = columns[name]
        sorts = set(map(_kind, column))
        if not (sorts == {"nested"} or (sorts == {"text"} and part.key is not None)) or _is_long(column):
            continue
        texts = [_text(value)[:ENTRY_CHARS] for value in column]
        if sorts == {"text"} and 2 * sum(" " in text and bool(_words.search(text)) for text in texts) <= len(texts):
            continue
        found = [[float(text[:15]) for text in _number.findall(text)] for text in texts]
        width = max(map(len, found), default=0)
        made += [[numbers[i] if i < len(numbers) else 0.0 for numbers in found] for i in range(min(width, SAID))]
    return made


def _labels(column: list[Value]) -> bool:
    """True if a column names its rows: short texts, hardly any twice."""
    texts = [value for value in column if type(value) is str]
    if 2 * len(texts) <= len(column) or texts[0].startswith("http") or sum(map(len, texts)) > LABEL_CHARS * len(texts):
        return False
    return 2 * len(set(texts)) > len(texts) and 2 * len(set(map(form, texts))) > len(texts)
