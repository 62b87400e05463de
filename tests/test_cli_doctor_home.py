"""`headroom doctor` on the program, its settings and its folder: each fault is made for real."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headroom.cli import doctor
from headroom.cli._doctor.disk import room
from headroom.cli._doctor.installation import PACKAGES
from headroom.cli._doctor.scene import Scene
from headroom.ledger import NAME, Entry, Ledger
from headroom.prices import Usage
from headroom.store import SqliteStore
from tests.doctor_runs import a_place, examined


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with a project in it, and no client."""
    return a_place(tmp_path, monkeypatch)


@pytest.fixture
def home() -> Path:
    """Headroom's own folder."""
    return Path(os.environ["HEADROOM_HOME"])


def test_a_setting_that_does_not_exist_fails_with_file_line_and_the_nearest_name(home: Path) -> None:
    home.joinpath("config.toml").write_text('\nlevl = "balanced"\n', encoding="utf-8")
    told = examined()
    line = told.only("settings", "failure")

    assert f"{home / 'config.toml'}:2: there is no setting 'levl'." in line
    assert "did you mean level?" in line.lower()
    assert told.lines("store") != []


@pytest.mark.parametrize(("name", "value"), [("HEADROOM_LEVEL", "most"), ("HEADROOM_STORE_CAP", "much")])
def test_a_variable_with_a_wrong_value_fails(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    assert f"{name} is '{value}'" in examined().only("settings", "failure")


def test_a_home_that_is_no_folder_fails_and_nothing_else_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "file"))
    told = examined()

    assert f"HEADROOM_HOME is '{tmp_path / 'file'}'" in told.only("settings", "failure")
    assert len(told.record["findings"]) == 1


def test_a_vocabulary_that_is_not_there_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_VOCABULARY", str(tmp_path))
    line = examined().only("tokens", "failure")

    assert "o200k_base.tiktoken" in line or "pip install" in line


def test_the_packages_that_are_looked_for_are_those_that_are_needed() -> None:
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\ndependencies = [")[2].partition("]")[0]
    needed = {line.strip(' ",').partition(">")[0] for line in listed.splitlines() if line.strip()}

    assert {package for package, _ in PACKAGES.values()} == needed


def test_a_check_that_fails_itself_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(scene: Scene) -> Iterator[Any]:
        yield from ()
        raise KeyError("a bug")

    monkeypatch.setattr(doctor, "CHECKS", (doctor.Check("broken", broken), *doctor.CHECKS[:1]))
    told = examined()

    assert "(KeyError: 'a bug')" in told.lines("broken", "failure")[0]
    assert told.lines("installation", "ok") != []


def test_a_disk_without_room_for_what_the_store_may_grow_by_is_a_warning(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_STORE_CAP", "900T")
    line = examined().only("disk", "warning")

    assert f"The disk of {home} has " in line
    assert "the store may still grow by 900 TB." in line
    assert "lower store_cap" in line


def test_a_full_disk_is_a_failure() -> None:
    assert room(Path("x"), 5000, 0).state == "failure"
    assert "4.9 KB are free" in room(Path("x"), 5000, 0).told


def test_a_store_is_told_with_how_full_it_is(home: Path) -> None:
    with closing(SqliteStore(home / "headroom.db")) as store:
        store.put("x" * 1000)

    assert "holds 1 originals in " in examined().only("store", "ok")


def test_a_store_over_its_cap_is_a_warning(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(SqliteStore(home / "headroom.db")) as store:
        store.put(os.urandom(5000).hex())
    monkeypatch.setenv("HEADROOM_STORE_CAP", "100")
    line = examined().only("store", "warning")

    assert "more than its cap of 100 bytes" in line
    assert "headroom purge" in line


def torn(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as link, link:
        link.execute("INSERT INTO migrations VALUES ('m9999_x', '')")


def another(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as link, link:
        link.execute("CREATE TABLE songs (x)")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda file: file.write_bytes(b"not a database" * 999), "move the file away, and an empty store is made"),
        (torn, "move the file away, and an empty store is made"),
        (newer, "upgrade with: pip install -U headroom"),
        (another, "a database of another program"),
    ],
)  # fmt: skip
def test_a_store_that_cannot_be_used_fails_with_its_path(harm: Any, words: str, home: Path) -> None:
    with closing(SqliteStore(home / "headroom.db")) as store:
        for number in range(200):
            store.put(f"{number}" * 500)
    harm(home / "headroom.db")
    (home / "headroom.db").chmod(0o600)
    line = examined().only("store", "failure")

    assert str(home / "headroom.db") in line
    assert words.lower() in line.lower()


def test_a_store_that_another_program_has_locked_fails(home: Path) -> None:
    SqliteStore(home / "headroom.db").close()
    with closing(sqlite3.connect(home / "headroom.db")) as link:
        link.execute("PRAGMA locking_mode = EXCLUSIVE")
        link.execute("CREATE TABLE x (y)")
        line = examined().only("store", "failure")

    assert "locked" in line
    assert "stop that process" in line


def test_files_that_others_can_read_fail_and_a_folder_that_they_can_list_is_a_warning(home: Path) -> None:
    SqliteStore(home / "headroom.db").close()
    home.chmod(0o755)
    assert examined().only("permissions", "warning").endswith(f"Run: chmod go= {home}")
    (home / "headroom.db").chmod(0o644)
    assert examined().only("permissions", "failure").endswith(f"Run: chmod go= {home / 'headroom.db'}")


def test_rows_of_a_time_that_has_not_come_are_a_warning(home: Path) -> None:
    ledger = Ledger(home)
    ledger.extend([Entry(model="gpt-5", usage=Usage(1))], time.time() + 86_400)
    ledger.close()

    assert "1 rows of the ledger are of a time that has not come" in examined().only("ledger", "warning")


def test_a_damaged_ledger_fails(home: Path) -> None:
    (home / NAME).touch(0o600)
    (home / NAME).write_bytes(b"not a ledger, but a text" * 99)

    assert "Move the file away, and a new one is made." in examined().only("ledger", "failure")
