"""What every reader of session logs keeps: it finds its sessions and no others, tells their requests and tokens, and
lets nothing stop it, whatever a log holds."""

from __future__ import annotations

import copy
import gzip
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom.providers import PROVIDERS, detect
from headroom.sessions import READERS, Log, Reader, Request, Skipped, logs, logs_at, requests
from headroom.types import Json
from tests.processes import unprivileged
from tests.session_samples import (
    FINAL,
    OUTPUT,
    PROMPT,
    SAMPLES,
    claude_records,
    cline_history,
    codex_records,
    cursor_values,
    gemini_records,
    lines,
    opencode_rows,
    write_cursor,
    write_opencode,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BY_AGENT = {reader.agent: reader for reader in READERS}
TEXTS = ("claude", "codex", "gemini", "cline")
"""Those whose logs are text files."""
every = pytest.mark.parametrize("agent", SAMPLES)
text_only = pytest.mark.parametrize("agent", TEXTS)
relaxed = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(log: Log, skipped: Skipped | None = None) -> list[Request]:
    found = list(requests(log, Skipped() if skipped is None else skipped))
    for request in found:
        assert request.usage is None or min(request.usage[:-1]) >= 0
        assert request.at >= 0
        assert isinstance(request.model, str)
    return found


def read_all(file: Path) -> list[Request]:
    return [request for log in logs_at([file]) for request in read(log)]


def test_every_reader_has_a_sample_and_a_dialect_of_a_provider() -> None:
    assert set(BY_AGENT) == set(SAMPLES)
    assert {reader.dialect for reader in READERS} <= {provider.name for provider in PROVIDERS}


@every
def test_a_session_is_found_in_a_home_by_its_reader_alone(agent: str, tmp_path: Path) -> None:
    sample = SAMPLES[agent](tmp_path)
    (found,) = logs(tmp_path, {})
    assert (found.agent, found.path, found.size > 0) == (agent, sample.file, True)
    assert list(logs(tmp_path, {}, agents=[agent])) == [found]
    assert list(logs(tmp_path, {}, agents=[name for name in SAMPLES if name != agent])) == []


@every
def test_a_file_is_told_by_what_it_holds(agent: str, tmp_path: Path) -> None:
    file = SAMPLES[agent](tmp_path / "home").file.rename(tmp_path / "anything.bin")
    assert [log.agent for log in logs_at([tmp_path])] == [agent]
    (log,) = logs_at([file])
    assert len(read(log)) == 2


@every
def test_requests_carry_history_reply_model_and_tokens(agent: str, tmp_path: Path) -> None:
    sample = SAMPLES[agent](tmp_path)
    (log,) = logs(tmp_path, {})
    skipped = Skipped()
    first, second = read(log, skipped)
    assert PROMPT in json.dumps(first.messages)
    assert "<user_input" not in json.dumps(first.messages)
    assert OUTPUT not in str(first.messages)
    assert json.dumps(OUTPUT)[1:-1].replace("\\", "") in json.dumps(second.messages).replace("\\", "")
    assert FINAL in json.dumps(second.reply)
    assert second.messages[: len(first.messages)] == first.messages
    assert (first.rewrote, second.rewrote, first.thread) == (False, False, "")
    assert first.model
    assert first.at > 0
    assert [r.usage.prompt for r in (first, second) if r.usage] == sample.prompts
    provider = detect(second.messages)
    assert provider is not None
    assert provider.name == BY_AGENT[agent].dialect
    assert not skipped["not JSON"]


@text_only
@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_a_compressed_log_reads_like_the_plain_one(agent: str, pack: Any, tmp_path: Path) -> None:
    file = SAMPLES[agent](tmp_path).file
    packed = tmp_path / "packed"
    packed.write_bytes(pack(file.read_bytes()))
    assert read_all(packed) == read_all(file)
    packed.write_bytes(packed.read_bytes()[:-20])
    for log in logs_at([packed]):
        skipped = Skipped()
        read(log, skipped)
        assert skipped.total()


@text_only
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_log_that_has_become_another_text_file_reads_like_the_plain_one(
    agent: str, codec: str, tmp_path: Path
) -> None:
    file = SAMPLES[agent](tmp_path).file
    moved = tmp_path / "moved"
    moved.write_text(file.read_text("utf-8"), encoding=codec, newline="\r\n")
    assert read_all(moved) == read_all(file)


@text_only
def test_zero_bytes_that_a_crash_leaves_hide_no_record(agent: str, tmp_path: Path) -> None:
    file = SAMPLES[agent](tmp_path).file
    kept = read_all(file)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\n" + bytes(512)) + bytes(512))
    assert read_all(file) == kept


@every
@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 5000, b"\xff\xfe{]", b"SQLite format 3\x00" + b"x" * 4096, b"[[1,", b"{}"]
)
def test_other_files_and_missing_ones_are_no_logs(agent: str, data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    assert list(logs_at([file, tmp_path / "missing", tmp_path])) == []
    skipped = Skipped()
    for path in (file, tmp_path / "missing"):
        assert read(Log(agent, path, "", "x", 0), skipped) == []


@text_only
@relaxed
@given(data=st.data())
def test_a_log_may_be_cut_off_anywhere(agent: str, data: st.DataObject, tmp_path: Path) -> None:
    file = SAMPLES[agent](tmp_path).file if not list(logs(tmp_path, {})) else next(logs(tmp_path, {})).path
    whole, part = file.read_bytes(), tmp_path / "part"
    cut = data.draw(st.integers(0, len(whole)))
    part.write_bytes(whole[:cut])
    skipped = Skipped()
    found = read(Log(agent, part, "", "s1", cut), skipped)
    assert len(found) <= 2
    if agent != "cline" and found and cut < len(whole) - 1 and whole[cut - 1 : cut + 1].count(b"\n") == 0:
        assert skipped["not JSON"] == 1


values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(value: Json, path: tuple[Any, ...], new: Json) -> Json:
    """A copy of a JSON value with another one at a path."""
    if not path:
        return new
    made = copy.copy(list(value) if isinstance(value, tuple) else value)
    made[path[0]] = changed(made[path[0]], path[1:], new)
    return made


RECORDS: dict[str, Any] = {
    "claude": claude_records, "codex": codex_records, "gemini": gemini_records, "cline": cline_history,
    "opencode": lambda: [[name, data, parts] for name, data, parts in opencode_rows()], "cursor": cursor_values,
}  # fmt: skip


def write_changed(agent: str, file: Path, value: Json) -> None:
    file.unlink(missing_ok=True)
    if agent == "opencode":
        rows = [row for row in value if isinstance(row, list) and len(row) == 3 and isinstance(row[2], list)]
        write_opencode(
            file, [(str(name), data, parts) for name, data, parts in rows] if isinstance(value, list) else []
        )
    elif agent == "cursor":
        write_cursor(file, value if isinstance(value, dict) else {})
    else:
        text = lines(value) if isinstance(value, list) and agent != "cline" else json.dumps(value)
        file.write_text(text, encoding="utf-8", errors="replace")


@every
@relaxed
@given(data=st.data())
def test_any_value_of_a_record_may_be_another_one(agent: str, data: st.DataObject, tmp_path: Path) -> None:
    value = RECORDS[agent]()
    path = data.draw(st.sampled_from([place for place in places(value) if place]))
    file = tmp_path / "log"
    try:
        write_changed(agent, file, changed(value, path, data.draw(values)))
    except UnicodeEncodeError:
        return  # no database takes it
    reader = BY_AGENT[agent]
    names = {"opencode": "o1", "cursor": "k1"}
    read(Log(agent, file, "", names.get(agent, "s1"), 0))
    for log in reader.at(file):
        read(log)


@text_only
def test_lines_that_are_no_records_are_counted_and_passed_over(agent: str, tmp_path: Path) -> None:
    if agent == "cline":
        pytest.skip("its log is one document")
    file = SAMPLES[agent](tmp_path).file
    kept = read_all(file)
    first, *rest = file.read_text("utf-8").splitlines(keepends=True)
    broken = [
        '{"cut": "of\n',
        "null\n",
        "[1]\n",
        "\n",
        "7\n",
        "\x00\x00\n",
        '{"type": "novel", "payload": {}, "uuid": "n"}\n',
    ]
    file.write_text(first + "".join(line + "".join(broken) for line in rest), encoding="utf-8")
    skipped = Skipped()
    (log,) = logs_at([file])
    found = read(log, skipped)
    assert [request.messages for request in found] == [request.messages for request in kept]
    assert skipped["not JSON"] == 2 * len(rest)
    assert skipped["not a record"] == 3 * len(rest)
    assert skipped.total() >= 6 * len(rest)


def test_a_line_too_long_to_be_a_conversation_is_passed_over(tmp_path: Path) -> None:
    file = SAMPLES["claude"](tmp_path).file
    with file.open("a", encoding="utf-8") as log:
        log.write('{"type": "user", "uuid": "big", "x": "')
        for _ in range(70):
            log.write("x" * 1_000_000)
        log.write('"}\n' + json.dumps(claude_records()[0]) + "\n")
    skipped = Skipped()
    (log_,) = logs_at([file])
    assert len(read(log_, skipped)) == 2
    assert skipped == {"line too long": 1, "not a message": 1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o000, 0o644])
