"""What happens to a request body: bytes in, bytes out. Runs in a worker process; nothing here does network I/O.

Only the string leaves of decided parts are replaced, in the bytes themselves, so that a request with nothing to
compress leaves as it came.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from headroom import api, pipeline, policy, providers
from headroom.errors import HeadroomError, StoreError
from headroom.proxy.decoding import parsed
from headroom.proxy.retrieve import DIALECTS
from headroom.proxy.rewrite import rewritten
from headroom.rendering import Moment
from headroom.store import SqliteStore, TrialStore
from headroom.tokens import counter
from headroom.types import Decision, Edit, Item, Json, Path, Provider, Store, WayBack

log = logging.getLogger("headroom")

PROVIDERS: Mapping[str, Provider] = {provider.name: provider for provider in providers.PROVIDERS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One request body and the settings under which its new parts are decided. Travels between processes."""

    body: bytes
    dialect: str
    at: Path = ()
    level: str = policy.DEFAULT_LEVEL
    answers: bool = True
    """True if the model answers; False for a count of tokens."""
    hurried: bool = False
    """True to leave every new part as it is; all else, the way back too, is as at `level`."""
    forced: WayBack | None = None
    """The way back where it is known already: that of the socket."""
    refused: WayBack | None = None
    """The way back of the same request as it was sent before and refused: what it brought anew is now left raw."""
    hides: bool = True
    """True if an answer can be kept from the client and followed up: then our tool may be the way back."""
    dry: bool = False
    """True if the body will not be sent: then nothing is kept of it."""


class Told(NamedTuple):
    """One part's decision as the ledger and the dashboard tell it; no text."""

    tool: str
    kind: str
    reason: str
    ref: str | None
    tokens_before: int
    tokens_after: int


class Changed(NamedTuple):
    """A body as it goes upstream."""

    body: bytes
    parts: tuple[Told, ...] = ()
    model: str = ""
    way: WayBack = "none"
    new: frozenset[int] = frozenset()
    """Places, among the parts, of those that this request decided."""
    why_not: str = ""
    """Why the body was not read, if it was not; empty otherwise."""
    follows: str = ""
    """The answer that the provider is to go on from, if it keeps the conversation."""


