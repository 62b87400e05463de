"""Recognises and restores turns in dialects whose messages are lists of blocks, each call and each result a block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from headroom.proxy.retrieve.answers import exchanged
from headroom.proxy.retrieve.keys import heads, keys
from headroom.proxy.retrieve.turn import Answer, Record, Round
from headroom.types import Json


class Blocks(NamedTuple):
    """How a dialect spells its blocks."""

    dialect: str
    of: Callable[[Json], list[Json]]
    """A message's blocks."""
    is_ours: Callable[[Json], bool]
    """True for a call of our tool."""
    issued: Callable[[Json], str]
    """What the provider issued with a block and clients show again: an id, a signature; else empty."""
    plain: Callable[[Json], Json]
    """A block however the client marks it; None for what comes and goes."""
    text: Callable[[Json], str]
    """What a block says to the user; else empty."""
    same: Callable[[Json, Json], bool]
    """True if a block of the client's is the one that we showed: by what identifies it, else by all it says."""
    result: Callable[[Answer], dict[str, Any]]
    """What a call of ours returns."""

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        """What to remember of a turn, as `Turn.record` has it."""
        told = exchanged(rounds, self.result)
        shown = [block for done, _ in rounds for block in done.output if not self.is_ours(block)]
        head = heads([*map(self._told, request["messages"]), None])[-1]
        found = keys(self.dialect, map(self.issued, shown), head, self._text(shown), every=True)
        return Record(tuple(found), told) if found and told else None

    def sought(self, messages: Sequence[Json]) -> list[list[bytes]]:
        """By what each message may be known: none but the model's is."""
        found: list[list[bytes]] = []
        for message, head in zip(messages, heads(map(self._told, messages)), strict=True):
            said = self.of(message) if message.get("role") == "assistant" else []
            found.append(keys(self.dialect, map(self.issued, said), head, self._text(said)))
        return found

    def expanded(self, shown: Sequence[Json], edited: Sequence[Json], records: Mapping[bytes, Json]) -> list[Json]:
        """The messages `edited` with what is remembered of them put back; turns are recognised in `shown`."""
        made: list[Json] = []
        pending: list[Json] = []
        for message, sought in zip(edited, self.sought(shown), strict=True):
            if pending and message.get("role") == "user":
                message = {**message, "content": [*pending, *self.of(message)]}
            elif pending:
                made.append({"role": "user", "content": pending})
            record = next((records[key] for key in sought if key in records), None)
            restored, pending = self._restored(message, record) if record else ([message], [])
            made += restored
        if pending:
            made.append({"role": "user", "content": pending})
        return made

    def _text(self, blocks: Sequence[Json]) -> str:
        return "".join(map(self.text, blocks))

    def _told(self, message: Json) -> Json:
        said = [self.plain(block) for block in self.of(message)]
        return [message.get("role"), *(block for block in said if block is not None)]

    def _restored(self, message: Json, record: Json) -> tuple[list[Json], list[Json]]:
        """The messages that a turn really was, and the results that wait for the client's next ones.

        The client's echo is walked along what each round showed: blocks it left out go, blocks we do not know pass.
        """
        echo = self.of(message)
        made: list[Json] = []
        pending: list[Json] = []
        said: list[Json] = []
        for told in record:
            for block in told["output"]:
                if self.is_ours(block):
                    said.append(block)
                    continue
                at = next((i for i, mine in enumerate(echo) if self.same(mine, block)), None)
                if at is not None:
                    said += echo[: at + 1]
                    echo = echo[at + 1 :]
            if told["pending"]:
                pending = told["results"]
            else:
                made += [{"role": "assistant", "content": said}, {"role": "user", "content": told["results"]}]
                said = []
        said += echo
        if said:
            made.append({**message, "content": said})
        return made, pending
