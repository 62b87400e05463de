"""A turn of Messages inside Amazon's frames: what is not ours passes as it came, and what is hidden is hidden there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.proxy.eventstream import Frames, failure
from headroom.proxy.retrieve import DIALECTS
from headroom.proxy.retrieve.framed import Framed
from headroom.retrieval import TOOL
from headroom.testing import Reply
from headroom.testing._wire import framed
from tests.retrieve_rounds import OURS, READ, client_of, feed, provider


def said(reply: Reply) -> bytes:
    """An answer as Bedrock sends it."""
    client = client_of("anthropic")
    data = provider().says(client, client.body(True), reply, stream=True)
    return b"".join(framed(event) for event in data.split(b"\n\n") if event)


def turn() -> Framed:
    return Framed(DIALECTS["anthropic"].turn(stream=True))


PLAIN = said(Reply("a few words, é", thinking="hm", calls=[READ]))


@given(st.data())
def test_frames_without_our_call_pass_byte_for_byte_wherever_they_end(data: st.DataObject) -> None:
    cut = (PLAIN + failure("throttlingException", "slow"))[: data.draw(st.integers(0, len(PLAIN) + 99))]
    made = turn()
    shown = feed(made, cut, data.draw(st.integers(1, 400)))
    made.end_round()

    assert shown + made.finish() == cut


@pytest.mark.parametrize("size", [None, 1])
def test_our_call_is_taken_out_and_the_next_round_goes_on_in_frames(size: int | None) -> None:
    made = turn()
    shown = feed(made, said(Reply("one", calls=[OURS])), size)
    first = made.end_round()
    shown += feed(made, said(Reply("two", calls=[READ])), size)
    made.end_round()
    shown += made.finish()

    events = [json.loads(frame.said()) for frame in Frames().feed(shown)]
    kinds = [event["type"] for event in events if not event["type"].endswith("_delta")]
    blocks = ["content_block_start", "content_block_stop"]
    assert len(first.hidden) == 1
    assert kinds == ["message_start", "ping", *blocks, "ping", *blocks, *blocks, "message_stop"]
    assert [event["index"] for event in events if event["type"] == "content_block_start"] == [0, 1, 2]
    assert TOOL not in json.dumps(events)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "validationException"), (429, "throttlingException"), (503, "serviceUnavailableException"),
     (500, "internalServerException"), (529, "internalServerException")],
)  # fmt: skip
def test_a_refusal_is_an_exception_and_bedrock_s_own_words_are_kept(status: int, kind: str) -> None:
    made = turn()
    feed(made, said(Reply("one", calls=[OURS])))
    made.end_round()
    (frame,) = Frames().feed(made.failed(status, b'{"message": "Too many tokens, please wait."}'))

    assert frame.headers[":exception-type"] == kind
    assert json.loads(frame.payload) == {"message": "Too many tokens, please wait."}


def test_where_only_thoughts_were_shown_the_answer_had_better_break_off() -> None:
    made = turn()
    feed(made, said(Reply(thinking="hm", calls=[OURS])))
    made.end_round()

    assert made.failed(400, b"{}") == b""
