"""The command line as a script calls it: exact bytes out, one JSON object on demand, one sentence per error."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from headroom import __version__, api, policy, settings
from headroom.cli import COMMANDS, main
from headroom.cli.compress import figures

RECORDS = json.dumps(
    [
        {"id": n, "name": f"item-{n:04}", "state": "open", "url": f"https://api.example.com/items/{n}"}
        for n in range(80)
    ],
    indent=2,
)
"""A tool output that pays to compress."""

SECRET = "".join(f"SERVICE_{n}_URL=https://service-{n}.example.com/api/v{n}\n" for n in range(60))


def run(*args: str, stdin: str | bytes = b"") -> Result:
    return CliRunner().invoke(main, list(args), input=stdin)


def done(*args: str, stdin: str | bytes = b"") -> bytes:
    """Standard output of a call that works."""
    result = run(*args, stdin=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout_bytes


def report(*args: str, stdin: str | bytes = RECORDS) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(done("compress", "--json", *args, stdin=stdin))
    return value


def refused(*args: str, stdin: str | bytes = b"") -> str:
    """The sentence with which a wrong use is refused."""
    result = run(*args, stdin=stdin)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    assert result.stdout_bytes == b""
    assert result.stderr.startswith("headroom: ")
    assert result.stderr.endswith("\n")
    assert result.stderr.count("\n") == 1
    return result.stderr


def python(*args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    home = str(settings.load().home)
    environ = {"HEADROOM_HOME": home, "PATH": "", "SYSTEMROOT": "C:\\Windows", **(env or {})}
    return subprocess.run([sys.executable, *args], input=stdin, capture_output=True, env=environ, check=False)


# --- the group --------------------------------------------------------------------------------------------------


def test_help_lists_every_command_with_its_own_help() -> None:
    text = done("--help").decode()
    for name, line in COMMANDS.items():
        assert f"  {name}" in text
        assert line in text
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert (command.name, command.get_short_help_str(limit=200)) == (name, line)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_in_plain_ascii(name: str) -> None:
    text = done(name, "-h").decode()
    assert text.startswith(f"Usage: main {name} ")
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80


def test_help_loads_nothing_that_it_does_not_show() -> None:
    code = (
        "import sys, atexit; from headroom.cli import main; atexit.register(lambda: print(*sys.modules)); main(['-h'])"
    )
    answer = python("-c", code)
    loaded = set(answer.stdout.decode().split("\n")[-2].split())
    assert answer.returncode == 0
    assert "click" in loaded
    assert loaded.isdisjoint(
        {"rich", "splintr", "msgspec", "sqlite3", "backports.zstd", "platformdirs", "headroom.api", "headroom.settings"}
    )


def test_the_package_imports_nothing_heavy() -> None:
    answer = python("-c", "import sys, headroom\nprint(*sys.modules)")
    assert {"click", "rich", "splintr", "msgspec", "sqlite3", "headroom.api"}.isdisjoint(answer.stdout.decode().split())


def test_the_version_is_the_packages() -> None:
    assert done("--version").decode() == f"headroom {__version__}\n"
    assert python("-m", "headroom", "--version").stdout.decode().split() == ["headroom", __version__]


def test_without_a_command_the_help_is_shown_as_an_error() -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Commands:" in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["compres"], "compres"),
        (["--verbose"], "--verbose"),
        (["compress", "--fast"], "--fast"),
        (["compress", "a", "b"], "b"),
        (["get"], "REF"),
        (["get", "abc", "--lines"], "--lines"),
    ],
)
def test_a_wrong_use_is_refused_with_what_was_wrong_and_where_the_help_is(args: Sequence[str], words: str) -> None:
    sentence = refused(*args)
    assert words in sentence
    assert "--help" in sentence


# --- compress ---------------------------------------------------------------------------------------------------


def test_a_tool_output_gets_smaller_and_its_original_comes_back_by_its_ref() -> None:
    found = report()
    assert list(found) == [
        "rendering", "tokens_before", "tokens_after", "kind", "lossless", "ref", "omissions", "reason", "ms",
    ]  # fmt: skip
    assert (found["kind"], found["reason"], found["lossless"], found["omissions"]) == ("records", "encoded", True, [])
    assert 0 < found["tokens_after"] < found["tokens_before"] / 2
    assert found["ms"] > 0
    assert done("get", found["ref"]).decode() == RECORDS


def test_the_rendering_is_printed_as_it_is() -> None:
    assert done("compress", stdin=RECORDS).decode() == report()["rendering"]
    assert done("compress", "-", stdin=RECORDS).decode() == report()["rendering"]


def test_a_file_is_one_tool_output_also_if_it_looks_like_a_request(tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    messages = [{"role": "user", "content": f"message number {n}, of a list of messages"} for n in range(60)]
    file.write_text(json.dumps(messages, indent=1), encoding="utf-8")
    found = report(str(file), stdin="")
    assert isinstance(found["rendering"], str)
    assert done("get", found["ref"]) == file.read_bytes()


BYTES = {
    "empty": b"",
    "one letter": b"x",
    "latin-1": b"caf\xe9 " * 200,
    "not utf-8 but otherwise json": RECORDS.encode().replace(b"open", b"\xff\xfe"),
    "encoded surrogate": b"\xed\xa0\x80 " * 200,
    "NUL": b"binary \0 data\n" * 100,
    "carriage returns": b"one\r\ntwo\rthree\n\r",
    "byte order mark": b"\xef\xbb\xbfhello\n",
    "line separators": "a\u2028b\x85c\x0c\x0b".encode(),
    "half a json": RECORDS.encode()[:-50].replace(b"  ", b" \t"),
    "one long line": b"no structure here, " * 5000,
}


@pytest.mark.parametrize("data", BYTES.values(), ids=list(BYTES))
def test_what_is_not_changed_comes_out_byte_for_byte(data: bytes) -> None:
    found = report(stdin=data)
    assert found["reason"] in policy.REASONS
    if found["ref"] is None:
        assert done("compress", stdin=data) == data
        assert found["tokens_after"] == found["tokens_before"]
        assert found["rendering"].encode("utf-8", "surrogateescape") == data
    else:
        assert done("get", found["ref"]) == data


def test_bytes_that_are_not_utf_8_are_left_as_they_are_and_the_reason_says_so() -> None:
    found = report(stdin=BYTES["latin-1"])
    assert (found["reason"], found["ref"], found["kind"]) == ("not-unicode", None, "raw")


def test_a_secret_file_is_known_by_its_name_and_neither_changed_nor_stored(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(SECRET)
    assert report(str(file))["reason"] == "secret"
    assert done("compress", str(file)).decode() == SECRET
    assert api.open_store(settings.load()).usage().originals == 0


def test_a_call_named_on_the_command_line_counts_as_the_call(tmp_path: Path) -> None:
    assert report("--tool", "Bash", "--args", '{"command": "cat .env"}', stdin=SECRET)["reason"] == "secret"
    assert report("--tool", "headroom_retrieve")["reason"] == "retrieved"


def test_the_flag_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_LEVEL", "meter")
    assert (report()["reason"], report()["rendering"]) == ("level", RECORDS)
    assert report("--level", "lossless")["reason"] == "encoded"


def test_the_model_chooses_how_tokens_are_counted() -> None:
    assert report("--model", "claude-opus-4-7")["tokens_before"] > report("--model", "gpt-5")["tokens_before"]


@pytest.mark.parametrize("level", ["max", "", "Balanced"])
def test_a_level_that_is_no_level_is_refused_with_the_levels(level: str) -> None:
    assert f"--level is {level!r}; use one of: meter, lossless, balanced, aggressive" in refused(
        "compress", "--level", level
    )


@pytest.mark.parametrize("args", ["", "{", "[1]", "null", '"x"', "tool=1", "[" * 100_000, '{"a": NaN'])
def test_arguments_that_are_no_json_object_are_refused_with_an_example(args: str) -> None:
    sentence = refused("compress", "--args", args)
    assert "--args is '" in sentence
    assert "no JSON object; write it like '{\"" in sentence
    assert len(sentence) < 200


@pytest.mark.parametrize("name", ["missing.txt", ".", "a\nb", "n\u00e4he"])
def test_a_file_that_cannot_be_read_is_refused_with_its_name(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    sentence = refused("compress", name)
    assert repr(name) in sentence
    assert "name a file that can be read, or - for standard input" in sentence


def test_a_bad_settings_file_is_refused_before_anything_is_read() -> None:
    (settings.load().home / settings.CONFIG).write_text("levle = 1")
    assert "did you mean level?" in refused("compress", stdin=RECORDS)


def test_the_figures_for_a_person_say_what_was_saved_or_why_nothing_was() -> None:
    changed = figures(api.compress(RECORDS), 12.34)
    assert changed.startswith("records: ")
    assert "% fewer), lossless, 12 ms; the original: headroom get " in changed
    assert (
        figures(api.compress("hello"), 0.2)
        == "raw: 1 tokens, left as it is, since the part is too small to gain (0 ms)"
    )
    assert "raw: about " in figures(api.compress("hello", model="claude-opus-4-7"), 0.2)


def test_a_store_that_cannot_be_opened_leaves_the_text_as_it_is_and_says_so() -> None:
    (settings.load().home / "headroom.db").write_bytes(b"no database at all\n" * 100)
    result = run("compress", stdin=RECORDS)
    assert (result.exit_code, result.stdout) == (0, RECORDS)
    assert "cannot open the store" in result.stderr
    assert all(line.startswith("headroom: ") for line in result.stderr.splitlines())
    failed = run("get", "abcdefghijkl")
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert failed.stderr.startswith("headroom: cannot open the store ")


# --- get --------------------------------------------------------------------------------------------------------


@pytest.fixture
def ref() -> str:
    return api.open_store(settings.load()).put(RECORDS)


def test_a_range_of_lines_comes_back_as_it_is(ref: str) -> None:
    lines = RECORDS.splitlines(keepends=True)
    assert done("get", ref, "--lines", "2-4").decode() == "".join(lines[1:4])
    assert done("get", ref, "--lines", "-1").decode() == "]"


def test_the_best_matching_ranges_come_back_with_their_numbers(ref: str) -> None:
    number = next(n for n, line in enumerate(RECORDS.splitlines(), 1) if "item-0042" in line)
    answer = done("get", ref, "--query", "item-0042").decode()
    assert answer.startswith(f"[lines {number - 2}-")
    assert f'\n{number}:    "name": "item-0042",\n' in answer
    assert "item-0043" not in answer


def test_a_query_without_a_match_is_an_answer_and_no_error(ref: str) -> None:
    assert done("get", ref, "--query", "zebra").decode().startswith("[no line of ")


def test_the_rows_of_an_array_come_back(ref: str) -> None:
    found = done("get", ref, "--path", "$", "--rows", "3-4").decode()
    assert found == done("get", ref, "--rows", "3-4").decode()
    assert [row["id"] for row in json.loads(f"[{found}]")] == [2, 3]


def test_the_value_at_a_path_comes_back(ref: str) -> None:
    assert json.loads(done("get", ref, "--path", "$[42].name")) == "item-0042"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--lines", "99999"], "lie outside"),
        (["--lines", "x"], "is no range of lines"),
        (["--lines", "9-3"], "write 3-9"),
        (["--lines", "1-2", "--query", "x"], "one of them"),
        (["--path", "$[4000]"], "4000"),
        (["--rows", "81"], "ask within 1-80"),
        (["--rows", "1", "--lines", "1"], "one of them"),
    ],
)
def test_what_an_original_does_not_have_is_refused(args: Sequence[str], words: str, ref: str) -> None:
    assert words in refused("get", ref, *args)


@pytest.mark.parametrize("name", ["zzzzzzzzzzzz", "", "no such ref", "../../etc/passwd", "é"])
def test_a_ref_that_does_not_exist_is_refused(name: str) -> None:
    assert len(refused("get", name)) > 30


# --- purge ------------------------------------------------------------------------------------------------------


def test_purge_without_a_person_to_ask_deletes_nothing_and_names_the_flag(ref: str) -> None:
    sentence = refused("purge")
    assert "1 original and 0 decisions" in sentence
    assert "add --yes" in sentence
    assert done("get", ref).decode() == RECORDS


def test_purge_deletes_all_and_says_what(ref: str) -> None:
    said = done("purge", "--yes").decode()
    assert said.startswith("Deleted 1 original and 0 decisions (")
    assert str(settings.load().home) in said
    refused("get", ref)
    assert done("purge", "--yes").decode().startswith("Deleted 0 originals and 0 decisions (")


def test_purge_of_a_home_that_was_never_used_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "never"))
    assert done("purge").decode() == f"Nothing to delete: {tmp_path / 'never'} does not exist.\n"
    assert not (tmp_path / "never").exists()


# --- as a process -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "env", [{}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}], ids=["utf-8", "ascii"]
)
def test_bytes_are_the_same_in_every_locale(env: dict[str, str]) -> None:
    data = "größer → 写入\r\n".encode() * 3
    answer = python("-m", "headroom", "compress", stdin=data, env=env)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, data, b"")
    failed = python("-m", "headroom", "get", "größe", env=env)
    assert failed.returncode == 2
    assert failed.stderr.startswith(b"headroom: ")


def test_megabytes_on_standard_input_come_back_whole() -> None:
    data = b"".join(b"%d no two lines of this are alike %x\n" % (n, n * n * 7919) for n in range(60_000))
    answer = python("-m", "headroom", "compress", "--level", "meter", stdin=data)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, data, b"")
