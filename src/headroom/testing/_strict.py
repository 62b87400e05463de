"""What providers hold about conversations: that each request starts with the last one and its answer, and what of a
prompt stands in their cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from headroom.testing._wire import Asked, Mint, Usage

SHOWN = 160
"""Characters of a block that a sentence quotes."""


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """A conversation after one of its answers."""

    number: int
    """Of the request that was answered."""
    opening: int
    """Blocks of the conversation's first request: what tells it from others."""
    tools: str
    system: str
    blocks: tuple[str, ...]
    """The request's and the answer's."""


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many blocks at the start are equal."""
    return next((i for i, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


class Conversations:
    """The latest state of every conversation.

    Args:
        forks: True to keep the earlier states too.
    """

    def __init__(self, *, forks: bool = False) -> None:
        self._forks = forks
        self._states: list[_State] = []
        self._requests: set[tuple[str, ...]] = set()
        self._minted: dict[str, int] = {}

    def faults(self, asked: Asked) -> Iterator[str]:
        """What is wrong with a request, as sentences."""
        yield from asked.faults
        state = self._state(asked)
        if state is None:
            yield from self._strayed(_ids(asked.blocks))
            return
        again = asked.blocks in self._requests
        if again and len(asked.blocks) == state.opening:
            return  # sent once more, or another conversation that opens the same
        at = _common(state.blocks, asked.blocks)
        if at == len(state.blocks):
            yield from self._strayed(_ids(asked.blocks[at:]) - _ids(state.blocks))
        elif not again:
            yield _difference(state, asked, at)
        for what in ("tools", "system"):
            before, now = getattr(state, what), getattr(asked, what)
            if before != now:
                yield f"{what} changed since request {state.number}: {_around(before, now)}"

    def _strayed(self, names: set[str]) -> Iterator[str]:
        """Answers of ours that stand where they were not given."""
        number = max((self._minted.get(name, 0) for name in names), default=0)
        if number:
            yield f"what request {number} was answered came back after a changed beginning of the conversation"

    def answered(self, number: int, asked: Asked, answer: Sequence[str]) -> None:
        """Takes down that request `number` got an answer."""
        state = self._state(asked)
        retried = asked.blocks in self._requests
        opening = state.opening if state else len(asked.blocks)
        if state is not None and not retried and not self._forks:
            self._states.remove(state)
        self._requests.add(asked.blocks)
        self._states.append(_State(number, opening, asked.tools, asked.system, (*asked.blocks, *answer)))
        self._minted.update(dict.fromkeys(_ids(answer), number))

    def _state(self, asked: Asked) -> _State | None:
        """The conversation that a request goes on with: the one it shares most with, of equals one that it contains
        as a whole, then the newest."""
        best, most = None, (0, False)
        for state in self._states:
            common = _common(state.blocks, asked.blocks)
            found = common, common == len(state.blocks)
            if common >= max(state.opening, 1) and found >= most:
                best, most = state, found
        return best


def _ids(blocks: Sequence[str]) -> set[str]:
    """The identifiers of our own in these blocks."""
    return {name for block in blocks for name in Mint.PATTERN.findall(block)}


def _difference(state: _State, asked: Asked, at: int) -> str:
    before = state.blocks[at]
    if at >= len(asked.blocks):
        return f"block {at} of request {state.number} and its answer is missing: {before[:SHOWN]}"
    return f"block {at} is not what it was in request {state.number} or its answer: {_around(before, asked.blocks[at])}"


def _around(before: str, now: str) -> str:
    """Both texts from a little before the first character that differs."""
    start = max(0, next((i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), 0) - SHOWN // 4)
    return f"was {before[start : start + SHOWN]!r}, is {now[start : start + SHOWN]!r}"


class Cache:
    """A provider's prompt cache that never forgets.

    Args:
        count: tokens of a text.
    """

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._known: set[bytes] = set()

    def usage(self, asked: Asked, answer: Sequence[str], output: int | None) -> Usage:
        """Tokens of an exchange: read is the longest beginning that was sent before, block for block."""
        pieces = (asked.tools, asked.system, *asked.blocks)
        sizes = [self._count(piece) for piece in pieces]
        made = output if output is not None else max(1, sum(map(self._count, answer)))
        if not asked.caches:
            return Usage(sum(sizes), 0, 0, made)
        keys = list(_prefixes((asked.model, *pieces)))[1:]
        length = next((i for i in range(len(keys), 0, -1) if keys[i - 1] in self._known), 0)
        self._known.update(keys)
        return Usage(0, sum(sizes[:length]), sum(sizes[length:]), made)


def _prefixes(pieces: Sequence[str]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.encode("utf-8", "surrogatepass") + b"\0")
        yield digest.copy().digest()