class Engine:
    """Changes bodies with one store. One per process."""

    def __init__(
        self,
        home: FilePath,
        cap: int,
        vocabulary: FilePath | None,
        rules: tuple[policy.Rule, ...] = (),
        thresholds: tuple[policy.Threshold, ...] = (),
    ) -> None:
        self._rules = rules
        self._thresholds = thresholds
        self._home = home
        self._cap = cap
        self._vocabulary = vocabulary
        self._store: Store | None = None

    def store(self) -> Store | None:
        """The user's store, None while it cannot be opened."""
        if self._store is None:
            try:
                self._store = SqliteStore(self._home / "headroom.db", cap_bytes=self._cap)
            except StoreError:
                log.exception("the store cannot be opened: requests are relayed as they are")
        return self._store

    def warm(self) -> None:
        """Loads what a first request would wait for: the vocabulary, and the store."""
        counter(None, self._vocabulary).count("warm")
        self.store()

    def change(self, job: Job) -> Changed:
        """`job.body` with its parts decided, or the body itself and why it was left. Never raises on its content."""
        try:
            return self._changed(job)
        except (HeadroomError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
            log.exception("a body of %d bytes could not be edited: it is relayed as it is", len(job.body))
            return Changed(job.body, why_not="the body could not be edited")

    def _changed(self, job: Job) -> Changed:
        whole = parsed(job.body)
        body = inner(whole, job.at)
        if body is None:
            return Changed(job.body, why_not="the body is not JSON of this dialect")
        items = _placed(body, PROVIDERS[job.dialect].read(body))
        if job.refused is not None:
            job = self._retreat(job, items, job.refused)
        decided = pipeline.conversation(job.dialect, items, self._moment(job, body, items))
        parts = [item for item in items if item.is_part]
        edits = [
            Edit(part.leaf, part.head + decision.rendering + part.tail)
            for part, decision in zip(parts, decided.decisions, strict=True)
            if decision.rendering is not None and part.leaf is not None
        ]
        edited = providers.write(body, edits)
        sent = self._hidden(job, body, edited) if decided.way == "tool" else edited
        data = rewritten(job.body, whole, outer(whole, job.at, sent))
        model, follows = body.get("model") or whole.get("model"), body.get("previous_response_id")
        told = tuple(map(_told, parts, decided.decisions))
        changed = Changed(data, told, model if isinstance(model, str) else "", decided.way, decided.new)
        return changed._replace(follows=follows) if isinstance(follows, str) else changed

    def _retreat(self, job: Job, items: list[Item], way: WayBack) -> Job:
        """The job of a refused request, with what was decided for its new parts forgotten."""
        store = self.store()
        try:
            if store is not None:
                pipeline.forget_tail(job.dialect, items, way, store)
        except StoreError:
            log.exception("the parts of a refused request cannot be forgotten")
        return replace(raw_job(job), forced=way)

    def _hidden(self, job: Job, body: Json, edited: Json) -> Json:
        """The body with our tool, and with what was exchanged behind the client's back put back in its place."""
        dialect, store = DIALECTS[job.dialect], self.store()
        found: dict[bytes, bytes] = {}
        try:
            found = store.notes(dialect.keys(body)) if store is not None else found
        except StoreError:
            log.exception("what was exchanged earlier cannot be read: this request goes without it")
        records = {key: parsed(data) for key, data in found.items()}
        return dialect.declared(dialect.expanded(body, edited, records), always=True)

    def _moment(self, job: Job, body: Json, items: list[Item]) -> Moment:
        """The settings for this body. The way back is our tool, if the client has tools that the model may choose."""
        model = body.get("model")
        begun = any(item.role in pipeline.ASSISTANT_ROLES for item in items)
        able = job.hides and (job.answers or begun) and DIALECTS[job.dialect].declared(body) is not body
        levels = [policy.level(job.level), *(policy.level(rule.level) for rule in self._rules)]
        cuts = policy.cuts(levels, self._thresholds)
        store = self.store()
        return Moment(
            level=policy.level("meter" if job.hurried else job.level),
            counter=counter(model if isinstance(model, str) else None, self._vocabulary),
            store=TrialStore(store) if job.dry and store is not None else store,
            way=job.forced or ("tool" if able and cuts else "none"),
            history="raw",
            rules=() if job.hurried else self._rules,
            thresholds=self._thresholds,
            references=not api.is_cleared_later(body),
        )


def _placed(body: dict[str, Any], items: list[Item]) -> list[Item]:
    """`items` behind the answer that they go on from, where that is all that tells two places of a conversation apart:
    a request that brings only the outputs of calls."""
    follows = body.get("previous_response_id")
    if not isinstance(follows, str) or not items or items[0].kind != "result":
        return items
    return [Item(role="", kind="other", text=follows), *items]


def inner(body: Any, at: Path) -> dict[str, Any] | None:
    """The dialect's own body inside a request body; None if there is none."""
    for key in at:
        body = body.get(key) if isinstance(body, dict) else None
    return body if isinstance(body, dict) else None


def outer(whole: Any, at: Path, body: Json) -> Json:
    """`whole` with `body` at `at`; what is not on the way is shared."""
    return {**whole, at[0]: outer(whole[at[0]], at[1:], body)} if at else body


def _told(part: Item, decision: Decision) -> Told:
    tool = part.call.name if part.call else ""
    return Told(tool, decision.kind, decision.reason, decision.ref, decision.tokens_before, decision.tokens_after)


def raw_job(job: Job) -> Job:
    """The same request with every new part left as it is: what is done where there is no time for more."""
    return replace(job, hurried=True)
