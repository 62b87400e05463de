"""The facts that lines of text state: a table of types, each with its pattern and its normal form."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from headroom.gate import _shapes, _words
from headroom.gate._dots import marks
from headroom.gate._words import HINTS, failing


class Fact(NamedTuple):
    """One fact in its normal form: two lines state the same fact if they yield equal ones."""

    kind: str
    form: str


class Type(NamedTuple):
    """A type of fact that a pattern finds."""

    kind: str
    pattern: re.Pattern[str]
    form: Callable[[re.Match[str]], str]
    anywhere: bool
    """False for what is a fact on a line that tells of failure only."""
    sign: re.Pattern[str]
    """Quicker: finds something, whatever the numbers are, in every line in which the pattern does."""


def _groups(match: re.Match[str]) -> str:
    return ":".join(group for group in match.groups() if group)


def _place(match: re.Match[str]) -> str:
    """`path:line:column`; the path is read backwards, from its end to what cannot be part of it. A frame of Java names
    the method before the file, which alone would be too short a name: `dev.example.Run.call(Run.java:12`."""
    if match["file"]:
        return f"{match['file']}:{match['at']}"
    line, end = match.string, match.end("end")
    start = 1 + max(line.rfind(sign, 0, end) for sign in " \t([{<\"'`=,|")
    if line[start - 1 : start] == "(" and line.lstrip().startswith("at "):
        start = line.rfind(" ", 0, start) + 1
    return ":".join(piece for piece in (line[start:end], match["line"], match["col"]) if piece)


def _http(match: re.Match[str]) -> str:
    """The status; where the server is at fault, also what was asked of it."""
    status = next(group for group in match.group("a", "b", "c", "d") if group)
    asked = match.group("asked") or ""
    return f"{status} {variable(asked.partition('?')[0])}".strip() if status[0] == "5" else status


_POSIX = (
    r"E(?:ACCES|ADDRINUSE|ADDRNOTAVAIL|AGAIN|BADF|BUSY|CONNABORTED|CONNREFUSED|CONNRESET|DQUOT|EXIST|FAULT|HOSTUNREACH|INTR"
    r"|INVAL|IO|ISDIR|LIFECYCLE|LOOP|MFILE|NAMETOOLONG|NETUNREACH|NFILE|NOENT|NOMEM|NOSPC|NOTCONN|NOTDIR|NOTEMPTY|NOTFOUND"
    r"|PERM|PIPE|RESOLVE|ROFS|TARGET|TIMEDOUT|XDEV|INTEGRITY)"
)
TYPES = (
    Type("exit code", re.compile(
        r"(?i)\bexit(?:ed|s|ing)?[ _-]?(?:with )?(?:non-zero )?(?:exit )?(?:code|status)[\"']?(?: of)?[ :=]{1,3}"
        r"(-?[1-9]\d*)\b(?![.\w])|\bexited (?:with )?(-?[1-9]\d*)\b"
        r"|\breturn(?:ed)?[ _]?code[\"']?[ :=]{1,3}(-?[1-9]\d*)\b"
        r"|\brc ?= ?(-?[1-9]\d*)\b|\bstatus=([1-9]\d*)/|\berrno\W{1,2}(\d+)|\bError (\d+)\s*\Z"
        r"|\bsignal:? (\d{1,2}\b|SIG[A-Z]+)|\b(SIG(?:SEGV|KILL|ABRT|BUS|ILL|FPE))\b"),
        _groups, True, re.compile(r"(?i)exit|code|\brc ?=|status=|errno|error \d|signal|SIG[A-Z]")),
    Type("HTTP status", re.compile(
        r"(?:\b(?P<asked>(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) [^\s\"']+).{0,30}?)?"
        r"(?:HTTP/[\d.]+[\"']?[ ,]{1,2}(?:status )?(?P<a>[45]\d\d)\b"
        r"|\b(?i:status(?:[ _-]?code)?)[\"']?[ :=]{1,3}(?P<b>[45]\d\d)\b|\bHTTP(?: error)?:? (?P<c>[45]\d\d)\b"
        r"|\b(?P<d>[45]\d\d) (?:Bad Request|Unauthorized|Forbidden|Not Found|Conflict"
        r"|Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)\b)"),
        _http, True, re.compile(r"(?i)http|status|\d [A-Z]\w+ \w|\d (?:unauth|forbid|conflict)")),
    Type("failing test", re.compile(
        r"^(?:FAILED|ERROR)\s+(\S+::.+?)(?: - .*)?$|^(\S+::.+?)\s+(?:FAILED|ERROR)\b|--- FAIL: (\S+)"
        r"|^test (\S+) \.\.\. FAILED|^\s*● (.+)|^\s*[✕✗✖✘❌×⨯] (.+?)(?: \(?\d+(?:\.\d+)? ?m?s\)?)?$"
        r"|^\s*not ok \d+ -? ?(.+)|^(?:FAIL|ERROR): (.+)"
        r"|^FAIL\s+(\S+)|\[ERROR\]\s+(\w+\.\w+:\d+)|^rspec (\S+)|^\[  FAILED  \] (\S+)|^[-\s]*---- (\S+) stdout ----"),
        _groups, False, re.compile(rf"::|FAIL|\.\.\. |[●×{_words.SIGNS}]|not ok|ERROR|rspec|----")),
    Type("error code", re.compile(
        rf"\b((?:ORA|PLS|TNS|DB|SQL|MSB|NU|LNK|CS|TS|CVE|ERR|SQLSTATE|E|F|W|C|S|XX)[-_]?\d{{3,5}}|{_POSIX}"
        r"|ERR_[A-Z_]+|0x[89][0-9A-Fa-f]{7}|[A-Z]{2,5}-\d{3,6})\b"),
        _groups, False, re.compile(r"[A-Z][-_]?\d|\bE[A-Z]{2}|ERR_|0x")),
    Type("exception", re.compile(rf"(?<![\w.$/]){_shapes.TYPE}(?![\w/(])"),
         lambda m: re.split(r"\.|::", m.group())[-1], False, re.compile("Error|Exception|Failure|Panic|Fault")),
    Type("location", re.compile(
        rf"(?P<end>\.{_shapes.FILE_TYPES})[:(](?P<line>\d+)(?:[:,](?P<col>\d+))?"
        r"|File \"(?P<file>[^\"]+)\", line (?P<at>\d+)"),
        _place, False, re.compile(r"\.\w+[:(]\d|File \"")),
)  # fmt: skip
"""The table of facts that a pattern finds. What a failing line says in words, and sums, are read by `Lines`."""

SUMMARY = re.compile(
    r"(?:=+ .*\b(?:passed|failed|errors?|skipped|deselected)\b.* =+|[\s✖✗×]*(?:Tests?|Test Suites|Test Files|Suites"
    r"|Specs|Snapshots|Failures|Errors|Passed|Failed)\s*:?\s+\d|test result:|Ran \d+ tests?|FAILED \(|OK \(|Tests run:"
    r"|Found \d+ (?:errors?|problems?|warnings?)|[\s✖✗×]*\d+ (?:passing|failing|pending|problems?|vulnerabilities"
    r"|errors?|warnings?|failed|passed|failures?|examples?|tests?|specs?|assertions?)\b|.*generated \d+ warnings?"
    r"|.*due to \d+ previous errors?|\W*(?:BUILD|Build) (?:FAILED|FAILURE|SUCCESS\w*|failed|succeeded)"
    r"|# (?:pass|fail|tests) \d|.*\b\d+ (?:failed|passed), \d+|\[ERROR\] Tests run|Success: no issues"
    r"|All checks passed|All tests passed)"
)
"""A line that sums up a run; where several have the same words, the last one counts, and each that counts failures."""

_TOOK = re.compile(
    r"\b(?:in|took|time:?|elapsed:?|after)\s+[\d.,:]+\s*(?:m?s|sec\w*|min\w*|h)?\b|\([\d.]+ ?m?s\)", re.IGNORECASE
)
_SUMMARY_HINTS = (
    "passed", "passing", "pending", "problem", "warning", "vulnerabilit", "test", "result:", "found ", "build ",
    "# pass", "example", "success:", "checks passed", "suites", "snapshots", "specs", "assertions", "ok (", "skipped",
)  # fmt: skip
_MUTE = re.compile(
    r"E {2,}\S|\s*● .+ ›|\S+\.py [.sxX]*[FE][.sxXFE]*(?!\s+\[ *\d+%\]\Z)(?:\s|\Z)|[.sxX]*[FE][.sxXFE]*\s+\[ *\d+%\]\Z"
)
"""Failures without a word for it: what pytest says of an assertion, its rows of dots but those that `_dots` reads, and
the headings of jest."""

_COUNTED = re.compile(r"(\d[\d,.]*)\s+([^\W\d_]+)|([^\W\d_]+)\s*[:=]\s*(\d+)")
_OTHER_HINTS = (
    "exit", "returncode", "return code", "rc=", "rc =", "status", "http", "signal", "errno", "\ne  ", "%]", "●",
)  # fmt: skip
_HINTS = (*HINTS, *_SUMMARY_HINTS, *_OTHER_HINTS)
_LOCATION = TYPES[-1]
_QUOTED = re.compile(r"'[^'\n]{41,}'|\"[^\"\n]{41,}\"|`[^`\n]{41,}`")
"""Quoted text of some length: input that a message repeats. Shorter quotes are names, and tell two failures apart."""

_VARYING = re.compile(
    r"\b(?:(?=[0-9a-f]*\d[0-9a-f]*\d)[0-9a-f]{6,}|(?=[A-Za-z]{0,9}\d{1,9}[A-Za-z]{1,9}\d)[A-Za-z0-9]{6,})\b|(?<!\d)0*[1-9]\d*"
)
"""Hashes, identifiers of letters and digits, and numbers but zero."""

_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
_SIGNS = (*_words.SIGNS, "×", "●")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?|[✕✗✖✘❌⨯×]")
_CONTINUED = re.compile(r"\s+\S|[|>]|E\s|at |Caused by|\.\.\. |#\d|goroutine |File \"|During handling|The above")
_LIBRARY = re.compile(
    r"(?:site|dist)-packages|node_modules|/lib/python\d|node:|\.cargo/registry|/rustc/|/pkg/mod/|/go/src/|/usr/lib/"
    r"|importlib"
)
_LIBRARY_CALL = re.compile(
    r"\s*at (?:[\w.@]+/)?(?:(?:java|javax|jdk|sun|kotlin|scala|com\.sun|System|Microsoft|Xunit|NUnit)\."
    r"|org\.(?:junit|apache|gradle|springframework|mockito|testng|hamcrest|assertj)\.)"
)
"""Frames of code that is not the user's: where a trace passes through, not where it went wrong."""

