"""Runs the library on one conversation and states what happened: tokens, what stays visible, what can be redeemed.

A figure comes from the texts themselves: tokens are counted here on the texts as sent, a fact is looked for in them
and in what the named compressor decodes them to, a ref is redeemed and compared with the original, and so is each
range that a notice names.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.texts import Messages, outputs, tokens
from bench.workloads import Workload
from headroom import Report, Result, compress, notices, providers, retrieve
from headroom.audit.regret import shows
from headroom.compressors import BY_NAME, stands_for
from headroom.compressors._coats import seen
from headroom.errors import HeadroomError
from headroom.replay.renderings import in_full
from headroom.store import MemoryStore
from headroom.types import Facts, Item, Omission, Store, WayBack

WAYS: dict[str, WayBack] = {"meter": "none", "lossless": "none", "balanced": "tool", "aggressive": "tool"}
"""The way back each level is measured with: levels that may cut need one."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one level did to one workload."""

    way_back: WayBack
    """Kinds, reasons and counts are of the tool outputs, or of all parts where there is no tool."""
    kinds: tuple[str, ...]
    reasons: tuple[str, ...]
    parts: int
    encoded: int
    raw_tokens: int
    tokens: int
    lossless: bool
    """Every part of the result decodes to its original, by the decoder run here."""
    needles_literal: int
    needles: int
    samples_literal: int
    samples: int
    refs: int
    redeemed: int
    omissions: int
    redeemed_ranges: int
    """How many omissions have a notice whose range, redeemed, is what the original has there."""


def run(messages: Messages, level: str) -> tuple[Result, Store]:
    """One first-sight run: a store that has seen nothing."""
    store = MemoryStore()
    return compress(messages, level=level, store=store, way_back=WAYS[level]), store


def seconds(messages: Messages, level: str) -> float:
    """Time of one first-sight run, counting and verifying included: the smaller of wall-clock and processor time, so
    that a busy machine does not count against it (the other package is measured the same way)."""
    store = MemoryStore()
    wall, processor = time.perf_counter(), time.process_time()
    compress(messages, level=level, store=store, way_back=WAYS[level])
    return min(time.perf_counter() - wall, time.process_time() - processor)


def measure(workload: Workload, level: str) -> Measured:
    """Everything about one workload and level that does not depend on the machine."""
    result, store = run(workload.anthropic, level)
    items = items_of(workload.anthropic)
    before, after = [item for item in items if item.is_part], list(in_full(items, result).values())
    sent = outputs(result.messages)
    known = [*sent, *decoded(result.parts, after)]
    judged = [r for r in result.parts if r.tool] or result.parts
    refs = [(r.ref, item.text) for r, item in zip(result.parts, before, strict=True) if r.ref is not None]
    return Measured(
        way_back=WAYS[level],
        kinds=tuple(sorted({r.kind for r in judged})),
        reasons=tuple(sorted({r.reason for r in judged})),
        parts=len(judged),
        encoded=sum(r.ref is not None for r in judged),
        raw_tokens=tokens(workload.texts),
        tokens=tokens(sent),
        lossless=all(restores(r, b, a) for r, b, a in zip(result.parts, before, after, strict=True)),
        needles_literal=visible(workload.needles, sent),
        needles=visible(workload.needles, known),
        samples_literal=visible(workload.samples, sent),
        samples=visible(workload.samples, known),
        refs=len(refs),
        redeemed=sum(retrieve(ref, store=store) == text for ref, text in refs),
        omissions=sum(len(r.omissions) for r in result.parts),
        redeemed_ranges=sum(map(redeemed_ranges, result.parts, before, after, [store] * len(before))),
    )


def visible(facts: Sequence[str], texts: Sequence[str]) -> int:
    """How many of `facts` stand in at least one of `texts`."""
    return sum(any(shows(fact, text) for text in texts) for fact in facts)


def decoded(reports: Sequence[Report], sent: Sequence[str]) -> list[str]:
    """What the encoded parts decode to, by the decoder of the compressor their report names: where something was left
    out, that is the outline."""
    return [stands_for(r.kind, text) for r, text in zip(reports, sent, strict=True) if r.ref is not None]


_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


class _Members(NamedTuple):
    """A JSON object as its members in order."""

    pairs: list[tuple[str, Any]]


_DECODER = json.JSONDecoder(object_pairs_hook=_Members, parse_int=str, parse_float=str, parse_constant=str)
"""Keeps the text of numbers, as strings, and the order of members: rows are compared strictly."""


def redeemed_ranges(report: Report, before: Item, after: str, store: Store) -> int:
    """How many of a part's omissions can be redeemed: a notice of it stands in the text as sent, and fetching the
    range that this notice names gives the original's own lines, or rows of equal value."""
    told = [notices.read(notice) for notice in notices.found(after)]
    named = {(o.unit, o.first, o.last, o.path) for o in told if o is not None}
    return sum(
        (o.unit, o.first, o.last, o.path) in named and _redeems(report.ref or "", o, before.text, store)
        for o in report.omissions
    )


def _redeems(ref: str, omission: Omission, original: str, store: Store) -> bool:
    range_ = notices.spec(omission)
    try:
        if omission.unit == "lines":
            lines = original.split("\n")[omission.first - 1 : omission.last]
            return retrieve(ref, lines=range_, store=store).removesuffix("\n") == "\n".join(lines).removesuffix("\n")
        fetched = retrieve(ref, path=omission.path or None, rows=range_, store=store)
        within = at_path(_DECODER.decode(original), omission.path)
        rows = _DECODER.decode(f"{{{fetched}}}" if isinstance(within, _Members) else f"[{fetched}]")
    except (HeadroomError, ValueError, LookupError, TypeError):
        return False
    return fetched in original and _rows(rows) == _rows(within)[omission.first - 1 : omission.last]


def at_path(value: Any, path: str) -> Any:
    """The value at a JSON path as notices write it (`$.items[3].name`), or the document itself without one."""
    for name, index in _STEP.findall(path):
        value = dict(value.pairs)[name] if name else value[int(index)]
    return value


def _rows(value: Any) -> Any:
    return value.pairs if isinstance(value, _Members) else value


def is_encoded(report: Report) -> bool:
    """True if the part was re-encoded without loss."""
    return report.lossless and report.ref is not None and not report.omissions


def restores(report: Report, before: Item, after: str) -> bool:
    """True if the text as sent (see `in_full`) stands for the whole original, checked with the decoder."""
    if report.ref is None:
        return before.text == after
    original, rendering = seen(before.text, after)
    return is_encoded(report) and BY_NAME[report.kind].verify(Facts(original, before.call), rendering)


def items_of(messages: Messages) -> list[Item]:
    """What stands in a request, as the library's own reader sees it."""
    provider = providers.detect(messages)
    return provider.read(messages) if provider else []
