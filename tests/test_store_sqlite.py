"""What the store on disk promises beyond the contract: permissions, versions, and foreign, damaged or locked files."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headroom.errors import StoreError
from headroom.store import SqliteStore, migrations
from headroom.types import Usage
from tests.processes import NOBODY, in_child, unprivileged
from tests.store_samples import DAY, a_cut, a_pin, noise


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "headroom" / "store.db"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_folders_and_files_are_the_owners_alone_whatever_the_umask(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with closing(SqliteStore(path)) as store:
            store.put("abc")

            files = {file.name: mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(before)

    assert files == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}
    assert (mode(path.parent), mode(path.parent.parent)) == (0o700, 0o700)


def test_a_folder_that_was_there_keeps_its_mode_and_an_open_file_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    file.chmod(0o644)

    SqliteStore(file).close()

    assert (mode(tmp_path), mode(file)) == (0o755, 0o600)


def test_everything_is_there_after_reopening(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        ref = store.put("abc")
        pins = store.pin([a_pin("one"), a_cut("two", ref, rendering=noise(1, 5000))])
        usage = store.usage()

    with closing(SqliteStore(path)) as store:
        assert store.get(ref).text == "abc"
        assert store.pins([pin.key.chain for pin in pins]) == {pin.key: pin for pin in pins}
        assert store.usage() == usage


def test_a_relative_path_means_the_folder_of_its_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(SqliteStore(Path("store.db"))) as store:
        assert store.path == tmp_path / "store.db"


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as link, link:
        link.execute("INSERT INTO migrations VALUES ('m9999_later', '2030-01-01')")
    before = path.read_bytes()

    with pytest.raises(StoreError, match=r"newer Headroom \(it has 'm9999_later'\); upgrade with: pip install -U"):
        SqliteStore(path)

    assert path.read_bytes() == before


def test_a_store_of_an_older_version_is_brought_up_to_date(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as link, link:
        link.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
        link.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, applied TEXT NOT NULL)")
        migrations.m0001_originals(link)
        link.execute("INSERT INTO migrations VALUES ('m0001_originals', '2026-01-01')")

    with closing(SqliteStore(path)) as store:
        assert store.pin([a_cut("one", store.put("abc"))])

    with closing(sqlite3.connect(path)) as link:
        applied = [name for (name,) in link.execute("SELECT name FROM migrations ORDER BY name")]
    assert applied == [step.__name__ for step in migrations.STEPS]


def test_migrations_are_numbered_in_order() -> None:
    numbers = [int(step.__name__[1:5]) for step in migrations.STEPS]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("mark", [0, 77])
def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path, mark: int) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as link, link:
        link.execute(f"PRAGMA application_id = {mark}")
        link.execute("CREATE TABLE migrations (name TEXT)")
    before = file.read_bytes()

    with pytest.raises(StoreError, match="database of another program; give Headroom another path"):
        SqliteStore(file)

    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_text("not a database\n" * 500)

    with pytest.raises(StoreError, match=f"cannot open the store {file}: file is not a database; move the file away"):
        SqliteStore(file)

    assert file.read_text() == "not a database\n" * 500


def test_a_file_cut_short_is_told(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        for seed in range(50):
            store.put(noise(seed, 5000))
    os.truncate(path, 20_000)

    with pytest.raises(StoreError, match="malformed; move the file away"), closing(SqliteStore(path)) as store:
        store.put(noise(99))


def test_a_damaged_page_is_a_sentence_of_verify(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        for seed in range(50):
            store.put(noise(seed, 5000))
    with path.open("r+b") as file:
        file.seek(-8192, os.SEEK_END)
        file.write(b"\xff" * 8192)

    with closing(SqliteStore(path)) as store:
        problems = store.verify()

    assert problems
    assert all("damaged" in problem or "malformed" in problem for problem in problems)


def test_a_folder_in_the_files_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"cannot open the store {tmp_path}: .*; check that its folder is writable"):
        SqliteStore(tmp_path)


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")

    with pytest.raises(StoreError, match=r"cannot open the store .*home/store.db: Not a directory; check the file and"):
        SqliteStore(tmp_path / "home" / "store.db")


@pytest.mark.parametrize("name", ["store.db", "new/store.db"])
def test_a_folder_that_may_not_be_written_is_told(open_folder: Path, name: str) -> None:
    open_folder.chmod(0o555)

    answer = unprivileged(lambda: str(SqliteStore(open_folder / name)))

    assert answer.startswith(f"StoreError: cannot open the store {open_folder / name}: Permission denied; check the")
    assert "HEADROOM_HOME" in answer


def test_a_file_that_may_only_be_read_still_gives_its_originals(open_folder: Path) -> None:
    file = open_folder / "store.db"
    with closing(SqliteStore(file, clock=lambda: 0.0)) as store:
        ref = store.put("abc")
        (pin,) = store.pin([a_cut("one", ref)])
    if os.getuid() == 0:
        for owned in (open_folder, file):
            os.chown(owned, NOBODY, NOBODY)
    file.chmod(0o400)

    def read() -> str:
        store = SqliteStore(file)
        found = [store.get(ref).text, str(len(store.pins([pin.key.chain])))]
        try:
            store.put("new")
        except StoreError as error:
            found.append(str(error))
        return " | ".join(found)

    text, count, refusal = unprivileged(read).split(" | ")
    assert (text, count) == ("abc", "1")
    assert refusal.startswith(f"cannot write to the store {file}: attempt to write a readonly database; make the file")


def test_a_locked_store_is_read_without_waiting_and_says_why_it_cannot_be_written(path: Path) -> None:
    now = [0.0]
    with closing(SqliteStore(path, clock=lambda: now[0], busy_seconds=0.05)) as store:
        ref = store.put("abc")
        pin = a_cut("one", ref)
        store.pin([pin])
        now[0] = 5 * DAY
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")

            assert store.get(ref).text == "abc"
            assert store.put("abc") == ref
            assert store.pins([pin.key.chain]) == {pin.key: pin}
            for write in (lambda: store.put("new"), lambda: store.pin([pin]), store.purge):
                with pytest.raises(StoreError, match="database is locked; another process is writing to it; try again"):
                    write()
            other.execute("ROLLBACK")
        assert store.get(store.put("new")).text == "new"


def test_a_full_disk_is_told_and_costs_nothing_that_was_kept(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        ref = store.put("abc")

    def fill() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        return SqliteStore(path).put(noise(1, 2_000_000))

    answer = in_child(fill)

    assert answer.startswith(f"StoreError: cannot write to the store {path}: ")
    assert "free" in answer
    with closing(SqliteStore(path)) as store:
        assert store.get(ref).text == "abc"
        assert store.usage().originals == 1
        assert store.verify() == []


def damage(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as link, link:
        link.execute(statement, values)


def test_a_damaged_original_is_never_returned_and_is_healed_by_its_text(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        ref, other = store.put("abc"), store.put(noise(1))
        (body,) = sqlite_value(path, "SELECT body FROM bodies WHERE id = 2")
        damage(path, "UPDATE bodies SET body = ? WHERE id = 1", body)

        with pytest.raises(StoreError, match=f"the original '{ref}' in the store .* is damaged: its text hashes to"):
            store.get(ref)
        assert [problem for problem in store.verify() if ref in problem]
        assert store.put("abc") == ref
        assert store.get(ref).text == "abc"
        assert store.get(other).text == noise(1)
        assert store.verify() == []


def sqlite_value(path: Path, statement: str) -> tuple[bytes]:
    with closing(sqlite3.connect(path)) as link:
        row: tuple[bytes] = link.execute(statement).fetchone()
        return row


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE bodies SET body = zeroblob(length(body)) WHERE id = 1", "original '{ref}' .* does not decompress"),
        ("UPDATE bodies SET body = substr(body, 1, length(body) - 1) WHERE id = 1", "original '{ref}' .* cut short"),
        ("UPDATE bodies SET body = body || x'00' WHERE id = 1", "original '{ref}' .* something after it"),
        ("UPDATE bodies SET body = 7 WHERE id = 1", "original '{ref}' .* does not decompress"),
        ("DELETE FROM bodies WHERE id = 1", "original '{ref}' .* its body is missing"),
        ("UPDATE originals SET ref = 'abcdefghijkl' WHERE id = 1", "'abcdefghijkl' .* its ref does not belong"),
        ("UPDATE totals SET bytes = 1", "the store counts 1 bytes of originals but holds"),
        ("UPDATE pins SET omissions = '[[1]]' WHERE id = 1", "pin 1 .ref '{ref}'. is damaged: a column does not"),
        ("UPDATE pins SET rendering = x'00' WHERE id = 1", "pin 1 .ref '{ref}'. is damaged: it does not decompress"),
        ("UPDATE pins SET refers = 'xyz' WHERE id = 1", "pin 1 .ref '{ref}'. is damaged"),
        ("UPDATE pins SET call_id = 'text' WHERE id = 1", "pin 1 .ref '{ref}'. is damaged"),
    ],
)
def test_verify_has_a_sentence_for_each_damage(path: Path, statement: str, problem: str) -> None:
    with closing(SqliteStore(path)) as store:
        ref = store.put(noise(1))
        store.pin([a_cut("one", ref, rendering=noise(2, 5000))])
        assert store.verify() == []
        damage(path, statement)

        problems = store.verify()

    assert len(problems) >= 1
    with pytest.raises(AssertionError, match=problem.format(ref=ref)):
        raise AssertionError("\n".join(problems))


def test_a_damaged_pin_is_told_rather_than_replayed(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        (pin,) = store.pin([a_pin("one")])
        damage(path, "UPDATE pins SET rendering = x'00'")

        with pytest.raises(StoreError, match=r"pin 1 in the store .* is damaged: .*; run: headroom purge, or move"):
            store.pins([pin.key.chain])


def test_a_purge_that_a_reader_holds_up_says_so_and_can_be_repeated(path: Path) -> None:
    with closing(SqliteStore(path, busy_seconds=0.05)) as store:
        store.put("abc")
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM originals").fetchone()

            with pytest.raises(StoreError, match="run: headroom purge"):
                store.purge()
            reader.execute("COMMIT")
        store.purge()

        assert store.usage() == Usage(0, 0, 0)


def test_evicted_room_is_used_again(path: Path) -> None:
    with closing(SqliteStore(path, cap_bytes=100_000)) as store:
        for seed in range(30):
            store.put(noise(seed, 10_000))
        size = path.stat().st_size
        for seed in range(30, 300):
            store.put(noise(seed, 10_000))

        assert store.usage().bytes <= 100_000
        assert path.stat().st_size <= max(size, 100_000) * 2
        assert store.verify() == []
