"""What a provider's cache makes of a session's prompts: the log's own account, or, without one, the cache's rules.

A prompt is read from the cache as far as the one before it was written there, if that is not too long ago, the model
is the same, and nothing in it changed; the rest is written. What a log cannot show (the system prompt and the tools,
what a client puts in unseen, misses without a visible cause) is learned from the part of the log that has usage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from headroom.prices import Usage
from headroom.replay.stretches import Stretch
from headroom.sessions import Request

FIXED = 16_500
"""Tokens of system prompt and tools where no log tells them: what Claude Code sends in every project."""

ATTACHED = 9_000
"""Tokens that Claude Code puts behind the summary when it compacts, the files it has open, unless the log tells better
(mean of 88 compactions)."""

FRESH = 3
"""Tokens of a prompt after the last that is cached."""

PRIOR_TOKENS = 20_000
"""So much growth counts as known before the log says anything: few turns must not decide a session's scale."""

PRIOR_SCALE = 1.03
"""Prompts grow by this for each token that we see: the rest is reminders that logs do not hold."""

LIVES, LIVES_HOUR = 300, 3_600
"""Seconds that what was written to the cache stays there; each read begins them anew."""

MINIMUM = (
    (("opus-4-6", "opus-4-5", "haiku-4-5"), 4_096),
    (("opus-4-7", "haiku-3-5", "3-5-haiku"), 2_048),
    (("opus-4", "sonnet-4", "sonnet-5-0", "gpt", "gemini"), 1_024),
)
"""Smaller prompts are not cached: tokens by parts of a model's name; 512 for others."""

SMALLEST = 512

PRIOR_STEADY, PRIOR_MISSES = 400, 4.4
"""So many prompts, and misses among them, count as known before the log says anything (30 of 2,685 were missed in the
first halves of the recorded sessions)."""

COLD_SHARE = 0.5
"""A prompt of which less than this much of the one before it is read was missed by the cache."""


class Account(NamedTuple):
    """The usage of one request, and whether it is ours."""

    usage: Usage
    estimated: bool


@dataclass(slots=True)
class Learned:
    """What the requests with usage say about a thread's others."""

    grown: float = PRIOR_TOKENS * PRIOR_SCALE
    seen: float = PRIOR_TOKENS
    fixed: float | None = None
    """Tokens before the first item."""
    attached: list[float] = field(default_factory=list)
    """Tokens that the client added unseen when it rewrote the history."""
    bases: list[float] = field(default_factory=list)
    """Tokens that were still read when the history was new."""
    colds: list[float] = field(default_factory=list)
    """... and when the cache was missed."""
    fresh: list[int] = field(default_factory=list)
    steady: float = PRIOR_STEADY
    """Prompts that the cache should have held..."""
    missed: float = PRIOR_MISSES
    """... and those of them that it missed all the same."""
    hour: int = 0
    """Tokens written for an hour less those written for five minutes."""

    @property
    def scale(self) -> float:
        return self.grown / self.seen

    @property
    def risk(self) -> float:
        """The chance that a cache misses a prompt that it should hold."""
        return self.missed / self.steady

    def take(self, usage: Usage, before: Usage | None, added: tuple[float, float], *, first: bool, alive: bool) -> None:
        """Learns from a known request: the one before it in its stretch if that is known, our estimate of what was
        added since and of all its items, whether it is its thread's first, and whether the cache should hold it."""
        grew, whole = added
        self.hour += usage.write_hour - usage.write
        self.fresh.append(usage.input)
        if before is not None:
            if grew > 0 and usage.prompt > before.prompt:
                self.grown += usage.prompt - before.prompt
                self.seen += grew
            missed = usage.read < COLD_SHARE * before.prompt
            if missed:
                self.colds.append(usage.read)
            self.steady += alive
            self.missed += alive and missed
        elif first:
            self.fixed = max(0.0, usage.prompt - self.scale * whole)
        elif self.fixed is not None:
            self.attached.append(usage.prompt - self.fixed - self.scale * whole)
            self.bases.append(usage.read)


