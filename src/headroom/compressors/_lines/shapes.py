"""The columns of a cluster: what varies in its words, without what is constant in them.

A column of words is taken apart at its punctuation, or at its numbers, where every row is built alike; what all rows
share moves into the constant text, and a column that repeats another one is told as that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from headroom.compressors._lines.clusters import UNIT, Cluster, Column

MIN_SAME = 4
"""A value must be this long to be told as equal to another one of its line: short ones are equal by accident."""

MAX_FIGURES = 2
"""A word with more varying numbers than this stays whole: four parts of a name are harder to read than the name."""

_FIGURE = re.compile(r"(\d+(?:[.:,]\d+)*)")
_HARD = re.compile(r"([/=()\[\]{}<>@;\"'&?#!*]+)")


@dataclass(slots=True)
class Shape:
    """A cluster as constant text around columns: `texts` has one entry more than `columns`.

    `same[i]` is the number of an earlier column that column i repeats in every row, or -1; a repeated column holds
    no values of its own in `columns`.
    """

    rows: list[int]
    texts: list[str]
    columns: list[Column]
    same: list[int]


def shape(cluster: Cluster) -> Shape | None:
    """The cluster's constant text and columns, or None where its values cannot be told apart by blanks."""
    texts = [""]
    columns: list[Column] = []
    same: list[int] = []
    known: dict[Column, int] = {}
    varying = iter(zip(*cluster.words, strict=True))
    for word in cluster.key:
        pieces = [word.replace(UNIT, " ")] if word is not None else _pieces(next(varying), known)
        if pieces is None:
            return None
        for piece in pieces:
            if isinstance(piece, str):
                texts[-1] += piece
                continue
            earlier = known.get(piece, -1)
            if earlier >= 0 and (len(piece[0]) < MIN_SAME or columns[earlier][0] in _firsts(columns[:earlier])):
                earlier = -1
            if earlier < 0:
                known.setdefault(piece, len(columns))
            columns.append(piece)
            same.append(earlier)
            texts.append("")
    return Shape(cluster.rows, texts, columns, same)


def _firsts(columns: Sequence[Column]) -> list[str]:
    return [column[0] for column in columns]


def _pieces(column: Column, known: dict[Column, int]) -> list[str | Column] | None:
    """A column of words as constant text and narrower columns, or None if it cannot be written with blanks."""
    first = column[0]
    if column.count(first) == len(column):
        return [first.replace(UNIT, " ")]
    if any(UNIT in word for word in column):
        return [tuple(map(str.replace, column, repeat(UNIT), repeat(" ")))] if all(map(is_phrase, column)) else None
    parts = _HARD.split(first)
    if len(parts) > 1:
        pieces = _inner(column, parts, known)
        if pieces:
            return pieces
    return [part for piece in _trimmed(column) for part in ([piece] if isinstance(piece, str) else _numbers(piece))]


def _numbers(column: Column) -> list[str | Column]:
    """A column of numbers with their unit, or of words that run into numbers, without what is constant in it."""
    first = column[0]
    if not (first[:1].isdigit() or not first.isascii()):
        return [column]
    parts = _FIGURE.split(first)
    if len(parts) < 3 or (len(parts) == 3 and parts[0] == parts[2] == ""):
        return [column]
    rows = [_FIGURE.split(word) for word in column]
    words = parts[::2]
    if any(row[::2] != words for row in rows):
        return [column]
    columns = list(zip(*rows, strict=True))
    varying = [c for c in columns[1::2] if c.count(c[0]) < len(c)]
    if len(varying) > MAX_FIGURES:
        return [column]
    return [c[0] if c.count(c[0]) == len(c) else c for c in columns]


def is_phrase(word: str) -> bool:
    """True for a word in quotes, which may hold blanks: it reads to its closing quote."""
    return len(word) > 2 and word[0] == word[-1] == '"' and '"' not in word[1:-1] and word[1] not in " " + UNIT


def _inner(column: Column, parts: Sequence[str], known: dict[Column, int]) -> list[str | Column] | None:
    """The words of a column split at their punctuation, if all are built alike and some part is constant."""
    width = len(parts)
    rows = [_HARD.split(word) for word in column]
    if any(len(row) != width for row in rows):
        return None
    pieces: list[str | Column] = []
    columns: list[Column] = []
    fixed = 0
    for i, piece in enumerate(zip(*rows, strict=True)):
        if piece.count(piece[0]) == len(piece):
            pieces.append(piece[0])
            fixed += i % 2 == 0 and piece[0] != ""
            continue
        if i % 2 or "" in piece:
            return None
        trimmed = _trimmed(piece)
        fixed += len(trimmed) > 1
        pieces += trimmed
        columns += [p for p in trimmed if not isinstance(p, str)]
    repeats = len(set(columns)) < len(columns) or any(c in known for c in columns)
    return pieces if fixed or repeats or len(columns) == 1 else None


def _trimmed(column: Column) -> list[str | Column]:
    """A column without the beginning and the end that all its values share, cut beside punctuation."""
    low, high = min(column), max(column)
    start = _start(low, _same(low, high))
    backwards = [word[::-1] for word in column]
    low, high = min(backwards), max(backwards)
    stop = _stop(low, _same(low, high))
    if min(map(len, column)) <= start + stop:
        if min(map(len, column)) <= start:
            return [column]
        stop = 0
    if not start and not stop:
        return [column]
    first = column[0]
    end = -stop or None
    middle = tuple([word[start:end] for word in column])
    if '"' in middle or any(map(is_phrase, middle[:1])):
        return [column]
    pieces: list[str | Column] = [first[:start]] if start else []
    pieces.append(middle)
    if stop:
        pieces.append(first[-stop:])
    return pieces


def _same(low: str, high: str) -> int:
    i = 0
    for a, b in zip(low, high, strict=False):
        if a != b:
            break
        i += 1
    return i


def _start(word: str, limit: int) -> int:
    """Where a shared beginning may end: after punctuation, but not inside an address or a fraction (10.251, 0.37)."""
    while limit:
        c = word[limit - 1]
        if not c.isalnum() and not (c in ".," and limit > 1 and word[limit - 2].isdigit()):
            return limit
        limit -= 1
    return 0


def _stop(backwards: str, limit: int) -> int:
    """The same for a shared end, given backwards."""
    while limit:
        c = backwards[limit - 1]
        if not c.isalnum() and not (c in ".," and limit > 1 and backwards[limit - 2].isdigit()):
            return limit
        limit -= 1
    return 0
