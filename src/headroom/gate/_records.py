"""The facts that JSON states, whatever its blanks: objects whose fields tell of failure, and lines in long strings.

The text is read as tokens, not parsed: a body may be cut off, hold notices, or stand between other lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from headroom.gate._lines import Fact, Lines, hinted, opening, phrase, variable
from headroom.gate._words import HINTS, failing, words_of

_OPENS = re.compile(r"(?:\ufeff|<[\w-]+>)?\s*(?:[{\[]\s*\Z|\{\s*\"|\{\s*\}|\[\s*[{\[\"])")
_LABEL = re.compile(r"[A-Za-z][\w ./-]{0,40}[:=] ?(?=\{\s*\"|\[\s*[{\[\"])")
_WITHIN = re.compile(r"(?:\[\s*)?\{\s*\"(?:[^\"\\]|\\.){0,200}\"\s*:")
_GOES_ON = re.compile(
    r"\s*(?:\"(?:[^\"\\]|\\.)*\"\s*(?:[,:\]}]|\Z)|[{}\[\]][{}\[\],\s]*\Z|[}\]],?\s*[{\[\"]|\{\s*\"|\[\s*[{\[\"]"
    r"|(?:-?\d[\d.eE+-]*|true|false|null)\s*[,\]}]*\s*\Z)"
)
_TOKEN = re.compile(
    r"[{}]|(?<!\\)\"((?:[^\"\\\n]|\\.)*)\"(?:\s*:\s*(?:\"((?:[^\"\\\n]|\\.)*)\"|(-?[\d.]+|true|false|null)|([\[{]))?)?"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|[_\-. ]+")

STATE = words_of(
    """level severity status state result outcome conclusion phase health event loglevel lvl verdict priority reason
    type kind"""
)
"""Last words of the names of fields whose short value tells how something went."""

BAD = words_of(
    """error err errored fatal critical crit severe failed failure fail failing panic emergency emerg alert exception
    timeout timedout timed aborted crashed denied rejected refused unhealthy crash crashloop oom killed evicted down
    offline unavailable broken incident sev"""
)
"""... and words of such a value that tell that it went wrong."""

GOOD = frozenset(("ok", "success", "succeeded", "passed", "healthy", "successful"))
"""Names of fields that tell of failure where they are false."""

WRONG = words_of(
    """error errors err exception exceptions failure failures failed fault fatal traceback stacktrace stderr panic
    crashed timeout timedout failing"""
)
"""Names of fields that tell of failure where they are neither empty, false, nor zero."""

NUMBERED = frozenset(("status", "code", "statuscode", "httpstatus", "http"))
"""Names of fields in which 400 to 599 is a failed request."""

EXITS = frozenset(("exitcode", "returncode", "exitstatus", "rc", "exit"))
"""Names of fields in which anything but zero is a failed process."""

SAID = words_of(
    """message msg reason detail details error err exception event log text title summary cause name service component
    logger module test job task step check description"""
)
"""Names of fields that tell what failed."""

SAID_WORDS = 6
"""This many words of each of them belong to the fact; the rest may be shortened."""

LONG_LINE = 1_000
"""A line of more characters is JSON where it holds any, whatever it begins with; a shorter one is a log's."""

LONG = 300
"""A string of more characters than this is a text in itself."""

_EMPTY = frozenset(("", "null", "none", "false", "0", "0.0", "ok", "no", "n/a", "-"))


class _Field(NamedTuple):
    """A field with a plain value, as written."""

    key: str
    value: str
    quoted: bool
    suspect: bool
    """True if a word of failure may stand in it."""


class _Open(NamedTuple):
    """An object that is being read, and its fields with plain values."""

    wrong: bool
    """True if it stands under a name that tells of failure."""
    fields: list[_Field]


