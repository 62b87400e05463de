"""What else was paid for without use: texts read twice, waiting, large outputs that nothing came of, tools that were
declared for nothing, cold caches.

Each is priced by what its tokens cost as input over all requests that carried them. They are told where they are
plain to see: a finding that is none costs more trust than one that is missed.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from headroom import policy
from headroom.audit.regret import Judged, shortened, told
from headroom.audit.rows import OTHERS, Waste
from headroom.replay import Output, Replayed
from headroom.replay.billing import COMPACTED_SHARE, rate_of, rates
from headroom.replay.caching import LIVES, LIVES_HOUR
from headroom.replay.sizes import factor
from headroom.types import ToolCall

READ_TOKENS = 100
"""Reading less again is not worth a word."""

POLLED, ALIKE = 3, 0.8
"""How often a call must be made in a row to be waiting, and the share of lines that its answers have in common."""

UNUSED_TOKENS, UNUSED_TURNS = 2_000, 3
"""Smaller outputs are not huge; and with fewer turns after it, an output had no chance to be used."""

COLD_TOKENS, COLD_SHARE = 2_000, 0.1
"""A prompt was written again if so much of it was, and that is more than this share of what could have been read."""

SHARED_SHARE = 0.5
"""Two agents read the same if at least so much of the one's lines is also the other's."""

MOST = 8
"""Findings of a kind that are told one by one; the rest is one sum."""

WHAT_CHARS = 120

WRITES = frozenset(("old_string", "old_str", "new_string", "new_str", "edits", "content", "contents", "file_text",
                    "patch", "new_source", "insert_text"))  # fmt: skip
"""Arguments of calls that change a file: their results are no reads."""

_WAIT = re.compile(r"\s*(?:sleep|wait)\b[^&|;]*\Z")
_DIGITS = re.compile(r"\d+")


class _Found(NamedTuple):
    kind: str
    what: str
    tokens: float
    dollars: float
    times: int = 1


def wastes(replayed: Replayed, judged: Sequence[Judged], count: Callable[[str], int]) -> tuple[Waste, ...]:
    """All that was found, the dearest of each kind first. No output is told of twice. `count` gives o200k tokens."""
    counted: set[int] = set()
    found = [
        *_polling(replayed, counted),
        *_read_again(replayed, counted),
        *_by_several_agents(replayed, counted),
        *_unused(judged, counted),
        *_never_called(replayed, count),
        *_cold(replayed),
    ]
    return tuple(_summed(found))


def _summed(found: Iterable[_Found]) -> Iterator[Waste]:
    """Findings of the same thing as one; of each kind beyond the dearest few, one sum."""
    same: dict[str, dict[str, _Found]] = defaultdict(dict)
    for one in found:
        same[one.kind][one.what] = _add(one, same[one.kind].get(one.what))
    for kind, things in same.items():
        ranked = sorted(things.values(), key=lambda one: (-one.dollars, -one.tokens))
        rest: _Found | None = None
        for one in ranked[MOST:]:
            rest = _add(one._replace(what=OTHERS), rest)
        for one in [*ranked[:MOST], *([rest] if rest else [])]:
            yield Waste(kind=kind, what=one.what, count=one.times, tokens=round(one.tokens), dollars=one.dollars)


def _add(one: _Found, other: _Found | None) -> _Found:
    if other is None:
        return one
    return one._replace(
        tokens=one.tokens + other.tokens, dollars=one.dollars + other.dollars, times=one.times + other.times
    )


def _named(call: ToolCall) -> str:
    return shortened(f"{call.name} {told(call)}", WHAT_CHARS)


def _threads(replayed: Replayed) -> list[list[Output]]:
    """The outputs of each agent of the session, in order."""
    found: dict[str, list[Output]] = defaultdict(list)
    for output in replayed.outputs:
        found[replayed.requests[output.turn].thread].append(output)
    return list(found.values())


def _path(call: ToolCall) -> str:
    """The file that a call reads; empty if it changes it, or names none."""
    if WRITES & call.args.keys():
        return ""
    return policy.path_of(call)


def _polling(replayed: Replayed, counted: set[int]) -> Iterator[_Found]:
    """The same call three times in a row or more, in a turn each, with nearly the same answer: it waits. Each time
    after the first cost the whole turn that asked again."""
    for outputs in _threads(replayed):
        run: list[Output] = []
        for output in [*(each for each in outputs if not _is_waiting(each.call)), None]:
            if output is not None and run and _again(run[-1], output):
                run.append(output)
                continue
            for again in run[1:] if len(run) >= POLLED else ():
                counted.add(again.place)
                turn = replayed.turns[_asking(replayed, again.turn)]
                dollars = again.dollars + turn.input + turn.output
                yield _Found("polling", _named(again.call), turn.usage.prompt + again.tokens, dollars)
            run = [] if output is None else [output]


def _is_waiting(call: ToolCall) -> bool:
    return any(isinstance(value, str) and bool(_WAIT.fullmatch(value)) for value in call.args.values())


def _again(one: Output, other: Output) -> bool:
    """True if two calls are the same, read no file, came in different turns, and brought nearly the same."""
    if one.call.name != other.call.name or _asks(one.call) != _asks(other.call) or other.turn == one.turn:
        return False
    if _path(one.call) or WRITES & one.call.args.keys():
        return False
    a, b = (Counter(_DIGITS.sub("0", each.item.text).split("\n")) for each in (one, other))
    return (a & b).total() >= ALIKE * max(a.total(), b.total())


def _asks(call: ToolCall) -> dict[str, object]:
    return {name: value for name, value in call.args.items() if name != "description"}


def _asking(replayed: Replayed, turn: int) -> int:
    """The request whose answer made the calls that the request `turn` brought the results of."""
    thread = replayed.requests[turn].thread
    return next((at for at in range(turn - 1, -1, -1) if replayed.requests[at].thread == thread), turn)


def _read_again(replayed: Replayed, counted: set[int]) -> Iterator[_Found]:
    """Reads of which every line stood in the context already, in another read of the file, or by the same call."""
    for outputs in _threads(replayed):
        seen: dict[str, list[tuple[Output, frozenset[str]]]] = defaultdict(list)
        for output in outputs:
            call = output.call
            if WRITES & call.args.keys() or output.tokens < READ_TOKENS:
                continue
            key = _path(call) or f"{call.name} {sorted(map(repr, _asks(call).items()))}"
            lines = frozenset(output.item.text.split("\n"))
            stood = (_stands(replayed, one, output) for one, other in seen[key] if lines <= other)
            if output.place not in counted and any(stood):
                counted.add(output.place)
                yield _Found("re-read", _named(call), output.tokens, output.dollars)
            seen[key].append((output, lines))


def _stands(replayed: Replayed, one: Output, other: Output) -> bool:
    """True if what came with the first output is still part of the request that brought the second."""
    if one.turn == other.turn:
        return True
    old, new = replayed.requests[one.turn].messages, replayed.requests[other.turn].messages
    before = replayed.requests[_asking(replayed, one.turn)].messages
    start = len(before) if len(before) < len(old) else 0
    return len(new) >= len(old) and all(new[at] is old[at] for at in range(start, len(old)))


def _by_several_agents(replayed: Replayed, counted: set[int]) -> Iterator[_Found]:
    """Files that another agent of the session had read before."""
    seen: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for output in sorted(replayed.outputs, key=lambda one: (replayed.requests[one.turn].at, one.place)):
        path, thread = _path(output.call), replayed.requests[output.turn].thread
        if not path or output.tokens < READ_TOKENS:
            continue
        lines = frozenset(output.item.text.split("\n"))
        others: frozenset[str] = frozenset().union(*(other for name, other in seen[path] if name != thread))
        share = len(lines & others) / len(lines)
        if share >= SHARED_SHARE and output.place not in counted:
            counted.add(output.place)
            yield _Found("sub-agents", path, share * output.tokens, share * output.dollars)
        seen[path].append((thread, lines))


def _unused(judged: Sequence[Judged], counted: set[int]) -> Iterator[_Found]:
    """Large outputs of which no line was used, and whose file was not gone back to."""
    for one in judged:
        output, call = one.output, one.output.call
        if output.tokens <= UNUSED_TOKENS or one.used or one.turns < UNUSED_TURNS or output.place in counted:
            continue
        if call.name in policy.INSTRUCTION_TOOLS or (WRITES | {"prompt"}) & call.args.keys() or _gone_back(one):
            continue
        yield _Found("unused", _named(call), output.tokens, output.dollars)


def _gone_back(one: Judged) -> bool:
    """True if a later call names the file that was read."""
    name = _path(one.output.call).replace("\\", "/").rpartition("/")[2]
    texts = (value for call in one.after.calls for value in call.args.values() if isinstance(value, str))
    return bool(name) and any(name in text for text in texts)


def _never_called(replayed: Replayed, count: Callable[[str], int]) -> Iterator[_Found]:
    """Tools that requests declared, and that no agent of the session called; MCP servers of which none was. They stand
    first in the prompt, and cost what its first tokens cost. Deferred ones were not in it."""
    called = {item.call.name for item in replayed.items if item.call is not None}
    servers = {name.rpartition("__")[0] for name in called}
    sizes: dict[int, list[tuple[str, int]]] = {}
    for request, turn in zip(replayed.requests, replayed.turns, strict=True):
        if id(request.declared) not in sizes:
            told = [tool for tool in request.declared if isinstance(tool, dict) and not tool.get("defer_loading")]
            sizes[id(request.declared)] = [(str(tool.get("name")), count(json.dumps(tool))) for tool in told]
        usage, paid = turn.usage, rates(rate_of(request), turn.usage.prompt)
        tiers = zip((usage.read, usage.write_hour, usage.write, usage.input), paid, strict=True)
        rate = next((each for tokens, each in tiers if tokens), 0.0)
        for name, size in sizes[id(request.declared)]:
            server = name.rpartition("__")[0] if name.startswith("mcp__") else ""
            if name not in called:
                tokens = size * factor(request.model)
                what = f"all tools of {server}" if server and server not in servers else name
                yield _Found("schemas", what, tokens, tokens * rate)


def _cold(replayed: Replayed) -> Iterator[_Found]:
    """Prompts that the cache held, by the log's own account, and that were written or sent anew."""
    last: dict[str, int] = {}
    for at, (request, turn) in enumerate(zip(replayed.requests, replayed.turns, strict=True)):
        before = last.get(request.thread)
        last[request.thread] = at
        if before is None or turn.estimated or replayed.turns[before].estimated or request.copied:
            continue
        old, new = replayed.turns[before].usage, turn.usage
        could = min(old.read + old.write + old.write_hour, new.prompt)
        again = could - new.read
        if again < COLD_TOKENS or again < COLD_SHARE * could:
            continue
        paid = rates(rate_of(request), new.prompt)
        fresh = new.prompt - new.read
        spent = new.input * paid.input + new.write * paid.write + new.write_hour * paid.write_hour
        yield _Found("cache miss", _cause(replayed, before, at), again, again * (spent / fresh - paid.read))


def _cause(replayed: Replayed, before: int, at: int) -> str:
    """The likely cause of a cold cache."""
    old, new = replayed.requests[before], replayed.requests[at]
    usage = replayed.turns[before].usage
    lives = LIVES_HOUR if usage.write_hour else LIVES
    compacted = replayed.turns[at].usage.prompt < COMPACTED_SHARE * usage.prompt
    causes = (
        ("another model", old.model != new.model),
        ("the history was compacted", new.rewrote and compacted),
        ("an earlier message was changed or taken back", new.rewrote),
        (f"idle for longer than the cache lives ({lives // 60} minutes)", bool(old.at) and new.at - old.at > lives),
    )
    return next((cause for cause, holds in causes if holds), "no cause that the log shows")
