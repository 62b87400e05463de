"""What the journal remembers between runs, as one JSON file: the bytes before us, and what each owner wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from headroom.configs import _disk
from headroom.configs._change import Change, Form, Keys
from headroom.errors import ConfigError
from headroom.types import Json

NAME = "journal.json"


class Edit(msgspec.Struct, frozen=True):
    """What one owner wants in one file."""

    owner: str
    form: Form
    sets: tuple[tuple[Keys, Json], ...] = ()
    appends: tuple[tuple[Keys, Json], ...] = ()
    text: str = ""


class Entry(msgspec.Struct, frozen=True):
    """One file with edits of ours in it."""

    base: bytes | None
    """The file as it would be without us; None: it would not be there."""
    wrote: str
    """The digest of what we wrote last: if the file still has it, nobody else has edited it."""
    edits: tuple[Edit, ...]


class Write(msgspec.Struct, frozen=True):
    """One replacement of a file's bytes; None: no file."""

    old: bytes | None
    new: bytes | None
    mode: int | None
    """The file's permissions before."""


class Pending(msgspec.Struct, frozen=True):
    """Writes that were begun, and the records once they are done."""

    writes: dict[str, Write]
    files: dict[str, Entry]


class Records(msgspec.Struct, frozen=True):
    """All that is remembered."""

    files: dict[str, Entry] = {}
    folders: tuple[str, ...] = ()
    """Folders that we made."""
    pending: Pending | None = None


def digest(data: bytes | None) -> str:
    return "absent" if data is None else hashlib.sha256(data).hexdigest()


def edit(owner: str, changes: list[Change]) -> Edit:
    """The changes of one owner in one file as one. Raises ConfigError if they contradict each other."""
    forms = {change.form for change in changes}
    if len(forms) > 1:
        raise ConfigError(f"{changes[0].file} is to be edited as {' and as '.join(sorted(forms))}; give it one form")
    sets = _distinct(pair for change in changes for pair in change.sets)
    appends = _distinct(pair for change in changes for pair in change.appends)
    for i, (path, _) in enumerate(sets):
        for other, _ in (*sets[:i], *sets[i + 1 :], *appends):
            if other[: len(path)] == path:
                raise ConfigError(f"{changes[0].file} is to get two values for {'.'.join(other)}; give it one")
    return Edit(owner=owner, form=changes[0].form, sets=sets, appends=appends, text=changes[-1].text)


def _distinct(pairs: Iterable[tuple[Keys, Json]]) -> tuple[tuple[Keys, Json], ...]:
    """Each pair once, the values as JSON has them: tuples are lists."""
    found = {(path, msgspec.json.encode(value)): (path, msgspec.to_builtins(value)) for path, value in pairs}
    return tuple(found.values())


def load(folder: Path) -> Records:
    """The records of a folder; empty ones if it has none. Raises ConfigError."""
    file = folder / NAME
    try:
        data = _disk.read(file)
        return Records() if data is None else msgspec.json.decode(data, type=Records)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(
            f"the journal of configuration edits {file} cannot be read ({error}); make it readable, or move it away "
            "and take our keys out of your configuration files by hand"
        ) from error


def save(folder: Path, records: Records) -> None:
    """Replaces the records. Raises OSError."""
    _disk.replace(folder / NAME, msgspec.json.encode(records))
