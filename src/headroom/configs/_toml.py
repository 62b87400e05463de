"""TOML, edited in place and read by `tomllib`.

A table of ours is a section at the end of the file, with inline tables for what is nested in it. A key goes to the end
of its section; one outside of any section goes before the first header. Whole lines are put in and taken out.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import lru_cache

from headroom.configs._commas import Brackets, added, removed
from headroom.configs._syntax import Broken, Path, Refused, appended, cut, indent_at, newline
from headroom.configs._toml_text import TRIVIA, Node, Statement, statements
from headroom.types import Json

NULL_IS_TABLE = False

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@lru_cache(maxsize=4)
def load(text: str) -> dict[str, Json]:
    """The outermost table, shared: not to be changed. Raises Broken."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column \d+\)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise Broken(line, f"this is not TOML ({re.sub(r' [(]at .*[)]', '', str(error))})") from error
    except RecursionError as error:
        raise Broken(1, "this is nested too deep") from error


def put(text: str, path: Path, value: Json) -> str:
    """Sets a key; tables on the way are made."""
    load(text)
    held = _node(text, path)
    if held is not None:
        return cut(text, held.start, held.end, _inline(value))
    lines = [statement for statement in statements(text) if _is_under(statement, path)]
    if lines:
        start, end = _stretch(text, path)
        own = lines[0].node is None and isinstance(value, dict)
        new = _section(path, value, newline(text)) if own else _line(lines[0], path, text, value)
        return cut(text, start, end, new)
    for end in range(len(path) - 1, 0, -1):
        table = _node(text, path[:end])
        if table is not None:
            return _added(text, table, f"{_dotted(path[end:])} = {_inline(value)}")
    return _placed(text, path, value)


def add(text: str, path: Path, value: Json) -> str:
    """Adds an element to an array, or a section to an array of tables."""
    load(text)
    held = _node(text, path)
    if held is not None:
        return _added(text, held, _inline(value))
    if not isinstance(value, dict):
        raise Refused(f"{_dotted(path)} is an array of tables, and takes tables only")
    return appended(text, _section(path, value, newline(text), double=True), newline(text), 2)


def drop(text: str, path: Path) -> str:
    """Takes out a key, an element or a table, with its lines."""
    load(text)
    for end in range(len(path) - 1, 0, -1):
        table = _node(text, path[:end])
        if table is not None:
            return _removed(text, table, path[end:])
    found = statements(text)
    gone = [i for i, statement in enumerate(found) if _is_under(statement, path)]
    for i in reversed(gone):
        if i - 1 not in gone:
            last = i
            while last + 1 in gone:
                last += 1
            text = _cut_lines(text, found, i, last)
    return text


def source(text: str, path: Path) -> str:
    """How the value is written: a value's text, or the lines of a table's sections."""
    if not path:
        return ""
    held = _node(text, path)
    if held is not None:
        return text[held.start : held.end]
    start, end = _stretch(text, path)
    return text[start:end]


def paste(text: str, path: Path, source: str) -> str:
    """Writes the value as `source`."""
    if not path:
        return text
    held = _node(text, path)
    start, end = (held.start, held.end) if held is not None else _stretch(text, path)
    return cut(text, start, end, source)


def _is_under(statement: Statement, path: Path) -> bool:
    return statement.path[: len(path)] == path


def _node(text: str, path: Path) -> Node | None:
    """The value at `path`, where it is written as one: after a key, or in an array or inline table."""
    for statement in statements(text):
        depth = len(statement.path)
        if statement.node is not None and statement.path == path[:depth]:
            return _inner(statement.node, path[depth:])
    return None


def _inner(node: Node, path: Path) -> Node | None:
    while path:
        if isinstance(path[0], int):
            node, path = node.children[path[0]].node, path[1:]
            continue
        child = next((child for child in node.children if child.keys and child.keys == path[: len(child.keys)]), None)
        if child is None:
            return None
        node, path = child.node, path[len(child.keys) :]
    return node


def _stretch(text: str, path: Path) -> tuple[int, int]:
    """The lines of the sections or dotted keys below `path`. Raises Refused if something else is between them."""
    found = statements(text)
    places = [i for i, statement in enumerate(found) if _is_under(statement, path)]
    if places[-1] - places[0] != len(places) - 1:
        raise Refused(f"the parts of {_dotted(path)} are spread over the file")
    return found[places[0]].start, found[places[-1]].end


def _brackets(node: Node) -> Brackets:
    return Brackets(node.start, node.end, [(child.start, child.node.end) for child in node.children], TRIVIA)


