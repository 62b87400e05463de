"""Diffs and commits: unified diffs of git, `diff -u` and Subversion, `git show`, `git log`, `--stat` tables.

The lines that name a file become one line, so do those that head a commit; messages lose git's indentation, tables
of `--stat` their padding and repeated folders. The rule it keeps: `@@` lines and hunks stay as they are, so that a
pasted hunk still applies; only the blank that stands for an empty context line goes, which git and patch both allow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from headroom.compressors._diff import commits, diffstat, fileheads, tedious
from headroom.compressors._diff.fileheads import USUAL, Prefixes
from headroom.compressors._exact import ByteExact
from headroom.errors import FormatError
from headroom.types import Facts, PartClass, Unit

GIT = "[short git headers"
PLAIN = "[short diff headers"
STAT = "[git stat by folder"
MAILS = "; addresses at first use"
TABLES = "; stat by folder"
KEPT = "; blanks kept"
NO_PREFIX = "; no path prefixes"
FILES = "files"
HEADER = re.compile(
    rf"(?:{re.escape(GIT)}|{re.escape(PLAIN)}|{re.escape(STAT)})(?:{MAILS})?(?:{TABLES})?"
    rf"(?:; prefixes (\S+) (\S+)|({NO_PREFIX}))?({KEPT})?\]"
)
ESCAPE = "\\"
NO_NEWLINE = "\\ "
"""What git says of a file's last line stands below that line; an escaped line never looks like it inside a hunk."""

HUNK = re.compile(r"@@ -[0-9]{1,9}(?:,([0-9]{1,9}))? \+[0-9]{1,9}(?:,([0-9]{1,9}))? @@")

# What this compressor can shorten, at the start of a line, by how the line starts.
_SIGNS = {
    "diff -": re.compile(r"diff --(?:git|cc|combined) \S|diff -.* \S+ \S+\n--- "),
    "Index: ": re.compile(r"Index: \S+\n={67}\n"),
    "commit ": re.compile(r"commit [0-9a-f]{7,64}(?: \(.*\))?\n(?:Merge: .*\n)?Author: "),
}
_CHANGED = " changed, "
"""Stands in the summary below a table of `--stat`."""


class Diff(ByteExact):
    """One line per file header and commit header."""

    name = "diff"
    version = 2
    content: PartClass = "read"
    only_deep = True
    marks: tuple[str, ...] = (GIT, PLAIN, STAT)

    def fit(self, facts: Facts) -> float:
        sign = _first_sign(facts.text)
        return 0.0 if sign is None else 0.9 - 0.4 * sign / len(facts.text)

    def encode(self, facts: Facts) -> str | None:
        text = facts.text
        if _first_sign(text) is None:
            return None
        made = _Encoder(facts.lines).rendering()
        return made if made is not None and len(made) < len(text) else None

    def decode(self, rendering: str) -> str:
        header, newline, body = rendering.partition("\n")
        known = HEADER.fullmatch(header)
        if known is None or not newline:
            raise FormatError("a diff opens with its header line")
        marks = Prefixes(known[1], known[2]) if known[1] else Prefixes("", "") if known[3] else USUAL
        decoder = _Decoder(body.split("\n"), marks, kept=known[4] is not None)
        return "\n".join(decoder.restored())

    def units(self, facts: Facts) -> Sequence[Unit]:
        return tedious.units(facts.lines, facts.query or "", partial(_hunk_end, facts.lines))

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        return tedious.told(run)


def _first_sign(text: str) -> int | None:
    """Where the first line that can be shortened starts."""
    found = [_first(text, start, sign) for start, sign in _SIGNS.items()]
    return min((at for at in (*found, _first_summary(text)) if at is not None), default=None)


def _first(text: str, start: str, sign: re.Pattern[str]) -> int | None:
    at = 0 if text.startswith(start) else text.find(f"\n{start}") + 1
    while at > 0 or text.startswith(start):
        if sign.match(text, at):
            return at
        at = text.find(f"\n{start}", at) + 1
        if at == 0:
            break
    return None


