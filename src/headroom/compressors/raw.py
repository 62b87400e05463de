"""Identity: the kind of every text that no other compressor knows."""

from __future__ import annotations

from headroom.compressors._exact import ByteExact
from headroom.types import Facts, PartClass


class Raw(ByteExact):
    """Leaves a text as it is; fits everything a little, so that there is always a kind."""

    name = "raw"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = ()

    def fit(self, facts: Facts) -> float:
        return 0.01

    def encode(self, facts: Facts) -> str | None:
        return None

    def decode(self, rendering: str) -> str:
        return rendering
