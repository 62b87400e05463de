"""Write-time hooks: a tool's output is made smaller by the client itself, before its model reads it for the first time.

What the model reads then is all that was ever sent or cached, so nothing is pinned, and no text refers to an earlier
one. An answer has the shape that came in, with other words in its texts. Whatever fails leaves the output as it was.
A hook never denies, approves or reroutes a tool.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePath
from types import MappingProxyType

from headroom import api, providers, settings
from headroom.errors import StoreError, UsageError
from headroom.hooks import claude, copilot, opencode
from headroom.hooks._hook import Event, Hook, Output, Paths, Refusal, text_at
from headroom.ledger import HOOK, Entry, Ledger, Part
from headroom.pins import sent_hash
from headroom.pipeline import names_of
from headroom.store import MemoryStore
from headroom.types import Edit, Json, Store

__all__ = ["HOOKS", "REFUSALS", "Event", "Hook", "Paths", "Refusal", "answer", "find", "warm"]

log = logging.getLogger("headroom")

HOOKS: tuple[Hook, ...] = (claude.HOOK, opencode.HOOK, copilot.HOOK)

REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "codex",
        "Codex",
        "Codex lets no hook replace an output without losing its exit code, and its newer models not at all;"
        " run it with: headroom wrap codex",
    ),
    Refusal(
        "gemini",
        "Gemini CLI",
        "Gemini CLI replaces an output only by a second tool call, which it may ask you about or deny, and then the"
        " output is lost; run it with: headroom wrap gemini",
    ),
)

_BY_NAME: Mapping[str, Hook] = MappingProxyType({hook.client: hook for hook in HOOKS})

OURS = "headroom_"
"""Stands in the name of every tool of our own, however a client spells it."""

RECENT = 4
"""A call that was cut and comes again within so many outputs of its session asks for what was left out. Tools that
the hook is not told of may lie between; later, a call asks how things are now."""


def find(client: str) -> Hook:
    """The hook of a client. Raises UsageError, with the reason where it has none."""
    if client in _BY_NAME:
        return _BY_NAME[client]
    refused = next((refusal.why for refusal in REFUSALS if refusal.client == client), None)
    raise UsageError(refused or f"there are no hooks for {client!r}; use one of: {', '.join(_BY_NAME)}")


def answer(
    client: str,
    event: Event,
    *,
    level: str,
    store: Store | None = None,
    ledger: Ledger | None = None,
    clock: Callable[[], float] = float,
) -> Json:
    """What to say to a client's event: a JSON object with the smaller output, or None to leave it as it is.

    Never raises: a failure is logged, and counted in the ledger.

    Args:
        client: a name of HOOKS.
        event: what the client's hook was given.
        level: of `policy.LEVELS`; the settings' rules go before it.
        store: where originals are kept, and what was cut lately in each session; by default the user's.
        ledger: gets a row for each output.
        clock: seconds since any moment, for the time that the row tells.
    """
    made, begun = None, clock()
    try:
        hook = find(client)
        output = hook.read(event)
        if output is None or OURS in output.call.name:
            return None
        value, parts = _smaller(output, hook, level, store or api.open_store(settings.load()))
        made = None if value is None else hook.write(output, value)
        entry = _entry(hook, output, level, parts)
    except Exception:
        log.exception("a hook of %s failed: the tool's output stays as it is", client)
        made, entry = None, Entry(agent=client, round=HOOK, status=500)
    if ledger is not None:
        try:
            ledger.extend([replace(entry, ms=(clock() - begun) * 1000)])
        except StoreError as error:
            log.error("a hook's row is lost: %s", error)
    return made


def warm() -> None:
    """Does once what the first event would otherwise wait for: vocabularies and patterns."""
    text = "".join(f"2026-01-01T00:00:{i % 60:02} INFO seq={i:03} ok\n" for i in range(300))
    api.compress(text, level="balanced", way_back="mcp", store=MemoryStore(), rules=(), thresholds=())


def _smaller(output: Output, hook: Hook, level: str, store: Store) -> tuple[Json, list[Part]]:
    """The output with smaller texts, None if it stays as it is, and what became of each text."""
    call = output.call
    lately = _Lately(output, store)
    texts = [text_at(output.value, leaf) for leaf in output.texts]
    results = [
        api.compress(
            text, tool=call.name, args=call.args, way_back="none" if lately.asked_again else "mcp", store=store,
            level=level, model=hook.model,
        )
        for text in texts
    ]  # fmt: skip
    reports = [report for result in results for report in result.parts]
    parts = [Part(r.tool, r.kind, r.reason, r.tokens_before, r.tokens_after, r.ref) for r in reports]
    made = [result.messages for result in results]
    if made == texts or (output.limit and max(map(len, made)) >= output.limit):
        lately.note(cut=False)
        return None, [part._replace(after=part.before, ref=None) for part in parts]
    lately.note(cut=any(report.omissions for report in reports))
    return providers.write(output.value, [*map(Edit, output.texts, made)]), parts


class _Lately:
    """Which of a session's last outputs something was left out of."""

    def __init__(self, output: Output, store: Store) -> None:
        self._store = store
        self._key = hashlib.sha256(f"hook {output.session}".encode("utf-8", "surrogatepass")).digest()
        self._names = {sent_hash(name).hex() for name in names_of(output.call)}
        noted = store.notes([self._key]).get(self._key, b"[]") if output.session else b"[]"
        self._cut: list[str] = json.loads(noted)
        """The names of each output, parted by blanks; nothing for one that was not cut."""
        self.asked_again = any(map(self._is_same, self._cut))

    def note(self, *, cut: bool) -> None:
        """Remembers this output, the last one, and whether something was left out of it. One that was asked for again
        was shown whole: it may be cut the next time."""
        before = ["" if self._is_same(names) else names for names in self._cut]
        after = [*before, " ".join(sorted(self._names)) if cut else ""][-RECENT:]
        if any(after) or any(self._cut):
            self._store.note([self._key], json.dumps(after).encode())

    def _is_same(self, names: str) -> bool:
        return not self._names.isdisjoint(names.split())


def _entry(hook: Hook, output: Output, level: str, parts: list[Part]) -> Entry:
    return Entry(
        session=output.session,
        agent=hook.client,
        project=PurePath(output.project).name,
        level=level,
        round=HOOK,
        removed_new=sum(part.before - part.after for part in parts),
        parts=parts,
    )
