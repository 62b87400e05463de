"""JSON with comments and trailing commas, edited in place.

A new key goes after the last one of its object, indented like it; a comment at the end of a line stays with its line.
Taking a key out undoes exactly that, and brings back the bytes that were there before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from headroom.configs._commas import Brackets, added, removed
from headroom.configs._syntax import UNIT, Broken, Path, appended, cut, flow, indent_at, line_at, newline, placed
from headroom.types import Json

NULL_IS_TABLE = False

DEEPEST = 400
"""Nesting beyond this is no configuration; Python's own recursion ends at a thousand."""

_TOKEN = re.compile(
    r"""(?P<trivia>(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)+)
    |(?P<string>"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")
    |(?P<mark>[][{},:])
    |(?P<scalar>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])|(?:true|false|null)\b)""",
    re.DOTALL | re.VERBOSE,
)
_TRIVIA = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)


@dataclass(slots=True)
class Node:
    """A value and where it is written: `text[start:end]`."""

    start: int
    end: int
    value: Json
    children: list[Child] | None = None
    """Of an object or list."""


@dataclass(slots=True)
class Child:
    """A key of an object with its value, or an element of a list: `start` is where it begins."""

    key: str | None
    start: int
    node: Node


@lru_cache(maxsize=4)
def _tree(text: str) -> Node | None:
    """The outermost value; None if there is none. The value is shared: not to be changed. Raises Broken."""
    return _Reader(text).document()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()
        self.next()

    def _tokens(self) -> Iterator[tuple[str, int, int]]:
        position, text, match = 0, self.text, _TOKEN.match
        while position < len(text):
            found = match(text, position)
            if found is None:
                raise self.broken(position, "this is not JSON")
            if found.lastgroup != "trivia":
                yield found.lastgroup or "", position, found.end()
            position = found.end()
        yield "end", position, position

    def next(self) -> None:
        self.kind, self.start, self.end = next(self.tokens)
        self.mark = self.text[self.start] if self.kind == "mark" else ""

    def broken(self, position: int, why: str) -> Broken:
        return Broken(line_at(self.text, position), why)

    def document(self) -> Node | None:
        if self.kind == "end":
            return None
        root = self.value(0)
        if self.kind != "end":
            raise self.broken(self.start, "something stands after the end of the value")
        return root

    def value(self, depth: int) -> Node:
        start, end = self.start, self.end
        if self.kind in ("string", "scalar"):
            self.next()
            return Node(start, end, json.loads(self.text[start:end]))
        if self.mark not in ("{", "["):
            raise self.broken(start, "a value is missing here")
        if depth == DEEPEST:
            raise self.broken(start, f"this is nested more than {DEEPEST} deep")
        closing = "}" if self.mark == "{" else "]"
        children: list[Child] = []
        self.next()
        while self.mark != closing:
            children.append(self.child(depth, keyed=closing == "}"))
            if self.mark == ",":
                self.next()
            elif self.mark != closing:
                raise self.broken(self.start, f"a comma or {closing} is missing here")
        end = self.end
        self.next()
        held = {child.key: child.node.value for child in children}
        return Node(start, end, held if closing == "}" else [child.node.value for child in children], children)

    def child(self, depth: int, *, keyed: bool) -> Child:
        start = self.start
        if not keyed:
            return Child(None, start, self.value(depth + 1))
        if self.kind != "string":
            raise self.broken(start, "a key in double quotes is missing here")
        key = json.loads(self.text[start : self.end])
        self.next()
        if self.mark != ":":
            raise self.broken(self.start, "a colon is missing here")
        self.next()
        return Child(key, start, self.value(depth + 1))


def load(text: str) -> dict[str, Json]:
    """The object. Raises Broken."""
    root = _tree(text)
    if root is None:
        return {}
    if not isinstance(root.value, dict):
        raise Broken(line_at(text, root.start), "the outermost value is not an object")
    return root.value


def put(text: str, path: Path, value: Json) -> str:
    """Sets a key; objects on the way are made."""
    node = _tree(text)
    nl = newline(text)
    if node is None:
        return appended(text, _written(placed({}, path, value), "", UNIT, nl), nl)
    for depth, key in enumerate(path):
        child = _child(node, key)
        if child is None:
            return _inserted(text, node, str(key), placed({}, path[depth + 1 :], value))
        node = child.node
    style = _style(text, node)
    return cut(text, node.start, node.end, _written(value, indent_at(text, node.start), style, nl))


