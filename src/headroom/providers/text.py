"""A bare string: one tool output with nothing around it."""

from __future__ import annotations

from headroom.providers import _lens
from headroom.types import Item, Json


class Text:
    """Lens over a string. Its one part is the whole; its leaf is the empty path."""

    name = "text"

    def fit(self, body: Json) -> float:
        """1 for a string, 0 for anything else."""
        return 1.0 if isinstance(body, str) else 0.0

    def read(self, body: Json) -> list[Item]:
        """One result item without a call; no item for what is no string."""
        return [_lens.result_item("tool", body, (), None)] if isinstance(body, str) else []
