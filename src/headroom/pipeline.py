"""The way of a request: for each part either the pinned decision, replayed, or a new one, made once and pinned.

    items ─▶ chain ─▶ pinned? ─yes─▶ the pinned decision ───────────────────────────────┐
                        └no▶ gates ▶ fit ▶ encode ▶ verify ▶ count ▶ store ▶ pin ─▶ decision

A decision depends only on what precedes the part and on the settings of the moment it was made. Everything that can
fail here fails open: the part stays as it was, with a reason, and known pins are still replayed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar

from headroom import detect, policy
from headroom.compressors import BY_NAME, COMPRESSORS, MARKS
from headroom.errors import StoreError
from headroom.pins import chain, pin_key, sent_hash, text_key
from headroom.tokens import estimate
from headroom.types import Compressor, Counter, Decision, Facts, Item, PartClass, Pin, PinKey, Store, WayBack

log = logging.getLogger("headroom")

ASSISTANT_ROLES = frozenset({"assistant", "model"})
"""How the dialects call the model's own turns."""

RAW = BY_NAME["raw"]

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


def decide(dialect: str, items: Sequence[Item], moment: Moment, *, pinned: bool = True) -> list[Decision]:
    """One decision per part, in order. `pinned=False` neither reads nor writes pins (a text outside a conversation)."""
    if moment.store is None:
        return [raw(item, moment, "store-failed") for item in items if item.is_part]
    if not pinned:
        return [render(item, moment, moment.store) for item in items if item.is_part]
    return _Conversation(dialect, items, moment, moment.store).decide()


class _Conversation:
    """One request's parts with their keys, while it is decided."""

    def __init__(self, dialect: str, items: Sequence[Item], moment: Moment, store: Store) -> None:
        chains = chain(dialect, items)
        self.parts = [item for item in items if item.is_part]
        self.chains = [value for item, value in zip(items, chains, strict=True) if item.is_part]
        self.history = _parts_before_last_assistant_turn(items)
        self.moment = moment
        self.store = store

    def decide(self) -> list[Decision]:
        try:
            known = self.store.pins(self.chains)
            way = self._way(known)
            found = [known.get(pin_key(value, way)) for value in self.chains]
            decisions = self._replay_by_text(way, [pin.decision if pin else None for pin in found])
        except StoreError:
            log.exception("the store cannot be read: all parts stay as they are")
            return [raw(part, self.moment, "store-failed") for part in self.parts]
        made = [
            render(part, self.moment, self.store) if d is None else d
            for part, d in zip(self.parts, decisions, strict=True)
        ]
        return self._pin(way, found, made)

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

    def _replay_by_text(self, way: WayBack, decisions: list[Decision | None]) -> list[Decision | None]:
        """Fills in parts of the history whose chain is new (the client changed an early block) from their own text."""
        lost = {i: text_key(self.parts[i], way) for i in range(self.history) if decisions[i] is None}
        if not lost:
            return decisions
        pins = self.store.pins_by_text(list(lost.values()))
        filled = list(decisions)
        for i, key in lost.items():
            pin = pins.get(key)
            if pin is not None and self._still_refers(pin.decision, filled[:i]):
                filled[i] = pin.decision
            elif pin is not None or self.moment.history == "raw":
                filled[i] = raw(self.parts[i], self.moment, "sent-raw")
        return filled

    def _still_refers(self, decision: Decision, earlier: Sequence[Decision | None]) -> bool:
        if not decision.refers:
            return True
        sent = {
            sent_hash(part.text if d is None or d.rendering is None else d.rendering)
            for part, d in zip(self.parts, earlier, strict=False)
        }
        return sent.issuperset(decision.refers)

    def _pin(self, way: WayBack, found: Sequence[Pin | None], decisions: list[Decision]) -> list[Decision]:
        """Pins what was not pinned yet; what another worker pinned first is what counts."""
        new = [i for i, pin in enumerate(found) if pin is None]
        pins = [
            Pin(
                key=pin_key(self.chains[i], way),
                text_key=text_key(self.parts[i], way),
                decision=decisions[i],
            )
            for i in new
        ]
        try:
            held = self.store.pin(pins) if pins else []
        except StoreError:
            log.exception("the store cannot be written: new parts stay as they are")
            held = [
                replace(p, decision=raw(self.parts[i], self.moment, "store-failed"))
                for i, p in zip(new, pins, strict=True)
            ]
        for i, pin in zip(new, held, strict=True):
            decisions[i] = pin.decision
        return decisions


def render(part: Item, moment: Moment, store: Store) -> Decision:
    """A new decision for one part: what it is rendered to, or raw with the reason."""
    before = moment.counter.count(part.text)
    reason = _gate(part, before, moment.level)
    if reason is not None:
        return raw(part, moment, reason, before)
    facts = Facts(part.text, part.call, moment.query)
    compressor, rendering, reason = _encode(facts, moment)
    if rendering is None:
        return raw(part, moment, reason, before, compressor)
    after = moment.counter.count(rendering)
    if not policy.pays(before, after):
        return raw(part, moment, "no-gain", before, compressor)
    return _stored(part, moment, store, compressor, rendering, before, after)


def raw(part: Item, moment: Moment, reason: str, tokens: int | None = None, by: Compressor = RAW) -> Decision:
    """The decision to send a part as it is. `by` names the kind that was recognised."""
    count = moment.counter.count(part.text) if tokens is None else tokens
    return Decision(
        rendering=None, kind=by.name, version=by.version, level=moment.level.name, lossless=True, ref=None,
        reason=reason, tokens_before=count, tokens_after=count,
    )  # fmt: skip


def _stored(
    part: Item, moment: Moment, store: Store, by: Compressor, rendering: str, before: int, after: int
) -> Decision:
    try:
        ref = store.put(part.text)
    except StoreError:
        log.exception("the original of a %s part cannot be stored: it stays as it is", by.name)
        return raw(part, moment, "store-failed", before, by)
    return Decision(
        rendering=rendering, kind=by.name, version=by.version, level=moment.level.name, lossless=True, ref=ref,
        reason="encoded", tokens_before=before, tokens_after=after,
    )  # fmt: skip


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

    fits = [(attempt(c, partial(c.fit, facts)) or 0.0, c) for c in COMPRESSORS if c is not RAW]
    ranked = sorted((f for f in fits if f[0] > 0), key=lambda f: -f[0])[: policy.TRIED_COMPRESSORS]
    allowed = [c for _, c in ranked if moment.level.action(c.content) != "keep"]
    made = [(c, r) for c in allowed if (r := attempt(c, partial(c.encode, facts))) is not None]
    if len(made) > 1:
        made.sort(key=lambda m: estimate(m[1], moment.counter))
    for compressor, rendering in made:
        if attempt(compressor, partial(compressor.verify, facts, rendering)):
            return compressor, rendering, "encoded"
        log.error("compressor %s wrote a rendering that does not decode to its original", compressor.name)
    kind = ranked[0][1] if ranked else RAW
    if failed:
        return kind, None, "compressor-failed"
    return kind, None, "unverified" if made else "no-gain" if allowed else "level" if ranked else "no-fit"


def _parts_before_last_assistant_turn(items: Sequence[Item]) -> int:
    """How many parts stand before the last thing the model said: they were sent before, pinned or not."""
    last = max((i for i, item in enumerate(items) if item.role in ASSISTANT_ROLES), default=-1)
    return sum(item.is_part for item in items[: last + 1])
