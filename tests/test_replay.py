"""A replayed session: what it cost by its log, what it would have cost at each level, and what one more turn costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import compress, prices
from headroom.errors import UnknownLevelError
from headroom.policy import LEVELS
from headroom.prices import Usage
from headroom.providers import detect
from headroom.replay import layout, replay
from headroom.replay.billing import DECLARED
from headroom.replay.caching import FIXED
from headroom.replay.layout import Rates, Tiers
from headroom.sessions import Request
from headroom.store import MemoryStore
from tests.replays import MODEL, asked, billed, gets, listing, reads, says, session

ALL = ("lossless", "balanced", "aggressive")


def dollars(requests: list[Request]) -> float:
    return sum(prices.dollars(r.model, r.usage._replace(output=0)) or 0.0 for r in requests if r.usage)


# --- the bill as it was ---


def test_the_raw_bill_is_the_logs_own() -> None:
    requests = session(billed(6))
    replayed = replay(requests, levels=())
    assert replayed.raw.input == pytest.approx(dollars(requests), abs=1e-9)
    assert replayed.raw.prompt == sum(r.usage.prompt for r in requests if r.usage)
    assert replayed.raw.peak == 35_000
    assert replayed.raw.output == pytest.approx(6 * 90 * 25e-6)
    assert not any(turn.estimated for turn in replayed.turns)


def test_a_placeholder_output_is_replaced_by_what_the_answer_holds() -> None:
    long = [says("a sentence of some words. " * 200)]
    usage = Usage(write=20_000, output=1)
    requests = [Request(messages=[asked("tell")], model=MODEL, rewrote=False, usage=usage, reply=long)]
    held = replay(requests, levels=()).turns[0].usage.output
    assert 900 < held < 2_000
    told = [replace(requests[0], usage=usage._replace(output=held))]
    assert replay(told, levels=()).turns[0].usage.output == held


def test_a_request_that_another_session_paid_costs_nothing() -> None:
    requests = session(billed(4))
    copied = [replace(r, copied=number < 2) for number, r in enumerate(requests)]
    assert replay(copied, levels=()).raw.input == pytest.approx(dollars(requests[2:]))


def test_a_model_without_a_price_has_no_dollars_and_says_so() -> None:
    replayed = replay(session(billed(3), model="nobody-knows-it"), levels=("lossless",))
    assert (replayed.priced, replayed.raw.input, replayed.levels["lossless"].input) == (False, 0.0, 0.0)
    assert replayed.levels["lossless"].prompt < replayed.raw.prompt


def test_the_price_is_that_of_the_day() -> None:
    early = session(billed(3), model="claude-sonnet-5-5")
    late = [replace(r, at=r.at + 300 * 86_400) for r in early]
    assert replay(early, levels=()).raw.input > replay(late, levels=()).raw.input


def test_the_price_is_that_of_the_tier_that_the_log_tells() -> None:
    usual, fast = (
        session([u._replace(tier=tier) for u in billed(3)], model="claude-opus-5-5") for tier in ("", "fast")
    )
    bill = replay(fast, levels=ALL)
    assert bill.raw.input == pytest.approx(dollars(fast))
    assert bill.raw.net == pytest.approx(2 * replay(usual, levels=()).raw.net)
    assert bill.levels["lossless"].input == pytest.approx(2 * replay(usual, levels=ALL).levels["lossless"].input)
    assert not replay(session([Usage(write=9_000, tier="nobody's")]), levels=()).priced


def test_an_empty_session_is_an_empty_bill() -> None:
    replayed = replay([], levels=ALL)
    assert (replayed.raw.input, replayed.raw.turns, list(replayed.outputs)) == (0, None, [])


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(UnknownLevelError):
        replay([], levels=("lossy",))


# --- the bill at a level ---


def test_what_an_encoding_spares_is_taken_out_of_the_tier_it_lies_in() -> None:
    requests = session(billed(2))
    replayed = replay(requests, levels=("lossless",))
    [output] = [o for o in replayed.outputs if o.turn == 1]
    sent = output.sent["lossless"]
    billed_size = output.dollars / 6.25e-6  # written once, in the last request
    assert 1.0 <= billed_size / output.tokens <= 1.25
    assert sent.spared == pytest.approx(output.dollars * (output.tokens - sent.tokens) / output.tokens)
    assert replayed.raw.input - replayed.levels["lossless"].input == pytest.approx(sent.spared)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6_000), st.integers(0, 4_000), st.booleans()), min_size=2, max_size=7),
    st.integers(10, 150),
)
def test_the_sum_over_the_outputs_is_the_difference_of_the_bills(
    grown: list[tuple[int, int, bool]], lines: int
) -> None:
    usages: list[Usage | None] = []
    prompt = 15_000
    for grows, fresh, hit in grown:
        read = prompt if usages and hit else 0
        prompt += grows
        usages.append(Usage(read=read, input=min(fresh, prompt - read), write=max(0, prompt - read - fresh)))
    replayed = replay(session(usages, lines=lines), levels=ALL)
    for level, bill in replayed.levels.items():
        spared = sum(output.sent[level].spared for output in replayed.outputs)
        less = replayed.raw.input - bill.input
        tool = 0 if level == "lossless" else len(usages) * DECLARED
        assert tool * 0.5e-6 - 1e-9 <= spared - less <= tool * 6.25e-6 + 1e-9


def test_a_level_that_can_cut_pays_for_its_tool_in_every_request() -> None:
    replayed = replay([replace(r, messages=[asked("hi")]) for r in session(billed(3))], levels=("lossless", "balanced"))
    lossless, balanced = replayed.levels["lossless"], replayed.levels["balanced"]
    assert lossless.input == pytest.approx(replayed.raw.input)
    assert balanced.prompt - lossless.prompt == 3 * DECLARED
    assert balanced.input - lossless.input == pytest.approx(DECLARED * (6.25 + 2 * 0.5) / 1e6)


def test_no_level_shows_more_tokens() -> None:
    replayed = replay(session(billed(8), lines=3), levels=tuple(LEVELS))
    assert all(sent.tokens <= output.tokens for output in replayed.outputs for sent in output.sent.values())
    assert all(turn.levels["lossless"].prompt <= turn.usage.prompt for turn in replayed.turns)
    assert replayed.levels["meter"].input == pytest.approx(replayed.raw.input)


def test_staying_below_a_cliff_reprices_the_whole_request() -> None:
    usages = [Usage(write=96_000), Usage(read=96_000, write=4_500)]
    requests = session(usages, model="claude-haiku-5-5")
    steep, below = replay(requests, levels=("lossless",)).turns[1], prices.price("claude-haiku-5-5")
    assert below is not None
    assert steep.input == pytest.approx(5 * (96_000 * below.read + 4_500 * below.write) / 1e6)
    assert steep.levels["lossless"].prompt < 100_000
    assert steep.levels["lossless"].input < steep.input / 4


# --- the way through the pipeline ---


def test_one_look_at_the_longest_history_gives_what_turn_by_turn_gives() -> None:
    requests = session(billed(7))
    replayed = replay(requests, levels=ALL)
    for level in ALL:
        store = MemoryStore()
        for request in requests:
            result = compress(request.messages, level=level, store=store, way_back="tool", rules=())
        last = [part for part in result.parts if part.tool]
        outputs = [o.sent[level] for o in replayed.outputs]
        assert [sent.report.tokens_after for sent in outputs] == [part.tokens_after for part in last]
        assert [sent.report.reason for sent in outputs] == [part.reason for part in last]


def test_references_to_earlier_texts_are_put_back_in_full() -> None:
    history = [asked("twice"), reads("a"), gets("a", listing("f")), reads("b"), gets("b", listing("f") + "\nend")]
    requests = [Request(messages=history, model=MODEL, rewrote=False, usage=billed(1)[0])]
    first, second = (output.sent["lossless"] for output in replay(requests, levels=("lossless",)).outputs)
    assert second.report.reason == "repeats"
    assert second.tokens < first.tokens / 2
    assert len(second.text) > len(first.text) / 2


def test_an_output_is_told_by_the_request_that_first_carried_it() -> None:
    replayed = replay(session(billed(4)), levels=())
    assert [(o.turn, o.call.name, o.call.args["file_path"]) for o in replayed.outputs] == [
        (1, "Read", "f0.py"), (2, "Read", "f1.py"), (3, "Read", "f2.py"),
    ]  # fmt: skip
    assert [replayed.carried[o.place] for o in replayed.outputs] == [1, 2, 3]
    assert replayed.items[-1].kind == "call"  # the last answer, which no request carried


def test_a_rewritten_history_is_a_stretch_of_its_own_whose_old_messages_count_once() -> None:
    before = session(billed(3))
    kept = before[-1].messages
    cleared = [*kept[:2], gets("f0", "[cleared]"), *kept[3:]]
    after = Request(
        messages=cleared, model=MODEL, rewrote=True, usage=Usage(write=22_000), at=before[-1].at + 9, reply=[says("ok")]
    )
    replayed = replay([*before, after], levels=("lossless",))
    assert [(o.call.args.get("file_path"), o.turn) for o in replayed.outputs] == [
        ("f0.py", 1),
        ("f1.py", 2),
        ("f0.py", 3),
    ]
    assert replayed.raw.input == pytest.approx(dollars([*before, after]))
    second = next(o for o in replayed.outputs if o.call.args.get("file_path") == "f1.py")
    alone = next(o for o in replay(before, levels=()).outputs if o.call.args.get("file_path") == "f1.py")
    assert second.dollars > alone.dollars


def test_a_sub_agent_is_laid_out_by_its_own_prompts() -> None:
    main, side = session(billed(3)), session(billed(3, first=9_000), thread="side", lines=60)
    mixed = [request for pair in zip(main, side, strict=True) for request in pair]
    replayed = replay(mixed, levels=("lossless",))
    assert replayed.raw.input == pytest.approx(dollars(mixed))
    assert replayed.levels["lossless"].input < replayed.raw.input
    assert {turn.thread for turn in replayed.turns} == {"", "side"}


# --- prompts and cache tiers that the log does not tell ---


def test_without_usage_the_cache_rules_give_the_tiers() -> None:
    first, second, third = replay(session([None] * 3), levels=()).turns
    assert first.estimated
    assert (first.usage.read, first.usage.write) == (0, first.usage.prompt - first.usage.input)
    assert FIXED < first.usage.prompt < FIXED + 50
    assert second.usage.read == first.usage.prompt - first.usage.input
    assert third.usage.prompt > second.usage.prompt > first.usage.prompt + 1_000


def test_what_was_written_to_the_cache_is_gone_after_its_time() -> None:
    for gap, read in ((290.0, True), (310.0, False)):
        assert bool(replay(session([None] * 2, gap=gap), levels=()).turns[1].usage.read) == read
    hour = [Usage(input=5, write_hour=20_000), None]
    assert replay(session(hour, gap=3_500), levels=()).turns[1].usage.read == pytest.approx(20_000, rel=0.01)


def test_prompts_bear_their_share_of_the_misses_that_a_log_shows() -> None:
    """Misses within the cache's time come without a visible cause, so each prompt is dearer by the chance of one."""
    steady = [Usage(input=5, read=read, write=40_000 - read) for read in [0, *[39_000] * 40]]
    missed = [usage if at % 8 else Usage(input=5, write=40_000) for at, usage in enumerate(steady)]
    reads = [replay(session([*log, None]), levels=()).turns[-1].usage.read for log in (steady, missed)]
    assert 0.99 * reads[0] > reads[1] > 0.9 * reads[0]


