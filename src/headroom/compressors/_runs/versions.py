"""Versions of packages: installers name each package several times, and its version is told the first time.

`serde v~` is serde at the version that was last told for it, and so are `serde-~`, `serde==~` and `serde@~`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

CLAUSE = "name v~, name-~, name==~, name@~: at the version told above"

MIN_AGAIN = 4
"""Fewer versions told again than this do not pay for the clause."""

INSTALLERS = ("Compiling", "ownload", "Collecting", "npm ", "nstalling", "Unpacking", "etching", "Using cached")
"""One of these stands in every text that names packages again and again; others are not searched."""

_TOLD = re.compile(
    r"(?<![\w./@+~-])((?:@[\w.-]+/)?[A-Za-z_][\w.]*(?:-[A-Za-z_][\w.]*)*)( v|==|-|@)"
    r"(\d+(?:\.\d+)+(?:-(?:alpha|beta|rc|pre|dev|next|canary)[\w.]*|\+[a-z][\w.]*)?|~)(?![\w.~]*\d|~)",
    re.ASCII,
)
_AGAIN = re.compile(r"(?: v|==|-|@)~")


def encode(lines: Sequence[str]) -> list[str] | None:
    """The lines with versions told once, or None where few are told again."""
    text = "\n".join(lines)
    if _AGAIN.search(text):
        return None
    known: dict[str, str] = {}
    again = 0

    def short(match: re.Match[str]) -> str:
        nonlocal again
        name, gap, version = match.groups()
        if known.get(name) == version:
            again += 1
            return f"{name}{gap}~"
        known[name] = version
        return match[0]

    out = _TOLD.sub(short, text)
    return out.split("\n") if again >= MIN_AGAIN else None


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `encode` was given."""
    known: dict[str, str] = {}

    def long(match: re.Match[str]) -> str:
        name, gap, version = match.groups()
        if version == "~":
            return f"{name}{gap}{known.get(name, '~')}"
        known[name] = version
        return match[0]

    return _TOLD.sub(long, "\n".join(lines)).split("\n")