def test_a_folder_that_may_not_be_read_hides_no_other(mode: int) -> None:
    with TemporaryDirectory() as folder:  # which others may enter, as they may not pytest's own
        home = Path(folder)
        file = SAMPLES["claude"](home).file
        home.chmod(0o755)
        closed = file.parent.parent / "-closed"
        closed.mkdir()
        (closed / "s2.jsonl").write_bytes(file.read_bytes())
        before = {log.path for each in (logs(home, {}), logs_at([home])) for log in each}  # loads all that this takes
        closed.chmod(mode)
        found = unprivileged(lambda: str([log.path for each in (logs(home, {}), logs_at([home])) for log in each]))
        closed.chmod(0o700)
    assert before == {file, closed / "s2.jsonl"}
    assert found == str([file, file])


def test_items_that_codex_keeps_for_itself_are_no_answers(tmp_path: Path) -> None:
    own = {"type": "response_item", "payload": {"type": "ghost_snapshot", "ghost_commit": {"id": "c0ffee"}}}
    records = codex_records()
    file = tmp_path / "rollout-1-c1.jsonl"
    file.write_text(lines(records), encoding="utf-8")
    plain = read_all(file)
    file.write_text(lines([each for record in records for each in (record, own)]), encoding="utf-8")
    assert read_all(file) == plain


