"""The demo: a log of its own, the real thing run on it, and checks that can fail."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headroom import api, settings
from headroom.cli import demo, incident, main
from headroom.store import MemoryStore

SHARED = Path(__file__).parent.parent.parent / "shared"


@pytest.fixture(scope="module")
def shown() -> demo.Demonstration:
    return demo.run()


def page(shown: demo.Demonstration) -> str:
    return demo.drawn(shown, colour=False)


# --- the log ----------------------------------------------------------------------------------------------------


def test_the_log_is_a_hundred_entries_with_one_cause() -> None:
    entries = json.loads(incident.log())
    fatal = [entry for entry in entries if entry["level"] != "INFO"]
    assert len(entries) == incident.ENTRIES == 100
    assert len(fatal) == 1
    text = json.dumps(fatal[0])
    assert all(words in text for _, words in incident.FACTS)
    assert len({entry["service"] for entry in entries}) >= 5
    assert [entry["time"] for entry in entries] == sorted(entry["time"] for entry in entries)


def test_the_same_seed_gives_the_same_log_and_another_seed_another() -> None:
    assert incident.log() == incident.log()
    assert incident.log(1) == incident.log(1)
    assert incident.log(1) != incident.log(2)


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_gives_a_log_with_its_cause_among_routine(seed: int) -> None:
    levels = [entry["level"] for entry in json.loads(incident.log(seed))]
    assert levels.count("FATAL") == 1
    assert 50 <= levels.index("FATAL") < 90


def test_the_conversation_holds_the_log_as_the_result_of_a_call() -> None:
    messages = incident.conversation("LOG")
    assert incident.result_text(messages) == "LOG"
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert messages[1]["content"][0]["id"] == messages[2]["content"][0]["tool_use_id"]


# --- the run ----------------------------------------------------------------------------------------------------


def test_the_demo_holds_what_it_promises(shown: demo.Demonstration) -> None:
    assert shown.sound
    assert shown.before == incident.log()
    assert shown.fetched == shown.before
    assert shown.report.lossless
    assert shown.report.tokens_after < shown.report.tokens_before * 0.4
    assert all(before and after for _, _, before, after in shown.facts)


def test_its_figures_are_those_of_the_library(shown: demo.Demonstration) -> None:
    result = api.compress(incident.conversation(incident.log()), store=MemoryStore())
    part = next(part for part in result.parts if part.tool == incident.TOOL)
    assert shown.report == part
    assert shown.after == incident.result_text(result.messages)


@pytest.mark.parametrize("seed", range(8))
def test_the_facts_stand_in_the_rendering_of_any_log(seed: int) -> None:
    messages = api.compress(incident.conversation(incident.log(seed)), store=MemoryStore()).messages
    assert [words for _, words in incident.FACTS if words not in incident.result_text(messages)] == []


def test_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    home = settings.load().home
    demo.run()
    assert os.listdir(tmp_path) == []
    assert list(home.iterdir()) == []


def test_the_level_that_is_set_does_not_change_it(monkeypatch: pytest.MonkeyPatch, shown: demo.Demonstration) -> None:
    monkeypatch.setenv("HEADROOM_LEVEL", "meter")
    assert demo.run() == shown


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_page_is_plain_text_of_eighty_columns_with_the_figures(shown: demo.Demonstration) -> None:
    text = page(shown)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert f"{shown.report.tokens_before:,}" in text
    assert f"{shown.report.tokens_after:,}" in text
    assert f"{1 - shown.report.tokens_after / shown.report.tokens_before:.0%} fewer" in text
    assert f"retrieve({shown.report.ref!r})" in text
    assert text.count("✔") == len(incident.FACTS) + 1
    assert "✘" not in text
    assert "headroom compress" in text


def test_both_excerpts_show_the_cause_whole(shown: demo.Demonstration) -> None:
    before, after = page(shown).split("After: ")
    for name, words in incident.FACTS:
        assert words in " ".join(before.split()), name
        assert words in " ".join(after.split("Tokens of")[0].split()), name


def test_the_command_prints_the_page_and_ends_well(shown: demo.Demonstration) -> None:
    result = CliRunner().invoke(main, ["demo"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes.decode() == page(shown)


BROKEN = {
    "a fact is gone": {"after": "FATAL payment-gateway"},
    "the original is another": {"fetched": "[]"},
    "nothing was fetched": {"fetched": ""},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=list(BROKEN))
def test_a_check_that_fails_is_shown_and_is_not_sound(change: dict[str, Any], shown: demo.Demonstration) -> None:
    broken = dataclasses.replace(shown, **change)
    assert not broken.sound
    assert "✘" in page(broken)
    assert "A check failed" in page(broken)


def test_tokens_that_did_not_fall_are_not_sound(shown: demo.Demonstration) -> None:
    report = dataclasses.replace(shown.report, tokens_after=shown.report.tokens_before)
    assert not dataclasses.replace(shown, report=report).sound


@pytest.mark.skipif(not SHARED.is_dir(), reason="the peer's workload is not on this machine")
def test_no_sentence_of_the_peers_workload_is_used() -> None:
    peer = json.loads(gzip.decompress((SHARED / "workloads" / "peer_fatal_log_100.json.gz").read_bytes()))
    entries = json.loads(peer["openai"][3]["content"])
    theirs = {entry["message"] for entry in entries}
    ours = {entry["message"] for entry in json.loads(incident.log())}
    assert theirs & ours == set()
