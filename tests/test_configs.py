"""Owners, undoing, other people's edits, links, permissions: what holds for every form of configuration file."""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import permutations
from pathlib import Path

import pytest

from headroom.configs import Change, Form
from headroom.errors import ConfigError
from tests.config_samples import APPLY, SAMPLES, SETTINGS, journal, sets, snapshot, written
from tests.processes import python, unprivileged

FORMS: tuple[Form, ...] = ("json", "toml", "yaml")
URL = "http://127.0.0.1:8787"


def settings(home: Path) -> Path:
    return home / ".claude" / "settings.json"


@pytest.mark.parametrize("form", FORMS)
def test_undo_brings_back_the_bytes_from_before(tmp_path: Path, form: Form) -> None:
    file = written(tmp_path / f"config.{form}", SAMPLES[form])
    before = snapshot(tmp_path)

    assert journal(tmp_path).apply("wrap", [sets(file, form, ("env.URL", URL), ("model", "other"))]) == [file]
    assert snapshot(tmp_path) != before
    assert journal(tmp_path).undo("wrap") == [file]
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_file_and_its_folders_are_made_and_removed_again(tmp_path: Path, form: Form) -> None:
    file = tmp_path / "deep" / "er" / f"config.{form}"

    journal(tmp_path).apply("wrap", [sets(file, form, ("env.URL", URL))])
    assert URL in file.read_text(encoding="utf-8")
    journal(tmp_path).undo("wrap")

    assert snapshot(tmp_path) == {}


def test_a_folder_that_somebody_put_a_file_in_stays(tmp_path: Path) -> None:
    file = tmp_path / "made" / "inner" / "config.json"
    journal(tmp_path).apply("wrap", [sets(file, "json", ("a", 1))])
    written(tmp_path / "made" / "theirs.txt", "x")

    journal(tmp_path).undo("wrap")

    assert snapshot(tmp_path) == {"made": None, "made/theirs.txt": b"x"}


def test_the_same_again_writes_nothing(tmp_path: Path) -> None:
    file = written(settings(tmp_path), SETTINGS)
    changes = [
        sets(file, "json", ("env.URL", URL)),
        Change(file=file, form="json", appends=((("hooks", "PostToolUse"), {"matcher": "*"}),)),
    ]
    journal(tmp_path).apply("hooks claude", changes)
    whole = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}

    assert journal(tmp_path).apply("hooks claude", changes) == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == whole


def test_other_values_replace_ours_and_the_first_state_is_kept(tmp_path: Path) -> None:
    file = written(settings(tmp_path), '{"env": {"URL": "theirs"}}')
    journal(tmp_path).apply("wrap", [sets(file, "json", ("env.URL", "one"), ("env.MORE", 1))])

    journal(tmp_path).apply("wrap", [sets(file, "json", ("env.URL", "two"))])

    assert json.loads(file.read_text(encoding="utf-8")) == {"env": {"URL": "two"}}
    journal(tmp_path).undo("wrap")
    assert file.read_text(encoding="utf-8") == '{"env": {"URL": "theirs"}}'


def test_a_file_that_an_owner_no_longer_names_is_undone(tmp_path: Path) -> None:
    one, two = written(tmp_path / "one.json", "{}"), written(tmp_path / "two.json", "{}")
    journal(tmp_path).apply("wrap", [sets(one, "json", ("a", 1)), sets(two, "json", ("a", 1))])

    assert journal(tmp_path).apply("wrap", [sets(one, "json", ("a", 1))]) == [two]
    assert (one.read_text(encoding="utf-8") != "{}", two.read_text(encoding="utf-8")) == (True, "{}")


OWNERS = {
    "wrap claude": {"sets": ((("env", "URL"), URL), (("made", "by", "us"), True))},
    "hooks claude": {"appends": ((("hooks", "PostToolUse"), {"matcher": "Bash"}), (("hooks", "Stop"), {"x": 1}))},
    "mcp claude": {"sets": ((("mcpServers", "headroom"), {"command": "x"}), (("made", "by", "them"), 1))},
}


@pytest.mark.parametrize("edited", [False, True], ids=["untouched", "edited by the user"])
@pytest.mark.parametrize("order", list(permutations(OWNERS)))
def test_owners_of_one_file_are_undone_in_any_order(tmp_path: Path, order: tuple[str, ...], edited: bool) -> None:
    file = written(settings(tmp_path), SETTINGS)
    for owner, change in OWNERS.items():
        journal(tmp_path).apply(owner, [Change(file=file, form="json", **change)])  # type: ignore[arg-type]
    if edited:
        file.write_text(file.read_text(encoding="utf-8").replace("opus", "haiku"), encoding="utf-8")

    for i, owner in enumerate(order, 1):
        journal(tmp_path).undo(owner)
        assert journal(tmp_path).owners() == sorted(order[i:])
        assert [journal(tmp_path).faults(other) for other in order[i:]] == [[]] * (len(order) - i)

    assert file.read_text(encoding="utf-8") == (SETTINGS.replace("opus", "haiku") if edited else SETTINGS)