def _first_summary(text: str) -> int | None:
    """Where the first row of `--stat` with its summary below it starts."""
    at = text.find(_CHANGED)
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        above = text.rfind("\n", 0, max(start - 1, 0)) + 1
        end = text.find("\n", at)
        if start and diffstat.ends(text[above : start - 1], text[start : end if end >= 0 else len(text)]):
            return above
        at = text.find(_CHANGED, at + 1)
    return None


def _hunk_end(lines: list[str], at: int) -> int:
    """The index after the hunk whose `@@` line is `lines[at]`, by the counts it states; the last line of a text, which
    is what follows its last line end, is in no hunk."""
    counts = HUNK.match(lines[at])
    at += 1
    if counts is None:
        return at
    old, new = (int(count) if count else 1 for count in counts.groups())
    last = len(lines) - 1
    while at < last and (old > 0 or new > 0):
        sign = lines[at][:1]
        if sign == "+":
            new -= 1
        elif sign == "-":
            old -= 1
        elif sign == " " or not sign:
            old -= 1
            new -= 1
        elif not lines[at].startswith(NO_NEWLINE):
            break
        at += 1
    return at


def _ambiguous(line: str) -> bool:
    """True if a decoder would take a line that stands for itself for a short one, or for one behind `\\`."""
    bare = line.lstrip(ESCAPE)
    return fileheads.is_short(bare) or commits.is_short(bare) or diffstat.is_summary(bare)


