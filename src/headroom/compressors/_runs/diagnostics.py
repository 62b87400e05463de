"""Diagnostics of rustc and clippy without their gutter: what a diagnostic prints around source text is recomputed.

`  --> path:23:34` stays and tells where; `  --> :24:5` is in the same file. Below it `|` opens a source line, whose
number is that of the arrow and counts on from there (`40| text` where it does not), `-`, `+` and `~` the lines of a
suggestion, `:` marks below a source line, `^9` nine carets from the arrow's column on, `=` a note. Empty gutter lines
stand where rustc puts them, and are told where it does not: `:` for one more, `:-` for one that is missing. A line that
would be read as one of these is written after a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

CLAUSE = "^9: 9 characters from the column of -->; --> : is in the same file"

_PAGE = "= help: …#"
"""Stands for the last help page told, up to the name of the lint."""

OVERRIDE = "; allow overrides"
"""Stands for the line that tells how to override the lint named in the note before it."""

ARROW = re.compile(r"( {1,8})--> (.*):([1-9]\d{0,8}):([1-9]\d{0,8})\Z", re.ASCII)
_TOLD = re.compile(r"( {0,8})--> (.*):([1-9]\d{0,8}:[1-9]\d{0,8}|[{«‹⟨⟦]at[}»›⟩⟧])\Z", re.ASCII)
"""An arrow, or that of a group: see `groups`."""

_SHORT = re.compile(r"( {1,8})--> :([1-9]\d{0,8}):([1-9]\d{0,8})\Z", re.ASCII)
_NUMBERED = re.compile(r"(LL|[1-9]\d{0,8})( *)([|+~-])( .*|)\Z", re.ASCII | re.DOTALL)
_WRITTEN = re.compile(r"(LL|[1-9]\d{0,8})?([|+~-])( .*|)\Z", re.ASCII | re.DOTALL)
_CARETS = re.compile(r"( +)(\^+)( .*|)\Z", re.DOTALL)
_CARET = re.compile(r"\^([1-9]\d{0,3})( .*|)\Z", re.ASCII | re.DOTALL)
_AMBIGUOUS = re.compile(r"\\|(?:LL|[1-9]\d{0,8})?[|+~-](?: |\Z)|:(?: |-?\Z)|\^[1-9]|= | {1,8}--> :", re.ASCII)
_IMPLIED = re.compile(r"= note: `-[DWF] (?P<lint>[\w:-]+)` implied by `(?P<by>-[DWF] [\w:-]+)`\Z", re.ASCII)
_CHILDREN = ("note:", "help:", "warning:", "error:")

ARROWED, CHILD, SOURCE, NOTE, OTHER = "arrow", "child", "source", "note", "other"


def present(lines: Sequence[str]) -> bool:
    """True if any diagnostic of this form stands in the lines."""
    return any(
        line[:1] == " " and "--> " in line[:13] and ARROW.match(line) and below.strip() == "|"
        for line, below in pairwise(lines)
    )


class _Place:
    """Where a reader stands in a diagnostic: gutter width, file, what the next source line's number should be."""

    def __init__(self, short: bool = True) -> None:
        self.short = short
        self.width = 0
        self.path = ""
        self.page = ""
        self.line = 0
        self.column = 0
        self.next = 0
        self.removed = 0
        self.kind = OTHER
        self.suggests = False
        self.nested = False
        self.edited = False
        self.first = False
        self.anonymous = False

    @property
    def gutter(self) -> str:
        return " " * (self.width + 1) + "|"

    def arrow(self, width: int, path: str, line: int, column: int) -> None:
        self.width, self.path, self.line, self.column = width, path, line, column
        self.next = self.removed = line
        self.nested = self.kind == CHILD
        self.suggests = False
        self.first = False
        self.kind = ARROWED

    def expected(self, sign: str) -> int:
        return self.removed if sign == "+" else self.next

    def source(self, number: str, sign: str) -> None:
        """Takes note of a source line."""
        self.anonymous = number == "LL"
        self.edited = sign in "-+~"
        if not self.anonymous:
            shown = int(number)
            if sign == "+":
                self.removed = shown + 1
                self.next = max(self.next, shown + 1)
            else:
                if sign == "-":
                    self.removed = shown if self.first or self.kind != SOURCE else self.removed
                else:
                    self.removed = shown + 1
                self.next = shown + 1
        self.first = self.kind == ARROWED
        self.kind = SOURCE

    def other(self, line: str) -> None:
        """Takes note of a line outside the gutter."""
        if self.width and self.kind != OTHER and line.startswith(_CHILDREN):
            self.kind = CHILD
            self.suggests = True
            self.next = self.removed = self.line
        elif line[:3] == "..." and self.kind == SOURCE:
            pass
        else:
            self.kind = OTHER
            self.suggests = False
        self.first = False

    def gap(self, following: str) -> bool:
        """True if rustc puts an empty gutter line between the last line and one of this kind."""
        if self.kind == ARROWED:
            return True
        if self.kind == CHILD:
            return following == SOURCE
        if self.kind == SOURCE:
            if following in (NOTE, CHILD):
                return not self.nested
            return following == OTHER and self.suggests and self.edited
        return False