def test_owners_of_one_key_take_turns(tmp_path: Path) -> None:
    file = written(settings(tmp_path), '{"URL": "theirs"}')
    journal(tmp_path).apply("one", [sets(file, "json", ("URL", "one"))])
    journal(tmp_path).apply("two", [sets(file, "json", ("URL", "two"))])

    journal(tmp_path).undo("two")
    assert file.read_text(encoding="utf-8") == '{"URL": "one"}'
    journal(tmp_path).undo("one")
    assert file.read_text(encoding="utf-8") == '{"URL": "theirs"}'


def test_a_key_that_the_user_changed_is_theirs(tmp_path: Path) -> None:
    file = written(settings(tmp_path), SETTINGS)
    journal(tmp_path).apply("wrap", [sets(file, "json", ("env.URL", URL), ("model", "ours"))])
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(URL, "https://corp"), encoding="utf-8")

    assert journal(tmp_path).faults("wrap") == [f"{file}: env.URL is not what we set."]
    journal(tmp_path).undo("wrap")

    after = file.read_text(encoding="utf-8")
    assert after == SETTINGS.replace('"1" // keep', '"1", // keep\n    "URL": "https://corp"')


def test_a_program_that_rewrites_the_whole_file_loses_none_of_its_keys(tmp_path: Path) -> None:
    file = written(tmp_path / ".claude.json", '{"projects": {"/app": {"n": 1e3}}, "mcpServers": {"x": {"a": [1.0]}}}')
    journal(tmp_path).apply("mcp", [sets(file, "json", ("mcpServers.headroom", {"command": "x"}))])
    value = json.loads(file.read_text(encoding="utf-8"))
    value["numStartups"] = 7
    file.write_text(json.dumps(value, indent=2, sort_keys=True), encoding="utf-8")

    journal(tmp_path).undo("mcp")

    del value["mcpServers"]["headroom"]
    assert file.read_text(encoding="utf-8") == json.dumps(value, indent=2, sort_keys=True)


def test_a_list_gets_an_element_once_and_loses_that_one(tmp_path: Path) -> None:
    file = written(tmp_path / "a.json", '{"l": [1, true]}')
    change = Change(file=file, form="json", appends=((("l",), 1), (("l",), 1.0), (("l",), 2)))
    journal(tmp_path).apply("wrap", [change])

    assert file.read_text(encoding="utf-8") == '{"l": [1, true, 1.0, 2]}'
    file.write_text('{"l": [0, 1, true, 1.0, 2, 3]}', encoding="utf-8")
    journal(tmp_path).undo("wrap")
    assert file.read_text(encoding="utf-8") == '{"l": [0, 1, true, 3]}'


def test_faults_name_what_is_gone(tmp_path: Path) -> None:
    one, two, three = (written(tmp_path / name, "{}") for name in ("1.json", "2.json", "3.json"))
    appended = Change(file=one, form="json", appends=((("l",), 1),))
    journal(tmp_path).apply(
        "wrap", [sets(one, "json", ("a.b", 1)), appended, sets(two, "json", ("a", 1)), sets(three, "json", ("a", 1))]
    )
    assert journal(tmp_path).faults("wrap") == []
    assert journal(tmp_path).faults("nobody") == []

    one.write_text("{}", encoding="utf-8")
    two.unlink()
    three.write_text("{\n\n!", encoding="utf-8")

    assert journal(tmp_path).faults("wrap") == [
        f"{one}: a.b is gone.",
        f"{one}: our element of l is gone.",
        f"{two}: the file is gone.",
        f"{three}: line 3 cannot be read (this is not JSON).",
    ]


def test_an_error_in_the_third_file_restores_the_first_two(tmp_path: Path) -> None:
    written(tmp_path / "one.json", "{}")
    written(tmp_path / "file", "")
    before = snapshot(tmp_path)

    with pytest.raises(ConfigError, match="cannot be read or written"):
        journal(tmp_path).apply(
            "wrap",
            [sets(tmp_path / name, "json", ("a", 1)) for name in ("one.json", "new/two.json", "file/x.json")],
        )

    assert snapshot(tmp_path) == before
    assert journal(tmp_path).owners() == []


