"""The way of a request: for each part either the pinned decision, replayed, or a new one, made once and pinned.

    items ─▶ chain ─▶ pinned? ─yes─▶ the pinned decision
                        └no▶ render (see rendering) ▶ pin ─▶ decision

A decision depends only on what precedes the part and on the settings of the moment it was made. Everything that can
fail here fails open: the part stays as it was, with a reason, and known pins are still replayed.
"""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple, get_args

from headroom import policy
from headroom.compressors import BY_NAME, _coats
from headroom.compressors._repeats import Earlier, expand, name_of, written
from headroom.errors import FormatError, StoreError
from headroom.notices import is_outline, screen_equal
from headroom.pins import chain, sent_hash, text_keys
from headroom.rendering import Context, Moment, raw, render
from headroom.types import Decision, Facts, Item, Pin, PinKey, Store, TextKey, ToolCall, WayBack

log = logging.getLogger("headroom")

ASSISTANT_ROLES = frozenset({"assistant", "model"})
"""How the dialects call the model's own turns."""

WAYS: Sequence[WayBack] = sorted(get_args(WayBack))
"""In the order in which they are preferred where a place is pinned with several, the conversation's own aside."""

_UNCHANGED = re.compile(
    r"(?i)\b(?:unchanged since|no changes since|(?:has|have|was) not (?:been )?(?:changed|modified)"
    r"|already (?:read|shown|in context)|refer to the earlier)\b"
)
"""A tool that answers a repeated call with this will not say again what an outline left out."""

SOON = 2
"""A call that is repeated within so many turns asks for what was left out; later, it asks how things are now."""

COMMANDS = ("command", "cmd")
"""How shells call the argument that alone says what they return: what a model writes beside it differs each time."""

REMARKS = frozenset({"description", "explanation", "justification"})
"""Arguments in which a model says why it calls a tool."""

NEVER = 1 << 30

SAID_CHARS = 4_000
"""How much of what was said last is read for what the agent is after."""

UNCHANGED_CHARS = 500
"""Such an answer is short."""


class Decided(NamedTuple):
    """What was decided for the parts of one request."""

    decisions: list[Decision]
    """One per part, in order."""
    way: WayBack
    """The conversation's way back: the one its earlier requests had."""
    new: frozenset[int]
    """Places of the parts that no earlier request had."""
    cut: Mapping[str, int] = MappingProxyType({})
    """What had something left out lately, for a request that goes on from here without what was before: how many turns
    ago, as numbers below one, by a name of the call."""


def decide(dialect: str, items: Sequence[Item], moment: Moment, *, pinned: bool = True) -> list[Decision]:
    """One decision per part, in order. `pinned=False` neither reads nor writes pins (a text outside a conversation)."""
    if pinned:
        return conversation(dialect, items, moment).decisions
    parts = [item for item in items if item.is_part]
    if moment.store is None:
        return [raw(part, moment, "store-failed") for part in parts]
    with _collector_paused():
        return [render(part, moment, moment.store, Context()) for part in parts]


def conversation(dialect: str, items: Sequence[Item], moment: Moment, cut: Mapping[str, int] | None = None) -> Decided:
    """The decisions of a request of a conversation, with what else its sender must know. `cut` is what an earlier
    request's `Decided` said, empty for the first of a conversation; None where nobody will ask for the like."""
    if moment.store is None:
        decisions = [raw(item, moment, "store-failed") for item in items if item.is_part]
        return Decided(decisions, "none", frozenset())
    with _collector_paused():
        return _Conversation(dialect, items, moment, moment.store, cut).decide()


def replayed(
    dialect: str, items: Sequence[Item], moment: Moment, cut: Mapping[str, int] | None = None
) -> Decided | None:
    """As `conversation`, of a request all of whose parts were decided before; None if there is something to decide, or
    the store cannot be read. Takes no longer than the look-up."""
    if moment.store is None:
        return None
    conversation = _Conversation(dialect, items, moment, moment.store, cut)
    try:
        return conversation.replayed(*conversation.found())
    except StoreError:
        return None  # whoever decides finds it so too, and says it


def names_of(call: ToolCall | None) -> set[str]:
    """By what a call that asks again for the same is known: the tool with its arguments, or the file."""
    if call is None or not call.name:
        return set()
    path = policy.path_of(call)
    command = None if path else next((call.args[name] for name in COMMANDS if name in call.args), None)
    telling = [(name, value) for name, value in call.args.items() if name not in REMARKS]
    words = f"{call.name} {sorted(map(repr, telling))}" if command is None else f"{call.name} {command!r}"
    same = {f"call {sent_hash(words).hex()}"}
    return same | {f"file {path}"} if path else same


