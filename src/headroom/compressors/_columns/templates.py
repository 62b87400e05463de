"""Templates: a column's strings as text that stands once, other columns of the same row, and at most one hole. The
rule is that a template is found on a few rows and believed only after all rows were tried.

`https://api.github.com/repos/<repo>/issues/<>`: `<repo>` is the row's value of that column, `<>` what the row's own
cell says. A template that is one reference alone copies the value with its type; any other makes a string, and makes
nothing (the key is missing) where a reference has no text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

from headroom.compressors._columns.cells import MISSING, Value, estimate, shared_start, texts
from headroom.compressors._columns.json_text import CONTROL, quote, unquote
from headroom.errors import FormatError

Part = str | tuple[str]
"""Literal text, or (name,) for a reference; ("",) is the hole."""

SAMPLES = 6
LONGEST = 36
"""Tokens of a value that are looked at: 24 from its start, 12 from its end."""

REFERENCE = 2
"""Tokens of a reference beside its name: `<` and `>`."""

MANY_WORDS = 12
"""Known texts with the same first word from which looking them up beats trying each."""

T = TypeVar("T")

tokens_of = re.compile(r"[^\W\d_]+|\d+|[\W_]").findall
_first_token = re.compile(r"[^\W\d_]+|\d+|[\W_]").match
_reference = re.compile(r"<([^<>]*)>").split
unfit = re.compile(r"[<>]").search
_needs_quotes = re.compile(rf"[{CONTROL}]|\A[\"\[{{]|\A<> in |\A\Z").search
_word_at_end = re.compile(r"(?:[^\W\d_]+|\d+)\Z")
_word_at_start = re.compile(r"\A(?:[^\W\d_]+|\d+)")
_HOLE: Part = ("",)

QUOTED = "<> in "
"""Before a template that stands as a JSON string."""

LONG_TEXT = 150
"""Characters of a text whose start and end are compared as they are, not word by word."""


class Template(NamedTuple):
    """Parts in order. No literal part holds `<` or `>`."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        text = "".join(part if isinstance(part, str) else f"<{part[0]}>" for part in self.parts)
        return QUOTED + quote(text) if _needs_quotes(text) else text

    @property
    def holed(self) -> bool:
        return _HOLE in self.parts

    @property
    def references(self) -> list[str]:
        return [part[0] for part in self.parts if isinstance(part, tuple) and part[0]]

    @property
    def sides(self) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        """What stands before and after the hole."""
        at = self.parts.index(_HOLE)
        return self.parts[:at], self.parts[at + 1 :]


def read_template(text: str) -> Template:
    """The template of its text. Raises FormatError if it has two holes."""
    pieces = _reference(unquote(text[len(QUOTED) :]) if text.startswith(QUOTED + '"') else text)
    parts: list[Part] = [(piece,) if i % 2 else piece for i, piece in enumerate(pieces) if piece or i % 2]
    if parts.count(_HOLE) > 1 or any(isinstance(part, str) and unfit(part) for part in parts) or not parts:
        raise FormatError(f"not a template: {text[:40]!r}")
    return Template(tuple(parts))


def fill(parts: Sequence[Part], columns: Mapping[str, Sequence[Value]], n: int) -> list[Value]:
    """What `parts`, without a hole, make of each row. Raises KeyError for a column that is not there."""
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return list(columns[parts[0][0]])
    sources = [texts(columns[part[0]]) for part in parts if isinstance(part, tuple)]
    form = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    if not sources:
        return ["".join(part for part in parts if isinstance(part, str))] * n
    if any(None in source for source in sources):
        return [MISSING if None in row else form % row for row in zip(*sources, strict=True)]
    return [form % row for row in zip(*sources, strict=True)]


def sides(template: Template, columns: Mapping[str, Sequence[Value]], n: int) -> list[tuple[str, str] | None]:
    """What stands before and after the hole in each row; None where a reference has no text."""
    before, after = template.sides

    def side(parts: tuple[Part, ...]) -> list[Value]:
        return texts(fill(parts, columns, n)) if parts else [""] * n

    pairs = zip(side(before), side(after), strict=True)
    return [None if a is None or b is None else (a, b) for a, b in pairs]


class _Span(NamedTuple):
    """A run of tokens that is the text of some columns."""

    first: int
    after: int
    size: int
    """In characters."""
    names: list[str]


