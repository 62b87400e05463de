"""Search results and diagnostics: grep, ripgrep, git grep, and compilers that print `path:line:`.

Each file is named once. The heading `path:` stands for the path on every line below it, so that heading and line
joined read as the original; the folder common to all files is named in the first line. Equal lines of a file share
one line (`12,40:text`). Numbers of context lines follow on from the line above and are shown again at every tenth.
What a linter or compiler says of many places is told once (`_search/findings.py`).
The rule it keeps: the source that stands after `N:` is never touched, nor the column of a finding, and lines that are
no result keep their place and bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from headroom.compressors import _paths
from headroom.compressors._exact import ByteExact
from headroom.compressors._lines.cost import cost
from headroom.compressors._paths import CALLED, Line
from headroom.compressors._search import alike, findings
from headroom.compressors._search.results import GAP, Results, understood
from headroom.errors import FormatError
from headroom.types import Facts, Notices, Outline, PartClass, Unit

BY_FILE = "[lines by file"
ONE_FILE = "[lines of one file"
HEADED = ", headings kept"
FOLLOW = "; unnumbered lines follow on"
HEADER = re.compile(
    rf"({re.escape(BY_FILE)}|{re.escape(ONE_FILE)})({HEADED})?"
    rf"(?: under ((?: {{2}})?\S*[/\\]))?(?:, in (.*[/\\]))?({FOLLOW})?(?:; ({findings.PATTERN}))?\]"
)
ESCAPE = "\\"
STEP = 10
INDENT = (" ", "\t")
LEAST_SHARE = 0.15
"""Where fewer of the lines are results, they are the frames of a trace, or some lines of another kind of text."""

MIN_FOLLOWING = 5
"""Fewer numbers left out than this do not pay for the words that say so."""

_NUMBER = "(?:0|[1-9][0-9]{0,8})"
MEMBER = re.compile(rf"({_NUMBER}(?:,{_NUMBER})*)([:=-])|\(({_NUMBER})(?=(?:,[0-9]+)*\): )")


class Entry(NamedTuple):
    """Lines of one file that differ in their number only; no number, or one for each line."""

    path: str
    mark: str
    numbers: tuple[int, ...]
    text: str


class Frame(NamedTuple):
    """What a header says: how files are named, the folder of all paths, `Results.base`, whether numbers follow on."""

    style: Literal["each", "headed", "one"]
    root: str
    base: str
    follow: bool
    kinds: str = ""
    """How the messages of findings are told, as a clause; empty if they stand as they are."""

    @property
    def outside(self) -> str | None:
        """The heading that is in force where none was given."""
        return "" if self.style == "one" else None

    @property
    def gaps(self) -> tuple[str, ...]:
        """Lines that part two groups of results."""
        return (GAP, "") if self.style == "headed" else (GAP,)

    def header(self) -> str:
        name = ONE_FILE if self.style == "one" else BY_FILE + (HEADED if self.style == "headed" else "")
        under = f" under {self.root}" if self.root else ""
        base = f", in {self.base}" if self.base else ""
        kinds = f"; {self.kinds}" if self.kinds else ""
        return f"{name}{under}{base}{FOLLOW if self.follow else ''}{kinds}]"

    def whole(self, line: Line) -> str:
        """The original line of a result, whose path is that of its heading."""
        head, mark, number, text = line
        end = text if number is None else _numbered(str(number), mark, text)
        if self.style != "each":
            return end
        base = self.base if mark != ":" and ":" not in text else ""
        return f"{base}{self.root}{head}{'' if mark == CALLED else mark}{end}"


class Search(ByteExact):
    """One heading per file instead of a path on every line."""

    name = "search"
    version = 3
    content: PartClass = "machine"
    marks: tuple[str, ...] = (BY_FILE, ONE_FILE)

    def fit(self, facts: Facts) -> float:
        found = _found(facts)
        if found is None:
            return 0.0
        results = [line for line in found.lines if not isinstance(line, str)]
        numbered = sum(line.number is not None for line in results)
        share = (len(results) + found.lines.count(GAP)) / len(found.lines)
        return share * (0.95 if numbered * 2 >= len(results) else 0.6) if share >= LEAST_SHARE else 0.0

    def encode(self, facts: Facts) -> str | None:
        found = _found(facts)
        if found is None:
            return None
        frame = _frame(found)
        plain = _written(found.lines, frame)
        told = findings.encode(found.lines)
        if told is None:
            return plain
        kinds = _written(told[0], frame._replace(kinds=told[1]))
        return kinds if cost(kinds) < cost(plain) and self.decode(kinds) == facts.text else plain

    def units(self, facts: Facts) -> Sequence[Unit]:
        found = _found(facts)
        return [] if found is None else alike.units(facts.lines, found)

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        return alike.told(run)

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        return super().outline(facts, notices, False)

    def decode(self, rendering: str) -> str:
        header, newline, body = rendering.partition("\n")
        known = HEADER.fullmatch(header)
        if known is None or not newline or (known[1] == ONE_FILE and known[2]):
            raise FormatError("search results open with their header line")
        style: Literal["each", "headed", "one"]
        style = "one" if known[1] == ONE_FILE else "headed" if known[2] else "each"
        frame = Frame(style, known[3] or "", known[4] or "", bool(known[5]), known[6] or "")
        lines: Sequence[Line | str] = list(_restored(body.split("\n"), frame))
        lines = findings.decode(lines, frame.kinds) if frame.kinds else lines
        return "\n".join(line if isinstance(line, str) else frame.whole(line) for line in lines)


def _found(facts: Facts) -> Results | None:
    return facts.once("search", lambda: understood(facts.lines))


def _frame(found: Results) -> Frame:
    results = [line for line in found.lines if not isinstance(line, str)]
    groups = 1 + sum(a.path != b.path for a, b in pairwise(results))
    root = "" if found.style == "one" or groups < 2 else _paths.common_folder(list({line.path for line in results}))
    following = sum(
        b.mark == "-" and b.number is not None and a.number == b.number - 1 and a.path == b.path
        for a, b in pairwise(found.lines)
        if not isinstance(a, str) and not isinstance(b, str)
    )
    return Frame(found.style, root, found.base, following >= MIN_FOLLOWING)


def _written(lines: Sequence[Line | str], frame: Frame) -> str:
    return "\n".join((frame.header(), *_rendered(_merged(lines), frame)))


def _numbered(numbers: str, mark: str, text: str) -> str:
    return f"{mark}{numbers}{text}" if mark == CALLED else f"{numbers}{mark}{text}"


def _merged(lines: Sequence[Line | str]) -> list[Entry | str]:
    """Adjacent matches of one file with the same text as one entry."""
    merged: list[Entry | str] = []
    above: Entry | str = ""
    for line in lines:
        if isinstance(line, str):
            above = line
            merged.append(above)
            continue
        path, mark, number, text = line
        if (
            mark == ":" and number is not None and text and not isinstance(above, str)
            and above.text == text and above.path == path and above.mark == mark and above.numbers
        ):  # fmt: skip
            above = merged[-1] = above._replace(numbers=(*above.numbers, number))
        else:
            above = Entry(path, mark, () if number is None else (number,), text)
            merged.append(above)
    return merged


def _rendered(entries: list[Entry | str], frame: Frame) -> Iterator[str]:
    """The lines below the header."""
    head = frame.outside
    above: int | None = None  # the number of the line above, where the next can follow on
    gaps, cut = frame.gaps, len(frame.root)
    for at, entry in enumerate(entries):
        if isinstance(entry, str):
            if _goes_on(entry, above, frame):
                yield entry
                continue
            gap = entry in gaps
            yield ESCAPE + entry if not gap and _ambiguous(entry, head, above, frame) else entry
            head, above = head if gap and entry else frame.outside, None
            continue
        path = entry.path[cut:]
        if path != head or (above is not None and not entry.numbers):
            heading = f"{path}:"
            inline = _inline(entry, path) if frame.style == "each" and _alone(entries, at) else ""
            head, above = frame.outside, None
            if inline:
                yield inline
                continue
            if MEMBER.match(path) or path.startswith(ESCAPE) or _kind(heading) != "heading":
                for number in entry.numbers or (None,):
                    yield ESCAPE + frame.whole(Line(path, entry.mark, number, entry.text))
                continue
            yield heading
            head = path
        yield _member(entry, above, frame)
        above = entry.numbers[-1] if entry.numbers else None


def _inline(entry: Entry, path: str) -> str:
    """The line of a file's only result, its path in front; "" where a decoder would take it for something else."""
    line = f"{path}:{''.join(f'{number}:' for number in entry.numbers)}{entry.text}"
    if entry.mark == CALLED:
        line = path + _numbered(str(entry.numbers[0]), entry.mark, entry.text)
    sole = entry.mark in (":", CALLED) and len(entry.numbers) < 2
    return line if sole and _kind(line) == "inline" and not MEMBER.match(line) and line[0] != ESCAPE else ""


