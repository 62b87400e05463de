"""Elements between brackets, with commas and comments between them: one more at the end, one less anywhere.

Taking out what was put in gives the same bytes again, and so does taking it out after others were put in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from headroom.configs._syntax import cut


class Brackets(NamedTuple):
    """An object, table or list, brackets included: `text[start:end]`."""

    start: int
    end: int
    spans: Sequence[tuple[int, int]]
    """Where its elements stand."""
    trivia: re.Pattern[str]
    """Matches the blanks and comments at a place, even if there are none."""

    def after(self, text: str, position: int) -> int:
        """The next character that is neither blank nor in a comment."""
        found = self.trivia.match(text, position)
        return found.end() if found else position

    @property
    def inside(self) -> int:
        return self.start + 1

    def content_end(self, text: str) -> int:
        """Where the blanks before the closing bracket begin: after the last element, its comma, and comments."""
        return len(text[: self.end - 1].rstrip(" \t\r\n"))


def added(text: str, held: Brackets, element: str, gap: str, closing: str = "") -> str:
    """The text with one more element, after `gap`. `closing` stands before the closing bracket, if only blanks on one
    line were in the brackets."""
    end = held.content_end(text)
    if not held.spans:
        blanks = text[end : held.end - 1]
        return cut(text, end, held.end - 1, gap + element + (blanks if "\n" in blanks else closing))
    last = held.spans[-1][1]
    if text[held.after(text, last)] == ",":
        return cut(text, end, end, gap + element + ",")
    return cut(cut(text, end, end, gap + element), last, last, ",")


def removed(text: str, held: Brackets, place: int) -> str:
    """The text without one element, the blanks before it, and the comma that came with it."""
    begin, end = held.spans[place]
    start = len(text[:begin].rstrip(" \t\r\n"))
    comma = held.after(text, end)
    if text[comma] == ",":
        between = text[end:comma]
        rest = comma + 1
        if "\n" in text[start:begin]:  # what follows on the line may not slip up to the line above, into its comment
            following = len(text) - len(text[rest:].lstrip(" \t"))
            if text[following] not in "\r\n":
                start, rest = begin, following
        return _closed(cut(text, start, rest, between if between.strip() else ""), held)
    text = cut(text, start, end)
    if place:
        before = held.after(text, held.spans[place - 1][1])
        text = cut(text, before, before + 1)
    return _closed(text, held)


def _closed(text: str, held: Brackets) -> str:
    """The text without the blanks of brackets in which nothing is left."""
    end = held.after(text, held.inside)
    return text if len(held.spans) > 1 or text[held.inside : end].strip() else cut(text, held.inside, end)
