"""Lists and dictionaries as Python prints them, `[{'id': 1, 'note': None}]`, as JSON trees and back. The rule is that a
line is read only if it can be printed again to the character.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from headroom.compressors._columns.json_text import NotJsonError, Tree, parse, quote

LITERALS, TUPLES = "literals", "tuples"
"""What was printed: lists and dictionaries alone, or in an outer list or dictionary tuples in the place of lists."""

_line = re.compile(
    r"(?m)^(?:[ \t]*|[A-Za-z][\w ./-]{0,40}(?:: ?|(?<! )=))([\[{](?:[\[{(]{0,3}['\"]|[\[{(]{1,3}[-\d]).*[\]}])\r?$"
)
"""Lines on which a literal stands, alone or behind a name (`rows: [...`, `rows=[...`), not where code assigns it."""
_SIGNS = ("{'", "['", "[(", "[[")
"""One of these stands in every such line that is long enough to matter, but for lists of numbers."""
_token = re.compile(r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|\b(True|False|None)\b|([()])")
_WORDS = {"True": "true", "False": "false", "None": "null", "(": "[", ")": "]"}
_PRINTED = {True: "True", False: "False", None: "None"}


def literals(text: str) -> Iterator[tuple[Tree, str, int, int]]:
    """The tree of each line that is a literal, perhaps behind a name; what was printed; where it starts and ends."""
    if not any(sign in text for sign in _SIGNS):
        return
    for found in _line.finditer(text):
        whole = found[1]
        form = TUPLES if "(" in _token.sub(_without_strings, whole) else LITERALS
        try:
            tree = parse(_token.sub(_strict, whole))
            if printed(tree, form) == whole:
                yield tree, form, found.start(1), found.end(1)
        except (NotJsonError, ValueError, SyntaxError, RecursionError):
            continue


def printed(tree: Tree, form: str) -> str:
    """A tree as Python prints it. Raises RecursionError on deep nesting."""
    return _printed(tree, "()" if form == TUPLES else "[]", True)


def _printed(tree: Tree, brackets: str, outer: bool = False) -> str:
    kind = type(tree)
    if kind is str:
        return repr(tree)
    if kind is tuple:
        return str(tree[0])
    if kind is dict:
        return f"{{{', '.join([f'{key!r}: {_printed(value, brackets)}' for key, value in tree.items()])}}}"
    if kind is list:
        around = "[]" if outer else brackets
        return f"{around[0]}{', '.join([_printed(value, brackets) for value in tree])}{around[1]}"
    return _PRINTED[tree]


def _strict(found: re.Match[str]) -> str:
    string = found[1]
    if string is None:
        return _WORDS[found[0]]
    return quote(ast.literal_eval(string) if "\\" in string else string[1:-1])


def _without_strings(found: re.Match[str]) -> str:
    return "" if found[1] else found[0]