def _alone(entries: list[Entry | str], at: int) -> bool:
    """True if no result of the same file comes next: such a result keeps its path, and needs no heading."""
    path = entries[at][0]
    for below in range(at + 1, len(entries)):
        entry = entries[below]
        if not isinstance(entry, str):
            return entry.path != path
        if entry != GAP and entry[:1] not in INDENT:
            return True
    return True


def _member(entry: Entry, above: int | None, frame: Frame) -> str:
    """An entry below its heading."""
    text = entry.text
    if not entry.numbers:
        if entry.mark == "-":
            return f"-{text}"
        return f":{text}" if text[:1] in (":", "-") or not _plain(text, frame) else text
    number = entry.numbers[0]
    if frame.follow and entry.mark == "-" and above == number - 1 and number % STEP and _plain(text, frame):
        return text
    return _numbered(",".join(map(str, entry.numbers)), entry.mark, text)


def _plain(text: str, frame: Frame) -> bool:
    """True if a decoder takes `text` for none of the marked forms."""
    if text in frame.gaps or text[:1] == ESCAPE or MEMBER.match(text):
        return False
    return ":" not in text or _kind(text) is None


def _kind(line: str) -> Literal["inline", "heading"] | None:
    """What a decoder takes a line for that opens with a path."""
    if ":" not in line:
        return None
    if _paths.split_numbered(line) is not None:
        return "inline"
    if line[-1] == ":" and (_paths.is_path(line[:-1]) or _is_indented(line[:-1])):
        return "heading"
    return "inline" if _paths.split_plain(line) is not None else None


