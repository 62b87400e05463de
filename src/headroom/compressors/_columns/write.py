"""The column codec: named columns of values as a few header lines and one line a row, shared by everything that is a
table. The rule is that a row shows what is particular to it, under the columns' own names, and nothing has to be
computed or looked up in a list of codes.

Header lines: `name=value` holds for every row; `name?=value` unless the row says otherwise; a value with `<other>` or
`<>` is a template (see `templates.py`); `:name|name` names the cells of a row and shows the separator. Cells
beyond the named ones are `name=value`. `~` is the column's `?=` value. How a cell reads stands in `cells`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from headroom.compressors._columns import cells
from headroom.compressors._columns.cells import DEFAULT, MISSING, STYLES, Style, Value, estimate
from headroom.compressors._columns.json_text import quote
from headroom.compressors._columns.plan import Plan, line_text
from headroom.compressors._columns.templates import Template, shorten

SAMPLED_ROWS = 14
SAMPLED_CHARS = 1800
"""What is written with each separator to choose between them."""


class Table(NamedTuple):
    """A written table: header lines (the last names the cells), one line a row, and the notation they use."""

    header: list[str]
    rows: list[str]
    notation: set[str]


def write(columns: Mapping[str, list[Value]], n: int, style: Style | None = None) -> Table:
    """`columns` (by name, in order, each of `n` >= 1 values, at least one of them not missing) as a table. Without a
    `style` the cheapest separator is taken."""
    plan = Plan(columns, n)
    listed = plan.listed
    if style is None:
        style = _cheapest(plan, listed)
    rows, notation = _rows(plan, listed, style, range(n))
    header = []
    for name in columns:
        line, words = _header_line(plan, name)
        if line:
            header.append(line)
            notation |= words
    header.append(":" + style.sep.join(listed))
    return Table(header, rows, notation)


def _cheapest(plan: Plan, listed: list[str]) -> Style:
    if len(listed) == 1:  # one name shows no separator
        return STYLES["|"]
    sample = range(0, plan.n, max(1, plan.n // SAMPLED_ROWS))
    costs: dict[str, int] = {}
    for sep, style in STYLES.items():
        rows, _ = _rows(plan, listed, style, sample)
        size = sum(map(len, rows))
        if size > SAMPLED_CHARS and not costs:
            sample = sample[:: 1 + size // SAMPLED_CHARS]
            rows = rows[:: 1 + size // SAMPLED_CHARS]
        costs[sep] = estimate("\n".join(rows))
    return STYLES[min(costs, key=costs.__getitem__)]


def _header_line(plan: Plan, name: str) -> tuple[str, set[str]]:
    if name in plan.constant:
        return f"{name}={line_text(plan.constant[name])}", {"constant"}
    if name in plan.default:
        return f"{name}?={line_text(plan.default[name])}", {"default"}
    if name in plan.usual:
        return f"{name}?={_shown(plan, name, plan.usual[name][0])}", {"default", "reference"}
    template = plan.derived.get(name) or plan.holed.get(name)
    if template is None:
        return "", set()
    words = {word for word, there in (("hole", template.holed), ("reference", template.references)) if there}
    return f"{name}={_shown(plan, name, template)}", words


def _shown(plan: Plan, name: str, template: Template) -> str:
    """A template's text, its references as short as they can be where it stands."""
    if template.references:
        parts = [
            (shorten(part[0], name, plan.columns),) if isinstance(part, tuple) and part[0] else part
            for part in template.parts
        ]
        template = Template(tuple(parts))
    return template.text


def _rows(plan: Plan, listed: list[str], style: Style, chosen: range) -> tuple[list[str], set[str]]:
    """The lines of the chosen rows, and the notation they use."""
    notation: set[str] = set()
    columns = [_column(plan, name, style, chosen, notation) for name in listed]
    rows = list(map(style.sep.join, zip(*columns, strict=True)))
    ends: dict[int, list[str]] = {}
    for name in plan.columns:
        if name in plan.tail:
            _tails(plan, name, style, chosen, ends)
    if style.none == "" and style.sep in "".join(rows):
        rows = [row if i in ends else row.rstrip(style.sep) for i, row in enumerate(rows)]
    for i, entries in ends.items():
        rows[i] = style.sep.join([rows[i], *entries])
    if ends:
        notation.add("tail")
    return rows, notation


def _column(plan: Plan, name: str, style: Style, chosen: range, notation: set[str]) -> list[str]:
    values = plan.columns[name]
    if len(chosen) != plan.n:
        values = [values[row] for row in chosen]
    if MISSING in values:
        notation.add("dash" if style.none else "missing")
    if name in plan.holed:
        pieces = plan.pieces[name]
        return [_piece(value, pieces[row], style) for value, row in zip(values, chosen, strict=True)]
    if name in plan.usual:
        notation.add("tilde")
        made = plan.usual[name][1]
        return [
            DEFAULT if value == made[row] else style.none if value is MISSING else cells.write(value, style.plain)
            for value, row in zip(values, chosen, strict=True)
        ]
    return cells.column(values, style)


def _piece(value: Value, piece: str | None, style: Style) -> str:
    """The cell of a column with a hole: what fills the hole, or a whole value."""
    if piece is not None and style.piece(piece):
        return piece
    if value is MISSING:
        return style.none
    if type(value) is str:
        return quote(value)
    text = cells.write(value, style.plain)
    return text if value is None or value is True or value is False else f"={text}"


def _tails(plan: Plan, name: str, style: Style, chosen: range, ends: dict[int, list[str]]) -> None:
    values = plan.columns[name]
    holed = name in plan.holed
    usual = plan.usual[name][1] if name in plan.usual else None
    default = plan.default.get(name, MISSING)
    for i, row in enumerate(chosen):
        value = values[row]
        if value == (default if usual is None else usual[row]):
            continue
        if value is MISSING:
            cell = ""
        else:
            cell = _piece(value, plan.pieces[name][row], style) if holed else cells.write(value, style.plain)
        ends.setdefault(i, []).append(f"{name}={cell}")
