"""Copilot CLI's command hook: its answer, and the file that has it run."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from headroom import hooks
from headroom.configs import Place
from headroom.store import MemoryStore
from tests.hook_events import copilot, log


def test_the_kind_of_result_is_kept_whatever_it_is() -> None:
    event = copilot("")
    event["toolResult"] = {"resultType": "failure", "textResultForLlm": log(), "toolTelemetry": {"a": 1}}
    made = hooks.answer("copilot", event, level="balanced", store=MemoryStore())["modifiedResult"]

    assert made | {"textResultForLlm": ""} == event["toolResult"] | {"textResultForLlm": ""}


@pytest.mark.parametrize("args", ['{"command": "cat a.log"}', {"command": "cat a.log"}, "no json", None, 3])
def test_arguments_come_as_an_object_as_its_text_or_not_at_all(args: object) -> None:
    made = hooks.answer("copilot", copilot(log()) | {"toolArgs": args}, level="balanced", store=MemoryStore())

    assert made["modifiedResult"]["textResultForLlm"].startswith("[log codes")


@pytest.mark.parametrize(("project", "folder"), [(False, ".copilot"), (True, "shop/.github")])
def test_the_hook_is_a_file_of_ours_that_runs_a_quick_client(project: bool, folder: str, tmp_path: Path) -> None:
    place, paths = Place(tmp_path, tmp_path / "shop", {}), hooks.Paths(sys.executable, str(tmp_path / "a b"))
    [change] = hooks.find("copilot").changes(place, paths, project)
    entries = json.loads(change.text)["hooks"]
    [told], [begun] = entries["postToolUse"], entries["sessionStart"]
    python, *flags, file, home, client = shlex.split(told["bash"])

    assert change.file == tmp_path / folder / "hooks" / "headroom.json"
    assert (python, flags, home, client) == (sys.executable, ["-I", "-S"], str(tmp_path / "a b"), "copilot")
    assert shlex.split(begun["bash"]) == [python, *flags, file, home]
    assert Path(file).exists()
