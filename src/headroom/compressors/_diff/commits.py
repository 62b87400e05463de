"""A commit's lines in `git log` and `git show`, as one line, and its message without git's indentation.

`commit SHA (refs) | merge A B | Author <mail> | date`; a name alone stands for the address it was last shown with.
What `restored` does not give back line for line is left as it was.
"""

from __future__ import annotations

import re

START = "commit "
INDENT = "    "
"""What git puts before each line of a message."""

MAX_LENGTH = 2_000

_HASH = "[0-9a-f]{4,64}"
_COMMIT = re.compile(rf"commit ({_HASH})( \(.*\))?")
_FIELD = r"[^|\n]*[^|\s]"
_SHORT = re.compile(
    rf"(?P<commit>commit {_HASH}(?: \([^|]*\))?)(?: \| merge (?P<merge>{_HASH}(?: {_HASH})*))? \| (?P<author>{_FIELD})"
    rf"(?: \| (?!committer )(?P<date>{_FIELD}))?"
    rf"(?: \| committer (?P<committer>{_FIELD})(?: \| (?P<committed>{_FIELD}))?)?"
)
_PERSON = re.compile(r"([^<>|]*[^<>|\s]) <([^<>|]*)>")

# The labels of each of git's formats, in order, for the fields that a commit shows.
_LABELS = {
    ("author",): ("Author: ",),
    ("author", "date"): ("Author: ", "Date:   "),
    ("author", "committer"): ("Author: ", "Commit: "),
    ("author", "date", "committer", "committed"): ("Author:     ", "AuthorDate: ", "Commit:     ", "CommitDate: "),
}
_FIELDS = sorted(_LABELS, key=len, reverse=True)

People = dict[str, str]
"""For each name the whole person, `name <mail>`, it was last shown with."""


def shortened(lines: list[str], at: int, known: People) -> tuple[str, int] | None:
    """The short header of the commit at `lines[at]` and the index of the line after it; `known` learns its people."""
    if not _COMMIT.fullmatch(lines[at], 0, MAX_LENGTH):
        return None
    start = at + 1
    parts = [lines[at]]
    if start < len(lines) and lines[start].startswith("Merge: "):
        parts.append(f"merge {lines[start][len('Merge: ') :]}")
        start += 1
    for fields in _FIELDS:
        labels = _LABELS[fields]
        stop = start + len(labels)
        told = lines[start:stop]
        if len(told) == len(labels) and all(map(str.startswith, told, labels)):
            break
    else:
        return None
    values = [line[len(label) :] for line, label in zip(told, labels, strict=True)]
    names = [person[1] if (person := _PERSON.fullmatch(value)) else value for value in values]
    people = {name: known[name] for name in names if name in known}
    then = dict(people)
    for field, value in zip(fields, values, strict=True):
        shown = _shown(value, people) if field in ("author", "committer") else value
        parts.append(f"committer {shown}" if field == "committer" else shown)
    short = " | ".join(parts)
    followed = lines[stop][:1] if stop < len(lines) else ""
    if followed == " " or restored(short, then) != lines[at:stop]:  # a blank there would start a message
        return None
    known.update(people)
    return short, stop


def restored(line: str, known: People) -> list[str] | None:
    """The lines of the short header `line`, which `known` learns from; None if `line` is none."""
    short = _SHORT.fullmatch(line) if " | " in line[:MAX_LENGTH] and len(line) <= MAX_LENGTH else None
    if short is None:
        return None
    fields = tuple(name for name in ("author", "date", "committer", "committed") if short[name])
    labels = _LABELS.get(fields)
    if labels is None:
        return None
    out = [short["commit"]]
    if short["merge"]:
        out.append(f"Merge: {short['merge']}")
    for field, label in zip(fields, labels, strict=True):
        value = short[field]
        out.append(label + (_whole(value, known) if field in ("author", "committer") else value))
    return out


def is_short(line: str) -> bool:
    """True if a decoder may take `line` for a short header."""
    return restored(line, {}) is not None


def message_end(lines: list[str], at: int) -> int:
    """The index after the message that starts at `lines[at]`; `at` if none does or it cannot go without indentation."""
    stop = at
    while stop < len(lines) and lines[stop].startswith(INDENT):
        stop += 1
    if stop == at or lines[at] == INDENT or lines[stop - 1] == INDENT:
        return at
    return stop


def message(lines: list[str]) -> list[str]:
    """A message's lines, indented by one blank; blank lines empty."""
    return ["" if line == INDENT else line[len(INDENT) - 1 :] for line in lines]


def _shown(person: str, known: People) -> str:
    """A name alone where `known` has its address; it learns the person otherwise."""
    found = _PERSON.fullmatch(person)
    if found is None:
        return person
    if known.get(found[1]) == person:
        return found[1]
    known[found[1]] = person
    return person


def _whole(shown: str, known: People) -> str:
    found = _PERSON.fullmatch(shown)
    if found is not None:
        known[found[1]] = shown
        return shown
    return known.get(shown, shown)