def test_another_model_has_another_cache() -> None:
    first, second = session([None] * 2)
    assert replay([first, replace(second, model="claude-sonnet-4-5")], levels=()).turns[1].usage.read == 0


def test_a_short_prompt_is_not_cached() -> None:
    known = [Usage(input=900), None]
    assert replay(session(known, lines=4), levels=()).turns[1].usage.write == 0


def test_the_first_half_of_a_log_predicts_the_second() -> None:
    requests = session(billed(12, grows=1_950))
    told, predicted = replay(requests, levels=()), replay(requests, levels=(), known=0.5)
    assert [turn.estimated for turn in predicted.turns] == [False] * 6 + [True] * 6
    assert predicted.raw.input == pytest.approx(told.raw.input, rel=0.05)
    assert predicted.raw.input != told.raw.input


def test_a_prediction_can_be_told_which_prompts_the_cache_missed() -> None:
    usages = billed(10)
    usages[7] = Usage(input=5, write=usages[7].prompt - 5, output=90)
    requests = session(usages)
    blind, told = (replay(requests, levels=(), known=0.5, misses=misses).turns[7].usage for misses in (False, True))
    assert blind.read > 20_000
    assert told.read < 20_000


# --- one more turn, and the window ---


def test_one_more_turn_costs_the_prompt_again_and_what_comes_back_to_the_end() -> None:
    replayed = replay(session(billed(6)), levels=("lossless",))
    last = replayed.extra_turn(5, 1_000, "lossless")
    prompt = replayed.turns[5].levels["lossless"].prompt
    assert last == pytest.approx(prompt * 0.5e-6 + 130 * 25e-6 + 1_300 * 6.25e-6, rel=0.05)
    early, later = replayed.extra_turn(1, 1_000, "lossless"), replayed.extra_turn(1, 2_000, "lossless")
    assert later - early == pytest.approx(1_100 * (6.25 + 4 * 0.5) / 1e6, rel=0.05)
    assert replayed.extra_turn(5, 1_000, "") > last


