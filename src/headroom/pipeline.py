"""The way of a request: for each part either the pinned decision, replayed, or a new one, made once and pinned.

    items ─▶ chain ─▶ pinned? ─yes─▶ the pinned decision ──────────────────────────────────────────┐
                        └no▶ gates ▶ fit ▶ encode ▶ verify ▶ count ▶ repeats ▶ store ▶ pin ─▶ decision

A decision depends only on what precedes the part and on the settings of the moment it was made. Everything that can
fail here fails open: the part stays as it was, with a reason, and known pins are still replayed.
"""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from headroom import detect, policy
from headroom.compressors import BY_NAME, COMPRESSORS, MARKS, RAW
from headroom.compressors._fits import fit
from headroom.compressors._repeats import Earlier, expand, name_of, tell, written
from headroom.errors import FormatError, StoreError
from headroom.pins import chain, sent_hash, text_keys
from headroom.tokens import estimate
from headroom.types import (
    Compressor,
    Counter,
    Decision,
    Facts,
    Item,
    PartClass,
    Pin,
    PinKey,
    Store,
    TextKey,
    ToolCall,
    WayBack,
)

log = logging.getLogger("headroom")

ASSISTANT_ROLES = frozenset({"assistant", "model"})
"""How the dialects call the model's own turns."""

T = TypeVar("T")

_SHELL_RETRIEVAL = re.compile(r"\bheadroom\s+get\s")
"""A shell call that fetched an original."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """The settings under which new parts of a request are decided."""

    level: policy.Level
    counter: Counter
    store: Store | None
    """None where the store could not be opened: then nothing is changed."""
    way: WayBack = "none"
    history: Literal["render", "raw"] = "render"
    """What to do with parts before the last assistant turn that no pin knows: they were sent raw by somebody else
    (`raw`), or nothing was sent yet (`render`)."""
    query: str | None = None
    references: bool = True
    """False where the provider will clear or compact what it was sent: then no text may refer to an earlier one."""


def decide(dialect: str, items: Sequence[Item], moment: Moment, *, pinned: bool = True) -> list[Decision]:
    """One decision per part, in order. `pinned=False` neither reads nor writes pins (a text outside a conversation)."""
    if moment.store is None:
        return [raw(item, moment, "store-failed") for item in items if item.is_part]
    with _collector_paused():
        if not pinned:
            return [render(item, moment, moment.store) for item in items if item.is_part]
        return _Conversation(dialect, items, moment, moment.store).decide()


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

    def __init__(self, dialect: str, items: Sequence[Item], moment: Moment, store: Store) -> None:
        self.items = items
        self.parts = [item for item in items if item.is_part]
        self.chains = [v for item, v in zip(items, chain(dialect, items), strict=True) if item.is_part]
        self.history = _parts_before_last_assistant_turn(items)
        self.moment = moment
        self.store = store

    def decide(self) -> list[Decision]:
        try:
            known = self.store.pins(self.chains)
            way = self._way(known)
            found = [known.get(PinKey(value, way)) for value in self.chains]
            if None not in found:
                return [pin.decision for pin in found if pin is not None]
            keys = text_keys(self.parts, way)
            lost = {i: keys[i] for i in range(self.history) if found[i] is None}
            by_text = self.store.pins_by_text(list(lost.values())) if lost else {}
        except StoreError:
            log.exception("the store cannot be read: all parts stay as they are")
            return [raw(part, self.moment, "store-failed") for part in self.parts]
        remembered = {i: by_text.get(key) for i, key in lost.items()}
        return self._pin(way, keys, found, self._decisions(found, remembered))

    def _way(self, known: dict[PinKey, Pin]) -> WayBack:
        """The way back of the deepest pinned part once the model has spoken; before that, the caller's."""
        ways: set[WayBack] = {self.moment.way}
        if self.history:
            by_chain: dict[bytes, set[WayBack]] = {}
            for key in known:
                by_chain.setdefault(key.chain, set()).add(key.way)
            deepest = next((value for value in reversed(self.chains) if value in by_chain), None)
            ways = by_chain[deepest] if deepest is not None else ways
        return self.moment.way if self.moment.way in ways else min(ways)

    def _decisions(self, found: Sequence[Pin | None], remembered: Mapping[int, Pin | None]) -> list[Decision]:
        """For each part the pinned decision or a new one, made with the texts before it at hand."""
        made: list[Decision] = []
        earlier: list[Earlier] = []
        for item in self.items:
            if item.kind == "call" and item.call is not None:
                earlier += written(item.call)
            if not item.is_part:
                continue
            pin = found[len(made)]
            decision = pin.decision if pin else self._decision(item, len(made), remembered.get(len(made)), earlier)
            made.append(decision)
            if item.kind == "result" and item.call is not None:
                earlier.append(_as_sent(item, item.call, decision))
        return made

    def _decision(self, part: Item, number: int, pin: Pin | None, earlier: Sequence[Earlier]) -> Decision:
        """What no pin tells for this place: what `pin` tells of the same text elsewhere, or a new decision."""
        if pin is not None:
            return pin.decision if _still_told(part, pin.decision, earlier) else raw(part, self.moment, "sent-raw")
        if number < self.history and self.moment.history == "raw":
            return raw(part, self.moment, "sent-raw")
        return render(part, self.moment, self.store, earlier)

    def _pin(
        self, way: WayBack, keys: Sequence[TextKey], found: Sequence[Pin | None], decisions: list[Decision]
    ) -> list[Decision]:
        """Pins what was not pinned yet; what another worker pinned first is what counts.

        What refers to earlier texts is pinned after them, one by one: if another worker was first with one of them,
        the text that a reference points to is not the one sent, and such parts are decided anew without references.
        """
        new = [i for i, pin in enumerate(found) if pin is None]
        told = [i for i in new if decisions[i].refers]
        plain = [i for i in new if not decisions[i].refers]
        batches = ([plain] if plain else []) + [[i] for i in told]
        for number, batch in enumerate(batches):
            pins = [Pin(key=PinKey(self.chains[i], way), text_key=keys[i], decision=decisions[i]) for i in batch]
            try:
                held = self.store.pin(pins)
            except StoreError:
                log.exception("the store cannot be written: new parts stay as they are")
                for i in (i for unpinned in batches[number:] for i in unpinned):
                    decisions[i] = raw(self.parts[i], self.moment, "store-failed")
                return decisions
            if told and [pin.decision for pin in held] != [pin.decision for pin in pins]:
                self.moment = replace(self.moment, references=False)
                return self.decide()
            for i, pin in zip(batch, held, strict=True):
                decisions[i] = pin.decision
        return decisions


