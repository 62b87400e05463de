"""Where each item of a stretch lies in its prompts, and what one token costs there, request by request.

Prompts are billed by position: what lies before a boundary was read from the cache, what follows was written, the
rest was neither. So the dollars of an item are known once it has a place, and the sum over everything that has a place
is the bill. Taking tokens out of an item takes them out of the tiers it lies in.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from headroom.prices import Usage

LEAST, MOST = 0.6, 1.1
"""An item is at most this much smaller or larger than estimated. What a prompt grew by beyond is of something unseen;
where it grew by less, something else left it, and all that it carries counts a little less."""


class Rates(NamedTuple):
    """Dollars per token of a prompt, cheapest place first."""

    read: float = 0.0
    write_hour: float = 0.0
    write: float = 0.0
    input: float = 0.0


@dataclass(slots=True)
class Layout:
    """One stretch."""

    starts: list[float]
    """Where each item begins, in tokens from the start of the prompt; it is followed by nothing but the unseen."""
    sizes: list[float]
    ends: Sequence[int]
    """For each request how many items it carries."""
    totals: list[float]
    """For each request where its last item or what is unseen after it ends."""


def laid_out(estimates: Sequence[float], ends: Sequence[int], usages: Sequence[Usage]) -> Layout:
    """Places for the items of a stretch: each request's new ones fill what its prompt grew by. What a prompt is larger
    stands unseen before its new items; the first request's is its fixed part."""
    starts: list[float] = []
    sizes: list[float] = []
    totals: list[float] = []
    total = 0.0
    for number, (end, usage) in enumerate(zip(ends, usages, strict=True)):
        new = estimates[len(sizes) : end]
        room, needed = usage.prompt - total, sum(new)
        fit = min(MOST if number else 1.0, room / needed) if needed > 0 else 1.0
        fit = fit if fit >= LEAST else 1.0
        at = total + max(0.0, room - fit * needed)
        for size in new:
            starts.append(at)
            sizes.append(fit * size)
            at += fit * size
        total = max(at, total)
        totals.append(total)
    return Layout(starts, sizes, ends, totals)


class Tiers(NamedTuple):
    """Tokens of a prompt, or taken out of it, by what they cost."""

    read: float
    write_hour: float
    write: float
    input: float

    def dollars(self, rates: Rates) -> float:
        return sum(tokens * rate for tokens, rate in zip(self, rates, strict=True))


def borders(layout: Layout, number: int, usage: Usage) -> tuple[float, list[float]]:
    """How many billed tokens a token of the layout is in a request (1, or less where the prompt shrank), and where the
    tiers end in the layout."""
    total = layout.totals[number]
    share = usage.prompt / total if total else 1.0
    ends = list(accumulate((usage.read, usage.write_hour, usage.write, usage.input)))
    return share, [end / share if share else 0.0 for end in ends]


def taken(layout: Layout, number: int, usage: Usage, sums: Sequence[float]) -> Tiers:
    """What a request is spared in each tier. `sums[k]` is what is spared of the first k items, in layout tokens."""
    share, ends = borders(layout, number, usage)
    carried = layout.ends[number]
    upto = [_until(layout, end, sums, carried) for end in ends[:-1]] + [sums[carried]]
    return Tiers(*(share * (b - a) for a, b in zip([0.0, *upto], upto, strict=False)))


def _until(layout: Layout, position: float, sums: Sequence[float], carried: int) -> float:
    """What is spared before a position; of an item that it divides, its share."""
    at = min(bisect_left(layout.starts, position), carried)
    if at == 0:
        return 0.0
    size = layout.sizes[at - 1]
    part = min(1.0, (position - layout.starts[at - 1]) / size) if size else 1.0
    return sums[at - 1] + part * (sums[at] - sums[at - 1])


def costs(layout: Layout, usages: Sequence[Usage], rates: Sequence[Rates]) -> list[float]:
    """Dollars of each item over all requests that carried it."""
    steps = [0.0] * (len(layout.sizes) + 1)
    dollars = [0.0] * len(layout.sizes)
    for number, (usage, rate) in enumerate(zip(usages, rates, strict=True)):
        share, ends = borders(layout, number, usage)
        carried = layout.ends[number]
        whole = max(0, min(bisect_left(layout.starts, ends[0]), carried) - 1)
        steps[whole] += share * rate.read
        for at in range(whole, carried):
            dollars[at] += share * _between(layout.starts[at], layout.sizes[at], ends, rate)
    per_token = 0.0
    for at in range(len(layout.sizes) - 1, -1, -1):
        per_token += steps[at + 1]
        dollars[at] += per_token * layout.sizes[at]
    return dollars


def _between(start: float, size: float, ends: Sequence[float], rates: Rates) -> float:
    """Dollars of `size` tokens from `start` on, by the tiers they lie in; past the last border, at the last rate."""
    found, at, stop = 0.0, start, start + size
    for end, rate in zip(ends[:-1], rates[:-1], strict=True):
        upto = min(max(end, at), stop)
        found += (upto - at) * rate
        at = upto
    return found + (stop - at) * rates.input


def carrying(layout: Layout, usages: Sequence[Usage], rates: Sequence[Rates], after: int) -> float:
    """Dollars per token, in the requests that follow, of something that was cached right behind the request number
    `after`: it fares like the last that this request had in the cache."""
    position = max(0.0, layout.totals[after] - usages[after].input - 1)
    spent = 0.0
    for number in range(after + 1, len(usages)):
        share, ends = borders(layout, number, usages[number])
        spent += share * _between(position, 1.0, ends, rates[number])
    return spent
