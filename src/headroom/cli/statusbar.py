"""`headroom status --install`: our line as a client's status line, in its own settings, and out of them again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from headroom import settings
from headroom.cli import journal
from headroom.configs import Change


def installed(client: str) -> str:
    """Makes our line the client's, and tells what was written. Raises ConfigError."""
    files = journal.opened(settings.load()).apply(f"status {client}", [_claude()])
    told = "".join(f"wrote {file}\n" for file in files) or "It is there already.\n"
    return f"{told}The status line you had, if any, comes back with: headroom status --uninstall {client}\n"


def uninstalled(client: str) -> str:
    """Restores what `installed` changed, and tells what was written. Raises ConfigError."""
    files = journal.opened(settings.load()).undo(f"status {client}")
    return "".join(f"restored {file}\n" for file in files) or "The status line is not ours.\n"


def _claude() -> Change:
    folder = settings.environment().get("CLAUDE_CONFIG_DIR")
    file = (Path(folder) if folder else Path.home() / ".claude") / "settings.json"
    # -P: the folder it is started in is a stranger's project, whose modules must not be imported.
    words = shlex.join([sys.executable, "-P", "-m", "headroom", "status", "--claude"])
    home = f"HEADROOM_HOME={shlex.quote(str(settings.home()))} " if settings.environment().get("HEADROOM_HOME") else ""
    value = {"type": "command", "command": home + words}
    return Change(file=file, form="json", sets=((("statusLine",), value),))
