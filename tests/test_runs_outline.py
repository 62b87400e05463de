"""Outlines of runs: what goes, what never goes, and what the notices say of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import notices
from headroom.compressors.runs import Runs
from headroom.types import Facts, Outline
from tests import run_logs

RUNS = Runs()


def outline(text: str, query: str | None = None) -> Outline:
    """The outline of a text, which is the text itself where nothing may go."""
    facts = Facts(text, None, query)
    made = RUNS.outline(facts, notices.PartNotices("k3f7q2abcdef", "tool"), False) or Outline(text, ())
    assert RUNS.restored(facts, made.text)
    return made


def words(made: Outline) -> str:
    return "; ".join(omission.what for omission in made.omissions)


def numbered(form: str, first: int, last: int) -> list[str]:
    return [form.format(i, 100 * i % 997) for i in range(first, last)]


FORMS = {
    "pytest": ("tests/test_orders.py::TestTotals::test_total_{0}[a b-{1}] PASSED [ 12%]", "40 passed tests"),
    "pytest-xdist": ("[gw3] [ 12%] PASSED tests/test_orders.py::test_total_{0}", "40 passed tests"),
    "go": ("--- PASS: TestTotalOfOrders{0} (0.00s)", "40 passed tests"),
    "go subtest": ("    --- PASS: TestTotal/of_order_{0} (0.00s)", "40 passed tests"),
    "go package": ("ok  \tgithub.com/acme/shop/internal/p{0}\t0.012s", "40 passed packages"),
    "cargo": ("test orders::tests::total_{0} ... ok", "40 passed tests"),
    "nextest": ("        PASS [   0.012s] shop orders::tests::total_{0}", "40 passed tests"),
    "vitest": (" ✓ src/orders/total{0}.test.ts (12 tests) 34ms", "40 passed test files (480 tests)"),
    "vitest 1": (" ✓ src/orders/total{0}.test.ts  (12 tests) 34ms", "40 passed test files (480 tests)"),
    "vitest project": (" ✓ |unit| src/total{0}.test.ts (12 tests | 1 skipped) 4ms", "40 passed test files (480 tests)"),
    "mocha": ("    ✔ adds the lines of order {0} ({1}ms)", "40 passed tests"),
    "jest file": ("PASS src/checkout/__tests__/cart{0}.test.ts", "40 passed test files"),
    "unittest": ("test_total_{0} (orders.tests.TotalTests) ... ok", "40 passed tests"),
    "tap": ("ok {0} - adds the lines of an order", "40 passed tests"),
    "tap skipped": ("ok {0} - adds the lines of an order # SKIP no database", "40 skipped tests"),
    "surefire": ("[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.03 s -- in acme.T{0}Test",
                 "40 passed test classes (480 tests)"),
    "gradle": ("OrderTest > totalOf{0}() PASSED", "40 passed tests"),
    "dotnet": ("  Passed Acme.Shop.OrderTests.Total{0} [12 ms]", "40 passed tests"),
    "ctest": (" {0}/90 Test  #{0}: orders_total ............   Passed    0.01 sec", "40 passed tests"),
    "bazel": ("//orders:total_{0}_test             (cached) PASSED in 0.{1}s", "40 passed tests"),
    "zig": ("{0}/90 orders.test.total {0}...OK", "40 passed tests"),
    "alcotest": ("  [OK]          orders      {0}   adds the lines.", "40 passed tests"),
    "dart": ("00:03 +{0} ~1 -2: test/orders_test.dart: adds the lines of order {0}", "39 finished tests"),
    "behave": ("    Then the total of order {0} is right  # features/steps/orders.py:{1} 0.001s", "39 steps"),
    "junit": ('  <testcase name="adds order {0}" classname="shop.OrderTest" time="0.{1}"/>', "40 passed tests"),
    "junit closed": ('  <testcase name="adds order {0}" classname="T" time="0.{1}"></testcase>', "40 passed tests"),
    "googletest's junit": ('    <testcase name="T{0}" status="run" time="0.{1}" classname="A" />', "40 passed tests"),
    "kernel": ("  CC [M]  drivers/net/orders{0}.o", "40 build steps"),
    "bazel build": ("[{0} / 1,200] Compiling src/orders{0}.cc; 2s linux-sandbox", "40 build steps"),
    "make": ("gcc -Wall -O2 -c -o src/orders{0}.o src/orders{0}.c", "39 compile commands"),
    "terraform": ("aws_s3_bucket.orders{0}: Refreshing state... [id=orders-{0}]", "40 Refreshing state lines"),
    "apt in docker": ("#12 3.{0} Unpacking liborders{0}:amd64 (1.{1}) ...", "40 Unpacking lines"),
    "skipped": ("tests/test_orders.py::test_total_{0} SKIPPED (needs a network) [ 12%]", "40 skipped tests"),
    "dots": ("tests/test_orders_{0}.py .......s..  [ 12%]", "40 progress lines (360 passed, 40 skipped)"),
    "cargo build": ("   Compiling crate-{0} v1.{1}.3", "40 Compiling lines"),
    "pip": ("  Using cached package_{0}-1.{1}-py3-none-any.whl (12 kB)", "40 Using cached lines"),
    "npm": ("npm http fetch GET 200 https://registry.npmjs.org/p{0} 12ms (cache miss)", "40 npm requests"),
    "maven download": ("[INFO] Downloaded from central: https://repo.maven.org/p{0}.jar (12 kB)", "40 downloads"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_what_went_well_is_counted(name: str) -> None:
    form, told = FORMS[name]
    text = "\n".join(["1..41", *numbered(form, 0, 41), "  41 passing"])

    assert words(outline(text)) == told


@pytest.mark.parametrize("name", FORMS)
def test_a_part_of_a_run_is_known_by_its_results(name: str) -> None:
    assert RUNS.fit(Facts("\n".join(numbered(FORMS[name][0], 0, 41)))) > 0.5


@pytest.mark.parametrize(
    ("form", "told"), [("  ✓ wrote order-{0}.json", "40 lines marked ✓"), ("ok {0} rows of {1}", "40 lines marked ok")]
)
def test_marks_of_success_are_no_tests_where_none_were_run(form: str, told: str) -> None:
    assert words(outline("\n".join(["Exporting", *numbered(form, 0, 41), "Done."]))) == told


MARKERS = ("PASSED", "FAILED", "ERROR", "XPASS", "SKIPPED", "XFAIL")
results = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(MARKERS)), min_size=1, max_size=80)


@given(st.lists(results, min_size=1, max_size=3))
def test_whatever_did_not_pass_is_shown_and_the_counts_are_exact(files: list[list[tuple[str, str]]]) -> None:
    lines = ["collected many items", ""]
    for number, tests in enumerate(files):
        lines += [f"tests/test_{number}.py::test_{name * 9}_{i} {end}" for i, (name, end) in enumerate(tests * 3)]
    text = "\n".join([*lines, "", "== 1 failed =="])
    made = outline(text)
    shown = made.text.split("\n")

    for end in ("FAILED", "ERROR", "XPASS"):
        assert [line for line in shown if line.endswith(end)] == [line for line in lines if line.endswith(end)]
    for omission in made.omissions:
        hidden = lines[omission.first - 1 : omission.last]
        counts = {"passed tests": "PASSED", "skipped tests": "SKIPPED", "tests expected to fail": "XFAIL"}
        told = dict(part.split(" ", 1)[::-1] for part in omission.what.split(", "))
        assert {kind: int(count) for kind, count in told.items()} == {
            kind: n for kind, end in counts.items() if (n := sum(line.endswith(f" {end}") for line in hidden))
        }


def test_a_passed_test_that_speaks_of_failure_is_shown() -> None:
    lines = numbered("    ✓ adds the lines of order {0}", 0, 40)
    lines[20] = "    ✓ reports an error when the cart is empty"

    assert lines[20] in outline("\n".join(["  cart", *lines, "", "  40 passing"])).text.split("\n")


def test_a_slow_test_is_shown() -> None:
    lines = numbered("--- PASS: TestTotalOfOrders{0} (0.0{0}s)", 0, 60)
    lines[30] = "--- PASS: TestMigration (48.20s)"

    assert lines[30] in outline("\n".join([*lines, "PASS"])).text


def test_a_test_named_by_the_query_is_shown() -> None:
    text = "\n".join(["opening", *numbered("test orders::tests::total_of_order{0} ... ok", 0, 60), "test result: ok."])

    assert "total_of_order33 " in outline(text, "does total_of_order33 pass?").text


def test_the_start_of_a_test_that_failed_is_shown() -> None:
    lines = []
    for i in range(60):
        end = "FAIL" if i == 30 else "PASS"
        lines += [f"=== RUN   TestTotalOfOrders{i}", f"--- {end}: TestTotalOfOrders{i} (0.00s)"]
    made = outline("\n".join([*lines, "FAIL"]))

    assert "=== RUN   TestTotalOfOrders30\n--- FAIL: TestTotalOfOrders30" in made.text
    assert sum(int(omission.what.split()[0]) for omission in made.omissions) == 58


def test_the_start_of_a_test_of_ctest_goes_with_its_result_unless_it_failed() -> None:
    lines = ["Test project /srv/shop/build"]
    for i in range(1, 61):
        end = "***Failed " if i == 30 else "   Passed "
        lines += [
            f"      Start {i:>3}: orders_total_{i}",
            f"{i:>3}/60 Test {f'#{i}':>4}: orders_total_{i} ....{end}   0.01 sec",
        ]
    made = outline("\n".join([*lines, "", "98% tests passed, 1 tests failed out of 60"]))

    assert words(made) == "28 passed tests; 30 passed tests"
    assert f"{lines[59]}\n{lines[60]}" in made.text


def test_packages_of_go_that_passed_go_with_their_tests() -> None:
    lines = []
    for i in range(30):
        passed = i not in (9, 20)
        word = "PASS" if passed else "FAIL"
        lines += [f"=== RUN   TestTotal{i}", f"--- {word}: TestTotal{i} (0.00s)", word]
        lines += [f"{'ok  ' if passed else 'FAIL'}\tgithub.com/acme/shop/p{i}\t0.01{i % 10}s"]
    made = outline("\n".join([*lines, "FAIL"]))

    assert words(made).split("; ")[1:] == ["10 passed tests, 10 passed packages", "9 passed tests, 9 passed packages"]
    assert sum(line.startswith("FAIL") for line in made.text.split("\n")) == 5


def test_what_a_passing_test_logged_is_shown() -> None:
    lines = []
    for i in range(40):
        lines += [f"=== RUN   TestTotalOfOrders{i}", f"--- PASS: TestTotalOfOrders{i} (0.00s)"]
    lines[40:40] = ["=== RUN   TestDump", "    dump_test.go:12: 17 of 20 slots", "--- PASS: TestDump (0.00s)"]

    assert "=== RUN   TestDump\n    dump_test.go:12: 17 of 20 slots" in outline("\n".join([*lines, "PASS"])).text


@pytest.mark.parametrize(
    ("told", "words_told"),
    [
        (2, "29 progress lines (286 passed, 2 skipped, 2 failures told below)"),
        (1, "13 progress lines (129 passed, 1 skipped)"),
    ],
)
def test_rows_of_dots_with_failures_go_where_each_failure_is_told_below(told: int, words_told: str) -> None:
    lines = ["collected 300 items", "", "tests/test_first.py .......... [  3%]"]
    for i in range(28):
        lines += [f"tests/test_{i}.py .....{'F.F..' if i == 13 else 's....' if i % 20 == 1 else '.....'} [ {10 + i}%]"]
    lines += ["tests/test_last.py .......... [100%]", "", "=== FAILURES ==="]
    for name in ("adds", "sums")[:told]:
        lines += [
            f"____ test_{name} ____",
            f"tests/test_13.py:7: in test_{name}",
            "    go()",
            f"E   ValueError: {name}",
        ]
    made = outline("\n".join([*lines, "=== 2 failed in 1s ==="]))

    assert words(made).split("; ")[0] == words_told
    assert (lines[16] in made.text.split("\n")) == (told == 1)


def test_groups_go_with_their_tests_unless_one_failed() -> None:
    lines = []
    for i in range(12):
        lines += [f"  group {i}", *(f"    ✓ test {n} of group {i}" for n in range(6))]
    lines[24] = "    ✕ test 2 of group 3"
    made = outline("\n".join(["PASS src/a.test.ts", *lines, "", "Tests:       1 failed, 71 passed, 72 total"]))

    assert "  group 3\n" in made.text
    assert "    ✕ test 2 of group 3" in made.text
    assert "  group 7\n" not in made.text


QUOTED = {
    "a failure of pytest": ["=================== FAILURES ===================", "____ test_a ____"],
    "a log of jest": ["  console.log"],
    "the output of a failing cargo test": ["---- tests::a stdout ----"],
    "a failure of unittest": ["=" * 70, "FAIL: test_a (tests.T)", "-" * 70],
}


@pytest.mark.parametrize("name", QUOTED)
def test_what_a_test_printed_is_no_result(name: str) -> None:
    quoted = [*numbered("test orders::total_{0} ... ok", 0, 20), *numbered("    ✓ order {0} was written", 0, 20)]
    text = "\n".join(["running 9 tests", *QUOTED[name], *quoted, "the end"])

    assert outline(text).omissions == ()


notice_lines = st.builds(
    lambda first, count, what: f"[… lines {first}-{first + count}: {count} {what}]",
    st.integers(1, 999), st.integers(1, 99), st.sampled_from(("passed tests", "Compiling lines", "library frames")),
)  # fmt: skip
other_lines = st.sampled_from([
    *run_logs.pytest_verbose(3, 40, 4).text.split("\n"), *run_logs.go_test(3).text.split("\n"),
    *run_logs.cargo_build(3, 40).split("\n"), "  --> src/a.rs:12:5", "   |", "12 |     let x = 1;", "",
])  # fmt: skip


@given(st.lists(st.one_of(other_lines, notice_lines), min_size=8, max_size=60))
def test_a_notice_stands_as_a_line_of_its_own_in_the_encoding_of_an_outline(lines: list[str]) -> None:
    lines = list(dict.fromkeys(lines))
    rendering = RUNS.encode(Facts("\n".join(lines)))

    if rendering is not None:
        assert RUNS.decode(rendering) == "\n".join(lines)
        told = rendering.split("\n")
        assert [line for line in told if notices.read(line)] == [line for line in lines if notices.read(line)]


@pytest.mark.parametrize(
    "line", [f"ok 17 - adds an order # {'todo'.upper()} was broken before", "    ✓ adds an order (retry #1) (12ms)"]
)
def test_a_test_that_passed_against_expectation_or_when_tried_again_is_shown(line: str) -> None:
    form = line[: line.index("adds")] + "sums the lines of order {0}" + " ({1}ms)" * ("(" in line)
    lines = [*numbered(form, 0, 60), line, *numbered(form, 60, 120)]
    made = outline("\n".join(["TAP version 13", *lines, "# tests 121", "# pass 121"]))

    assert line in made.text.split("\n")
    assert made.omissions


def test_passed_tests_of_googletest_go_and_what_failed_stands_with_its_place() -> None:
    passed = [line.format(i) for i in range(60) for line in ("[ RUN      ] T.Sums{0}", "[       OK ] T.Sums{0} (0 ms)")]
    failed = ["[ RUN      ] T.Adds", "/srv/tests/t.cc:81: Failure", "Which is: 3", "[  FAILED  ] T.Adds (0 ms)"]
    text = "\n".join(["[==========] Running 61 tests from 1 test suite.", *passed, *failed, " 1 FAILED TEST"])

    assert RUNS.fit(Facts(text)) > 0.5
    assert set(failed) <= set(outline(text).text.split("\n"))
    assert "passed tests" in words(outline(text))


def test_a_request_of_an_installer_that_was_refused_is_shown() -> None:
    form = "npm http fetch GET 200 https://registry.npmjs.org/p{0} 12ms (cache miss)"
    refused = "npm http fetch GET 404 https://registry.npmjs.org/p77 12ms (cache skip)"
    made = outline("\n".join([*numbered(form, 0, 40), refused, *numbered(form, 40, 80), "added 80 packages in 3s"]))

    assert refused in made.text.split("\n")
    assert made.omissions


def test_passed_tests_are_called_so_in_colour_too() -> None:
    lines = numbered("    \x1b[32m✓\x1b[0m adds order {0}", 0, 41)

    assert (
        words(outline("\n".join(["$ jest", *lines, "\x1b[1mTests:\x1b[22m 41 passed, 41 total"]))) == "40 passed tests"
    )


def test_a_test_of_a_report_passed_where_nothing_stands_in_it() -> None:
    passed = [line for i in range(30) for line in (f'<testcase name="a{i}" time="0.01">', "</testcase>")]
    failed = ['<testcase name="b" time="0.02">', '<failure message="2 is not 3">Order.java:57</failure>', "</testcase>"]
    skipped = ['<testcase name="c" time="0">', "<skipped/>", "</testcase>", '<testcase name="d" status="notrun"/>']
    slow = ['<testcase name="e" time="98.5"/>']

    made = outline("\n".join(["<testsuite>", *passed, *failed, *passed, *skipped, *slow, *passed, "</testsuite>"]))

    assert set(failed + skipped + slow) <= set(made.text.split("\n"))
    assert sum(int(count) for count in re.findall(r"(\d+) passed tests", words(made))) >= 80
