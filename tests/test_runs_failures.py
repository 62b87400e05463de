"""Renderings of failing runs: what of a failure stands whole, and what is told once."""

from __future__ import annotations

from headroom.compressors.runs import Runs
from headroom.types import Facts

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
    rendering = RUNS.encode(Facts("\n".join([*lines, "Test Run Failed.", "Total tests: 30"])))

    assert rendering is not None
    shown = set(rendering.split("\n"))
    assert all(line in shown for line in lines if line.startswith("  Failed ") or ":line " in line)
