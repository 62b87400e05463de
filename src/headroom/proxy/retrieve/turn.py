"""What every dialect must be able to do so that the proxy can answer `headroom_retrieve` itself.

The model calls our tool like any other. The client must not see it: our calls are taken out of the answer as it
passes, redeemed, and sent back upstream; what the model then says goes on in the same answer to the client. On later
requests the client, who never saw the exchange, leaves it out, and it is put back, so that the provider reads exactly
what it has seen before.

A *turn* is one answer to the client; a *round* is one answer of the provider. A turn has one round unless our tool is
called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from headroom.types import Json

MAX_ROUNDS = 5
"""Rounds that are redeemed; the next ones are told that there are no more (no real task needed three)."""

NO_MORE = "There are no more retrievals in this turn. Go on with what you have, or ask for the rest later."


class Call(NamedTuple):
    """A call of our tool."""

    id: str
    args: Json
    """Decoded arguments; None if they are no JSON object."""


class Answer(NamedTuple):
    """What a call returns to the model."""

    id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True)
class Round:
    """One finished answer of the provider."""

    hidden: tuple[Call, ...]
    """Calls of our tool, in order."""
    own: bool
    """True if the client's tools were called as well: then the turn ends, and our results go with the client's."""
    normal: bool
    """False if the answer was cut off, refused or failed: then no call of it counts."""
    output: tuple[Json, ...]
    """The provider's whole output as the follow-up must repeat it, thinking and our calls included. May be empty where
    nothing was hidden in the turn."""


class Record(NamedTuple):
    """What must be put back where the client shows a turn that had hidden rounds."""

    keys: tuple[bytes, ...]
    """By what the turn is recognised: SHA-256 of what the provider issued and the client echoes (ids, signatures), or
    of the text and the messages before it."""
    data: Json
    """In the dialect's own terms; stored as JSON."""


class Turn(Protocol):
    """One answer to the client while it is made."""

    def feed(self, data: bytes) -> bytes:
        """Bytes of the provider's answer in, bytes for the client out. Without a call of ours they are the same, and
        nothing but our own call is ever held back."""
        ...

    def end_round(self) -> Round:
        """What the provider's answer was, once its last byte was fed."""
        ...

    def finish(self) -> bytes:
        """What was held back of the last round's end, for the client: its last words, the last round's usage of the
        prompt, the sum of the rounds' output tokens. A turn that ends with a call of ours alone ends normally."""
        ...

    def failed(self, status: int, body: bytes) -> bytes:
        """The upstream's refusal of a hidden round in the words of a running answer, for the client. Empty if the
        answer had better break off: the client then asks again."""
        ...

    def waiting(self) -> bytes:
        """What tells a client that waits for the next round that its answer goes on, in words of the provider's own;
        empty where its clients take none."""
        ...

    def record(self, request: Json, rounds: Sequence[tuple[Round, tuple[Answer, ...]]]) -> Record | None:
        """What to remember of this turn so far: each round with the results of its hidden calls, none for a last round
        without any. `request` is the client's own body. None if there is nothing to recognise the turn by yet."""
        ...


class Dialect(Protocol):
    """How a dialect takes our tool in and hides it."""

    def declared(self, body: Json, *, always: bool = False) -> Json:
        """`body` with our tool before its others; the same object if it has none, has one of that name, or has the
        model choose another way. `always` leaves the choice out of it: earlier requests had the tool."""
        ...

    def turn(self, *, stream: bool) -> Turn: ...

    def follow_up(self, body: Json, done: Round, answers: Sequence[Answer]) -> Json:
        """The next round's request: `body` as sent, the round's whole output, and our results."""
        ...

    def expanded(self, body: Json, edited: Json, records: Mapping[bytes, Json]) -> Json:
        """`edited`, which is `body` with other texts in some results, with every remembered exchange put back; the
        same object if there is none. Turns are recognised in `body`, the client's own."""
        ...

    def keys(self, body: Json) -> list[bytes]:
        """Everything in `body` that a record could be found by."""
        ...
