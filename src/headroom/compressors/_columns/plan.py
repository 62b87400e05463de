"""What becomes of each column of a table: a constant, a default with exceptions, a template, a cell, or an entry at the
end of the few rows that have it. The rule is that the choice pays by estimate in this very table, and that cheap
looks come first: a column that is settled is not searched again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from headroom.compressors._columns import cells
from headroom.compressors._columns.cells import LINE, MISSING, Value, estimate, texts
from headroom.compressors._columns.json_text import literal
from headroom.compressors._columns.templates import (
    Finder,
    Template,
    Words,
    fill,
    refer,
    resolve,
    shorten,
    sides,
    unfit,
    worth,
)

SHORTEST_REFERRED = 12
"""A constant is referred to from this many characters on: a shorter one reads better written out."""

LONG_DEFAULT = 5
"""Tokens of a default from which a template is tried first: it needs no exceptions at the rows' ends."""

FEW_ROWS = 4
"""Below this, equal numbers and repeated values are chance, not structure."""

EMPTY_CELL = 0.6
"""Tokens of an empty cell: neighbouring separators share a token."""

LEAST_WORTH = 2
"""A template that spares less in a row is not worth a reader's second look: `/users` stays `/users`."""

MOST_ODD = 8
CLEAR_WORTH = 5
"""Where more than one in so many rows does not follow a template, it must spare this much in the others."""

SURE = 2
"""Tokens around an entry at the end of a row: a separator and `=`."""


