"""Whether the words of a readable text stand in the page it was made from: read without a parser, on purpose.

The check shares nothing with `page`, which wrote the text, so that a mistake there shows here.
"""

from __future__ import annotations

import re
from html import unescape

_WORD = re.compile(r"\w+")
_WRITTEN = re.compile(r"^ *(?:[0-9]+\. |- )?#{0,6} ?", re.MULTILINE)
"""What stands before a line of readable text and in no page: the sign of a heading, an item and its number."""

_FORMS = ("form", "input", "select", "textarea")
_FIELD = re.compile(rf"<({'|'.join(_FORMS)})((?: (?:name|method|action)=[^<>\s]+)+)>")
_HREF = re.compile(r"<([^<>\s]+)>")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--[^<>]{0,200}-->")
_SAID = re.compile(r"""\b(?:alt|value|placeholder)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
"""Attributes whose text a browser shows."""


def stand_in(text: str, page: str) -> bool:
    """True if every address and every field of `text` stands in `page`, and its words stand there in their order."""
    whole = unescape(page)
    text = _without_fields(text, page)
    if any(href not in whole for href in {*_HREF.findall(text)}):
        return False
    plain = unescape(_TAG.sub(_said, page))  # a word may be parted by tags: without these it is whole
    at = 0
    for word in _WORD.findall(_HREF.sub(" ", _WRITTEN.sub("", text))):
        found = plain.find(word, at)
        if found < 0:
            return False
        at = found + len(word)
    return True


def _without_fields(text: str, page: str) -> str:
    """The text without the fields that the page has: their names stand in no order with its words."""
    tags = {tag: [unescape(found).lower() for found in re.findall(rf"(?i)<{tag}\b[^<>]*>", page)] for tag in _FORMS}

    def told(field: re.Match[str]) -> str:
        values = [value.partition("=")[2].lower() for value in field[2].split()]
        return " " if any(all(value in found for value in values) for found in tags[field[1]]) else field[0]

    return _FIELD.sub(told, text)


def _said(tag: re.Match[str]) -> str:
    """What a browser shows of a tag."""
    return " ".join("".join(found) for found in _SAID.findall(tag[0]))
