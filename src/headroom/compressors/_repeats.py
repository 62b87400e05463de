"""Repeats of earlier texts: what stands already in this request is told by reference, the rest as it is.

A pass over the text that would be sent for a new part. A line `[= lines 38-92 of Read of src/flow.py above]` stands
for these lines, word for word. The rule it keeps: a reference names lines that stand as themselves in an earlier text
of the same request, never a reference, so that reading it takes one look; and the lines of a numbered view keep
numbers that can be counted on from the one above.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from headroom import policy
from headroom.compressors._lines.cost import cost
from headroom.compressors._repeat_lines import (
    LEGEND,
    MARK,
    NAME,
    REFERENCE,
    VIEW,
    WINDOW,
    Index,
    Reference,
    Shown,
    Stretch,
    called,
    first_words,
    indexes,
    numbering,
    quoted,
    read,
    shown,
    windows,
)  # fmt: skip
from headroom.errors import FormatError
from headroom.types import Json, ToolCall

__all__ = ["MARK", "Earlier", "expand", "name_of", "tell", "written"]

MIN_TOKENS = 60
"""A run must hold this much, by estimate: a reference costs about twenty, and the reader has to look it up."""

JUDGED_CHARS = 1_200
JUDGED_LINES = 100
"""A run is judged by its beginning."""

MAX_SOURCES = 4
"""The latest texts that hold a window are compared; of equal runs the latest text's is told."""

MAX_NAMESAKES = 99
"""Nobody counts further up than this."""

MAX_CHARS = 2 * policy.MAX_CHARS
"""A text that claims to stand for more than any part may hold is garbage."""

LITERAL_KINDS = frozenset({"raw", "reading"})
"""Kinds whose lines mean the same wherever they stand. Those of others hang on the legend above them."""

NAME_CHARS = 40
NAME_END = 14
PLACES = ("offset", "start_line", "line")
"""Arguments that tell several views of one file apart."""

PATHS = ("file_path", "filePath", "absolute_path", "notebook_path", "target_file", "filename", "path")
MAIN = ("pattern", "query", "regex", *PATHS, "command", "cmd", "url", "uri", "description", "prompt", "name", "")
"""The arguments that say what a call is about, the most telling first."""

COPIED = frozenset({"old_string", "old_str", "oldString", "oldText", "old_text"})
"""Arguments that quote what stands elsewhere."""

WRITTEN = frozenset({"content", "new_string", "new_str", "newString", "newText", "new_text", "file_text"})
WRITTEN_LINES = 5
"""An argument of another name counts as written text from this many lines on."""

_WHOLE = re.compile(
    rf"{re.escape(MARK)}: all of (?P<name>{NAME})(?: \((?P<nth>[1-9]\d{{0,3}})(?:st|nd|rd|th) one up\))?\]", re.ASCII
)
_ANY_REFERENCE = re.compile(REFERENCE.pattern + "$", re.ASCII | re.MULTILINE)
_DIRECTORY = re.compile(r"\s*cd \S+ *(?:&&|;) *")


class Earlier(NamedTuple):
    """A text that stands earlier in the same request."""

    name: str
    """How the model knows it: `Read of src/flow.py`, `Bash go test ./...`, `your Write of a.py`."""
    text: str
    """As sent. Empty for a text that cannot be referred to: its name still counts."""
    kind: str
    """Name of the compressor that rendered it, `raw` if it was sent as it is."""
    outline: bool = False
    """True if something is left out of it: then only a text that is wholly the same refers to it."""


class _Run(NamedTuple):
    """Lines `start` to `stop` of a stretch stand in an earlier text, there from number `number` on."""

    start: int
    stop: int
    source: int
    number: int


def name_of(call: ToolCall) -> str:
    """How a call's result is named in references: the tool and its main argument, shortened, without brackets."""
    tool = quoted(call.name, NAME_CHARS) or "tool"
    key, value = next(((k, a) for k in MAIN if (a := _argument(call.args.get(k)))), ("", ""))
    if key in PATHS:
        path = quoted("/".join(value.replace("\\", "/").split("/")[-2:]), 4 * NAME_CHARS)[-NAME_CHARS:].strip()
        place = next((f" {k} {v}" for k in PLACES if isinstance(v := call.args.get(k), int)), "")
        return f"{tool} of {path}{place[:NAME_CHARS]}"
    first = next((line for line in _DIRECTORY.sub("", value, count=1).split("\n") if line.strip()), "")
    subject = quoted(first, 8 * NAME_CHARS)
    if len(subject) > NAME_CHARS:  # the end tells apart what begins alike
        subject = f"{subject[: NAME_CHARS - NAME_END - 1].strip()}…{subject[-NAME_END:].strip()}"
    return f"{tool} {subject}" if subject else tool