def test_turns_until_compaction_grow_by_what_prompts_are_spared() -> None:
    full = billed(40, first=20_000, grows=3_000)
    replayed = replay(session(full), levels=("lossless",))
    assert replayed.raw.turns == pytest.approx((155_000 - 20_000) / 3_000)
    assert (replayed.levels["lossless"].turns or 0) > 45
    assert replay(session(full[:3]), levels=()).raw.turns is None


# --- places in a prompt ---

SIZES = st.lists(st.floats(0, 9_000), min_size=1, max_size=12)


@given(SIZES, st.data())
def test_the_dollars_of_all_places_are_the_bill(sizes: list[float], data: st.DataObject) -> None:
    usages, rates, ends = [], [], []
    total = 0
    sizes = [float(round(size)) for size in sizes]
    for end in range(1, len(sizes) + 1):
        total += int(sizes[end - 1])
        read = data.draw(st.integers(0, total))
        write = data.draw(st.integers(0, total - read))
        hour = data.draw(st.integers(0, total - read - write))
        usages.append(Usage(input=total - read - write - hour, read=read, write=write, write_hour=hour))
        rates.append(Rates(*data.draw(st.tuples(*[st.floats(0, 9)] * 4))))
        ends.append(end)
    where = layout.laid_out(sizes, ends, usages)
    spent = sum(Tiers(u.read, u.write_hour, u.write, u.input).dollars(r) for u, r in zip(usages, rates, strict=True))
    assert sum(layout.costs(where, usages, rates)) == pytest.approx(spent, rel=1e-6, abs=1e-6)
    half = [sum(where.sizes[:k]) / 2 for k in range(len(sizes) + 1)]
    gone = [layout.taken(where, number, usage, half) for number, usage in enumerate(usages)]
    saved = sum(tiers.dollars(rate) for tiers, rate in zip(gone, rates, strict=True))
    assert saved == pytest.approx(spent / 2, rel=1e-6, abs=1e-6)


def test_the_items_of_a_request_are_those_of_its_own_messages() -> None:
    requests = session(billed(4))
    provider = detect(requests[-1].messages)
    assert provider is not None
    replayed = replay(requests, levels=())
    for turn, request in enumerate(requests):
        held = [item for item, first in zip(replayed.items[:-1], replayed.carried, strict=False) if first <= turn]
        assert [item.text for item in held] == [item.text for item in provider.read(request.messages)]
