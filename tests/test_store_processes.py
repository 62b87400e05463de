"""The store on disk shared, forked, killed and purged: what other processes see of it and what they leave of it."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headroom.errors import UnknownRefError
from headroom.store import SqliteStore
from headroom.types import Usage
from tests.processes import in_child, python
from tests.store_samples import a_cut, a_pin, noise


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


FIND = """
import pathlib, sys
folder, *needles = sys.argv[1:]
for file in pathlib.Path(folder).iterdir():
    data = file.read_bytes()
    print(*(file.name for needle in needles if bytes.fromhex(needle) in data), sep="\\n", end="")
"""


def files_holding(folder: Path, *needles: bytes) -> str:
    """Names of files that hold one of the byte strings. Another process looks, because closing a file here would
    drop the locks that the open store has on it."""
    with python(FIND, folder, *(needle.hex() for needle in needles)) as finder:
        return finder.communicate()[0]


def test_no_text_remains_in_the_files_after_a_purge(path: Path) -> None:
    with closing(SqliteStore(path)) as store, closing(SqliteStore(path)) as other:
        refs = [store.put(noise(seed, 3000)) for seed in range(40)]
        pins = store.pin([a_cut(ref, ref, rendering=f"rendering {noise(90, 500)}") for ref in refs])
        assert other.usage().originals == 40
        with closing(sqlite3.connect(path)) as link:
            needles = [body[200:230] for (body,) in link.execute("SELECT body FROM bodies")]
        needles += [noise(90, 500)[:30].encode(), *(ref.encode() for ref in refs)]
        assert files_holding(path.parent, *needles)

        store.purge()

        assert files_holding(path.parent, *needles) == ""
        assert path.stat().st_size < 80_000
        assert other.usage() == Usage(0, 0, 0)
        with pytest.raises(UnknownRefError):
            other.get(refs[0])
        assert other.pins([pin.key.chain for pin in pins]) == {}


def test_a_pin_that_another_process_purged_is_not_remembered(path: Path) -> None:
    before, after = a_pin("one", rendering="before"), a_pin("one", rendering="after")
    with closing(SqliteStore(path)) as store, closing(SqliteStore(path)) as other:
        store.pin([before])
        assert store.pins([before.key.chain]) == {before.key: before}
        other.purge()
        other.pin([after])

        assert store.pins([before.key.chain]) == {after.key: after}
        assert store.pins_by_text([before.text_key]) == {after.text_key: after}


WRITE_FOREVER = """
import itertools, pathlib, sys
from headroom.store import SqliteStore
store = SqliteStore(pathlib.Path(sys.argv[1]))
for number in itertools.count():
    print(store.put(f"text {number} " * 300), flush=True)
"""


def test_what_was_written_before_a_kill_is_there_after_it(path: Path) -> None:
    for lines in (1, 40, 200):
        with python(WRITE_FOREVER, path) as writer:
            assert writer.stdout is not None
            refs = [writer.stdout.readline().strip() for _ in range(lines)]
            writer.send_signal(signal.SIGKILL)
            refs += writer.stdout.read().split()

        with closing(SqliteStore(path)) as store:
            for number, ref in enumerate(refs):
                assert store.get(ref).text == f"text {number} " * 300
            assert store.verify() == []


PIN_TOGETHER = """
import pathlib, sys
from headroom.store import SqliteStore
from headroom.types import Decision, Pin, PinKey, TextKey
path, name = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
store = SqliteStore(pathlib.Path(path))
for number in range(300):
    chain = number.to_bytes(4, "big")
    ref = store.put(f"text {number}")
    pin = Pin(key=PinKey(chain, "tool"), text_key=TextKey("tool", "", chain), decision=Decision(
        rendering=name, kind="raw", version=1, level="balanced", lossless=False, ref=ref, reason="encoded",
        tokens_before=2, tokens_after=1))
    (held,) = store.pin([pin])
    print(number, held.decision.rendering, held.decision.ref, flush=True)
"""


def test_processes_that_open_one_new_store_and_race_to_pin_agree(path: Path) -> None:
    workers = [python(PIN_TOGETHER, path, name) for name in ("one", "two", "three")]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = [worker.communicate()[0] for worker in workers]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0].count("\n") == 300
    with closing(SqliteStore(path)) as store:
        assert store.usage()[:2] == (300, 300)
        assert store.verify() == []


def test_a_store_opened_before_a_fork_serves_both_sides(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        ref = store.put("abc")
        pin = a_pin("one")
        store.pin([pin])
        store.pins([pin.key.chain])

        def child() -> str:
            found = store.get(ref).text
            return f"{found} {store.pins([pin.key.chain]) == {pin.key: pin}} {store.put('from the child')}"

        found, pins_found, child_ref = in_child(child).split()

        assert (found, pins_found) == ("abc", "True")
        assert store.get(child_ref).text == "from the child"
        assert store.get(store.put("from the parent")).text == "from the parent"
        assert store.verify() == []


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list a process's open files")
def test_no_connection_crosses_a_fork(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.put("abc")

        def open_files() -> str:
            links = (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
            return " ".join(os.readlink(link) for link in links if os.path.exists(link))

        assert path.name not in in_child(open_files)
