"""The store of dry runs: it answers as the store below would, and nothing reaches that one."""

from __future__ import annotations

import pytest

from headroom.errors import UnknownRefError
from headroom.store import MemoryStore, TrialStore
from headroom.types import Usage
from tests.store_samples import a_cut, a_pin


def test_what_is_below_is_found_and_what_is_written_stays_above() -> None:
    below = MemoryStore()
    kept, note = below.put("kept"), b"key"
    below.pin([a_pin("old")])
    below.note([note], b"below")
    before = below.usage()
    trial = TrialStore(below)
    new = trial.put("new")
    trial.pin([a_pin("new")])
    trial.note([b"another"], b"above")

    assert (trial.get(kept).text, trial.get(new).text) == ("kept", "new")
    assert len(trial.pins([a_pin("old").key.chain, a_pin("new").key.chain])) == 2
    assert set(trial.pins_by_text([a_pin("old").text_key, a_pin("new").text_key])) == {
        a_pin("old").text_key, a_pin("new").text_key,
    }  # fmt: skip
    assert trial.notes([note, b"another"]) == {note: b"below", b"another": b"above"}
    assert below.usage() == before
    assert below.notes([b"another"]) == {}
    with pytest.raises(UnknownRefError):
        below.get(new)


def test_a_key_that_is_taken_below_keeps_its_pin() -> None:
    below = MemoryStore()
    first = a_pin("place", rendering="first")
    below.pin([first])
    trial = TrialStore(below)
    second, other = a_pin("place", rendering="second"), a_pin("other")

    assert trial.pin([second, other]) == [first, other]


def test_a_pin_may_need_an_original_that_is_below() -> None:
    below = MemoryStore()
    ref = below.put("an original")
    trial = TrialStore(below)
    pin = a_cut("place", ref)

    assert trial.pin([pin]) == [pin]
    assert trial.decisions(ref) == [pin.decision]
    assert below.usage() == Usage(1, 0, below.usage().bytes)