class Words(Generic[T]):
    """Known texts, found where they stand in another text from one token's start to another token's end."""

    def __init__(self) -> None:
        self.known: dict[str, T] = {}
        self._by_first: dict[str, list[str]] = {}

    def add(self, word: str, value: T) -> None:
        """Knows `word`, which is not empty and not known yet."""
        self.known[word] = value
        first = _first_token(word)
        self._by_first.setdefault(first.group() if first else "", []).append(word)

    def forget(self, word: str) -> None:
        """Undoes the last `add`, which was of this word."""
        del self.known[word]
        first = _first_token(word)
        words = self._by_first[first.group() if first else ""]
        words.pop()
        if not words:
            del self._by_first[first.group() if first else ""]

    def starts(self, token: str) -> bool:
        """True if a known text starts with this token."""
        return token in self._by_first

    def strange(self, tokens: list[str]) -> bool:
        """True if no known text starts with one of these tokens."""
        return self._by_first.keys().isdisjoint(tokens)

    def at(self, cut: Cut, i: int) -> Iterator[tuple[int, str]]:
        """The known texts that start with token `i` of a cut text, longest first: (token after it, text)."""
        words = self._by_first.get(cut.tokens[i])
        if words is None:
            return
        text, starts = cut.text, cut.starts
        start = starts[i]
        if len(words) > MANY_WORDS:
            for j in range(len(cut.tokens), i, -1):
                word = text[start : starts[j]]
                if word in self.known:
                    yield j, word
            return
        found = [word for word in words if text.startswith(word, start)]
        for word in sorted(found, key=len, reverse=True):
            if start + len(word) in cut.after:
                yield cut.after[start + len(word)], word


class Finder:
    """Finds templates over columns that are offered shortest first, so that references never run in a circle."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._least = 2 if n >= 8 else 3 if n > 3 else 4
        self._known: dict[str, list[str | None]] = {}
        self._indexes: dict[int, Words[list[str]]] = {}
        self._rows = sorted({i * (n - 1) // max(1, SAMPLES - 1) for i in range(SAMPLES)})

    def add(self, name: str, words: list[str | None]) -> None:
        """Makes a column known, so that later ones may refer to it. Names that cannot stand in a template are not."""
        if unfit(name):
            return
        self._known[name] = words
        for row, index in self._indexes.items():
            self._note(index, name, words[row])

    def _note(self, index: Words[list[str]], name: str, word: str | None) -> None:
        if word and (len(word) >= self._least or self._n >= 8):
            if word not in index.known:
                index.add(word, [])
            index.known[word].append(name)

    def _index(self, row: int) -> Words[list[str]]:
        if row not in self._indexes:
            index: Words[list[str]] = Words()
            self._indexes[row] = index
            for name, words in self._known.items():
                self._note(index, name, words[row])
        return self._indexes[row]

    def find(self, name: str, column: Sequence[Value]) -> list[Template]:
        """Templates that hold on most sampled rows of a column, the most promising first."""
        rows = [row for row in self._rows if type(column[row]) is str]
        if len(rows) < min(3, self._n):
            rows = [row for row, value in enumerate(column) if type(value) is str]
            rows = rows[:: max(1, len(rows) // SAMPLES)][:SAMPLES]
        if len(rows) < 2:
            return []
        cuts = _cuts([column[row] for row in rows])
        cut = [each.tokens for each in cuts]
        spans = [_spans(each, self._index(row)) for each, row in zip(cuts, rows, strict=True)]
        groups = [list(range(len(rows)))]
        for end in (0, -1):
            groups.append(_majority([tokens[end] for tokens in cut]))
        found: list[Template] = []
        for group in groups:
            if len(group) < 2:
                continue
            template = _common(name, [cut[i] for i in group], [spans[i] for i in group], self._least)
            if template and template not in found:
                found.append(template)
        return found


class Cut:
    """A text cut into tokens: words, numbers, single signs. Of a long one the middle is one token."""

    def __init__(self, text: str, before: int = 0, after: int = 0, tokens: list[str] | None = None) -> None:
        """`before` and `after` characters at the ends are one token each; `tokens` saves cutting again."""
        if tokens is None:
            tokens = tokens_of(text[before : len(text) - after])
        if len(tokens) > LONGEST:
            head, tail = tokens[:24], tokens[-12:]
            start, end = sum(map(len, head)) + before, sum(map(len, tail)) + after
            tokens = [*head, text[start : len(text) - end], *tail]
        if before or after:
            tokens = [text[:before], *tokens, text[len(text) - after :]]
        self.text = text
        self.tokens: list[str] = tokens or [""]
        self.starts = list(accumulate(map(len, self.tokens), initial=0))

    @cached_property
    def after(self) -> dict[int, int]:
        """The token that starts at a character."""
        return {start: j for j, start in enumerate(self.starts)}


def refer(text: str, words: Words[T], name_of: Callable[[str, T], str | None]) -> Template | None:
    """`text` with references for the known texts in it, longest first; None where that spares nothing. `name_of` gives
    a known text's name, or None if it has none here."""
    if unfit(text):
        return None
    tokens = tokens_of(text)
    if words.strange(tokens):
        return None
    cut = Cut(text, tokens=tokens)
    parts: list[Part] = []
    done = after = 0
    for i, token in enumerate(cut.tokens):
        if i < after or not words.starts(token):
            continue
        for end, word in words.at(cut, i):
            name = name_of(word, words.known[word])
            if name and _cost(name) + REFERENCE < _cost(word):
                if cut.starts[i] > done:
                    parts.append(text[done : cut.starts[i]])
                parts.append((name,))
                after, done = end, cut.starts[end]
                break
    if not parts:
        return None
    if done < len(text):
        parts.append(text[done:])
    return Template(tuple(parts))


