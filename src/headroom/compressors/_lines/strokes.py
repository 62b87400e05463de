"""Long runs of one sign, told by their length: `⎯×50` stands for fifty times `⎯`.

Rules and bars made of such signs are cheap to print and dear to read: the published vocabularies have no token for more
than one or two of them, so that a rule across the terminal costs as much as ten lines of text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom import policy
from headroom.errors import FormatError

CLAUSE = "{sign}×9: 9 times {sign}"
PATTERN = re.compile(r"(\S)×9: 9 times \1\Z")

LEAST = 8
"""Shorter runs are not told: three tokens stand for them."""

_CHEAP = "─━═█□…–—＝ー×"
"""Of these the vocabularies know long runs (o200k_base: 50 of them are 4 to 13 tokens); the last is our own."""

_RUN = re.compile(rf"([^\w\s\x00-\x7f{_CHEAP}])\1{{{LEAST - 1},998}}(?![\d×])")
_WRITTEN = re.compile(rf"([^\w\s\x00-\x7f{_CHEAP}])×([1-9]\d{{0,2}})")


def encode(lines: Sequence[str]) -> tuple[list[str], str] | None:
    """The lines with long runs told by their length and the clause that says so; None where there are none."""
    first = next((match[1] for line in lines if (match := _RUN.search(line))), None)
    if first is None:
        return None
    out = ["\\" + line if line[:1] == "\\" or _WRITTEN.search(line) else _RUN.sub(_told, line) for line in lines]
    return out, CLAUSE.format(sign=first)


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `encode` was given. Raises FormatError on more text than any part holds."""
    out: list[str] = []
    room = policy.MAX_CHARS
    for line in lines:
        if line[:1] == "\\":
            out.append(line[1:])
            continue
        room -= sum(int(match[2]) for match in _WRITTEN.finditer(line))
        if room < 0:
            raise FormatError(f"the line {line[:60]!r} stands for more text than any part holds")
        out.append(_WRITTEN.sub(_run, line))
    return out


def _told(match: re.Match[str]) -> str:
    return f"{match[1]}×{len(match[0])}"


def _run(match: re.Match[str]) -> str:
    return match[1] * int(match[2])