def add(text: str, path: Path, value: Json) -> str:
    """Adds an element to a list."""
    return _inserted(text, _node(text, path), None, value)


def drop(text: str, path: Path) -> str:
    """Takes out a key or an element, with the comma that it brought."""
    parent = _node(text, path[:-1])
    gone = _child(parent, path[-1])
    assert gone is not None
    return removed(text, _brackets(parent), (parent.children or []).index(gone))


def source(text: str, path: Path) -> str:
    """How the value at `path` is written; "" for a file without any."""
    if not path and _tree(text) is None:
        return ""
    node = _node(text, path)
    return text[node.start : node.end]


def paste(text: str, path: Path, source: str) -> str:
    """Writes the value at `path` as `source`. Without any, the whole value goes, and the line it began."""
    node = _node(text, path)
    if source:
        return cut(text, node.start, node.end, source)
    line = text.rfind("\n", 0, node.start)
    if line < 0:
        return text[node.end :].removeprefix(newline(text))
    return cut(text, line - text.startswith("\r\n", line - 1), node.end)


def _node(text: str, path: Path) -> Node:
    node = _tree(text)
    assert node is not None
    for step in path:
        child = _child(node, step)
        assert child is not None
        node = child.node
    return node


def _child(node: Node, step: str | int) -> Child | None:
    """The last one of that key, as every parser has it."""
    children = node.children or []
    if isinstance(step, int):
        return children[step]
    return next((child for child in reversed(children) if child.key == step), None)


def _brackets(node: Node) -> Brackets:
    return Brackets(node.start, node.end, [(child.start, child.node.end) for child in node.children or []], _TRIVIA)


def _style(text: str, node: Node) -> str | None:
    """One step of the file's indentation; None where this object is written on one line, or the whole file is."""
    if node.children:
        return _unit(text) if "\n" in text[node.start : node.children[0].start] else None
    root = _tree(text)
    assert root is not None
    return _unit(text) if "\n" in text[root.start : root.end] or not root.children else None


def _unit(text: str) -> str:
    """How the first indented line that opens with a key is indented."""
    found = re.search(r'^([ \t]+)"', text, re.MULTILINE)
    return found[1] if found else UNIT


def _written(value: Json, indent: str, unit: str | None, nl: str, colon: str = ": ") -> str:
    if unit is None:
        comma = ", " if colon.endswith(" ") else ","
        return json.dumps(value, ensure_ascii=False, separators=(comma, colon))
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", nl + indent)


def _inserted(text: str, parent: Node, key: str | None, value: Json) -> str:
    """The text with one more child at the end of an object or list."""
    nl, unit, colon = newline(text), _style(text, parent), _colon(text, parent)
    held, outer = _brackets(parent), indent_at(text, parent.start)
    children = parent.children or []
    indent, gap, closing = outer, "", ""
    if unit is None:
        gap = " " if colon.endswith(" ") and children else ""
        if _in_line_comment(text[held.spans[-1][1] if children else held.inside : held.content_end(text)]):
            gap = nl + outer
    elif children:
        opened = text[: children[-1].start]
        blanks = opened[len(opened.rstrip(" \t")) :]
        own_line = opened.rstrip(" \t").endswith("\n")
        indent = blanks if own_line else indent_at(text, children[0].start)
        gap = nl + indent
    else:
        indent += unit
        gap, closing = nl + indent, nl + outer
    name = "" if key is None else flow(key) + colon
    return added(text, held, name + _written(value, indent, unit, nl, colon), gap, closing)


def _in_line_comment(trivia: str) -> bool:
    """True if what is written after these commas, blanks and comments would be in a comment."""
    return "//" in re.sub(r"/\*.*?\*/", "", trivia, flags=re.DOTALL).rpartition("\n")[2]


def _colon(text: str, parent: Node) -> str:
    """How the file separates a key and its value: seen in this object, else at the first key of the file."""
    for node in (parent, _tree(text)):
        for child in (node.children or [])[-1:] if node else []:
            if child.key is not None:
                between = re.match(r'"(?:[^"\\]|\\.)*"([ \t]*:[ \t]*)', text[child.start : child.node.start])
                return between[1] if between else ": "
    return ": "
