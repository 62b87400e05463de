"""Where a value stands in the bytes of a JSON document, and string leaves replaced there without touching another byte.

Nothing is decoded but the keys on the way: strings are skipped by one regular expression, containers by jumping from
bracket to bracket, so a 1 MB body is walked once, whatever the number of edits. As in every JSON decoder the last of
several equal keys wins. A document is taken to be valid JSON; where the walk meets something else it says so, but
what it skips it does not check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headroom.errors import RangeError
from headroom.types import Edit, Path

MAX_LEVELS = 200
"""Levels of a path above which it is refused: decoders stop at about 1,000, real bodies at about 20."""

SHOWN_KEYS = 8
"""How many of an object's keys an error message names."""

# Short strings without escapes are matched whole, inside runs and flat containers. All others are jumped over by a
# search for the quote that ends them, which is memchr's speed where the text holds few quotes: one that has no
# backslash before it, or an even number of them. More than six backslashes in a row are counted by hand.
_SHORT = rb'"[^"\\]{0,200}+"'
_FLAT = _CONTAINER = rb"[\[{](?:[^\"\[\]{}]++|" + _SHORT + rb")*+[\]}]"
for _ in range(3):  # four levels: a message with its blocks and their arguments
    _CONTAINER = rb"[\[{](?:[^\"\[\]{}]++|" + _SHORT + rb"|" + _CONTAINER + rb")*+[\]}]"
_VALUE = re.compile(rb"(?:" + _SHORT + rb"|[^\s,\[\]{}\"]++|" + _CONTAINER + rb")[ \t\r\n]*+()[,\]}][ \t\r\n]*+")
_RUN = re.compile(rb"(?:[^\"\[\]{}]++|" + _SHORT + rb"|" + _FLAT + rb")*+")
_KEY = re.compile(rb'[ \t\r\n]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+', re.DOTALL)
_STRING_END = re.compile(rb'"(?:(?<!\\")|(?<=[^\\]\\{2}")|(?<=[^\\]\\{4}")|(?<=[^\\]\\{6}")|(?<=(\\{7})"))')
_SCALAR = re.compile(rb'[^\s,\[\]{}"]+')
_BLANK = re.compile(rb"[ \t\r\n]*+")
_SEGMENT = re.compile(r"""\.?\[\s*(\d+)\s*\]|\.?\[\s*("(?:[^"\\]|\\.)*"|'[^']*')\s*\]|(?:^|\.)([^.\[\]"']+)""")

_OPEN, _CLOSE, _QUOTE, _COMMA = b"[{", b"]}", ord('"'), ord(",")
_OBJECT, _ARRAY, _BACKSLASH = ord("{"), ord("["), ord("\\")
_NAMES = {_OBJECT: "an object", _ARRAY: "an array", _QUOTE: "a string"}


class _Splice(NamedTuple):
    start: int
    end: int
    text: str


class _Problem(NamedTuple):
    """A leaf that is not there; raised only if no later key of the same name replaces it."""

    message: str


class _Node:
    """The edits below one value, by key; `text` where the value itself is to be replaced."""

    __slots__ = ("inner", "names", "text")

    def __init__(self) -> None:
        self.inner: dict[str | int, _Node] = {}
        self.names: dict[bytes, str] = {}
        """The object keys as they stand in a document that escapes nothing it need not."""
        self.text: str | None = None


def _tree(edits: Sequence[Edit]) -> _Node:
    root = _Node()
    encoded: dict[str, bytes] = {}
    for leaf, text in edits:
        if len(leaf) > MAX_LEVELS:
            raise RangeError(f"the leaf {show(leaf[:5])}… has more than {MAX_LEVELS} levels; such leaves are no parts")
        node = root
        for key in leaf:
            inner = node.inner.get(key)
            if inner is None:
                inner = node.inner[key] = _Node()
                if isinstance(key, str):
                    raw = encoded.get(key) or encoded.setdefault(key, _encode(key))
                    node.names[raw] = key
            node = inner
        node.text = text
    return root


def show(path: Path) -> str:
    """`path` as a person types it: `$.messages[3].content`."""
    plain = re.compile(r"[A-Za-z_][\w-]*\Z")
    shown = (
        f"[{key}]" if isinstance(key, int) else f".{key}" if plain.match(key) else f"[{json.dumps(key)}]"
        for key in path
    )
    return "$" + "".join(shown)


def parse_path(text: str) -> Path:
    """The path that a person typed: `$.a.b[3].c`, `a.b.3.c`, `a["odd key"]`; `$` alone is the whole document.

    A number between dots is an index, or a key where an object stands. Raises RangeError where the text is no path.
    """
    rest = text.strip().removeprefix("$")
    path: list[str | int] = []
    at = 0
    while at < len(rest):
        found = _SEGMENT.match(rest, at)
        if found is None or found.end() == at:
            raise RangeError(f"{text!r} is no path: stuck at {rest[at:][:20]!r}; write it like $.items[3].name")
        index, quoted, plain = found.groups()
        if quoted is not None:
            path.append(_unquote(quoted, text))
        elif index is not None or (plain.isascii() and plain.isdigit() and str(int(plain)) == plain):
            path.append(int(index or plain))
        else:
            path.append(plain)
        at = found.end()
        if len(path) > MAX_LEVELS:
            raise RangeError(f"the path has more than {MAX_LEVELS} levels; give a shorter one")
    return tuple(path)


