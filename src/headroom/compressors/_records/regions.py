"""Where a text is JSON: whole documents, alone or in a row, between lines of other text, and what is whole of documents
that are not. The rule is that what stands around them is kept to the character, and that looking costs at most a few
passes over the text.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from headroom.compressors._columns.json_text import NotJsonError, Tree, dump, parse_at, skip_space
from headroom.compressors._records.literals import LITERALS, TUPLES, literals, printed
from headroom.compressors._records.shapes import NOTICE_START, is_notice
from headroom.fragments import item_at, next_at, place

SHORTEST = 80
"""Characters from which JSON between other text is looked at: a header costs as much as this."""

PASSES = 3
"""How often, on average, a character may be read in vain before the search gives up."""

WHOLE_SHARE = 0.5
"""A text is taken for JSON that was cut only as far as this share of it is whole: what is whole in source code that
looks like JSON is less."""

LEAST_CUT = 1_000
"""Characters that must be whole of a document that is not: clients cut long outputs, source code holds short ones."""

LOOKED, LOOKED_FIRST = 1_000, 20_000
"""Characters without JSON after which the search for more of a document that was cut ends (four more for each that is
whole), and those in which the first of a text is looked for whose start is missing."""

KEY_CHARS = 150
"""A text whose start is missing is looked at only if it has a key in so many characters."""

_start = re.compile(
    r"(?m)^(?:[ \t]*+|[A-Za-z][\w ./-]{0,40}+[:=] ?|<[\w-]++>[ \t]*+|\ufeff)"
    r'(?=\{\s*"|\[\s*(?:[\[{"]|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*[,\]]|true\b|false\b|null\b))'
).finditer
"""Where a line turns to what looks like an object or list: `[INFO]` and `[2031-04-02 …` do not."""

_end = re.compile(r"[ \t]*\r?(?=\n|\Z)|</|[\[{]").match
"""What may stand behind a document: the end of its line, a tag, or the next one."""
_KEY = r'"(?:[^"\\\n]|\\.){0,200}"\s*:'
_into = re.compile(rf"(?:{_KEY}\s*)?[\[{{]\s*").match
_brackets = re.compile(
    r'"(?:[^"\\]++|\\.)*+"|[\[{](?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+[\]}]|[\[\]{}]', re.DOTALL
).finditer
"""Strings, objects and lists without others in them, and single brackets."""
_plain_decoder = json.JSONDecoder(parse_int=str, parse_float=str)
_closing = re.compile(r"[\]},\s]*").match
_again = re.compile(
    r'(?m)^[ \t]*(?=[\[{"])'
    rf"|(?=(?:\[\s*)?\{{\s*{_KEY})|(?<=[,{{])(?={_KEY}\s*[\[{{])|(?<=[,\[])(?=\[)"
).search
"""Where values or members may begin again below a gap: at a line's start, which is in no string, or within a line at an
object, a list of lists, or a key of one; inside a string these would be escaped."""
_begun = re.compile(r"\[\s*\Z").search
_assigned = re.compile(r"=[^\S\n]*(?:[\w.]+\()?[\[{(]*\s*\Z").search
"""Truthy for source code before a value."""
_called = re.compile(r"[\]},\s]*(?:[);]|`(?!``))").match
"""Truthy for source code behind a value."""


class Region(NamedTuple):
    """JSON values with nothing but white space between them, or nothing but commas, and where they stand in the text. A
    notice that stands on a line among them is a string; no document is one."""

    trees: list[Tree]
    start: int
    end: int
    form: str = "documents"
    """`elements` of an array, parted by commas, or (`trees` is one object) `members`; of either an end is elsewhere.
    `literals` and `tuples` are what Python printed, one a line."""

    @property
    def exact(self) -> bool:
        """True if the text is no JSON, so that it must come back to the character."""
        return self.form in (LITERALS, TUPLES)


Piece = str | Region


def several(region: Region) -> bool:
    """True if the rows of a region are its values: elements, or documents of which there are more than one."""
    return len(region.trees) > 1 or region.form == "elements"


def named(region: Region, text: str) -> tuple[Tree, str]:
    """The value of a region and the path by which a notice names it in `text`."""
    where = place(text, region.start)
    if several(region):
        return region.trees, where
    return region.trees[0], where if region.form == "members" else f"{where}[0]"


class _Reader:
    """Reads the values of one text, and remembers which are not whole, so that none of them is read twice."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.wasted = 0
        """Characters read in vain."""
        self.code = False
        """True if the text is source code: what is JSON in it is no part of a document."""
        self.passed = 0
        """Where the last value ends that is JSON but left alone: it repeats a key, say."""
        self._passed: dict[int, int] = {}
        self._broken: set[int] = set()

    @property
    def gives_up(self) -> bool:
        return self.wasted > PASSES * len(self.text)

    def __call__(self, text: str, start: int) -> tuple[Tree, int]:
        """The value that starts at `start`, and its end. Raises ValueError, RecursionError."""
        self.passed = self._passed.get(start, self.passed)
        if start in self._broken or start in self._passed:
            raise NotJsonError("not whole, or left alone")
        try:
            return parse_at(text, start)
        except json.JSONDecodeError as error:
            # The error costs as much as reading some characters, and counts the lines before it.
            self.wasted += error.pos - start + 64 + start // 256
            self._broken.update(_open(text, start, error.pos))
            raise
        except NotJsonError:
            self._pass(start)
            raise
        except RecursionError:
            self.wasted += (len(text) - start) // 4
            raise

    def _pass(self, start: int) -> None:
        """Finds the end of a value that is left alone; it may lack one."""
        try:
            self.passed = self._passed[start] = _plain_decoder.raw_decode(self.text, start)[1]
            self.wasted += self.passed - start
        except json.JSONDecodeError as error:
            self.wasted += 2 * (error.pos - start)
            self._broken.update(_open(self.text, start, error.pos))
        except RecursionError:
            self.wasted += len(self.text) // 4


