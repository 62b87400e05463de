"""JSON documents as lines: `key=value`, objects as `key={` ... `}`, lists of records as tables. The rule is that a
value which stands earlier in the document may be named instead of repeated, and nothing else is shared.

`<name>` is the value of the key `name`, looked up in the object where it stands, then in the objects around it;
`a.b` goes down into objects. A string may hold several such names between plain text: `html_url=<url>/issues`. An
object or list of one element may be written into its key: `a.b=1`, `list[].b=1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from headroom.compressors._columns.cells import LINE, estimate, write
from headroom.compressors._columns.json_text import Tree, dump, key_name, plain_key, quote, relaxed
from headroom.compressors._columns.templates import Words, refer
from headroom.compressors._records.objects_read import Reader
from headroom.compressors._records.shapes import (
    TEXT_BELOW,
    Kind,
    holds_controls,
    is_notice,
    read_opening,
    table_kind,
)
from headroom.compressors._records.strings import Print, open_string, printed
from headroom.compressors._records.tables import write_table
from headroom.errors import FormatError

INLINE_CHARS = 80
"""Longest object that stands on one line."""

SHORTEST_NAMED = 8
LONGEST_SEARCHED = 160
"""Characters of a string worth naming, and of one worth searching for named parts."""

TEXT_CHARS = 60
FEW_RECORDS = 8
SMALL_TABLE = 3000
"""A table of at most so many rows and characters is also written as objects, and the cheaper is taken."""

Path = tuple[str | int, ...]


class _Frame(NamedTuple):
    """An object that is open where the writer stands."""

    path: Path
    keys: Mapping[str, Tree]


class Writer:
    """Writes one document; `lines` and `notation` hold the result."""

    def __init__(self, *, inside: bool = False, ordered: bool = False) -> None:
        """`inside` a string no string is opened again; `ordered` keeps the order of keys in tables, too."""
        self._inside = inside
        self._ordered = ordered
        self.lines: list[str] = []
        self.notation: set[str] = set()
        self._frames: list[_Frame] = []
        self._texts: dict[int, str] = {}
        self._kinds: dict[int, Kind | None] = {}
        self._learned: list[tuple[str, bool]] = []
        """What was learned, in order, words and objects, so that a layout that lost can be undone."""
        self._known: dict[str, Path] = {}
        """Where each object (as its relaxed text) stands for the first time."""
        self._words: Words[Path] = Words()
        """Where each string and number stands for the first time."""

    def document(self, tree: Tree) -> None:
        """Writes a whole document: an object's lines, or a list."""
        self._note(tree)
        if type(tree) is dict and (not self._kinds[id(tree)] or not tree):
            self._keys(tree, ())
        else:
            self._value("", tree, ())

    def value(self, tree: Tree) -> None:
        """Writes a value as it stands after a key."""
        self._note(tree)
        self._value("", tree, ())

    def documents(self, trees: list[Tree]) -> None:
        """Writes several documents between `[documents` and `]`."""
        self.lines.append("[documents")
        for i, tree in enumerate(trees):
            self._note(tree)
            self._value("", tree, (i,))
        self.lines.append("]")

    def _note(self, tree: Tree) -> str | None:
        """Writes down the text and the kind of table of every container, from the inside out. What holds a long table
        has no text: it is never compared."""
        kind = type(tree)
        if kind is not dict and kind is not list:
            return relaxed(tree)
        if kind is list and set(map(type, tree)) == {tuple}:
            self._kinds[id(tree)] = None
            self._texts[id(tree)] = text = f"[{','.join([value[0] for value in tree])}]"
            return text
        self._kinds[id(tree)] = table = table_kind(tree)
        if table and len(tree) > FEW_RECORDS:
            return None
        if kind is dict:
            inner = [self._note(value) for value in tree.values()]
            if None in inner:
                return None
            text = f"{{{','.join([f'{relaxed(key)}:{value}' for key, value in zip(tree, inner, strict=True)])}}}"
        else:
            inner = [self._note(value) for value in tree]
            if None in inner:
                return None
            text = f"[{','.join([value for value in inner if value is not None])}]"
        self._texts[id(tree)] = text
        return text

    def _keys(self, tree: dict[str, Tree], path: Path) -> None:
        self._frames.append(_Frame(path, tree))
        for key, value in tree.items():
            self._value(f"{key_name(key)}=", value, (*path, key))
        self._frames.pop()

    def _value(self, prefix: str, tree: Tree, path: Path) -> None:
        kind = type(tree)
        if kind is str:
            self._string(prefix, tree, path)
        elif kind is dict:
            self._object(prefix, tree, path)
        elif kind is list:
            self._list(prefix, tree, path)
        else:
            text = write(tree, LINE)
            self._learn(text, path)
            self.lines.append(prefix + text)

    def _learn(self, text: str, path: Path) -> None:
        if len(text) >= SHORTEST_NAMED and text not in self._words.known:
            self._words.add(text, path)
            self._learned.append((text, True))

    def _unlearn(self, text: str, word: bool) -> None:
        if word:
            self._words.forget(text)
        else:
            del self._known[text]

    def _object(self, prefix: str, tree: dict[str, Tree], path: Path) -> None:
        text = self._texts.get(id(tree))
        if text and len(tree) > 1 and (name := self._name(self._known.get(text, ()))):
            self.notation.add("reference")
            self.lines.append(f"{prefix}<{name}>")
            return
        if text and len(text) <= INLINE_CHARS and ('"' not in text or len(text) <= INLINE_CHARS // 2):
            self.lines.append(prefix + text)
        elif len(tree) == 1 and prefix:
            key, value = next(iter(tree.items()))
            self._value(f"{prefix[:-1]}.{key_name(key)}=", value, (*path, key))
        elif kind := self._kinds[id(tree)]:
            self._table(kind, prefix, tree, path)
        else:
            self._block(prefix, tree, path)
        if text and len(tree) > 1 and text not in self._known:
            self._known[text] = path
            self._learned.append((text, False))

    def _list(self, prefix: str, tree: list[Tree], path: Path) -> None:
        text = self._texts.get(id(tree))
        kind = self._kinds[id(tree)]
        plain = not any(type(value) in (dict, list) for value in tree)
        if text and not kind and (len(text) <= INLINE_CHARS or (plain and len(text) <= INLINE_CHARS * (len(tree) + 1))):
            self.lines.append(prefix + (dump(tree) if read_opening(text) or text == "[documents" else text))
        elif kind:
            self._table(kind, prefix, tree, path)
        elif len(tree) == 1 and prefix:
            self._value(f"{prefix[:-1]}[]=", tree[0], (*path, 0))
        else:
            self._block(prefix, tree, path)

    def _block(self, prefix: str, tree: Tree, path: Path) -> None:
        if type(tree) is dict:
            self.lines.append(prefix + "{")
            self._keys(tree, path)
            self.lines.append("}")
            return
        self.lines.append(prefix + "[")
        for i, value in enumerate(tree):
            self._value("", value, (*path, i))
        self.lines.append("]")

    def _table(self, kind: Kind, prefix: str, tree: Tree, path: Path) -> None:
        lines, notation = write_table(kind, tree, self._ordered)
        lines[0] = prefix + lines[0]
        if len(tree) <= FEW_RECORDS and len(self._texts.get(id(tree), "")) <= SMALL_TABLE:
            start, learned, words = len(self.lines), len(self._learned), set(self.notation)
            self._block(prefix, tree, path)
            if estimate("\n".join(self.lines[start:])) <= estimate("\n".join(lines)):
                return
            del self.lines[start:]
            self.notation = words
            while len(self._learned) > learned:
                self._unlearn(*self._learned.pop())
        self.lines += lines
        self.notation |= notation

    def _string(self, prefix: str, text: str, path: Path) -> None:
        if not self._inside and (opened := open_string(text)) and self._opened(prefix, text, *opened):
            return
        if len(text) > TEXT_CHARS and text.count("\n") > 1 and not holds_controls(text):
            self.notation.add("below")
            self.lines.append(prefix + TEXT_BELOW)
            self.lines += [" " + line for line in text.split("\n")]
        else:
            template = None
            if SHORTEST_NAMED <= len(text) <= LONGEST_SEARCHED and not is_notice(text):
                template = refer(text, self._words, lambda word, path: self._name_in(text, word, path))
            if template:
                self.notation.add("reference")
            self.lines.append(prefix + (template.text if template else write(text, LINE)))
        self._learn(text, path)

    def _opened(self, prefix: str, text: str, tree: Tree, form: Print) -> bool:
        """Writes the JSON inside a string, if that is shorter and gives the very string back."""
        for ordered in (False, True):
            inner = Writer(inside=True, ordered=ordered)
            inner.value(tree)
            try:
                made = printed(Reader(inner.lines).value(), form)
            except FormatError:
                return False
            if made == text:
                if estimate("\n".join(inner.lines)) + 4 >= estimate(quote(text)):
                    return False
                self.lines += [prefix + form.words + inner.lines[0], *inner.lines[1:]]
                self.notation |= inner.notation | {"json"}
                return True
        return False

    def _name_in(self, text: str, word: str, path: Path) -> str | None:
        """The name of a known text that stands in `text`; alone, it must be a string like `text`."""
        name = self._name(path)
        return name if name and (len(word) < len(text) or self._is_string(path)) else None

    def _is_string(self, path: Path) -> bool:
        frame = self._frames[0]
        value: Tree = frame.keys
        for key in path[len(frame.path) :]:
            value = value[key]
        return type(value) is str

    def _name(self, path: Path) -> str | None:
        """The name by which a place is found from here, if it has one."""
        if not path:
            return None
        for depth in range(len(self._frames) - 1, -1, -1):
            frame = self._frames[depth]
            size = len(frame.path)
            if path[:size] == frame.path:
                keys = path[size:]
                first = keys[0]
                if any(first in inner.keys for inner in self._frames[depth + 1 :]):
                    return None
                words = [key for key in keys if type(key) is str and plain_key(key)]
                return ".".join(words) if len(words) == len(keys) else None
        return None
