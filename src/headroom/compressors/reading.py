"""Numbered file views: Read results, `cat -n`, `nl -ba`, viewer windows, edit snippets.

A gutter costs about three tokens a line and is nearly all redundant. The rendering numbers the first line of a run
of consecutive numbers, every line whose number is a multiple of ten, and every line whose own text could be taken
for a numbered one; all other lines stand without a prefix. The rule it keeps: the text of a line is never touched,
and the numbers that stay keep the host's own separator, which the host's edit instructions describe.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from headroom.compressors._code import outline
from headroom.compressors._exact import ByteExact
from headroom.errors import FormatError
from headroom.types import Facts, PartClass, Unit

MARK = "[10th lines numbered"
HEADER = re.compile(re.escape(MARK) + r'(?:; gutter "([^"\n]+)")?\]')
END = "[end]"
"""The line after a run of numbered lines that other text follows."""

STEP = 10
MIN_RUN = 3
"""Fewer consecutive numbers than this do not show that a text has a gutter: lists and tables count too."""

MIN_LINES = 5
"""Fewer numbered lines than this in the whole text cannot pay for the header."""

MAX_DIGITS = 9

RANGES = frozenset({
    "offset", "limit", "view_range", "start_line", "end_line", "start", "end", "line_start", "line_end", "lines",
    "startLine", "endLine",
})  # fmt: skip
"""Arguments by which an agent asks for a part of a file: it wants that part."""

# The separators of known views: Claude Code `→`, `cat -n`, `nl` and newer Claude Code tab, Cursor `|`, Cline ` | `,
# opencode `| `, bat ` │ `, SWE-agent and `grep -n ''` `:`, Codex `L1: `. A longer one is tried before a shorter one.
SEPARATOR = r"→|\t| ?[|│] ?|: ?"
START = re.compile(rf"( *)(L?)(0*)([0-9]{{1,{MAX_DIGITS}}})({SEPARATOR})")


class Gutter(NamedTuple):
    """How one view writes a line number: `lead`, the number as `form` formats it, `separator`."""

    lead: str
    form: str
    separator: str

    @property
    def full(self) -> str:
        """Format of the gutter as the host writes it."""
        return f"{self.lead}{self.form}{self.separator}"

    @property
    def short(self) -> str:
        """Format of the gutter as a rendering writes it: without padding."""
        return f"{self.lead}%d{self.separator}"

    def numbered(self) -> re.Pattern[str]:
        """Matches what a reader could take for a gutter at the start of a line."""
        return re.compile(rf" *{self.lead}([0-9]{{1,{MAX_DIGITS + 1}}}){re.escape(self.separator)}")


class Run(NamedTuple):
    """Lines `start` to `stop` (exclusive) of a text carry consecutive numbers from `number` on."""

    start: int
    stop: int
    number: int


class View(NamedTuple):
    """The gutter of a text and its runs, in order."""

    gutter: Gutter
    runs: list[Run]


class Reading(ByteExact):
    """Numbers every tenth line of a file view instead of every line."""

    name = "reading"
    version = 2
    content: PartClass = "read"
    only_deep = True
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        view = _view(facts)
        if view is None or _is_table(view, facts.lines):
            return 0.0
        covered = sum(run.stop - run.start for run in view.runs)
        return 0.3 + 0.69 * covered / len(facts.lines)

    def encode(self, facts: Facts) -> str | None:
        view = _view(facts)
        if view is None:
            return None
        lines = facts.lines
        gutter, runs = view
        out = [_header(gutter, lines, runs)]
        at = 0
        for run in runs:
            first = lines[run.start]
            if run.start == at > 0:  # a run that follows another at once shows its jump
                first = gutter.short % run.number + first[len(gutter.full % run.number) :]
            elif at > 0:
                out.append(END)
            out += lines[at : run.start]
            out.append(first)
            out += _rest(gutter, lines, run)
            at = run.stop
        if at < len(lines):
            out.append(END)
            out += lines[at:]
        return "\n".join(out)

    def decode(self, rendering: str) -> str:
        header, newline, body = rendering.partition("\n")
        known = HEADER.fullmatch(header)
        if known is None or not newline:
            raise FormatError("a numbered view opens with its header line")
        lines = body.split("\n")
        return "\n".join(_restored(gutter_of(lines, known[1]), lines))

    def units(self, facts: Facts) -> Sequence[Unit]:
        return outline.units(_whole_file(facts), facts.query or "")

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        return outline.told(run)


def _whole_file(facts: Facts) -> list[str]:
    """The lines of a view without their numbers, if it shows a file from its first line on; a view of a part is empty.

    Then a line's number is its place in the text, which notices count by."""
    view = _view(facts)
    asked = facts.call.args if facts.call else {}
    if view is None or len(view.runs) != 1 or any(asked.get(name) is not None for name in RANGES):
        return []
    (run,) = view.runs
    if run.start != 0 or run.number != 1:
        return []
    full = view.gutter.full
    return [line[len(full % number) :] for number, line in enumerate(facts.lines[: run.stop], 1)]


def _view(facts: Facts) -> View | None:
    return facts.once("reading", lambda: _find(facts.lines))


def _is_table(view: View, lines: list[str]) -> bool:
    """True for a table whose first column counts up: each row has as many bars, or as many tabs as the names above."""
    sign = view.gutter.separator.strip(" ")
    rows = [line.count(sign) for run in view.runs for line in lines[run.start : run.stop]]
    if sign not in ("|", "│", "\t") or len(set(rows)) > 1 or rows[0] == 1:
        return False
    start = view.runs[0].start
    return sign != "\t" or (start > 0 and lines[start - 1].count(sign) == rows[0])


