"""What is asked of a configuration file: the keys and list elements that are ours, and where a user's files are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from headroom.configs import _disk
from headroom.types import Json

Form = Literal["json", "toml", "yaml", "env", "own"]
"""How a file is written. "json" is JSON with comments and trailing commas; "env" holds lines `NAME=value`; "own" is a
file that is ours as a whole."""

Keys = tuple[str, ...]
"""The names of nested tables and, last, of the key in them."""


class Place(NamedTuple):
    """Where a user's files are."""

    home: Path
    cwd: Path
    environ: Mapping[str, str]
    """Variables that move a program's folder, such as CODEX_HOME; they are read nowhere else."""
    original: Callable[[Path], bytes | None] = _disk.read
    """The bytes of a file as it would be without us (`Journal.original`); without a journal, as it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What an owner wants in one file of another program."""

    file: Path
    form: Form
    sets: tuple[tuple[Keys, Json], ...] = ()
    """(path of keys, value): the key gets this value; what was there comes back with `undo`."""
    appends: tuple[tuple[Keys, Json], ...] = ()
    """(path of keys, element): the list there gets this element, once; a list that is absent is made."""
    text: str = ""
    """Of form "own": the whole file."""
