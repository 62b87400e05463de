"""When something is left out of a part, and when it is not, through the library as a caller uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from headroom import compress, policy, retrieve
from headroom.api import Report
from headroom.compressors import stands_for
from headroom.notices import read
from headroom.store import MemoryStore
from headroom.types import WayBack

BEATS = [f"2026-11-02 10:{n // 60:02}:{n % 60:02} INFO pool worker heartbeat took {10 + n % 7} ms" for n in range(900)]
ODD = "2026-11-02 10:07:31 ERROR pool connection refused by db-2 (PG-5523)"
LOG = "\n".join([*BEATS[:450], ODD, *BEATS[450:]])


def turn(number: int, text: str, command: str) -> list[dict[str, Any]]:
    call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"command": command}}
    result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": text}
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]


def sent(
    texts: Sequence[tuple[str, str]], *, question: str = "Go on.", level: str = "balanced", way: WayBack = "tool",
    store: MemoryStore | None = None,
) -> list[tuple[Report, str]]:  # fmt: skip
    """What became of each (text, command) of one conversation: its report and what the model reads."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    for number, (text, command) in enumerate(texts):
        messages += turn(number, text, command)
    result = compress(messages, level=level, way_back=way, store=store or MemoryStore())
    shown = [message["content"][0]["content"] for message in result.messages[2::2]]
    return list(zip([part for part in result.parts if part.tool], shown, strict=True))


def test_what_repeats_is_left_out_and_the_rest_stays() -> None:
    store = MemoryStore()
    ((report, shown),) = sent([(LOG, "cat app.log")], store=store)
    assert (report.reason, report.lossless) == ("outlined", False)
    outline = stands_for(report.kind, shown).split("\n")
    assert ODD in outline
    assert [line for line in outline if read(line) is None] == [
        line for line in LOG.split("\n") if line in set(outline)
    ]
    assert report.ref is not None
    assert retrieve(report.ref, store=store) == LOG


@pytest.mark.parametrize("level", ["meter", "lossless"])
def test_levels_that_lose_nothing_leave_nothing_out(level: str) -> None:
    ((report, _),) = sent([(LOG, "cat app.log")], level=level)
    assert not report.omissions


def test_without_a_way_back_nothing_is_left_out() -> None:
    ((report, _),) = sent([(LOG, "cat app.log")], way="none")
    assert (report.reason, report.omissions) == ("encoded", ())


def test_a_small_part_is_left_whole() -> None:
    ((report, _),) = sent([("\n".join(BEATS[:30]), "tail app.log")])
    assert not report.omissions


def test_what_the_user_asked_for_stays() -> None:
    rare = BEATS[300].replace("worker", "worker-17")
    text = "\n".join([*BEATS[:300], rare, *BEATS[301:]])
    ((report, shown),) = sent([(text, "cat app.log")], question="What does worker-17 do?")
    assert rare in stands_for(report.kind, shown)


def test_the_same_call_again_is_shown_whole() -> None:
    first, second = sent([(LOG, "cat app.log"), (LOG + "\nend", "cat app.log")])
    assert (first[0].reason, second[0].reason) == ("outlined", "asked-again")
    assert not second[0].omissions


def test_a_call_that_is_repeated_later_is_judged_anew() -> None:
    others = [("done", "true"), ("fine", "ls")]
    found = sent([(LOG, "cat app.log"), *others, (LOG + "\nend", "cat app.log")])
    assert [report.reason for report, _ in found] == ["outlined", "small", "small", "outlined"]


def test_an_outline_that_stands_above_is_told_by_reference() -> None:
    others = [("done", "true"), ("fine", "ls")]
    found = sent([(LOG, "cat app.log"), *others, (LOG, "cat app.log")])
    assert (found[3][0].reason, found[3][1]) == ("repeats", "[repeats of text above: all of Bash cat app.log]")
    assert found[3][0].omissions == found[0][0].omissions


def test_another_call_is_judged_by_itself() -> None:
    first, second = sent([(LOG, "cat app.log"), (LOG + "\nend", "cat other.log")])
    assert [first[0].reason, second[0].reason] == ["outlined", "outlined"]


def test_a_tool_that_will_not_repeat_itself_is_shown_whole_from_then_on() -> None:
    told = "Wasted call: the output is unchanged since your last call. Refer to the earlier result."
    found = sent([(LOG, "cat app.log"), (told, "cat app.log"), (LOG, "cat third.log")])
    assert [report.reason for report, _ in found] == ["outlined", "small", "asked-again"]


def test_later_requests_replay_what_was_decided() -> None:
    store = MemoryStore()
    ((_, shown),) = sent([(LOG, "cat app.log")], store=store)
    again = sent([(LOG, "cat app.log"), ("done", "true")], store=store, level="lossless")
    assert again[0][1] == shown


def test_an_outline_that_saves_little_is_not_taken() -> None:
    distinct = "\n".join(f"note {n}: {n * n} things of kind {chr(97 + n % 26) * 9}{n}" for n in range(400))
    ((report, _),) = sent([(distinct + "\n" + "\n".join(BEATS[:20]), "cat notes")])
    assert not report.omissions


def test_outlines_must_save_a_share_and_an_amount() -> None:
    assert policy.outline_pays(2_000, 1_700)
    assert not policy.outline_pays(2_000, 1_701)
    assert not policy.outline_pays(1_000, 701)
