"""Gemini CLI: a variable for each way to log in, kept in the first `.env` file that it finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from headroom.agents._agent import Agent, Base, File
from headroom.configs import Place

VERTEX = Base("GOOGLE_VERTEX_BASE_URL", "vertex")


class Gemini(Agent):
    """Vertex AI has a host for each region."""

    def pointed(self, place: Place) -> Sequence[Base]:
        said = self.said(place)
        regional = said.get("GOOGLE_CLOUD_PROJECT") and said.get("GOOGLE_CLOUD_LOCATION")
        return (*self.bases, VERTEX) if regional and not said.get("GOOGLE_API_KEY") else self.bases

    def upstreams(self, place: Place, ours: Collection[str] = ()) -> dict[str, str]:
        found = super().upstreams(place, ours)
        if VERTEX in self.pointed(place):
            found.setdefault("vertex", _vertex(self.said(place)["GOOGLE_CLOUD_LOCATION"]))
        return found


def _vertex(location: str) -> str:
    if location in ("us", "eu"):
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{'' if location == 'global' else f'{location}-'}aiplatform.googleapis.com"


def _env_file(place: Place) -> File:
    """Its own file, unless there is none but one of the home folder, which it would hide."""
    own, home = _folder(place) / ".env", _folder(place).parent / ".env"
    return File(home if home.exists() and not own.exists() else own, "env")


def _folder(place: Place) -> Path:
    return Path(place.environ.get("GEMINI_CLI_HOME") or place.home) / ".gemini"


AGENT = Gemini(
    name="gemini",
    title="Gemini CLI",
    program="gemini",
    bases=(Base("GOOGLE_GEMINI_BASE_URL", "gemini"), Base("CODE_ASSIST_ENDPOINT", "code-assist")),
    keeps=_env_file,
    registers=lambda place: File(_folder(place) / "settings.json", keys=("mcpServers",)),
    prompts=lambda place: File(_folder(place) / "settings.json", keys=("hooks", "BeforeAgent")),
    patience=5000,
    explains=(
        "Your login stays: keys, Google accounts and Vertex AI projects each have a base URL, and all of them are set."
        " A key of Vertex AI's express mode (GOOGLE_API_KEY) goes past us.",
        "With --persist: a command of ours runs before each prompt (some 15 ms), and keeps the prompt back with the"
        " reason if no proxy is there.",
        "With --persist: it reads the first .env file from the current folder upwards, so a project that has one of"
        " its own needs the same lines there, as do folders that it does not trust.",
    ),
)
