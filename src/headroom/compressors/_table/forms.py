"""Repeated blocks of lines that differ in values alone: objects that a program printed (`console.log`, `pprint`, Debug
of Rust, `print_r`, `\\G` of MySQL), sections of settings, services in YAML, elements of XML.

The lines of a block stand once, above the rows, with the name of a column in the place of each value. The rule is that
a block is those lines in that order, perhaps without some and with others among them, or it stays as it was.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from headroom.compressors._lines.clusters import alarm
from headroom.compressors._table.grid import Found, Grid
from headroom.compressors._table.parted import REPEATED, Line, depth, opens, parted
from headroom.errors import FormatError

SHAPE = "each row is the {} lines below, {}k{} its cell of k"
MIN_BLOCKS = 4
MAX_LINES = 80
"""Lines of one block."""

TRIED = 6
"""So many blocks decide whether a line opens blocks at all."""

OFTEN, ALWAYS = 0.5, 0.9
"""Share of the blocks in which a line with a value, and one without, must stand to be one of their lines."""

MAX_ODD = 0.2
"""Share of the blocks that may stay as they were."""

MIN_FORMED = 0.85
"""Share of the lines of blocks that must be lines of their form: what stands among these is written into cells."""

WORK = 12
"""How often, on average, a line is looked at before the search gives up."""

MIN_ALIKE = 0.3
"""Share of the lines that must begin with a key, a bracket or a name that others begin with."""

MAX_ATOMS = 12
"""Values in a cell that become columns."""

MAX_NAMESAKES = 4
"""Columns of one name, told apart by numbers: more are hard to tell apart."""

BRACES = ("<>", "{}", "«»", "‹›")
"""What a name stands in: the first pair that no line of the block holds."""

EMPTY = "\n"
"""The cell of a line that is there without a value; an empty cell is a line that is not there."""

_BEGINNING = re.compile(
    r"\s*(?:[^\s\w]{0,3} ?[A-Za-z_$@][\w$@. /()'\"\]-]{0,60}?\s*[:=>{[]|[A-Za-z][\w-]*(?=[ \t]+\S+\Z)|[^\w\s]+\Z)"
).match
_FAILED = re.compile(r"\bfail(?:ed|ure|s|ing)?\b|[✕✖✗✘]", re.IGNORECASE).search
_SHAPE = re.compile(r"each row is the (\d{1,3}) lines below, (.)k(.) its cell of k").fullmatch
_ATOM = re.compile(r"""('[^'\n]*'|"[^"\n]*"|[\w.@/+-]+(?::[\w.@/+-]+)*)""")
_STRUCTURE = re.compile(r"[\[({'\"=]").search
"""Truthy for what stands between the values of an object or a call; the words of a sentence are no values."""

_KEY = re.compile(r"[A-Za-z_$][\w$]*").fullmatch


class Block(NamedTuple):
    """Lines `start` to `stop` (exclusive) of a text."""

    start: int
    stop: int


Place = tuple[Line, int]
"""A line of a block, and which of several like it."""


def every(lines: Sequence[str]) -> list[Found]:
    """All runs of blocks, in order."""
    found: list[Found] = []
    search = _Search(lines) if _promising(lines) else None
    while search is not None and (table := search.next(found[-1][1] if found else 0)) is not None:
        found.append(table)
    return found


def _promising(lines: Sequence[str]) -> bool:
    """True if enough of the lines are alike, or begin so in a way in which logs do not."""
    begun = Counter([found[0] if (found := _BEGINNING(line)) else line for line in lines])
    return sum([times for times in begun.values() if times >= MIN_BLOCKS]) >= MIN_ALIKE * len(lines)


