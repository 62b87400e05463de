r"""What stands at every line of a text and tells nothing after the first: the line ends of Windows, the name that a
runner of many programs writes before what each prints (`web-1  | `, `@acme/web test: `), an indentation.

It is said once, on a line above the rendering of the lines without it, so that no compressor needs to know of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from os.path import commonprefix
from typing import NamedTuple

from headroom.compressors._lines.heads import is_notice
from headroom.errors import FormatError

_ENDS = "[lines end in CR LF]"
_BEGIN = re.compile(r"\[(?P<word>each|every) line begins(?P<stripped> \(empty ones stripped\))? with (?P<start>.*)\]")
MARKS = (_ENDS, "[each line begins ", "[every line begins ")

LEAST_LINES = 10
_PREFIX = re.compile(
    r"[ \t]{2,}"
    r"|(?:[^\t\n]{1,80}\t){1,3}"  # job and step of a pipeline
    r"|[^\s|]{1,60} *\| ?"  # compose
    r"|\[[^\]\n]{1,60}\] ?"
    r"|(?:[@\w./+-][@\w./:+-]* ){0,2}[@\w./+-][@\w./:+-]*(?::|>) "
)
"""What a common beginning may be, to its end; else it is a part of what the lines say."""

_CLOCK = re.compile(r"\d\d:\d\d|\d{4}-\d\d")


class Coat(NamedTuple):
    """A text without what stands at every line, and the lines that say so."""

    head: str
    text: str


def of(text: str, only_ends: bool = False) -> list[Coat]:
    """The coats that may be taken off a text, what nobody misses first; at least an empty one. With `only_ends` none
    but that of the line ends."""
    inner = plain(text)
    first = Coat("" if inner is text else f"{_ENDS}\n", inner)
    head = None if only_ends else _prefixed(inner.split("\n"))
    return [first] if head is None else [first, Coat(f"{first.head}{head}\n", _off(head, inner))]


def plain(text: str) -> str:
    r"""`text` with `\n` alone at its lines' ends, if all of them end in `\r\n`; else `text` itself."""
    ends = text.count("\r\n")
    return _off(_ENDS, text) if ends and ends == text.count("\n") else text


def apart(rendering: str) -> tuple[list[str], str]:
    """The lines that name the coats of a rendering, from without to within, and what is below."""
    heads: list[str] = []
    while rendering.startswith(MARKS):
        head, _, rendering = rendering.partition("\n")
        heads.append(head)
    return heads, rendering


def seen(text: str, rendering: str) -> tuple[str, str]:
    """An original as its compressor saw it, and its rendering as this wrote it."""
    heads, below = apart(rendering)
    for head in heads:
        text = _off(head, text)
    return text, below


def restored(text: str, heads: Sequence[str]) -> str:
    """`text` with its coats on; notices have none."""
    for head in reversed(heads):
        lines = text.split("\n")
        last = lines.pop()
        if head == _ENDS:
            lines = [line if is_notice(line) else line + "\r" for line in lines]
        else:
            start, empty, whole = _said(head)
            lines = [line if is_notice(line) else start + line if line else empty for line in lines]
            last = last if is_notice(last) else start + last if last else empty if whole else ""
        text = "\n".join([*lines, last])
    return text


def _off(head: str, text: str) -> str:
    if head == _ENDS:
        return text.replace("\r\n", "\n")
    start, empty, _ = _said(head)
    return "\n".join(["" if line == empty else line.removeprefix(start) for line in text.split("\n")])


def _said(head: str) -> tuple[str, str, bool]:
    """How lines begin, what an empty one is, and whether the last one is a line though it is empty."""
    said = _BEGIN.fullmatch(head)
    if said is None:
        raise FormatError(f"no such line about all lines: {head[:60]!r}")
    return said["start"], said["start"].rstrip() if said["stripped"] else said["start"], said["word"] == "every"


def _prefixed(lines: Sequence[str]) -> str | None:
    """What is said of the lines where all begin alike; None where they do not."""
    if len(lines) < LEAST_LINES or lines[0][:1] != lines[1][:1]:
        return None
    inner = lines if lines[-1] else lines[:-1]
    filled = [line for line in inner if line.strip()]
    shared = commonprefix([min(filled), max(filled)]) if filled else ""  # noqa: RUF071  lines, not paths
    full = [line for line in filled if line != shared]  # what all begin with may be an empty line
    found = _PREFIX.match(commonprefix([min(full), max(full)])) if len(full) >= LEAST_LINES else None  # noqa: RUF071
    if found is None or _CLOCK.search(found[0]):
        return None
    start, stripped = found[0], found[0].rstrip()
    empty = {line for line in inner if line == start or not line.startswith(start)}
    if not (empty <= {start} or empty <= {stripped}):
        return None
    word = "every" if lines[-1] in (start, stripped) and lines[-1] else "each"
    return f"[{word} line begins{' (empty ones stripped)' if empty == {stripped} != {start} else ''} with {start}]"
