"""The library: `compress` a request before it is sent, `retrieve` what a rendering stands for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Literal, TypeVar, get_args

from headroom import pipeline, policy, providers, retrieval, settings
from headroom.errors import StoreError, UsageError
from headroom.rendering import Moment
from headroom.store import SqliteStore
from headroom.tokens import counter
from headroom.types import Decision, Edit, Item, Json, Omission, Outline, Path, Store, ToolCall, WayBack

log = logging.getLogger("headroom")

M = TypeVar("M")
Choices = TypeVar("Choices", policy.Rule, policy.Threshold)

_CLEARING = ("clear_tool_uses", "compact")
"""Beginnings of `context_management` edits that take earlier results away (Anthropic's and OpenAI's)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was done with one part, and why."""

    leaf: Path
    """Where the part's string stands in the messages or body that was given; empty for a bare string."""
    tool: str
    """Name of the tool whose output this is; empty for a user's own text."""
    kind: str
    """The compressor that recognised the content, `raw` if none did."""
    level: str
    """The level in force when the decision was made (a pinned decision keeps it)."""
    ref: str | None
    """Name of the stored original, for `retrieve`; None if the part was left as it is."""
    lossless: bool
    omissions: tuple[Omission, ...]
    reason: str
    """A key of `policy.REASONS`."""
    tokens_before: int
    tokens_after: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A request ready to be sent: the same shape as given, with edits only in the text of its parts."""

    messages: Any
    tokens_before: int
    """Tokens of all parts as given (not of the whole request)."""
    tokens_after: int
    estimate: bool
    """True where the model's tokenizer is not public and both counts are scaled from another one."""
    parts: tuple[Report, ...]


def compress(
    messages: M,
    *,
    level: str = policy.DEFAULT_LEVEL,
    model: str | None = None,
    store: Store | None = None,
    query: str | None = None,
    tool: str | None = None,
    args: Mapping[str, Any] | None = None,
    way_back: WayBack | None = None,
    history: Literal["render", "raw"] = "render",
    rules: Sequence[policy.Rule] | None = None,
    thresholds: Sequence[policy.Threshold] | None = None,
    explain: Callable[[Item, Outline, str], None] | None = None,
) -> Result:
    """Makes the tool outputs in a request smaller. What was decided once for a conversation is replayed ever after.

    `messages` is a message list or a whole request body of Anthropic Messages, OpenAI Chat Completions, OpenAI
    Responses, Gemini or Converse, or one tool output as a bare string. It is not changed; `Result.messages` shares all
    but the edited strings with it. Content that is not understood stays as it is, with a reason in its report.

    Args:
        level: `meter`, `lossless`, `balanced` or `aggressive`; in force for new parts that no rule fits.
        model: chooses the tokenizer; without it, a body's own `model`, or o200k.
        store: where originals and decisions are kept; by default the user's store under HEADROOM_HOME.
        query: what the agent is after, for levels that choose what to show.
        tool, args: the call that produced the text, where the messages do not show it (a bare string).
        way_back: how the model can fetch an original: `mcp`, `tool`, `shell` or `none` (the default). Without a way
            back nothing is ever left out.
        history: whether parts before the last assistant turn that were never seen here are rendered (nothing was
            sent yet) or kept as they are (somebody else already sent them).
        rules: other levels for some calls; by default those of the settings, and `()` for none.
        thresholds: how deep the level may go for kinds and sizes of output; by default those of the settings, which
            calibration found, and `()` for none.
        explain: is told of every outline that was weighed for a part: its units, and `outlined` if it was taken.

    Raises:
        UnknownLevelError, UsageError: an argument is not one of its choices, or a setting is wrong.
        TypeError: `messages` is no list, dict or string.
    """
    chosen = policy.level(level)
    way: WayBack = _choice("way_back", way_back or "none", get_args(WayBack))
    history = _choice("history", history, ("render", "raw"))
    if not isinstance(messages, list | dict | str):
        raise TypeError(f"messages must be a list, a dict or a string, not {type(messages).__name__}")
    conf = settings.load()
    moment = Moment(
        level=chosen,
        counter=counter(model or _model(messages), conf.vocabulary),
        store=store if store is not None else _user_store(conf),
        way=way,
        history=history,
        query=query,
        references=not is_cleared_later(messages),
        rules=_known(conf.rules if rules is None else rules),
        thresholds=_known(conf.thresholds if thresholds is None else thresholds),
        explain=explain,
    )
    call = ToolCall(name=tool or "", args=args or {}) if tool is not None or args is not None else None
    return _compressed(messages, moment, call)


