"""The values that pass between the layers, and the protocols behind which everything replaceable stands.

Nothing here imports anything but the standard library; nothing here does I/O. A value is frozen: a layer that
wants another one makes another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

T = TypeVar("T")

Json = Any
"""A decoded JSON value: dict, list, str, int, float, bool or None."""

Path = tuple[str | int, ...]
"""Where a value stands in a request body: object keys and array indices from the root."""

PartClass = Literal["error", "small", "instructions", "read", "machine", "pasted"]
"""The columns of the level table: what a level may do depends on what the text is to the agent."""

Action = Literal["keep", "encode", "outline"]
"""What a level allows on a part; each includes the one before."""

WayBack = Literal["none", "mcp", "tool", "shell"]
"""How the model can fetch an original: no way, our MCP tool, our inserted tool, or a shell command."""


_NO_ARGS: Mapping[str, Json] = {}


class ToolCall(NamedTuple):
    """The call that produced a result: its id, the tool's name, and its arguments as decoded JSON."""

    id: str = ""
    name: str = ""
    args: Mapping[str, Json] = _NO_ARGS
    """Arguments by name. A free-form argument string stands under the empty name."""


Quotes = Literal["", "json", "ascii"]
"""How a text is quoted where it stands: not at all, or as a JSON string, in which all but ASCII may be escaped."""


class Item(NamedTuple):
    """One content block of a conversation, in order. It is a *part* if its text is ours to change. Named by its fields.

    The string at `leaf` in the request body equals `around(text)`. `head` and `tail` are host text (an exit code line,
    a `<system-reminder>`, JSON about one long string): left alone, and put back from the current request around a
    rendering.
    """

    role: str
    kind: Literal["text", "call", "result", "image", "other"]
    text: str = ""
    """The block's text without host text; for binary data its SHA-256 in hex."""
    call: ToolCall | None = None
    """For a call, the call; for a result, the call that produced it, as far as the request shows it."""
    leaf: Path | None = None
    head: str = ""
    tail: str = ""
    is_error: bool = False
    hashed: bool = True
    """False for what clients move, strip or rewrite (system text, reminders): it is not part of the chain."""

    quotes: Quotes = ""

    @property
    def is_part(self) -> bool:
        return self.leaf is not None

    def around(self, text: str) -> str:
        """The string at `leaf` with `text` in the place of the part's own."""
        return self.head + self.quoted(text) + self.tail

    def quoted(self, text: str) -> str:
        """`text` as it stands in that string. Where ASCII was escaped in the part's own, what is new is not."""
        return quoted(text, self.quotes if text == self.text else "json") if self.quotes else text

    def within(self, string: str) -> str:
        """What stands in the part's place in `string`, as `around` wrote it."""
        inside = string[len(self.head) : len(string) - len(self.tail)]
        return str(json.loads(f'"{inside}"')) if self.quotes else inside


def quoted(text: str, quotes: Quotes) -> str:
    """`text` as it stands between the quotation marks."""
    return json.dumps(text, ensure_ascii=quotes == "ascii")[1:-1] if quotes else text


class Edit(NamedTuple):
    """One string leaf of a request body and what it becomes."""

    leaf: Path
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Omission:
    """A run of units that a rendering does not show, or shows in part, redeemable by its range."""

    unit: Literal["lines", "rows", "cells", "unseen in lines"]
    """`rows` are the elements of a JSON array or the members of an object; `cells` are rows of which only some long
    strings were shortened; `unseen in lines` are lines shown as a terminal shows them: what was drawn over, and
    colour codes, are left out."""
    first: int
    last: int
    """First and last line or row, counted from 1, inclusive."""
    what: str
    """What kind of thing was left out, in the words of the notice."""
    path: str = ""
    """For rows and cells, the JSON path of the array or object (`$.items`); empty for the document itself."""


