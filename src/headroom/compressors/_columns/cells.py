"""Cells: one value of a table as a piece of a line. The rule is that a cell reads as what it looks like, and is
quoted as a JSON string where it would look like something else.

An unquoted cell that reads as a JSON literal is that literal; any other unquoted cell is a string. `"..."` is a
string, `{...}` and `[...]` a nested value, `=...` any value written out, `~` the column's default. An empty cell
(`-` between blanks) means that the row has no such key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from headroom.compressors._columns.json_text import CONTROL, LITERAL, NAME, NAMES, Tree, literal, quote, scalar, unquote
from headroom.errors import FormatError


class _Missing:
    """The row has no such key."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
DEFAULT: Final = "~"

Value = Tree
"""A cell's value: str, (number text,), True, False, None, MISSING, or (text, 0): a nested value, already a cell."""


class Style(NamedTuple):
    """How the cells of one table stand beside each other."""

    sep: str
    none: str
    """What stands for a missing value."""
    plain: Callable[[str], object]
    """Truthy for a string that may stand unquoted."""
    piece: Callable[[str], object]
    """Truthy for the text of a hole (a string for sure) that may stand unquoted."""
    opens: Callable[[str], object]
    """Truthy for a line with a cell that may hold the separator: one that starts with a quote or bracket."""
    closed: bool = False
    """Rows stand inside brackets, so that brackets and `;` are syntax too."""


def _style(sep: str, none: str = "", *, closed: bool = False) -> Style:
    banned = re.escape(sep) + CONTROL + (r'\[\]{};"' if closed else "")
    guard = rf"(?:{re.escape(none)}\Z)|" if none else ""
    first = '[ "{=~…' if closed else '[ "{=~'  # a bracket and an ellipsis open a notice
    rest = rf"(?![\{first}])[^{banned}]+(?<! )"
    return Style(
        sep,
        none,
        re.compile(rf"(?!{guard}(?:{LITERAL})\Z){rest}").fullmatch,
        re.compile(rf"(?!{guard}(?:null|true|false)\Z){rest}").fullmatch,
        re.compile(rf'(?:^|{re.escape(sep)}|[=.])["\[{{]').search,
        closed,
    )


STYLES: dict[str, Style] = {sep: _style(sep, "-" if sep == " " else "") for sep in " ,\t|"}
INLINE = _style(",", "-", closed=True)
LINE = re.compile(rf'(?!(?:{LITERAL})\Z)(?![ "\[{{=~}}\]])[^<{CONTROL}]+(?<! )').fullmatch
"""Truthy for a string that may stand unquoted as the rest of a line."""


def write(value: Value, plain: Callable[[str], object]) -> str:
    """The cell of a value that is not missing; `plain` says which strings may go unquoted."""
    kind = type(value)
    if kind is str:
        return value if plain(value) else quote(value)
    return str(value[0]) if kind is tuple else NAMES[value]


def column(values: list[Value], style: Style) -> list[str]:
    """The cells of a plain column."""
    plain = style.plain
    cells = {value: style.none if value is MISSING else write(value, plain) for value in set(values)}
    return [cells[value] for value in values]


def read(cell: str, nested: Callable[[str], Tree]) -> Value:
    """The value of a plain column's cell that is not missing. Raises FormatError."""
    if not cell:
        raise FormatError("an empty cell")
    first = cell[0]
    if first == '"':
        return unquote(cell)
    if first in "[{":
        return nested(cell)
    if first == "=":
        if cell.startswith("=="):
            raise FormatError(f"not a value: {cell[:40]!r}")
        return read(cell[1:], nested)
    if first in "-0123456789tfn" and literal(cell):
        return scalar(cell)
    return cell


_open = re.compile(r'["\[\]{}]')
_string = re.compile(r'"(?:[^"\\]|\\.)*"').match