def forget_tail(dialect: str, items: Sequence[Item], way: WayBack, store: Store) -> None:
    """Forgets what was decided for the parts after the last assistant turn: the provider refused the request, so that
    they may still be sent otherwise. Raises StoreError."""
    parts = [value for item, value in zip(items, chain(dialect, items), strict=True) if item.is_part]
    store.unpin([PinKey(value, way) for value in parts[_parts_before_last_assistant_turn(items) :]])


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No search for cycles meanwhile: encoders build large trees without any, and each search walks all of them (an
    eighth of the time, measured)."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


class _Conversation:
    """One request's parts with their keys, while it is decided."""

    def __init__(
        self, dialect: str, items: Sequence[Item], moment: Moment, store: Store, cut: Mapping[str, int] | None
    ) -> None:
        self.before = cut
        self.items = items
        self.parts = [item for item in items if item.is_part]
        self.chains = [v for item, v in zip(items, chain(dialect, items), strict=True) if item.is_part]
        self.history = _parts_before_last_assistant_turn(items)
        self.moment = moment
        self.store = store

    @cached_property
    def turns(self) -> list[int]:
        """For each part in which turn it stands: needed only where something is decided, or told to a later request."""
        return _turns(self.items)

    def found(self) -> tuple[WayBack, list[Pin | None]]:
        """The way back, and for each part the pin that tells of it. Raises StoreError."""
        known = self.store.pins(self.chains)
        way = self._way(known)
        return way, [known.get(PinKey(value, way)) for value in self.chains]

    def replayed(self, way: WayBack, found: Sequence[Pin | None]) -> Decided | None:
        """What is decided if pins tell of all parts."""
        decisions = [pin.decision for pin in found if pin is not None]
        return self._decided(decisions, way, frozenset()) if len(decisions) == len(found) else None

    def decide(self) -> Decided:
        try:
            way, found = self.found()
            if (decided := self.replayed(way, found)) is not None:
                return decided
            new = frozenset(i for i, pin in enumerate(found) if pin is None)
            keys = text_keys(self.parts, way)
            lost = {i: keys[i] for i in range(self.history) if found[i] is None}
            by_text = self.store.pins_by_text(list(lost.values())) if lost else {}
        except StoreError:
            log.exception("the store cannot be read: all parts stay as they are")
            return Decided([raw(part, self.moment, "store-failed") for part in self.parts], "none", frozenset())
        self.moment = replace(self.moment, way=way)
        remembered = {i: by_text.get(key) for i, key in lost.items()}
        return self._decided(self._pin(keys, found, self._decisions(found, remembered)), way, new)

    def _decided(self, decisions: list[Decision], way: WayBack, new: frozenset[int]) -> Decided:
        if self.before is None:
            return Decided(decisions, way, new)
        cut = dict(self.before)
        for part, decision, turn in zip(self.parts, decisions, self.turns, strict=True):
            cut |= _cut_by(part, decision, turn)
        last = {name: at if at == NEVER else at - max(self.turns, default=0) for name, at in cut.items()}
        return Decided(decisions, way, new, {name: at for name, at in last.items() if at > -SOON})

    def _way(self, known: dict[PinKey, Pin]) -> WayBack:
        """The way back of the deepest pinned part once the model has spoken; before that, the caller's. A conversation
        that somebody else began (`history` is `raw`) has none."""
        if not self.history:
            return self.moment.way
        for value in reversed(self.chains):
            ways = [way for way in WAYS if PinKey(value, way) in known]
            if ways:
                return self.moment.way if self.moment.way in ways else ways[0]
        return "none" if self.moment.history == "raw" else self.moment.way

    def _decisions(self, found: Sequence[Pin | None], remembered: Mapping[int, Pin | None]) -> list[Decision]:
        """For each part the pinned decision or a new one, made with the texts before it at hand."""
        made: list[Decision] = []
        earlier: list[Earlier] = []
        said: dict[str, str] = {}
        cut = dict(self.before or {})
        for item in self.items:
            if item.kind == "call" and item.call is not None:
                earlier += written(item.call)
            if item.is_part:
                pin = found[len(made)]
                context = Context(earlier, "\n".join(said.values()), _spared(item, cut, self.turns[len(made)]))
                decision = pin.decision if pin else self._decision(item, len(made), remembered.get(len(made)), context)
                if item.kind == "result" and item.call is not None:
                    earlier.append(_as_sent(item, item.call, decision))
                    cut |= _cut_by(item, decision, self.turns[len(made)])
                made.append(decision)
            if item.kind == "text" and item.hashed:
                said[item.role] = item.text[:SAID_CHARS]
        return made

    def _decision(self, part: Item, number: int, pin: Pin | None, context: Context) -> Decision:
        """What no pin tells for this place: what `pin` tells of the same text elsewhere, or a new decision."""
        if pin is not None:
            still = _still_told(part, pin.decision, context.earlier)
            return pin.decision if still else raw(part, self.moment, "sent-raw")
        if number < self.history and self.moment.history == "raw":
            return raw(part, self.moment, "sent-raw")
        return render(part, self.moment, self.store, context)

    def _pin(self, keys: Sequence[TextKey], found: Sequence[Pin | None], decisions: list[Decision]) -> list[Decision]:
        """Pins what was not pinned yet; what another worker pinned first is what counts.

        What refers to earlier texts is pinned after them, one by one: if another worker was first with one of them,
        the text that a reference points to is not the one sent, and such parts are decided anew without references.
        """
        new = [i for i, pin in enumerate(found) if pin is None]
        told = [i for i in new if decisions[i].refers]
        plain = [i for i in new if not decisions[i].refers]
        batches = ([plain] if plain else []) + [[i] for i in told]
        for number, batch in enumerate(batches):
            pins = [
                Pin(key=PinKey(self.chains[i], self.moment.way), text_key=keys[i], decision=decisions[i]) for i in batch
            ]
            try:
                held = self.store.pin(pins)
            except StoreError:
                log.exception("the store cannot be written: new parts stay as they are")
                for i in (i for unpinned in batches[number:] for i in unpinned):
                    decisions[i] = raw(self.parts[i], self.moment, "store-failed")
                return decisions
            if told and [pin.decision for pin in held] != [pin.decision for pin in pins]:
                self.moment = replace(self.moment, references=False)
                return self.decide().decisions
            for i, pin in zip(batch, held, strict=True):
                decisions[i] = pin.decision
        return decisions


