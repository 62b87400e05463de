"""opencode's plugin: what it is told, what goes back, and the file that it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from headroom import hooks
from headroom.configs import Journal, Place
from headroom.store import MemoryStore
from tests.hook_events import log, opencode


def test_blocks_of_mcp_tools_go_back_as_blocks() -> None:
    event = opencode("") | {"output": {"content": [{"type": "image"}, {"type": "text", "text": log()}]}}
    made = hooks.answer("opencode", event, level="balanced", store=MemoryStore())

    assert made["output"]["content"][0] == {"type": "image"}
    assert made["output"]["content"][1]["text"].startswith("[log codes")


@pytest.mark.parametrize(
    ("project", "environ", "folder"),
    [
        (False, {}, ".config/opencode"),
        (False, {"XDG_CONFIG_HOME": "moved"}, "moved/opencode"),
        (True, {}, "shop/.opencode"),
    ],
)
def test_the_plugin_is_a_file_of_ours_that_runs_our_command(
    project: bool, environ: dict[str, str], folder: str, tmp_path: Path
) -> None:
    place = Place(tmp_path, tmp_path / "shop", {name: str(tmp_path / value) for name, value in environ.items()})
    (tmp_path / "shop").mkdir()
    journal = Journal(tmp_path / "ours", tmp_path)
    [file] = journal.apply(
        "hooks opencode", hooks.find("opencode").changes(place, hooks.Paths(sys.executable, "home"), project)
    )
    text = file.read_text(encoding="utf-8")
    journal.undo("hooks opencode")

    assert file == tmp_path / folder / "plugins" / "headroom.ts"
    command = [sys.executable, "-P", "-m", "headroom", "hook", "--home", "home", "opencode", "--lines"]
    assert f"const COMMAND = {json.dumps(command)}\n" in text
    assert not file.exists()
