"""Work in several processes: every job has an outcome, and one that kills its process costs no other."""

from __future__ import annotations

import os

import pytest

from headroom.cli.pool import Failure, results


def halves(number: int) -> float:
    """What the processes of these tests do."""
    if number == 13:
        os._exit(7)
    return 1 / number


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_every_job_has_its_outcome(workers: int) -> None:
    assert dict(results(halves, [1, 2, 4], workers)) == {1: 1.0, 2: 0.5, 4: 0.25}


@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_job_raises_is_its_outcome(workers: int) -> None:
    found = dict(results(halves, [1, 0, 2], workers))

    assert found == {1: 1.0, 0: Failure("ZeroDivisionError: division by zero"), 2: 0.5}


def test_a_job_that_kills_its_process_costs_no_other() -> None:
    found = dict(results(halves, [13, 1, 2, 4, 8], 2))

    assert found.pop(13) == Failure("its process ended with code 7")
    assert found == {1: 1.0, 2: 0.5, 4: 0.25, 8: 0.125}


def test_there_may_be_nothing_to_do() -> None:
    assert list(results(halves, [], 2)) == []
