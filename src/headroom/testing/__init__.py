"""A fake of the model providers, for tests of whatever talks to them: scripted, strict and offline.

with FakeUpstream([Reply(calls=[Call("read", {"path": "a.py"})]), Reply("done")]) as upstream:
    run_the_agent(base_url=upstream.url)
assert upstream.violations == []
"""

from __future__ import annotations

from headroom.testing._script import Call, Received, Reply, Script
from headroom.testing.fake_upstream import FakeUpstream

__all__ = ["Call", "FakeUpstream", "Received", "Reply", "Script"]
