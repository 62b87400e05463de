"""What a program logs between its tests: it goes with the tests that passed, and stays where they did not."""

from __future__ import annotations

import pytest

from headroom import notices
from headroom.compressors.logs import Logs
from headroom.compressors.runs import Runs
from headroom.types import Facts

RUNS = Runs()

RESULTS = {
    "mocha": "    ✔ adds the lines of order {0}",
    "nextest": "        PASS [   0.012s] shop orders::tests::total_{0}",
    "go": "--- PASS: TestTotalOfOrders{0} (0.00s)",
    "pytest": "tests/test_orders.py::test_total_{0} PASSED [ 12%]",
    "dart": "00:03 +{0}: test/orders_test.dart: adds the lines of order {0}",
    "behave": "    Then the total of order {0} is right  # features/steps/orders.py:12 0.001s",
}
LOGGED = {
    "logback": "2026-03-09 07:00:{1:02},123 [main] INFO  shop.Http - handled GET /cart status=200 in {2}ms",
    "iso": "2026-03-09T07:00:{1:02}.123Z DEBUG cache miss for key user:{0}",
    "bracketed": "[2026-03-09 07:00:{1:02}] [debug] opened connection {0} to the database",
    "logfmt": 'time=2026-03-09T07:00:{1:02}Z level=info msg="handled request" ms={2}',
    "pino": '{{"level":30,"time":17679000{1:02}000,"pid":71,"msg":"request completed","ms":{2}}}',
    "winston": '{{"level":"info","time":"2026-03-09T07:00:{1:02}Z","message":"handled {2}"}}',
}


def output(result: str, logged: str, count: int = 60) -> list[str]:
    """Tests that passed, with a logged line behind every other one."""
    lines: list[str] = []
    for i in range(count):
        lines.append(result.format(i))
        if i % 2:
            lines.append(logged.format(i, i % 60, 20 + i * 7 % 11))
    return lines


def outline(lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    facts = Facts(text)
    made = RUNS.outline(facts, notices.PartNotices("k3f7q2abcdef", "tool"), False)
    if made is None:
        return lines
    assert RUNS.restored(facts, made.text)
    return made.text.split("\n")


@pytest.mark.parametrize("logged", LOGGED.values(), ids=LOGGED)
@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_lines_of_no_weight_go_with_the_tests_that_passed_around_them(result: str, logged: str) -> None:
    out = outline([*output(result, logged), result.format(60), "the end"])

    assert len(out) < 20
    assert any("logged lines" in line for line in out)


def test_the_last_words_before_a_failure_stay() -> None:
    lines = output(RESULTS["mocha"], LOGGED["iso"])
    last = "2026-03-09T07:09:59.123Z DEBUG cache miss for key user:9999"

    out = outline([*lines, last, "    1) refuses an order without lines", *lines, "the end"])

    assert last in out
    assert "    1) refuses an order without lines" in out


@pytest.mark.parametrize(
    "line",
    ["2026-03-09T07:00:07.123Z WARN  cache is full, evicting user:7",
     "2026-03-09T07:00:07.123Z INFO  order 7 failed: no lines",
     "2026-03-09T07:00:07.123Z INFO  opened the ledger of March",
     '{"level":50,"time":1767900007000,"msg":"request completed","ms":27}',
     "cache miss for key user:7"],
)  # fmt: skip
def test_what_has_weight_tells_of_failure_or_stands_alone_stays(line: str) -> None:
    lines = output(RESULTS["nextest"], LOGGED["iso"])

    assert line in outline([*lines, line, *lines, "the end"])


def test_a_logged_number_far_from_the_others_stays() -> None:
    lines = output(RESULTS["mocha"], LOGGED["logback"])
    slow = LOGGED["logback"].format(1, 1, 98_765)

    assert slow in outline([*lines, slow, *lines, "the end"])


def test_a_test_that_did_not_end_well_stays_where_logs_stand_around_it() -> None:
    lines = output(RESULTS["dart"], LOGGED["iso"])
    failed = [
        "00:03 +60: test/orders_test.dart: refuses an empty order",
        LOGGED["iso"].format(1, 1, 1),
        "00:03 +60 -1: test/orders_test.dart: refuses an empty order [E]",
        "  Expected: <3>",
    ]

    out = outline([*lines, *failed, *lines, "the end"])

    assert set(failed[2:]) <= set(out)
    assert failed[0] in out


@pytest.mark.parametrize("result", ["mocha", "nextest"])
def test_tests_with_marks_deep_in_the_line_are_no_records_of_a_log(result: str) -> None:
    facts = Facts("\n".join(output(RESULTS[result], LOGGED["iso"])))

    assert Logs().fit(facts) < RUNS.fit(facts)
