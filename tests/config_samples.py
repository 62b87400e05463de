"""Configuration files as programs and people write them, and a home folder for one test."""

from __future__ import annotations

from pathlib import Path

from headroom.configs import Change, Form, Journal

SETTINGS = """\
{
  // who pays
  "model": "opus",
  "env": {
    "DISABLE_TELEMETRY": "1" // keep
  },
  "permissions": { "allow": ["Bash(ls:*)"], "deny": [] },
  "hooks": {
    "PostToolUse": [
      { "matcher": "Edit", "hooks": [] },
    ],
  },
}
"""
CODEX = """\
# my Codex
model = "gpt-5.4"   # the fast one
notify = [
  "python3",
  "/opt/notify.py", # mine
]

# profiles below
[profiles.work]
model = 'o3'
prompt = \"\"\"
[not.a.header]
key = "value" ]
\"\"\"

[mcp_servers]
docs = { command = "npx", args = ["-y", "docs"] }

[[rules]]
pattern = "a"

[[rules]]
pattern = "b"

[tui]
theme.name = "dark"
"""
CONTINUE = """\
name: Local
version: 1.0.0
schema: v1

models:
  # the good one
  - name: Sonnet
    provider: anthropic
    model: claude-sonnet-4
    roles: [chat, edit]
  - name: Local
    provider: ollama
    promptTemplates:
      chat: |
        {{ system }}

        - not: an item

context:
- provider: file
extensions:
env: {} # nothing yet
"""
SAMPLES: dict[Form, str] = {"json": SETTINGS, "toml": CODEX, "yaml": CONTINUE}
EMPTY: dict[Form, tuple[str, ...]] = {
    "json": ("", "\n", "{}", "{ }\n", "{\n}\n", "// nothing\n", "{ // nothing\n}\n", "{\n  /* nothing */ }"),
    "toml": ("", "\n\n", "# nothing\n", "# nothing"),
    "yaml": ("", "\n", "# nothing\n", "---\n", "# nothing\n---"),
}


def journal(home: Path) -> Journal:
    return Journal(home / ".headroom" / "configs", home)


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return file


def sets(file: Path, form: Form, *pairs: tuple[str, object]) -> Change:
    """A change that sets keys, each given as `a.b.c`."""
    return Change(file=file, form=form, sets=tuple((tuple(key.split(".")), value) for key, value in pairs))


def snapshot(home: Path) -> dict[str, bytes | None]:
    """Every file (with its bytes) and folder below the home, our own folder aside."""
    found = (path for path in sorted(home.rglob("*")) if ".headroom" not in path.relative_to(home).parts)
    return {str(path.relative_to(home)): path.read_bytes() if path.is_file() else None for path in found}


APPLY = """
import sys
from pathlib import Path
from headroom.configs import Change, Journal
home, name = Path(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
for value in range(5):
    Journal(home / ".headroom" / "configs", home).apply(
        name, [Change(file=home / "a.json", form="json", sets=(((name,), value),))]
    )
"""
