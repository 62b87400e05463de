"""Killed before every operation on a file, by `kill -9`: the agent's configuration still parses, and undo restores."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from headroom import agents, hooks
from headroom.agents import Point
from headroom.cli import main, persisting
from headroom.configs import Form, read
from tests import agent_settings
from tests.agent_settings import POINT, edits
from tests.config_samples import snapshot

MEMORY = Path("/dev/shm")
"""Where there is such a place, flushing to the disk costs nothing."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
OPERATIONS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.truncate"}
FORMS: Mapping[str, Form] = {".yml": "yaml", ".yaml": "yaml", "": "env"}


def command(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 0


STEPS: Mapping[str, tuple[str, Callable[[str], None]]] = {
    "wrap": ("", lambda name: persisting.persist(agents.find(name), Point(POINT))),
    "unwrap": ("wrap", lambda name: command("unwrap", name)),
    "mcp install": ("", lambda name: command("mcp", "install", name)),
    "mcp uninstall": ("mcp install", lambda name: command("mcp", "uninstall", name)),
    "hooks install": ("", lambda name: command("hooks", "install", name)),
    "hooks uninstall": ("hooks install", lambda name: command("hooks", "uninstall", name)),
}
"""What runs, and what must have run before it."""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A user's home, the current folder being a project in it."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        home = agent_settings.home(Path(folder))
        monkeypatch.setenv("HOME", folder)
        monkeypatch.setenv("HEADROOM_HOME", str(home / ".headroom"))
        for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "GEMINI_CLI_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.chdir(home / "shop")
        yield home
        monkeypatch.undo()


def killed(action: Callable[[], None], home: Path, at: int) -> bool:
    """Runs `action` in a process that is killed before its operation number `at`; False if it has fewer."""
    child = os.fork()
    if child == 0:
        left = at

        def before(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            flags = args[2] if event == "open" else None
            writes = flags & WRITES if isinstance(flags, int) else event in OPERATIONS
            if writes and str(args[0]).startswith(str(home)):
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(before)
        try:
            action()
        finally:
            os._exit(sys.exc_info()[0] is not None)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return True
    assert status == 0
    return False


def points(name: str, step: str, home: Path) -> int:
    """Kills a step before each of its operations, in a home that is whole each time; how many there were."""
    first, action = STEPS[step]
    before = snapshot(home)
    for at in range(1000):
        if first:
            STEPS[first][1](name)
        interrupted = killed(lambda: action(name), home, at)
        values(home)
        for owner in ("wrap", "mcp", "hooks"):
            edits(home).undo(f"{owner} {name}")
        assert snapshot(home) == before, at
        if not interrupted:
            return at
    raise AssertionError("it never ends")


def values(home: Path) -> None:
    """Reads every file that the user had, as its form."""
    for name in agent_settings.FILES:
        file = home / name
        assert file.read_bytes()
        if file.suffix == ".toml":
            tomllib.loads(file.read_text(encoding="utf-8"))
        else:
            read(file, FORMS.get(file.suffix, "json"))


@pytest.mark.parametrize("name", ["claude", "codex", "gemini", "opencode"])
def test_killed_before_every_operation_the_configuration_parses_and_undo_restores_it(name: str, home: Path) -> None:
    other = "mcp" if name in [hook.client for hook in hooks.HOOKS] else "hooks"  # hooks bring the MCP server along
    found = {step: points(name, step, home) for step in STEPS if not step.startswith(other)}

    assert min(found.values()) >= 10
    assert sum(found.values()) >= 50
