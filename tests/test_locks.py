"""A lock between processes: one holds it at a time, and it goes with the process that holds it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headroom.locks import locked
from tests.processes import python

HOLDS = """
import sys
from pathlib import Path
from headroom.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_is_had_again_once_it_was_left(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "lock"):
            assert (tmp_path / "lock").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_the_file_is_closed_to_others(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_killed_process_holds_nothing_and_until_then_nobody_else_does(tmp_path: Path) -> None:
    first = python(HOLDS, tmp_path / "lock")
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    second = python(HOLDS, tmp_path / "lock")
    assert second.stdout is not None
    first.kill()
    first.communicate()

    assert second.stdout.readline() == "held\n"
    second.communicate("\n")