class _Search:
    """The lines of a text as what they are."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        often = Counter(lines)
        known = parted(often)
        self.parts = [known[line] for line in lines]
        times = Counter([part.kind for part in self.parts])
        self.kinds = [part.kind if times[part.kind] >= REPEATED else None for part in self.parts]
        self.places: dict[Line, list[int]] = {}
        for at, kind in enumerate(self.kinds):
            if kind is not None:
                self.places.setdefault(kind, []).append(at)

        self._work = WORK * len(lines)

    def next(self, start: int) -> Found | None:
        """The next run of blocks from line `start` on: where it starts and ends, and its grid."""
        refused: dict[Line, int] = {}
        for at in range(start, len(self.lines)):
            head = self.kinds[at]
            if head is None or not opens(head) or at < refused.get(head, 0) or self._work < 0:
                continue
            blocks = self._blocks(at, head)
            grid = self._grid(blocks[:TRIED])
            self._work -= blocks[:TRIED][-1].stop - at
            if grid is not None and len(blocks) > TRIED:
                grid = self._grid(blocks)
                self._work -= blocks[-1].stop - at
            if grid is not None:
                return at, at + sum(len(block) for block in _blocks(grid)), grid
            refused[head] = blocks[-1].stop
        return None

    def _blocks(self, at: int, head: Line) -> list[Block]:
        """The blocks from line `at` on, each up to the next line that is like its first."""
        places = self.places[head]
        blocks: list[Block] = []
        for first, following in pairwise(places[bisect_left(places, at) :]):
            if following - first > MAX_LINES:
                break
            blocks.append(Block(first, following))
        first = stop = blocks[-1].stop if blocks else at
        known = Counter(self.kinds[blocks[-1].start : blocks[-1].stop] if blocks else ())
        while stop < len(self.kinds) and self.kinds[stop] is not None and known[self.kinds[stop]] > 0:
            known[self.kinds[stop]] -= 1
            stop += 1
        return [*blocks, Block(first, max(stop, first + 1))]

    def _placed(self, block: Block) -> list[Place | None]:
        """The lines of a block, told apart where several are alike."""
        seen: Counter[Line] = Counter()
        placed: list[Place | None] = []
        for kind in self.kinds[block.start : block.stop]:
            placed.append(None if kind is None else (kind, seen[kind]))
            if kind is not None:
                seen[kind] += 1
        return placed

    def _form(self, blocks: Sequence[Block]) -> list[Place]:
        """The lines of which most blocks are made, in order; none where they begin with what is further in than others,
        or with what follows on others of them: the rows would be torn."""
        found = [self._placed(block) for block in blocks]
        within = Counter([place for places in found for place in places if place is not None])
        usual = {p for p, times in within.items() if times >= (OFTEN if p[0].name else ALWAYS) * (len(blocks) - 1)}
        longest = max(found, key=lambda places: len(usual.intersection(places)))
        form = [place for place in longest if place in usual and place is not None]
        opening = form[0][0].before + form[0][0].after if form else ""
        if alarm(opening) or _FAILED(opening):
            return []  # a failure stands word for word
        if not 1 < len(form) <= MAX_LINES or depth(form[0][0]) > min([depth(kind) for kind, _ in form]):
            return []
        above = reversed(self.kinds[max(0, blocks[0].start - len(form)) : blocks[0].start])
        pairs = zip(above, [kind for kind, _ in reversed(form)], strict=False)
        same = [own for _, own in takewhile(lambda pair: pair[0] == pair[1], pairs)]
        torn = any(map(opens, same)) and len(same) != len(form) - 1
        return [] if torn else form

    def _grid(self, blocks: Sequence[Block]) -> Grid | None:
        """The grid of blocks; None where too many are of another form than most."""
        form = self._form(blocks) if len(blocks) >= MIN_BLOCKS else []
        rank = {place: i for i, place in enumerate(form)}
        made = [self._cells(rank, block) if form else None for block in blocks]
        while made and made[-1] is None:
            made.pop()
        kept = [cells for cells in made if cells is not None]
        if len(kept) < max(MIN_BLOCKS - 1, (1 - MAX_ODD) * len(made)) or made[0] is None:
            return None
        if 2 * sum(["\n" in cells[-1] and cells[-1] != EMPTY for cells in kept]) > len(kept):
            return None  # what follows a block opens the next one
        formed = sum([1 for cells in kept for cell in cells if cell])
        size = sum([b.stop - b.start for b, cells in zip(blocks, made, strict=False) if cells is not None])
        shown = _shown([kind for kind, _ in form], kept) if formed >= MIN_FORMED * size else None
        if shown is None:
            return None
        names, used, lines, shape = shown
        rows: list[list[str] | str] = []
        for block, cells in zip(blocks, made, strict=False):
            if cells is None:
                rows += self.lines[block.start : block.stop]
            else:
                rows.append([_value(cells[i], atom) for i, atom in used])
        grid = Grid(shape, names, rows, lines)
        return grid if restore(grid) == list(self.lines[blocks[0].start : blocks[len(made) - 1].stop]) else None

    def _cells(self, rank: Mapping[Place, int], block: Block) -> list[str] | None:
        """A cell for each line of the form, with the lines below it that are not of the form; None for a block that
        lacks a line without a value, or is mostly others."""
        cells = [""] * len(rank)
        last = -1
        for at, place in zip(range(block.start, block.stop), self._placed(block), strict=True):
            found = rank.get(place, -1) if place is not None else -1
            if found > last:
                cells[found], last = self.parts[at].value or EMPTY, found
            elif last < 0:
                return None
            else:
                cells[last] = ("" if cells[last] == EMPTY else cells[last]) + "\n" + self.lines[at]
        whole = all(cell or kind.name for cell, (kind, _) in zip(cells, rank, strict=True))
        return cells if whole and 2 * sum(map(bool, cells)) >= block.stop - block.start else None


class _Atom(NamedTuple):
    """A value in a cell, by its place among what the cell is split into (-1 for all of it), and the quote it is in."""

    at: int
    quote: str


Shown = tuple[list[str], list[tuple[int, _Atom]], list[str], str]
"""Names of columns; which cell each is, and which atom of it; the lines of a block; the shape."""


def _shown(form: Sequence[Line], rows: Sequence[Sequence[str]]) -> Shown | None:
    """How blocks of a form are written: what is the same in all of them stands in their lines."""
    names: list[str] = []
    used: list[tuple[int, _Atom]] = []
    lines: list[str] = []
    texts = "".join([text for kind in form for text in (kind.before, kind.after)] + list(rows[0]))
    braces = next((pair for pair in BRACES if pair[0] not in texts and pair[1] not in texts), None)
    if braces is None:
        return None
    for i, kind in enumerate(form):
        cells = {row[i] for row in rows}
        if len(cells) == 1:
            lines += _restored([(kind.before, kind.after)], [*cells])
            continue
        line = kind.before
        for text, atom, name in _atoms(cells, kind.name or "more"):
            line += text
            if name:
                names.append(_name(name, names))
                used.append((i, atom))
                line += f"{braces[0]}{names[-1]}{braces[1]}"
        lines.append(line + kind.after)
    namesakes = Counter([name.rstrip("0123456789") for name in names])
    if not names or len(lines) > MAX_LINES or max(namesakes.values()) > MAX_NAMESAKES:
        return None
    return names, used, lines, SHAPE.format(len(lines), *braces)


def _atoms(cells: Collection[str], name: str) -> list[tuple[str, _Atom, str]]:
    """The values in cells that are the same but for these: the text before each, which atom it is, and its name; the
    text behind the last has none. Of other cells the whole is one value."""
    split = [_ATOM.split(cell) for cell in cells if cell]
    first = split[0]
    alike = all(parts[::2] == first[::2] for parts in split) and 1 < len(first) <= 2 * MAX_ATOMS
    if not alike or not _STRUCTURE("".join(first)) or any("\n" in cell for cell in cells):
        return [("", _Atom(-1, ""), name)]
    made: list[tuple[str, _Atom, str]] = []
    text, key = "", name
    for at in range(1, len(first), 2):
        text += first[at - 1]
        quote = first[at][0] if first[at][0] in "'\"" else ""
        if len({parts[at] for parts in split}) == 1:
            text += first[at]
            word = first[at].strip("'\"")
            key = word if _KEY(word) and first[at + 1].lstrip()[:1] in (":", "=") else key
        else:
            quote = quote if all(parts[at][0] == quote and len(parts[at]) > 2 for parts in split) else ""
            made.append((text + quote, _Atom(at, quote), key))
            text, key = quote, name
    return [*made, (text + first[-1], _Atom(-1, ""), "")]


def _value(cell: str, atom: _Atom) -> str:
    """An atom of a cell, or all of it."""
    if atom.at < 0 or not cell:
        return cell
    value: str = _ATOM.split(cell)[atom.at]
    return value[1:-1] if atom.quote else value


def _name(name: str, taken: Sequence[str]) -> str:
    """A name, with a number where it is taken."""
    number = 1
    while (named := name if number == 1 else f"{name}{number}") in taken:
        number += 1
    return named


def _restored(form: Sequence[Sequence[str]], cells: Sequence[str]) -> list[str]:
    """The lines of a block from the texts around its cells."""
    out: list[str] = []
    rest = iter(cells)
    for texts in form:
        own = [next(rest) for _ in texts[1:]]
        if own and not any(own):
            continue
        more: list[str] = []
        line = texts[0]
        for cell, text in zip(own, texts[1:], strict=True):
            if cell != EMPTY:
                value, *more = cell.split("\n")
                line += value
            line += text
        out += [line, *more]
    return out


def _blocks(grid: Grid) -> Iterator[list[str]]:
    """The lines that each row stands for. Raises FormatError."""
    found = _SHAPE(grid.shape)
    if not found:
        raise FormatError(f"no such shape: {grid.shape[:60]!r}")
    slot = re.compile(f"{re.escape(found[2])}([^{re.escape(found[3])}]*){re.escape(found[3])}")
    form = [slot.split(line) for line in grid.form]
    if [name for parts in form for name in parts[1::2]] != grid.names:
        raise FormatError("the lines of a block do not hold the columns")
    texts = [parts[::2] for parts in form]
    for row in grid.rows:
        yield [row] if isinstance(row, str) else _restored(texts, row)


def restore(grid: Grid) -> list[str]:
    """The original lines. Raises FormatError."""
    return [line for block in _blocks(grid) for line in block]
