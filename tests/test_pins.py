"""The chain: what it covers, and what it must not cover because clients change it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headroom.pins import chain, text_keys
from headroom.types import Item, ToolCall

texts = st.text(st.characters(), max_size=20)
items = st.builds(
    Item,
    role=st.sampled_from(["user", "assistant", "tool"]),
    kind=st.sampled_from(["text", "result", "other"]),
    text=texts,
    head=texts,
    tail=texts,
    call=st.none(),
    leaf=st.none(),
    hashed=st.booleans(),
)
conversations = st.lists(items, max_size=8)


@given(conversations, conversations)
def test_a_longer_conversation_extends_the_chain_of_its_prefix(before: list[Item], after: list[Item]) -> None:
    assert chain("d", before + after)[: len(before)] == chain("d", before)


@given(conversations, st.data())
def test_changing_a_hashed_text_changes_the_chain_from_there_on(conversation: list[Item], data: st.DataObject) -> None:
    places = [i for i, item in enumerate(conversation) if item.hashed]
    if not places:
        return
    at = data.draw(st.sampled_from(places))
    changed = list(conversation)
    changed[at] = changed[at]._replace(text=changed[at].text + "x")

    before, after = chain("d", conversation), chain("d", changed)

    assert after[:at] == before[:at]
    assert all(a != b for a, b in zip(after[at:], before[at:], strict=True))


@given(conversations)
def test_unhashed_items_and_tails_leave_the_chain_alone(conversation: list[Item]) -> None:
    kept = [item._replace(tail="<system-reminder>moved</system-reminder>") for item in conversation if item.hashed]
    of_kept = [value for item, value in zip(conversation, chain("d", conversation), strict=True) if item.hashed]
    assert chain("d", kept) == of_kept


def test_the_dialect_is_the_root_of_the_chain() -> None:
    conversation = [Item(role="user", kind="text", text="hello")]
    assert chain("anthropic", conversation) != chain("gemini", conversation)


def test_arguments_are_hashed_with_sorted_keys_and_ids_are_not() -> None:
    def call(call_id: str, args: dict[str, object]) -> list[Item]:
        return [Item(role="assistant", kind="call", call=ToolCall(id=call_id, name="read", args=args))]

    assert chain("d", call("a", {"x": 1, "y": 2})) == chain("d", call("b", {"y": 2, "x": 1}))
    assert chain("d", call("a", {"x": 1})) != chain("d", call("a", {"x": 2}))


def test_text_that_moves_between_fields_is_another_text() -> None:
    one = [Item(role="user", kind="result", head="Exit code 1\n", text="boom")]
    two = [Item(role="user", kind="result", head="Exit code", text=" 1\nboom")]
    assert chain("d", one) != chain("d", two)


def test_an_unpaired_surrogate_can_be_hashed() -> None:
    item = Item(role="user", kind="result", text="\ud800")
    assert len(chain("d", [item])[0]) == 32
    assert len(text_keys([item], "none")[0].text_hash) == 32


def test_arguments_nested_beyond_the_stack_can_be_hashed() -> None:
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert len(chain("d", [Item(role="assistant", kind="call", call=ToolCall(name="run", args=deep))])[0]) == 32


def test_the_same_text_twice_without_a_call_has_two_keys_and_one_key_per_call() -> None:
    pasted = Item(role="user", kind="text", text="again")
    made = Item(role="user", kind="result", text="again", call=ToolCall(id="c1", name="run"))
    first, result, second = text_keys([pasted, made, pasted], "none")
    assert len({first, result, second}) == 3
    assert text_keys([made, pasted], "none") == [result, first]