_cost = lru_cache(maxsize=8192)(estimate)


def scopes(name: str) -> list[str]:
    """What may stand before a reference in the column `name`, nearest object first."""
    found = [""]
    if '"' not in name:
        for i, sign in enumerate(name):
            if sign == ".":
                found.insert(0, name[: i + 1])
    return found


def resolve(reference: str, name: str, names: Container[str]) -> str | None:
    """The column that `reference` means in the column `name`: of those with that name, the one of the nearest
    object, never `name` itself. After a dot stands a whole name."""
    if reference.startswith("."):
        return reference[1:] if reference[1:] in names else None
    found = (scope + reference for scope in scopes(name))
    return next((column for column in found if column in names and column != name), None)


def shorten(target: str, name: str, names: Container[str]) -> str:
    """The shortest reference to the column `target` from the column `name`."""
    for scope in scopes(name):
        short = target.removeprefix(scope)
        if target.startswith(scope) and resolve(short, name, names) == target:
            return short
    return "." + target


def _cuts(strings: list[str]) -> list[Cut]:
    if min(map(len, strings)) < LONG_TEXT:
        return [Cut(text) for text in strings]
    before = len(_word_at_end.sub("", strings[0][: shared_start(strings)]))
    rest = [text[before:][::-1] for text in strings]
    after = len(_word_at_start.sub("", rest[0][: shared_start(rest)][::-1]))
    return [Cut(text, before, after) for text in strings]


def _spans(cut: Cut, words: Words[list[str]]) -> list[_Span]:
    """Where runs of tokens are the text of known columns; at each token the longest run first."""
    found = []
    for i in range(len(cut.tokens)):
        for j, word in words.at(cut, i):
            found.append(_Span(i, j, len(word), words.known[word]))
    return found


def _majority(keys: list[str]) -> list[int]:
    best = max(set(keys), key=lambda key: (keys.count(key), key))
    chosen = [i for i, key in enumerate(keys) if key == best]
    return chosen if len(keys) > len(chosen) >= 0.6 * len(keys) else []


def _common(name: str, cut: list[list[str]], spans: list[list[_Span]], least: int) -> Template | None:
    shared = set.intersection(*({n for span in found for n in span.names} for found in spans))
    if shared:
        shared &= {n for found in spans for span in found if span.size >= least for n in span.names}
    near = name.rpartition(".")[0]
    order = {n: (not n.startswith(near), len(n), n) for n in shared}
    forms = [_form(tokens, found, order) for tokens, found in zip(cut, spans, strict=True)]
    shortest = min(map(len, forms))
    first = forms[0]
    head = next((i for i in range(shortest) if any(form[i] != first[i] for form in forms)), shortest)
    if head == shortest and all(len(form) == shortest for form in forms):
        return _template(first)
    room = shortest - head
    tail = next((i for i in range(room) if any(form[-1 - i] != first[-1 - i] for form in forms)), room)
    before, after = first[:head], first[len(first) - tail :]
    # A reference that touches the hole would tear one word of the row in two.
    while before and not _is_sign(before[-1]):
        before.pop()
    while after and not _is_sign(after[0]):
        after.pop(0)
    if not before and not after:
        return None
    return _template([*before, _HOLE, *after])


def _is_sign(part: Part) -> bool:
    return isinstance(part, str)


def _form(tokens: list[str], found: list[_Span], order: Mapping[str, tuple[bool, int, str]]) -> list[Part]:
    form: list[Part] = []
    at = 0
    for i, j, _, names in found:
        if i < at:
            continue
        usable = [n for n in names if n in order]
        if usable:
            form += tokens[at:i]
            form.append((min(usable, key=order.__getitem__),))
            at = j
    form += tokens[at:]
    return form


def _template(form: Sequence[Part]) -> Template | None:
    parts: list[Part] = []
    for part in form:
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    literals = [part for part in parts if isinstance(part, str)]
    if any(map(unfit, literals)):
        return None
    return Template(tuple(parts))


def worth(template: Template, columns: Mapping[str, Sequence[Value]], row: int) -> int:
    """Roughly the tokens that the template spares in a row like `row`."""
    words = [part if isinstance(part, str) else columns[part[0]][row] if part[0] else "" for part in template.parts]
    return sum(
        estimate(word if type(word) is str else word[0]) for word in words if word and type(word) in (str, tuple)
    )
