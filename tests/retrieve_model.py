"""A model that calls what it likes."""

from __future__ import annotations

import random

from headroom.retrieval import TOOL
from headroom.testing import Call, Received, Reply
from tests.retrieve_samples import OWN, REF


class Model:
    """Answers at random: texts, thoughts, the client's calls, ours in between, and refusals."""

    def __init__(self, seed: int, *, hides: float = 0.5, fails: float = 0.1) -> None:
        self.random = random.Random(seed)
        self.hides = hides
        self.fails = fails
        self.hidden = 0
        """Calls of ours that were made."""
        self.count = 0

    def __call__(self, received: Received) -> Reply:
        chance = self.random.random
        self.count += 1
        if chance() < self.fails:
            status = self.random.choice([429, 500, 503, 529, 529, 400])
            return Reply(status=status, headers=[("retry-after", "0")])
        text = received.body.decode()
        calls = [Call(OWN, {"n": self.count, "k": i}) for i in range(self.random.choice([0, 0, 1, 1, 2]))]
        if TOOL in text and chance() < self.hides:
            refs = REF.findall(text)
            for _ in range(self.random.choice([1, 1, 1, 2])):
                asked = {"ref": self.random.choice(refs) if refs else "nothing", "rows": f"{self.count}-{self.count}"}
                calls.insert(self.random.randint(0, len(calls)), Call(TOOL, asked))
                self.hidden += 1
        said = f"word {self.count}. " if chance() < 0.6 or not calls else ""
        return Reply(text=said, thinking=f"hm {self.count}" if chance() < 0.5 else "", calls=calls)
