"""What may stand for a text: a clock goes where nobody asked for it, and only from what is known by more than that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench import suites
from headroom import compress, retrieve
from headroom.api import Result
from headroom.compressors import stands_for
from headroom.compressors._views import views
from headroom.store import MemoryStore

SUITE = suites.suite("go test -v", 7, 250, 5)
CLOCKS: dict[str, Callable[[int], str]] = {
    "GitHub": lambda n: f"2026-11-20T09:{n // 60 % 60:02}:{n % 60:02}.{n * 7919 % 10_000_000:07}Z ",
    "Jenkins": lambda n: f"[2026-11-20T09:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}Z] ",
    "an offset": lambda n: f"2026-11-20 09:{n // 60 % 60:02}:{n % 60:02},{n % 1000:03} +01:00 ",
    "a time alone": lambda n: f"[09:{n // 60 % 60:02}:{n % 60:02}] ",
}


def clocked(text: str, clock: str) -> str:
    return "\n".join(CLOCKS[clock](n) + line for n, line in enumerate(text.split("\n")))


def made(text: str, query: str = "", level: str = "balanced", store: MemoryStore | None = None) -> Result:
    return compress(text, store=store or MemoryStore(), level=level, way_back="tool", query=query)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("step", ["", "test\tRun tests\t"])
def test_a_failing_suite_behind_a_clock_is_cut_as_one_and_every_failure_stays(clock: str, step: str) -> None:
    text, store = "\n".join(step + line for line in clocked(SUITE.text, clock).split("\n")), MemoryStore()
    result = made(text, store=store)
    part = result.parts[0]

    assert (part.kind, part.reason, part.lossless) == ("runs", "outlined", False)
    assert result.tokens_after < result.tokens_before / 6
    left = stands_for(part.kind, result.messages)
    assert all(told in left for known in SUITE.failures for told in known)
    unseen, seconds = part.omissions[-1], SUITE.text.count("\n")
    assert unseen.unit == "unseen in lines"
    assert unseen.what.endswith(f" times before lines, 09:00:00 to 09:{seconds // 60:02}:{seconds % 60:02}")
    assert retrieve(str(part.ref), lines=f"{unseen.first}-{unseen.last}", store=store) == text


@pytest.mark.parametrize("query", ["Why is the job so slow?", "how long does it take", "It hangs. Where?", "timeout"])
def test_the_clock_stays_where_time_is_asked_for(query: str) -> None:
    result = made(clocked(SUITE.text, "GitHub"), query)

    assert "unseen in lines" not in {omission.unit for omission in result.parts[0].omissions}


def test_no_clock_goes_without_loss_and_none_from_a_log() -> None:
    log = "\n".join(f"INFO worker {n % 4} stored batch {n} of {n * 7} rows" for n in range(200))

    assert made(clocked(SUITE.text, "GitHub"), level="lossless").parts[0].lossless
    assert "unseen in lines" not in {omission.unit for omission in made(clocked(log, "GitHub")).parts[0].omissions}


@pytest.mark.parametrize(
    "text",
    ["", "no clock\n" * 40, "09:00:00 only\n" * 5, "09:00:00 one\nanother line\n" * 20, "09:00:00.5.1 odd\n" * 20],
    ids=["nothing", "none", "few lines", "half of them", "no time"],
)
def test_what_has_no_clock_before_its_lines_is_looked_at_as_it_is(text: str) -> None:
    assert list(views(text, "")) == []
