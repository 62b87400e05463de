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
from headroom.proxy import increments
from headroom.proxy.decoding import parsed
from headroom.proxy.retrieve import DIALECTS
from headroom.proxy.rewrite import Piece, joined, pieces
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
    kept: bool = False
    """True if the provider keeps the conversation for the socket, whatever the body says."""
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
    """Those that this request decided: of a long history nothing more has to travel between processes."""
    removed_old: int = 0
    """Tokens that the other parts were made smaller by."""
    refs: frozenset[str] = frozenset()
    """What is left out of any part."""
    model: str = ""
    way: WayBack = "none"
    why_not: str = ""
    """Why the body was not read, if it was not; empty otherwise."""
    follows: str = ""
    """The answer that the provider is to go on from, if it keeps the conversation."""
    cut: Mapping[str, int] | None = None
    """What was cut lately, as `pipeline.Decided` has it; None where later requests show it themselves."""
    pieces: tuple[Piece, ...] = ()
    """What the body is made of, if it is not the job's own."""

    def without_body(self) -> Changed:
        """What is enough to travel to where the job's body is."""
        return self._replace(body=b"")

    def with_body(self, job: Job) -> Changed:
        """What `without_body` was made of."""
        return self._replace(body=joined(job.body, self.pieces))


class _Read(NamedTuple):
    """A body as it was read: its job, the whole and the dialect's own body in it, its items, the settings for it, and
    what was cut before it, if the provider keeps the conversation."""

    job: Job
    whole: Any
    body: dict[str, Any]
    items: list[Item]
    moment: Moment
    cut: Mapping[str, int] | None


_UNEDITABLE = (HeadroomError, LookupError, TypeError, ValueError, AttributeError, RecursionError)
"""What a body may raise whose shape is none that its dialect knows."""


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
        ruled = [policy.level(rule.level) for rule in rules]
        self._cuts = {name: policy.cuts([level, *ruled], thresholds) for name, level in policy.LEVELS.items()}
        """Which levels may leave something out."""
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
            read = self._read(job)
            if read is None:
                return Changed(job.body, why_not="the body is not JSON of this dialect")
            return self._written(read, pipeline.conversation(job.dialect, read.items, read.moment, read.cut))
        except _UNEDITABLE:
            log.exception("a body of %d bytes could not be edited: it is relayed as it is", len(job.body))
            return Changed(job.body, why_not="the body could not be edited")

    def replay(self, job: Job) -> Changed | None:
        """What `change` makes of it, if all of its parts were decided before: this takes next to no time, and needs no
        vocabulary. None of all else."""
        try:
            read = self._read(job) if job.refused is None else None
            if read is None:
                return None
            decided = pipeline.replayed(job.dialect, read.items, read.moment, read.cut)
            return None if decided is None else self._written(read, decided)
        except _UNEDITABLE:
            return None  # `change` fails as well, and says why

    def _read(self, job: Job) -> _Read | None:
        whole = parsed(job.body)
        body = inner(whole, job.at)
        if body is None:
            return None
        before = self._before(job, body)
        items = _placed(body, increments.filled(PROVIDERS[job.dialect].read(body), before.calls))
        if job.refused is not None:
            job = self._retreat(job, items, job.refused)
        kept = job.dialect == "openai-responses" and (job.kept or body.get("store") is not False)
        return _Read(job, whole, body, items, self._moment(job, body, items), before.cut if kept else None)

    def _written(self, read: _Read, decided: pipeline.Decided) -> Changed:
        job, whole, body, items, _, cut = read
        parts = [item for item in items if item.is_part]
        edits = [
            Edit(part.leaf, part.around(decision.rendering))
            for part, decision in zip(parts, decided.decisions, strict=True)
            if decision.rendering is not None and part.leaf is not None
        ]
        edited = providers.write(body, edits)
        sent = self._hidden(job, body, edited) if decided.way == "tool" else edited
        made = pieces(job.body, whole, outer(whole, job.at, sent))
        model, follows = body.get("model") or whole.get("model"), body.get("previous_response_id")
        return Changed(
            joined(job.body, made),
            parts=tuple([_told(parts[place], decided.decisions[place]) for place in sorted(decided.new)]),
            removed_old=sum(
                [
                    decision.tokens_before - decision.tokens_after
                    for place, decision in enumerate(decided.decisions)
                    if place not in decided.new
                ]
            ),
            refs=frozenset([decision.ref for decision in decided.decisions if decision.ref is not None]),
            model=model if isinstance(model, str) else "",
            way=decided.way,
            cut=None if cut is None else dict(decided.cut),
            follows=follows if isinstance(follows, str) else "",
            pieces=made,
        )

    def _before(self, job: Job, body: Json) -> increments.Kept:
        """What was noted of the answer that a request goes on from."""
        follows, store = body.get("previous_response_id"), self.store()
        if job.dialect != "openai-responses" or not isinstance(follows, str) or store is None:
            return increments.NOTHING
        try:
            key = increments.key(follows)
            return increments.read(store.notes([key]).get(key))
        except StoreError:
            log.exception("the calls before a request cannot be read: its parts are decided without them")
            return increments.NOTHING

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
        store = self.store()
        return Moment(
            level=policy.level("meter" if job.hurried else job.level),
            counter=counter(model if isinstance(model, str) else None, self._vocabulary),
            store=TrialStore(store) if job.dry and store is not None else store,
            way=job.forced or ("tool" if able and self._cuts[job.level] else "none"),
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