_SECTION = re.compile(r"=+ (?:FAILURES|ERRORS) =+|failures:\s*\Z|\s*● .+ ›")
_SECTION_END = re.compile(r"=+ (?!FAILURES|ERRORS).* =+\Z|test result:|Tests?(?: Suites)?:\s")

BEFORE, AFTER = 3, 6
"""Words around a word of failure that make the form of a line: what comes further off is where and for whom."""

REGION_LINES = 200
"""A trace is read this far."""

END = 300
"""The shape of a line is read from so many characters at its ends: expressions must not wander through long ones."""

LONGEST = 4_000
"""Codes and places are read from so many characters of a line; its words from all."""

NEIGHBOURS = 8
"""Lines on each side that tell in what kind of text a line stands."""

MANY_CODES = 8
"""More error codes than this that differ in their digits alone are the names of things."""


def variable(text: str) -> str:
    """`text` with what varies from one occurrence to the next set to `1`: numbers but zero, hashes, identifiers."""
    return _VARYING.sub("1", text)


def phrase(line: str) -> str:
    """The normal form of a line that tells of failure: its words of failure and those around them."""
    line = variable(_QUOTED.sub(" Q ", line))
    words = list(_WORD.finditer(line))
    near: set[int] = set()
    starts = [word.start() for word in words]
    for found in failing(line):
        at = max(0, bisect_right(starts, found.start) - 1)
        near.update(range(max(0, at - BEFORE), min(len(words), at + AFTER + 1)))
    return _DIGITS.sub("0", " ".join(words[i].group().lower() for i in sorted(near)))