def _is_indented(path: str) -> bool:
    return path[:2] == _paths.INDENT and _paths.is_plain_path(path[2:])


def _ambiguous(line: str, head: str | None, above: int | None, frame: Frame) -> bool:
    """True if a decoder would take a line that is no result for one."""
    if line.startswith(ESCAPE) or _kind(line) is not None:
        return True
    return head is not None and (MEMBER.match(line) is not None or _continues(head, above, frame))


def _goes_on(line: str, above: int | None, frame: Frame) -> bool:
    """True for an indented line below a numbered one, which belongs to it and ends no file: source that is quoted, or
    more of a message."""
    indented = above is not None and not frame.follow and line[:1] in INDENT and bool(line.strip())
    return indented and _kind(line) is None


def _continues(head: str, above: int | None, frame: Frame) -> bool:
    """True where a line without any mark belongs to the heading `head`."""
    return frame.follow if above is not None else head != "" and frame.style == "each"


def _restored(lines: list[str], frame: Frame) -> Iterator[Line | str]:
    """The original lines, results in pieces. Any line that is none of the forms stands for itself."""
    head = frame.outside
    above: int | None = None
    gaps = frame.gaps
    for line in lines:
        member = MEMBER.match(line) if head is not None else None
        kind = _kind(line) if member is None and ":" in line and line[0] not in (ESCAPE, ":") else None
        if _goes_on(line, above, frame):
            yield line
        elif line in gaps:
            yield line
            head, above = head if line else frame.outside, None
        elif member is not None and head is not None:
            numbers = [int(number) for number in (member[1] or member[3]).split(",")]
            yield from (Line(head, member[2] or CALLED, number, line[member.end() :]) for number in numbers)
            above = numbers[-1]
        elif kind == "heading":
            head, above = line[:-1], None
            if frame.style == "headed":
                yield frame.root + head
        elif line.startswith(ESCAPE) or kind == "inline" or head is None or not _continues(head, above, frame):
            sole = _paths.split_numbered(line) or _paths.split_plain(line) if kind == "inline" else None
            yield line[1:] if line.startswith(ESCAPE) else line if sole is None else sole
            head, above = frame.outside, None
        elif above is not None:
            above += 1
            yield Line(head, "-", above, line)
        else:
            mark = "-" if line.startswith("-") else ":"
            yield Line(head, mark, None, line[1:] if line[:1] in (":", "-") else line)
