"""How one part is decided: what it is, whether it may be touched, and the cheapest rendering that passes every check.

    gates ▶ fit ▶ encode ▶ verify ▶ count ▶ repeats ▶ outline ▶ restore ▶ facts ▶ encode ▶ verify ▶ count ▶ store
      └ drawn over, coloured? ▶ what a terminal shows, on the same way

An encoding loses nothing. An outline leaves lines or rows out, and is taken only where the level allows it, there is a
way back, filling its notices from the original gives the original again, no fact of the gate is lost, and it saves
more than a request to see the rest would cost. Everything that can fail here fails open: to the encoding, or raw.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from headroom import notices, policy
from headroom.compressors import BY_NAME, RAW, _coats, stands_for
from headroom.compressors._coats import Coat
from headroom.compressors._repeats import Earlier, expand, tell, whole
from headroom.compressors._screen import Screen
from headroom.compressors._texture import shows_file
from headroom.compressors._views import views
from headroom.errors import StoreError
from headroom.pins import sent_hash
from headroom.rendering import gates
from headroom.rendering.attempts import Attempts
from headroom.rendering.moment import Context, Moment
from headroom.tokens import QuotedCounter
from headroom.types import Compressor, Counter, Decision, Facts, Item, Omission, Outline, Store

__all__ = ["Context", "Moment", "raw", "render"]

log = logging.getLogger("headroom")


_EVERY_CHARACTER = frozenset({"reading", "diff", "code", "records", "table", "search"})
"""Kinds in which every character is content, also one that moves a cursor..."""

_EVERY_COLOUR = _EVERY_CHARACTER | {"listing", "mixed"}
"""... and those in which colours may tell what nothing else does: which names are folders, what was found."""


def render(part: Item, moment: Moment, store: Store, context: Context) -> Decision:
    """A new decision for one part: what it is rendered to, or raw with the reason."""
    moment = replace(moment, level=policy.ruled(moment.rules, part.call, moment.level)) if moment.rules else moment
    moment = replace(moment, counter=_counter(part, moment))
    before = moment.counter.count(part.text)
    reason = gates.reason(part, before, moment.level)
    if reason is not None:
        return raw(part, moment, reason, before)
    coats = _coats.of(part.text, only_ends=shows_file(part.call))
    plain, *others = [_coated(part, coat, before, moment, store, context) for coat in coats]
    # What was read is shown with all that stands at its lines.
    made = min([plain, *(o for o in others if BY_NAME[o.kind].content == "machine")], key=lambda d: d.tokens_after)
    return made if made.rendering is None or made.ref is not None else _stored(part, made, moment, store)


def _coated(part: Item, coat: Coat, before: int, moment: Moment, store: Store, context: Context) -> Decision:
    """A decision for a part without a coat, with the lines that say so. Of JSON line ends are white space."""
    if not coat.head:
        return _bare(part, part.text, before, moment, store, context)
    bare = part._replace(text=coat.text)
    made = _bare(bare, part.text, moment.counter.count(coat.text), moment, store, context)
    rendering, by = made.rendering, BY_NAME[made.kind]
    if rendering is None:
        return replace(made, tokens_before=before, tokens_after=before)
    if made.omissions or made.refers or not by.verify(Facts(part.text, part.call), rendering):
        rendering = coat.head + rendering
    after = moment.counter.count(rendering)
    if not policy.pays(before, after):
        return raw(part, moment, "no-gain", before, by)
    return replace(made, rendering=rendering, tokens_before=before, tokens_after=after)


def _bare(part: Item, original: str, before: int, moment: Moment, store: Store, context: Context) -> Decision:
    """A decision for a part of so many tokens, as it is."""
    query = _query(part, moment, context)
    attempts = Attempts(Facts(part.text, part.call, query), moment, original)
    compressor, rendering, reason = attempts.encoded()
    after = before if rendering is None else moment.counter.count(rendering)
    if rendering is not None and not policy.pays(before, after):
        rendering, after, reason = None, before, "no-gain"
    made = raw(part, moment, reason, before, compressor)
    if rendering is not None:
        made = replace(made, rendering=rendering, tokens_after=after, reason="encoded")
    made = _told(part, made, moment, context.earlier)
    if moment.way != "none" and made.tokens_after >= policy.OUTLINE_TOKENS:
        made = _outlined(part, made, attempts, store, context)
        if made.omissions and moment.references and part.kind == "result":
            made = _same_as_above(made, moment, context.earlier)
    return _as_seen(part, made, attempts, store, context)


def _query(part: Item, moment: Moment, context: Context) -> str:
    """What the agent was after: what was said before the part, and the arguments of its call."""
    args = part.call.args.values() if part.call else ()
    asked = context.said if moment.query is None else moment.query
    return "\n".join([asked, *(arg for arg in args if isinstance(arg, str))])


def _as_seen(part: Item, made: Decision, plain: Attempts, store: Store, context: Context) -> Decision:
    """`made`, or the part as a terminal shows it, encoded, told and outlined as any other, where that pays."""
    moment, query = plain.moment, plain.facts.query or ""
    if part.kind != "result" or moment.way == "none" or context.spared or shows_file(part.call):
        return made
    for seen in _views(part.text, query):
        attempts = Attempts(Facts(seen.text, part.call, query), moment, plain.original)
        if _may_be_seen(part, made, seen, attempts):
            shown = _shown(part, made, seen, attempts, store, context)
            return shown if policy.pays(made.tokens_after, shown.tokens_after) else made
    return made


def _views(text: str, query: str) -> Iterator[Screen]:
    try:
        yield from views(text, query)
    except Exception:
        log.exception("following what a text of %d characters draws failed", len(text))


def _may_be_seen(part: Item, made: Decision, seen: Screen, attempts: Attempts) -> bool:
    """True if the level lets go what no terminal shows of such a text."""
    by, moment = attempts.first, attempts.moment
    if by.name in (_EVERY_CHARACTER if seen.coloured else _EVERY_COLOUR) or not (seen.clocked or by.name == "runs"):
        return False
    level = policy.capped(moment.thresholds, by.name, made.tokens_before / moment.counter.factor, moment.level)
    return level.action(gates.part_class(part, made.tokens_before) or by.content) == "outline"


def _shown(part: Item, made: Decision, seen: Screen, attempts: Attempts, store: Store, context: Context) -> Decision:
    moment = attempts.moment
    try:
        ref = store.put(attempts.original)
    except StoreError:
        log.exception("an original cannot be stored: nothing is left out of it")
        return made
    unseen = Omission(unit="unseen in lines", first=seen.first, last=seen.last, what=seen.what)
    outline = _beside(Outline(seen.text, ()), unseen, notices.PartNotices(ref, moment.way))
    kind, text = attempts.encoded_outline(attempts.first, outline)
    shown = replace(
        raw(part, moment, "unseen", made.tokens_before, kind), rendering=text, lossless=False,
        tokens_after=moment.counter.count(text), omissions=(unseen,), ref=ref,
    )  # fmt: skip
    shown = _told(part, shown, moment, context.earlier)
    large = shown.tokens_after >= policy.OUTLINE_TOKENS and seen.aligned
    return _outlined(part, shown, attempts, store, context, unseen) if large else shown


def _beside(outline: Outline, unseen: Omission, writer: notices.PartNotices) -> Outline:
    """An outline with the notice of what no terminal shows at its end."""
    return outline._replace(
        text=f"{outline.text.removesuffix(chr(10))}\n{writer.write(unseen)}", omissions=(*outline.omissions, unseen)
    )


def _told(part: Item, made: Decision, moment: Moment, earlier: Sequence[Earlier]) -> Decision:
    """`made`, or its text with what stands earlier in the request told by reference, where that pays."""
    if part.kind != "result" or not moment.references:
        return made
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


def _outlined(
    part: Item, made: Decision, attempts: Attempts, store: Store, context: Context, unseen: Omission | None = None
) -> Decision:
    """`made`, or the cheapest outline that passes every check and saves enough beyond it; with the notice of what
    is `unseen`, where that is left out already."""
    moment, about = attempts.moment, gates.part_class(part, made.tokens_before)
    size = made.tokens_before / moment.counter.factor
    levels = {c.name: policy.capped(moment.thresholds, c.name, size, moment.level) for c in attempts.ranked}
    kinds = [c for c in attempts.ranked if levels[c.name].action(about or c.content) == "outline"]
    if not kinds:
        return made
    if context.spared:
        return replace(made, reason="asked-again")
    try:
        ref = store.put(attempts.original)
    except StoreError:
        log.exception("an original cannot be stored: nothing is left out of it")
        return made
    best, refused = made, ""
    for compressor in kinds:
        writer = notices.PartNotices(ref, moment.way)
        outline, why = attempts.outline(compressor, writer, levels[compressor.name].deep)
        if outline is not None and not why:
            outline = _beside(outline, unseen, writer) if unseen is not None else outline
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
    count = _counter(part, moment).count(part.text) if tokens is None else tokens
    level = policy.ruled(moment.rules, part.call, moment.level)
    return Decision(
        rendering=None, kind=by.name, version=by.version, level=level.name, lossless=True, ref=None,
        reason=reason, tokens_before=count, tokens_after=count,
    )  # fmt: skip


def _counter(part: Item, moment: Moment) -> Counter:
    """Counts texts in the place of a part."""
    return QuotedCounter(moment.counter, part.quoted) if part.quotes else moment.counter


def _stored(part: Item, made: Decision, moment: Moment, store: Store) -> Decision:
    """`made` with the ref of its stored original; raw where the original cannot be stored."""
    try:
        return replace(made, ref=store.put(part.text))
    except StoreError:
        log.exception("the original of a %s part cannot be stored: it stays as it is", made.kind)
        return raw(part, moment, "store-failed", made.tokens_before, BY_NAME[made.kind])
