"""Laws of the edits, over files in many hands' writing: only what is wanted changes; undo gives back every byte."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.configs import Change, Form
from headroom.errors import ConfigError
from headroom.types import Json
from tests.config_samples import journal
from tests.config_texts import Wanted, texts, wanted

FORMS: tuple[Form, ...] = ("json", "toml", "yaml")
MEMORY = Path("/dev/shm")
"""Where there is such a place, flushing to the disk costs nothing."""

EXAMPLES = settings(max_examples=40 if settings().derandomize else settings().max_examples // 10)
FORM = pytest.mark.parametrize("form", FORMS)


@contextmanager
def home_with(text: str) -> Iterator[tuple[Path, Path]]:
    """A home folder, and a file in it."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        file = Path(folder) / "config"
        file.write_bytes(text.encode())
        yield Path(folder), file


def change(file: Path, form: Form, wants: Wanted) -> Change:
    return Change(file=file, form=form, sets=wants.sets, appends=wants.appends)


def applied(home: Path, file: Path, form: Form, wants: Wanted, owner: str = "wrap") -> bool:
    """True unless the change was refused, and then nothing in the file may be different."""
    before = file.read_bytes()
    try:
        journal(home).apply(owner, [change(file, form, wants)])
    except ConfigError:
        assert file.read_bytes() == before
        return False
    return True


def value_of(form: Form, text: str) -> Json:
    """What other readers than ours make of it."""
    if form == "toml":
        return tomllib.loads(text)
    return json.loads(text) if form == "json" else (yaml.safe_load(text) or {})


def expected(value: Json, wants: Wanted) -> Json:
    """The value with the keys set and the elements added."""
    value = json.loads(json.dumps(value))
    for path, new in wants.sets:
        table = value
        for key in path[:-1]:
            table[key] = {} if table.get(key) is None else table[key]
            table = table[key]
        table[path[-1]] = new
    for path, element in wants.appends:
        table = value
        for key in path[:-1]:
            table[key] = {} if table.get(key) is None else table[key]
            table = table[key]
        table[path[-1]] = [] if table.get(path[-1]) is None else table[path[-1]]
        if json.dumps(element, sort_keys=True) not in [json.dumps(held, sort_keys=True) for held in table[path[-1]]]:
            table[path[-1]].append(element)
    return value


@FORM
@EXAMPLES
@given(st.data())
def test_undo_is_the_inverse_of_apply(form: Form, data: st.DataObject) -> None:
    text, first, second = data.draw(texts(form)), data.draw(wanted(form)), data.draw(wanted(form))
    with home_with(text) as (home, file):
        applied(home, file, form, first)
        applied(home, file, form, second)
        journal(home).undo("wrap")
        assert file.read_bytes() == text.encode()
        assert journal(home).owners() == []


@FORM
@EXAMPLES
@given(st.data())
def test_exactly_what_is_wanted_changes(form: Form, data: st.DataObject) -> None:
    text, wants = data.draw(texts(form)), data.draw(wanted(form))
    with home_with(text) as (home, file):
        if applied(home, file, form, wants):
            try:
                before = value_of(form, text)
                after = value_of(form, file.read_bytes().decode())
            except json.JSONDecodeError:  # comments
                return
            assert json.dumps(after, sort_keys=True) == json.dumps(expected(before, wants), sort_keys=True)
            assert journal(home).faults("wrap") == []
            assert journal(home).apply("wrap", [change(file, form, wants)]) == []


@FORM
@EXAMPLES
@given(st.data())
def test_what_the_user_edits_elsewhere_stays(form: Form, data: st.DataObject) -> None:
    text, wants = data.draw(texts(form)), data.draw(wanted(form))
    note = "/* mine */" if form == "json" else "# mine\r\n" if "\r\n" in text else "# mine\n"
    with home_with(text) as (home, file):
        if applied(home, file, form, wants):
            file.write_bytes(note.encode() + file.read_bytes())
            try:
                journal(home).undo("wrap")
            except ConfigError:
                return
            assert file.read_bytes().decode() == note + text


@FORM
@EXAMPLES
@given(st.data())
def test_owners_come_and_go_in_any_order(form: Form, data: st.DataObject) -> None:
    text = data.draw(texts(form))
    owners = {name: data.draw(wanted(form)) for name in ("one", "two", "three")}
    with home_with(text) as (home, file):
        there = [name for name, wants in owners.items() if applied(home, file, form, wants, name)]
        for name in data.draw(st.permutations(there)):
            journal(home).undo(name)
        assert file.read_bytes() == text.encode()
