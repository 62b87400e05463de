"""The promises of `types.Store`, kept by every entry of STORES."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.errors import StoreError, UnknownRefError
from headroom.store import STORES, StoreKind
from headroom.types import Omission, Original, Pin, PinKey, Store, TextKey, Usage, WayBack
from tests.store_samples import ANY_TEXT, PINS, a_cut, a_pin, is_held, noise


@pytest.fixture(params=STORES, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> StoreKind:
    chosen: StoreKind = request.param
    return chosen


@pytest.fixture
def store(kind: StoreKind, tmp_path: Path) -> Iterator[Store]:
    with closing(kind.open(tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize("kind", STORES, ids=lambda kind: kind.name)
def test_any_text_comes_back_as_it_was(kind: StoreKind) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(kind.open(Path(folder))) as store:

        @given(ANY_TEXT)
        @settings(deadline=None, max_examples=150)
        def check(text: str) -> None:
            ref = store.put(text)

            assert store.get(ref) == Original(ref, text)

        check()
        assert store.verify() == []


@pytest.mark.parametrize("kind", STORES, ids=lambda kind: kind.name)
def test_any_pin_comes_back_as_it_was_unless_its_key_is_taken(kind: StoreKind) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(kind.open(Path(folder))) as store:

        @given(st.lists(PINS, max_size=4))
        @settings(deadline=None, max_examples=80)
        def check(pins: list[Pin]) -> None:
            store.purge()
            first_by_key: dict[PinKey, Pin] = {}
            first_by_text: dict[TextKey, Pin] = {}
            for pin in pins:
                if pin.key not in first_by_key:
                    first_by_key[pin.key] = pin
                    first_by_text.setdefault(pin.text_key, pin)

            assert store.pin(pins) == [first_by_key[pin.key] for pin in pins]
            chains = {pin.key.chain for pin in pins}
            expected = {key: pin for key, pin in first_by_key.items() if key.chain in chains}
            assert store.pins([pin.key.chain for pin in pins]) == expected
            by_text = {pin.text_key: first_by_text[pin.text_key] for pin in pins if pin.text_key in first_by_text}
            assert store.pins_by_text([pin.text_key for pin in pins]) == by_text
            assert store.usage().pins == len(first_by_key)
            assert store.verify() == []

        check()


@pytest.mark.parametrize("odd", ["\ud800", "\ud800\udfff", "a\0b", "\0", "", "é😀", "(\udcb5/\udcfd"])
@pytest.mark.parametrize("times", [1, 3000])
def test_odd_characters_come_back_from_every_place_of_a_pin(store: Store, odd: str, times: int) -> None:
    cut = Omission(unit="rows", first=1, last=2, what=odd)
    pin = a_pin("one", rendering=odd * times, call_id=odd, ref=store.put(odd), omissions=(cut,))

    assert store.pin([pin]) == [pin]
    assert store.pins([pin.key.chain]) == {pin.key: pin}
    assert store.pins_by_text([pin.text_key]) == {pin.text_key: pin}


def test_the_same_text_is_kept_once_under_the_same_ref(store: Store) -> None:
    text = noise(1)

    refs = {store.put(text) for _ in range(3)}

    assert len(refs) == 1
    assert store.usage().originals == 1


def test_a_ref_is_twelve_base32_characters_of_the_hash(store: Store) -> None:
    assert store.put("abc") == "xj4bnp4pahh6"  # sha256("abc") is ba7816bf 8f01cfea …


def test_a_ref_is_found_in_capitals_and_with_blanks_around(store: Store) -> None:
    ref = store.put("abc")

    assert store.get(f"  {ref.upper()}\n") == Original(ref, "abc")


@pytest.mark.parametrize("ref", ["", " ", "nosuchref234", "../../etc", "a'; DROP TABLE originals", "\ud800", "é", "\0"])
def test_an_unknown_ref_is_told_with_its_name_and_the_next_step(store: Store, ref: str) -> None:
    store.put("abc")

    with pytest.raises(UnknownRefError) as caught:
        store.get(ref)

    assert repr(ref) in str(caught.value)
    assert "copy the ref from the notice again" in str(caught.value)
    assert store.get("xj4bnp4pahh6").text == "abc"


def test_an_endless_ref_is_not_repeated_in_full(store: Store) -> None:
    with pytest.raises(UnknownRefError) as caught:
        store.get("a" * 1_000_000)

    assert len(str(caught.value)) < 400


def test_colliding_refs_grow_until_each_names_one_text(kind: StoreKind, tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(200)]
    with closing(kind.open(tmp_path, ref_length=1)) as store:
        refs = [store.put(text) for text in texts]

        assert len(set(refs)) == len(texts)
        assert [store.get(ref).text for ref in refs] == texts
        assert [store.put(text) for text in texts] == refs
        assert {len(ref) for ref in refs} >= {1, 2}
        for ref in refs:
            assert len(ref) == 1 or ref[:-1] in refs
        assert store.verify() == []


def test_a_pin_that_needs_a_missing_original_is_refused_with_its_batch(store: Store) -> None:
    ref = store.put("abc")
    sound, unsound = a_cut("one", ref), a_cut("two", "nosuchref234")

    with pytest.raises(StoreError, match="no longer holds the original 'nosuchref234'"):
        store.pin([sound, unsound])

    assert store.pins([sound.key.chain, unsound.key.chain]) == {}
    assert store.pin([sound]) == [sound]


def test_a_known_pin_is_returned_though_the_late_one_needs_a_missing_original(store: Store) -> None:
    known = a_pin("one", rendering="first")
    store.pin([known])

    assert store.pin([a_cut("one", "nosuchref234")]) == [known]


def test_the_first_writer_of_a_pin_wins_also_within_a_batch(store: Store) -> None:
    first, second, other = a_pin("a", rendering="1"), a_pin("a", rendering="2"), a_pin("b", rendering="3")

    assert store.pin([first, other, second]) == [first, other, first]
    assert store.pin([second]) == [first]
    assert store.pins([first.key.chain]) == {first.key: first}


def test_all_ways_back_of_a_chain_are_found_at_once(store: Store) -> None:
    ways: tuple[WayBack, ...] = ("mcp", "none", "tool")
    pins = [a_pin("same", way=way, rendering=way) for way in ways]
    store.pin(pins)

    assert store.pins([pins[0].key.chain, b"unknown", b""]) == {pin.key: pin for pin in pins}


def test_a_pin_written_after_a_look_up_is_found_by_the_next(store: Store) -> None:
    first, later = a_pin("same", way="tool"), a_pin("same", way="mcp")
    store.pin([first])
    store.pins([first.key.chain])
    store.pin([later])

    assert store.pins([first.key.chain]) == {first.key: first, later.key: later}


def test_thousands_of_chains_are_looked_up_together(store: Store) -> None:
    pins = [a_pin(f"chain {number}", call_id=f"call {number}") for number in range(3000)]
    store.pin(pins)
    unknown = [number.to_bytes(4, "big") for number in range(40_000)]

    assert store.pins([*unknown, *(pin.key.chain for pin in pins)]) == {pin.key: pin for pin in pins}
    strangers = [TextKey("tool", "", chain) for chain in unknown]
    assert store.pins_by_text([*strangers, *(pin.text_key for pin in pins)]) == {pin.text_key: pin for pin in pins}


def test_the_oldest_pin_of_a_text_is_found_by_way_call_and_text(store: Store) -> None:
    oldest = a_pin("one", rendering="oldest")
    others = [a_pin("two"), a_pin("one", way="mcp"), a_pin("three", call_id="toolu_2"), a_pin("four", text="other")]
    store.pin([oldest, *others])

    assert store.pins_by_text([oldest.text_key]) == {oldest.text_key: oldest}
    assert store.pins_by_text([TextKey("shell", "toolu_1", oldest.text_key.text_hash)]) == {}


def test_nothing_asked_is_nothing_answered(store: Store) -> None:
    assert store.pins([]) == {}
    assert store.pins_by_text([]) == {}
    assert store.pin([]) == []


def test_usage_tells_what_the_cap_bounds_and_purge_what_it_deleted(store: Store) -> None:
    refs = [store.put(noise(seed)) for seed in range(3)]
    pins = store.pin([a_cut("one", refs[0]), a_pin("two")])
    held = store.usage()

    assert (held.originals, held.pins) == (3, 2)
    assert 1500 < held.bytes < 2400
    assert store.purge() == held
    assert store.usage() == Usage(0, 0, 0)
    assert store.pins([pin.key.chain for pin in pins]) == {}
    assert not is_held(store, refs[0])


def test_after_a_purge_a_key_is_free_for_another_decision(store: Store) -> None:
    before, after = a_pin("one", rendering="before"), a_pin("one", rendering="after")
    store.pin([before])
    store.pins([before.key.chain])
    store.purge()

    assert store.pin([after]) == [after]
    assert store.pins([after.key.chain]) == {after.key: after}


USES: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.put("abc"),
    "get": lambda store: store.get("xj4bnp4pahh6"),
    "pins": lambda store: store.pins([b"chain"]),
    "pins_by_text": lambda store: store.pins_by_text([TextKey("tool", "", b"")]),
    "pin": lambda store: store.pin([a_pin("one")]),
    "usage": lambda store: store.usage(),
    "verify": lambda store: store.verify(),
    "purge": lambda store: store.purge(),
}


@pytest.mark.parametrize("use", USES)
def test_a_closed_store_says_so_and_may_be_closed_again(store: Store, use: str) -> None:
    store.put("abc")
    store.close()
    store.close()

    with pytest.raises(StoreError, match="is closed; open it again"):
        USES[use](store)


def test_the_decisions_on_an_original_are_told_oldest_first_and_others_are_not(store: Store) -> None:
    ref, other = store.put("abc"), store.put("def")
    pins = [
        a_pin("two", rendering="first", ref=ref),
        a_cut("three", other),
        a_cut("one", ref, rendering="long " * 1000),
        a_pin("two", way="shell", rendering="third", ref=ref),
        a_pin("four", rendering="of no original"),
    ]
    for pin in pins:
        store.pin([pin])
    store.pin([a_pin("two", rendering="too late", ref=ref)])

    told = [pins[0].decision, pins[2].decision, pins[3].decision]
    assert store.decisions(ref) == told
    assert store.decisions(f" {ref.upper()} ") == told
    assert store.decisions(other) == [pins[1].decision]
    store.purge()
    assert store.decisions(ref) == []


def test_an_original_without_a_pin_has_no_decisions(store: Store) -> None:
    assert store.decisions(store.put("abc")) == []
    assert store.decisions("nosuchref234") == []
    with pytest.raises(UnknownRefError):
        store.decisions("no ref at all")


def test_a_forgotten_pin_is_found_by_neither_key_and_its_place_is_free(store: Store) -> None:
    first, second = a_pin("one", rendering="first", call_id="a"), a_pin("two", rendering="second", call_id="b")
    store.pin([first, second])
    store.unpin([first.key, PinKey(b"never pinned", "none")])

    assert store.pins([first.key.chain, second.key.chain]) == {second.key: second}
    assert store.pins_by_text([first.text_key, second.text_key]) == {second.text_key: second}
    again = a_pin("one", rendering="another", call_id="a")
    assert store.pin([again]) == [again]


def test_notes_come_back_under_each_of_their_keys_and_the_last_one_counts(store: Store) -> None:
    store.note([b"a", b"b"], b"first")
    store.note([b"b", b"c"], b"\0second\xff")

    assert store.notes([b"a", b"b", b"c", b"d"]) == {b"a": b"first", b"b": b"\0second\xff", b"c": b"\0second\xff"}
    assert store.notes([]) == {}
    store.purge()
    assert store.notes([b"a", b"b"]) == {}


def test_threads_that_write_the_same_things_agree(store: Store) -> None:
    texts = [noise(seed, 4000) for seed in range(30)]
    answers: list[list[object]] = [[] for _ in range(6)]
    start = threading.Barrier(len(answers))

    def work(worker: int) -> None:
        start.wait()
        for number, text in enumerate(texts):
            ref = store.put(text)
            held = store.pin([a_pin(f"chain {number}", rendering=f"worker {worker}")])
            answers[worker] += [store.get(ref), held, store.pins([held[0].key.chain])]

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(len(answers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) == 3 * len(texts)
    assert store.usage()[:2] == (30, 30)
    assert store.verify() == []
