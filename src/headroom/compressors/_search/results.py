"""Which lines of a text are search results: their path, number and text, and where context lines belong.

Context lines (`path-13-text`) are told only by paths that result lines show, since a path may hold `-12-` itself.
The rule it keeps: pieces joined give the line back, whatever was understood.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal, NamedTuple

from headroom.compressors import _paths
from headroom.compressors._paths import Line

GAP = "--"
"""What grep prints between two groups of lines."""

MIN_RESULTS = 3
MIN_CONTEXT = 5
MIN_BARE_SHARE = 0.8
"""Lines without a path are taken for one file's only if nearly all of them are numbered, and rise."""

_LISTED = re.compile(r"[0-9][0-9,]*[:=-]")
_BARE = re.compile(r"(0|[1-9][0-9]{0,8})([:=-])")


class Results(NamedTuple):
    """A text's lines as they were understood; a string is a line that is no result."""

    lines: list[Line | str]
    style: Literal["each", "headed", "one"]
    """Whether each line names its file, a heading does, or none."""
    base: str = ""
    """What stands before the path on lines without a colon: Claude Code's Grep shortens only lines with one."""


def understood(lines: list[str]) -> Results | None:
    """The results in a text, or None if it holds too few."""
    first = _numbered(lines)
    numbered = any(first)
    if not numbered:
        headed = _headed(lines) or _one_file(lines)
        if headed is not None:
            return headed
        first = [_paths.split_plain(line) if ":" in line else None for line in lines]
    known = {line.path for line in first if line is not None}
    if not known:
        return None
    contexts = _Contexts(known, numbered=numbered)
    found: list[Line | str] = []
    for line, result in zip(lines, first, strict=True):
        if result is not None and result.path != contexts.path and line.startswith(contexts.path):
            result = contexts.split(line) or result  # `a.py-7-b.py:3:x` is a line of a.py
        if result is None:
            result = contexts.split(line)
            if result is None and numbered and ":" in line:
                result = _paths.split_plain(line)
        else:
            contexts.path = result.path
        found.append(line if result is None else result)
    if contexts.base:
        found = [
            line if isinstance(line, str) else contexts.told(line, whole)
            for line, whole in zip(found, lines, strict=True)
        ]
    if sum(not isinstance(line, str) for line in found) < MIN_RESULTS:
        return None
    return Results(found, "each", contexts.base)


def _numbered(lines: list[str]) -> list[Line | None]:
    """For each line the pieces of a result with a number."""
    found: list[Line | None] = []
    path = ""
    for line in lines:
        result = _paths.split_numbered(line, path) if ":" in line else None
        if result is not None:
            path = result.path
        found.append(result)
    return found


class _Contexts:
    """Recognises context lines by the paths that result lines show; `path` is that of the line before."""

    def __init__(self, known: set[str], *, numbered: bool) -> None:
        self.base = ""
        self.path = min(known)
        self._known = known
        self._numbered = numbered

    def split(self, line: str) -> Line | None:
        """The pieces of a context line, its path as result lines spell it; None for any other line."""
        if "-" not in line and "=" not in line:
            return None
        path, base = self.path, self.base
        if base and ":" not in line:
            if line.startswith(base + path):
                found = _paths.split_context(line, base + path, numbered=self._numbered)
                if found is not None:
                    return Line(path, *found[1:])
        elif line.startswith(path):
            found = _paths.split_context(line, path, numbered=self._numbered)
            if found is not None and (not base or ":" in found.text):
                return found
        for spelled in _paths.context_paths(line, numbered=self._numbered):
            found = self._accepted(line, spelled)
            if found is not None:
                self.path = found.path
                return found
        return None

    def told(self, line: Line, whole: str) -> Line | str:
        """`line`, or the line as it is where the base does not stand as `Results.base` says."""
        spelled = (self.base if line.mark != ":" and ":" not in line.text else "") + line.path
        return line if whole.startswith(spelled) else whole

    def _accepted(self, line: str, spelled: str) -> Line | None:
        found = _paths.split_context(line, spelled, numbered=self._numbered)
        if found is None:
            return None
        path = self._resolved(spelled, may_be_based=":" not in line)
        based = path is not None and path != spelled
        if path is None or based != (self.base != "" and ":" not in found.text):
            return None
        return found._replace(path=path)

    def _resolved(self, spelled: str, *, may_be_based: bool) -> str | None:
        """The known path that `spelled` is, or ends with behind the base."""
        if spelled in self._known:
            return spelled
        if not may_be_based:
            return None
        if self.base:
            path = spelled.removeprefix(self.base)
            return path if path in self._known else None
        for at, char in enumerate(spelled):
            if char in "/\\" and spelled[at + 1 :] in self._known:
                self.base = spelled[: at + 1]
                return spelled[at + 1 :]
        return None


def _one_file(lines: list[str]) -> Results | None:
    """Lines `12:text` and `13-text` without any path: a search in one file, with context."""
    found = [_bare(line, "") for line in lines]
    results = [line for line in found if not isinstance(line, str)]
    context = sum(line.mark == "-" for line in results)
    if context < MIN_CONTEXT or len(results) + found.count(GAP) < MIN_BARE_SHARE * len(lines):
        return None
    rising = sum((a.number or 0) < (b.number or 0) for a, b in pairwise(results))
    if rising < MIN_BARE_SHARE * (len(results) - 1):
        return None  # `2025-05-01 …`: dates, not numbers of lines
    return Results(found, "one")


def _headed(lines: list[str]) -> Results | None:
    """ripgrep's `--heading`: a path on a line of its own, then `12:text`, then an empty line. The path lines are
    left to the renderer, which writes a heading wherever the path changes."""
    found: list[Line | str] = []
    path: str | None = None
    for at, line in enumerate(lines):
        if path is None:
            if at + 1 < len(lines) and _BARE.match(lines[at + 1]) and _is_heading(line):
                path = line
                continue
            found.append(line)
            continue
        result = _bare(line, path)
        found.append(result)
        if isinstance(result, str) and result != GAP:
            path = None
    results = sum(not isinstance(line, str) for line in found)
    return Results(found, "headed") if results >= MIN_RESULTS else None


def _is_heading(line: str) -> bool:
    return _paths.is_path(line) and line[0] != "\\" and not _LISTED.match(line)


def _bare(line: str, path: str) -> Line | str:
    match = _BARE.match(line)
    return line if match is None else Line(path, match[2], int(match[1]), line[match.end() :])