def pieces(text: str, shortest: int = SHORTEST) -> list[Piece]:
    """A text as other text and regions, in order; [] if it has no region of `shortest` characters between other text.
    White space around a single region goes."""
    start = skip_space(text, 0)
    reader = _Reader(text)
    if text[start : start + 1] in ("{", "[") and text[start:]:
        try:
            tree, end = reader(text, start)
            if skip_space(text, end) == len(text):
                return [Region([tree], start, len(text))]
        except (ValueError, RecursionError):
            pass  # not one document: perhaps several
    found = _search(reader, shortest)
    if not found and KEY_CHARS * text.count('":', 0, LOOKED_FIRST) >= min(len(text), LOOKED_FIRST):
        found = _cut(reader, 0, shortest, LOOKED_FIRST)
    found = found or _literals(text, shortest)
    if not found:
        return []
    made: list[Piece] = []
    at = 0
    for region in found:
        made += [text[at : region.start], region]
        at = region.end
    made.append(text[at:])
    whole = len(found) == 1 and found[0].form == "documents"
    if whole and not any(piece.strip() for piece in made if isinstance(piece, str)):
        return [found[0]]
    return [piece for piece in made if piece]


def region_at(text: str, start: int, form: str, alone: bool = False) -> Region | None:
    """The values of one form that start here, as many as there are, or just one that stands `alone`, whatever follows;
    None if there is none."""
    read = _Reader(text)
    if form != "documents":
        return _run(read, start)
    if not alone:
        return _documents(read, start)
    try:
        tree, end = read(text, start)
    except (ValueError, RecursionError):
        return None
    return Region([tree], start, end)


def written(trees: list[Tree], form: str) -> str:
    """Values as they stand one after the other: documents one a line, with the notices among them."""
    if form in (LITERALS, TUPLES):
        return "\n".join([printed(tree, form) for tree in trees])
    if form == "members":
        return dump(trees[0])[1:-1]
    if form == "elements":
        return ",".join(map(dump, trees))
    return "\n".join([tree if type(tree) is str else dump(tree) for tree in trees])


def _search(reader: _Reader, shortest: int) -> list[Region]:
    found: list[Region] = []
    at = 0
    for begin in _start(reader.text):
        start = begin.end()
        if start < at:
            continue
        region = _documents(reader, start)
        if region and region.end - start >= shortest:
            found.append(region)
            at = region.end
        elif region:
            reader.wasted += region.end - start
        else:
            cut = _cut(reader, start, shortest)
            found += cut
            at = cut[-1].end if cut else at
        if reader.gives_up:
            break
    return found


def _literals(text: str, shortest: int) -> list[Region]:
    """The lines that Python printed; those that follow each other are one region."""
    found: list[Region] = []
    for tree, form, start, end in literals(text):
        last = found[-1] if found else None
        if last and last.form == form and last.end + 1 == start:
            found[-1] = last._replace(end=end)
            last.trees.append(tree)
        else:
            found.append(Region([tree], start, end, form))
    return [region for region in found if region.end - region.start >= shortest]