class Unit(NamedTuple):
    """A run of lines or rows that is shown or left out as one: a record, a test, a hit, a directory, a line."""

    first: int
    last: int
    """First and last line or row, counted from 1, inclusive."""
    text: str
    """What a query is matched against: the unit's own text."""
    kind: str = "lines"
    """What a notice calls several of them, in the plural: `passed tests`, `files`, `rows`."""
    alike: str = ""
    """Units with the same key show the same thing over and over; a unit without a key is like no other."""
    keep: str = ""
    """Why the unit must be shown, in a word or two (`failure`, `summary`); empty if it may be left out."""
    values: tuple[float, ...] = ()
    """Numbers that can be compared, place by place, with those of the units it is alike."""
    path: str = ""
    """Where rows stand, as in `Omission`. All units of one path are neighbours."""


class Judged(NamedTuple):
    """A unit and what became of it."""

    unit: Unit
    shown: bool
    why: str
    """In a few words: `failure`, `named by the query`, `unusual value`, `one of 198 alike`."""


class Outline(NamedTuple):
    """A text that says less than its original, and says where."""

    text: str
    """The original's lines or JSON rows, without those left out, each run of which is a notice."""
    omissions: tuple[Omission, ...]
    units: tuple[Judged, ...] = ()
    """Everything that was judged, in order, for those who ask why."""
    source: str | None = None
    """The text whose facts must be shown, where it is not the original: what a page says, without what makes it up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What was decided for a part, once: a rendering or raw, and everything a report or the ledger says of it."""

    rendering: str | None
    """The text sent in the part's place; None sends the part as it is."""
    kind: str
    """Name of the compressor that fits the content, `raw` if none."""
    version: int
    """Version of that compressor's wire format."""
    level: str
    lossless: bool
    """True if the decoder returned the original (equal text, or equal JSON value), or the part is raw."""
    ref: str | None
    """Name of the stored original; None if nothing was stored."""
    reason: str
    """One word why: `encoded`, or why the part stayed as it was. The list is `policy.REASONS`."""
    tokens_before: int
    tokens_after: int
    omissions: tuple[Omission, ...] = ()
    refers: tuple[bytes, ...] = ()
    """SHA-256 of each earlier part's text, as sent, that this rendering refers to."""


class PinKey(NamedTuple):
    """A part's place in a conversation (the chain up to and including it) and the conversation's way back."""

    chain: bytes
    way: WayBack


class TextKey(NamedTuple):
    """Second key of a pin, for a conversation whose early blocks the client changed."""

    way: WayBack
    call_id: str
    text_hash: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A decision and the keys it is found by. Written once; the first writer wins."""

    key: PinKey
    text_key: TextKey
    decision: Decision


class Facts:
    """What is known about one text before anybody encodes it. Made once per part, shared by all compressors.

    `once` keeps what a compressor worked out in `fit` (a parse, a line scan) for its own `encode` and `verify`.
    """

    def __init__(
        self, text: str, call: ToolCall | None = None, query: str | None = None, stated: frozenset[str] = frozenset()
    ) -> None:
        self.text = text
        self.call = call
        self.query = query
        """What the agent was after when it made the call, as far as it is known."""
        self.stated = stated
        """Lines, without the blanks around them, that an outline must show: an earlier one lost their facts."""
        self._known: dict[str, Any] = {}

    @cached_property
    def lines(self) -> list[str]:
        r"""The text split at `\n` alone: Unicode line separators are content, a final newline gives a last ""."""
        return self.text.split("\n")

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Returns the value remembered under `name`, made by `make` on first use."""
        if name not in self._known:
            self._known[name] = make()
        known: T = self._known[name]
        return known