def opening(text: str, words: int = 8) -> str:
    """The first words of a text in small letters, without what varies."""
    return " ".join(re.findall(r"[^\W_]+", variable(text[:200].lower()))[:words])


def hinted(text: str, hints: Iterable[str], every: bool = False) -> list[int]:
    """Where hints stand in `text`, sorted: the first of each hint in a line, or every one."""
    low = text.lower()
    known = "\n".join({*_LETTERS.findall(low), *(sign for sign in _SIGNS if sign in low)})  # much shorter than the text
    found: list[int] = []
    for hint in hints:
        if not all(piece in known for piece in _LETTERS.findall(hint)) or (hint in _SIGNS and hint not in known):
            continue
        at = low.find(hint)
        while at >= 0:
            found.append(at + len(hint) - 1)
            end = at + 1 if every else low.find("\n", at + 1)
            at = low.find(hint, end) if end >= 0 else -1
    return sorted(found)


class Look(NamedTuple):
    """What a line is, as far as it does not depend on its neighbours or its numbers."""

    sums: bool
    tells: Literal["", "yes", "unless amid others"]
    types: tuple[Type, ...]
    """The types of facts that may stand in it."""
    form: str


class _Looks(dict[str, Look]):
    """The looks of lines by what is left of them without their numbers."""

    def at(self, line: str) -> Look:
        key = variable(line)
        look = self.get(key)
        if look is None:
            look = self[key] = _look(line)
        return look


