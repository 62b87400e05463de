"""A user's own settings of each agent, with comments, and a home folder for one test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headroom.configs import Journal, Place
from tests.config_samples import journal

POINT = "http://127.0.0.1:8787"

FILES: Mapping[str, str] = {
    ".claude/settings.json": '{\n  // mine\n  "model": "opus",\n  "env": { "DISABLE_TELEMETRY": "1" },\n}\n',
    ".claude.json": '{"numStartups": 3, "mcpServers": {"db": {"command": "db"}}}',
    ".codex/config.toml": '# mine\nmodel = "gpt-5.4" # fast\n\n[mcp_servers.docs]\ncommand = "npx"\n\n[tui]\nx = 1\n',
    ".gemini/settings.json": '{"security": {"auth": {"selectedType": "gemini-api-key"}}} // mine\n',
    ".gemini/.env": '# my key\nexport GEMINI_API_KEY="AIza-x"\n',
    ".config/opencode/opencode.json": '{\n  // mine\n  "provider": {"anthropic": {"options": {"timeout": 9}}}\n}\n',
    ".copilot/mcp-config.json": '{"mcpServers": {}}\n',
    ".cursor/mcp.json": '{ "mcpServers": { "db": { "url": "http://db" } } } // mine\n',
    ".aider.conf.yml": "# mine\ndark-mode: true\nset-env:\n  - FOO=1 # mine\n",
    ".cline/data/settings/cline_mcp_settings.json": '{\n\t"mcpServers": {}\n}',
    ".continue/config.yaml": "name: Local\nversion: 1.0.0\nschema: v1\nmodels: [] # none yet\n",
    ".config/goose/config.yaml": "GOOSE_PROVIDER: anthropic # mine\nextensions:\n  developer:\n    enabled: true\n",
    ".openhands/mcp.json": "{}\n",
    ".qwen/settings.json": '{"env": {"OPENAI_API_KEY": "sk-x"}, "$version": 3}\n',
}

ENVIRON: Mapping[str, str] = {
    "COPILOT_PROVIDER_BASE_URL": "https://models.example/v1",
    "ANTHROPIC_API_KEY": "sk-ant-x",
}
"""What an agent needs of the environment so that it can be pointed at all."""


def home(folder: Path) -> Path:
    """Fills a user's home and makes a project in it."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    (folder / "shop").mkdir()
    return folder


def edits(folder: Path) -> Journal:
    return journal(folder)


def place(folder: Path, **environ: str) -> Place:
    return Place(folder, folder / "shop", environ, edits(folder).original)
