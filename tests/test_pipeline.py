"""Decisions are made once for a conversation prefix and replayed, and every failure leaves the text as it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from headroom import policy
from headroom.errors import StoreError
from headroom.pins import chain, text_keys
from headroom.pipeline import conversation, decide, replayed
from headroom.rendering import Moment
from headroom.store import MemoryStore
from headroom.tokens import counter
from headroom.types import Decision, Item, Pin, PinKey, Store, ToolCall, WayBack
from tests.samples import samples

RECORDS = json.dumps([{"id": i, "name": f"item-{i}", "state": "open", "size": i * 7} for i in range(60)], indent=2)
OTHER = json.dumps([{"id": i, "owner": f"user-{i}", "role": "admin"} for i in range(60)], indent=2)


def moment(store: Store | None, level: str = "lossless", way: WayBack = "none", **more: object) -> Moment:
    return replace(Moment(level=policy.level(level), counter=counter(), store=store, way=way), **more)  # type: ignore[arg-type]


def task(text: str = "please look") -> Item:
    return Item(role="user", kind="text", text=text, leaf=(0, "content"))


def said(text: str) -> Item:
    return Item(role="assistant", kind="text", text=text)


def call(number: int, tool: str = "list_items", **args: object) -> Item:
    return Item(role="assistant", kind="call", call=ToolCall(id=f"c{number}", name=tool, args=args))


def result(number: int, text: str, tool: str = "list_items", is_error: bool = False, **args: object) -> Item:
    made_by = ToolCall(id=f"c{number}", name=tool, args=args)
    return Item(role="user", kind="result", text=text, call=made_by, leaf=(number, "content"), is_error=is_error)


def last(items: Sequence[Item], at: Moment) -> Decision:
    return decide("d", items, at)[-1]


def test_records_are_encoded_and_the_original_is_stored() -> None:
    store = MemoryStore()
    decision = last([task(), call(1), result(1, RECORDS)], moment(store))

    assert decision.reason == "encoded"
    assert decision.rendering is not None
    assert decision.tokens_after < decision.tokens_before
    assert decision.ref is not None
    assert store.get(decision.ref).text == RECORDS


def test_a_decision_is_replayed_at_another_level_and_when_the_conversation_has_grown() -> None:
    store = MemoryStore()
    turn = [task(), call(1), result(1, RECORDS)]
    first = decide("d", turn, moment(store))
    grown = decide("d", [*turn, said("I see"), call(2), result(2, OTHER)], moment(store, "meter"))

    assert grown[: len(first)] == first
    assert grown[-1].reason == "level"


def test_what_is_known_throughout_is_replayed_without_a_count_and_what_is_not_is_left_to_others() -> None:
    class Unasked:
        name, estimate, factor = "none", False, 1.0

        def count(self, text: str) -> int:
            raise AssertionError("what is known is not counted again")

    store = MemoryStore()
    turn = [task(), call(1), result(1, RECORDS)]
    unasked = replace(moment(store), counter=Unasked())
    assert replayed("d", turn, unasked) is None

    decided = conversation("d", turn, moment(store))
    again = replayed("d", turn, unasked)

    assert again is not None
    assert (again.decisions, again.way, again.new) == (decided.decisions, decided.way, frozenset())
    assert replayed("d", [*turn, said("I see"), call(2), result(2, OTHER)], unasked) is None
    assert replayed("d", turn, replace(unasked, store=None)) is None


def test_a_part_first_seen_raw_stays_raw_at_a_deeper_level() -> None:
    store = MemoryStore()
    turn = [task(), call(1), result(1, RECORDS)]
    assert last(turn, moment(store, "meter")).rendering is None
    assert last([*turn, said("go on"), task()], moment(store, "lossless")).rendering is None


def test_the_rendering_of_an_older_version_of_a_compressor_is_replayed() -> None:
    store = MemoryStore()
    turn = [task(), call(1), result(1, RECORDS)]
    new = last(turn, moment(MemoryStore()))
    old = replace(new, version=0, rendering="[an older format] ...")
    store.pin([Pin(key=PinKey(chain("d", turn)[-1], "none"), text_key=text_keys([turn[-1]], "none")[0], decision=old)])

    assert last(turn, moment(store)) == old
    assert last([*turn, said("go on")], moment(store)) == old


class RacingStore(MemoryStore):
    """A store in which another worker pins between this worker's look-up and its own pin."""

    def pins(self, chains: Sequence[bytes]) -> dict[PinKey, Pin]:
        return {}


def test_of_two_workers_that_race_both_send_what_was_pinned_first() -> None:
    store = RacingStore()
    turn = [task(), call(1), result(1, RECORDS)]
    first = decide("d", turn, moment(store, "lossless"))
    assert decide("d", turn, moment(store, "meter")) == first


