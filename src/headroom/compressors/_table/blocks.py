"""Repeated blocks of `key: value` lines: lists of objects in YAML, records parted by blank lines.

A key that stands below another is named with it (`metadata.name`); lines that are no `key: value` belong to the value
above them. The rule is that a block is its keys in one order, each level two blanks deeper, or it stays as it was.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from headroom.compressors._columns.json_text import key_name, split_name
from headroom.compressors._table.grid import Grid
from headroom.errors import FormatError

MIN_BLOCKS = 3
MIN_SHARE = 0.6
"""At least this share of the blocks opens with the same key."""

MIN_KEYS = 1 / 3
"""At least this share of the lines of records are keys with values: a diagnostic is a line and much below it."""

MAX_LINES = 400
"""Lines of one block."""

EMPTY = "\n"
"""The cell of a key that is there without a value; an empty cell is a key that is not there."""

_KEY = r"([\w@$/][\w@$/ .()-]{0,60}?)"
_LINE = re.compile(rf"( *){_KEY}:(?: (.*\S))?").fullmatch
_ITEM = re.compile(rf"( *)- {_KEY}:(?: .*\S)?").fullmatch
_SHAPE = re.compile(r"yaml (\d{1,3})|records").fullmatch

Path = tuple[str, ...]


class Block(NamedTuple):
    """Lines `start` to `stop` (exclusive), and their values by path; no values where they are no block."""

    start: int
    stop: int
    values: dict[Path, str]


def find(lines: Sequence[str], start: int) -> tuple[int, int, Grid] | None:
    """The next run of blocks from line `start` on: where it starts and ends, and its grid."""
    at = start
    while at < len(lines):
        item = _ITEM(lines[at]) if "- " in lines[at] else None
        if item is not None:
            spans = list(_items(lines, at, len(item[1])))
            shape, base = f"yaml {len(item[1])}", len(item[1]) + 2
        elif lines[at] and (at == 0 or not lines[at - 1]) and lines[at][0] != " " and _LINE(lines[at]):
            spans = list(_paragraphs(lines, at))
            shape, base = "records", 0
        else:
            at += 1
            continue
        if len(spans) >= MIN_BLOCKS:
            blocks = [_block(lines, first, stop, base) for first, stop in spans]
            grid = _grid(lines, blocks, shape)
            if grid is not None:
                return spans[0][0], spans[-1][1], grid
        at = spans[-1][1] if len(spans) >= MIN_BLOCKS else at + 1
    return None


def _items(lines: Sequence[str], at: int, indent: int) -> Iterator[tuple[int, int]]:
    """Where each item of a list starts and ends."""
    dash = " " * indent + "- "
    inside = " " * (indent + 2)
    while at < len(lines) and lines[at].startswith(dash):
        stop = at + 1
        while stop < len(lines) and lines[stop].startswith(inside) and stop - at < MAX_LINES:
            stop += 1
        yield at, stop
        at = stop


def _paragraphs(lines: Sequence[str], at: int) -> Iterator[tuple[int, int]]:
    """Where each paragraph of `key: value` lines starts and ends; one blank line stands between two."""
    while at < len(lines) and lines[at] and lines[at][0] != " " and _LINE(lines[at]):
        stop = at + 1
        while stop < len(lines) and lines[stop]:
            stop += 1
        yield at, stop
        at = stop + 1


def _block(lines: Sequence[str], start: int, stop: int, base: int) -> Block:
    """The values of a block whose own keys stand `base` blanks deep."""
    values: dict[Path, str] = {}
    above: list[str] = []  # keys of the objects that the line above stands in, itself included
    parents: set[Path] = set()
    for at in range(start, stop):
        line = lines[at]
        if at == start and base:
            line = " " * base + line[base:]
        found = _LINE(line)
        depth, odd = divmod(len(found[1]) - base, 2) if found else (0, 1)
        if found is None or odd or not 0 <= depth <= len(above) or (depth == len(above) and not _open(above, values)):
            if not above:
                return Block(start, stop, {})
            path = tuple(above)
            values[path] = ("" if values[path] == EMPTY else values[path]) + "\n" + line
            continue
        above[depth:] = [found[2]]
        path = tuple(above)
        if path in values:
            return Block(start, stop, {})
        values[path] = found[3] or EMPTY
        parents.add(path[:-1])
    return Block(start, stop, {path: v for path, v in values.items() if v != EMPTY or path not in parents})


def _open(above: list[str], values: dict[Path, str]) -> bool:
    """True if lines may stand below the key of the line above: it has no value of its own."""
    return not above or values[tuple(above)] == EMPTY


def _grid(lines: Sequence[str], blocks: list[Block], shape: str) -> Grid | None:
    """The grid of blocks that mostly have the same keys."""
    firsts = Counter([next(iter(block.values)) for block in blocks if block.values])
    if not firsts or max(firsts.values()) < MIN_SHARE * len(blocks):
        return None
    keys, size = sum([len(block.values) for block in blocks]), sum([block.stop - block.start for block in blocks])
    if keys < 2 * len(blocks) or (shape == "records" and keys < MIN_KEYS * size):
        return None
    order = _order(blocks)
    rank = {path: i for i, path in enumerate(order)}
    rows: list[list[str] | str] = []
    for i, block in enumerate(blocks):
        ranks = [rank[path] for path in block.values]
        cells = [block.values.get(path, "") for path in order]
        same = bool(ranks) and ranks == sorted(ranks)
        same = same and _lines(order, cells, shape) == list(lines[block.start : block.stop])
        if shape == "records" and i and not (same and isinstance(rows[-1], list)):
            rows.append("")
        rows += [cells] if same else lines[block.start : block.stop]
    return Grid(shape, [".".join(map(key_name, path)) for path in order], rows)


def _order(blocks: list[Block]) -> list[Path]:
    """All paths, each after the one it first follows."""
    after: dict[Path, list[Path]] = {(): []}
    for values in dict.fromkeys(tuple(block.values) for block in blocks):
        above: Path = ()
        for path in values:
            if path not in after:
                after[path] = []
                after[above].insert(0, path)
            above = path
    order: list[Path] = []
    stack: list[Path] = [()]
    while stack:
        path = stack.pop()
        order.append(path)
        stack += reversed(after[path])
    return order[1:]


def _lines(order: Sequence[Path], cells: Sequence[str], shape: str) -> list[str]:
    """The lines of one block."""
    base = int(shape.rpartition(" ")[2]) + 2 if shape != "records" else 0
    lines: list[str] = []
    told: set[Path] = set()
    for path, cell in zip(order, cells, strict=True):
        if not cell:
            continue
        for depth in range(1, len(path)):
            if path[:depth] not in told:
                told.add(path[:depth])
                lines.append(f"{' ' * (base + 2 * depth - 2)}{path[depth - 1]}:")
        told.add(path)
        start = f"{' ' * (base + 2 * len(path) - 2)}{path[-1]}:"
        text = start if cell == EMPTY else start + cell if cell[0] == "\n" else f"{start} {cell}"
        lines += text.split("\n")
    if base and lines:
        lines[0] = f"{' ' * (base - 2)}- {lines[0][base:]}"
    return lines


def restore(grid: Grid) -> list[str]:
    """The original lines. Raises FormatError."""
    if not _SHAPE(grid.shape):
        raise FormatError(f"no such shape: {grid.shape[:60]!r}")
    order = [tuple([key or "" for key in split_name(name)]) for name in grid.names]
    out: list[str] = []
    for block, run in groupby(grid.rows, key=lambda row: isinstance(row, list)):
        for i, row in enumerate(run):
            if isinstance(row, str):
                out.append(row)
                continue
            if block and i and grid.shape == "records":
                out.append("")
            out += _lines(order, row, grid.shape)
    return out