def _documents(read: _Reader, start: int) -> Region | None:
    """The documents from here on, each ending a line, and the notices that stand on lines among them."""
    text = read.text
    trees: list[Tree] = []
    here, end = start, start
    while text[here : here + 1] in ("{", "["):
        try:
            tree, after = read(text, here)
        except (ValueError, RecursionError):
            tree, after = _notice(text, here) if trees else None, here
            if tree is None:
                break
            after += len(tree)
        if not tree or not _end(text, after):
            break
        trees.append(tree)
        end = after
        here = skip_space(text, after)
    return Region(trees, start, end) if trees else None


def _cut(reader: _Reader, start: int, shortest: int, looked: int = LOOKED) -> list[Region]:
    """What is whole of a document that starts here or above and that is not whole itself: at each level the values or
    members before the place where it breaks off, and those below where JSON begins again. The documents below them are
    found as well."""
    text, reader.passed = reader.text, 0
    found: list[Region] = []
    at, covered, kept, sure = start, 0, 0, True
    reader.code = reader.code or _assigned(text, max(0, start - 80), start) is not None
    while at < len(text) and at - start <= looked + 4 * covered and not (reader.code or reader.gives_up):
        region = _run(reader, at)
        if region is None:
            if reader.passed > at:
                at = reader.passed
            elif into := _into(text, at):
                at, sure = into.end(), True
            else:
                again = _again(text, at + 1, at + looked)
                at = again.end() if again else len(text)
                sure = again is not None and text[again.start() - 1] == "\n"
            continue
        end = _closed(text, region.end)
        reader.code = reader.code or _called(text, region.end) is not None
        if region.form == "elements" and len(region.trees) == 1:
            region = _one(reader, region, sure)
        elif _plain(region) and not _begun(text, max(start, at - 200), at) and not any(map(_plain, found[-1:])):
            region = None  # of a line of CSV, say
        if region and region.end - region.start >= shortest:
            found.append(region)
            covered += region.end - region.start
            kept = len(found) if covered >= max(LEAST_CUT, WHOLE_SHARE * (region.end - start)) else kept
            end = _closed(text, region.end)
        at, sure = end, True
    if found and (reader.code or _assigned(text, max(start, found[0].start - 80), found[0].start)):
        reader.code, kept = True, 0
    reader.wasted += (at - (found[kept - 1].end if kept else start)) // 2
    return found[:kept]


def _closed(text: str, at: int) -> int:
    """The place behind what closes and parts values from `at` on."""
    found = _closing(text, at)
    return found.end() if found else at


def _plain(region: Region) -> bool:
    """True for elements none of which holds others."""
    return region.form == "elements" and not {dict, list} & set(map(type, region.trees))


def _one(reader: _Reader, region: Region, sure: bool) -> Region | None:
    """A single value as a document, with those that follow it, if it surely is one."""
    if type(region.trees[0]) not in (dict, list):
        return None
    return _documents(reader, region.start) if sure else None


def _run(read: _Reader, start: int) -> Region | None:
    """The elements or members, parted by commas, that start here, as many as there are."""
    trees: list[Tree] = []
    members: dict[str, Tree] = {}
    at, end, comma = start, start, True
    while comma:
        try:
            item = item_at(read.text, at, read)
        except (ValueError, RecursionError):
            break
        if (trees if item.key is not None else members) or item.key in members:
            break
        if item.key is None:
            trees.append(item.value)
        else:
            members[item.key] = item.value
        end = item.end
        at, comma = next_at(read.text, end)
    if members:
        return Region([members], start, end, "members")
    return Region(trees, start, end, "elements") if trees else None


def _open(text: str, start: int, end: int) -> list[int]:
    """Where the objects and lists begin that are open at `end`, from the one that begins at `start` on."""
    opened: list[int] = []
    for found in _brackets(text, start, end):
        sign = found[0]
        if sign in "[{":
            opened.append(found.start())
        elif sign in "]}" and opened:
            opened.pop()
    return opened


def _notice(text: str, start: int) -> str | None:
    """The line that starts here, if it is a notice that stands for documents, one a line."""
    if not text.startswith(NOTICE_START, start):
        return None
    end = text.find("\n", start)
    line = text[start:] if end < 0 else text[start:end]
    return line if is_notice(line) else None