def test_a_changed_early_block_loses_no_rendering() -> None:
    store = MemoryStore()
    results = [call(1), result(1, RECORDS), call(2), result(2, OTHER), said("done")]
    before = decide("d", [task("today is Monday"), *results], moment(store))
    after = decide("d", [task("today is Tuesday"), *results, call(3), result(3, "short")], moment(store, "meter"))

    assert [d.rendering for d in after[1:3]] == [d.rendering for d in before[1:3]]
    assert after[1].rendering is not None


def test_history_that_was_never_seen_is_rendered_or_kept_raw_as_the_caller_says() -> None:
    turn = [task(), call(1), result(1, RECORDS), said("I see"), task("and now?")]
    rendered = decide("d", turn, moment(MemoryStore(), history="render"))
    kept = decide("d", turn, moment(MemoryStore(), history="raw"))

    assert rendered[1].reason == "encoded"
    assert [kept[0].reason, kept[1].reason] == ["sent-raw", "sent-raw"]


def test_a_part_kept_raw_in_the_history_is_raw_ever_after() -> None:
    store = MemoryStore()
    turn = [task(), call(1), result(1, RECORDS), said("I see"), task("and now?")]
    decide("d", turn, moment(store, history="raw"))
    assert decide("d", turn, moment(store, history="render"))[1].reason == "sent-raw"


def test_a_conversation_keeps_the_way_back_it_began_with() -> None:
    store = MemoryStore()
    turn = [task(), call(1), result(1, RECORDS)]
    began = decide("d", turn, moment(store, way="mcp"))
    more = [*turn, said("I see"), call(2), result(2, OTHER)]
    assert decide("d", more, moment(store, way="none"))[: len(began)] == began
    key = PinKey(chain("d", more)[-1], "mcp")
    assert key in store.pins([key.chain])


class BrokenStore(MemoryStore):
    """A store whose disk is full: it reads, but every write fails."""

    def put(self, text: str) -> str:
        raise StoreError("disk full")

    def pin(self, pins: Sequence[Pin]) -> list[Pin]:
        raise StoreError("disk full")


class UnreadableStore(MemoryStore):
    def pins(self, chains: Sequence[bytes]) -> dict[PinKey, Pin]:
        raise StoreError("locked")


@pytest.mark.parametrize("store", [None, BrokenStore(), UnreadableStore()], ids=["absent", "full", "locked"])
def test_a_store_that_fails_leaves_new_parts_as_they_are(store: Store | None) -> None:
    decision = last([task(), call(1), result(1, RECORDS)], moment(store))
    assert (decision.rendering, decision.reason) == (None, "store-failed")


def test_a_store_that_cannot_be_written_still_replays_its_pins() -> None:
    store = BrokenStore()
    turn = [task(), call(1), result(1, RECORDS)]
    sound = MemoryStore()
    first = decide("d", turn, moment(sound))
    for item, value, decision in zip(
        (turn[0], turn[2]), (chain("d", turn)[0], chain("d", turn)[2]), first, strict=True
    ):
        pin = Pin(key=PinKey(value, "none"), text_key=text_keys([item], "none")[0], decision=decision)
        MemoryStore.pin(store, [pin])
    grown = decide("d", [*turn, said("x"), call(2), result(2, OTHER)], moment(store))
    assert grown[:2] == first
    assert grown[2].reason == "store-failed"


NOTES = "\n".join(
    f"{i}. {w} and then some more words about {w}, number {i * i}"
    for i, w in enumerate(("wind rain sun snow hail " * 9).split())
)


def reread(second: str) -> list[Item]:
    """A conversation that reads one file twice, the second time with other arguments."""
    first: dict[str, Any] = {"file_path": "notes.md"}
    again: dict[str, Any] = {"file_path": "notes.md", "limit": 900}
    return [
        task(),
        call(1, "Read", **first),
        result(1, NOTES, "Read", **first),
        call(2, "Read", **again),
        result(2, second, "Read", **again),
    ]


def test_the_same_text_again_is_told_by_reference_and_comes_back() -> None:
    store = MemoryStore()
    first, again = decide("d", reread(NOTES), moment(store))[1:]

    assert first.rendering is None
    assert (again.reason, again.lossless) == ("repeats", True)
    assert again.rendering is not None
    assert "Read notes.md" in again.rendering
    assert again.tokens_after < 30
    assert again.ref is not None
    assert store.get(again.ref).text == NOTES


def test_what_differs_from_the_earlier_text_stays_visible() -> None:
    changed = NOTES.replace("12. sun", "12. MOON").replace("number 400", "number 401")
    told = decide("d", reread(changed), moment(MemoryStore()))[-1]
    assert told.rendering is not None
    assert told.reason == "repeats"
    assert "12. MOON and then" in told.rendering
    assert "number 401" in told.rendering


