"""What pytest says again of the test that a headline names: in the frame of the test, and in the summary at the end.

Below `____ TestCart.test_total[0] ____` the frame `tests/test_cart.py:7: in test_total` is told as `… in ___`. In the
summary, lines that were cut within the name, `FAILED tests/test_cart.py::TestCart::test_to...`, say less than the
headlines: several in a row become `[FAILED lines of failures 1-12 above, cut to 80]`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom import policy
from headroom.errors import FormatError

CLAUSE = "in ___: the headline's test"

LEAST = 3
"""So many lines of the summary in a row are told by one note."""

_HEADLINE = re.compile(r"_{2,} ([\w.]+(?:\[.*\])?) _{2,}\Z")
_PLACE = re.compile(r"([^\s:/\\][^\s:\\]*\.\w+):\d+: ")
_FRAME = re.compile(r"(.*[:,] in )([^\W\d]\w*)\Z")
_SAME = "___"
_CUT = re.compile(r"FAILED \S.*\.\.\.\Z")
_NOTE = re.compile(
    r"\[FAILED lines of failures ([1-9]\d{0,4})-([1-9]\d{0,4}) above, cut to ([1-9]\d{1,3})\]\Z", re.ASCII
)


class _Reader:
    """Reads lines from the top: the test of the last headline, and the node of each failure whose place was told."""

    def __init__(self) -> None:
        self.test = ""
        self.nodes: list[str] = []
        self._name = ""

    def read(self, line: str) -> None:
        headline = _HEADLINE.match(line) if line[:2] == "__" else None
        if headline:
            self._name = headline[1]
            self.test = headline[1].partition("[")[0].rpartition(".")[2]
            self.nodes.append("")
        elif self._name and ": " in line and (place := _PLACE.match(line)):
            name, bracket, parameter = self._name.partition("[")
            self.nodes[-1] = f"{place[1]}::{name.replace('.', '::')}{bracket}{parameter}"
            self._name = ""

    def cut(self, number: int, width: int) -> str:
        """The line of the summary for a failure, counted from 0, if the terminal cuts it within the name."""
        line = f"FAILED {self.nodes[number]}" if number < len(self.nodes) and self.nodes[number] else ""
        return f"{line[: width - 3]}..." if len(line) > width - 3 else ""


def encode(lines: Sequence[str]) -> list[str] | None:
    """The lines with names told once; None where no headline of a test stands."""
    reader = _Reader()
    out: list[str] = []
    found = False
    following, i, n = 0, 0, len(lines)
    while i < n:
        line = lines[i]
        start, stop = following, i
        while stop < n and _CUT.match(lines[stop]) and reader.cut(following, len(line)) == lines[stop]:
            following, stop = following + 1, stop + 1
        if stop - i >= LEAST:
            out.append(f"[FAILED lines of failures {start + 1}-{following} above, cut to {len(line)}]")
            found, i = True, stop
            continue
        following = max(start, following) if stop > i else start
        for each in lines[i : max(stop, i + 1)]:
            frame = _FRAME.match(each) if reader.test else None
            same = frame is not None and frame[2] == reader.test
            reader.read(each)
            found = found or same
            if frame is not None and same:
                out.append(frame[1] + _SAME)
            else:
                out.append("\\" + each if _is_written(each) else each)
        i = max(stop, i + 1)
    return out if found else None


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `encode` was given. Raises FormatError on a note of failures that do not stand above."""
    reader = _Reader()
    out: list[str] = []
    room = policy.MAX_CHARS
    for line in lines:
        note = _NOTE.match(line)
        if line[:1] == "\\":
            out.append(line[1:])
        elif note:
            first, last, width = int(note[1]), int(note[2]), int(note[3])
            cut = [reader.cut(number - 1, width) for number in range(first, min(last, len(reader.nodes)) + 1)]
            room -= sum(map(len, cut))
            if last > len(reader.nodes) or first > last or not all(cut) or room < 0:
                raise FormatError(f"the note {line[:60]!r} tells of failures that do not stand above")
            out += cut
            continue
        elif line.endswith((": in ___", ", in ___")):
            out.append(line.removesuffix(_SAME) + reader.test)
        else:
            out.append(line)
        reader.read(out[-1])
    return out


def _is_written(line: str) -> bool:
    return line[:1] == "\\" or line.endswith((": in ___", ", in ___")) or bool(_NOTE.match(line))