def _still_told(part: Item, decision: Decision, earlier: Sequence[Earlier]) -> bool:
    """True unless the decision refers to a text that no longer stands in this request under the same name."""
    if not decision.refers or decision.rendering is None:
        return True
    if decision.omissions:
        return False  # an outline has no decoder to check it by
    original, rendering = _coats.seen(part.text, decision.rendering)
    try:
        text = expand(rendering, decision.kind, earlier)
    except FormatError:
        return False
    return BY_NAME[decision.kind].verify(Facts(original, part.call), text)


def _as_sent(part: Item, call: ToolCall, decision: Decision) -> Earlier:
    """A decided part as the model reads it."""
    if decision.rendering is None:
        return Earlier(name_of(call), _coats.plain(part.text), "raw")
    return Earlier(name_of(call), _coats.apart(decision.rendering)[1], decision.kind, is_outline(decision.omissions))


def _turns(items: Sequence[Item]) -> list[int]:
    """For each part in which turn it stands, counted from 1: what a model calls at once is answered in one turn."""
    turns: list[int] = []
    turn, spoken = 1, False
    for item in items:
        spoken = spoken or item.role in ASSISTANT_ROLES
        if item.is_part:
            turn += spoken and bool(turns)
            spoken = False
            turns.append(turn)
    return turns


def _cut_by(item: Item, decision: Decision, turn: int) -> dict[str, int]:
    """What a result of this turn adds to what was cut."""
    if item.kind != "result" or item.call is None:
        return {}
    # Who runs the same again later wants to know how things are now, and no terminal shows what was left out.
    at = turn - screen_equal(decision.omissions)
    cut = dict.fromkeys(names_of(item.call), at) if decision.omissions else {}
    return cut | dict.fromkeys(_refused_to_repeat(item), NEVER)


def _spared(item: Item, cut: Mapping[str, int], turn: int) -> bool:
    """True if leaving something out of this part would be the second time in a row, or for good. `cut` tells in which
    turn each call was cut last; what was called in the same turn was called before anybody saw that."""
    known = [cut[key] for key in names_of(item.call) | _tool(item) if key in cut]
    return any(at == NEVER or 0 < turn - at <= SOON for at in known)


def _tool(item: Item) -> set[str]:
    return {f"tool {item.call.name}"} if item.call is not None else set()


def _refused_to_repeat(item: Item) -> set[str]:
    """The tool, if this is its answer that nothing changed since it was asked last."""
    return _tool(item) if len(item.text) <= UNCHANGED_CHARS and _UNCHANGED.search(item.text) else set()


def _parts_before_last_assistant_turn(items: Sequence[Item]) -> int:
    """How many parts stand before the last thing the model said: they were sent before, pinned or not."""
    last = next((i for i in reversed(range(len(items))) if items[i].role in ASSISTANT_ROLES), -1)
    return sum([item.is_part for item in items[: last + 1]])