def written(call: ToolCall) -> list[Earlier]:
    """The texts that the model wrote as arguments of a call, in order: they stand in the request like any other."""
    name = f"your {name_of(call)}"
    texts = list(_written(call.args))
    return [Earlier(f"{name}, text {i}" if i > 1 else name, text, "raw") for i, text in enumerate(texts, 1)]


def tell(sent: str, kind: str, earlier: Sequence[Earlier]) -> tuple[str, tuple[int, ...]] | None:
    """`sent` with runs of lines told as references to `earlier` texts (in the order of the request), and the indices
    of the texts referred to, ascending. None where nothing is worth it. `kind` is as in `Earlier`."""
    if MARK in sent or _ANY_REFERENCE.search(sent):
        return None
    same = whole(sent, earlier)
    if same is not None:
        return same
    try:
        text = shown(sent, kind)
    except FormatError:
        return None
    names = _nth(earlier)
    keys = [windows(stretch.lines) for stretch in text.stretches]
    sources = _Sources(sent, kind, earlier, names, {key for each in keys for key in each})
    runs = [list(_runs(stretch, each, sources)) for stretch, each in zip(text.stretches, keys, strict=True)]
    if not any(runs):
        return None
    refers = sorted({run.source for each in runs for run in each})
    return "\n".join([LEGEND, *_told(text, runs, sources)]), tuple(refers)


def whole(sent: str, earlier: Sequence[Earlier]) -> tuple[str, tuple[int, ...]] | None:
    """`sent` as one reference, and the index of the last earlier text that is the same; None if there is none."""
    names = _nth(earlier)
    same = next((i for i in reversed(range(len(earlier))) if names[i] and earlier[i].text == sent), None)
    return None if same is None else (f"{MARK}: all of {called(earlier[same].name, names[same])}]", (same,))


def expand(told: str, kind: str, earlier: Sequence[Earlier]) -> str:
    """The text that `tell` was given with the same `earlier` texts. Raises FormatError on anything else."""
    whole = _WHOLE.fullmatch(told)
    if whole is not None:
        text = _named(earlier, whole["name"], int(whole["nth"] or 1)).text
        if MARK in text:
            raise FormatError("a repeat stands for a text that is told by reference itself")
        return text
    lines = told.split("\n")
    if lines[0] != LEGEND:
        raise FormatError("a text with repeats opens with its legend")
    view = numbering(lines, 1) if kind == VIEW else None
    body = 1 + (view is not None)
    out = lines[1:body]
    room = MAX_CHARS
    following: int | None = None  # the number after a reference: shown there though it may not be due
    for number, prefix, text, reference in read(view, lines[body:]):
        if reference is None:
            due = view is not None and number is not None and number == following
            out.append((view.due(number, text) if due else prefix) + text)  # type: ignore[union-attr,arg-type]
            following = None
            continue
        stands = _standing(reference, number, earlier)
        room -= sum(map(len, stands)) + len(stands)
        if room < 0:
            raise FormatError("the references stand for more text than a request can hold")
        out.append(prefix + stands[0])
        if view is None or number is None:
            out += stands[1:]
        else:
            out += [view.due(n, line) + line for n, line in enumerate(stands[1:], number + 1)]
            following = reference.last + 1
    return "\n".join(out)


def _standing(reference: Reference, number: int | None, earlier: Sequence[Earlier]) -> list[str]:
    """The lines that a reference stands for. Raises FormatError."""
    if reference.shifted and number is None:
        raise FormatError(f"a reference gives numbers to lines that have none: {str(reference)[:60]!r}")
    source = _named(earlier, reference.name, reference.nth)
    index = indexes.get(source.text, source.kind)
    if index is None:
        raise FormatError(f"the earlier text {reference.name!r} is no {source.kind}")
    lines = index.numbered(reference.there, reference.there + reference.last - reference.first)
    if reference.words != ("" if index.view else first_words(lines, reference.there)):
        raise FormatError(f"the lines that a reference names do not begin with {reference.words!r}")
    return lines


def _named(earlier: Sequence[Earlier], name: str, nth: int) -> Earlier:
    """The nth text of this name, counted upwards. Raises FormatError."""
    for source in reversed(earlier):
        nth -= source.name == name
        if nth == 0:
            return source
    raise FormatError(f"no earlier text {name[:60]!r} is there")


def _nth(earlier: Sequence[Earlier]) -> list[int]:
    """For each text how many of its name stand from it to the end, 0 where it cannot be referred to."""
    count: Counter[str] = Counter()
    nth = []
    for source in reversed(earlier):
        count[source.name] += 1
        usable = source.text and re.fullmatch(NAME, source.name) and source.name.isprintable()
        nth.append(count[source.name] if usable and count[source.name] <= MAX_NAMESAKES else 0)
    return nth[::-1]


