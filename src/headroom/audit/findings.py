"""One session's row: its bills, net of what would have been fetched back, its regrets, its groups and its wastes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from headroom import prices
from headroom.audit import regret, waste
from headroom.audit.regret import Judged, shortened
from headroom.audit.rows import LEVELS, MOST_REGRETS, SIZES, Group, Regret, Row, Sums
from headroom.audit.used import PlainWords, Used
from headroom.replay import Output, Replayed, replay
from headroom.replay.billing import day
from headroom.sessions import Log, Request, Skipped
from headroom.tokens import counter

LINE_CHARS, CALL_CHARS = 240, 120
"""Characters that are kept of a line, and of a call's arguments."""

UNTOLD = "which tools were declared and never called is not told: the log holds no declarations"
UNPRICED = "a model has no price: its requests count as no dollars"
UNBILLED = "some answers have no account of their tokens: their prompts are estimated"

Gone = Mapping[tuple[int, str], Sequence[Used]]
"""The used lines that are hidden, by the place of the output and the level."""


def row(log: Log, requests: Iterable[Request], skipped: Skipped, words: Container[str] | None = None) -> Row:
    """What there is to say of one session. `skipped` counts what `requests` could not use while it is read; `words`
    are no names, by default plain words."""
    replayed = replay(requests, levels=LEVELS)
    count = cache(counter().count)
    judged = list(regret.judged(replayed, PlainWords(count) if words is None else words))
    gone = {
        (one.output.place, level): regret.hidden(one.output.item, one.used, sent)
        for one in judged
        for level, sent in one.output.sent.items()
    }
    found = {level: list(_regrets(replayed, judged, gone, level, count)) for level in LEVELS}
    asked = replayed.requests
    estimated = any(turn.estimated for turn in replayed.turns)
    told = any(request.declared for request in asked)
    notes = ((UNTOLD, not told), (UNPRICED, not replayed.priced), (UNBILLED, estimated))
    return Row(
        agent=log.agent, project=log.project, name=log.name, path=str(log.path),
        started=next((request.at for request in asked if request.at), 0.0),
        model=next((model for model, _ in Counter(request.model for request in asked).most_common(1)), ""),
        requests=len(asked), billed=_billed(asked), estimated=estimated, raw=replayed.raw,
        levels={
            level: replace(bill, retrievals=len(found[level]), asked=sum(one.dollars for one in found[level]))
            for level, bill in replayed.levels.items()
        },
        groups=_groups(replayed.outputs, judged, gone),
        regrets=tuple(one for level in LEVELS for one in _worst(found[level])),
        wastes=waste.wastes(replayed, judged, count), skipped=dict(skipped),
        notes=tuple(note for note, holds in notes if holds),
    )  # fmt: skip


def _billed(requests: Sequence[Request]) -> float | None:
    """Dollars by the log's own account, as far as it goes; None if no answer has one, or a model no price."""
    told = [(one.model, one.usage, day(one)) for one in requests if one.usage is not None and not one.copied]
    dollars = [prices.dollars(*each) for each in told]
    return sum(each or 0.0 for each in dollars) if dollars and None not in dollars else None


def _regrets(
    replayed: Replayed, judged: Sequence[Judged], gone: Gone, level: str, count: Callable[[str], int]
) -> Iterator[Regret]:
    """One for each notice that hides a used line: the first of its lines, and the turn to fetch all it stands for."""
    for one in judged:
        output, sent = one.output, one.output.sent[level]
        lines = output.item.text.split("\n")
        for each in regret.fetched(output.item, gone[output.place, level], sent, count):
            first = each.lines[0]
            yield Regret(
                level=level, tool=output.call.name, kind=sent.report.kind, turn=output.turn, number=first.line,
                call=shortened(regret.told(output.call), CALL_CHARS), used=shortened(first.what, LINE_CHARS),
                line=shortened(lines[first.line - 1], LINE_CHARS), why=first.why,
                around=regret.around(sent, each.omission),
                dollars=replayed.extra_turn(output.turn, each.tokens, level),
            )  # fmt: skip


def _worst(found: Sequence[Regret]) -> list[Regret]:
    """The dearest, second ones of an output after the first of others."""
    ranks: Counter[tuple[int, str]] = Counter()
    ranked = []
    for one in sorted(found, key=lambda one: -one.dollars):
        ranked.append((ranks[one.turn, one.call], one))
        ranks[one.turn, one.call] += 1
    return [one for _, one in sorted(ranked, key=lambda each: each[0])[:MOST_REGRETS]]


def size_of(tokens: int) -> str:
    """The name of the size class of an output of so many tokens."""
    return next(name for limit, name in SIZES if tokens < limit)


def kind_of(output: Output) -> str:
    """What an output is to the gentlest level that leaves something out of it, or else to the gentlest of all."""
    reports = [output.sent[level].report for level in LEVELS]
    return next((report for report in reports if report.omissions), reports[0]).kind


def _groups(outputs: Sequence[Output], judged: Sequence[Judged], gone: Gone) -> tuple[Group, ...]:
    """The sums of the outputs by tool, kind and size, the dearest first."""
    used = {one.output.place: len(one.used) for one in judged}
    found: dict[tuple[str, str, str], list[Output]] = defaultdict(list)
    for output in outputs:
        found[output.call.name, kind_of(output), size_of(output.tokens)].append(output)
    made = [
        Group(
            tool=tool, kind=kind, size=size, outputs=len(of), tokens=sum(each.tokens for each in of),
            dollars=sum(each.dollars for each in of), needed=sum(used.get(each.place, 0) > 0 for each in of),
            levels={level: _sums(of, level, used, gone) for level in LEVELS},
        )
        for (tool, kind, size), of in found.items()
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda group: -group.dollars))


def _sums(outputs: Sequence[Output], level: str, used: Mapping[int, int], gone: Gone) -> Sums:
    """What became of the outputs at a level; `used` says how many lines of each were used."""
    sent = [output.sent[level] for output in outputs]
    cut = [output.place for output in outputs if output.sent[level].report.omissions]
    lost = {place: len(gone.get((place, level), ())) for place in cut}
    return Sums(
        tokens=sum(each.tokens for each in sent),
        spared=sum(each.spared for each in sent),
        cut=len(cut),
        used=sum(used.get(place, 0) for place in cut),
        hidden=sum(lost.values()),
        lost=sum(hidden / used[place] for place, hidden in lost.items() if hidden),
    )