def _still_told(part: Item, decision: Decision, earlier: Sequence[Earlier]) -> bool:
    """True unless the decision refers to a text that no longer stands in this request under the same name."""
    if not decision.refers or decision.rendering is None:
        return True
    try:
        text = expand(decision.rendering, decision.kind, earlier)
    except FormatError:
        return False
    return BY_NAME[decision.kind].verify(Facts(part.text, part.call), text)


def _as_sent(part: Item, call: ToolCall, decision: Decision) -> Earlier:
    """A decided part as the model reads it; one that is not wholly there cannot be referred to."""
    if decision.omissions:
        return Earlier(name_of(call), "", "raw")
    if decision.rendering is None:
        return Earlier(name_of(call), part.text, "raw")
    return Earlier(name_of(call), decision.rendering, decision.kind)


def render(part: Item, moment: Moment, store: Store, earlier: Sequence[Earlier] = ()) -> Decision:
    """A new decision for one part: what it is rendered to, or raw with the reason."""
    before = moment.counter.count(part.text)
    reason = _gate(part, before, moment.level)
    if reason is not None:
        return raw(part, moment, reason, before)
    facts = Facts(part.text, part.call, moment.query)
    compressor, rendering, reason = _encode(facts, moment)
    after = before if rendering is None else moment.counter.count(rendering)
    if rendering is not None and not policy.pays(before, after):
        rendering, after, reason = None, before, "no-gain"
    made = raw(part, moment, reason, before, compressor)
    if rendering is not None:
        made = replace(made, rendering=rendering, tokens_after=after, reason="encoded")
    if moment.references and part.kind == "result" and earlier:
        made = _told(part, made, moment, earlier)
    return made if made.rendering is None else _stored(part, made, moment, store)


def _told(part: Item, made: Decision, moment: Moment, earlier: Sequence[Earlier]) -> Decision:
    """`made`, or its text with what stands earlier in the request told by reference, where that pays."""
    sent, kind = (part.text, RAW.name) if made.rendering is None else (made.rendering, made.kind)
    try:
        told = tell(sent, kind, earlier)
        if told is None or expand(told[0], kind, earlier) != sent:
            return made
    except Exception:
        log.exception("references to earlier texts failed on a text of %d characters", len(sent))
        return made
    text, sources = told
    after = moment.counter.count(text)
    if not policy.pays(made.tokens_after, after):
        return made
    refers = tuple(sent_hash(earlier[i].text) for i in sources)
    return replace(made, rendering=text, kind=kind, tokens_after=after, reason="repeats", refers=refers)