def _unquote(quoted: str, text: str) -> str:
    if quoted.startswith("'"):
        return quoted[1:-1]
    try:
        return str(json.loads(quoted))
    except ValueError:
        raise RangeError(f'{text!r} is no path: {quoted} is no JSON string; write it like $["odd key"]') from None


def span(data: bytes, path: Path) -> tuple[int, int]:
    """Start and end of the value at `path` in `data`. Raises RangeError, naming what stands there instead."""
    if len(path) > MAX_LEVELS:
        raise RangeError(f"the path has more than {MAX_LEVELS} levels; give a shorter one")
    start = _blank(data, 0)
    for depth, key in enumerate(path):
        start = _step(data, start, key, path[:depth])
    return start, _skip(data, start)


def rows(data: bytes, path: Path) -> Iterator[tuple[int, int]]:
    """Start and end of each row of the value at `path`, in order: the elements of an array, or the members of an
    object, each with its key. Raises RangeError where neither stands."""
    start, _ = span(data, path)
    if data[start] not in _OPEN:
        raise RangeError(f"at {show(path)} stands {_what(data, start)}, which has no rows; name an array or an object")
    return ((begins, ends) for _, begins, _, ends in children(data, start))


def splice(data: bytes, edits: Sequence[Edit]) -> bytes:
    """`data` with each edit's text, as a JSON string, in the place of its leaf; the same object without edits.

    Every byte outside the leaves stays. Of several edits of one leaf the last counts. Raises RangeError where a
    leaf does not exist or is no string.
    """
    if not edits:
        return data
    found: list[_Splice | _Problem] = []
    _walk(data, _blank(data, 0), _tree(edits), (), found)
    pieces: list[bytes] = []
    at = 0
    for place in found:
        if isinstance(place, _Problem):
            raise RangeError(place.message)
        pieces += (data[at : place.start], _encode(place.text))
        at = place.end
    pieces.append(data[at:])
    return b"".join(pieces)


