"""What the suites of the stores share: a clock that stands still, texts that do not compress, pins of every shape."""

from __future__ import annotations

import hashlib
import random

from hypothesis import strategies as st

from headroom.errors import UnknownRefError
from headroom.types import Decision, Omission, Pin, PinKey, Store, TextKey, WayBack

HOUR = 3600.0
DAY = 24 * HOUR

ANY_CHARACTER = st.characters() | st.sampled_from("a\n\0é😀\ud800\udfff")
ANY_TEXT = st.lists(ANY_CHARACTER).map("".join)  # `st.text` would merge the alphabets and draw few surrogates
WAYS = st.sampled_from(("none", "mcp", "tool", "shell"))
COUNTS = st.integers(0, 1 << 40)
OMISSIONS = st.builds(Omission, unit=st.sampled_from(("lines", "rows")), first=COUNTS, last=COUNTS, what=ANY_TEXT)
DECISIONS = st.builds(
    Decision,
    rendering=st.none() | ANY_TEXT | ANY_TEXT.map(lambda text: text * 400),
    kind=st.sampled_from(("raw", "records")),
    version=st.integers(1, 99),
    level=st.sampled_from(("lossless", "balanced")),
    lossless=st.booleans(),
    ref=st.none(),
    reason=st.sampled_from(("encoded", "small")),
    tokens_before=COUNTS,
    tokens_after=COUNTS,
    omissions=st.lists(OMISSIONS, max_size=3).map(tuple),
    refers=st.lists(st.binary(max_size=40), max_size=3).map(tuple),
)
PINS = st.builds(
    Pin,
    key=st.builds(PinKey, st.binary(max_size=40), WAYS),
    text_key=st.builds(TextKey, WAYS, ANY_TEXT, st.binary(max_size=40)),
    decision=DECISIONS,
)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        return self.now


def noise(seed: int, size: int = 1000) -> str:
    """`size` characters that hardly compress."""
    return random.Random(seed).randbytes(size // 2).hex()


def a_pin(
    chain: str,
    *,
    way: WayBack = "tool",
    rendering: str | None = "short",
    call_id: str = "toolu_1",
    text: str = "text",
    ref: str | None = None,
    omissions: tuple[Omission, ...] = (),
) -> Pin:
    return Pin(
        key=PinKey(hashlib.sha256(chain.encode()).digest(), way),
        text_key=TextKey(way, call_id, hashlib.sha256(text.encode()).digest()),
        decision=Decision(
            rendering=rendering,
            kind="records",
            version=1,
            level="balanced",
            lossless=not omissions,
            ref=ref,
            reason="encoded",
            tokens_before=900,
            tokens_after=300,
            omissions=omissions,
        ),
    )


def a_cut(chain: str, ref: str, *, rendering: str = "short") -> Pin:
    """A pin that dropped lines of the original `ref`."""
    return a_pin(chain, rendering=rendering, ref=ref, omissions=(Omission(unit="lines", first=3, last=9, what="INFO"),))


def is_held(store: Store, ref: str) -> bool:
    try:
        store.get(ref)
    except UnknownRefError:
        return False
    return True
