"""Failing test suites of every runner: what a model can still read of them, and how much smaller they are."""

from __future__ import annotations

import re
from functools import cache

import pytest

import headroom
from bench.suite_plan import Suite
from bench.suites import TOOLS, suite
from headroom import notices
from headroom.compressors import stands_for
from headroom.store import MemoryStore
from headroom.tokens import counter

SIZES = ((600, 8), (500, 5), (400, 12), (800, 20))
"""Tests and failures of the suites that are looked at, one a seed."""

every_suite = pytest.mark.parametrize(("tool", "seed"), [(tool, seed) for tool in TOOLS for seed in range(len(SIZES))])


class Read:
    """A suite as it was printed, as it is sent, and the outline that stands for."""

    def __init__(self, tool: str, seed: int) -> None:
        self.suite: Suite = suite(tool, seed, *SIZES[seed])
        result = headroom.compress(
            self.suite.text, tool="Bash", args={"command": "pytest"}, way_back="tool", level="balanced",
            store=MemoryStore(),
        )  # fmt: skip
        self.sent: str = result.messages
        self.part = result.parts[0]
        self.outline = stands_for(self.part.kind, self.sent)


@cache
def read(tool: str, seed: int) -> Read:
    return Read(tool, seed)


@every_suite
def test_every_failure_keeps_its_name_its_place_and_its_message(tool: str, seed: int) -> None:
    run = read(tool, seed)
    shown = set(run.outline.split("\n"))

    assert len(run.suite.failures) == SIZES[seed][1]
    for failure in run.suite.failures:
        for fact in failure:
            lines = [line for line in run.suite.text.split("\n") if fact in line]
            assert lines, f"the suite does not say {fact!r}"
            assert shown.intersection(lines), f"no longer told: {fact!r}"


@every_suite
def test_a_reader_of_what_is_sent_finds_every_failure(tool: str, seed: int) -> None:
    run = read(tool, seed)

    for name, location, message in run.suite.failures:
        assert name in run.sent
        assert location.rsplit("/", 1)[-1] in run.sent
        assert message in run.sent


@every_suite
def test_the_sums_stand_and_the_notices_count_what_they_hide(tool: str, seed: int) -> None:
    run = read(tool, seed)
    lines = run.suite.text.split("\n")

    assert all(line in run.outline.split("\n") for line in run.suite.sums)
    for omission in run.part.omissions:
        hidden = lines[omission.first - 1 : omission.last]
        assert told(omission.what) == passed_in(hidden)
        assert not any(FAILED.search(line) for line in hidden)


@every_suite
def test_no_test_is_said_to_have_passed_that_did_not(tool: str, seed: int) -> None:
    run = read(tool, seed)
    shown = passed_in([line for line in run.outline.split("\n") if not notices.read(line)])

    assert shown + sum(told(omission.what) for omission in run.part.omissions) == passed_in(run.suite.text.split("\n"))
    if tool not in ("go test -v", "maven"):  # these also count the tests that others are part of, and skipped ones
        assert passed_in(run.suite.text.split("\n")) == run.suite.passed


@every_suite
def test_a_long_run_becomes_four_times_smaller(tool: str, seed: int) -> None:
    run = read(tool, seed)
    before, after = (counter().count(text) for text in (run.suite.text, run.sent))

    assert before > 2_000
    assert before / after >= 4.0, f"{before} to {after} tokens"


@pytest.mark.parametrize("tool", TOOLS)
def test_a_suite_is_the_same_for_a_seed_and_another_for_another(tool: str) -> None:
    assert suite(tool, 3, 60, 3) == suite(tool, 3, 60, 3)
    assert suite(tool, 3, 60, 3).text != suite(tool, 4, 60, 3).text


FAILED = re.compile(r"FAIL|<<<|[×✕]|^not ok")
_PASSED = re.compile(
    r"::.* PASSED\b|^test .* \.\.\. ok$|^ *--- PASS: |^ *✓ "
    r"|^\[(?:INFO|WARNING)\] Tests run: (?P<tests>\d+), Failures: 0,.* -- in "
)
_DOTS = re.compile(r"^(?:\S+\.py )?([.sF]+) +\[ *\d+%\]$")


def passed_in(lines: list[str]) -> int:
    """How many tests these lines say have passed, counted independently of the compressor."""
    count = 0
    for line in lines:
        dots, passed = _DOTS.match(line), _PASSED.search(line)
        if dots:
            count += dots[1].count(".")
        elif passed:
            count += int(passed["tests"] or 1)
    return count


def told(what: str) -> int:
    """How many passed tests the words of a notice tell of."""
    return sum(
        int((match[1] or match[2] or match[3]).replace(",", ""))
        for match in re.finditer(r"([\d,]+) passed tests\b|\(([\d,]+) passed|\(([\d,]+) tests\)", what)
    )
