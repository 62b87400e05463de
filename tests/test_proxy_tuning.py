"""The memory of a process that serves: what a burst took goes back."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from headroom.proxy import tuning
from headroom.proxy.turns import Asked
from headroom.testing import FakeUpstream
from tests.proxies import ask, options, running

BURST = """
import gc
from headroom.proxy import tuning

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

tuning.settle()
assert gc.get_freeze_count() and gc.isenabled()
del (large := [bytearray(20_000_000) for _ in range(2)])[:]  # from now on glibc keeps large blocks
before = resident()
kept = []
for _ in range(20):
    blocks = []
    for _ in range(8):
        blocks.append(bytearray(1_000_000))
        kept.append(bytearray(2_000))  # stands behind the block, and holds the end of the heap
    del blocks
burst = resident()
tuning.give_back()
print(burst - before, resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep nothing")
def test_what_a_burst_of_large_bodies_took_goes_back() -> None:
    done = subprocess.run([sys.executable, "-c", BURST], capture_output=True, text=True, check=True)
    kept, left = map(int, done.stdout.split())

    assert left < 2_000_000 < kept


def test_where_the_allocator_keeps_nothing_there_is_nothing_to_give_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    tuning.give_back()


def test_a_request_is_let_go_with_its_answer_not_when_the_collector_comes(tmp_path: Path) -> None:
    body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]}
    gc.collect()
    gc.disable()
    try:
        with FakeUpstream() as upstream, running(options(tmp_path, upstream.url)) as proxy:
            for _ in range(3):
                assert ask(proxy.url, "/v1/messages", body).status == 200
        kept = [each for each in gc.get_objects() if isinstance(each, Asked)]
    finally:
        gc.enable()

    assert not kept