def _look(line: str) -> Look:
    ends = line if len(line) <= 2 * END else line[:END] + line[-END:]
    if _shapes.PASSED.match(ends):
        return Look(False, "", (), "")
    body, short = (_shapes.GUTTER.sub("", text, count=1) for text in (line, ends))
    tells = _tells(body, ends)
    talk = not tells and (_shapes.tells_of_others(short) or _shapes.HIT.match(ends)) and "HTTP/" not in line
    types = tuple(
        one for one in TYPES
        if (tells or (one.anywhere and not talk)) and one.sign.search(line[:LONGEST])
    )  # fmt: skip
    form = (phrase(body) or variable(body)) if tells else ""
    return Look(SUMMARY.match(ends) is not None, tells, types, form)


def _tells(whole: str, ends: str) -> Literal["", "yes", "unless amid others"]:
    """Whether a line, of which the shape is read at its ends, tells of a failure that happened."""
    if _shapes.HIT.match(ends):
        return ""
    body = _shapes.GUTTER.sub("", ends, count=1)
    words = list(failing(whole))
    if not words:
        return "yes" if _MUTE.match(body) else ""
    if _shapes.SHAPED.match(body):
        return "yes"
    loud = any(word.loud for word in words)
    if _shapes.CODE.match(body) or (not loud and _shapes.LISTED.match(body)):
        return ""
    if _shapes.CLOCK.match(body):
        return "yes"
    if body != ends:  # a line of a file
        return ""
    if _shapes.UNIX.match(body):
        return "yes"
    return "" if not loud and _shapes.is_prose(body) else "unless amid others"