def raw(part: Item, moment: Moment, reason: str, tokens: int | None = None, by: Compressor = RAW) -> Decision:
    """The decision to send a part as it is. `by` names the kind that was recognised."""
    count = moment.counter.count(part.text) if tokens is None else tokens
    return Decision(
        rendering=None, kind=by.name, version=by.version, level=moment.level.name, lossless=True, ref=None,
        reason=reason, tokens_before=count, tokens_after=count,
    )  # fmt: skip


def _stored(part: Item, made: Decision, moment: Moment, store: Store) -> Decision:
    """`made` with the ref of its stored original; raw where the original cannot be stored."""
    try:
        return replace(made, ref=store.put(part.text))
    except StoreError:
        log.exception("the original of a %s part cannot be stored: it stays as it is", made.kind)
        return raw(part, moment, "store-failed", made.tokens_before, BY_NAME[made.kind])


def _gate(part: Item, tokens: int, level: policy.Level) -> str | None:
    """Why a part must stay as it is before anybody looks at its content, or None."""
    text, call = part.text, part.call
    if "\0" in text:
        return "binary"
    if len(text) > policy.MAX_CHARS:
        return "too-large"
    if detect.has_surrogate(text):
        return "not-unicode"
    about = _class(part, tokens)
    if level.action(about or "machine") == "keep":
        return "small" if about == "small" else "level"
    if call is not None and _is_retrieval(call.name, call.args.values()):
        return "retrieved"
    if (call is not None and detect.names_secret_file(call.args)) or detect.holds_secret(text):
        return "secret"
    if any(mark in text for mark in MARKS):
        return "contains-format"
    return None


def _class(part: Item, tokens: int) -> PartClass | None:
    """The level table's column of a part as far as it does not depend on the kind of content."""
    if tokens < policy.MIN_TOKENS:
        return "small"
    if part.call is not None and part.call.name in policy.INSTRUCTION_TOOLS:
        return "instructions"
    if part.kind == "text":
        return "pasted" if tokens >= policy.PASTED_TOKENS else "instructions"
    if part.is_error and tokens < policy.ERROR_TOKENS:
        return "error"
    return None


def _is_retrieval(tool: str, args: Iterable[object]) -> bool:
    return tool.endswith("headroom_retrieve") or any(isinstance(a, str) and _SHELL_RETRIEVAL.search(a) for a in args)


def _encode(facts: Facts, moment: Moment) -> tuple[Compressor, str | None, str]:
    """The cheapest verified encoding among the best-fitting compressors: (compressor, rendering, reason)."""
    failed: list[str] = []

    def attempt(compressor: Compressor, what: Callable[[], T]) -> T | None:
        """The one place where a compressor's error is caught: it is logged, and the part goes on without it."""
        try:
            return what()
        except Exception:
            log.exception("compressor %s failed on a text of %d characters", compressor.name, len(facts.text))
            failed.append(compressor.name)
            return None

    ranked = _ranked(lambda c: attempt(c, partial(fit, c, facts)) or 0.0)
    allowed = [c for c in ranked if moment.level.action(c.content) != "keep"]
    made = [(c, r) for c in allowed if (r := attempt(c, partial(c.encode, facts))) is not None]
    if len(made) > 1:
        made.sort(key=lambda m: estimate(m[1], moment.counter))
    for compressor, rendering in made:
        if attempt(compressor, partial(compressor.verify, facts, rendering)):
            return compressor, rendering, "encoded"
        log.error("compressor %s wrote a rendering that does not decode to its original", compressor.name)
    kind = ranked[0] if ranked else RAW
    if failed:
        return kind, None, "compressor-failed"
    return kind, None, "unverified" if made else "no-gain" if allowed else "level" if ranked else "no-fit"


def _ranked(fit_of: Callable[[Compressor], float]) -> list[Compressor]:
    """The compressors that are worth trying, best first: one that is sure, else the best few."""
    fits: list[tuple[float, Compressor]] = []
    for compressor in COMPRESSORS:
        if compressor is RAW:
            continue
        fits.append((fit_of(compressor), compressor))
        if fits[-1][0] >= policy.SURE_FIT:
            return [compressor]
    fits.sort(key=lambda f: -f[0])
    return [c for f, c in fits[: policy.TRIED_COMPRESSORS] if f > 0]


def _parts_before_last_assistant_turn(items: Sequence[Item]) -> int:
    """How many parts stand before the last thing the model said: they were sent before, pinned or not."""
    last = max((i for i, item in enumerate(items) if item.role in ASSISTANT_ROLES), default=-1)
    return sum(item.is_part for item in items[: last + 1])