class Compressor(Protocol):
    """One kind of content. Stateless; every method is a pure function of its arguments."""

    name: str
    """The kind, as reports and FORMAT.md call it."""
    version: int
    """Version of the wire format this module writes; goes up when a rendering changes."""
    content: PartClass
    """The level table's column this kind falls under when it is a tool's output."""
    marks: tuple[str, ...]
    """ASCII substrings one of which stands in every rendering and that JSON escaping leaves intact. A text that
    holds one already speaks our format and is never encoded."""

    def fit(self, facts: Facts) -> float:
        """How well this compressor fits, 0 (not at all) to 1 (certain). Cheap: looks, does not encode."""
        ...

    def encode(self, facts: Facts) -> str | None:
        """The lossless rendering of `facts.text`, or None where there is nothing to gain."""
        ...

    def decode(self, rendering: str) -> str:
        """The text a rendering stands for. Raises FormatError on what `encode` cannot have written."""
        ...

    def verify(self, facts: Facts, rendering: str) -> bool:
        """True if `rendering` decodes to `facts.text`: byte-equal, or for JSON equal as a value (row order, types,
        number text, null / missing / "" / {} / [] apart; the order of keys in an object is free)."""
        ...

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        """The text without what the agent can do without; without omissions, or None, where that is nothing.
        `deep` is for levels that may also drop what is like nothing else but matters little."""
        ...

    def restored(self, facts: Facts, outline: str) -> bool:
        """True if `outline` with every notice replaced by the range of `facts.text` it names is that text again."""
        ...


class Notices(Protocol):
    """Writes the notices of one part."""

    def write(self, omission: Omission) -> str:
        """One line that says what is missing and how to get it; the first one tells the way, the others the range."""
        ...


class Provider(Protocol):
    """One wire dialect, as a lens: reads items out of a request and writes edits back at their leaves."""

    name: str
    """The dialect; root of the chain."""

    def fit(self, body: Json) -> float:
        """How surely `body` (a message list or a whole request body) is of this dialect, 0 to 1."""
        ...

    def read(self, body: Json) -> list[Item]:
        """All items in order. Never raises on unknown roles, blocks or fields: they become items of kind `other`."""
        ...


class Counter(Protocol):
    """Counts tokens for one family of models."""

    name: str
    estimate: bool
    """True where the family's tokenizer is not public and the count is scaled from another one."""
    factor: float
    """What the other one's count is multiplied by; 1 where the count is exact."""

    def count(self, text: str) -> int: ...


class Original(NamedTuple):
    """A stored text and its name."""

    ref: str
    text: str


class Usage(NamedTuple):
    """How full a store is."""

    originals: int
    pins: int
    bytes: int


class Store(Protocol):
    """Keeps originals by content and pins by key. Safe for several processes at once; what a call has written
    survives the process's death (a power cut may take the last writes). Raises StoreError, never a database's own
    exception."""

    def put(self, text: str) -> str:
        """Keeps `text` and returns its ref (12 base32 characters, longer on collision). Same text, same ref."""
        ...

    def get(self, ref: str) -> Original:
        """The original of `ref`. Raises UnknownRefError."""
        ...

    def pins(self, chains: Sequence[bytes]) -> dict[PinKey, Pin]:
        """All pins of these chain values, whatever their way back: one look-up per request."""
        ...

    def pins_by_text(self, keys: Sequence[TextKey]) -> dict[TextKey, Pin]:
        """For each key the oldest pin that carries it."""
        ...

    def pin(self, pins: Sequence[Pin]) -> list[Pin]:
        """Writes each pin unless its key is taken, in one transaction, and returns what the store holds for each
        key, in order: two workers that race agree."""
        ...

    def unpin(self, keys: Sequence[PinKey]) -> None:
        """Forgets the pins of these keys: the provider refused a request with them, so that nobody has read them."""
        ...

    def decisions(self, ref: str) -> list[Decision]:
        """The decisions of all pins that name the original `ref`, the oldest first; equal ones as often as they were
        pinned. Empty where nothing was pinned, whether or not the original is here. Raises UnknownRefError for what
        is no name of an original."""
        ...

    def note(self, keys: Sequence[bytes], data: bytes) -> None:
        """Remembers `data` under each key, in place of what was remembered under it before."""
        ...

    def notes(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is remembered under these keys."""
        ...

    def usage(self) -> Usage: ...

    def verify(self) -> list[str]:
        """Re-derives every hash from what reads back; returns one sentence per problem, empty if sound."""
        ...

    def purge(self) -> Usage:
        """Deletes everything and returns what was deleted."""
        ...

    def close(self) -> None: ...
