r"""What a terminal shows of a program's output: without colour codes, and without what the program drew over.

Programs show how far they are by writing a line again and again (`Rebasing (1/9)\rRebasing (2/9)\r…`), or by going up
and writing several again. Only what is surely drawn over goes: a state that the next one erases, or one of the same
form with other figures. What tells of failure stays in any case, and so does all else that a return stands behind: a
file whose lines end in `\r` alone is no progress. Where nothing moves up or down, each line keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from headroom.compressors._lines.units import fails
from headroom.compressors._runs import quiet

MAX_MOVES = 200_000
"""A text with more returns, backspaces and codes is left as it is: each is followed one by one."""

MAX_CELLS = 1_000
"""Characters of a line in which something is written back: no screen is wider, and each step copies the line."""

COLOURED = 0.5
"""Share of the lines that hold colour codes in a text that is coloured as a whole. In recorded sessions agents quoted
codes of other texts: a test had compared them."""

_REDRAWN = re.compile(r"\r(?!\n|\Z)|\x08|\x1b\[\d*[A-GJK]")
_MOVED = re.compile(r"\x1b\[(?:\d*[ABEFJ]|[\d;]*[Hf])|\x1bc")
_STEP = re.compile(
    r"(?P<end>\r?\n)|(?P<back>\r)|(?P<left>\x08+)|(?P<text>[^\r\n\x08\x1b]+)"
    r"|\x1b\[(?P<values>[\d;?]*)(?P<code>[A-Za-z])|\x1b\](?P<said>\d+;)[^\x07\x1b\n]*(?:\x07|\x1b\\)|(?P<other>[\s\S])"
)
_UNSEEN = frozenset(("?25", "?7", "?12", "?1004", "?2004", "?2026"))
"""Modes of a terminal that change nothing on the screen."""

_TITLES = frozenset(("0;", "1;", "2;", "9;"))
"""Messages to a terminal that it shows elsewhere: the title of its window, a notification."""

COLOUR = re.compile(r"\x1b\[[\d;]*m")
_RESULT = re.compile(
    r"(?:\S+ +)?[.sxXFE]+(?: +\[ *\d+%\])?|[=_-]{3,} .* [=_-]{3,}|[=_-]{3,}"
    r"|\S+::\S.* (?:PASSED|FAILED|ERROR|SKIPPED)\b.*"
)
"""Lines in which pytest tells results, and rules."""

_DIFF = re.compile(r"^(?:diff --git |@@ -)", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_FIGURE = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*(?![\w-])")
"""What may differ between two states that both tell of failure: how often, and how far it is."""

_PROGRESS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\d ?%",
        r"(?<![\d/])\d+ ?(?:/|of) ?\d+(?![\d/])",
        r"[#=━█▓▒░■⣀-⣿]{3,}|\[[#=>. -]{3,}\]",
        r"\d ?[kKMGT]?i?B\b",
        r"\d+:\d\d\b|\d ?m?s\b",
        r"(?:^|\s)[-\\|/⠁-⣿◐◓◑◒◴◷◶◵✶✻✽](?:\s|$)",
    )
)
"""Signs of how far something is: a share, a count of a sum, a bar, an amount, a time, a figure that turns."""


class Screen(NamedTuple):
    """A text as a terminal shows it."""

    text: str
    what: str
    """What is left out, in the words of a notice."""
    first: int
    last: int
    """The lines of the original that it stands in, counted from 1, inclusive."""
    erased: tuple[str, ...]
    """The states of lines that are left out for another one that does not resemble them."""
    aligned: bool
    """True if each line of `text` has the number that it has in the original."""
    coloured: bool
    """True if colour codes stay."""
    clocked: bool = True
    """True if times before lines stay."""


class _State(NamedTuple):
    """What a line showed at one time: in which line of the text that was written, and whether it wiped out what the
    line had shown before."""

    text: str
    line: int
    wipes: bool


class _Row(NamedTuple):
    """A line of the screen: all it ever showed, and how it ends."""

    states: list[_State]
    end: str = ""


def screen(text: str, colours: bool = True) -> Screen | None:
    """`text` without what was drawn over, and with its colour codes or without; None where that is all of it, and where
    the text is a diff or moves on the screen in a way that is not understood."""
    if sum(map(text.count, "\r\b\x1b")) - text.count("\r\n") > MAX_MOVES:
        return None
    if not colours:
        return _uncoloured(text)
    if _REDRAWN.search(text) is None or _DIFF.search(text) is not None:
        return None
    aligned = _MOVED.search(text) is None
    rows = list(_lines(text)) if aligned else _Pen(text, 1).rows
    shown: list[str] = []
    alike: list[_State] = []
    others: list[_State] = []
    for row in rows:
        if isinstance(row, str):
            shown.append(row)
            continue
        kept, same, unlike = _kept(row.states)
        shown.append(("\r" if aligned else "\n").join(state.text for state in kept) + row.end)
        alike += same
        others += unlike
    if not alike and not others:
        return None
    places = [state.line for state in (*alike, *others)]
    erased = tuple(_plain(state.text) for state in others)
    what = f"{len(places):,} states that the program drew over"
    return Screen("\n".join(shown), what, min(places), max(places), erased, aligned, coloured=True)


def _uncoloured(text: str) -> Screen | None:
    """The same without colours; None where there are none that may go. In a text that is coloured as a whole all may,
    in another one those of results of tests and of rules: codes elsewhere are what a program said, not how."""
    lines = text.split("\n") if "\x1b[" in text else []
    coloured = [i for i, line in enumerate(lines) if COLOUR.search(line)]
    if not coloured or _DIFF.search(COLOUR.sub("", text)) is not None:
        return None
    if len(coloured) < COLOURED * sum(map(bool, map(str.strip, lines))):
        passed = quiet.found(lines)
        coloured = [i for i in coloured if i in passed or _RESULT.fullmatch(_plain(lines[i]))]
    count = 0
    for i in coloured:
        lines[i], here = COLOUR.subn("", lines[i])
        count += here
    if not count:
        return None
    first, last = coloured[0] + 1, coloured[-1] + 1
    what = f"{count:,} colour codes"
    plain = "\n".join(lines)
    drawn = screen(plain)
    if drawn is None:
        return Screen(plain, what, first, last, (), aligned=True, coloured=False)
    return drawn._replace(
        what=f"{drawn.what}, {what}", first=min(first, drawn.first), last=max(last, drawn.last), coloured=False
    )


def _lines(text: str) -> Iterator[str | _Row]:
    """The lines of a text in which nothing moves up or down: as they are, or what those showed that are drawn again."""
    for number, line in enumerate(text.split("\n"), 1):
        body = line.removesuffix("\r")
        if _REDRAWN.search(body) is None:
            yield line
            continue
        rows = _Pen(body, number).rows
        told = len(rows) == 1 and any(_kept(rows[0].states)[1:])
        yield rows[0]._replace(end=line[len(body) :]) if told else line


class _Pen:
    """Follows what a text draws. `rows` is empty where it does what is not understood."""

    def __init__(self, text: str, line: int) -> None:
        self.rows = [_Row([])]
        self._line = line
        self._row = self._top = self._column = self._bottom = 0
        self._cells: list[str] = []
        self._wipes = self._adrift = False
        self._colour = ""
        if not all(map(self._step, _STEP.finditer(text))):
            self.rows = []
            return
        self._leave()

    def _step(self, step: re.Match[str]) -> bool:
        """Does one thing; False if it is not known what it does."""
        kind, code = step.lastgroup, step["code"]
        if kind == "text":
            return not self._adrift and self._write(step["text"])
        if kind == "end":
            return self._next(step["end"][:-1])
        if kind == "back":
            return self._to(self._row)
        if kind == "left":
            return self._left(len(step["left"]))
        if kind == "said":
            self._colour += "" if step["said"] in _TITLES else step[0]
            return True
        values = step["values"] or ""
        if code == "m":
            self._colour += step[0]
            return True
        if code in ("h", "l"):
            return values in _UNSEEN
        if code is None or not (values.isdigit() or values in ("", "1;1")):
            return False
        return self._moved(code, values)

    def _moved(self, code: str, values: str) -> bool:
        count = max(1, int(values[:6])) if values.isdigit() else 1
        if code in "AF":
            return self._to(max(self._top, self._row - count), adrift=code == "A" and self._column > 0)
        if code in "BE":
            down = min(self._row + count, len(self.rows))
            return self._to(down, adrift=code == "B" and self._column > 0)
        if code == "C":
            self._column += count
            return True
        if code == "D":
            return self._left(count)
        if code == "G":
            return self._to(self._row) if count == 1 else self._left(self._column - count + 1)
        if code == "K":
            return self._erase(values)
        if code == "J" and values in ("", "0"):
            for row in self.rows[self._row + 1 : self._bottom + 1]:
                row.states.append(_State("", self._line, True))
            self._bottom = self._row
            return self._erase("")
        if (code == "J" and values in ("2", "3")) or (code in "Hf" and values in ("", "1", "1;1")):
            self._leave()  # a new page: what stands above stays
            self._top = self._row = len(self.rows) - (not self.rows[-1].states)
            return self._to(self._row)
        return False

    def _write(self, text: str) -> bool:
        cells, column = self._cells, self._column
        if column - len(cells) > MAX_CELLS:
            return False
        self._bottom = max(self._bottom, self._row)
        cells += " " * (column - len(cells))
        new = list(text)
        new[0] = self._colour + new[0]
        self._colour = ""
        cells[column : column + len(new)] = new
        self._column += len(new)
        return True

    def _left(self, count: int) -> bool:
        if count > 0:
            self._remember()
            self._wipes = True  # nothing is drawn so by chance
        self._column = max(0, self._column - count)
        return len(self._cells) <= MAX_CELLS

    def _erase(self, values: str) -> bool:
        if values in ("1", "2"):
            self._remember()
            self._cells = []
        else:
            del self._cells[self._column :]
        self._wipes = True
        return True

    def _remember(self) -> None:
        """What the line shows now is a state of it."""
        text = "".join(self._cells)
        if text.strip() or self._wipes:
            self.rows[self._row].states.append(_State(text.rstrip(), self._line, self._wipes))
        self._wipes = False

    def _leave(self) -> None:
        if self._cells or self._wipes:
            if self._colour and self._cells:
                self._cells[-1] += self._colour
                self._colour = ""
            self._remember()
        self._cells, self._column = [], 0

    def _to(self, row: int, adrift: bool = False) -> bool:
        """Goes to the beginning of a row; `adrift` where it is not the beginning: nothing may be written there."""
        self._leave()
        self._adrift = adrift
        self.rows += [_Row([]) for _ in range(row + 1 - len(self.rows))]
        self._wipes = row < self._row or (self._wipes and row == self._row)
        self._row = row
        return True

    def _next(self, end: str) -> bool:
        self._leave()
        self.rows[self._row] = self.rows[self._row]._replace(end=end)
        self._line += 1
        known = self._row + 1 < len(self.rows)
        self._to(self._row + 1)
        self._wipes = known and bool(self.rows[self._row].states)
        return True


def _kept(states: Sequence[_State]) -> tuple[list[_State], list[_State], list[_State]]:
    """Of what a line showed: what stays, what is gone for one like it, and what is gone for something else."""
    seen: list[_State] = []
    wipes = False
    for place, state in enumerate(states, 1):
        wipes = wipes or state.wipes
        if state.text.strip() or (wipes and place == len(states)):
            seen.append(state._replace(wipes=wipes))
            wipes = False
    kept: list[_State] = []
    alike: list[_State] = []
    others: list[_State] = []
    for state, after in pairwise(seen):
        old, new = _plain(state.text), _plain(after.text)
        same = _alike(old, new)
        if fails([old])[0]:
            (alike if same and _words(old) == _words(new) else kept).append(state)
        elif same or new.startswith(old):
            alike.append(state)
        elif after.wipes:
            others.append(state)
        else:
            kept.append(state)
    return kept + [state for state in seen[-1:] if state.text or not kept], alike, others


def _words(text: str) -> str:
    """A state without what its figures are."""
    return _FIGURE.sub("0", " ".join(text.split()))


def _plain(text: str) -> str:
    return COLOUR.sub("", text).rstrip()


def _alike(old: str, new: str) -> bool:
    """True if two states tell of the same with other figures: both say how far it is, and begin with the same word."""
    if not any(sign.search(old) and sign.search(new) for sign in _PROGRESS):
        return False
    first, second = _WORD.search(old), _WORD.search(new)
    return (first and first[0]) == (second and second[0])