def _encode(text: str) -> bytes:
    try:
        return json.dumps(text, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(text).encode("ascii")


def _walk(data: bytes, at: int, node: _Node, path: Path, found: list[_Splice | _Problem]) -> int:
    """Collects the places of all edits below the value at `at`, in order; returns where the value ends."""
    opened = _byte(data, at)
    if node.text is not None:
        end = _skip(data, at)
        if opened == _QUOTE:
            found.append(_Splice(at, end, node.text))
        else:
            found.append(_Problem(f"at {show(path)} stands {_what(data, at)}, not a string; edit string leaves only"))
        return end
    if opened == _OBJECT:
        return _walk_object(data, at, node, path, found)
    if opened == _ARRAY:
        return _walk_array(data, at, node, path, found)
    found.append(_Problem(_absent(path, next(iter(node.inner)), _what(data, at))))
    return _skip(data, at)


def _walk_object(data: bytes, at: int, node: _Node, path: Path, found: list[_Splice | _Problem]) -> int:
    places: dict[bytes, list[_Splice | _Problem]] = {}
    opened, names = at, node.names
    at += 1
    more = True
    while more and (member := _KEY.match(data, at)) is not None:
        raw = member[1]
        if b"\\" in raw:
            raw = _encode(_key(raw))
        at, key = member.end(), names.get(raw)
        if key is not None:
            below: list[_Splice | _Problem] = []
            at = _walk(data, at, node.inner[key], (*path, key), below)
            places.pop(raw, None)
            places[raw] = below
        elif (value := _VALUE.match(data, at)) is not None:
            at, more = value.end(), data[value.end(1)] == _COMMA
            continue
        else:
            at = _skip(data, at)
        at, more = _next(data, at, b"}")
    if more:
        at = _end(data, at, b"}")
    for below in places.values():
        found += below
    if len(places) < len(node.inner):
        absent = next(key for key in node.inner if not isinstance(key, str) or _encode(key) not in places)
        found.append(_Problem(_absent(path, absent, _holding(data, opened))))
    return at


def _walk_array(data: bytes, at: int, node: _Node, path: Path, found: list[_Splice | _Problem]) -> int:
    index, count = 0, 0
    at = _blank(data, at + 1)
    more = _byte(data, at) != _CLOSE[0]
    at = at if more else at + 1
    while more:
        inner = node.inner.get(index)
        index += 1
        if inner is not None:
            count += 1
            at = _walk(data, at, inner, (*path, index - 1), found)
        elif (value := _VALUE.match(data, at)) is not None:
            at, more = value.end(), data[value.end(1)] == _COMMA
            continue
        else:
            at = _skip(data, at)
        at, more = _next(data, at, b"]")
    if count < len(node.inner):
        absent = next(key for key in node.inner if not isinstance(key, int) or not 0 <= key < index)
        found.append(_Problem(_absent(path, absent, f"an array of {index}")))
    return at


def children(data: bytes, at: int) -> Iterator[tuple[str | int, int, int, int]]:
    """Each member or element of the container that begins at `at`: its key or index, where it begins (a member with
    its key), where its value begins, and where it ends."""
    if _byte(data, at) == _OBJECT:
        at += 1
        while (member := _KEY.match(data, at)) is not None:
            end = _skip(data, member.end())
            yield _key(member[1]), member.start(1), member.end(), end
            at, more = _next(data, end, b"}")
            if not more:
                return
        _end(data, at, b"}")
        return
    index, at = 0, _blank(data, at + 1)
    more = _byte(data, at) != _CLOSE[0]
    while more:
        end = _skip(data, at)
        yield index, at, at, end
        at, more = _next(data, end, b"]")
        index += 1


def _step(data: bytes, at: int, key: str | int, path: Path) -> int:
    """Where the value under `key` begins, in the container that begins at `at`."""
    opened, start = _byte(data, at), -1
    for name, _, begins, _ in children(data, at) if opened in _OPEN else ():
        if str(name) == str(key):
            start = begins
            if opened == _ARRAY:  # of equal keys of an object, the last one counts
                break
    if start < 0:
        raise RangeError(_absent(path, key, _holding(data, at)))
    return start


def _holding(data: bytes, at: int) -> str:
    """What stands at `at` and what keys or how many elements it holds, for a message."""
    opened = _byte(data, at)
    names = [str(name) for name, *_ in children(data, at)] if opened in _OPEN else []
    if opened == _ARRAY:
        return f"an array of {len(names)}"
    return _keys(names) if opened == _OBJECT else _what(data, at)


def _skip(data: bytes, at: int) -> int:
    """Where the value that begins at `at` ends."""
    first = _byte(data, at)
    if first == _QUOTE:
        return _string_end(data, at)
    if first not in _OPEN:
        found = _SCALAR.match(data, at)
        if found is None:
            raise _broken(data, at)
        return found.end()
    depth = 1
    at += 1
    while depth:
        run = _RUN.match(data, at)
        at = run.end() if run is not None else at
        stop = _byte(data, at)
        if stop == _QUOTE:
            at = _string_end(data, at)
            continue
        depth += 1 if stop in _OPEN else -1
        at += 1
    return at


def _string_end(data: bytes, at: int) -> int:
    """Where the string that begins at `at` ends, its last quote included."""
    start, at = at, data.find(b'"', at + 1)
    if at > 0 and data[at - 1] != _BACKSLASH:
        return at + 1
    while at > 0 and (found := _STRING_END.search(data, at)) is not None:
        at = found.end()
        if found[1] is None:
            return at
        before = at - 2
        while data[before] == _BACKSLASH:
            before -= 1
        if (at - 2 - before) % 2 == 0:
            return at
    raise _broken(data, start)


def _next(data: bytes, at: int, close: bytes) -> tuple[int, bool]:
    """Past the comma to the next element and True, or past the container's end and False."""
    at = _blank(data, at)
    if _byte(data, at) == _COMMA:
        return _blank(data, at + 1), True
    return _end(data, at, close), False


def _end(data: bytes, at: int, close: bytes) -> int:
    at = _blank(data, at)
    if not data.startswith(close, at):
        raise _broken(data, at)
    return at + 1


def _blank(data: bytes, at: int) -> int:
    found = _BLANK.match(data, at)
    return found.end() if found is not None else at


def _byte(data: bytes, at: int) -> int:
    if at >= len(data):
        raise _broken(data, at)
    return data[at]


def _key(raw: bytes) -> str:
    if b"\\" not in raw:
        return raw[1:-1].decode("utf-8", "replace")
    try:
        return str(json.loads(raw))
    except ValueError:
        return raw[1:-1].decode("utf-8", "replace")


def _broken(data: bytes, at: int) -> RangeError:
    seen = data[at : at + 20].decode("utf-8", "replace")
    what = f"{seen!r} stands at byte {at}" if seen else f"it ends at byte {len(data)}"
    return RangeError(f"this is not JSON: {what}; read it as text, by lines")


def _what(data: bytes, at: int) -> str:
    first = _byte(data, at)
    return _NAMES.get(first) or data[at : min(_skip(data, at), at + 20)].decode("utf-8", "replace")


def _keys(names: Sequence[str]) -> str:
    listed = list(dict.fromkeys(names))
    more = f" and {len(listed) - SHOWN_KEYS} more" if len(listed) > SHOWN_KEYS else ""
    return f"an object with {', '.join(map(repr, listed[:SHOWN_KEYS]))}{more}" if listed else "an empty object"


def _absent(path: Path, key: str | int, what: str) -> str:
    return f"nothing stands at {show((*path, key))}: {show(path)} is {what}; choose from that"