class Plan:
    """The fate of each of `columns`, all of `n` values."""

    def __init__(self, columns: Mapping[str, list[Value]], n: int) -> None:
        self.columns = columns
        self.n = n
        self.constant: dict[str, Value] = {}
        self.default: dict[str, Value] = {}
        """`?=` values."""
        self.derived: dict[str, Template] = {}
        self.usual: dict[str, tuple[Template, list[Value]]] = {}
        """`?=` templates, and what they make of each row."""
        self.holed: dict[str, Template] = {}
        self.pieces: dict[str, list[str | None]] = {}
        """What fills the hole in each row; None where the row says its value in full."""
        self.tail: set[str] = set()
        """Columns that stand at the end of those rows that differ from the default (or have the key at all)."""
        self._likely: dict[str, str] = {}
        """Long values that most rows share."""
        self._finder = Finder(n)
        self._copies: dict[tuple[Value, Value, Value], str] = {}
        self._make()
        self.listed = self._list()

    def _make(self) -> None:
        rest = [name for name, column in self.columns.items() if not self._settled(name, column)]
        self._name_constants()
        words = {name: texts(self.columns[name]) for name in rest}
        size = {name: sum([len(word) for word in column if word]) for name, column in words.items()}
        for name in sorted(rest, key=size.__getitem__):
            column = self.columns[name]
            if name in self._likely:
                self._default(name, column)
                self._finder.add(name, words[name])
                continue
            if not (self._copied(name, column) or self._templated(name, column)):
                self._marked(name, column)
            self._finder.add(name, words[name])
            if name not in self.derived and name not in self.usual:
                self._sparse(name, column)

    def _settled(self, name: str, column: list[Value]) -> bool:
        """Constants, and values that most rows share."""
        first = column[0]
        if column.count(first) == self.n and first is not MISSING:
            self.constant[name] = first
            return True
        if self.n < FEW_ROWS:
            return False
        value, count = Counter(column).most_common(1)[0]
        if value is MISSING or count * 2 < self.n:
            return False
        text, exceptions = estimate(line_text(value)), self.n - count
        if count * (text + 1) <= exceptions * (estimate(name) + SURE) + estimate(name) + text + SURE:
            return False
        if type(value) is str and text >= LONG_DEFAULT:
            self._likely[name] = value
            return False
        self.default[name] = value
        self.tail.add(name)
        return True

    def _name_constants(self) -> None:
        """Constants that hold other constants, and those that the other columns may refer to."""
        words: Words[str] = Words()
        long = {k: v for k, v in self.constant.items() if type(v) is str and len(v) >= SHORTEST_REFERRED}
        for name in sorted(long, key=lambda name: len(long[name])):
            text = long[name]
            template = refer(text, words, self._shortener(name))
            if template and estimate(template.text) < estimate(text) - 1:
                parts = [
                    (resolve(part[0], name, self.columns) or "",) if isinstance(part, tuple) else part
                    for part in template.parts
                ]
                self.derived[name] = Template(tuple(parts))
                del self.constant[name]
            if text not in words.known and not unfit(name):
                words.add(text, name)
            self._finder.add(name, [text] * self.n)

    def _shortener(self, name: str) -> Callable[[str, str], str]:
        return lambda _, other: shorten(other, name, self.columns)

    def _default(self, name: str, column: list[Value]) -> None:
        """A long default, unless a template explains its exceptions, too."""
        for template in self._finder.find(name, column):
            if not template.holed and template.references and fill(template.parts, self.columns, self.n) == column:
                self.derived[name] = template
                return
        self.default[name] = self._likely[name]
        self.tail.add(name)

    def _copied(self, name: str, column: list[Value]) -> bool:
        """Numbers equal to another column's throughout; strings are found as templates."""
        if self.n < FEW_ROWS or type(column[0]) is str or unfit(name):
            return False
        other = self._copies.setdefault((column[0], column[self.n // 2], column[-1]), name)
        if other == name or self.columns[other] != column or len(set(column)) < 3:
            return False
        self.derived[name] = Template(((other,),))
        return True

    def _templated(self, name: str, column: list[Value]) -> bool:
        for template in self._finder.find(name, column):
            if (self._is_holed if template.holed else self._is_derived)(name, column, template):
                return True
        return False

    def _is_derived(self, name: str, column: list[Value], template: Template) -> bool:
        if not template.references:
            return False
        made = fill(template.parts, self.columns, self.n)
        wrong = [row for row, value in enumerate(made) if value != column[row]]
        if len(wrong) * 2 > self.n:
            return False
        spared = (self.n - len(wrong)) * (worth(template, self.columns, _first_other(wrong)) + 1)
        gain = spared - estimate(name) - estimate(template.text) - SURE
        at_end, in_row = len(wrong) * (estimate(name) + SURE), 1.5 * self.n
        if gain <= min(at_end, in_row):
            return False
        if not wrong:
            self.derived[name] = template
            return True
        self.usual[name] = template, made
        if at_end < in_row:
            self.tail.add(name)
        return True

    def _is_holed(self, name: str, column: list[Value], template: Template) -> bool:
        pieces = _pieces(template, column, self.columns)
        wrong = [row for row, piece in enumerate(pieces) if piece is None]
        good = self.n - len(wrong)
        if good < 2:
            return False
        odd = sum([1 for row in wrong if type(column[row]) is str])
        each = worth(template, self.columns, _first_other(wrong))
        if each < LEAST_WORTH or (odd * MOST_ODD > good and each < CLEAR_WORTH):
            return False
        if good * each <= 2 * odd + estimate(name) + estimate(template.text) + SURE:
            return False
        self.holed[name] = template
        self.pieces[name] = pieces
        return True

    def _marked(self, name: str, column: list[Value]) -> None:
        """Where most strings would read as numbers, `name=<>` says once that they are strings."""
        pieces = [value if type(value) is str and value else None for value in column]
        quoted = sum([2 for piece in pieces if piece and literal(piece)])
        if quoted > estimate(name) + 4:
            self.holed[name] = Template((("",),))
            self.pieces[name] = pieces

    def _sparse(self, name: str, column: list[Value]) -> None:
        missing = column.count(MISSING)
        if missing and (self.n - missing) * (estimate(name) + SURE) < missing * EMPTY_CELL + estimate(name) + 1:
            self.tail.add(name)

    def _list(self) -> list[str]:
        away = self.constant.keys() | self.derived.keys() | self.tail
        listed = [name for name in self.columns if name not in away]
        if listed:
            return listed
        # A row needs a cell, or it could not be told from no row at all.
        name = next(name for name in self.columns if name not in self.derived)
        for fates in (self.constant, self.default, self.usual, self.holed):
            fates.pop(name, None)
        self.tail.discard(name)
        return [name]


def _pieces(template: Template, column: Sequence[Value], columns: Mapping[str, list[Value]]) -> list[str | None]:
    if not template.references:
        before, after = ("".join(part for part in side if isinstance(part, str)) for side in template.sides)
        start, end, least = len(before), len(after), len(before) + len(after)
        return [
            v[start : len(v) - end]
            if type(v) is str and len(v) > least and v.startswith(before) and v.endswith(after)
            else None
            for v in column
        ]
    pieces: list[str | None] = []
    for around, value in zip(sides(template, columns, len(column)), column, strict=True):
        piece = None
        if around is not None and type(value) is str:
            before, after = around
            if len(value) > len(before) + len(after) and value.startswith(before) and value.endswith(after):
                piece = value[len(before) : len(value) - len(after)]
        pieces.append(piece)
    return pieces


def _first_other(wrong: Sequence[int]) -> int:
    """The first row that is not in `wrong`, which is sorted."""
    return next((i for i, row in enumerate(wrong) if row != i), len(wrong))


def line_text(value: Value) -> str:
    """A value as the rest of a header line."""
    return cells.write(value, LINE)