def encode(lines: Sequence[str], *, short: bool = True) -> list[str] | None:
    """The lines with their gutters told, or None where there are none; `short` leaves out what `shortened` does."""
    if not present(lines):
        return None
    place = _Place(short)
    out: list[str] = []
    i, n = 0, len(lines)
    while i < n:
        line = lines[i]
        bare = bool(place.width) and line == place.gutter
        following = lines[i + 1] if bare and i + 1 < n else "" if bare else line
        kind = _kind(following, place)
        if bare and place.gap(kind) and following != place.gutter:  # of two, neither goes without saying
            if i + 1 == n:
                out.append(":")
                place.kind = SOURCE
                i += 1
                continue
            i += 1
            line = following
        elif bare:
            out.append(":")
            place.kind = SOURCE
            place.first = False
            i += 1
            continue
        elif place.gap(kind):
            out.append(":-")
        out.append(_write(line, kind, place))
        i += 1
        if kind == NOTE and i < n and lines[i] and lines[i] == _override(out[-1], place):
            out[-1] += OVERRIDE
            i += 1
    return out


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `encode` was given."""
    place = _Place()
    out: list[str] = []
    dense = False
    for line in lines:
        if line == ":-":
            dense = True
            continue
        if line == ":" and place.width:
            out.append(place.gutter)
            place.kind = SOURCE
            place.first = False
            continue
        text, kind, after = _read(line, place)
        if not dense and place.gap(kind):
            out.append(place.gutter)
        dense = False
        _write(text, kind, place)  # moves on as the encoder did
        out.append(text)
        if after:
            out.append(after)
    return out


def shortened(lines: Sequence[str], apart: re.Pattern[str]) -> list[str]:
    """The lines without the paths and help pages told before; behind a line `apart` no path is known."""
    out: list[str] = []
    path = page = ""
    for line in lines:
        arrow = _TOLD.match(line)
        if arrow:
            line = f"{arrow[1]}--> :{arrow[3]}" if arrow[2] == path else line
            path = arrow[2]
        elif line.startswith("= help: ") and "://" in line:
            told, mark, lint = line.rpartition("#")
            if mark and "://" in told:
                line = _PAGE + lint if told == page else line
                page = told
        elif apart.match(line):
            path = ""
        out.append(line)
    return out


def lengthened(lines: Sequence[str], apart: re.Pattern[str]) -> list[str]:
    """The lines that `shortened` was given, if there was nothing short in them."""
    out: list[str] = []
    path = page = ""
    for line in lines:
        arrow = _TOLD.match(line)
        if arrow:
            line = line if arrow[2] else f"{arrow[1]}--> {path}:{arrow[3]}"
            path = arrow[2] or path
        elif page and line.startswith(_PAGE):
            line = f"{page}#{line[len(_PAGE) :]}"
        elif line.startswith("= help: ") and "://" in line and "#" in line:
            page = line.rpartition("#")[0]
        elif apart.match(line):
            path = ""
        out.append(line)
    return out


def _kind(line: str, place: _Place) -> str:
    """What a line is to the gutter: part of it (source lines and marks), a note, an arrow, a child, or none of it."""
    if line[:1] == " " and ARROW.match(line):
        return ARROWED
    if place.width:
        if line.startswith(place.gutter) and line[place.width + 2 : place.width + 3] in ("", " "):
            return SOURCE
        if line.startswith(" " * (place.width + 1) + "= "):
            return NOTE
        numbered = _NUMBERED.match(line)
        if numbered and len(numbered[1]) + len(numbered[2]) == place.width + 1:
            return SOURCE
        if place.kind != OTHER and line.startswith(_CHILDREN):
            return CHILD
        if line[:3] == "..." and place.kind == SOURCE:
            return SOURCE
    return OTHER


def _write(line: str, kind: str, place: _Place) -> str:
    """A line without its gutter."""
    if kind == ARROWED:
        match = ARROW.match(line)
        assert match is not None
        same = match[2] == place.path and place.short
        place.arrow(len(match[1]), match[2], int(match[3]), int(match[4]))
        return f"{match[1]}--> :{match[3]}:{match[4]}" if same else _plain(line)
    if kind == NOTE:
        place.kind, place.first = NOTE, False
        return _note(line[place.width + 1 :], place)
    if kind == SOURCE and line.startswith(place.gutter):
        marks = line[place.width + 2 :]
        carets = _CARETS.match(marks) if place.first else None
        place.first = place.edited = False
        place.kind = SOURCE
        if carets and len(carets[1]) == place.column and len(carets[2]) < 10_000:
            return f"^{len(carets[2])}{carets[3]}"
        return ":" + marks
    numbered = _NUMBERED.match(line) if kind == SOURCE else None
    if numbered:
        number, sign = numbered[1], numbered[3]
        known = number == ("LL" if place.anonymous else str(place.expected(sign)))
        place.source(number, sign)
        return f"{'' if known else number}{sign}{numbered[4]}"
    place.other(line)
    return _plain(line)


def _note(note: str, place: _Place) -> str:
    """A note, the page it names told once."""
    page, mark, lint = note.rpartition("#")
    if mark and page.startswith("= help: ") and "://" in page:
        if page == place.page and place.short:
            return _PAGE + lint
        place.page = page
    ours = note.endswith(OVERRIDE) or note[2:3] == "\\" or note.startswith(_PAGE)
    return f"{note[:2]}\\{note[2:]}" if ours else note


def _plain(line: str) -> str:
    return "\\" + line if _AMBIGUOUS.match(line) else line


def _read(line: str, place: _Place) -> tuple[str, str, str]:
    """A written line as the original one, its kind, and the line that tells how to override, if it stands for one."""
    if line[:1] == "\\":
        return line[1:], _kind(line[1:], place), ""
    short = _SHORT.match(line)
    if short:
        return f"{short[1]}--> {place.path}:{short[2]}:{short[3]}", ARROWED, ""
    if place.width:
        if line[:2] == "= ":
            return _read_note(line, place)
        caret = _CARET.match(line)
        if caret:
            return f"{place.gutter}{' ' * place.column}{'^' * int(caret[1])}{caret[2]}", SOURCE, ""
        if line[:1] == ":" and line[1:2] in ("", " "):
            return place.gutter + line[1:], SOURCE, ""
        written = _WRITTEN.match(line)
        if written:
            sign = written[2]
            number = written[1] or ("LL" if place.anonymous else str(place.expected(sign)))
            return f"{number:<{place.width}} {sign}{written[3]}", SOURCE, ""
    return line, _kind(line, place), ""


def _read_note(line: str, place: _Place) -> tuple[str, str, str]:
    after = ""
    if line[2:3] == "\\":
        line = line[:2] + line[3:]
    elif line.startswith(_PAGE):
        line = f"{place.page}#{line[len(_PAGE) :]}"
    elif line.endswith(OVERRIDE):
        line = line[: -len(OVERRIDE)]
        after = _override(line, place)
    return " " * (place.width + 1) + line, NOTE, after


def _override(note: str, place: _Place) -> str:
    """The line that follows a note about a lint, empty if there is none."""
    implied = _IMPLIED.match(note)
    if not implied:
        return ""
    lint = implied["lint"].replace("-", "_")
    return f"{' ' * (place.width + 1)}= help: to override `{implied['by']}` add `#[allow({lint})]`"