def test_a_result_that_gemini_logs_as_a_bare_text_is_one(tmp_path: Path) -> None:
    head, prompt, _, _, asks, _, final = gemini_records()
    asks["toolCalls"][0]["result"] = OUTPUT
    file = tmp_path / "session-1.jsonl"
    file.write_text(lines([head, prompt, asks, final]), encoding="utf-8")
    answer = read_all(file)[1].messages[-1]["parts"][0]["functionResponse"]
    assert answer == {"id": "t1", "name": "sh", "response": {"output": OUTPUT}}


def test_a_conversation_of_an_older_cursor_holds_its_bubbles(tmp_path: Path) -> None:
    values = cursor_values()
    head = values.pop("composerData:k1")
    old = {"conversation": list(values.values()), "modelConfig": head["modelConfig"]}
    for name, stored in (("new", cursor_values()), ("old", {"composerData:k1": old})):
        write_cursor(tmp_path / name, stored)
    assert read_all(tmp_path / "old") == read_all(tmp_path / "new")
    assert len(read_all(tmp_path / "old")) == 2


@pytest.mark.parametrize("extension", ["saoudrizwan.claude-dev", "rooveterinaryinc.roo-cline", "kilocode.kilo-code"])
def test_tasks_of_cline_s_forks_are_found(extension: str, tmp_path: Path) -> None:
    file = tmp_path / ".config/Code/User/globalStorage" / extension / "tasks/17/api_conversation_history.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(cline_history()["messages"]), encoding="utf-8")
    (log,) = logs(tmp_path, {})
    assert (log.agent, log.name, len(read(log))) == ("cline", "17", 2)


def test_an_opencode_database_may_hold_its_json_as_bytes(tmp_path: Path) -> None:
    file = SAMPLES["opencode"](tmp_path).file
    plain = read_all(file)
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("UPDATE message SET data = CAST(data AS BLOB)")
        made.execute("UPDATE part SET data = CAST(data AS BLOB)")
    assert read_all(file) == plain


def test_json_files_of_an_older_opencode_are_read_unless_the_database_has_them(tmp_path: Path) -> None:
    storage = tmp_path / ".local/share/opencode/storage"
    files: dict[str, Json] = {"session/p1/o1.json": {"id": "o1", "directory": "/home/user/app"}}
    for name, data, parts in opencode_rows():
        files[f"message/o1/{name}.json"] = data
        files |= {f"part/{name}/{number}.json": part for number, part in enumerate(parts)}
    for name, value in files.items():
        (storage / name).parent.mkdir(parents=True, exist_ok=True)
        (storage / name).write_text(json.dumps(value), encoding="utf-8")
    (log,) = logs(tmp_path, {})
    assert (log.agent, log.name, log.project) == ("opencode", "o1", "/home/user/app")
    assert list(logs_at([storage])) == [log]

    assert read(log) == read_all(SAMPLES["opencode"](tmp_path / "other").file)
    write_opencode(storage.parent / "opencode.db", opencode_rows(), session="o1")
    assert [each.path.name for each in logs(tmp_path, {})] == ["opencode.db"]


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


@pytest.mark.parametrize("agent", ["opencode", "cursor"])
@pytest.mark.parametrize("state", ["closed", "open", "left behind", "without its index"])
def test_a_database_is_not_written_whoever_has_it_open(agent: str, state: str, tmp_path: Path) -> None:
    file = SAMPLES[agent](tmp_path / "home").file
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        if state != "closed":
            other.execute("CREATE TABLE more (x)")
            other.commit()
        else:
            other.close()
        folder = file.parent
        if state in ("left behind", "without its index"):
            folder = tmp_path / "copy"
            folder.mkdir()
            for path in file.parent.iterdir():
                if state == "left behind" or not path.name.endswith("-shm"):
                    (folder / path.name).write_bytes(path.read_bytes())
        before = kept(folder)
        (log,) = logs_at([folder / file.name])
        assert len(read(log)) == 2
        assert kept(folder) == before
        if state == "open":
            other.execute("INSERT INTO more VALUES (1)")
            other.commit()


def test_readers_say_what_they_leave_out() -> None:
    for reader in READERS:
        module = sys.modules[reader.read.__module__]
        assert isinstance(reader, Reader)
        assert "Left out" in (module.__doc__ or "")
        assert "hecked against" in (module.__doc__ or "")
