"""The forms in which runners report their tests: what passed is counted, and whatever failed is told in full."""

from __future__ import annotations

import re
from functools import cache
from random import Random

import pytest

import headroom
from bench.generators import WORDS
from headroom import notices
from headroom.compressors import stands_for
from headroom.compressors.runs import Runs
from headroom.store import MemoryStore
from headroom.tokens import counter
from headroom.types import Facts, Outline
from tests.runner_samples import RUNNERS, Printed, printed

RUNS = Runs()
TESTS = 180
DRAWN_AS_A_TREE = "junit console"
"""Which is taken for a listing of files."""

every_runner = pytest.mark.parametrize("name", RUNNERS)
_COUNTED = re.compile(r"([\d,]+) (?:passed|finished) tests")


def outline(text: str) -> Outline:
    facts = Facts(text)
    made = RUNS.outline(facts, notices.PartNotices("k3f7q2abcdef", "tool"), False) or Outline(text, ())
    assert RUNS.restored(facts, made.text)
    return made


@cache
def run(name: str, failures: int) -> Printed:
    return printed(RUNNERS[name], 7, TESTS, failures)


def counted(made: Outline) -> int:
    return sum(int(match[1]) for omission in made.omissions if (match := _COUNTED.search(omission.what)))


@every_runner
@pytest.mark.parametrize("failures", [0, 5])
def test_passed_tests_are_counted_exactly(name: str, failures: int) -> None:
    text, passed, _ = run(name, failures)
    made = outline(text)
    shown = made.text.split("\n")
    a_test = len(passed) // (TESTS - failures)

    assert len(made.omissions) <= 3 + 4 * failures
    assert counted(made) + sum(line in shown for line in passed[a_test - 1 :: a_test]) == TESTS - failures


@every_runner
def test_whatever_a_runner_says_of_a_failure_is_shown(name: str) -> None:
    text, _, told = run(name, 5)

    assert len(told) >= 5
    assert set(told) <= set(outline(text).text.split("\n"))


@every_runner
def test_a_run_is_known_without_its_command(name: str) -> None:
    assert RUNS.fit(Facts(run(name, 5).text)) > 0.5


@every_runner
@pytest.mark.parametrize("failures", [0, 5])
def test_a_long_run_is_sent_in_few_tokens_and_what_failed_word_for_word(name: str, failures: int) -> None:
    text, _, told = run(name, failures)
    result = headroom.compress(
        text, tool="Bash", args={"command": RUNNERS[name].command}, way_back="tool", level="balanced",
        store=MemoryStore(),
    )  # fmt: skip
    sent: str = result.messages
    before, after = (counter().count(each) for each in (text, sent))

    assert before >= (3 if failures else 5) * after or name == DRAWN_AS_A_TREE, f"{before} to {after} tokens"
    assert set(told) <= set(stands_for(result.parts[0].kind, sent).split("\n"))
    sums = text.rstrip().split("\n")[-1]
    assert sums in sent


CHECKED = {
    "a changelog": "✓ {} the {} of {} {}",
    "a plan": "{} ✓ {} {} {}",
    "a report": "  ✓ {} {} {} {} {}",
    "steps": "✅ {} {} {} {}",
    "answers": "{} {} {} {}? ... ok",
    "a table": "{} {} {} | PASS |",
    "a list": " [x] {} {} {} {}",
}


@pytest.mark.parametrize("name", CHECKED)
def test_marks_in_a_text_that_is_no_run_of_tests_hide_nothing(name: str) -> None:
    rng = Random(3)
    lines = [CHECKED[name].format(*(rng.choice(WORDS) for _ in range(6))) for _ in range(200)]

    assert outline("\n".join(["Notes on the release", "", *lines, "", "That is all."])).omissions == ()


def test_what_other_programs_mark_during_a_run_is_not_counted_among_its_tests() -> None:
    lines = [f"  Applying shop.{i:04}_{word}... OK" for i, word in enumerate(WORDS)]
    lines += [f"test_{word} (shop.tests.CartTests.test_{word}) ... ok" for word in WORDS]
    made = outline("\n".join(["Running migrations:", *lines, "", f"Ran {len(WORDS)} tests in 1.203s", "", "OK"]))

    assert [omission.what for omission in made.omissions] == ["73 lines marked ok", "73 passed tests"]


