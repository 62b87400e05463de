"""Edits of other programs' files, each with its owner, undone byte for byte.

The journal is written ahead: before any file is touched, it holds the old and the new bytes of all of them. A run that
was killed is rolled back by the next one, so every call starts from a state that some call has left whole. While
nobody else edits a file, taking out the last owner's edits brings back the bytes from before the first one. If somebody
did, exactly our keys are taken out, and the result counts as the file without us from then on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from headroom.configs import _disk, _records
from headroom.configs._change import Change
from headroom.configs._plan import Plan, faults, original, plans
from headroom.configs._records import Edit, Entry, Pending, Records, Write
from headroom.errors import ConfigError
from headroom.locks import locked

TRIES = 5
"""A file that another program writes between our reading and our writing is read again this often."""


class _Raced(Exception):
    """Another program wrote the file after we had read it."""


class Journal:
    """The edits that are in force. Safe for threads and processes: a lock file lets one call work at a time."""

    def __init__(self, folder: Path, home: Path) -> None:
        """`folder` is ours (it is made, closed to others), `home` the user's home folder."""
        self._folder = folder
        self._home = home

    def apply(self, owner: str, changes: Sequence[Change]) -> list[Path]:
        """Makes these the owner's changes, in place of earlier ones, in all files or in none; the files that were
        written. Raises ConfigError; nothing is changed then."""
        wanted: dict[str, list[Change]] = {}
        for change in changes:
            wanted.setdefault(str(_disk.target(change.file, self._home)), []).append(change)
        edits = {file: _records.edit(owner, group) for file, group in wanted.items()}
        return self._run(owner, edits)

    def undo(self, owner: str) -> list[Path]:
        """Takes the owner's changes out of all files; the files that were written or removed. Raises ConfigError;
        nothing is changed then."""
        return self._run(owner, {})

    def owners(self) -> list[str]:
        """Who has edits in force, in the order of their names."""
        files = _records.load(self._folder).files
        return sorted({edit.owner for entry in files.values() for edit in entry.edits})

    def changes(self, owner: str) -> list[Change]:
        """The owner's changes that are in force, one for each file, in the order of their files."""
        files = sorted(_records.load(self._folder).files.items())
        return [
            Change(file=Path(file), form=edit.form, sets=edit.sets, appends=edit.appends, text=edit.text)
            for file, entry in files
            for edit in entry.edits
            if edit.owner == owner
        ]

    def interrupted(self) -> list[Path]:
        """The files of a call that was killed half-way; the next `apply` or `undo` restores them."""
        pending = _records.load(self._folder).pending
        return [Path(file) for file in pending.writes] if pending is not None else []

    def original(self, file: Path) -> bytes | None:
        """The bytes that a file would have without us, None if it would not be there. Raises ConfigError, OSError."""
        file = _disk.target(file, self._home)
        return original(file, _records.load(self._folder).files.get(str(file)))

    def faults(self, owner: str) -> list[str]:
        """Sentences on what is no longer as the owner set it. Nothing is changed."""
        records = _records.load(self._folder)
        found = ["A change of configuration files was interrupted; run it again."] if records.pending else []
        for file, entry in records.files.items():
            for edit in entry.edits:
                if edit.owner == owner:
                    found += [f"{file}: {fault}." for fault in faults(Path(file), edit)]
        return found

    def _run(self, owner: str, edits: dict[str, Edit]) -> list[Path]:
        if not edits and not (self._folder / _records.NAME).exists():
            return []
        try:
            with self._opened() as records:
                for _ in range(TRIES):
                    with suppress(_Raced):
                        return self._commit(records, plans(records, owner, edits))
                    records = _records.load(self._folder)
        except OSError as error:
            raise ConfigError(
                f"{error.filename or self._folder} cannot be read or written ({error.strerror or error}); check its "
                "permissions and the space on its disk"
            ) from error
        raise ConfigError("another program keeps writing to a configuration file; close it and try again")

    @contextmanager
    def _opened(self) -> Iterator[Records]:
        """The records, the lock held, after what a killed run had begun was rolled back."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._folder / "lock"):
            _disk.clear(self._folder / _records.NAME)
            yield self._rolled_back(_records.load(self._folder))

    def _commit(self, records: Records, plans: dict[str, Plan]) -> list[Path]:
        """Writes the files of all plans, or none; the records before, between and after."""
        files = {file: entry for file, entry in records.files.items() if file not in plans}
        files |= {file: plan.entry for file, plan in plans.items() if plan.entry is not None}
        writes = {file: plan.write for file, plan in plans.items() if plan.write.old != plan.write.new}
        if not writes:
            if files != records.files:
                _records.save(self._folder, Records(files, records.folders))
            return []
        new = [str(folder) for file, write in writes.items() if write.new is not None
               for folder in _disk.made_folders(Path(file))]  # fmt: skip
        folders = tuple(dict.fromkeys([*records.folders, *new]))
        begun = Records(records.files, folders, Pending(writes, files))
        _records.save(self._folder, begun)
        done = False
        try:
            for file, write in writes.items():
                _write(Path(file), write)
            done = True
        finally:
            if not done:
                self._rolled_back(begun)
        _records.save(self._folder, Records(files, _swept(folders, files)))
        return [Path(file) for file in writes]

    def _rolled_back(self, records: Records) -> Records:
        """The records after the files of a call that was cut short have their old bytes again."""
        if records.pending is None:
            return records
        files = dict(records.files)
        for name, write in records.pending.writes.items():
            file = Path(name)
            _disk.clear(file)
            now = _disk.read(file)
            if now == write.old:
                continue
            if now == write.new:
                file.parent.mkdir(parents=True, exist_ok=True)
                _disk.replace(file, write.old, write.mode)
            else:
                files |= _either(name, records.files, records.pending.files)
        whole = Records(files, _swept(records.folders, files))
        _records.save(self._folder, whole)
        return whole


def _either(name: str, before: dict[str, Entry], after: dict[str, Entry]) -> dict[str, Entry]:
    """The entry of a file that somebody edited after a killed run: with or without the run's edits, nobody knows, so
    it has both. Edits that are not in the file do no harm."""
    entries = [found[name] for found in (before, after) if name in found]
    edits: list[Edit] = []
    for entry in entries:
        edits += [edit for edit in entry.edits if edit not in edits]
    return {name: Entry(entries[0].base, "", tuple(edits))} if entries else {}


def _swept(folders: Sequence[str], files: dict[str, Entry]) -> tuple[str, ...]:
    """Removes the folders that we made and that are empty; those that a file with edits of ours is still in."""
    left = [folder for folder in sorted(folders, key=len, reverse=True) if not _disk.remove_if_empty(Path(folder))]
    return tuple(folder for folder in left if any(Path(file).is_relative_to(folder) for file in files))


def _write(file: Path, write: Write) -> None:
    if _disk.read(file) != write.old:
        raise _Raced
    if write.old is not None and not os.access(file, os.W_OK):
        raise PermissionError(13, "it is read-only", str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    _disk.replace(file, write.new, write.mode)
