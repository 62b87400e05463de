"""JSON that stands escaped inside a string (`{"stdout": "[{...}]"}`): the rule is that it is opened only if the very
string can be made again from its tree and a few words on how it was printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import NamedTuple

from headroom.compressors._columns.json_text import NAMES, NotJsonError, Tree, parse

SHORTEST = 80
"""Characters from which a string is looked at."""

_opening = re.compile(r"<json( spaced| indent [1-8])?( ascii)?( newline)?>").match
_indent = re.compile(r"[\[{]\n( {1,8})\S").match


class Print(NamedTuple):
    """How a JSON text was printed: minified, with spaces, or indented; with escapes for all but ASCII; with a newline
    at its end."""

    spaced: bool = False
    indent: int = 0
    ascii: bool = False
    newline: bool = False

    @property
    def words(self) -> str:
        form = f" indent {self.indent}" if self.indent else " spaced" * self.spaced
        return f"<json{form}{' ascii' * self.ascii}{' newline' * self.newline}>"


def read_print(text: str) -> tuple[Print, int] | None:
    """The print that `text` starts with, and where its words end."""
    found = _opening(text)
    if not found:
        return None
    form, escaped, newline = found.groups()
    indent = int(form[-1]) if form and form[-1].isdigit() else 0
    return Print(form == " spaced", indent, bool(escaped), bool(newline)), found.end()


def open_string(text: str) -> tuple[Tree, Print] | None:
    """The tree of a string that is a JSON object or list, and its print; None if it could not be made again."""
    if len(text) < SHORTEST or text[0] not in "[{":
        return None
    body = text.removesuffix("\n")
    if body[-1:] not in ("]", "}"):
        return None
    try:
        tree = parse(body)
    except (NotJsonError, RecursionError):
        return None
    indented = _indent(body)
    indent = len(indented.group(1)) if indented else 0
    made = Print('": ' in body and not indent, indent, "\\u" in body and body.isascii(), body != text)
    return (tree, made) if tree and printed(tree, made) == text else None


def printed(tree: Tree, form: Print) -> str:
    """The JSON text of a tree, printed like that. Raises RecursionError on deep nesting."""
    quote = encode_basestring_ascii if form.ascii else encode_basestring
    text = _indented(tree, form.indent, quote, "\n") if form.indent else _flat(tree, " " * form.spaced, quote)
    return text + "\n" * form.newline


def _flat(tree: Tree, space: str, quote: Callable[[str], str]) -> str:
    if type(tree) is dict:
        pairs = [f"{quote(key)}:{space}{_flat(value, space, quote)}" for key, value in tree.items()]
        return f"{{{f',{space}'.join(pairs)}}}"
    if type(tree) is list:
        return f"[{f',{space}'.join([_flat(value, space, quote) for value in tree])}]"
    return _scalar(tree, quote)


def _indented(tree: Tree, indent: int, quote: Callable[[str], str], line: str) -> str:
    inner = line + " " * indent
    if type(tree) is dict and tree:
        pairs = [f"{quote(key)}: {_indented(value, indent, quote, inner)}" for key, value in tree.items()]
        return f"{{{inner}{f',{inner}'.join(pairs)}{line}}}"
    if type(tree) is list and tree:
        items = [_indented(value, indent, quote, inner) for value in tree]
        return f"[{inner}{f',{inner}'.join(items)}{line}]"
    return _flat(tree, "", quote)


def _scalar(tree: Tree, quote: Callable[[str], str]) -> str:
    if type(tree) is str:
        return quote(tree)
    return str(tree[0]) if type(tree) is tuple else NAMES[tree]
