"""Dollars of a session's requests: each priced by the day's list, with a level's savings taken out where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate, pairwise
from statistics import median

from headroom import prices
from headroom.policy import Level
from headroom.prices import Price, Usage
from headroom.replay import layout
from headroom.replay.bill import Bill, Cost, Turn
from headroom.replay.caching import Account
from headroom.replay.layout import Layout, Rates, Tiers
from headroom.replay.renderings import Rendered
from headroom.replay.sizes import factor, weights
from headroom.replay.stretches import Stretch
from headroom.sessions import Request

DECLARED = 120
"""Tokens of our tool's declaration in each request of a level that can leave something out: at most so many."""

CALL_TOKENS = 130
"""What the model writes to fetch a range, with what it thinks about it (replayed sessions of Claude Code)."""

USUAL_LIMIT = 155_000
"""Prompt tokens at which Claude Code compacts a window of 200,000, where a session shows no compaction of its own."""

COMPACTED_SHARE = 0.6
"""A rewritten history of less than this share of the one before was compacted."""

FEWEST_TURNS = 5
"""From fewer turns nobody knows how fast a session grows."""


@dataclass(slots=True)
class Priced:
    """A stretch with all that its dollars are made of."""

    stretch: Stretch
    layout: Layout
    usages: list[Usage]
    rates: list[Rates]
    sums: dict[str, list[float]]
    """By level, what is spared of the first k items, in tokens of the layout."""


def rate_of(request: Request) -> Price | None:
    """The list price of the request's model when it was made; None where it has none, or another session paid."""
    return None if request.copied else listed(request)


def listed(request: Request) -> Price | None:
    """The list price of the request's model when it was made, at the tier that the log tells; None without one."""
    return prices.price(request.model, day(request), request.usage.tier if request.usage else "")


def day(request: Request) -> date:
    return datetime.fromtimestamp(request.at, UTC).date() if request.at else prices.UPDATED


def rates(price: Price | None, prompt: int) -> Rates:
    """Dollars per token of a prompt of this size."""
    if price is None:
        return Rates()
    steep = price.steep_input if price.cliff and prompt > price.cliff else 1.0
    return Rates(*(steep * each / 1e6 for each in (price.read, price.write_hour, price.write, price.input)))


def priced(
    stretch: Stretch,
    estimates: Sequence[float],
    requests: Sequence[Request],
    usages: Sequence[Usage],
    renderings: Mapping[str, Mapping[int, Rendered]],
    host: Mapping[int, int],
) -> Priced:
    """A stretch laid out in its prompts. `usages` are those of its requests; `host` gives the tokens of the host text
    around each part."""
    where = layout.laid_out(estimates, stretch.ends, usages)
    sums = {}
    for level, parts in renderings.items():
        spared = [0.0] * len(where.sizes)
        for at, (_, report) in parts.items():
            whole = report.tokens_before + host[at]
            spared[at] = where.sizes[at] * (report.tokens_before - report.tokens_after) / whole if whole else 0.0
        sums[level] = [0.0, *accumulate(spared)]
    own = [requests[turn] for turn in stretch.turns]
    paid = [rates(rate_of(request), usage.prompt) for request, usage in zip(own, usages, strict=True)]
    return Priced(stretch, where, list(usages), paid, sums)


def turns(
    requests: Sequence[Request], accounts: Sequence[Account], stretches: Sequence[Priced], levels: Mapping[str, Level]
) -> list[Turn]:
    """Every request with its dollars."""
    made: dict[int, Turn] = {}
    for each in stretches:
        for number, turn in enumerate(each.stretch.turns):
            request, usage = requests[turn], each.usages[number]
            price = rate_of(request)
            costs = {name: _cost(each, number, price, name, level) for name, level in levels.items()}
            at = usage._replace(tier=request.usage.tier if request.usage else "")
            whole = (prices.dollars(request.model, at, day(request)) or 0.0) if price else 0.0
            prompt = _tiers(usage).dollars(each.rates[number])
            made[turn] = Turn(
                request.thread, request.model, usage, accounts[turn].estimated, prompt, whole - prompt, costs
            )
    return [made[turn] for turn in range(len(requests))]


