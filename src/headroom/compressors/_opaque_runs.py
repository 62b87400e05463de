"""Runs of lines that no reader reads: base64, hex dumps, minified code. For `opaque`, which leaves their middle out.

A list of hashes is none: each of them names something.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

MIN_CHARS = 2_000
"""A run with less text is shown: its notice says less than half of what it takes to look."""

MIN_MINIFIED = 10_000
"""A shorter line of minified code can still be read."""

MIXED_SHARE = 0.9
"""Share of the lines of base64 in which capitals, small letters and digits stand: names and paths lack one of them."""

DIGEST = 12
"""Letters of a hash in a notice: enough to tell whether two are the same."""

_DENSE = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_MIXED = re.compile(r"(?=.{0,400}?[0-9])(?=.{0,400}?[a-z])(?=.{0,400}?[A-Z])")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_DUMPED = re.compile(r"\s*(?:0x)?[0-9a-fA-F]{4,16}:?\s+(?:[0-9a-fA-F]{2,8}\s+){4}")
_HASHES = frozenset({40, 64, 96, 128})
"""Lengths of hashes in hex that a dense line may have."""


MIN_BLOCK_SIGNS = 0.02
"""Share of braces and semicolons in minified code: progress that a terminal writes over itself has none."""

_WORDS_OF_CODE = re.compile(r"\bfunction\b|=>|\breturn\b|\bvar |\bconst |!important|:[^;{}]{1,40};|@media|;base64,")
_CODE_ENDS = re.compile(r"[;})\]>,'\"/]\s*\Z")


class Kind(NamedTuple):
    """One way of not being made for reading."""

    name: str
    holds: Callable[[str], bool]
    """True for each line of a run."""
    head: int
    tail: int
    """Lines of a run that are shown at its start and end, if it has more."""


KINDS = (
    Kind("a hex dump", lambda line: _DUMPED.match(line[:200]) is not None, 32, 4),
    Kind("base64", lambda line: _DENSE.fullmatch(line) is not None, 2, 1),
    Kind("minified code", lambda line: len(line) >= MIN_MINIFIED and _is_minified(line), 0, 0),
)


class Run(NamedTuple):
    """Lines `first` to `last`, counted from 1, that may go, and what a notice says of them."""

    first: int
    last: int
    what: str
    text: str


def runs(lines: Sequence[str]) -> list[Run]:
    """The runs of a text that may go, in order."""
    found = []
    at = 0
    for kind, group in groupby(lines, key=_kind):
        size = sum(1 for _ in group)
        if kind is not None:
            head, tail = (kind.head, kind.tail) if size > kind.head + kind.tail else (0, 0)
            middle = lines[at + head : at + size - tail]
            text = "\n".join(middle)
            if len(text) >= MIN_CHARS and (kind.name != "base64" or _is_encoded(middle)):
                name = "hex" if kind.name == "base64" and all(map(_HEX.fullmatch, middle)) else kind.name
                digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]
                what = f"{len(text):,} characters of {name}, sha256 {digest}"
                found.append(Run(at + head + 1, at + size - tail, what, text))
        at += size
    return found


def _kind(line: str) -> Kind | None:
    return next((kind for kind in KINDS if kind.holds(line)), None)


def _is_encoded(lines: Sequence[str]) -> bool:
    """True for bytes written as text, not for a list of hashes or of long names."""
    if all(map(_HEX.fullmatch, lines)):
        return len(lines) == 1 or not {len(line) for line in lines} <= _HASHES
    return sum(1 for line in lines if _MIXED.match(line)) >= MIXED_SHARE * len(lines)


def _is_minified(line: str) -> bool:
    """True for code all through: its signs are in each quarter of the line, and it ends as code does."""
    size = len(line) // 4
    quarters = [line[at * size : (at + 1) * size] for at in range(4)]
    signs = min(sum(map(quarter.count, "{};")) for quarter in quarters)
    code = all(map(_WORDS_OF_CODE.search, quarters))
    return code and signs >= MIN_BLOCK_SIGNS * size and _CODE_ENDS.search(line[-20:]) is not None
