"""The work of the tools. Importing this brings in the compressors and the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from headroom import api, policy, retrieval
from headroom.errors import UsageError
from headroom.ledger import DAY, NOTHING, Ledger
from headroom.settings import Settings
from headroom.types import Json, Store

DAYS = 7
"""How far back `headroom_stats` looks."""

UNKEPT = frozenset({"secret", "binary", "not-unicode", "too-large", "store-failed"})
"""Reasons for which a text is not kept either."""


class Calls:
    """Answers the listed tools, from the user's own store. Safe for threads.

    Args:
        clock: seconds since 1970.
    """

    def __init__(self, conf: Settings, clock: Callable[[], float]) -> None:
        self.conf = conf
        self.ledger = Ledger(conf.home)
        self._clock = clock

    @cached_property
    def store(self) -> Store:
        """The user's store, opened at its first use. Raises StoreError."""
        return api.open_store(self.conf)

    def retrieve(self, arguments: Mapping[str, Json]) -> str:
        """Any original of the store, or a range of it. Raises UsageError, StoreError."""
        return retrieval.redeem(arguments, self.store)

    def compress(self, arguments: Mapping[str, Json]) -> str:
        """The rendering of `text`, and under it the call that returns the original. A text that is best left as it is
        is not repeated. Raises UsageError, StoreError."""
        text = arguments.get("text")
        if not isinstance(text, str) or not text:
            raise UsageError("The text is missing; call again with text")
        made = api.compress(text, level=self.conf.level, store=self.store, way_back="mcp")
        report = made.parts[0]
        if report.ref is not None:
            fewer = f"{report.tokens_before:,} → {report.tokens_after:,} tokens"
            return f"{made.messages.rstrip()}\n[{fewer} · original: {retrieval.TOOL}('{report.ref}')]"
        kept = "not kept" if report.reason in UNKEPT else f"kept: {retrieval.TOOL}('{self.store.put(text)}')"
        return f"[left as it is: {policy.REASONS[report.reason]} · {kept}]"

    def stats(self, arguments: Mapping[str, Json]) -> str:
        """The last days in a few lines. Raises StoreError."""
        total = next(iter(self.ledger.totals("all", self._clock() - DAYS * DAY)), NOTHING)
        kept = f"{self.store.usage().originals:,} originals can be retrieved."
        if not total.requests:
            return f"No requests went through the proxy in the last {DAYS} days. {kept}"
        return (
            f"Last {DAYS} days: {total.requests:,} requests through the proxy, {total.removed:,} tokens not sent, "
            f"${total.spared:,.2f} spared of ${total.dollars + total.spared:,.2f} at list price. {kept}"
        )
