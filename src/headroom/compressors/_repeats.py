"""Repeats: what stands already in this request is told by reference, the rest as it is.

A pass over the text that would be sent for a new part. A line `[= lines 38-92 of Read src/flow.py]` stands for
these lines, word for word; `[= lines 12-23 here]` for lines further up in the same numbered view.
The rule it keeps: a reference names lines that stand as themselves in an earlier text of the same request or above it,
never a reference, so that reading it takes one look; and the lines of a numbered view keep numbers that can be counted
on from the one above.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from headroom import policy
from headroom.compressors._repeat_lines import (
    LEGEND,
    MARKS,
    NAME,
    REFERENCE,
    SOURCE,
    VIEW,
    WHOLE,
    Reference,
    Shown,
    called,
    first_words,
    indexes,
    numbering,
    quoted,
    read,
    shown,
    windows,
)  # fmt: skip
from headroom.compressors._repeat_meaning import Decode, as_it_stands
from headroom.compressors._repeat_runs import OWN, Earlier, Run, Sense, Signed, Sources, runs_of
from headroom.errors import FormatError
from headroom.types import Json, ToolCall

__all__ = ["MARKS", "Earlier", "expand", "name_of", "tell", "written"]

SIGNED = "diff"
"""The kind whose lines may stand in other texts without their signs."""

MAX_NAMESAKES = 99
"""Nobody counts further up than this."""

MAX_CHARS = 2 * policy.MAX_CHARS
"""A text that claims to stand for more than any part may hold is garbage."""

NAME_CHARS = 40
NAME_END = 14
PLACES = ("offset", "start_line", "line")
"""Arguments that tell several views of one file apart."""

MAIN = (
    "pattern", "query", "regex", *policy.PATH_ARGUMENTS, "command", "cmd", "url", "uri", "description", "prompt",
    "name", "",
)  # fmt: skip
"""The arguments that say what a call is about, the most telling first."""

COPIED = frozenset({"old_string", "old_str", "oldString", "oldText", "old_text"})
"""Arguments that quote what stands elsewhere."""

WRITTEN = frozenset({"content", "new_string", "new_str", "newString", "newText", "new_text", "file_text"})
WRITTEN_LINES = 5
"""An argument of another name counts as written text from this many lines on."""

_WHOLE = re.compile(rf"{re.escape(WHOLE)}{SOURCE}\]", re.ASCII)
_ANY_REFERENCE = re.compile(REFERENCE.pattern + "$", re.ASCII | re.MULTILINE)
_DIRECTORY = re.compile(r"\s*cd \S+ *(?:&&|;) *")


def name_of(call: ToolCall) -> str:
    """How a call's result is named in references: the tool and its main argument, shortened, without brackets."""
    tool = quoted(call.name, NAME_CHARS) or "tool"
    key, value = next(((k, a) for k in MAIN if (a := _argument(call.args.get(k)))), ("", ""))
    if key in policy.PATH_ARGUMENTS:
        path = quoted("/".join(value.replace("\\", "/").split("/")[-2:]), 4 * NAME_CHARS)[-NAME_CHARS:].strip()
        place = next((f" {k} {v}" for k in PLACES if isinstance(v := call.args.get(k), int)), "")
        return f"{tool} {path}{place[:NAME_CHARS]}"
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


def tell(
    sent: str, kind: str, earlier: Sequence[Earlier], *, own: bool = True, decode: Decode = as_it_stands
) -> tuple[str, tuple[int, ...]] | None:
    """`sent` with runs of lines told as references to `earlier` texts (in the order of the request) or, with `own`, to
    its own lines above, and the indices of the texts referred to, ascending. None where nothing is worth it. `kind` is
    as in `Earlier`; `decode` reads texts of all kinds."""
    if any(mark in sent for mark in MARKS) or _ANY_REFERENCE.search(sent):
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
    signed = [Signed(stretch) if kind == SIGNED else None for stretch in text.stretches]
    wanted = [*keys, *(each.keys for each in signed if each)]
    sources = Sources(sent, kind, earlier, names, {key for each in wanted for key in each})
    sense = Sense(sent, kind, earlier, decode)
    runs = [
        [piece for run in runs_of(stretch, each, sources, diff, own=own) for piece in sense.pieces(stretch, run)]
        for stretch, each, diff in zip(text.stretches, keys, signed, strict=True)
    ]
    if not any(runs):
        return None
    refers = sorted({run.source for each in runs for run in each} - {OWN})
    return "\n".join([LEGEND, *_told(text, runs, sources)]), tuple(refers)


