"""Files read and replaced as a whole: a crash leaves the old bytes or the new ones, and a name that the next call
removes."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from headroom.errors import ConfigError

NEW_FILE = 0o600
"""Tokens live in these files."""


def read(file: Path) -> bytes | None:
    """The bytes of a file; None if there is none. Raises OSError."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def mode(file: Path) -> int | None:
    """The permissions of a file, None if there is none."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def replace(file: Path, data: bytes | None, new_mode: int | None = None) -> None:
    """Writes the whole file, or removes it. Permissions and owner stay; a new file gets `new_mode`. Raises OSError."""
    clear(file)
    if data is None:
        file.unlink(missing_ok=True)
        _flush_folder(file.parent)
        return
    aside = _aside(file)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), NEW_FILE)
    with os.fdopen(handle, "wb") as writing:
        writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())
    _keep_access(file, aside, new_mode)
    os.replace(aside, file)
    _flush_folder(file.parent)


def clear(file: Path) -> None:
    """Removes what a killed `replace` left beside the file."""
    with suppress(FileNotFoundError, NotADirectoryError):
        _aside(file).unlink()


def made_folders(file: Path) -> list[Path]:
    """The folders that have to be made for this file, outermost first."""
    return [folder for folder in reversed(file.parents) if not folder.exists()]


def remove_if_empty(folder: Path) -> bool:
    """True if the folder is gone now."""
    with suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def target(file: Path, home: Path) -> Path:
    """The file that would be written: symbolic links are followed within the home, and within the project that a file
    elsewhere belongs to. Raises ConfigError for one that leads out."""
    file = Path(os.path.abspath(file))
    try:
        real = file.resolve()
    except (OSError, RuntimeError) as error:
        raise ConfigError(f"{file} is a symbolic link that leads nowhere ({error}); repair it") from error
    home = Path(os.path.abspath(home))
    roots = [home.resolve()] if file.is_relative_to(home) else [home.resolve(), _project(file).resolve()]
    if not any(real.is_relative_to(root) for root in roots):
        raise ConfigError(
            f"{file} is reached by a symbolic link out of {roots[-1]}, to {real}; edit that file by hand, or replace "
            "the link"
        )
    return real


def _project(file: Path) -> Path:
    """The folder that a file such as `.mcp.json` or `.claude/settings.json` belongs to."""
    hidden = [folder for folder in (file, *file.parents) if folder.name.startswith(".")]
    return hidden[0].parent if hidden else file.parent


def _aside(file: Path) -> Path:
    return file.with_name(f".{file.name}.headroom")


def _keep_access(file: Path, aside: Path, new_mode: int | None) -> None:
    try:
        held = file.stat()
    except FileNotFoundError:
        if new_mode is not None:
            aside.chmod(new_mode)
        return
    if sys.platform != "win32" and (held.st_uid, held.st_gid) != (os.getuid(), aside.stat().st_gid):
        with suppress(PermissionError):  # only root gives files away
            os.chown(aside, held.st_uid, held.st_gid)
    aside.chmod(stat.S_IMODE(held.st_mode))


def _flush_folder(folder: Path) -> None:
    """Makes a new or removed name last. Windows has no such call."""
    with suppress(PermissionError, FileNotFoundError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
