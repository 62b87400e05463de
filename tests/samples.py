"""The committed corpus: one folder per kind of content, one file per tool output, all made for this project."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "corpus"
SHARED = Path(__file__).parent.parent.parent / "shared"
"""Real data, present on some machines only; what needs it is skipped elsewhere, saying so."""


class Sample(NamedTuple):
    """One tool output and the kind its folder is named for."""

    kind: str
    name: str
    text: str


def samples() -> list[Sample]:
    """All corpus files, read byte for byte (no newline translation), sorted by path."""
    files = sorted(path for path in FOLDER.glob("*/*") if path.is_file())
    return [Sample(path.parent.name, path.name, path.read_bytes().decode("utf-8")) for path in files]
