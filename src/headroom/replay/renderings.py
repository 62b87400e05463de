"""The tool outputs of a stretch as each level sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from headroom.api import Report, Result, compress
from headroom.compressors import _coats
from headroom.compressors._repeats import Earlier, expand, name_of, written
from headroom.notices import is_outline
from headroom.replay.stretches import Stretch
from headroom.types import Item, Json, Store


class Rendered(NamedTuple):
    """One part at one level."""

    text: str
    """Without host text, references to earlier texts put back in full."""
    report: Report


def rendered(stretch: Stretch, level: str, store: Store) -> dict[int, Rendered]:
    """By the number of its item, each part that was sent, as the level sends it. `store` serves a whole session at
    this level, so that what was decided for a text stays decided when the history is rewritten."""
    messages = stretch.messages[: stretch.length]
    result = compress(messages, level=level, store=store, way_back="tool", rules=(), thresholds=())
    items = stretch.items[: stretch.ends[-1]]
    return {
        at: Rendered(items[at].text if full == items[at].text else full, report)
        for (at, full), report in zip(in_full(items, result).items(), result.parts, strict=True)
    }


def in_full(items: Sequence[Item], result: Result) -> dict[int, str]:
    """By the number of its item, each part of a request as it was sent, without host text, with references to earlier
    texts put back in full. `items` are those of the request as it came."""
    reports = iter(result.parts)
    made: dict[int, str] = {}
    earlier: list[Earlier] = []
    for at, item in enumerate(items):
        if item.kind == "call" and item.call is not None:
            earlier += written(item.call)
        if item.leaf is None:
            continue
        report = next(reports)
        sent = _sent(item, result.messages)
        heads, bare = ([], _coats.plain(sent)) if report.ref is None else _coats.apart(sent)
        full = expand(bare, report.kind, earlier) if report.reason == "repeats" else bare
        made[at] = sent if full == bare else "\n".join([*heads, full])
        if item.kind == "result" and item.call is not None:
            kind = "raw" if report.ref is None else report.kind
            earlier.append(Earlier(name_of(item.call), bare, kind, is_outline(report.omissions)))
    return made


def _sent(item: Item, messages: Sequence[Json]) -> str:
    """What was sent in the place of a part, without the host text around it."""
    value: Json = messages
    for key in item.leaf or ():
        value = value[key]
    return item.within(str(value))