def _find(lines: list[str]) -> View | None:
    """The gutter of the first run of `MIN_RUN` numbers, and all runs in it."""
    gutter = None
    for index in range(len(lines) - MIN_RUN + 1):
        start = START.match(lines[index])
        if start is not None:
            gutter = _gutter(start, lines, index)
            if gutter is not None:
                break
    if gutter is None:
        return None
    runs = _runs(gutter, lines)
    if sum(run.stop - run.start for run in runs) < MIN_LINES:
        return None
    return View(gutter, runs)


def _gutter(start: re.Match[str], lines: list[str], index: int) -> Gutter | None:
    """The gutter that the most lines from `index` on share; with a blank after the separator rather than without."""
    number = int(start[4])
    whole = _shape(start, start[5])
    bare = start[5].rstrip(" ")
    if bare == start[5]:
        return whole if _length(whole, lines[index : index + MIN_RUN], 0, number) == MIN_RUN else None
    best, length = max(
        ((g, _length(g, lines, index, number)) for g in (whole, _shape(start, bare))), key=lambda c: c[1]
    )
    return best if length >= MIN_RUN else None


def _shape(start: re.Match[str], separator: str) -> Gutter:
    """The gutter of which `start` is one instance: padding shows in the first number or never, as numbers grow."""
    pad, letter, zeros, digits, _ = start.groups()
    if zeros:
        return Gutter(pad + letter, f"%0{len(zeros) + len(digits)}d", separator)
    if letter or not pad:
        return Gutter(pad + letter, "%d", separator)
    return Gutter("", f"%{len(pad) + len(digits)}d", separator)


def _length(gutter: Gutter, lines: list[str], index: int, number: int) -> int:
    """How many lines from `index` on carry the numbers from `number` on."""
    full = gutter.full
    at = index
    shift = number - index
    count = len(lines)
    while at < count and lines[at].startswith(full % (at + shift)):
        at += 1
    return at - index


def _runs(gutter: Gutter, lines: list[str]) -> list[Run]:
    """All maximal runs in this gutter, single lines too: the decoder takes each full gutter for the start of one."""
    numbered = gutter.numbered()
    runs = []
    at = 0
    while at < len(lines):
        start = numbered.match(lines[at])
        if start is not None and start[0] == gutter.full % int(start[1]):
            number = int(start[1])
            stop = at + _length(gutter, lines, at, number)
            runs.append(Run(at, stop, number))
            at = stop
        else:
            at += 1
    return runs


def _header(gutter: Gutter, lines: list[str], runs: list[Run]) -> str:
    """The header, showing the gutter where a decoder would take the first one it meets for another."""
    for line in lines[: runs[0].start + 1]:
        start = START.match(line)
        if start is not None:
            if line is lines[runs[0].start] and _shape(start, start[5]) == gutter:
                return f"{MARK}]"
            break
    shown = (gutter.full % run.number for run in runs)
    padded = next(
        (form for form in shown if (start := START.fullmatch(form)) and _shape(start, start[5]) == gutter),
        gutter.full % runs[0].number,
    )
    return f'{MARK}; gutter "{padded}"]'


def _rest(gutter: Gutter, lines: list[str], run: Run) -> list[str]:
    """The lines of a run after its first."""
    texts: list[str] = []
    at, shift = run.start + 1, run.number - run.start
    while at < run.stop:  # in stretches of gutters of one width
        width = len(gutter.full % (at + shift))
        stop = min(run.stop, 10 ** len(str(at + shift)) - shift)
        texts += [line[width:] for line in lines[at:stop]]
        at = stop
    first = run.number + 1
    for index in range(-first % STEP, len(texts), STEP):
        texts[index] = gutter.short % (first + index) + texts[index]
    numbered = gutter.numbered()
    if re.search(rf"^(?:{numbered.pattern}|{re.escape(END)}$)", "\n".join(texts), re.MULTILINE):
        for index, text in enumerate(texts):
            if (first + index) % STEP and (text == END or numbered.match(text)):
                texts[index] = gutter.short % (first + index) + text
    return texts


def gutter_of(lines: list[str], shown: str | None) -> Gutter:
    """The gutter: that of the header, or the first one that stands in the lines. Raises FormatError."""
    for line in lines if shown is None else [shown]:
        start = START.match(line)
        if start is not None:
            return _shape(start, start[5])
    raise FormatError("a numbered view shows its gutter")


def _restored(gutter: Gutter, lines: list[str]) -> list[str]:
    """The lines with all their numbers. Raises FormatError where a tenth number is missing."""
    match = gutter.numbered().match
    full, short = gutter.full, gutter.short
    marked = frozenset(" L0123456789")
    out = []
    expected: int | None = None  # the number of this line inside a run
    for line in lines:
        shown = match(line) if line[:1] in marked else None
        if expected is None:
            if shown is not None and shown[0] == full % int(shown[1]):
                expected = int(shown[1]) + 1
            out.append(line)
        elif shown is not None and shown[0] == short % int(shown[1]):
            out.append(full % int(shown[1]) + line[shown.end() :])
            expected = int(shown[1]) + 1
        elif line == END:
            expected = None
        elif expected % STEP == 0:
            raise FormatError(f"line {expected} of a numbered view must show its number")
        else:
            out.append(full % expected + line)
            expected += 1
    return out
