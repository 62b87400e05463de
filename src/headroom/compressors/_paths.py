"""Lines that open with a path: `path:12:text`, `path-13-text`, `path:text`.

What is a path is decided here once, for the search encoder and its decoder alike. The rule it keeps: a split only
cuts, so that the pieces joined give the line back.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

MAX_PATH = 400

_NUMBER = r"(0|[1-9][0-9]{0,8})"
_PATH = r"(?:[A-Za-z]:(?=[\\/]))?[^\s:]+"
_NUMBERED = re.compile(rf"({_PATH}):{_NUMBER}:")
_REVISION = re.compile(rf"([^\s:]+:[^\s:]+):{_NUMBER}:")
_CALLED = re.compile(rf"({_PATH})\({_NUMBER}(?=(?:,[0-9]+)*\): )")
_INDENTED = re.compile(rf"( {{2}}{_PATH}):{_NUMBER}:(?=[0-9]+ - )")
_UNNUMBERED = re.compile(rf"({_PATH}):(?!//)")
_RESULT = re.compile(rf":{_NUMBER}:")
_CONTEXT = re.compile(rf"([-=]){_NUMBER}\1")
_PLAIN = re.compile(r"(?:.*[\w.][/\\]|.*\w\.[A-Za-z][A-Za-z0-9_+-]{0,11}\Z)")
_DATE = re.compile(r"\W*[0-9]{2,4}[-/.][0-9]{2}[-/.][0-9]{2,4}(?:[T_][0-9]{1,2})?")
_STAMPED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T_][0-9]{1,2}\Z")
"""A name that ends in a date and an hour: the `:53:` behind it is a minute (`nova.log.2017-05-16_13:53:08`)."""
_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./~@_$%+\\[")
_SPACE = re.compile(r"\s")
_LETTER = re.compile(r"[^\W\d_]")
_NAME = re.compile(r"[\w.+@~-]+")

INDENT = "  "
"""What pyright writes before a path that stands below a heading of its own."""

CALLED = "("
"""The mark of `path(12,5): message`."""


class Line(NamedTuple):
    """One line in pieces: `path`, `mark` (`:`, or `-` or `=` for context), `number` (None without one), the rest.

    The mark `(` is that of compilers that write `path(12,5): message`.
    """

    path: str
    mark: str
    number: int | None
    text: str


@lru_cache(maxsize=4096)
def is_path(text: str) -> bool:
    """True if `text` may be a file's path before `:12:`. No blanks, no dates, no clock times, no bare numbers."""
    if not 0 < len(text) <= MAX_PATH or (text[0] not in _FIRST and text[0].isascii()):
        return False
    if _SPACE.search(text) or not _LETTER.search(text) or _DATE.fullmatch(text) or _STAMPED.search(text):
        return False
    return "/" in text or "\\" in text or _NAME.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def is_plain_path(text: str) -> bool:
    """True if `text` looks like a path even where no number follows: it has a folder or an extension."""
    return is_path(text) and _PLAIN.match(text) is not None


def split_numbered(line: str, expected: str = "") -> Line | None:
    """The pieces of `path:12:text` (`rev:path:12:text`, `path(12,5): text` and, two blanks in, pyright's
    `path:12:5 - text` too); None if `line` is of no such form. `expected` is the path of the line above, which is
    tried first."""
    if expected and line.startswith(expected):
        match = _RESULT.match(line, len(expected))
        if match is not None:
            return Line(expected, ":", int(match[1]), line[match.end() :])
    match = _NUMBERED.match(line, 0, MAX_PATH + 12) or _REVISION.match(line, 0, MAX_PATH + 12)
    if match is not None:
        return Line(match[1], ":", int(match[2]), line[match.end() :]) if is_path(match[1]) else None
    match = _CALLED.match(line, 0, MAX_PATH + 24) if "): " in line else _INDENTED.match(line, 0, MAX_PATH + 24)
    if match is None or not is_plain_path(match[1].removeprefix(INDENT)):
        return None
    return Line(match[1], CALLED if match.re is _CALLED else ":", int(match[2]), line[match.end() :])


def split_plain(line: str) -> Line | None:
    """The pieces of `path:text`; None if `line` is not of this form."""
    match = _UNNUMBERED.match(line, 0, MAX_PATH + 3)
    if match is None or not is_plain_path(match[1]):
        return None
    return Line(match[1], ":", None, line[match.end() :])


def split_context(line: str, path: str, *, numbered: bool) -> Line | None:
    """The pieces of a context line that opens with `path`: `path-13-text`, or `path-text` if not `numbered`."""
    if numbered:
        match = _CONTEXT.match(line, len(path))
        return None if match is None else Line(path, match[1], int(match[2]), line[match.end() :])
    if not line.startswith("-", len(path)) or line[len(path) :] == "--":  # a lone "-" would read as grep's gap
        return None
    return Line(path, "-", None, line[len(path) + 1 :])


def context_paths(line: str, *, numbered: bool) -> list[str]:
    """Every path that a context line could open with, the shortest first."""
    end = MAX_PATH + 12
    if numbered:
        return [line[: match.start()] for match in _CONTEXT.finditer(line, 1, end)]
    return [line[:at] for at in range(1, min(len(line), end)) if line[at] == "-"]


def common_folder(paths: list[str]) -> str:
    """The longest common start of all paths that ends in a separator and leaves each a path whose first character is
    no digit; "" if there is none."""
    low, high = min(paths), max(paths)
    end = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    while end > 0:
        end = max(low.rfind("/", 0, end), low.rfind("\\", 0, end)) + 1
        if all(is_path(path[end:]) and not path[end].isdigit() for path in paths):
            return low[:end]
        end -= 1
    return ""