def _known(given: Sequence[Choices]) -> tuple[Choices, ...]:
    """Rules or thresholds as they are. Raises UnknownLevelError for one of a level that there is not."""
    for each in given:
        policy.level(each.level)
    return tuple(given)


def _compressed(body: Json, moment: Moment, call: ToolCall | None) -> Result:
    """Reads, decides and writes back; `call` stands in where the body does not show the call of a result."""
    provider = providers.detect(body)
    items = provider.read(body) if provider else []
    if call is not None:
        items = [_called(item, call) for item in items]
    dialect = provider.name if provider else ""
    decisions = pipeline.decide(dialect, items, moment, pinned=not isinstance(body, str))
    parts = [item for item in items if item.is_part]
    edits = [
        Edit(part.leaf, part.around(decision.rendering))
        for part, decision in zip(parts, decisions, strict=True)
        if decision.rendering is not None and part.leaf is not None
    ]
    return Result(
        messages=providers.write(body, edits),
        tokens_before=sum(d.tokens_before for d in decisions),
        tokens_after=sum(d.tokens_after for d in decisions),
        estimate=moment.counter.estimate,
        parts=tuple(map(_report, parts, decisions)),
    )


def retrieve(
    ref: str,
    *,
    lines: str | None = None,
    query: str | None = None,
    path: str | None = None,
    rows: str | None = None,
    store: Store | None = None,
) -> str:
    """The original behind `ref`, or the part of it that is asked for.

    Args:
        lines: a range such as `41-252`, counted from 1, inclusive; `41-` to the end, `-20` the last twenty.
        query: words; returns the best-matching ranges with their line numbers.
        path: a JSON path such as `$.items[3].name`; the value's own text, on which `lines` or `query` then work.
            `@12:5[3].name` starts at the JSON values that stand in the text from line 12, column 5 on.
        rows: a range of the array or object at `path`, or of the whole document; its elements, or its members with
            their keys, from the start of the first to the end of the last.

    Raises:
        UnknownRefError: nothing is stored under `ref`.
        RangeError: the original has no such lines, rows or path.
        UsageError: two of `lines`, `query` and `rows` were given.
        StoreError: the store cannot be read.
    """
    kept = store if store is not None else open_store(settings.load())
    return retrieval.retrieve(kept, ref, lines=lines, query=query, path=path, rows=rows)


def open_store(conf: settings.Settings) -> Store:
    """The user's store on disk, opened once per process. Raises StoreError."""
    return _opened(conf.home, conf.store_cap)


@lru_cache(maxsize=4)
def _opened(home: FilePath, cap: int) -> Store:
    return SqliteStore(home / "headroom.db", cap_bytes=cap)


def _user_store(conf: settings.Settings) -> Store | None:
    try:
        return open_store(conf)
    except StoreError:
        log.exception("the store cannot be opened: nothing is compressed")
        return None


def _model(body: Json) -> str | None:
    """The model that a request body names."""
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) else None


def is_cleared_later(body: Json) -> bool:
    """True if the request has the provider drop or summarise earlier results: what a text refers to could be gone."""
    management = body.get("context_management") if isinstance(body, dict) else None
    edits = management.get("edits") if isinstance(management, dict) else management
    if not isinstance(edits, list):
        return isinstance(body, dict) and body.get("truncation") == "auto"
    kinds = [str(edit.get("type")) for edit in edits if isinstance(edit, dict)]
    return any(kind.startswith(_CLEARING) for kind in kinds)


def _called(item: Item, call: ToolCall) -> Item:
    """A part whose call the messages do not show gets the one the caller named."""
    if item.is_part and item.kind == "result" and (item.call is None or not item.call.name):
        return item._replace(call=call)
    return item


def _choice(name: str, value: Any, choices: tuple[str, ...]) -> Any:
    if value not in choices:
        raise UsageError(f"{name} cannot be {value!r}; use one of: {', '.join(choices)}")
    return value


def _report(part: Item, decision: Decision) -> Report:
    return Report(
        leaf=part.leaf or (),
        tool=part.call.name if part.call else "",
        kind=decision.kind,
        level=decision.level,
        ref=decision.ref,
        lossless=decision.lossless,
        omissions=decision.omissions,
        reason=decision.reason,
        tokens_before=decision.tokens_before,
        tokens_after=decision.tokens_after,
    )