class _Encoder:
    """One pass over the lines of a text: `out` are the lines below the header."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.out: list[str] = []
        self.marks = fileheads.prefixes(lines)
        self.people: commits.People = {}
        self.tried: tuple[int, diffstat.Table | None] = -1, None
        self.bare_blanks = False  # a hunk holds an empty line where git writes a blank
        self.kinds: set[str] = set()  # which parts of the header apply
        self.takes: dict[str, Callable[[int], int]] = {
            "@": self.hunk, "d": self.file, "I": self.file, "c": self.commit, " ": self.table, ESCAPE: self.other,
        }  # fmt: skip

    def rendering(self) -> str | None:
        at, hunks = 0, []
        lines, takes, other = self.lines, self.takes, self.out.append
        while at < len(lines):
            line = lines[at]
            take = takes.get(line[:1])
            if take is None:
                other(line)
                at += 1
                continue
            start = len(self.out)
            stop = take(at)
            if line[:1] == "@":
                hunks.append((start, len(self.out)))
            at = stop
        if not self.kinds:
            return None
        if not self.bare_blanks:
            for start, stop in hunks:
                body = self.out[start:stop]
                if " " in body:
                    self.out[start:stop] = ["" if line == " " else line for line in body]
        return "\n".join((self.header(), *self.out))

    def header(self) -> str:
        name = GIT if GIT in self.kinds else PLAIN if PLAIN in self.kinds else STAT
        parts = [name, MAILS if MAILS in self.kinds else "", TABLES if TABLES in self.kinds and name != STAT else ""]
        if FILES in self.kinds and self.marks != USUAL:
            parts.append(f"; prefixes {self.marks.old} {self.marks.new}" if any(self.marks) else NO_PREFIX)
        return "".join((*parts, KEPT if self.bare_blanks else "", "]"))

    def other(self, at: int) -> int:
        """A line that stands for itself."""
        line = self.lines[at]
        ambiguous = self.after_table() if line[:1] == " " else _ambiguous(line)
        self.out.append(ESCAPE + line if ambiguous and _ambiguous(line) else line)
        return at + 1

    def after_table(self) -> bool:
        """True if a decoder may take the last line for one of a short table."""
        return bool(self.out) and diffstat.run_end(self.out, len(self.out) - 1) == len(self.out)

    def hunk(self, at: int) -> int:
        stop = _hunk_end(self.lines, at)
        body = self.lines[at:stop]
        self.bare_blanks = self.bare_blanks or "" in body
        self.out += body
        return stop

    def file(self, at: int) -> int:
        made = fileheads.shortened(self.lines, at, self.marks)
        if made is None:
            return self.other(at)
        self.kinds |= {FILES, GIT if self.lines[at].startswith("diff --") else PLAIN}
        self.out.append(made[0])
        return made[1]

    def commit(self, at: int) -> int:
        lines = self.lines
        made = commits.shortened(lines, at, self.people)
        if made is None:
            return self.other(at)
        short, stop = made
        self.kinds.add(GIT)
        if sum(line.count("<") for line in lines[at:stop]) > short.count("<"):
            self.kinds.add(MAILS)
        self.out.append(short)
        if stop + 1 >= len(lines) or lines[stop]:
            return stop
        end = commits.message_end(lines, stop + 1)
        body = commits.message(lines[stop + 1 : end])
        if end == stop + 1 or any(map(diffstat.is_summary, body)) or not self.message_ends(end):
            return stop
        self.out += body
        return end

    def message_ends(self, at: int) -> bool:
        """True if a decoder sees that the line at `at` is no longer of the message."""
        blank = at
        while blank < len(self.lines) and not self.lines[blank]:
            blank += 1
        if blank == len(self.lines) or self.lines[blank][:1] != " ":
            return True
        return blank > at and (diffstat.is_summary(self.lines[blank]) or self.short_table(blank) is not None)

    def short_table(self, at: int) -> diffstat.Table | None:
        """The table at `at`, which is asked for twice where a message ends."""
        if self.tried[0] != at:
            self.tried = at, diffstat.shortened(self.lines, at)
        return self.tried[1]

    def table(self, at: int) -> int:
        made = None if self.after_table() else self.short_table(at)
        if made is None:
            stop = diffstat.rows_end(self.lines, at)
            self.out += self.lines[at:stop]
            return stop if stop > at else self.other(at)
        self.kinds.add(TABLES if any(line[-1] == ":" for line in made.lines) else STAT)
        self.out += made.lines
        return made.stop


class _Decoder:
    """One pass over the lines below the header: `out` are the lines of the text."""

    def __init__(self, lines: list[str], marks: Prefixes, *, kept: bool) -> None:
        self.lines = lines
        self.marks = marks
        self.kept = kept
        self.people: commits.People = {}
        self.out: list[str] = []
        self.tried: tuple[int, diffstat.Table | None] = -1, None
        self.takes: dict[str, Callable[[int], int]] = {
            "@": self.hunk, "d": self.file, "I": self.file, "c": self.commit, " ": self.table, ESCAPE: self.escaped,
        }  # fmt: skip

    def restored(self) -> list[str]:
        at = 0
        lines, takes, other = self.lines, self.takes, self.out.append
        while at < len(lines):
            line = lines[at]
            take = takes.get(line[:1])
            if take is None:
                other(line)
                at += 1
            else:
                at = take(at)
        return self.out

    def hunk(self, at: int) -> int:
        stop = _hunk_end(self.lines, at)
        body = self.lines[at:stop]
        self.out += body if self.kept or "" not in body else [line or " " for line in body]
        return stop

    def file(self, at: int) -> int:
        lines = self.lines
        following = lines[at + 1] if at + 1 < len(lines) else ""
        self.out += fileheads.restored(lines[at], following, self.marks) or [lines[at]]
        return at + 1

    def commit(self, at: int) -> int:
        lines = self.lines
        long = commits.restored(lines[at], self.people)
        self.out += long or [lines[at]]
        at += 1
        if long is None or at == len(lines) or lines[at][:1] != " ":
            return at
        self.out.append("")
        while at < len(lines):
            blank = at
            while blank < len(lines) and not lines[blank]:
                blank += 1
            if blank == len(lines) or lines[blank][:1] != " ":
                break
            if blank > at and (diffstat.is_summary(lines[blank]) or self.long_table(blank) is not None):
                break
            self.out += [commits.INDENT] * (blank - at)
            self.out.append(commits.INDENT + lines[blank][1:])
            at = blank + 1
        return at

    def long_table(self, at: int) -> diffstat.Table | None:
        """The table at `at`, which is asked for twice where a message ends."""
        if self.tried[0] != at:
            self.tried = at, diffstat.restored(self.lines, at)
        return self.tried[1]

    def table(self, at: int) -> int:
        made = self.long_table(at)
        if made is None:
            stop = max(at + 1, diffstat.run_end(self.lines, at))
            self.out += self.lines[at:stop]
            return stop
        self.out += made.lines
        return made.stop

    def escaped(self, at: int) -> int:
        line = self.lines[at]
        self.out.append(line[1:] if _ambiguous(line) else line)
        return at + 1