class _Sources:
    """Where windows of a new text stand in earlier ones."""

    def __init__(self, sent: str, kind: str, earlier: Sequence[Earlier], nth: Sequence[int], keys: set[int]) -> None:
        self.earlier, self.nth = earlier, nth
        self.indexes: dict[int, Index] = {}
        self.having: dict[int, list[int]] = {}
        legend = sent.partition("\n")[0]
        for i in reversed(range(len(earlier))):
            if not nth[i] or earlier[i].outline or not _comparable(kind, legend, earlier[i]):
                continue
            index = indexes.get(earlier[i].text, earlier[i].kind)
            if index is None:
                continue
            for key in index.first.keys() & keys:
                self.indexes[i] = index
                having = self.having.setdefault(key, [])
                if len(having) < MAX_SOURCES:
                    having.append(i)

    def longest(self, lines: Sequence[str], at: int, key: int, number: int | None, least: int) -> _Run | None:
        """The longest run of `lines` around `at`, not below `least`, that one earlier text holds."""
        best: tuple[int, int, bool, int] | None = None
        for i in self.having[key]:
            index = self.indexes[i]
            for place in index.places(key):
                _, end, there = index.stretch(place)
                size = _equal(lines, at, index.lines, place, end)
                rank = (size, i, number is not None and there == number + at, place)
                if size >= WINDOW and (best is None or rank > best):
                    best = rank
        if best is None:
            return None
        size, i, _, place = best
        index = self.indexes[i]
        start, _, there = index.stretch(place)
        back = 0
        while at - back > least and place - back > start and lines[at - back - 1] == index.lines[place - back - 1]:
            back += 1
        return _Run(at - back, at + size, i, there - back)

    def reference(self, stretch: Stretch, run: _Run) -> Reference:
        """What stands for a run of a stretch."""
        i, there = run.source, run.number
        own = there if stretch.number is None else stretch.number + run.start
        last = own + run.stop - run.start - 1
        words = "" if self.indexes[i].view else first_words(stretch.lines[run.start : run.stop], there)
        return Reference(own, last, there, own != there, self.earlier[i].name, self.nth[i], words)


def _comparable(kind: str, legend: str, source: Earlier) -> bool:
    """Whether lines of an earlier text mean in a text of this kind what they mean there."""
    if source.kind in LITERAL_KINDS:
        return True
    return source.kind == kind and source.text.partition("\n")[0] == legend


def _equal(lines: Sequence[str], at: int, others: Sequence[str], place: int, end: int) -> int:
    size, limit = 0, min(len(lines) - at, end - place)
    while size < limit and lines[at + size] == others[place + size]:
        size += 1
    return size


def _runs(stretch: Stretch, keys: Sequence[int], sources: _Sources) -> Iterator[_Run]:
    """The runs of a stretch that are worth a reference, from the top, each as long as it gets."""
    at = done = 0
    while at < len(keys):
        run = None
        if keys[at] in sources.having:
            run = sources.longest(stretch.lines, at, keys[at], stretch.number, done)
        if run is not None and _worth(stretch.lines, run):
            yield run
            at = done = run.stop
        else:
            at += 1


def _worth(lines: Sequence[str], run: _Run) -> bool:
    text = "\n".join(lines[run.start : min(run.stop, run.start + JUDGED_LINES)])
    return cost(text[:JUDGED_CHARS]) >= MIN_TOKENS


def _told(text: Shown, runs: Sequence[Sequence[_Run]], sources: _Sources) -> list[str]:
    """The lines of a text with these runs of its stretches as references."""
    lines = list(text.lines)
    out: list[str] = []
    at = 0
    for stretch, each in zip(text.stretches, runs, strict=True):
        for run in each:
            begin = stretch.at + run.start
            out += lines[at:begin]
            lead = text.lines[begin].removesuffix(stretch.lines[run.start])
            out.append(lead + str(sources.reference(stretch, run)))
            at = stretch.at + run.stop
            if text.view is not None and stretch.number is not None and run.stop < len(stretch.lines):
                lines[at] = text.view.short % (stretch.number + run.stop) + stretch.lines[run.stop]
    return out + lines[at:]


def _written(args: Mapping[str, Json]) -> Iterator[str]:
    for key, value in args.items():
        if isinstance(value, str):
            if key not in COPIED and (key in WRITTEN or value.count("\n") >= WRITTEN_LINES - 1):
                yield value
        elif isinstance(value, list):
            for edit in value:
                if isinstance(edit, dict):
                    yield from (v for k, v in edit.items() if k in WRITTEN and isinstance(v, str))


def _argument(value: Json) -> str:
    """An argument as text: a string, or a command line given as a list of words."""
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return str(value[-1]) if value[1:2] in (["-lc"], ["-c"]) else " ".join(value)
    return value if isinstance(value, str) else ""
