"""YAML, edited in place and read by PyYAML.

A new key or element is put on lines of its own, in block style, after the last one of its mapping or list; where the
file uses brackets, it goes into them. A value that replaces another is written on one line, as JSON is.
"""

from __future__ import annotations

import re

from headroom.configs._commas import Brackets, added, removed
from headroom.configs._syntax import UNIT, Path, Refused, appended, cut, flow, indent_at, newline, placed
from headroom.configs._yaml_text import Node, load, tree
from headroom.types import Json

__all__ = ["NULL_IS_TABLE", "add", "drop", "load", "paste", "put", "source"]

NULL_IS_TABLE = True

_TRIVIA = re.compile(r"(?:[ \t\r\n]+|(?<=[ \t\r\n])#[^\n]*)*")
_PLAIN = re.compile(r"(?!(?i:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_./-]*")
"""Words that every version of YAML reads as a string."""


def put(text: str, path: Path, value: Json) -> str:
    """Sets a key; mappings on the way are made."""
    load(text)
    node = tree(text)
    if node is None:
        return appended(text, _block(placed({}, path, value), "", newline(text)), newline(text))
    indent = ""
    for depth, key in enumerate(path):
        if node.kind != "mapping":
            return _filled(text, node, indent, placed({}, path[depth:], value))
        indent = " " * node.column
        child = next((child for child in reversed(node.children) if child.key == key), None)
        if child is None:
            return _inserted(text, node, key, placed({}, path[depth + 1 :], value))
        node = child.node
    if node.start == node.end and isinstance(value, (dict, list)) and value:
        return _filled(text, node, indent, value)
    return _written(text, node, flow(value))


def add(text: str, path: Path, value: Json) -> str:
    """Adds an element to a list."""
    load(text)
    return _inserted(text, _node(text, path), None, value)


def drop(text: str, path: Path) -> str:
    """Takes out a key or an element, with its lines."""
    load(text)
    parent, node = _node(text, path[:-1]), _node(text, path)
    place = next(i for i, child in enumerate(parent.children) if child.node is node)
    if parent.flow:
        return removed(text, _brackets(parent), place)
    start = parent.children[place].start
    if parent.kind == "list":
        start = text.rfind("-", 0, start + (node.start == node.end))
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        raise Refused(f"{path[-1]} does not begin a line")
    end = _line_end(text, node.end)
    if not line:
        following = text.find("\n", end)
        return cut(text, 0, len(text) if following < 0 else following + 1)
    return cut(text, line - 1 - text.startswith("\r\n", line - 2), end)


def source(text: str, path: Path) -> str:
    """How the value at `path` is written."""
    if not path and tree(text) is None:
        return ""
    node = _node(text, path)
    return text[node.start : node.end]


def paste(text: str, path: Path, source: str) -> str:
    """Writes the value at `path` as `source`."""
    load(text)
    if not path and tree(text) is None:
        return text
    return _written(text, _node(text, path), source)


def _node(text: str, path: Path) -> Node:
    """The value at `path`. Raises Refused for one that stands elsewhere, behind a merge key or an alias."""
    node = tree(text)
    for step in path:
        children = node.children if node else []
        if isinstance(step, int):
            node = children[step].node if step < len(children) else None
        else:
            node = next((child.node for child in reversed(children) if child.key == step), None)
    if node is None:
        raise Refused(f"{path[-1] if path else 'the value'} is not written where it is used")
    return node


def _brackets(node: Node) -> Brackets:
    return Brackets(node.start, node.end, [(child.start, child.node.end) for child in node.children], _TRIVIA)


def _written(text: str, node: Node, source: str) -> str:
    """The text with a value written as `source`; after a bare colon or dash, a blank comes first."""
    gap = " " if source and node.start == node.end and not text[: node.start].endswith((" ", "\n")) else ""
    return cut(text, node.start, node.end, gap + source)


def _filled(text: str, node: Node, indent: str, value: Json) -> str:
    """The text with a mapping or list below a key that has no value yet."""
    if node.start < node.end:
        return _written(text, node, flow(value))
    end = _line_end(text, node.end)
    unit = _unit(text)
    return cut(text, end, end, newline(text) + _block(value, indent + unit, newline(text), unit))


def _inserted(text: str, parent: Node, key: str | int | None, value: Json) -> str:
    """The text with one more key or element at the end of its mapping or list."""
    nl = newline(text)
    if parent.flow:
        element = flow(value) if key is None else f"{flow(key)}: {flow(value)}"
        first = parent.children[0].start if parent.children else parent.start
        last = parent.children[-1].start if parent.children else parent.start
        gap = nl + indent_at(text, last) if "\n" in text[parent.start : first] else " "
        return added(text, _brackets(parent), element, gap if parent.children else "")
    end = _line_end(text, parent.end)
    lines = _block([value] if key is None else {key: value}, " " * parent.column, nl, _unit(text))
    return cut(text, end, end, nl + lines)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - (end > position and text[end - 1] == "\r")


def _unit(text: str) -> str:
    """How the first mapping in another is indented."""
    root = tree(text)
    inner = (child.node for child in (root.children if root else []) if child.node.kind == "mapping")
    column = next((node.column for node in inner if not node.flow), 0)
    return " " * column or UNIT


def _block(value: Json, indent: str, nl: str = "\n", unit: str = UNIT) -> str:
    """A mapping or list in block style, without a newline at its end."""
    lines = []
    if isinstance(value, dict):
        for key, held in value.items():
            nested = isinstance(held, (dict, list)) and bool(held)
            after = nl + _block(held, indent + unit, nl, unit) if nested else f" {_scalar(held)}"
            lines.append(f"{indent}{_scalar(key)}:{after}")
    else:
        for held in value:
            nested = isinstance(held, dict) and bool(held)
            inner = _block(held, indent + "  ", nl, unit).lstrip(" ") if nested else _scalar(held)
            lines.append(f"{indent}- {inner}")
    return nl.join(lines)


def _scalar(value: Json) -> str:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else flow(value)
