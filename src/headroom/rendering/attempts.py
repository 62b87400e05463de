"""What the compressors make of one text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from headroom import gate, notices, policy
from headroom.compressors import COMPRESSORS, LAST, RAW
from headroom.compressors._fits import fit
from headroom.rendering.moment import Moment
from headroom.tokens import estimate
from headroom.types import Compressor, Facts, Outline

log = logging.getLogger("headroom")

T = TypeVar("T")


class Attempts:
    """What the compressors make of one text. Here alone their errors are caught: logged, and the part goes on."""

    def __init__(self, facts: Facts, moment: Moment, original: str) -> None:
        self.facts = facts
        self.original = original
        """The text as it came, which is what is stored."""
        self.moment = moment
        self._failed: list[str] = []
        self.unknown = False
        """True if no kind knows the text, so that only the last one is tried."""
        self.ranked = self._ranked()
        self.first = self.ranked[0] if self.ranked else RAW

    def encoded(self, last: bool = True) -> tuple[Compressor, str | None, str]:
        """The cheapest verified encoding among the best-fitting compressors, and, where these gain little, the `last`
        one: (compressor, rendering, reason)."""
        allowed = [c for c in self.ranked if self.moment.level.action(c.content) != "keep"]
        made = self._made(allowed)
        if last and allowed and not (self.unknown or any(c.content == "read" and c.marks for c in allowed)):
            made += self._last(made)
        if len(made) > 1:
            made.sort(key=lambda m: estimate(m[1], self.moment.counter))
        for compressor, rendering in made:
            if self._attempt(compressor, partial(compressor.verify, self.facts, rendering)):
                return compressor, rendering, "encoded"
            log.error("compressor %s wrote a rendering that does not decode to its original", compressor.name)
        kind = RAW if self.unknown and not made else self.first
        if self._failed:
            return kind, None, "compressor-failed"
        if kind is RAW:
            return kind, None, "no-fit"
        return kind, None, "unverified" if made else "no-gain" if allowed else "level"

    def outline(self, compressor: Compressor, writer: notices.PartNotices, deep: bool) -> tuple[Outline | None, str]:
        """What `compressor` leaves of the text, if filling its notices gives the text back, and why it may not be
        sent: a fact is lost, or nothing is left out; empty if it may."""
        outline, look = self._weighed(compressor, self.facts, writer, deep)
        if outline is not None and look is not None and look.lines:  # a gentler one, which shows them too
            facts = Facts(self.facts.text, self.facts.call, self.facts.query, look.lines)
            outline, look = self._weighed(compressor, facts, writer.anew(), deep)
        if outline is None or not outline.omissions:
            return outline, "no-gain"
        return outline, "" if look is not None and not look.lost else "facts-lost"

    def _weighed(
        self, compressor: Compressor, facts: Facts, writer: notices.PartNotices, deep: bool
    ) -> tuple[Outline | None, gate.Look | None]:
        """An outline that its notices complete, and what the gate finds in it."""
        outline = self._attempt(compressor, partial(compressor.outline, facts, writer, deep))
        if outline is None or not outline.omissions:
            return outline, None
        if not self._attempt(compressor, partial(compressor.restored, facts, outline.text)):
            log.error("compressor %s wrote an outline that its notices do not complete", compressor.name)
            return None, None
        return outline, self._attempt(compressor, partial(gate.look, outline.source or facts.text, outline.text))

    def encoded_outline(self, compressor: Compressor, outline: Outline) -> tuple[Compressor, str]:
        """An outline in an encoding that leaves every notice as it is, those of lines on a line each: its own kind's,
        so that it stays what it was, or else the cheapest of the kinds it looks like."""
        facts = Facts(outline.text, self.facts.call, self.facts.query)
        own = self._attempt(compressor, partial(compressor.encode, facts))
        if own is not None and notices.stand(outline.text, own):
            if self._attempt(compressor, partial(compressor.verify, facts, own)):
                return compressor, own
            log.error("compressor %s wrote a rendering that does not decode to its outline", compressor.name)
        others = Attempts(facts, self.moment, self.original)
        kind, text, _ = (RAW, None, "") if others.unknown else others.encoded(last=False)
        return (kind, text) if text is not None and notices.stand(outline.text, text) else (compressor, outline.text)

    def _last(self, made: Sequence[tuple[Compressor, str]]) -> list[tuple[Compressor, str]]:
        """What the last kind makes of the text, where the others gained little and it gains more than that."""
        size = policy.LITTLE_GAIN * len(self.facts.text)
        if any(len(rendering) <= size for _, rendering in made) or not self._attempt(
            LAST, partial(fit, LAST, self.facts)
        ):
            return []
        found = self._made([LAST])
        if not found or not made:
            return found
        counter = self.moment.counter
        least = policy.LITTLE_GAIN * min([estimate(rendering, counter) for _, rendering in made])
        return found if estimate(found[0][1], counter) < least else []

    def _made(self, compressors: Sequence[Compressor]) -> list[tuple[Compressor, str]]:
        """The encodings of those compressors that find one."""
        made = ((c, self._attempt(c, partial(c.encode, self.facts))) for c in compressors)
        return [(c, rendering) for c, rendering in made if rendering is not None]

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
        self.unknown = fits[0][0] <= policy.LAST_FIT
        least = 0.0 if self.unknown else policy.LAST_FIT
        return [c for f, c in fits[: policy.TRIED_COMPRESSORS] if f > least]
