"""Bytes of a changed body: what was not changed keeps the client's own bytes, to the blank and the escape.

A body is changed by making new containers on the way to a change and sharing all else; so what is shared is known by
identity, and this module needs no word on what was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from headroom import spans
from headroom.errors import RangeError
from headroom.proxy.decoding import encoded
from headroom.types import Json

Piece = bytes | tuple[int, int]
"""What a changed text is made of: bytes that are new, and ranges of the old one."""

_SCALARS = (str, int, float, bool, type(None))

_BLANKS = b" \t\r\n"
_MEMBER = re.compile(rb'[ \t\r\n,]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)
_BETWEEN = re.compile(rb"[ \t\r\n,]*")
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def rewritten(data: bytes, old: Json, new: Json) -> bytes:
    """`data`, the text of `old`, as a text of `new`; the same object where nothing changed.

    Raises RangeError where `data` is not the text of `old`.
    """
    return joined(data, pieces(data, old, new))


def pieces(data: bytes, old: Json, new: Json) -> tuple[Piece, ...]:
    """What `rewritten` puts together; nothing where nothing changed. Raises as it does."""
    if new is old:
        return ()
    start, end = len(data) - len(data.lstrip(_BLANKS)), len(data.rstrip(_BLANKS))
    made: list[Piece] = [(0, start)]
    for piece in (*_value(data, start, end, old, new), (end, len(data))):
        last = made[-1]
        if isinstance(last, tuple) and isinstance(piece, tuple) and last[1] == piece[0]:
            made[-1] = last[0], piece[1]
        else:
            made.append(piece)
    return tuple(made)


def joined(data: bytes, made: Sequence[Piece]) -> bytes:
    """The text that `pieces` of `data` make; `data` itself without any."""
    if not made:
        return data
    return b"".join([piece if isinstance(piece, bytes) else data[slice(*piece)] for piece in made])


def _value(data: bytes, start: int, end: int, old: Any, new: Any) -> Iterator[Piece]:
    if _same(old, new):
        yield start, end
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _object(data, start, end, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _array(data, start, end, old, new)
    else:
        yield encoded(new)


def _same(old: Any, new: Any) -> bool:
    return new is old or (type(new) is type(old) and isinstance(new, _SCALARS) and bool(new == old))


def _children(data: bytes, start: int, end: int) -> Iterable[tuple[str | int, int, int, int]]:
    """What `spans.children` yields, found in a tenth of the time where nothing is odd: msgspec knows how long each
    value is, and only what stands between them is looked at here."""
    kind = _MEMBERS if data[start : start + 1] == b"{" else _ELEMENTS
    try:
        raws = kind.decode(data[start:end])
    except (msgspec.DecodeError, RecursionError):
        return spans.children(data, start)
    made: list[tuple[str | int, int, int, int]] = []
    at = start + 1
    named = isinstance(raws, dict)
    for key, raw in raws.items() if isinstance(raws, dict) else enumerate(raws):
        between = (_MEMBER if named else _BETWEEN).match(data, at)
        if between is None:
            return spans.children(data, start)
        at = between.end() + memoryview(raw).nbytes
        made.append((key, between.start(1) if named else between.end(), between.end(), at))
    if data[at : end - 1].strip(_BLANKS):  # a key that stands twice
        return spans.children(data, start)
    return made


def _object(data: bytes, start: int, end: int, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Piece]:
    """Members with their keys as they were written. Of equal keys the last one counts, here as for every reader."""
    found = list(_children(data, start, end))
    where = {str(key): place for place, (key, *_) in enumerate(found)}
    if where.keys() != old.keys():
        raise RangeError(f"the object at byte {start} has other keys than the value that was read from it")

    def member(key: str, value: Any) -> Iterator[Piece]:
        if key in where:
            _, begins, at, ends = found[where[key]]
            yield begins, at
            yield from _value(data, at, ends, old[key], value)
        else:
            yield encoded(key) + b":" + encoded(value)

    items = ((where.get(key), member(key, value)) for key, value in new.items())
    yield from _joined(start, end, [(begins, ends) for _, begins, _, ends in found], items)


def _array(data: bytes, start: int, end: int, old: list[Any], new: list[Any]) -> Iterator[Piece]:
    """Elements that are still there keep their bytes; one that is new stands for the next that is gone, or between."""
    places = [(begins, ends) for _, _, begins, ends in _children(data, start, end)]
    if len(places) != len(old):
        raise RangeError(
            f"the array at byte {start} is of {len(places)}, the value that was read from it of {len(old)}"
        )
    where = {id(element): i for i, element in enumerate(old) if not isinstance(element, _SCALARS)}
    others = [i for i, (a, b) in enumerate(zip(old, new, strict=False)) if not _same(a, b)]
    if len(new) == len(old) and not any(id(new[i]) in where for i in others):
        yield from _in_place(start, end, places, ((i, _value(data, *places[i], old[i], new[i])) for i in others))
        return
    kept = {where[id(element)] for element in new if id(element) in where}

    def items() -> Iterator[tuple[int | None, Iterable[Piece]]]:
        at = 0
        for element in new:
            at = where.get(id(element), at)
            if id(element) not in where and (at >= len(old) or at in kept):
                yield None, [encoded(element)]
            else:
                yield at, _value(data, *places[at], old[at], element)
                at += 1

    yield from _joined(start, end, places, items())


def _in_place(
    start: int, end: int, places: list[tuple[int, int]], others: Iterable[tuple[int, Iterable[Piece]]]
) -> Iterator[Piece]:
    """A container with other values at some of its places: what stands between them is not looked at."""
    for place, value in others:
        yield start, places[place][0]
        yield from value
        start = places[place][1]
    yield start, end


def _joined(
    start: int,
    end: int,
    places: list[tuple[int, int]],
    items: Iterable[tuple[int | None, Iterable[Piece]]],
) -> Iterator[Piece]:
    """A container of these items, each with its place in the old one or None. What stood between two that are
    neighbours still, or between one and its bracket, stays."""
    edges = [start, *(ends for _, ends in places)]
    last: int | None = -1
    empty = True
    for place, value in items:
        if place is not None and last is not None and place == last + 1:
            yield edges[place], places[place][0]
        elif empty:
            yield start, start + 1
        else:
            yield b","
        yield from value
        last, empty = place, False
    if last == len(places) - 1:
        yield edges[-1], end
    else:
        if empty:
            yield start, start + 1
        yield end - 1, end
