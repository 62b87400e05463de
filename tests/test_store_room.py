"""How every entry of STORES makes room: what goes first, what never goes, and that all of them decide alike."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.errors import StoreError, UnknownRefError
from headroom.store import STORES, StoreKind
from headroom.types import Store
from tests.store_samples import DAY, HOUR, Clock, a_cut, a_pin, is_held, noise


@pytest.fixture(params=STORES, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> StoreKind:
    chosen: StoreKind = request.param
    return chosen


def test_the_original_used_longest_ago_goes_first(kind: StoreKind, tmp_path: Path) -> None:
    clock = Clock()
    with closing(kind.open(tmp_path, cap_bytes=2400, clock=clock)) as store:
        refs = []
        for seed in range(4):
            clock.now += HOUR
            refs.append(store.put(noise(seed)))
        clock.now += HOUR
        store.get(refs[0])
        clock.now += HOUR
        store.put(noise(1))
        clock.now += HOUR

        added = store.put(noise(9))

        assert [is_held(store, ref) for ref in [*refs, added]] == [True, True, False, True, True]
        assert store.usage().bytes <= 2400
        assert store.verify() == []


def test_an_original_above_the_cap_is_refused_and_nothing_goes(kind: StoreKind, tmp_path: Path) -> None:
    with closing(kind.open(tmp_path, cap_bytes=2400)) as store:
        ref = store.put(noise(1))
        before = store.usage()

        with pytest.raises(StoreError, match=r"full: one original needs .* its cap is 2,400; raise the cap"):
            store.put(noise(2, 6000))

        assert store.usage() == before
        assert is_held(store, ref)


def test_what_a_recent_pin_dropped_something_of_is_never_removed(kind: StoreKind, tmp_path: Path) -> None:
    clock = Clock()
    with closing(kind.open(tmp_path, cap_bytes=2400, clock=clock)) as store:
        refs = [store.put(noise(seed)) for seed in range(4)]
        store.pin([a_cut(f"chain {ref}", ref) for ref in refs])
        before = store.usage()
        clock.now += 30 * DAY

        with pytest.raises(StoreError, match=r"full: .* last 30 days .*; raise the cap of the store, or run: headroom"):
            store.put(noise(9))

        assert store.usage() == before
        assert store.put(noise(2)) == refs[2]
        clock.now += 2 * DAY
        assert is_held(store, store.put(noise(9)))
        assert not is_held(store, refs[0])


def test_looking_a_pin_up_protects_its_original_for_another_month(kind: StoreKind, tmp_path: Path) -> None:
    clock = Clock()
    with closing(kind.open(tmp_path, cap_bytes=2400, clock=clock)) as store:
        refs = [store.put(noise(seed)) for seed in range(4)]
        pins = [a_cut(f"chain {ref}", ref) for ref in refs]
        store.pin(pins)
        clock.now += 20 * DAY
        store.pins([pins[0].key.chain])
        store.pins_by_text([pins[0].text_key])
        clock.now += 20 * DAY

        store.put(noise(9))

        assert [is_held(store, ref) for ref in refs] == [True, False, True, True]


def test_a_lossless_pin_holds_on_to_no_original(kind: StoreKind, tmp_path: Path) -> None:
    with closing(kind.open(tmp_path, cap_bytes=2400)) as store:
        refs = [store.put(noise(seed)) for seed in range(4)]
        store.pin([a_pin(f"chain {ref}", ref=ref) for ref in refs])

        store.put(noise(9))

        assert not is_held(store, refs[0])


STEPS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 9)),
    st.tuples(st.just("get"), st.integers(0, 9)),
    st.tuples(st.just("cut"), st.integers(0, 9)),
    st.tuples(st.just("look"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.sampled_from((10, 100, 5000, 90_000, 1_500_000))),
    st.tuples(st.just("purge"), st.just(0)),
)


@given(st.lists(STEPS, min_size=5, max_size=40))
@settings(deadline=None, max_examples=60)
def test_every_store_answers_a_history_alike(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        histories = [history(kind, Path(folder), steps) for kind in STORES]

    assert all(told == histories[0] for told in histories)


def history(kind: StoreKind, folder: Path, steps: list[tuple[str, int]]) -> list[object]:
    """What a small store with short refs answers to each step."""
    clock = Clock()
    told: list[object] = []
    with closing(kind.open(folder, cap_bytes=2400, clock=clock, ref_length=1)) as store:
        refs: dict[int, str] = {}
        for step, number in steps:
            if step == "wait":
                clock.now += number
                continue
            try:
                told.append(answer(store, step, number, refs))
            except (StoreError, UnknownRefError) as error:
                told.append(type(error))
            told.append(store.usage())
        told.append(store.verify())
    return told


def answer(store: Store, step: str, number: int, refs: dict[int, str]) -> object:
    if step == "put":
        refs[number] = store.put(noise(number))
        return refs[number]
    if step == "purge":
        return store.purge()
    pin = a_cut(f"chain {number}", refs.get(number, "nosuchref234"))
    actions: dict[str, Callable[[], object]] = {
        "get": lambda: store.get(refs.get(number, "nosuchref234")),
        "cut": lambda: store.pin([pin]),
        "look": lambda: store.pins([pin.key.chain]),
    }
    return actions[step]()
