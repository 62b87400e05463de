"""One session, replayed: read, rendered at each level, laid out in its prompts, and priced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from headroom import policy
from headroom.prices import Usage
from headroom.replay import billing, caching, layout, sizes
from headroom.replay.bill import Output, Replayed, Sent
from headroom.replay.billing import Priced
from headroom.replay.renderings import Rendered, rendered
from headroom.replay.sizes import Count
from headroom.replay.stretches import Stretch, numbered, stretches
from headroom.sessions import Request
from headroom.store import MemoryStore
from headroom.tokens import counter
from headroom.types import ToolCall

PLACEHOLDER_SHARE = 0.5
"""A logged output of less than this share of what the answer holds was noted before the answer was whole."""


def replay(requests: Iterable[Request], *, levels: Sequence[str], known: float = 1.0, misses: bool = False) -> Replayed:
    """Replays a session at each of `levels`.

    With `known` below 1, only the first so many of the requests tell their usage; that of the others is predicted, as
    where a log has none, and with `misses` the log tells of them whether the cache was missed.

    Raises UnknownLevelError.
    """
    chosen = {name: policy.level(name) for name in levels}
    asked = list(requests)
    found = stretches(asked)
    items, carried = numbered(found)
    count = cache(counter().count)
    estimates = [sizes.of_stretch(stretch, asked[stretch.turns[-1]].model, count) for stretch in found]
    accounts = caching.accounts(asked, found, estimates, known=known, misses=misses)
    stores = {name: MemoryStore() for name in chosen}
    laid: list[Priced] = []
    made: list[dict[str, dict[int, Rendered]]] = []
    for stretch, tokens in zip(found, estimates, strict=True):
        made.append({name: rendered(stretch, name, store) for name, store in stores.items()})
        usages = _with_outputs(asked, stretch, tokens, [accounts[turn].usage for turn in stretch.turns])
        laid.append(billing.priced(stretch, tokens, asked, usages, made[-1], _host(stretch, count)))
    turns = billing.turns(asked, accounts, laid, chosen)
    return Replayed(
        requests=asked, items=items, carried=carried, turns=turns, outputs=_outputs(laid, made, carried, count),
        raw=billing.bill(asked, turns, laid, ""),
        levels={name: billing.bill(asked, turns, laid, name) for name in chosen},
        priced=all(billing.listed(request) is not None for request in asked),
        extra=billing.Retrieval(asked, turns, laid).dollars,
    )  # fmt: skip


def _with_outputs(
    requests: Sequence[Request], stretch: Stretch, tokens: Sequence[float], usages: Sequence[Usage]
) -> list[Usage]:
    """The usages of a stretch, each output as logged unless that is a placeholder: then what the answer holds."""
    held = [0.0] * (len(stretch.messages) + 1)
    for owner, size in zip(stretch.owners, tokens, strict=True):
        held[owner] += size
    made = []
    for turn, usage in zip(stretch.turns, usages, strict=True):
        start = len(requests[turn].messages)
        holds = round(sum(held[start : start + len(requests[turn].reply)]))
        made.append(usage._replace(output=holds) if usage.output < PLACEHOLDER_SHARE * holds else usage)
    return made


def _host(stretch: Stretch, count: Count) -> dict[int, int]:
    """Tokens of the host text around each part, by the number of its item."""
    return {at: count(item.head) + count(item.tail) for at, item in enumerate(stretch.items) if item.is_part}


def _outputs(
    laid: Sequence[Priced], made: Sequence[Mapping[str, Mapping[int, Rendered]]], carried: Sequence[int], count: Count
) -> list[Output]:
    """Every tool output of the session once, with its dollars over all stretches that carried it."""
    first: dict[int, tuple[int, int]] = {}
    dollars: dict[int, float] = {}
    spared: dict[tuple[int, str], float] = {}
    for number, (each, renderings) in enumerate(zip(laid, made, strict=True)):
        spent = layout.costs(each.layout, each.usages, each.rates)
        for at, paid in enumerate(spent):
            place = each.stretch.places[at]
            first.setdefault(place, (number, at))
            dollars[place] = dollars.get(place, 0.0) + paid
            size = each.layout.sizes[at]
            for name in renderings if size else ():
                less = (each.sums[name][at + 1] - each.sums[name][at]) / size
                spared[place, name] = spared.get((place, name), 0.0) + paid * less
    found = []
    for place, (number, at) in sorted(first.items()):
        item = laid[number].stretch.items[at]
        if item.kind != "result" or not item.is_part:
            continue
        host = count(item.head) + count(item.tail)
        sent = {
            name: Sent(
                host + parts[at].report.tokens_after, parts[at].text, parts[at].report, spared.get((place, name), 0.0)
            )
            for name, parts in made[number].items()
        }
        found.append(
            Output(
                item=item, place=place, turn=carried[place], call=item.call or ToolCall(),
                tokens=host + count(item.text), billed=laid[number].layout.sizes[at],
                dollars=dollars[place], sent=sent,
            )
        )  # fmt: skip
    return found