def end_of_value(text: str, start: int) -> int:
    """Where the string or bracketed value that starts at `start` ends. Raises FormatError."""
    depth = 0
    at = start
    while True:
        found = _open.search(text, at)
        if not found:
            raise FormatError(f"no end of value: {text[start : start + 40]!r}")
        sign = found.group()
        at = found.end()
        if sign == '"':
            string = _string(text, found.start())
            if not string:
                raise FormatError(f"no end of string: {text[start : start + 40]!r}")
            at = string.end()
        elif sign in "[{":
            depth += 1
        else:
            depth -= 1
        if depth <= 0:
            return at


_entry = re.compile(rf"({NAME})=").match


def entry(text: str) -> tuple[str, str]:
    """Name and cell of `name=cell`. Raises FormatError."""
    found = _entry(text)
    if not found:
        raise FormatError(f"not name=value: {text[:40]!r}")
    return found.group(1), text[found.end() :]


def split(line: str, style: Style, width: int) -> list[str]:
    """The cells of a line; from the `width`-th on, cells are `name=value`. Raises FormatError."""
    sep = style.sep
    if not style.opens(line):
        return line.split(sep)
    pieces = line.split(sep)
    cells: list[str] = []
    at = number = 0
    while number < len(pieces):
        piece = pieces[number]
        if len(cells) < width and piece[:1] not in _MAY_HOLD_SEP:
            cells.append(piece)
            at += len(piece) + 1
            number += 1
            continue
        end = _end_of_cell(line, at, sep, named=len(cells) >= width)
        cells.append(line[at:end])
        number += line.count(sep, at, end) + 1
        at = end + 1
    return cells


_MAY_HOLD_SEP = frozenset('"[{=')
"""First characters of cells in which the separator can stand."""


def _end_of_cell(line: str, at: int, sep: str, *, named: bool) -> int:
    """Where the cell that starts at `at` ends; `named`: it is `name=value`. Raises FormatError."""
    start = at
    if named:
        found = _entry(line, at)
        if not found:
            raise FormatError(f"not name=value: {line[at : at + 40]!r}")
        start = found.end()
    elif line[at : at + 1] == "=":
        start = at + 1
    if start < len(line) and line[start] in '"[{':
        end = end_of_value(line, start)
        if end < len(line) and line[end] != sep:
            raise FormatError(f"text after a value: {line[end : end + 40]!r}")
        return end
    end = line.find(sep, start)
    return len(line) if end < 0 else end


def split_rows(text: str) -> list[str]:
    """The rows of `[row;row]`. Raises FormatError."""
    if len(text) < 3 or text[0] != "[" or text[-1] != "]":
        raise FormatError(f"not a list of rows: {text[:40]!r}")
    inner = text[1:-1]
    if not any(sign in inner for sign in '"[{'):
        return inner.split(";")
    rows = []
    start = at = 0
    for found in re.finditer(r'["\[{;]', inner):
        if found.start() < at:
            continue
        if found.group() == ";":
            rows.append(inner[start : found.start()])
            start = found.end()
        else:
            at = end_of_value(inner, found.start())
    rows.append(inner[start:])
    return rows


SAMPLED_CHARS = 4000


def estimate(text: str) -> int:
    """Roughly the tokens of a text, for choosing between layouts: words of up to eight letters, three digits, runs
    of signs. A long text is sampled."""
    if len(text) <= SAMPLED_CHARS:
        return len(_pieces(text))
    step = len(text) // 8
    size = SAMPLED_CHARS // 8
    return sum([len(_pieces(text, at, at + size)) for at in range(0, 8 * step, step)]) * len(text) // (8 * size)


_pieces = re.compile(r"[A-Za-z]{1,8}|[0-9]{1,3}|[^A-Za-z0-9]{1,4}").findall


def shared_start(texts: Sequence[str]) -> int:
    """Characters with which all of these texts start."""
    low, high = min(texts), max(texts)
    size = min(len(low), len(high))
    return next((i for i in range(size) if low[i] != high[i]), size)


def texts(values: Iterable[Value]) -> list[str | None]:
    """What a template can insert for each value: a string, a number's text, or None."""
    return [v if type(v) is str else v[0] if type(v) is tuple and len(v) == 1 else None for v in values]
