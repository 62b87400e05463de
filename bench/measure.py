"""Runs the library on one conversation and states what happened: tokens, what stays visible, what can be redeemed.

A figure comes from the texts themselves: tokens are counted here on the texts as sent, a fact is looked for in them
and in what the named compressor decodes them to, a ref is redeemed and compared with the original.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.texts import Messages, outputs, shows, tokens
from bench.workloads import Workload
from headroom import Report, Result, compress, providers, retrieve
from headroom.compressors import BY_NAME
from headroom.compressors._repeats import Earlier, expand, name_of, written
from headroom.store import MemoryStore
from headroom.types import Facts, Item, Store, WayBack

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
    before, after = _parts(workload.anthropic), in_full(result)
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
    )


def visible(facts: Sequence[str], texts: Sequence[str]) -> int:
    """How many of `facts` stand in at least one of `texts`."""
    return sum(any(shows(fact, text) for text in texts) for fact in facts)


def in_full(result: Result) -> list[str]:
    """The texts of all parts as sent, with references to earlier texts put back in full."""
    provider = providers.detect(result.messages)
    texts: list[str] = []
    earlier: list[Earlier] = []
    for item in provider.read(result.messages) if provider else []:
        if item.kind == "call" and item.call is not None:
            earlier += written(item.call)
        if not item.is_part:
            continue
        report = result.parts[len(texts)]
        told = report.reason == "repeats"
        texts.append(expand(item.text, report.kind, earlier) if told else item.text)
        if item.kind == "result" and item.call is not None:
            earlier.append(Earlier(name_of(item.call), item.text, "raw" if report.ref is None else report.kind))
    return texts


def decoded(reports: Sequence[Report], sent: Sequence[str]) -> list[str]:
    """What the encoded parts decode to, by the decoder of the compressor their report names."""
    return [BY_NAME[r.kind].decode(text) for r, text in zip(reports, sent, strict=True) if is_encoded(r)]


def is_encoded(report: Report) -> bool:
    """True if the part was re-encoded without loss (a part with omissions has no decoder)."""
    return report.lossless and report.ref is not None and not report.omissions


def restores(report: Report, before: Item, after: str) -> bool:
    """True if the text as sent (see `in_full`) stands for the whole original, checked with the decoder."""
    if report.ref is None:
        return before.text == after
    return is_encoded(report) and BY_NAME[report.kind].verify(Facts(before.text, before.call), after)


def _parts(messages: Messages) -> list[Item]:
    """The parts as the library sees them: a rendering stands without the host text around it."""
    provider = providers.detect(messages)
    return [item for item in provider.read(messages) if item.is_part] if provider else []
