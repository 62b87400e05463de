"""Lines of a diff that nobody reviews: what tools wrote into lock files and bundles, and lines far from any change.

The lines that name a file, say that it was renamed or is binary, and open a hunk all stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from headroom.compressors._omit import FAILURE
from headroom.types import Unit

NEAR = 1
"""Unchanged lines beside a change that stay."""

CONTEXT = "context"

_NAMED = re.compile(r"(?:diff --git .* b/|\+\+\+ (?:b/)?)([^\t]+)")
_GENERATED = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|Cargo\.lock|poetry\.lock"
    r"|uv\.lock|pdm\.lock|Pipfile\.lock|Gemfile\.lock|composer\.lock|mix\.lock|pubspec\.lock|flake\.lock|go\.sum"
    r"|packages\.lock\.json|gradle\.lockfile|Podfile\.lock|Package\.resolved|deno\.lock)\Z"
    r"|\.min\.(?:js|css|mjs)\Z|\.(?:js|css)\.map\Z|[._]pb2?(?:_grpc)?\.(?:go|py|cc|h|ts)\Z|\.g\.dart\Z|\.designer\.cs\Z"
    r"|(?:^|/)(?:dist|node_modules)/"
)


def units(lines: Sequence[str], query: str, hunk_end: Callable[[int], int]) -> list[Unit]:
    """A unit for each line of a hunk that may go. `hunk_end` gives the index after the hunk that opens at one."""
    made: list[Unit] = []
    path = ""
    at = 0
    while at < len(lines):
        named = _NAMED.match(lines[at])
        path = named[1] if named else path
        if not lines[at].startswith("@@ "):
            at += 1
            continue
        stop = hunk_end(at)
        generated = _GENERATED.search(path) is not None and path.rpartition("/")[2] not in query
        if generated:
            made += [_unit(lines, place, path) for place in range(at + 1, stop)]
        else:
            made += [_unit(lines, place, CONTEXT) for place in _far(lines, at + 1, stop)]
        at = max(stop, at + 1)
    return made


def told(run: Sequence[Unit]) -> str:
    """A run that is left out: how much was added to and taken from a file, or how many lines did not change."""
    signs = Counter(unit.text[:1] for unit in run)
    if run[0].alike == CONTEXT:
        return f"{len(run):,} unchanged lines"
    return f"+{signs['+']:,} -{signs['-']:,} lines of {run[0].alike}"


def _unit(lines: Sequence[str], at: int, key: str) -> Unit:
    line = lines[at]
    return Unit(at + 1, at + 1, line, "lines", key, "failure" if FAILURE.search(line) else "")


def _far(lines: Sequence[str], first: int, stop: int) -> list[int]:
    """The unchanged lines of a hunk that stand beside none that changed."""
    changed = [at for at in range(first, stop) if lines[at][:1] in ("+", "-", "\\")]
    near = {at + step for at in changed for step in range(-NEAR, NEAR + 1)}
    return [at for at in range(first, stop) if at not in near]
