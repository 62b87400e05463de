"""CSV, TSV and their kin: one record a line, cells parted by one character, quoted where they have to be.

The rule is that the original quoting is a property of a column: always, only where a cell needs it, or always but for
empty cells. A file that quotes by mood is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom.compressors._table.grid import Grid
from headroom.errors import FormatError

NAMES = {"csv": ",", "tsv": "\t", "semicolons": ";", "pipes": "|"}
MIN_LINES = 4
MIN_SHARE = 0.95
"""Of a sample's lines, this share has the same number of delimiters."""

_SHAPE = re.compile(rf"({'|'.join(NAMES)})(?:, quoted(?: ([nqu])/([nqu]+))?)?").fullmatch
_PROSE = re.compile(r"[.;:!?(){}<>=]\s|[{};]$|^\s|^[#/*<\[{]|^\S+\s?=\s|https?://\S+\s\S+\s")
_HEAD = re.compile(r'"?[^\W\d][^",;|\t]{0,48}"?').fullmatch


def looks(sample: Sequence[str]) -> tuple[float, str]:
    """How surely a text is such a table, from its first lines, and the name of its shape."""
    lines = [line for line in sample if line]
    if len(lines) < MIN_LINES:
        return 0.0, ""
    for name, sign in NAMES.items():
        heads = lines[0].split(sign)
        if len(heads) < 2 or not all(_HEAD(head) for head in heads if head) or len(set(heads)) < len(heads):
            continue
        if sum(map(bool, heads)) < len(heads) - 1 or any(head != head.strip(" ") for head in heads):
            continue
        if sum([1 for line in lines if _outside(line, sign) == len(heads) - 1]) >= MIN_SHARE * len(lines):
            spaced = sum([line.count(f"{sign} ") for line in lines])
            if sign != "\t" and (spaced * 4 > len(lines) * (len(heads) - 1) or any(map(_PROSE.search, lines[:1]))):
                continue
            return 0.93, name
    return 0.0, ""


def _outside(line: str, sign: str) -> int:
    """How many delimiters stand outside quotes."""
    if '"' not in line:
        return line.count(sign)
    return sum([part.count(sign) for part in line.split('"')[::2]])


def find(text: str, name: str) -> tuple[Grid, str] | None:
    """The table a text is, and what follows its last full record; None if its quoting cannot be told in a word."""
    sign = NAMES[name]
    if "\r" in text and '"' not in text:
        return None
    if '"' not in text:
        lines = text.split("\n")
        cells: list[list[str]] = [line.split(sign) for line in lines]
        if len(cells[-1]) != len(cells[0]):
            rest = "\n" + lines.pop()
            cells.pop()
        else:
            rest = ""
        width = len(cells[0])
        rows: list[list[str] | str] = [
            row if len(row) == width else line for row, line in zip(cells, lines, strict=True)
        ]
        return Grid(name, cells[0], rows[1:]), rest
    return _quoted(text, name, sign)


def _quoted(text: str, name: str, sign: str) -> tuple[Grid, str] | None:
    found = _records(text, sign)
    if found is None or len(found[0]) < MIN_LINES:
        return None
    records, rest = found
    width = len(records[0])
    if Counter(map(len, records))[width] != len(records):
        return None
    columns = list(zip(*records, strict=True))
    heads = _quoting([column[0] for column in columns], sign)
    kinds = [_quoting(column[1:], sign) for column in columns]
    if heads is None or None in kinds:
        return None
    letters = "".join([kind or "" for kind in kinds])
    plain = heads == "n" and set(letters) == {"n"}
    shape = (
        name if plain else f"{name}, quoted" + ("" if heads + letters == "q" * (width + 1) else f" {heads}/{letters}")
    )
    bare = [[_bare(cell) for cell in record] for record in records]
    return Grid(shape, bare[0], [*bare[1:]]), rest


def _records(text: str, sign: str) -> tuple[list[list[str]], str] | None:
    """The records' cells as they stand, and the text from the first one on that is none."""
    cell = re.compile(rf'("(?:[^"]|"")*"|[^"\n{re.escape(sign)}]*)({re.escape(sign)}|\n|\Z)')
    records: list[list[str]] = []
    record: list[str] = []
    at = start = 0
    for found in cell.finditer(text):
        if found.start() != at:
            break
        at = found.end()
        record.append(found[1])
        if found[2] != sign:
            if records and len(record) != len(records[0]):
                break
            records.append(record)
            record = []
            start = found.start(2)
            if not found[2]:
                break
    return (records, text[start:]) if records else None


def _bare(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell[:1] == '"' else cell


def _needs(cell: str, sign: str) -> bool:
    return sign in cell or '"' in cell or "\n" in cell or "\r" in cell


def _quoting(cells: Sequence[str], sign: str) -> str | None:
    """`q`: every cell is quoted; `u`: every one that is not empty; `n`: those that need it; None: none of these."""
    marks = {cell[:1] == '"' for cell in cells}
    if marks == {True}:
        return "q"
    if all((cell[:1] == '"') == _needs(_bare(cell), sign) for cell in cells):
        return "n"
    if all((cell[:1] == '"' and cell != '""') or not cell for cell in cells):
        return "u"
    return None


def _odd(text: str, sign: str, count: int, width: int) -> bool:
    """True if some cell of `count` joined rows needs quotes."""
    return '"' in text or "\r" in text or text.count("\n") >= count or text.count(sign) != count * (width - 1)


def restore(grid: Grid) -> list[str]:
    """The original lines. Raises FormatError."""
    shape = _SHAPE(grid.shape)
    if shape is None or not grid.names:
        raise FormatError(f"no such shape: {grid.shape[:60]!r}")
    sign = NAMES[shape[1]]
    if "quoted" not in grid.shape:
        rows = [sign.join(row) for row in grid.rows if not isinstance(row, str)]
        rows.append(sign.join(grid.names))
        if not _odd("\n".join(rows), sign, len(rows), len(grid.names)):
            known = iter(rows)
            return [rows[-1], *[row if isinstance(row, str) else next(known) for row in grid.rows]]
    every = "q" if "quoted" in grid.shape else "n"
    kinds = shape[3] or every * len(grid.names)
    if len(kinds) != len(grid.names):
        raise FormatError(f"not a letter for each column: {kinds[:60]!r}")
    lines = [sign.join([_drawn(name, shape[2] or every, sign) for name in grid.names])]
    for row in grid.rows:
        lines.append(
            row if isinstance(row, str) else sign.join([_drawn(c, k, sign) for c, k in zip(row, kinds, strict=True)])
        )
    return lines


def _drawn(cell: str, kind: str, sign: str) -> str:
    if kind == "q" or (kind == "u" and cell) or _needs(cell, sign):
        return '"' + cell.replace('"', '""') + '"'
    return cell