BROKEN = {"json": ('{\n  "a": 1,\n  b: 2\n}', 3), "toml": ("a = 1\nb = = 2\n", 2), "yaml": ("a: 1\nb: [\n", 3)}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_cannot_be_parsed_is_named_with_its_line_and_left_alone(tmp_path: Path, form: Form) -> None:
    text, line = BROKEN[form]
    good, bad = written(tmp_path / "good.json", "{}"), written(tmp_path / "bad", text)
    before = snapshot(tmp_path)

    with pytest.raises(ConfigError, match=f"bad:{line}: .*nothing was changed"):
        journal(tmp_path).apply("wrap", [sets(good, "json", ("x", 1)), sets(bad, form, ("x", 1))])

    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("form", FORMS)
def test_a_file_that_is_not_utf_8_is_left_alone(tmp_path: Path, form: Form) -> None:
    file = tmp_path / "bad"
    file.write_bytes(b"\n\xff\xfe")

    with pytest.raises(ConfigError, match="bad:2: this is not UTF-8"):
        journal(tmp_path).apply("wrap", [sets(file, form, ("x", 1))])


def test_a_value_that_toml_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TOML has no null; nothing was changed"):
        journal(tmp_path).apply("wrap", [sets(tmp_path / "config", "toml", ("a", None))])


@pytest.mark.parametrize("form", FORMS)
def test_a_key_below_something_that_is_no_table_is_refused_with_what_to_add(tmp_path: Path, form: Form) -> None:
    text = {"json": '{"env": [1]}', "toml": "env = [1]\n", "yaml": "env: [1]\n"}[form]
    file = written(tmp_path / "config", text)

    with pytest.raises(ConfigError, match=r"env is not a table; nothing was changed. Add this by hand:\n(.|\n)*URL"):
        journal(tmp_path).apply("wrap", [sets(file, form, ("env.URL", URL))])

    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("form", FORMS)
def test_a_byte_order_mark_stays(tmp_path: Path, form: Form) -> None:
    file = written(tmp_path / "config", "\ufeff" + SAMPLES[form])

    journal(tmp_path).apply("wrap", [sets(file, form, ("env.URL", URL))])

    assert file.read_text(encoding="utf-8").startswith("\ufeff" + SAMPLES[form][:5])


def test_a_file_of_our_own_is_written_updated_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "plugins" / "headroom.ts"
    for text in ("export const A = 1\n", "export const A = 2\n"):
        assert journal(tmp_path).apply("hooks opencode", [Change(file=file, form="own", text=text)]) == [file]
        assert file.read_text(encoding="utf-8") == text
        assert journal(tmp_path).faults("hooks opencode") == []

    assert journal(tmp_path).undo("hooks opencode") == [file]
    assert snapshot(tmp_path) == {}


def test_a_file_of_our_own_that_somebody_edited_is_theirs(tmp_path: Path) -> None:
    file = tmp_path / "headroom.ts"
    journal(tmp_path).apply("hooks", [Change(file=file, form="own", text="ours")])
    file.write_text("ours and theirs", encoding="utf-8")

    assert journal(tmp_path).faults("hooks") == [f"{file}: the file is not what we wrote."]
    assert journal(tmp_path).undo("hooks") == []
    assert file.read_text(encoding="utf-8") == "ours and theirs"


def test_a_foreign_file_in_the_place_of_ours_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "headroom.ts", "theirs")

    with pytest.raises(ConfigError, match="not ours is in its place; move it away"):
        journal(tmp_path).apply("hooks", [Change(file=file, form="own", text="ours")])

    assert file.read_text(encoding="utf-8") == "theirs"


def test_one_file_has_one_form(tmp_path: Path) -> None:
    file = written(tmp_path / "a", "{}")
    with pytest.raises(ConfigError, match="edited as json and as yaml"):
        journal(tmp_path).apply("one", [sets(file, "json", ("a", 1)), sets(file, "yaml", ("b", 1))])
    journal(tmp_path).apply("one", [sets(file, "json", ("a", 1))])
    with pytest.raises(ConfigError, match="edited as json already"):
        journal(tmp_path).apply("two", [sets(file, "yaml", ("b", 1))])


def test_a_link_within_the_home_is_written_through(tmp_path: Path) -> None:
    real = written(tmp_path / "dotfiles" / "settings.json", SETTINGS)
    link = settings(tmp_path)
    link.parent.mkdir()
    link.symlink_to(real)

    journal(tmp_path).apply("wrap", [sets(link, "json", ("env.URL", URL))])
    assert link.is_symlink()
    assert URL in real.read_text(encoding="utf-8")
    assert journal(tmp_path).undo("wrap") == [real]

    assert (link.is_symlink(), real.read_text(encoding="utf-8")) == (True, SETTINGS)


