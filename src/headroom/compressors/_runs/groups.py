"""Diagnostics that say the same of many places, told as one with a row for each place.

    [A ×3]                                      three of them; the first stands here
    warning: unused variable: `{x}`
      --> src/main.rs:{at}
    ...
    {at} {x}:                                   what the rows tell
    9:13 fee
    21:13 total
    33:13 ledger
    [then B A B×2]                              here stand the next of B, the next of A, two more of B

`[×3]` opens a group whose members all stand here, one below the other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from headroom import policy
from headroom.compressors._lines.cost import cost
from headroom.compressors._runs import blocks, diagnostics, slots
from headroom.compressors._runs.blocks import Block
from headroom.compressors._runs.joins import BRACES
from headroom.errors import FormatError

CLAUSE = "[A ×9]: 9 diagnostics like this, {x} as in the rows below it, {#x} its length; [then A B]: next of A, of B"
COLUMN = "; :@4: is 4 past the column"
LINE = "; at-1: the line above"
PATTERN = re.compile(
    re.escape(CLAUSE).replace(r"\{x\}", "(?P<left>[{«‹⟨⟦])x(?P<right>[}»›⟩⟧])").replace(r"\{\#x\}", ".#x.")
    + "".join(rf"(?:{re.escape(words)})?" for words in (COLUMN, LINE, *slots.UNDERLINED.values()))
    + r"\Z"
)

SIGNS = ("--> ", ": warning", ": note", ": error", ": fatal error", ": remark", ": info")
"""One of these stands in every text with diagnostics."""

MIN_TIMES = 3
"""Fewer alike stay as they are: a pattern is harder to read than two of them."""

MIN_GAIN = 12
"""Tokens that a group must save."""

TOKENS_PER_LABEL = 2
"""What it costs to tell where one that is not next to the others stands."""

MAX_PERIOD = 12
"""Longest succession of groups whose repetition is looked for."""

_LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPENS = re.compile(r"\[(?:([A-Z]) )?×([1-9]\d{0,5})\]\Z", re.ASCII)
_THEN = re.compile(r"\[then ([A-Z()×\d ]+)\]\Z", re.ASCII)
_STEP = re.compile(r"(?:([A-Z])|\(([A-Z](?: [A-Z])*)\))(?:×([1-9]\d{0,5}))?(?: |\Z)", re.ASCII)
_APART = re.compile(r" *--> [{«‹⟨⟦]at[}»›⟩⟧]\Z|.*[{«‹⟨⟦]at[}»›⟩⟧]: \S")
"""A place in several files, or of a diagnostic without an arrow."""

_OURS = re.compile(r"\[(?:(?:[A-Z] )?×\d|then |first\] )")


class _Group(NamedTuple):
    """Blocks alike, how all are told as one, and the tokens that saves."""

    blocks: list[Block]
    told: list[str]
    gain: int


def repeated(lines: Sequence[str]) -> frozenset[int]:
    """The lines of diagnostics whose message, but for names and numbers, stands three times or more in a raw text."""
    messages: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for block in blocks.found(lines):
        messages["\0".join(part.before for part in block.parts[0])].append((block.first, block.stop))
    many = [span for spans in messages.values() if len(spans) >= MIN_TIMES for span in spans]
    return frozenset(i for first, stop in many for i in range(first, stop))


def encode(lines: Sequence[str]) -> tuple[list[str], str] | None:
    """The lines with diagnostics in groups and the clause; None where there are none."""
    text = "\n".join(lines)
    braces = next((pair for pair in BRACES if pair[0] not in text and pair[1] not in text), None)
    if braces is None or any(line[:1] == "[" and _OURS.match(line) for line in lines):
        return None
    groups = _groups(lines, braces)
    if not groups:
        return None
    out = diagnostics.shortened(_written(lines, groups), _APART)
    clause = CLAUSE.translate({ord("{"): braces[0], ord("}"): braces[1]})
    every = "\n".join(line for group in groups for line in group.told)
    clause += COLUMN if re.search(rf":@|{braces[0]}marks", every) else ""
    clause += LINE if re.search(f"{braces[0]}at[+-]", every) else ""
    clause += "".join(words for name, words in slots.UNDERLINED.items() if name + braces[1] in every)
    try:
        if decode(out, braces) != list(lines):
            return None
    except FormatError:
        return None
    return out, clause


def _groups(lines: Sequence[str], braces: str) -> list[_Group]:
    """The groups that pay, in the order of their first blocks."""
    alike: dict[tuple[object, ...], list[Block]] = defaultdict(list)
    for block in blocks.found(lines):
        alike[blocks.key(block)].append(block)
    lone = [members[0] for members in alike.values() if len(members) < MIN_TIMES]
    firsts = {blocks.key(less): (block, less) for block in lone if (less := blocks.bare(block))}
    found: list[_Group] = []
    for own, members in alike.items():
        first = firsts.get(own)
        extra: dict[int, dict[int, str]] = {}
        if first and first[0].first < members[0].first:
            extra = {first[0].first: blocks.extra(first[0])}
            members = [first[1], *members]
        ways = [
            [group for some in way if (group := _group(lines, some, extra, braces))]
            for way in ([members], _by_source(members))
        ]
        found += max(ways, key=lambda groups: sum(group.gain for group in groups))
    found.sort(key=lambda group: -group.gain)
    return sorted(found[: len(_LABELS)], key=lambda group: group.blocks[0].first)


def _group(lines: Sequence[str], some: list[Block], extra: dict[int, dict[int, str]], braces: str) -> _Group | None:
    """These blocks told as one, if they are enough and it saves enough."""
    told = slots.told(some, extra.get(some[0].first, {}), braces) if len(some) >= MIN_TIMES else None
    if told is None:
        return None
    raw = sum(cost("\n".join(lines[block.first : block.stop])) + 1 for block in some)
    gain = raw - cost("\n".join(told)) - (0 if _together(some) else TOKENS_PER_LABEL * len(some))
    return _Group(some, told, gain) if gain >= MIN_GAIN else None


def _by_source(members: Sequence[Block]) -> list[list[Block]]:
    """Those of the same source text, but for what the message names, where they are enough; the others together."""
    same: dict[object, list[Block]] = defaultdict(list)
    for block in members:
        same[blocks.source(block)].append(block)
    others = [block for some in same.values() if len(some) < MIN_TIMES for block in some]
    return [*(some for some in same.values() if len(some) >= MIN_TIMES), sorted(others, key=lambda block: block.first)]


def _together(members: Sequence[Block]) -> bool:
    return all(above.stop == below.first for above, below in pairwise(members))


def _written(lines: Sequence[str], groups: Sequence[_Group]) -> list[str]:
    """The lines with each group where its first block stands, and what stands for the others in their places."""
    place = {block.first: (index, block) for index, group in enumerate(groups) for block in group.blocks}
    names = iter(_LABELS)
    labels = ["" if _together(group.blocks) else next(names) for group in groups]
    out: list[str] = []
    later: list[str] = []
    seen: set[int] = set()
    i = 0
    while i < len(lines):
        index, block = place.get(i, (-1, None))
        if later and (block is None or index not in seen):
            out.append(f"[then {_sequence(later)}]")
            later = []
        if block is None:
            out.append(lines[i])
            i += 1
            continue
        if index not in seen:
            seen.add(index)
            label = f"{labels[index]} " if labels[index] else ""
            out += [f"[{label}×{len(groups[index].blocks)}]", *groups[index].told]
        elif labels[index]:
            later.append(labels[index])
        i = block.stop
    if later:
        out.append(f"[then {_sequence(later)}]")
    return out


def _sequence(labels: Sequence[str]) -> str:
    """A succession of labels, what repeats in it told once."""
    told, i = [], 0
    while i < len(labels):
        best, covered = (1, 1), 1
        for period in range(1, min(MAX_PERIOD, (len(labels) - i) // 2) + 1):
            block, times = labels[i : i + period], 1
            while labels[i + times * period : i + (times + 1) * period] == block:
                times += 1
            if times > 1 and times * period > covered:
                best, covered = (period, times), times * period
        period, times = best
        block = " ".join(labels[i : i + period])
        told.append(block if times == 1 else f"{block}×{times}" if period == 1 else f"({block})×{times}")
        i += covered
    return " ".join(told)


def _labels(told: str) -> Iterator[str]:
    """The labels of a succession. Raises FormatError."""
    at = 0
    while at < len(told):
        step = _STEP.match(told, at)
        if step is None:
            raise FormatError(f"no succession of diagnostics: {told[:60]!r}")
        for _ in range(int(step[3] or 1)):
            yield from (step[1] or step[2]).split(" ")
        at = step.end()


def decode(lines: Sequence[str], braces: str) -> list[str]:
    """The lines that `encode` was given. Raises FormatError."""
    lines = diagnostics.lengthened(lines, _APART)
    waiting: dict[str, Iterator[list[str]]] = {}
    out: list[str] = []
    room = policy.MAX_CHARS
    at = 0
    while at < len(lines):
        opens = _OPENS.match(lines[at]) if lines[at][:1] == "[" else None
        then = _THEN.match(lines[at]) if lines[at][:1] == "[" else None
        if opens:
            found, at = slots.read(lines, at + 1, int(opens[2]), braces)
            room -= sum(len(line) for block in found for line in block)
            if room < 0:
                raise FormatError("diagnostics that stand for more text than any part holds")
            members = iter(found)
            for block in [next(members)] if opens[1] else members:
                out += block
            waiting[opens[1] or ""] = members
            continue
        if then:
            for label in _labels(then[1]):
                more = next(waiting.get(label, iter(())), None)
                if more is None:
                    raise FormatError(f"no diagnostic {label} is left")
                out += more
        else:
            out.append(lines[at])
        at += 1
    return out


def written(lines: Sequence[str]) -> frozenset[str]:
    """The lines of a rendering that tell groups: these stay as they are."""
    own: set[str] = set()
    at = 0
    while at < len(lines):
        opens = _OPENS.match(lines[at])
        stop = at + (opens is not None or bool(_THEN.match(lines[at])))
        if opens:
            stop = slots.end(lines, stop, int(opens[2]))
        own.update(lines[at:stop])
        at = max(stop, at + 1)
    return frozenset(own)
