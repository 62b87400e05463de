"""`headroom audit`: from logs to a report, a page, JSON and thresholds; broken logs are counted and never raise."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headroom import settings
from headroom.cli import main
from tests.audit_logs import Transcript, source, suite
from tests.session_samples import codex_records, lines


def transcript(name: str = "s1", then: str = "Look at test_case_0123.") -> Transcript:
    log = Transcript(name)
    log.calls("Read", source("cart"), file_path="cart.py")
    log.calls("Bash", suite(), said="Run the tests.", command="pytest -v")
    for number in range(4):
        log.calls("Bash", "ok", said=then, command=f"git show {number}")
    log.says("done")
    return log


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two sessions of Claude Code and one of Codex, in a home of its own."""
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "headroom"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    logs = tmp_path / ".claude" / "projects" / "shop"
    for name in ("s1", "s2"):
        transcript(name).write(logs)
    codex = tmp_path / ".codex" / "sessions" / "2026" / "11" / "20"
    codex.mkdir(parents=True)
    (codex / "rollout-2026-11-20T10-00-00-c1.jsonl").write_text(lines(codex_records()), encoding="utf-8")
    return tmp_path


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["audit", *map(str, args)])


def told(*args: str | Path) -> Any:
    result = run(*args, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def names(found: Any) -> set[str]:
    return {session["name"] for session in found["sessions"]}


def test_the_report_of_logs_that_are_named(folder: Path) -> None:
    result = run(folder / ".claude")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("$")
    assert "2 sessions of Claude Code" in result.stdout
    assert "Worst hidden at balanced" in result.stdout
    assert not any(path.name == "headroom" for path in folder.iterdir())


def test_without_paths_the_logs_of_all_agents_are_found(folder: Path) -> None:
    assert names(told()) == {"s1", "s2", "c1"}
    assert names(told("--agent", "codex")) == {"c1"}
    assert names(told(folder / ".claude" / "projects" / "shop" / "s1.jsonl")) == {"s1"}


def test_only_sessions_since_a_day_are_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = folder / ".claude" / "projects" / "shop" / "s1.jsonl"
    monkeypatch.setattr(time, "time", lambda: 1_795_176_000.0)  # 20 November 2026
    os.utime(old, (1_700_000_000, 1_700_000_000))

    assert names(told("--since", "week")) == {"s2", "c1"}
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    assert names(told("--since", "week")) == set()


def test_only_the_levels_that_are_named_are_told(folder: Path) -> None:
    assert told("--level", "balanced")["levels"] == ["balanced"]


def test_json_and_the_page_hold_the_same_document(folder: Path) -> None:
    page = folder / "audit.html"
    found = told("--html", page)
    data = page.read_text(encoding="utf-8").partition('id="data">')[2].partition("</script>")[0]

    assert json.loads(data) == found
    assert found["summary"]["sessions"] == len(found["sessions"]) == 3


def test_a_page_that_cannot_be_written_is_an_error_that_says_so(folder: Path) -> None:
    result = run("--html", folder / "missing" / "audit.html")

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


def test_what_a_session_copied_from_an_earlier_one_is_counted_once(folder: Path) -> None:
    logs = folder / ".claude" / "projects" / "shop"
    alone = told(logs)["summary"]
    copy = (logs / "s1.jsonl").read_text(encoding="utf-8")
    (logs / "s9.jsonl").write_text(copy, encoding="utf-8")
    found = told(logs)

    assert found["summary"]["raw"]["dollars"] == pytest.approx(alone["raw"]["dollars"])
    assert found["summary"]["sessions"] == 2


def test_broken_logs_are_counted_and_never_raise(folder: Path) -> None:
    logs = folder / ".claude" / "projects" / "shop"
    whole = (logs / "s1.jsonl").read_bytes()
    (logs / "cut.jsonl").write_bytes(whole.replace(b'"s1_', b'"s3_')[: len(whole) - 300])
    (logs / "binary.jsonl").write_bytes(bytes(range(256)) * 99)
    (logs / "empty.jsonl").touch()
    (logs / "odd.jsonl").write_text('[]\n{"type": 7}\n{"uuid": "a", "parentUuid": null}\nnull\n' * 3, encoding="utf-8")
    (logs / "deep.jsonl").write_text('{"uuid": "a", "parentUuid": ' + "[" * 99_999, encoding="utf-8")
    result = run(logs)
    found = told(logs)

    assert result.exit_code == 0
    assert "Traceback" not in result.output
    assert names(found) == {"s1", "s2", "cut"}
    assert "not JSON" in {one["reason"] for one in found["skipped"]}
    assert "left out" in result.stdout


def test_where_no_session_is_found_that_is_said(tmp_path: Path) -> None:
    result = run(tmp_path)

    assert (result.exit_code, result.stdout) == (0, "→ There is nothing to judge: no session was found.\n")


def test_calibrating_writes_thresholds_that_settings_read(folder: Path) -> None:
    result = run("--calibrate")
    found = told("--calibrate", "--bound", "0.5")

    assert result.exit_code == 0
    assert "Wrote" in result.stdout
    assert "lines: nothing." in result.stdout
    assert found["calibration"]["bound"] == 0.5
    assert found["calibration"]["sessions"] == 3
    assert Path(found["calibration"]["path"]) == settings.load().home / settings.THRESHOLDS
    assert [one.level for one in settings.load().thresholds] == ["lossless"]


def test_there_is_nothing_to_calibrate_by_without_sessions(tmp_path: Path, folder: Path) -> None:
    (folder / "nothing").mkdir()
    result = run("--calibrate", folder / "nothing")

    assert result.exit_code == 1
    assert "no thresholds were written" in result.stderr
    assert not (settings.load().home / settings.THRESHOLDS).exists()


def test_no_line_that_holds_a_secret_is_reported(folder: Path) -> None:
    key = "ghp_" + "a1B2" * 9
    log = Transcript("s5")
    log.calls("Bash", suite().replace("test_case_0123 ", f"test_case_0123 {key} "), command="pytest -v")
    log.calls("Bash", "ok", said="Look at test_case_0123.", command=f"curl -H {key}")
    log.says("done")

    assert key not in run(log.write(folder / "logs"), "--json").output
