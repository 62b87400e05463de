"""What a level's cuts hide of the lines that an agent used, what stands in their place, and what fetching them takes.

The agent of a log saw everything, so nothing here shows what it would have done with a notice; and lines that were
read but never repeated are not counted.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Sequence
from typing import NamedTuple

from headroom import notices, policy
from headroom.audit.used import Later, Seen, Used, later, turns, used, written
from headroom.compressors import stands_for
from headroom.compressors._views import without
from headroom.replay import Output, Replayed, Sent
from headroom.types import Item, Omission, ToolCall

JUDGED_TOKENS = policy.OUTLINE_TOKENS
"""Nothing is ever left out of smaller outputs: what was used of them is not looked at."""

AROUND_LINES, AROUND_CHARS = 2, 160
"""Lines shown on each side of a notice, and how much of each."""


class Judged(NamedTuple):
    """A tool output and what the agent did with it."""

    output: Output
    used: list[Used]
    after: Later
    turns: int
    """How many turns the agent had after it."""


def is_large(output: Output) -> bool:
    """True if something may be left out of an output."""
    return output.tokens >= JUDGED_TOKENS


def judged(replayed: Replayed, words: Container[str], chosen: Callable[[Output], bool] = is_large) -> Iterator[Judged]:
    """The outputs that are `chosen`, with what was used of them; `words` are no names (see `used.common`)."""
    wanted = {output.place: output for output in replayed.outputs if chosen(output)}
    for places in histories(replayed):
        items = [replayed.items[place] for place in places]
        numbers, seen = turns(items), Seen()
        last = max((at for at, place in enumerate(places) if place in wanted), default=-1)
        for at, item in enumerate(items[: last + 1]):
            output = wanted.get(places[at])
            if output is not None:
                after = later(items, numbers, at)
                yield Judged(output, used(item, after, seen, words), after, numbers[-1] - numbers[at])
            for said in written(item) or [item.text]:
                seen.add(said)


def histories(replayed: Replayed) -> list[list[int]]:
    """The places of the items that one agent read and wrote until its client compacted them: what stood before is no
    longer known to it, and what it reads again is new."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, turn in enumerate(replayed.carried):
        request = replayed.requests[turn]
        found[request.thread, id(request.messages[0]) if request.messages else 0].append(place)
    return list(found.values())


def hidden(item: Item, marked: Sequence[Used], sent: Sent) -> list[Used]:
    """Those of the used lines that cannot be read in what is sent."""
    omissions = sent.report.omissions
    if not omissions or not marked:
        return []
    lines = item.text.split("\n")
    shown = [stands_for(sent.report.kind, sent.text), sent.text]
    return [one for one in marked if not visible(one, lines, omissions, shown)]


def visible(one: Used, lines: Sequence[str], omissions: Sequence[Omission], shown: Sequence[str]) -> bool:
    """True if no omission holds the line. Where JSON rows are left out, or a page is told by its readable text, what
    was used of the line is looked for in the texts `shown`: they need not be lines of the original."""
    page = any(o.unit == "lines" and (o.first, o.last) == (1, len(lines)) for o in omissions)
    if not page and any(o.unit == "lines" and o.first <= one.line <= o.last for o in omissions):
        return False
    if not page and all(o.unit == "lines" for o in omissions):
        return True
    line = lines[one.line - 1]
    facts = (one.what, line.strip(" \t,"), without(line).strip())
    return any(shows(fact, text) for fact in facts for text in shown)


def spelled(text: str) -> tuple[str, ...]:
    """The ways a text stands inside JSON and CSV: as it is, JSON-escaped once and twice, quotes doubled."""
    once = json.dumps(text, ensure_ascii=False)[1:-1]
    twice = json.dumps(once, ensure_ascii=False)[1:-1]
    return tuple(dict.fromkeys((text, once, twice, text.replace('"', '""'))))


def shows(fact: str, rendering: str) -> bool:
    """True if `fact` stands in `rendering` in one of its spellings, or as a grouped search hit.

    A hit `path:12:code` counts as shown where the path stands on its own line and `12:code` below it: that is how
    search results are grouped by anybody, and the reader loses nothing.
    """
    if any(way in rendering for way in spelled(fact)):
        return True
    path, colon, rest = fact.partition(":")
    return bool(colon) and rest[:1].isdigit() and f"\n{rest}" in rendering and path in rendering.splitlines()


class Fetched(NamedTuple):
    """A range that must be fetched, for the used lines that it holds."""

    omission: Omission
    lines: list[Used]
    tokens: int
    """o200k."""


def fetched(item: Item, gone: Sequence[Used], sent: Sent, count: Callable[[str], int]) -> list[Fetched]:
    """One range for each notice that hides a used line: all that it stands for. Where rows are left out, it is not
    known which hold a line: then it is the whole text, once."""
    lines = item.text.split("\n")
    made = []
    for omission in sent.report.omissions:
        held = [one for one in gone if omission.unit == "lines" and omission.first <= one.line <= omission.last]
        if held:
            text = "\n".join(lines[omission.first - 1 : omission.last])
            made.append(Fetched(omission, held, count(text)))
    if gone and not made:
        return [Fetched(sent.report.omissions[0], list(gone), count(item.text))]
    return made


def around(sent: Sent, omission: Omission) -> str:
    """The notice of an omission as it would have stood there, with a few lines before and after it; the first notice
    where it cannot be told which it is. Empty if there is none."""
    lines = stands_for(sent.report.kind, sent.text).split("\n")
    place = (omission.unit, omission.path, omission.first, omission.last)
    told = [(at, notices.read(notice)) for at, line in enumerate(lines) for notice in notices.found(line)]
    same = [at for at, one in told if one is not None and (one.unit, one.path, one.first, one.last) == place]
    if not told:
        return ""
    at = same[0] if same else told[0][0]
    return "\n".join(_near(line) for line in lines[max(0, at - AROUND_LINES) : at + AROUND_LINES + 1])


def _near(line: str) -> str:
    """A line, cut to what stands around its first notice, if it has one."""
    notice = next(iter(notices.found(line)), "")
    start = max(0, line.find(notice) - AROUND_CHARS)
    return shortened(("…" if start else "") + line[start:], len(notice) + 2 * AROUND_CHARS)


def shortened(text: str, most: int) -> str:
    """`text`, or as much of it as fits into `most` characters with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


ASKED = (("old_string", "file_path"), ("command",), ("file_path",), ("pattern", "path"), ("query",), ("url",))
"""Arguments that say what a call asks for; of others, all of them."""


def same_request(one: ToolCall, other: ToolCall) -> bool:
    """True if two calls ask the same tool for the same thing: a command, a file, a pattern under a path."""
    names = next((names for names in ASKED if names[0] in one.args), tuple({**one.args, **other.args}))
    return one.name == other.name and all(one.args.get(name) == other.args.get(name) for name in names)


def told(call: ToolCall) -> str:
    """What a call asks for, on one line, without the tool's name."""
    names = next((names for names in ASKED if names[0] in call.args), tuple(call.args))
    return " ".join(" ".join(str(call.args[name]).split()) for name in names if name in call.args)