@pytest.mark.parametrize("inside", ["home", "project"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, inside: str) -> None:
    out = written(tmp_path / "etc" / "settings.json", "{}")
    (tmp_path / inside).mkdir()
    (tmp_path / inside / ".claude").symlink_to(out.parent)
    (tmp_path / inside / ".mcp.json").symlink_to(out)

    for name in (".claude/settings.json", ".mcp.json"):
        with pytest.raises(ConfigError, match="by a symbolic link out of"):
            journal(tmp_path / "home").apply("wrap", [sets(tmp_path / inside / name, "json", ("a", 1))])

    assert out.read_text(encoding="utf-8") == "{}"


def test_a_home_that_is_itself_reached_by_a_link_is_a_home(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "real")
    file = written(settings(tmp_path / "home"), "{}")

    assert journal(tmp_path / "home").apply("wrap", [sets(file, "json", ("a", 1))]) == [file.resolve()]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_permissions_stay_and_a_new_file_is_closed_to_others(tmp_path: Path) -> None:
    old, new = written(tmp_path / "old.json", "{}"), tmp_path / "new.json"
    old.chmod(0o640)

    journal(tmp_path).apply("wrap", [sets(old, "json", ("a", 1)), sets(new, "json", ("a", 1))])
    modes = [path.stat().st_mode & 0o777 for path in (old, new)]
    journal(tmp_path).undo("wrap")

    assert modes == [0o640, 0o600]
    assert old.stat().st_mode & 0o777 == 0o640
    ours = list((tmp_path / ".headroom" / "configs").iterdir())
    assert {path.stat().st_mode & 0o777 for path in ours} == {0o600}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_a_file_that_is_read_only_is_left_alone() -> None:
    with tempfile.TemporaryDirectory() as folder:  # another user may not enter those that pytest makes
        home = Path(folder)
        home.chmod(0o777)
        file = written(home / "a.json", "{}")
        file.chmod(0o444)

        answer = unprivileged(lambda: str(journal(home).apply("wrap", [sets(file, "json", ("a", 1))])))

        assert answer.startswith("ConfigError")
        assert "it is read-only" in answer
        assert file.read_text(encoding="utf-8") == "{}"


def test_an_error_never_shows_what_is_in_a_file(tmp_path: Path) -> None:
    texts = ('{"token": "hunter2" "x": 1}', '{"token": hunter2}', '{"env": "hunter2"}', '["hunter2"]', '{"hunter2')
    for text in texts:
        file = written(tmp_path / "a.json", text)
        with pytest.raises(ConfigError) as caught:
            journal(tmp_path).apply("wrap", [sets(file, "json", ("env.URL", URL))])
        assert "hunter2" not in str(caught.value)


def test_the_journal_keeps_nothing_of_files_that_are_free_of_us(tmp_path: Path) -> None:
    file = written(tmp_path / "a.json", '{"token": "hunter2"}')
    journal(tmp_path).apply("wrap", [sets(file, "json", ("a", 1))])
    journal(tmp_path).undo("wrap")

    kept = (tmp_path / ".headroom" / "configs" / "journal.json").read_bytes()
    assert json.loads(kept) == {"files": {}, "folders": [], "pending": None}


def test_a_damaged_journal_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    file = written(tmp_path / "a.json", "{}")
    written(tmp_path / ".headroom" / "configs" / "journal.json", "{")

    with pytest.raises(ConfigError, match=r"journal\.json cannot be read"):
        journal(tmp_path).apply("wrap", [sets(file, "json", ("a", 1))])
    assert file.read_text(encoding="utf-8") == "{}"


def test_undoing_what_was_never_done_touches_nothing(tmp_path: Path) -> None:
    assert journal(tmp_path).undo("wrap") == []
    assert journal(tmp_path).owners() == []
    assert list(tmp_path.iterdir()) == []


def test_processes_at_once_wait_for_each_other(tmp_path: Path) -> None:
    file = written(tmp_path / "a.json", "{}")
    (tmp_path / ".headroom" / "configs").mkdir(parents=True)
    running = [python(APPLY, tmp_path, f"p{i}") for i in range(3)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        process.communicate()
        assert process.returncode == 0

    assert json.loads(file.read_text(encoding="utf-8")) == {"p0": 4, "p1": 4, "p2": 4}
    for owner in journal(tmp_path).owners():
        journal(tmp_path).undo(owner)
    assert file.read_text(encoding="utf-8") == "{}"
