"""The tests of a suite made from a seed, before a runner's form is put on them: what they are called, which of them
fail and why. `suites` puts the forms on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from bench.generators import WORDS

FILE_TESTS = 11
"""Tests in a file, on average."""

VERBS = ("keeps", "rejects", "parses", "returns", "merges", "retries", "rounds", "drops", "sorts", "accepts")
ODD = ("größe", "naïve", "日付", "año", "émoji")
PARAMETERS = ("EUR", "0", "-1", "a b", "utf-8", "None", "¥", "2024-02-29", "x/y", "1e9")


class Known(NamedTuple):
    """One failure as the output tells it: three texts that stand in it word for word."""

    name: str
    location: str
    message: str


class Suite(NamedTuple):
    """One output, what failed in it, how many tests had which outcome, and the lines that sum it up."""

    text: str
    failures: tuple[Known, ...]
    passed: int
    skipped: int
    sums: tuple[str, ...]


class Case(NamedTuple):
    """One test before a runner's form is put on it."""

    file: str
    group: str
    name: str
    parameter: str
    fault: str
    """`equal` and `diff` compare, `cause` is shared with others, `raise` is its own; `skip` where the test is skipped,
    nothing where it passes."""
    line: int
    want: int
    got: int
    reason: str
    """What an error of its own says."""


def plan(rng: Random, tests: int, failures: int) -> list[Case]:
    """The tests of a suite in the order they run; names are unique, since each ends in its number."""
    failed = set(rng.sample(range(2, tests), failures))
    skipped = set(rng.sample(range(2, tests), max(1, tests // 80))) - failed
    cases: list[Case] = []
    file = group = ""
    left = 0
    for i in range(tests):
        if not left:
            left, file = rng.randint(FILE_TESTS // 2, 2 * FILE_TESTS), f"{rng.choice(WORDS)}_{rng.choice(WORDS)}{i}"
        if left % 5 == 0 or not group:
            group = f"{rng.choice(WORDS)} {rng.choice(WORDS)}"
        left -= 1
        name = f"{rng.choice(WORDS)} {rng.choice(VERBS)} {rng.choice(WORDS if rng.random() < 0.96 else ODD)} {i}"
        fault = rng.choices(("cause", "equal", "raise", "diff"), (6, 2, 1, 1))[0] if i in failed else ""
        want = rng.randint(100, 99_999)
        cases.append(
            Case(
                file=file,
                group=group,
                name=name,
                parameter=rng.choice(PARAMETERS) if rng.random() < 0.25 else "",
                fault="skip" if i in skipped else fault,
                line=rng.randint(20, 480),
                want=want,
                got=want - rng.randint(1, 90),
                reason=f"{rng.choice(WORDS)} '{rng.choice(WORDS)}-{i}' is no {rng.choice(WORDS)} of {rng.choice(ODD)}",
            )
        )
    return cases


def failing(cases: Iterable[Case]) -> list[Case]:
    """Those that fail."""
    return [case for case in cases if case.fault not in ("", "skip")]


def counts(cases: Sequence[Case]) -> tuple[int, int, int]:
    """How many tests failed, passed and were skipped."""
    failed, skipped = len(failing(cases)), sum(case.fault == "skip" for case in cases)
    return failed, len(cases) - failed - skipped, skipped


def camel(words: str) -> str:
    """`two words` as `TwoWords`."""
    return "".join(word.title() for word in words.split())


def by_file(cases: Sequence[Case]) -> list[list[Case]]:
    """The tests of each file, in order."""
    files: dict[str, list[Case]] = {}
    for case in cases:
        files.setdefault(case.file, []).append(case)
    return list(files.values())
