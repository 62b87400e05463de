"""How one part is decided: what it is, whether it may be touched, and the cheapest rendering that passes every check.

    gates ▶ fit ▶ encode ▶ verify ▶ count ▶ repeats ▶ outline ▶ restore ▶ facts ▶ encode ▶ verify ▶ count ▶ store

An encoding loses nothing. An outline leaves lines or rows out, and is taken only where the level allows it, there is a
way back, filling its notices from the original gives the original again, no fact of the gate is lost, and it saves
more than a request to see the rest would cost. Everything that can fail here fails open: to the encoding, or raw.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple, TypeVar

from headroom import detect, gate, notices, policy
from headroom.compressors import BY_NAME, COMPRESSORS, MARKS, RAW, stands_for
from headroom.compressors._fits import fit
from headroom.compressors._repeats import Earlier, expand, tell, whole
from headroom.errors import StoreError
from headroom.pins import sent_hash
from headroom.tokens import estimate
from headroom.types import Compressor, Counter, Decision, Facts, Item, Outline, PartClass, Store, WayBack

log = logging.getLogger("headroom")

T = TypeVar("T")

_SHELL_RETRIEVAL = re.compile(r"\bheadroom\s+get\s")
"""A shell call that fetched an original."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """The settings under which new parts of a request are decided."""

    level: policy.Level
    """For parts that no rule fits."""
    counter: Counter
    store: Store | None
    """None where the store could not be opened: then nothing is changed."""
    way: WayBack = "none"
    history: Literal["render", "raw"] = "render"
    """What to do with parts before the last assistant turn that no pin knows: they were sent raw by somebody else
    (`raw`), or nothing was sent yet (`render`)."""
    query: str | None = None
    """What the agent is after; without it, what was last said before the part."""
    references: bool = True
    """False where the provider will clear or compact what it was sent: then no text may refer to an earlier one."""
    rules: Sequence[policy.Rule] = ()
    thresholds: Sequence[policy.Threshold] = ()
    """How deep the level may go for kinds and sizes; where none fits, as deep as it says."""
    explain: Callable[[Item, Outline, str], None] | None = None
    """Is told of every outline that was weighed, and what became of it: `outlined`, `facts-lost` or `no-gain`."""


class Context(NamedTuple):
    """What precedes a part in its conversation, as far as its decision depends on it."""

    earlier: Sequence[Earlier] = ()
    """Texts that lines may refer to."""
    said: str = ""
    """What the user and the model said last."""
    spared: bool = False
    """True if leaving something out made the agent ask again, or the tool will not repeat what it said."""


def render(part: Item, moment: Moment, store: Store, context: Context) -> Decision:
    """A new decision for one part: what it is rendered to, or raw with the reason."""
    moment = replace(moment, level=policy.ruled(moment.rules, part.call, moment.level)) if moment.rules else moment
    before = moment.counter.count(part.text)
    reason = _gate(part, before, moment.level)
    if reason is not None:
        return raw(part, moment, reason, before)
    facts = Facts(part.text, part.call, _query(part, moment, context))
    attempts = _Attempts(facts, moment)
    compressor, rendering, reason = attempts.encoded()
    after = before if rendering is None else moment.counter.count(rendering)
    if rendering is not None and not policy.pays(before, after):
        rendering, after, reason = None, before, "no-gain"
    made = raw(part, moment, reason, before, compressor)
    if rendering is not None:
        made = replace(made, rendering=rendering, tokens_after=after, reason="encoded")
    if part.kind == "result":
        made = _told(part, made, moment, context.earlier if moment.references else ())
    if moment.way != "none" and made.tokens_after >= policy.OUTLINE_TOKENS:
        made = _outlined(part, made, attempts, store, context)
        if made.omissions and moment.references and part.kind == "result":
            made = _same_as_above(made, moment, context.earlier)
    return made if made.rendering is None or made.ref is not None else _stored(part, made, moment, store)


def _query(part: Item, moment: Moment, context: Context) -> str:
    """What the agent was after: what was said before the part, and the arguments of its call."""
    args = part.call.args.values() if part.call else ()
    asked = context.said if moment.query is None else moment.query
    return "\n".join([asked, *(arg for arg in args if isinstance(arg, str))])


def _told(part: Item, made: Decision, moment: Moment, earlier: Sequence[Earlier]) -> Decision:
    """`made`, or its text with what stands earlier in the request told by reference, where that pays."""
    sent, kind = (part.text, RAW.name) if made.rendering is None else (made.rendering, made.kind)
    try:
        # An agent that edits a file needs its lines in one piece: what a view repeats of itself is told by reference
        # only where the user accepts more risk.
        told = tell(sent, kind, earlier, own=moment.level.deep, decode=stands_for)
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


def _same_as_above(made: Decision, moment: Moment, earlier: Sequence[Earlier]) -> Decision:
    """An outline that stands above already, as it is, told by reference to it."""
    same = None if made.rendering is None else whole(made.rendering, earlier)
    if same is None:
        return made
    refers = tuple(sent_hash(earlier[i].text) for i in same[1])
    return replace(made, rendering=same[0], tokens_after=moment.counter.count(same[0]), reason="repeats", refers=refers)


def _outlined(part: Item, made: Decision, attempts: _Attempts, store: Store, context: Context) -> Decision:
    """`made`, or the cheapest outline that passes every check and saves enough beyond it."""
    moment, about = attempts.moment, _class(part, made.tokens_before)
    size = made.tokens_before / moment.counter.factor
    levels = {c.name: policy.capped(moment.thresholds, c.name, size, moment.level) for c in attempts.ranked}
    kinds = [c for c in attempts.ranked if levels[c.name].action(about or c.content) == "outline"]
    if not kinds:
        return made
    if context.spared:
        return replace(made, reason="asked-again")
    try:
        ref = store.put(part.text)
    except StoreError:
        log.exception("an original cannot be stored: nothing is left out of it")
        return made
    best, refused = made, ""
    for compressor in kinds:
        outline, why = attempts.outline(compressor, notices.PartNotices(ref, moment.way), levels[compressor.name].deep)
        if outline is not None and not why:
            kind, text = attempts.encoded_outline(compressor, outline)
            after = moment.counter.count(text)
            why = "outlined" if policy.outline_pays(made.tokens_after, after) else "no-gain"
            if why == "outlined" and after < best.tokens_after:
                best = replace(
                    made, rendering=text, kind=kind.name, version=kind.version, lossless=False, reason=why,
                    tokens_after=after, omissions=outline.omissions, refers=(), ref=ref,
                )  # fmt: skip
        if outline is not None and moment.explain is not None:
            moment.explain(part, outline, why)
        refused = why if why == "facts-lost" else refused
    return replace(made, reason=refused) if refused and best is made else best


def raw(part: Item, moment: Moment, reason: str, tokens: int | None = None, by: Compressor = RAW) -> Decision:
    """The decision to send a part as it is. `by` names the kind that was recognised."""
    count = moment.counter.count(part.text) if tokens is None else tokens
    level = policy.ruled(moment.rules, part.call, moment.level)
    return Decision(
        rendering=None, kind=by.name, version=by.version, level=level.name, lossless=True, ref=None,
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


class _Attempts:
    """What the compressors make of one text. Here alone their errors are caught: logged, and the part goes on."""

    def __init__(self, facts: Facts, moment: Moment) -> None:
        self.facts = facts
        self.moment = moment
        self._failed: list[str] = []
        self.ranked = self._ranked()

    def encoded(self) -> tuple[Compressor, str | None, str]:
        """The cheapest verified encoding among the best-fitting compressors: (compressor, rendering, reason)."""
        allowed = [c for c in self.ranked if self.moment.level.action(c.content) != "keep"]
        made = [(c, r) for c in allowed if (r := self._attempt(c, partial(c.encode, self.facts))) is not None]
        if len(made) > 1:
            made.sort(key=lambda m: estimate(m[1], self.moment.counter))
        for compressor, rendering in made:
            if self._attempt(compressor, partial(compressor.verify, self.facts, rendering)):
                return compressor, rendering, "encoded"
            log.error("compressor %s wrote a rendering that does not decode to its original", compressor.name)
        kind = self.ranked[0] if self.ranked else RAW
        if self._failed:
            return kind, None, "compressor-failed"
        return kind, None, "unverified" if made else "no-gain" if allowed else "level" if self.ranked else "no-fit"

    def outline(self, compressor: Compressor, writer: notices.PartNotices, deep: bool) -> tuple[Outline | None, str]:
        """What `compressor` leaves of the text, if filling its notices gives the text back, and why it may not be
        sent: a fact is lost, or nothing is left out; empty if it may."""
        outline = self._attempt(compressor, partial(compressor.outline, self.facts, writer, deep))
        if outline is None or not outline.omissions:
            return outline, "no-gain"
        if not self._attempt(compressor, partial(compressor.restored, self.facts, outline.text)):
            log.error("compressor %s wrote an outline that its notices do not complete", compressor.name)
            return None, "no-gain"
        lost = self._attempt(compressor, partial(gate.lost, outline.source or self.facts.text, outline.text))
        return outline, "" if lost == [] else "facts-lost"

    def encoded_outline(self, compressor: Compressor, outline: Outline) -> tuple[Compressor, str]:
        """An outline in an encoding that leaves every notice as it is, those of lines on a line each: its own kind's,
        so that it stays what it was, or else the cheapest of the kinds it looks like."""
        facts = Facts(outline.text, self.facts.call, self.facts.query)
        own = self._attempt(compressor, partial(compressor.encode, facts))
        if own is not None and notices.stand(outline.text, own):
            if self._attempt(compressor, partial(compressor.verify, facts, own)):
                return compressor, own
            log.error("compressor %s wrote a rendering that does not decode to its outline", compressor.name)
        kind, text, _ = _Attempts(facts, self.moment).encoded()
        return (kind, text) if text is not None and notices.stand(outline.text, text) else (compressor, outline.text)

    def _attempt(self, compressor: Compressor, what: Callable[[], T]) -> T | None:
        try:
            return what()
        except Exception:
            log.exception("compressor %s failed on a text of %d characters", compressor.name, len(self.facts.text))
            self._failed.append(compressor.name)
            return None

    def _ranked(self) -> list[Compressor]:
        """The compressors that are worth trying, best first: one that is sure, else the best few."""
        fits: list[tuple[float, Compressor]] = []
        for compressor in COMPRESSORS:
            if compressor is RAW:
                continue
            fits.append((self._attempt(compressor, partial(fit, compressor, self.facts)) or 0.0, compressor))
            if fits[-1][0] >= policy.SURE_FIT:
                return [compressor]
        fits.sort(key=lambda f: -f[0])
        return [c for f, c in fits[: policy.TRIED_COMPRESSORS] if f > 0]
