"""Claude Code's tools: which outputs are read, in which shape they go back, and the outputs that it keeps in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headroom import hooks, retrieve
from headroom.configs import Journal, Place
from headroom.store import MemoryStore
from tests.hook_events import claude_tool, log

NAMES = [f"src/pages/checkout/module_{number:03}.py" for number in range(90)]
HITS = "\n".join(f"{name}:1:def handler(): return needle" for name in NAMES)


def answer(event: Any, store: MemoryStore | None = None) -> Any:
    made = hooks.answer("claude", event, level="balanced", store=store or MemoryStore())
    return None if made is None else made["hookSpecificOutput"]["updatedToolOutput"]


def bash(text: str, **more: Any) -> Any:
    output = {"stdout": text, "stderr": "", "interrupted": False, "isImage": False, "noOutputExpected": False}
    return claude_tool("Bash", {**output, **more}, {"command": "cat a.log"})


@pytest.mark.parametrize(
    ("tool", "output", "key"),
    [
        ("WebFetch", {"bytes": 9, "code": 200, "codeText": "OK", "result": log(), "url": "u"}, "result"),
        ("Grep", {"mode": "content", "numFiles": 0, "filenames": [], "content": HITS, "numLines": 90}, "content"),
        ("Grep", {"mode": "count", "numFiles": 90, "filenames": [], "content": HITS, "numMatches": 90}, "content"),
        ("Bash", {"stdout": log(), "stderr": "", "interrupted": False, "returnCodeInterpretation": "No"}, "stdout"),
    ],
)
def test_only_the_text_of_an_output_changes(tool: str, output: dict[str, Any], key: str) -> None:
    made = answer(claude_tool(tool, output))

    assert {**made, key: ""} == {**output, key: ""}
    assert len(made[key]) < len(output[key])


@pytest.mark.parametrize("tool", ["Task", "Agent"])
def test_what_a_finished_agent_says_is_read_and_what_a_started_one_says_is_not(tool: str) -> None:
    done = {"status": "completed", "content": [{"type": "text", "text": log()}], "totalTokens": 9}
    started = {"isAsync": True, "status": "async_launched", "content": [{"type": "text", "text": log()}]}

    assert answer(claude_tool(tool, done))["content"][0]["text"].startswith("[log codes")
    assert answer(claude_tool(tool, started)) is None


@pytest.mark.parametrize("tool", ["Glob", "Grep"])
def test_a_list_of_files_goes_back_as_one_text_with_its_count(tool: str) -> None:
    made = answer(claude_tool(tool, {"mode": "files_with_matches", "filenames": NAMES, "numFiles": 90}))

    assert made["numFiles"] == 90
    assert len(made["filenames"]) == 1
    assert "module_089.py" in made["filenames"][0]


def test_a_list_of_files_that_the_client_cut_stays_because_it_counts_them() -> None:
    assert answer(claude_tool("Glob", {"filenames": NAMES, "numFiles": 90, "truncated": True})) is None


def test_the_blocks_of_an_mcp_tool_go_back_as_blocks_and_images_stay() -> None:
    image = {"type": "image", "data": "x", "mimeType": "image/png"}
    made = answer(claude_tool("mcp__db__rows", [{"type": "text", "text": log()}, image]))

    assert made[0]["text"].startswith("[log codes")
    assert made[1] == image


def test_the_text_of_a_structured_mcp_result_goes_back_as_a_text() -> None:
    rows = json.dumps([{"id": i, "name": f"n{i}", "status": "open", "total": i % 7} for i in range(200)])
    made = answer(claude_tool("mcp__db__rows", rows))

    assert isinstance(made, str)
    assert len(made) < len(rows) / 2


@pytest.mark.parametrize("tool", ["Read", "Edit", "Write", "TaskOutput", "WebSearch", ""])
def test_other_tools_stay(tool: str) -> None:
    assert answer(claude_tool(tool, {"stdout": log(), "result": log(), "content": log()})) is None


@pytest.mark.parametrize("more", [{"isImage": True}, {"interrupted": True}])
def test_images_and_interrupted_commands_stay(more: dict[str, bool]) -> None:
    assert answer(bash(log(), **more)) is None


def kept(tmp_path: Path, text: str) -> Any:
    """The event of an output that is so long that the client keeps it in a file."""
    file = tmp_path / "output.txt"
    file.write_bytes(text.encode())
    return bash(text[:30_000], persistedOutputPath=str(file), persistedOutputSize=len(text))


def test_a_long_output_is_read_from_its_file_and_sent_inline(tmp_path: Path) -> None:
    store, text = MemoryStore(), log(2_000)
    made = answer(kept(tmp_path, text), store)
    ref = made["stdout"].split("headroom_retrieve('")[1].split("'")[0]

    assert made.keys() == {"stdout", "stderr", "interrupted", "isImage", "noOutputExpected"}
    assert len(made["stdout"]) < 2_000
    assert retrieve(ref, store=store) == text


def test_a_long_output_that_stays_too_long_stays_in_its_file(tmp_path: Path) -> None:
    text = "\n".join(f"{number * 7919 % 104729} {number * 104729 % 7919}" for number in range(9_000))

    assert answer(kept(tmp_path, text)) is None


def test_no_file_is_read_but_one_that_begins_as_the_output_does(tmp_path: Path) -> None:
    event = kept(tmp_path, log(2_000))
    (tmp_path / "output.txt").write_text("a secret\n" + log(2_000), encoding="utf-8")

    assert answer(event) is None
    assert answer(bash("", persistedOutputPath=str(tmp_path / "output.txt"))) is None
    assert answer(bash(log(800)[:30_000], persistedOutputPath=str(tmp_path / "gone"))) is None
    assert answer(bash(log(800)[:30_000], persistedOutputPath=str(tmp_path))) is None


def test_the_hook_is_one_element_of_a_list_in_the_users_settings(tmp_path: Path) -> None:
    file = tmp_path / ".claude" / "settings.json"
    file.parent.mkdir()
    file.write_text('{"hooks": {"PostToolUse": [{"matcher": "Edit"}]}, "model": "opus"} // mine\n', encoding="utf-8")
    before = file.read_bytes()
    place, journal = Place(tmp_path, tmp_path / "shop", {}), Journal(tmp_path / "ours", tmp_path)
    journal.apply("hooks claude", hooks.find("claude").changes(place, hooks.Paths("python", "home"), False))
    written = json.loads(file.read_text(encoding="utf-8").removesuffix(" // mine\n"))
    [theirs, ours] = written["hooks"]["PostToolUse"]
    journal.undo("hooks claude")

    assert theirs == {"matcher": "Edit"}
    assert ours["hooks"][0] | {"input": 0} == {
        "type": "mcp_tool", "server": "headroom", "tool": "hook", "timeout": 5, "input": 0,
    }  # fmt: skip
    assert ours["hooks"][0]["input"].keys() == claude_tool("Bash", "").keys()
    assert file.read_bytes() == before


def test_the_folder_of_the_settings_can_be_moved_and_a_project_has_its_own(tmp_path: Path) -> None:
    place = Place(tmp_path, tmp_path / "shop", {"CLAUDE_CONFIG_DIR": str(tmp_path / "moved")})
    changes = hooks.find("claude").changes
    files = [changes(place, hooks.Paths("python", "home"), project)[0].file for project in (False, True)]

    assert files == [tmp_path / "moved" / "settings.json", tmp_path / "shop" / ".claude" / "settings.local.json"]