def split(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines without those of JSON, which are empty there, and the JSON texts among them."""
    kept: list[str] = []
    found: list[list[str]] = []
    inside = False
    for line in lines:
        before = inside
        inside = (_GOES_ON if inside else _OPENS).match(line) is not None or (inside and not line.strip())
        if inside and not before:
            found.append([])
        if inside:
            found[-1].append(line)
        kept.append("" if inside else line)
    return kept, ["\n".join(part) for part in found]


def within(lines: Sequence[str], least: int = 0) -> list[str]:
    """The JSON texts in lines that begin with something else: behind a label (`Stdout: [{...`), or anywhere in a line
    of at least so many characters, where the middle of a document was left out."""
    found = [_LABEL.match(line) or (len(line) >= least and _WITHIN.search(line)) for line in lines]
    return [
        line[start.end() if start.re is _LABEL else start.start() :]
        for line, start in zip(lines, found, strict=True)
        if start
    ]


def facts(text: str) -> list[Fact]:
    """The facts of one JSON text."""
    return list(_Reader(text).facts())


class _Reader:
    """Reads one JSON text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._hints = hinted(text, HINTS, every=True) if len(text.lower()) == len(text) else None
        self._words: dict[str, tuple[str, frozenset[str]]] = {}
        self._lines: dict[str, list[Fact]] = {}

    def facts(self) -> Iterator[Fact]:
        open_ones = [_Open(False, [])]
        for token in _TOKEN.finditer(self._text):
            sign = token.group()
            if sign == "{":
                open_ones.append(_Open(False, []))
            elif sign == "}":
                if len(open_ones) > 1:
                    yield from self._of_object(open_ones.pop())
            elif token[4] == "{":
                open_ones.append(_Open(self._named(token[1])[0] in WRONG, []))
            elif token[2] is not None or token[3] is not None:
                hinted_at = token[2] is not None and self._suspect(token)
                open_ones[-1].fields.append(
                    _Field(token[1], token[2] or token[3] or "", token[2] is not None, hinted_at)
                )
            elif token[4] is None and self._suspect(token):
                yield from self._of_text(token[1])
        for one in reversed(open_ones):
            yield from self._of_object(one)

    def _suspect(self, token: re.Match[str]) -> bool:
        """True if a word of failure may stand in a token."""
        if self._hints is None or token.end() - token.start() > LONG:
            return True
        at = bisect_left(self._hints, token.start())
        return at < len(self._hints) and self._hints[at] < token.end()

    def _named(self, key: str) -> tuple[str, frozenset[str]]:
        """The last word of a field's name (`error` of `last_error`), and all of them, and all as one."""
        known = self._words.get(key)
        if known is None:
            words = [word.lower() for word in _CAMEL.split(key) if word] or [""]
            known = self._words[key] = (words[-1], frozenset((*words, "".join(words))))
        return known

    def _of_object(self, one: _Open) -> Iterator[Fact]:
        wrong = [f"{self._named(f.key)[0]} {form}" for f in one.fields if (form := self._wrong(f))]
        for field in one.fields:
            told = self._named(field.key)[0] in STATE | WRONG and len(field.value) <= LONG and "\\n" not in field.value
            if field.suspect and not told:
                yield from self._of_text(field.value)
        if wrong or (one.wrong and one.fields):
            said = [_opening(f.value) for f in one.fields if f.quoted and self._named(f.key)[0] in SAID]
            yield Fact("failed record", " | ".join([*wrong, *said]))

    def _of_text(self, value: str) -> list[Fact]:
        """The facts of a string, which may be of many lines."""
        key = variable(value)
        known = self._lines.get(key)
        if known is None:
            told = Lines(unescaped(value).split("\n")).facts()
            # counts in somebody's prose are no sum of a run, unless they count failures
            known = [fact for fact, _ in told if fact.kind != "total" or any(failing(fact.form))]
            if not any(fact.kind in ("location", "error code", "exit code", "HTTP status", "total") for fact in known):
                self._lines[key] = known
        return known

    def _wrong(self, field: _Field) -> str:
        """The normal form of a field that tells of failure; empty if it does not."""
        last, words = self._named(field.key)
        small = field.value.lower()
        if words & GOOD:
            return "false" if small == "false" else ""
        if not field.quoted and small.isdigit():
            if words & NUMBERED and len(small) == 3 and small[0] in "45":
                return small
            if words & EXITS:
                return small if small.strip("0") else ""
        if small in _EMPTY:
            return ""
        if last in STATE and field.quoted and len(small) <= 40:
            return variable(small) if set(_CAMEL.split(small)) & BAD or (field.suspect and any(failing(small))) else ""
        if last in WRONG:
            return (phrase(_first(field.value)) if field.quoted else "") or _opening(field.value) or small[:40]
        return ""


def _first(value: str) -> str:
    return unescaped(value).strip().partition("\n")[0][:300]


def _opening(value: str) -> str:
    """The first words of a value, without what varies."""
    return opening(unescaped(value[:200]), SAID_WORDS)


def unescaped(text: str) -> str:
    """A JSON string's value; escapes that are none stay as they are."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPED.get(m[2], m[2]), text)


def all_facts(texts: Iterable[str]) -> set[Fact]:
    return {fact for text in texts for fact in facts(text)}
