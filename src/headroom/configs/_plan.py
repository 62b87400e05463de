"""What a call would do to one file: its bytes with and without the edits of each owner. Nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from headroom.configs import _disk, _edit
from headroom.configs._change import Form
from headroom.configs._records import Edit, Entry, Records, Write, digest
from headroom.configs._syntax import Broken, Refused
from headroom.errors import ConfigError
from headroom.types import Json

_BOM = "\ufeff"


class Plan(NamedTuple):
    """What a call will do to one file."""

    write: Write
    entry: Entry | None
    """None: nothing of ours is left in it."""


def plans(records: Records, owner: str, edits: dict[str, Edit]) -> dict[str, Plan]:
    """One plan for each file that the owner has or wants an edit in. Raises ConfigError, OSError."""
    held = (file for file, entry in records.files.items() if any(edit.owner == owner for edit in entry.edits))
    files = dict.fromkeys([*edits, *held])
    return {file: _plan(Path(file), records.files.get(file), owner, edits.get(file)) for file in files}


def faults(file: Path, edit: Edit) -> list[str]:
    """What of an edit is no longer in its file, as ends of a sentence."""
    try:
        data = _disk.read(file)
        if data is None:
            return ["the file is gone"]
        if edit.form == "own":
            return [] if data == edit.text.encode() else ["the file is not what we wrote"]
        return _edit.faults(_edit.SYNTAXES[edit.form], _text(file, data), edit.sets, edit.appends)
    except OSError as error:
        return [f"the file cannot be read ({error.strerror})"]
    except ConfigError as error:
        return [str(error)]
    except Broken as error:
        return [f"line {error.line} cannot be read ({error.why})"]


def original(file: Path, entry: Entry | None) -> bytes | None:
    """The bytes without any edits of ours. Raises ConfigError, OSError."""
    now = _disk.read(file)
    if entry is None:
        return now
    if digest(now) == entry.wrote:
        return entry.base
    try:
        return _stripped(file, now, entry, entry.edits, ())
    except (Broken, Refused) as error:
        raise ConfigError(f"{file} cannot be read without our keys ({error})") from error


def read(file: Path, form: Form, source: Callable[[Path], bytes | None] = _disk.read) -> dict[str, Json]:
    """What a file says; nothing if there is none. Nothing is changed.

    Args:
        file: need not exist.
        form: not "own".
        source: where its bytes are from, such as `Place.original`; by default the disk.

    Raises:
        ConfigError: it cannot be read, or is not of its form.
    """
    try:
        return dict(_edit.SYNTAXES[form].load(_text(file, source(file) or b"")))
    except Broken as error:
        raise ConfigError(f"{file}:{error.line}: {error.why}. Repair the file and try again") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror or error}); check its permissions") from error


def _plan(file: Path, entry: Entry | None, owner: str, edit: Edit | None) -> Plan:
    now, mode = _disk.read(file), _disk.mode(file)
    if entry is None:
        entry = Entry(now, digest(now), ())
    wanted = [edit] if edit else []
    if edit and any(other.form != edit.form for other in entry.edits):
        raise ConfigError(f"{file} is edited as {entry.edits[0].form} already; it cannot be edited as {edit.form} too")
    try:
        if digest(now) != entry.wrote:
            entry = Entry(_stripped(file, now, entry, entry.edits, ()), digest(now), entry.edits)
        others = [held for held in entry.edits if held.owner != owner]
        if not others and not edit:
            return Plan(Write(now, entry.base, mode), None)
        mine = [held for held in entry.edits if held.owner == owner]
        new = _stripped(file, now, entry, mine, [*others, *wanted])
        if edit:
            new = _edited(file, new, entry, edit)
    except Broken as error:
        raise ConfigError(
            f"{file}:{error.line}: {error.why}; nothing was changed. Repair the file and try again"
        ) from error
    except Refused as error:
        raise ConfigError(f"{file}: {error}; nothing was changed.{_by_hand(edit)}") from error
    return Plan(Write(now, new, mode), Entry(entry.base, digest(new), (*others, *wanted)))


def _edited(file: Path, now: bytes | None, entry: Entry, edit: Edit) -> bytes:
    """The bytes with an edit in. Raises Broken, Refused."""
    if edit.form == "own":
        if now is None or _is_ours(now, [*entry.edits, edit]):
            return edit.text.encode()
        raise Refused("a file that is not ours is in its place; move it away")
    text = "" if now is None else _text(file, now)
    return _bytes(now, _edit.applied(_edit.SYNTAXES[edit.form], text, edit.sets, edit.appends))


def _stripped(file: Path, now: bytes | None, entry: Entry, edits: Sequence[Edit], kept: Sequence[Edit]) -> bytes | None:
    """The bytes without these edits, in a file that has all of the entry's, except what is also among `kept`. Raises
    Broken, Refused."""
    if now is None or not edits:
        return now
    if edits[0].form == "own":
        if not _is_ours(now, entry.edits):
            return now
        return kept[-1].text.encode() if kept else entry.base
    text, base = _text(file, now), _text(file, entry.base or b"")
    syntax = _edit.SYNTAXES[edits[0].form]
    ours = _sets(entry.edits)
    still = _sets(kept), [pair for edit in kept for pair in edit.appends]
    for edit in reversed(edits):
        text = _edit.reverted(syntax, text, base, edit.sets, edit.appends, ours, still)
    return None if entry.base is None and not kept and _edit.is_bare(text) else _bytes(now, text)


def _sets(edits: Iterable[Edit]) -> _edit.Pairs:
    return [pair for edit in edits for pair in edit.sets]


def _is_ours(data: bytes, edits: Iterable[Edit]) -> bool:
    return any(data == edit.text.encode() for edit in edits)


def _text(file: Path, data: bytes) -> str:
    """The text without its byte order mark."""
    try:
        return data.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: this is not UTF-8; nothing was changed. Save the file as UTF-8") from error


def _bytes(before: bytes | None, text: str) -> bytes:
    """The text as bytes, with the byte order mark that the file had."""
    return ((_BOM if (before or b"").startswith(_BOM.encode()) else "") + text).encode("utf-8")


def _by_hand(edit: Edit | None) -> str:
    if edit is None or edit.form == "own":
        return ""
    try:
        return f" Add this by hand:\n{_edit.applied(_edit.SYNTAXES[edit.form], '', edit.sets, edit.appends)}"
    except Refused:  # the value itself cannot be written in this form
        return ""