class Lines:
    """Reads the facts of a text that is given as lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._looks = _Looks()
        self._others: dict[str, bool] = {}
        self._in_region: set[int] = set()
        self._totals: dict[str, tuple[Fact, int]] = {}
        self._diff = any(line.startswith(("diff --git ", "@@ -")) for line in lines)
        self.sums = False
        """True once a line was read that sums up a run."""

    def facts(self) -> list[tuple[Fact, int]]:
        """Each fact with the number of a line that states it, counted from 0."""
        found = [pair for at in self._candidates() for pair in self._at(at)]
        found += self._totals.values()
        found += self._sections()
        found += ((Fact("failing test", form), at) for form, at in marks(self._lines))
        names = _names(fact.form for fact, _ in found if fact.kind == "error code")
        return [pair for pair in found if pair[0].kind != "error code" or pair[0].form not in names]

    def _candidates(self) -> list[int]:
        """The numbers of the lines that hold a hint of a fact."""
        text = "\n".join(self._lines)
        if len(text.lower()) != len(text):  # some letters are two in small
            return list(range(len(self._lines)))
        starts = [0, *(match.end() for match in re.finditer("\n", text))]
        return sorted({bisect_right(starts, at) - 1 for at in hinted(text, _HINTS)})

    def _line(self, at: int) -> str:
        line = self._lines[at].rstrip()
        return _shapes.ANSI.sub("", line) if "\x1b" in line else line

    def _at(self, at: int) -> Iterator[tuple[Fact, int]]:
        line = self._line(at)
        look = self._looks.at(line)
        if look.sums:
            self.sums = True
            yield from self._total(line, at)
        telling = look.tells == "yes" or (look.tells != "" and not self._amid_others(at, line))
        result = False
        for one in look.types:
            if telling or one.anywhere:
                for match in one.pattern.finditer(line[:LONGEST]):
                    yield Fact(one.kind, one.form(match)), at
                    result = result or one.kind == "failing test"
        if telling:
            if not result:
                yield Fact("failure line", look.form), at
            if line.endswith(":") and not line.startswith("Traceback"):
                yield from self._message(at + 1)
            yield from self._region(at)

    def _message(self, at: int) -> Iterator[tuple[Fact, int]]:
        """The line below one that announces it, as `panicked at src/a.rs:3:5:` does."""
        message = self._line(at) if at < len(self._lines) else ""
        if message and not _shapes.CLOCK.match(message):
            yield Fact("failure line", opening(message)), at

    def _total(self, line: str, at: int) -> Iterator[tuple[Fact, int]]:
        """The counts of a line that sums up, now if it counts failures; else the last of its words is remembered."""
        counts = _COUNTED.findall(_TOOK.sub("", line))
        form = " ".join(f"{a or d} {b or c}" for a, b, c, d in counts).lower() or phrase(line) or line.strip()
        fact = Fact("total", form)
        if next(iter(failing(line)), None) is not None:
            yield fact, at
        else:
            self._totals[_DIGITS.sub("", form)] = (fact, at)

    def _amid_others(self, at: int, line: str) -> bool:
        """True if most lines around tell of something else than what happened, or all of the text does."""
        if self._diff and line[:1] in " +-":
            return True
        near = [*range(max(0, at - NEIGHBOURS), at), *range(at + 1, min(len(self._lines), at + NEIGHBOURS + 1))]
        told = [self._is_other(self._lines[i]) for i in near if self._lines[i].strip()]
        return len(told) >= 3 and 2 * sum(told) >= len(told)

    def _is_other(self, line: str) -> bool:
        known = self._others.get(line)
        if known is None:
            body = _shapes.GUTTER.sub("", line[:400], count=1)
            known = self._others[line] = _shapes.tells_of_others(body) or _shapes.HIT.match(line) is not None
        return known

    def _region(self, at: int) -> Iterator[tuple[Fact, int]]:
        """The places that stand in the lines that belong to a line of failure: a trace below or above it."""
        for i in range(at + 1, min(at + 1 + REGION_LINES, len(self._lines))):
            if i in self._in_region or not _CONTINUED.match(self._lines[i]):
                break
            yield from self._places(i)
        for i in range(at - 1, max(-1, at - 1 - REGION_LINES), -1):
            if i in self._in_region or not self._lines[i][:1].isspace():
                break
            yield from self._places(i)

    def _sections(self) -> Iterator[tuple[Fact, int]]:
        """The places in the parts of a report that a test runner gives to failures."""
        inside = False
        for at, line in enumerate(self._lines):
            if line[:1] in "=f t●T" and (_SECTION.match(line) or _SECTION_END.match(line)):
                inside = _SECTION.match(line) is not None
            if inside and at not in self._in_region:
                yield from self._places(at)

    def _places(self, at: int) -> Iterator[tuple[Fact, int]]:
        self._in_region.add(at)
        line = self._lines[at]
        if _shapes.PASSED.match(line):  # amid the lines of failed tests, not of a trace
            return
        if (":" in line or ", line " in line or "(" in line) and not _LIBRARY_CALL.match(line):
            places = map(_place, _LOCATION.pattern.finditer(self._line(at)[:LONGEST]))
            yield from ((Fact("location", place), at) for place in places if not _LIBRARY.search(place))


def _is_talk(line: str) -> bool:
    return _shapes.is_prose(line) and "HTTP/" not in line


def _names(forms: Iterable[str]) -> set[str]:
    """The codes that differ from too many others in their digits alone: identifiers."""
    groups: dict[str, set[str]] = defaultdict(set)
    for form in forms:
        groups[_DIGITS.sub("0", form)].add(form)
    return {form for group in groups.values() if len(group) > MANY_CODES for form in group}