@dataclass(slots=True)
class _Thread:
    """One thread while its requests are accounted for."""

    learned: Learned = field(default_factory=Learned)
    last: Usage | None = None
    at: float = 0.0
    model: str = ""

    def alive(self, request: Request) -> bool:
        """Whether what the last request wrote to the cache should still be there."""
        lives = LIVES_HOUR if self.learned.hour > 0 else LIVES
        return self.model == request.model and request.at - self.at <= lives


def accounts(
    requests: Sequence[Request], found: Sequence[Stretch], sizes: Sequence[Sequence[float]],
    *, known: float = 1.0, misses: bool = False,
) -> list[Account]:  # fmt: skip
    """The usage of every request. `sizes` are the estimated tokens of each stretch's items. Only the first `known` of
    the requests tell theirs; of the others, with `misses`, the log tells alone whether the cache was missed."""
    trusted = round(known * len(requests))
    threads: dict[str, _Thread] = {}
    where: dict[int, tuple[Stretch, int, float, float]] = {}
    for stretch, tokens in zip(found, sizes, strict=True):
        whole = 0.0
        for number, (turn, end) in enumerate(zip(stretch.turns, stretch.ends, strict=True)):
            grew = sum(tokens[stretch.ends[number - 1] if number else 0 : end])
            whole += grew
            where[turn] = (stretch, number, grew, whole)
    made: list[Account] = []
    for turn, request in enumerate(requests):
        stretch, number, grew, whole = where[turn]
        thread = threads.setdefault(request.thread, _Thread())
        before = thread.last if number else None
        usage, estimated = request.usage, False
        if usage is None or not usage.prompt or turn >= trusted:
            observed = _missed(requests, stretch, number) if misses else None
            usage, estimated = _predicted(thread, request, before, (grew, whole), observed), True
        else:
            first, alive = thread.last is None, thread.alive(request)
            thread.learned.take(usage, before, (grew, whole), first=first, alive=alive)
        thread.last, thread.at, thread.model = usage, request.at, request.model
        made.append(Account(usage, estimated))
    return made


def _missed(requests: Sequence[Request], stretch: Stretch, number: int) -> bool | None:
    """Whether the log says that the cache was missed."""
    usage = requests[stretch.turns[number]].usage
    before = requests[stretch.turns[number - 1]].usage if number else None
    return None if usage is None or before is None else usage.read < COLD_SHARE * before.prompt


def _predicted(
    thread: _Thread, request: Request, before: Usage | None, added: tuple[float, float], missed: bool | None
) -> Usage:
    learned = thread.learned
    grew, whole = (learned.scale * size for size in added)
    if before is not None:
        prompt = before.prompt + grew
    else:
        prompt = (FIXED if learned.fixed is None else learned.fixed) + whole
        if thread.last is not None:
            prompt += median(learned.attached) if learned.attached else ATTACHED
    size = round(prompt)
    hour = learned.hour > 0
    alive = thread.alive(request)
    read = 0.0
    if before is not None:
        held = before.prompt - before.input
        cold = median(learned.colds) if learned.colds else FIXED if alive or hour else 0.0
        risk = float(missed) if missed is not None else learned.risk if alive else 1.0
        read = (1 - risk) * held + risk * min(cold, held)
    elif thread.last is not None and alive:
        read = median(learned.bases) if learned.bases else FIXED
    fresh = min(size, round(median(learned.fresh)) if learned.fresh else FRESH)
    if size < _minimum(request.model):
        return Usage(input=size)
    read = min(round(read), size - fresh)
    written = size - fresh - read
    return Usage(input=fresh, read=read, write=0 if hour else written, write_hour=written if hour else 0)


def _minimum(model: str) -> int:
    name = model.lower().replace(".", "-")
    return next((tokens for parts, tokens in MINIMUM if any(part in name for part in parts)), SMALLEST)
