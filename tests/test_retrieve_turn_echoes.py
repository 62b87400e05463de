"""The client shows a turn again without what it never saw: it is put back, and the provider reads what it has seen."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from headroom.proxy.retrieve import DIALECTS
from headroom.retrieval import TOOL
from headroom.testing import Reply
from tests.retrieve_rounds import OURS, READ, Played, client_of, expanded, faults, goes_on, play, provider
from tests.retrieve_samples import CLIENTS

ALL = sorted(CLIENTS)
SCRIPTS: dict[str, list[Reply]] = {
    "text": [Reply("one ", thinking="a", calls=[OURS]), Reply("two ", thinking="b", calls=[OURS]), Reply("three")],
    "call": [Reply("one ", thinking="a", calls=[OURS]), Reply("two", thinking="b", calls=[READ, READ])],
    "ours first": [Reply(calls=[OURS]), Reply("two", thinking="b", calls=[OURS, READ])],
    "ours last": [Reply("one", calls=[OURS, OURS]), Reply(calls=[READ, OURS])],
    "ours between": [Reply("one", thinking="a", calls=[READ, OURS, READ])],
    "thoughts": [Reply(thinking="a", calls=[OURS]), Reply(thinking="b", calls=[READ])],
    "no words": [Reply(calls=[OURS]), Reply(calls=[OURS]), Reply(calls=[READ])],
    "no end": [Reply("one", calls=[OURS]), Reply("two", calls=[OURS])],
}

many = pytest.mark.parametrize("dialect", ALL)
scripts = pytest.mark.parametrize("script", SCRIPTS)
ways = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


def again(played: Played, records: dict[bytes, Any] | None = None) -> dict[str, Any]:
    """The client's next request as it goes upstream."""
    dialect = next(name for name in ALL if isinstance(played.client, CLIENTS[name]))
    return expanded(dialect, goes_on(played), played.records if records is None else records)


@many
@ways
@scripts
def test_the_provider_reads_what_it_has_seen(dialect: str, stream: bool, script: str) -> None:
    played = play(dialect, SCRIPTS[script], stream=stream)

    body = again(played)
    provider().says(played.client, body, Reply(), stream=stream)  # which refuses any other beginning
    assert str(body).count(f"'name': '{TOOL}'") > 1


@many
@ways
@scripts
def test_the_same_request_twice_is_the_same_request(dialect: str, stream: bool, script: str) -> None:
    played = play(dialect, SCRIPTS[script], stream=stream)
    records = played.records
    body = goes_on(played)
    kept = copy.deepcopy((body, records))

    first, second = (json.dumps(expanded(dialect, body, records)) for _ in range(2))
    assert first == second
    assert (body, records) == kept


@many
@ways
def test_a_conversation_goes_on_for_many_turns(dialect: str, stream: bool) -> None:
    client = client_of(dialect)
    records: dict[bytes, Any] = {}
    for script in [*SCRIPTS.values(), *SCRIPTS.values()]:
        played = play(dialect, script, stream=stream, client=client, records=records)
        records |= played.records
        goes_on(played)


@many
@scripts
def test_with_what_was_remembered_before_the_end_the_beginning_is_whole(dialect: str, script: str) -> None:
    played = play(dialect, SCRIPTS[script][:1])
    record = played.turn.record(played.asked, played.rounds)
    if record is None:  # nothing was shown by which the client could be known: it can only ask again
        assert played.told.turn == [] or "hm" in str(played.told.turn)
        return

    assert TOOL in str(again(played, {key: json.loads(json.dumps(record.data)) for key in record.keys}))


@many
@scripts
def test_a_client_that_drops_its_own_calls_still_sends_what_a_provider_takes(dialect: str, script: str) -> None:
    played = play(dialect, SCRIPTS[script])
    told = played.client.told(played.shown, played.stream)
    interrupted = played.client.interrupted(told)
    if not interrupted:
        return
    played.client.history += interrupted
    played.client.asks("something else")

    body = expanded(dialect, played.client.body(played.stream), played.records)
    assert faults(played, body) == []


@many
def test_what_is_not_remembered_passes_as_it_is(dialect: str) -> None:
    played = play(dialect, SCRIPTS["call"])
    body = goes_on(played)

    assert DIALECTS[dialect].expanded(body, body, {}) is body
    assert DIALECTS[dialect].expanded(body, body, {b"another": []}) == body


@many
def test_another_conversation_is_left_alone(dialect: str) -> None:
    mine = play(dialect, [Reply("one", calls=[OURS]), Reply("two")])
    other = play(dialect, [Reply("one"), Reply("two")])
    body = goes_on(other)

    assert not set(DIALECTS[dialect].keys(body)) & set(mine.records)


@many
def test_a_fork_and_a_retry_show_the_same_beginning(dialect: str) -> None:
    played = play(dialect, SCRIPTS["text"])
    records = played.records
    played.client.keeps(played.told)
    bodies = []
    for question in ("left", "right"):
        fork = copy.deepcopy(played.client)
        fork.asks(question)
        bodies.append(json.dumps(expanded(dialect, fork.body(False), records)))

    at = next(i for i, (a, b) in enumerate(zip(*bodies, strict=False)) if a != b)
    assert bodies[0][at:].startswith("left")
    assert bodies[0].count(TOOL) == bodies[1].count(TOOL) > 2


@many
def test_after_compaction_nothing_is_put_back(dialect: str) -> None:
    played = play(dialect, SCRIPTS["text"])
    compacted = client_of(dialect)
    body = compacted.body(False)

    assert DIALECTS[dialect].expanded(body, body, played.records) == body


@many
def test_a_conversation_of_which_only_the_end_is_known_is_put_back_where_it_is(dialect: str) -> None:
    client = client_of(dialect)
    first = play(dialect, SCRIPTS["call"], client=client)
    goes_on(first)
    second = play(dialect, SCRIPTS["text"], client=client, records=first.records)
    body = expanded(dialect, goes_on(second), second.records)  # what is known of the first is lost

    assert faults(second, body) == []
    assert str(body).count(f"'name': '{TOOL}'") >= 3
