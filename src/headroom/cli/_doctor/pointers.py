"""What leads a client to an address of this machine: variables, our edits of its files, and a user's own settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from headroom.agents import AGENTS
from headroom.configs import Change, Place
from headroom.types import Json

ENVIRONMENT = "the environment"
"""Where a variable stands."""

VARIABLES: Mapping[str, str] = {
    "ANTHROPIC_BASE_URL": "Claude Code",
    "ANTHROPIC_API_BASE": "Aider",
    "ANTHROPIC_HOST": "Goose",
    "OPENAI_BASE_URL": "OpenAI clients",
    "OPENAI_API_BASE": "Aider",
    "OPENAI_HOST": "Goose",
    "AIDER_OPENAI_API_BASE": "Aider",
    "GOOGLE_GEMINI_BASE_URL": "Gemini CLI",
    "GOOGLE_VERTEX_BASE_URL": "Gemini CLI",
    "CODE_ASSIST_ENDPOINT": "Gemini CLI",
    "COPILOT_PROVIDER_BASE_URL": "Copilot CLI",
    "GOOGLE_HOST": "Goose",
    "LLM_BASE_URL": "OpenHands",
}
"""Base-URL variables, and whose they are."""

FILES: Sequence[tuple[str, str, str, tuple[str, ...]]] = (
    ("Claude Code", "CLAUDE_CONFIG_DIR", ".claude", ("settings.json",)),
    ("Codex", "CODEX_HOME", ".codex", ("config.toml",)),
    ("Gemini CLI", "", ".gemini", (".env", "settings.json")),
    ("Qwen Code", "", ".qwen", (".env", "settings.json")),
    ("opencode", "", ".config/opencode", ("opencode.json", "opencode.jsonc")),
    ("Continue", "", ".continue", ("config.yaml",)),
    ("Aider", "", "", (".aider.conf.yml",)),
    ("Goose", "", ".config/goose", ("config.yaml",)),
)
"""Client, the variable that moves its folder, the folder below the user's home, and its files."""

PROJECT_FILES: Sequence[tuple[str, str]] = (
    ("Claude Code", ".claude/settings.json"),
    ("Claude Code", ".claude/settings.local.json"),
    ("Codex", ".codex/config.toml"),
    ("Gemini CLI", ".gemini/.env"),
    ("opencode", "opencode.json"),
    ("opencode", "opencode.jsonc"),
    ("Aider", ".aider.conf.yml"),
)
"""Client and file, below the current folder."""

FILE_BYTES = 1 << 20
"""A larger file is no settings file."""

_LOCAL = r"https?://(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?(?=[/\"'\s]|$)[^\s\"']*"
_VALUE = re.compile(rf"(?:(?P<key>\w+)=)?(?P<url>{_LOCAL})", re.IGNORECASE)
"""A value that is a URL, or sets a variable to one."""

_KEY = r"(?<![\w.-])(?P<key>[\w.-]{0,60}?(?:base[_-]?url|api[_-]?base|_host|_endpoint)[\w.-]{0,60})"
_SET = re.compile(rf"""{_KEY}["']?[ \t]*[:=][ \t]*["']?(?P<url>{_LOCAL})""", re.IGNORECASE)
"""A base URL that is set, in JSON, TOML, YAML or a `.env` file; a server's plain `url` is none."""

_COMMENTS = ("#", "//")


class Pointer(NamedTuple):
    """One setting that leads somewhere on this machine."""

    client: str
    where: str
    """The file, with the line if it was found in its text, or "the environment"."""
    key: str
    url: str
    owner: str = ""
    """Whose edit it is, as the journal names it; empty for what is the user's own."""


def pointers(place: Place, edits: Mapping[str, Sequence[Change]]) -> list[Pointer]:
    """All of them: the environment's, those of our edits (by owner), then the user's own."""
    ours = [pointer for owner, changes in edits.items() for pointer in _edited(owner, changes)]
    known = {(pointer.where, pointer.url) for pointer in ours}
    own = [
        pointer for client, file in _files(place) for pointer in _written(client, file)
        if (str(file), pointer.url) not in known
    ]  # fmt: skip
    return [*_variables(place.environ), *ours, *own]


def _variables(environ: Mapping[str, str]) -> Iterator[Pointer]:
    for name, client in VARIABLES.items():
        url = environ.get(name, "")
        if _VALUE.fullmatch(url):
            yield Pointer(client, ENVIRONMENT, name, url)


def _edited(owner: str, changes: Sequence[Change]) -> Iterator[Pointer]:
    name = owner.partition(" ")[2].partition(" ")[0]
    client = next((agent.title for agent in AGENTS if agent.name == name), name)
    for change in changes:
        for keys, value in (*change.sets, *change.appends):
            for path, text in _strings(value, keys):
                if found := _VALUE.fullmatch(text):
                    yield Pointer(client, str(change.file), found["key"] or ".".join(path), found["url"], owner)
        for line in _SET.finditer(change.text):
            yield Pointer(client, str(change.file), line["key"], line["url"], owner)


def _strings(value: Json, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every string in a value, with the keys that lead to it."""
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, (*keys, name))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner, keys)


def _files(place: Place) -> Iterator[tuple[str, Path]]:
    config = place.environ.get("XDG_CONFIG_HOME")
    for client, variable, folder, names in FILES:
        base = place.home / folder
        if folder.startswith(".config/") and config:
            base = Path(config) / folder.removeprefix(".config/")
        if variable and place.environ.get(variable):
            base = Path(place.environ[variable])
        yield from ((client, base / name) for name in names)
    if place.cwd != place.home:
        yield from ((client, place.cwd / name) for client, name in PROJECT_FILES)


def _written(client: str, file: Path) -> Iterator[Pointer]:
    try:
        text = file.read_text(encoding="utf-8") if file.stat().st_size <= FILE_BYTES else ""
    except (OSError, ValueError):  # not there, not ours to read, or no text
        return
    for found in _SET.finditer(text):
        before = text[: found.start()]
        if not before[before.rfind("\n") + 1 :].lstrip().startswith(_COMMENTS):
            yield Pointer(client, f"{file}:{before.count(chr(10)) + 1}", found["key"], found["url"])
