"""Renderings of failing runs: what of a failure stands whole, and what is told once."""

from __future__ import annotations

import pytest

from headroom.compressors.runs import Runs
from headroom.types import Facts
from tests.runner_samples import RUNNERS, printed

RUNS = Runs()


def test_the_message_below_a_panic_stands_whole_however_many_there_are() -> None:
    lines = [
        line
        for i in range(30)
        for line in (
            f"---- orders::test_{i} stdout ----", "",
            f"thread 'orders::test_{i}' panicked at src/orders.rs:{40 + i}:9:",
            f"called `Result::unwrap()` on an `Err` value: Refused {{ order: {7 * i} }}",
            "stack backtrace:", "   0: rust_begin_unwind", "   1: shop::orders::refund", "",
        )
    ]  # fmt: skip
    rendering = RUNS.encode(Facts("\n".join(["running 30 tests", *lines])))

    assert rendering is not None
    assert all(line in rendering.split("\n") for line in lines if line.startswith("called "))


def test_failures_told_again_are_told_by_one_line() -> None:
    blocks = [
        [f"FAIL src/part{i}.test.ts", f"  ● adds {i}", "", f"    Expected: {i}", f"    Received: {i + 1}", ""]
        for i in range(8)
    ]
    lines = [line for block in blocks for line in block]
    text = "\n".join(
        [*lines, "PASS src/other.test.ts", "", "Summary of all failing tests", *lines, "Test Suites: 8 failed"]
    )
    rendering = RUNS.encode(Facts(text))

    assert rendering is not None
    assert rendering.split("Summary of all failing tests\n")[1].count("\n") == 1
    assert RUNS.decode(rendering) == text


def test_failed_tests_of_dotnet_stand_whole_with_their_places() -> None:
    lines = [
        line
        for i in range(30)
        for line in (
            f"  Failed Acme.Shop.Tests.OrderTests.Total{i} [{i} ms]", "  Error Message:",
            "   Assert.Equal() Failure: Values differ", f"Expected: {7 * i}", f"Actual:   {7 * i + 1}",
            "  Stack Trace:",
            f"     at Acme.Shop.Tests.OrderTests.Total{i}() in /srv/shop/tests/OrderTests.cs:line {30 + i}",
        )
    ]  # fmt: skip
    text = "\n".join([*lines, "Test Run Failed.", "Total tests: 30"])

    assert set(lines) <= set((RUNS.encode(Facts(text)) or text).split("\n"))


def test_failures_that_a_runner_numbers_stand_whole_with_their_messages() -> None:
    items = [
        (f"{i}) Acme\\Tests\\OrderTest::test_adds with data set {i}", f"Failed asserting that {i} matches {i + 1}.")
        for i in range(1, 30)
    ]
    dots = ["." * 50 + f" {50 * i:>4} / 1500" for i in range(1, 30)]
    text = "\n".join(
        [
            *dots,
            "There were 29 failures:",
            "",
            *(line for item in items for line in (*item, "")),
            "Tests: 1500, Failed 29",
        ]
    )
    rendering = RUNS.encode(Facts(text))

    shown = set((rendering or text).split("\n"))
    assert all(line in shown for item in items for line in item)


def test_a_failure_among_rows_of_passed_tests_stands_whole() -> None:
    lines = [
        line
        for i in range(60)
        for line in (
            (f"  * test removes key {i} ({i}.1ms) [L#{i}]",) if i % 6
            else ("", f"  {i + 1}) test removes key {i} (Shop.OrderTest)", f"     test/order_test.exs:{i}", "")
        )
    ]  # fmt: skip
    rendering = RUNS.encode(Facts("\n".join([*lines, "60 tests, 10 failures"])))

    assert rendering is not None
    shown = set(rendering.split("\n"))
    assert all(line in shown for line in lines if ") test " in line or ".exs:" in line)


@pytest.mark.parametrize(
    "name",
    [
        "  ● Token › adds a token", "not ok 3 - adds a token", "    ✕ adds a token (12 ms)", "  3) Token adds a token",
        "[  FAILED  ] Token.Adds (2 ms)", "[ERROR] Token.adds:33",
    ],
)  # fmt: skip
def test_a_failure_that_comes_again_in_another_run_is_named_there_as_well(name: str) -> None:
    block = [name, "    Expected: four tokens in the basket", "    Received: three tokens in it", "", *"abcdef"]
    text = "\n".join(["running 9 tests", *block, "the second run begins here", *block, "Tests: 1 failed"])
    rendering = RUNS.encode(Facts(text)) or text

    assert rendering.split("\n").count(name) == 2


def test_the_row_of_a_template_begins_with_its_name_and_stands_under_no_heading() -> None:
    lines = [f"Requirement already satisfied: package{i}>=1.{i} in /usr/lib/python3 (1.{i}.2)" for i in range(60)]
    rendering = RUNS.encode(Facts("\n".join([*lines, "Successfully installed shop-1.0"])))

    assert rendering is not None
    name = rendering.split("\n")[1].partition(" := ")[0]
    assert rendering.count(f"\n{name} ") == 60
    assert "\n@" not in rendering


TOLD_IN_FRAMES = ("unittest with docstrings",)
"""Whose traces are written with a frame on one line."""


@pytest.mark.parametrize("name", [name for name in RUNNERS if name not in TOLD_IN_FRAMES])
def test_what_is_said_of_each_of_many_failures_stands_word_for_word(name: str) -> None:
    text, _, told = printed(RUNNERS[name], 5, 90, 40)
    shown = {line.removeprefix("\\") for line in (RUNS.encode(Facts(text)) or text).split("\n")}

    assert {line for line in told if "started" not in line and not line.startswith("  * test ")} <= shown


def test_the_details_that_tap_gives_of_each_failure_stand_word_for_word() -> None:
    lines = [
        line
        for i in range(1, 40)
        for line in (
            f"not ok {i} - adds order {i}", "  ---", f"  duration_ms: 0.{i}", "  error: |-",
            f"    {7 * i} !== {7 * i + 1}", "  code: 'ERR_ASSERTION'", f"  expected: {7 * i + 1}", f"  actual: {7 * i}",
            f"  location: '/srv/shop/test/order.test.js:{i}:3'", "  ...",
        )
    ]  # fmt: skip
    text = "\n".join(["TAP version 13", *lines, "1..39", "# fail 39"])

    assert set(lines) <= set((RUNS.encode(Facts(text)) or text).split("\n"))