def test_nothing_refers_to_a_text_that_another_worker_sent_otherwise() -> None:
    store = RacingStore()
    first: dict[str, Any] = {"file_path": "a.json"}
    turn = [task(), call(1, "Read", **first), result(1, RECORDS, "Read", **first)]
    more = [*turn, call(2, "Read", **first, limit=9), result(2, RECORDS, "Read", **first, limit=9)]
    assert decide("d", more, moment(MemoryStore()))[-1].reason == "repeats"
    sent_raw = decide("d", turn, moment(store, "meter"))

    decisions = decide("d", more, moment(store))

    assert decisions[: len(sent_raw)] == sent_raw
    assert decisions[-1].reason == "encoded"
    assert not decisions[-1].refers


def test_text_that_the_model_wrote_is_told_by_reference_too() -> None:
    wrote = Item(
        role="assistant", kind="call", call=ToolCall(id="w", name="Write", args={"file_path": "n.md", "content": NOTES})
    )
    told = decide(
        "d", [task(), wrote, call(2, "Bash"), result(2, NOTES, "Bash", command="cat n.md")], moment(MemoryStore())
    )[-1]
    assert told.rendering is not None
    assert "your Write n.md" in told.rendering


def test_no_text_refers_to_another_where_the_provider_clears_earlier_results() -> None:
    assert decide("d", reread(NOTES), moment(MemoryStore(), references=False))[-1].rendering is None


def test_a_told_text_is_replayed_after_an_early_change_only_while_its_source_is_there() -> None:
    store = MemoryStore()
    turn = [*reread(NOTES), said("done")]
    told = decide("d", turn, moment(store))[-1]
    assert decide("d", [task("another day"), *turn[1:]], moment(store))[-1] == told
    assert decide("d", [task("another day"), *turn[3:]], moment(store))[-1].reason == "sent-raw"


PROBE = next(sample.text for sample in samples() if sample.kind == "raw")
PROSE = "One sentence is said once, and then another one comes after it, and both of them say something else. "

GATES = [
    ("small", result(1, "ok"), "lossless"),
    ("level", result(1, RECORDS), "meter"),
    ("binary", result(1, RECORDS + "\0"), "lossless"),
    ("not-unicode", result(1, RECORDS + "\ud800"), "lossless"),
    ("secret", result(1, RECORDS, "Read", file_path="/app/.env"), "lossless"),
    ("secret", result(1, RECORDS + "-----BEGIN RSA PRIVATE KEY-----"), "lossless"),
    ("retrieved", result(1, RECORDS, "mcp__headroom__headroom_retrieve"), "lossless"),
    ("retrieved", result(1, RECORDS, "Bash", command="headroom get k3f9a2tq7mbn --lines 1-90"), "lossless"),
    ("contains-format", result(1, RECORDS + 'headroom_retrieve("k3f9a2tq7mbn")'), "lossless"),
    ("no-fit", result(1, PROBE), "lossless"),
    ("no-gain", result(1, PROSE + "Nobody had seen the boats since noon. " * 8), "lossless"),
    ("level", result(1, RECORDS[:900], is_error=True), "lossless"),
    ("level", result(1, RECORDS, "TodoWrite"), "lossless"),
    ("level", Item(role="user", kind="text", text="do this and that, " * 60, leaf=(0,)), "lossless"),
]


@pytest.mark.parametrize(("reason", "part", "level"), GATES)
def test_a_part_that_must_not_change_stays_with_its_reason(reason: str, part: Item, level: str) -> None:
    decision = last([part], moment(MemoryStore(), level))
    assert (decision.rendering, decision.reason) == (None, reason)
    assert decision.tokens_after == decision.tokens_before
    assert reason in policy.REASONS


def test_a_failed_tool_with_a_long_output_is_encoded() -> None:
    assert last([result(1, RECORDS, is_error=True)], moment(MemoryStore())).reason == "encoded"


def test_records_that_a_user_pasted_are_encoded_and_a_short_instruction_is_not() -> None:
    pasted = Item(role="user", kind="text", text="What is wrong here?\n" + RECORDS, leaf=(0,))
    assert last([pasted], moment(MemoryStore())).reason == "encoded"


def test_secret_text_is_never_written_to_the_store() -> None:
    store = MemoryStore()
    last([result(1, RECORDS, "Read", file_path="deploy/key.pem")], moment(store))
    assert store.usage().originals == 0


def test_outside_a_conversation_nothing_is_pinned() -> None:
    store = MemoryStore()
    decide("text", [result(1, RECORDS)], moment(store), pinned=False)
    assert store.usage().pins == 0
    assert decide("text", [result(1, RECORDS)], moment(store, "meter"), pinned=False)[0].reason == "level"


def test_every_reason_the_pipeline_gives_is_explained() -> None:
    assert all(meaning and not meaning.endswith(".") for meaning in policy.REASONS.values())