def _added(text: str, node: Node, element: str) -> str:
    gap, closing = "", ""
    if node.children:
        first, last = node.children[0].start, node.children[-1].start
        gap = newline(text) + indent_at(text, last) if "\n" in text[node.start : first] else " "
    elif node.opened == "{":
        gap, closing = " ", " "
    return added(text, _brackets(node), element, gap, closing)


def _removed(text: str, node: Node, path: Path) -> str:
    if isinstance(path[0], int):
        if len(path) == 1:
            return removed(text, _brackets(node), path[0])
        return _removed(text, node.children[path[0]].node, path[1:])
    for place, child in enumerate(node.children):
        if child.keys[: len(path)] == path:
            return removed(text, _brackets(node), place)
        if child.keys == path[: len(child.keys)]:
            return _removed(text, child.node, path[len(child.keys) :])
    raise Refused(f"{_dotted(path)} is not where it was")


def _placed(text: str, path: Path, value: Json) -> str:
    """The text with a key whose table, if there is one, has statements of its own."""
    nl, found = newline(text), statements(text)
    parent = path[:-1]
    if isinstance(value, dict):
        return appended(text, _section(path, value, nl), nl, 2)
    if not parent:
        rows = [statement for statement in found if statement.section == -1]
        line = f"{_dotted(path)} = {_inline(value)}"
        if rows:
            return cut(text, rows[-1].end, rows[-1].end, nl + indent_at(text, rows[-1].start) + line)
        if found:
            start = _above_comments(text, found[0].start)
            return cut(text, start, start, line + nl + nl)
        return appended(text, line, nl)
    headed = [i for i, statement in enumerate(found) if statement.node is None and statement.path == parent]
    rows = [row for row in found if row.section in headed] or [row for row in found if _is_dotted(row, parent, found)]
    if rows:
        return cut(text, rows[-1].end, rows[-1].end, nl + _line(rows[-1], path, text, value))
    return appended(text, _section(parent, {str(path[-1]): value}, nl), nl, 2)


def _is_dotted(statement: Statement, parent: Path, found: list[Statement]) -> bool:
    """True for a key below `parent`, in a section that is above it."""
    above = len(found[statement.section].path) if statement.section >= 0 else 0
    return statement.node is not None and _is_under(statement, parent) and above < len(parent)


def _line(near: Statement, path: Path, text: str, value: Json) -> str:
    """A key and its value, in the section of the statement `near`, whose indentation it takes."""
    found = statements(text)
    above = len(found[near.section].path) if near.section >= 0 else 0
    return f"{indent_at(text, near.start)}{_dotted(path[above:])} = {_inline(value)}"


def _above_comments(text: str, start: int) -> int:
    """Where the comment lines directly above a line begin."""
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _cut_lines(text: str, found: list[Statement], first: int, last: int) -> str:
    """The text without some statements, their lines, and the blank line that was put in with them."""
    start, end = found[first].start, found[last].end
    after = _next_line(text, end)
    header = found[first].node is None
    alone = found[first].section == -1 and not any(
        row.section == -1 for i, row in enumerate(found) if not first <= i <= last
    )
    if not header and alone and last + 1 < len(found) and _next_line(text, after) > after and not _line_of(text, after):
        return cut(text, start, _next_line(text, after))
    before = _line_before(text, start)
    if start == before:
        return cut(text, start, after)
    if header and before and not _line_of(text, _line_before_start(text, start)):
        before = _line_before(text, _line_before_start(text, start))
    return cut(text, before, end)


def _next_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _line_of(text: str, start: int) -> str:
    return text[start : _next_line(text, start)].rstrip("\r\n")


def _line_before(text: str, start: int) -> int:
    """Where the line above ends, its newline not included; `start` itself in the first line."""
    if not start:
        return start
    return start - 1 - text.startswith("\r\n", start - 2) if start > 1 else start - 1


def _line_before_start(text: str, start: int) -> int:
    return text.rfind("\n", 0, start - 1) + 1


def _section(path: Path, table: dict[str, Json], nl: str, *, double: bool = False) -> str:
    head = f"[[{_dotted(path)}]]" if double else f"[{_dotted(path)}]"
    return nl.join([head, *(f"{_key(key)} = {_inline(value)}" for key, value in table.items())])


def _dotted(path: Path) -> str:
    return ".".join(_key(key) for key in path)


def _key(key: str | int) -> str:
    return str(key) if _BARE_KEY.fullmatch(str(key)) else _string(str(key))


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _inline(value: Json) -> str:
    """The value on one line. Raises Refused for null, which TOML does not have."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(key)} = {_inline(held)}" for key, held in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inline, value))}]"
    if value is None:
        raise Refused("TOML has no null")
    return str(value).lower() if isinstance(value, bool) else str(value)