def _tiers(usage: Usage) -> Tiers:
    return Tiers(usage.read, usage.write_hour, usage.write, usage.input)


def _cost(each: Priced, number: int, price: Price | None, name: str, level: Level) -> Cost:
    usage = each.usages[number]
    gone = layout.taken(each.layout, number, usage, each.sums[name])
    left = [has - less for has, less in zip(_tiers(usage), gone, strict=True)]
    if "outline" in level.allows.values():
        left[next((at for at, has in enumerate(_tiers(usage)) if has), len(left) - 1)] += DECLARED
    prompt = round(sum(left))
    return Cost(prompt, Tiers(*left).dollars(rates(price, prompt)))


def bill(requests: Sequence[Request], made: Sequence[Turn], stretches: Sequence[Priced], level: str) -> Bill:
    """The sum of all turns at a level, or, with "", as they were. Requests that another session paid do not count."""
    paid = [turn for request, turn in zip(requests, made, strict=True) if not request.copied]
    costs = [cost(turn, level) for turn in paid]
    return Bill(
        prompt=sum(each.prompt for each in costs),
        input=sum(each.input for each in costs),
        output=sum(turn.output for turn in paid),
        peak=max((each.prompt for each in costs), default=0),
        turns=until_full(requests, made, stretches, level),
    )


def cost(turn: Turn, level: str) -> Cost:
    """A request at a level, or, with "", as it was."""
    return turn.levels[level] if level else Cost(turn.usage.prompt, turn.input)


def until_full(
    requests: Sequence[Request], made: Sequence[Turn], stretches: Sequence[Priced], level: str
) -> float | None:
    """Turns from a new history to the next compaction: where this session's were, at its mean growth."""
    main = [each.stretch.turns for each in stretches if requests[each.stretch.turns[0]].thread == ""]
    full = [
        made[before[-1]].usage.prompt
        for before, after in pairwise(main)
        if made[after[0]].usage.prompt < COMPACTED_SHARE * made[before[-1]].usage.prompt
    ]
    ways = [(cost(made[run[0]], level).prompt, cost(made[run[-1]], level).prompt, len(run) - 1) for run in main]
    grew, steps = sum(last - first for first, last, _ in ways), sum(count for *_, count in ways)
    if steps < FEWEST_TURNS or grew <= 0:
        return None
    limit = median(full) if full else max(USUAL_LIMIT, max(turn.usage.prompt for turn in made))
    start = sum(first for first, *_ in ways) / len(ways)
    return max(0.0, (limit - start) * steps / grew)


class Retrieval:
    """What one turn more would cost, at any request and level of a session."""

    def __init__(self, requests: Sequence[Request], made: Sequence[Turn], stretches: Sequence[Priced]) -> None:
        self._requests = requests
        self._turns = made
        self._where = {turn: (each, number) for each in stretches for number, turn in enumerate(each.stretch.turns)}

    def dollars(self, turn: int, tokens: int, level: str) -> float:
        request = self._requests[turn]
        price = rate_of(request)
        if price is None:
            return 0.0
        each, number = self._where[turn]
        usage = each.usages[number]
        again = cost(self._turns[turn], level).prompt
        cached = usage.read + usage.write + usage.write_hour > 0
        new = CALL_TOKENS + factor(request.model) * (weights(request.model).call + tokens)
        paid = rates(price, round(again + new))
        written = paid.write_hour if usage.write_hour > usage.write else paid.write
        later = layout.carrying(each.layout, each.usages, each.rates, number)
        first = again * (paid.read if cached else paid.input) + new * (written if cached else paid.input)
        return first + CALL_TOKENS * price.output / 1e6 + new * later