def whole(sent: str, earlier: Sequence[Earlier]) -> tuple[str, tuple[int, ...]] | None:
    """`sent` as one reference, and the index of the last earlier text that is the same; None if there is none."""
    names = _nth(earlier)
    same = next((i for i in reversed(range(len(earlier))) if names[i] and earlier[i].text == sent), None)
    return None if same is None else (f"{WHOLE}{called(earlier[same].name, names[same])}]", (same,))


def expand(told: str, kind: str, earlier: Sequence[Earlier]) -> str:
    """The text that `tell` was given with the same `earlier` texts. Raises FormatError on anything else."""
    whole = _WHOLE.fullmatch(told)
    if whole is not None:
        text = _named(earlier, whole["name"], int(whole["nth"] or 1)).text
        if text.startswith(MARKS):
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
    here: dict[int, str] = {}  # the lines of this run so far that stand as themselves
    there: tuple[str, int] | None = None  # the text that was named last
    expected: int | None = None
    for number, prefix, text, reference in read(view, lines[body:]):
        inside = view is not None and number is not None and number == expected
        if not inside:
            here.clear()
        stands = [text]
        if reference is not None:
            there = reference.source if reference.name else there
            stands = _repeated(reference, here) if reference.is_here else _standing(reference, there, earlier)
        elif number is not None:
            here[number] = text
        room -= sum(map(len, stands)) + len(stands)
        if room < 0:
            raise FormatError("the references stand for more text than a request can hold")
        shown = view is not None and inside and (reference is not None or number == following)
        out.append((view.due(number, stands[0]) if shown else prefix) + stands[0])  # type: ignore[union-attr,arg-type]
        if view is None or number is None:
            out += [prefix + line for line in stands[1:]]
        else:
            out += [view.due(n, line) + line for n, line in enumerate(stands[1:], number + 1)]
        expected = None if number is None else number + len(stands)
        following = expected if reference is not None else None
    return "\n".join(out)


def _standing(reference: Reference, there: tuple[str, int] | None, earlier: Sequence[Earlier]) -> list[str]:
    """The lines of the text called `there` that a reference stands for. Raises FormatError."""
    if there is None:
        raise FormatError(f"no reference above {str(reference)[:60]!r} names a text")
    source = _named(earlier, *there)
    index = indexes.get(source.text, source.kind)
    if index is None:
        raise FormatError(f"the earlier text {there[0]!r} is no {source.kind}")
    lines = index.numbered(reference.first, reference.last)
    if reference.words != ("" if index.view else first_words(lines, reference.first)):
        raise FormatError(f"the lines that a reference names do not begin with {reference.words!r}")
    return lines


def _repeated(reference: Reference, here: Mapping[int, str]) -> list[str]:
    """The lines further up in the same run that a reference stands for. Raises FormatError."""
    try:
        return [here[n] for n in range(reference.first, reference.last + 1)]
    except KeyError as error:
        raise FormatError(f"line {error.args[0]} does not stand as itself further up in this view") from None


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


def _told(text: Shown, runs: Sequence[Sequence[Run]], sources: Sources) -> list[str]:
    """The lines of a text with these runs of its stretches as references."""
    lines = list(text.lines)
    short = text.view.short if text.view is not None else ""
    out: list[str] = []
    there: tuple[str, int] | None = None
    at = 0
    for stretch, each in zip(text.stretches, runs, strict=True):
        for run in each:
            begin = stretch.at + run.start
            out += lines[at:begin]
            lead = run.sign or text.lines[begin].removesuffix(stretch.lines[run.start])
            if stretch.number is not None and stretch.number + run.start != run.number:
                lead = lead or short % (stretch.number + run.start)
            reference = sources.reference(stretch, run)
            if reference.name and reference.source == there:
                reference = reference._replace(name="", nth=0)
            there = reference.source if reference.name else there
            out.append(lead + str(reference))
            at = stretch.at + run.stop
            if stretch.number is not None and run.stop < len(stretch.lines):
                lines[at] = short % (stretch.number + run.stop) + stretch.lines[run.stop]
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
