"""JSON texts as trees and back, in a form that keeps every number's text: the rule is that two trees are equal
(`==`) exactly when their texts are equal as JSON values.

A number is a one-tuple of its text, so that `1`, `1.0` and `"1"` stay apart at the speed of C comparisons. Objects
with a repeated key, and the words NaN and Infinity, are refused: a text that holds them is not read at all.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from headroom.errors import FormatError

Tree = Any
"""str, (number text,), True, False, None, list of trees, dict of trees."""

LITERAL = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
"""Inside a character class: what never stands unquoted. It may end a line, or be lost on its way."""

WORDS: dict[str, Tree] = {"true": True, "false": False, "null": None}
NAMES: dict[Tree, str] = {True: "true", False: "false", None: "null"}

_literal = re.compile(LITERAL).fullmatch
_bare = re.compile(rf'(?!(?:{LITERAL})\Z)(?! )[^"\[\]{{}},:{CONTROL}]+(?<! )').fullmatch
_token = re.compile(r'"(?:[^"\\]|\\.)*"|[^\[\]{},:"]+')
_solid = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_odd = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff]").search
_space = re.compile(r"[ \t\n\r]*").match


class NotJsonError(ValueError):
    """The text is not JSON, or is JSON that would not survive (repeated keys, NaN)."""


def _pairs(pairs: list[tuple[str, Tree]]) -> dict[str, Tree]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotJsonError("an object repeats a key")
    return made


def _constant(name: str) -> Tree:
    raise NotJsonError(f"{name} is not JSON")


_decoder = json.JSONDecoder(
    parse_int=lambda text: (text,),
    parse_float=lambda text: (text,),
    parse_constant=_constant,
    object_pairs_hook=_pairs,
)


def parse(text: str) -> Tree:
    """The tree of a text that is one JSON document. Raises NotJsonError, RecursionError on deep nesting."""
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise NotJsonError(str(error)) from error


def parse_at(text: str, start: int) -> tuple[Tree, int]:
    """The tree that starts at `start`, and where it ends. Raises json.JSONDecodeError (with `pos`), NotJsonError,
    RecursionError."""
    return _decoder.raw_decode(text, start)


def skip_space(text: str, start: int) -> int:
    """Where the JSON white space that starts at `start` ends."""
    found = _space(text, start)
    return found.end() if found else start


def minify(text: str) -> str:
    """A valid JSON text without the white space between its tokens."""
    return "".join(_solid.findall(text))


def quote(text: str) -> str:
    """`text` as a JSON string on one line; characters that break lines elsewhere are escaped."""
    return encode_basestring_ascii(text) if _odd(text) else encode_basestring(text)


def dump(tree: Tree) -> str:
    """The minified JSON text of a tree."""
    kind = type(tree)
    if kind is str:
        return quote(tree)
    if kind is tuple:
        return str(tree[0])
    if kind is list:
        return f"[{','.join(map(dump, tree))}]"
    if kind is dict:
        return f"{{{','.join([f'{quote(key)}:{dump(value)}' for key, value in tree.items()])}}}"
    return NAMES[tree]


def literal(text: str) -> bool:
    """True if `text` reads as a number, true, false or null."""
    return _literal(text) is not None


def scalar(text: str) -> Tree:
    """The tree of a literal's text."""
    return WORDS.get(text, (text,))


def _word(text: str) -> str:
    return text if _bare(text) else quote(text)


def relaxed(tree: Tree) -> str:
    """A tree on one line as JSON whose plain strings go without quotes: `{name:bug,ids:[1,"2"]}`."""
    kind = type(tree)
    if kind is str:
        return _word(tree)
    if kind is tuple:
        return str(tree[0])
    if kind is list:
        return f"[{','.join(map(relaxed, tree))}]"
    if kind is dict:
        return f"{{{','.join([f'{_word(key)}:{relaxed(value)}' for key, value in tree.items()])}}}"
    return NAMES[tree]


def _strict(found: re.Match[str]) -> str:
    word = found.group()
    return word if word[0] == '"' or _literal(word) else encode_basestring(word)


def unrelaxed(text: str) -> Tree:
    """The tree of what `relaxed` wrote. Raises FormatError."""
    try:
        return parse(_token.sub(_strict, text))
    except (NotJsonError, RecursionError) as error:
        raise FormatError(f"not a value: {text[:40]!r}") from error


def unquote(text: str) -> str:
    """The string of a JSON string's text. Raises FormatError."""
    try:
        value = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not a JSON string: {text[:40]!r}") from error
    if type(value) is not str:
        raise FormatError(f"not a JSON string: {text[:40]!r}")
    return value


# Names: a path of keys, each bare or a JSON string, joined by dots; `[]` after a key is the one element of a list.

plain_key = re.compile(r"[\w$@/][\w$@/-]*").fullmatch
"""Truthy for a key that stands without quotes in a name."""
_KEY = r'(?:[\w$@/][\w$@/-]*|"(?:[^"\\]|\\.)*")(?:\[\])*'
NAME = rf"(?:{_KEY}(?:\.{_KEY})*|\{{key\}})"
"""Pattern of a name; `{key}` names the column of keys in a table made from an object."""

_key = re.compile(rf"({_KEY})(\.|\Z)").match


def key_name(key: str) -> str:
    """One key as a segment of a name."""
    return key if plain_key(key) and not _odd(key) else quote(key)


@lru_cache(maxsize=4096)
def split_name(name: str) -> tuple[str | None, ...]:
    """A name's keys; None stands for `[]`. Raises FormatError."""
    path: list[str | None] = []
    at = 0
    while at < len(name) or not path:
        found = _key(name, at)
        if not found or (found.group(2) == "." and found.end() == len(name)):
            raise FormatError(f"not a name: {name[:40]!r}")
        whole = found.group(1)
        bare = whole.rstrip("[]") if whole[0] != '"' else whole[: whole.rindex('"') + 1]
        path.append(unquote(bare) if bare[0] == '"' else bare)
        path += [None] * ((len(whole) - len(bare)) // 2)
        at = found.end()
    return tuple(path)