@every_runner
def test_the_failures_of_a_run_without_its_end_are_shown(name: str) -> None:
    text, _, told = run(name, 5)
    lines = text.split("\n")
    lines = lines[: 2 * len(lines) // 3]
    shown = set(outline("\n".join(lines)).text.split("\n"))

    assert {line for line in lines if line in told} <= shown


def test_examples_of_rspec_are_counted_only_if_they_are_as_many_as_the_sum_says() -> None:
    text = run("rspec", 5).text

    assert outline(text.replace(f"{TESTS} examples", f"{TESTS + 1} examples")).omissions == ()


def test_a_test_of_exunit_that_failed_is_shown_with_its_line() -> None:
    text, _, told = run("exunit", 5)
    ran = [line for line in told if line.startswith("  * test ")]

    assert len(ran) == 5
    assert set(ran) <= set(outline(text).text.split("\n"))


@pytest.mark.parametrize(
    "name", ["adds an item [E]", "returns status 404", "exits with code 3", "fails on a bad token"]
)
def test_a_name_that_may_tell_of_a_failure_is_shown(name: str) -> None:
    lines = [f"    handles {word} {i}" for i, word in enumerate(WORDS)]
    lines[20] = f"    {name}"
    text = "\n".join(["Cart", *lines, "", "Finished in 0.3 seconds", f"{len(lines)} examples, 0 failures"])
    shown = outline(text).text.split("\n")

    assert (lines[20] in shown) == ("[E]" not in name)
    assert len(shown) < 20


def test_groups_of_which_a_test_failed_are_shown_with_their_names() -> None:
    for name in ("node", "deno", "robot", "swift testing", "xctest", "bun", "phpunit testdox"):
        text = run(name, 5).text
        groups = [
            line
            for line in text.split("\n")
            if re.match(r"▶ |\w+ \w+ \.\.\.\Z|Shop\.\w+\Z|\w+\.test\.ts:|\w+ \(", line)
        ]
        shown = set(outline(text).text.split("\n"))
        assert 5 <= sum(group in shown for group in dict.fromkeys(groups)) <= 8 or not groups, name


def test_the_groups_of_googletest_go_with_their_tests_but_a_test_that_did_not_end_stays() -> None:
    lines = ["[==========] Running 120 tests from 20 test suites."]
    for group in range(20):
        tests = [
            t.format(group, i) for i in range(6) for t in ("[ RUN      ] T{0}.S{1}", "[       OK ] T{0}.S{1} (0 ms)")
        ]
        lines += [f"[----------] 6 tests from T{group}", *tests, f"[----------] 6 tests from T{group} (1 ms total)", ""]
    made = outline("\n".join([*lines, "[----------] 6 tests from Last", "[ RUN      ] Last.Sums"]))

    assert len(made.omissions) == 1
    assert made.text.endswith("[ RUN      ] Last.Sums")


@pytest.mark.parametrize(
    ("form", "ended"),
    [
        (
            "    Then the total of order {0} is right  # features/steps/orders.py:{0} 0.001s",
            ["      Traceback (most recent call last):", "      AssertionError"],
        ),
        (
            "00:03 +{0} ~1 -2: test/orders_test.dart: adds the lines of order {0}",
            ["00:03 +31 -3: test/orders_test.dart: adds the lines of order 60 [E]", "  Expected: <3>"],
        ),
        ("gcc -Wall -O2 -c -o src/orders{0}.o src/orders{0}.c", ["src/orders60.c:12:9: warning: unused variable 'x'"]),
    ],
)
def test_what_does_not_say_how_it_ended_is_shown_above_what_may(form: str, ended: list[str]) -> None:
    lines = [form.format(i) for i in range(120)]
    lines[61:61] = ended
    shown = outline("\n".join(lines)).text.split("\n")

    assert {lines[60], *ended} <= set(shown)
    assert len(shown) < 12


def test_the_start_of_a_test_of_dart_that_failed_later_is_shown() -> None:
    lines = [f"00:03 +{i}: test/orders_test.dart: adds the lines of order {i}" for i in range(120)]
    lines.insert(80, "00:03 +79 -1: test/orders_test.dart: adds the lines of order 60 [E]")
    shown = outline("\n".join(lines)).text.split("\n")

    assert {lines[60], lines[80]} <= set(shown)
