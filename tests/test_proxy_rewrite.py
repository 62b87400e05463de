"""Rewriting a body: the text of the changed value, with every byte of what was not changed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.generators import generated
from headroom.errors import RangeError
from headroom.proxy.engine import Engine, Job
from headroom.proxy.rewrite import joined, pieces, rewritten

NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), st.text('"\\{}[],: é', max_size=5))
KEYS = st.one_of(st.sampled_from(["a", "b", "role", "é", '"', "\\"]), st.text(max_size=3))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=20,
)
BLANKS = st.text(" \n\t\r", max_size=2)


@st.composite
def texts(draw: Any, value: Any) -> str:
    """A value as somebody may write it: with blanks anywhere, escapes or none, and keys that came before."""
    gap: str = draw(BLANKS)
    if isinstance(value, dict):
        members = [
            json.dumps(key, ensure_ascii=draw(st.booleans())) + draw(BLANKS) + ":" + gap + draw(texts(inner))
            for key, inner in value.items()
        ]
        if members and draw(st.booleans()):
            earlier = json.dumps(draw(st.sampled_from(list(value)))) + ":" + draw(st.sampled_from(["0", "{}", '["x"]']))
            members.insert(0, earlier)
        return "{" + gap + f"{gap},{gap}".join(members) + gap + "}"
    if isinstance(value, list):
        return "[" + gap + f"{gap},{gap}".join(draw(texts(inner)) for inner in value) + gap + "]"
    if isinstance(value, float) and draw(st.booleans()):
        return f"{value:.17e}"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@st.composite
def changed(draw: Any, value: Any) -> Any:
    """The value with anything changed below it, as code does that shares what it does not change."""
    how = draw(st.sampled_from(["same", "same", "below", "below", "below", "new"]))
    if how == "new":
        return draw(VALUES)
    if how == "same" or not isinstance(value, (dict, list)):
        return value
    if isinstance(value, dict):
        made = {key: draw(changed(inner)) for key, inner in value.items() if draw(st.integers(0, 5))}
        return {**made, **draw(st.dictionaries(KEYS, SCALARS, max_size=1))}
    items = [draw(changed(inner)) for inner in value if draw(st.integers(0, 5))]
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), draw(VALUES))
    return draw(st.permutations(items)) if not draw(st.integers(0, 4)) else items


def alike(one: Any, other: Any) -> bool:
    """Equal, and no `1` that is a `true`."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(st.data())
def test_what_is_rewritten_reads_as_the_changed_value(data: st.DataObject) -> None:
    text = data.draw(texts(data.draw(VALUES))).encode()
    old = json.loads(text)
    new = data.draw(changed(old))

    assert alike(json.loads(rewritten(text, old, new)), new)


@given(st.data())
def test_a_changed_text_is_put_together_from_what_is_new_and_from_ranges_of_the_old(data: st.DataObject) -> None:
    text = data.draw(texts(data.draw(VALUES))).encode()
    old = json.loads(text)
    new = data.draw(changed(old))
    made = pieces(text, old, new)
    ranges = [piece for piece in made if isinstance(piece, tuple)]

    assert joined(text, made) == rewritten(text, old, new)
    assert all(0 <= start <= end <= len(text) for start, end in ranges)
    assert made or new is old


@given(st.data())
def test_what_is_not_changed_keeps_its_bytes(data: st.DataObject) -> None:
    text = f"[{data.draw(texts(data.draw(VALUES)))}]"
    body = '{ "model" :"m",' + f'"kept":{text} , "messages":[ {text} ,{{"x":1e2}}, {text}] ,"last":{text} }}\r\n'
    old = json.loads(body)
    first, second, third = old["messages"]
    new = {**old, "messages": ["front", first, {**second, "x": {"y": [1]}}, third, "end"], "more": 1}

    wanted = (
        '{ "model" :"m",' + f'"kept":{text} , "messages":["front",{text} ,{{"x":{{"y":[1]}}}}, {text},"end"] '
        f',"last":{text},"more":1}}\r\n'
    )
    assert rewritten(body.encode(), old, new) == wanted.encode()


@given(st.data())
def test_where_nothing_changed_it_is_the_very_same_text(data: st.DataObject) -> None:
    text = data.draw(texts(data.draw(VALUES))).encode()
    old = json.loads(text)

    assert rewritten(text, old, old) is text
    if isinstance(old, (dict, list)) and b'"x"' not in text and text.count(b":") == 0:
        assert rewritten(text, old, old.copy()) == text


BODY = b' {"model" : "m\\u00e9", "n": 1.50,\n\t"list": [ 1 , {"a":[ ]} ,"\\/" ] , "o":{ } }\n'


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"n": 2}, b' {"model" : "m\\u00e9", "n": 2,\n\t"list": [ 1 , {"a":[ ]} ,"\\/" ] , "o":{ } }\n'),
        ({"n": 1.5}, BODY),
        ({"o": {}}, BODY),
        ({"o": {"k": None}}, BODY.replace(b'"o":{ }', b'"o":{"k":null}')),
        ({"z": "é"}, BODY.replace(b'"o":{ } }', '"o":{ },"z":"é"}'.encode())),
        ({"list": []}, BODY.replace(b'[ 1 , {"a":[ ]} ,"\\/" ]', b"[]")),
        ({"list": "x"}, BODY.replace(b'[ 1 , {"a":[ ]} ,"\\/" ]', b'"x"')),
        ({"model": "\ud800"}, BODY.replace(b'"m\\u00e9"', b'"\\ud800"')),
        ({"model": True}, BODY.replace(b'"m\\u00e9"', b"true")),
    ],
)
def test_a_change_is_written_in_its_place(change: dict[str, Any], wanted: bytes) -> None:
    old = json.loads(BODY)

    assert rewritten(BODY, old, {**old, **change}) == wanted


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        (lambda a, b, c: ["new", a, b, c], b'["new",{"a":1} , {"b":2},{"c":3} ]'),
        (lambda a, b, c: [a, "new", b, c], b'[ {"a":1},"new",{"b":2},{"c":3} ]'),
        (lambda a, b, c: [a, b, c, "new"], b'[ {"a":1} , {"b":2},{"c":3},"new"]'),
        (lambda a, b, c: [b, c], b'[{"b":2},{"c":3} ]'),
        (lambda a, b, c: [a, c], b'[ {"a":1},{"c":3} ]'),
        (lambda a, b, c: [a, b], b'[ {"a":1} , {"b":2}]'),
        (lambda a, b, c: [c, a], b'[{"c":3},{"a":1}]'),
        (lambda a, b, c: [a, {**b, "b": 0}, c], b'[ {"a":1} , {"b":0},{"c":3} ]'),
        (lambda a, b, c: [a, a], b'[ {"a":1},{"a":1}]'),
        (lambda a, b, c: [], b"[]"),
    ],
)
def test_elements_come_and_go_between_those_that_stay(new: Any, wanted: bytes) -> None:
    text = b'[ {"a":1} , {"b":2},{"c":3} ]'
    old = json.loads(text)

    assert rewritten(text, old, new(*old)) == wanted


def test_of_equal_keys_the_last_counts() -> None:
    text = b'{"a": {"x":0}, "b":1, "\\u0061": {"x":2}, "c":3}'
    old = json.loads(text)

    assert json.loads(rewritten(text, old, {**old, "a": {"x": 9}})) == {"a": {"x": 9}, "b": 1, "c": 3}
    assert json.loads(rewritten(text, old, {**old, "b": 9})) == {"a": {"x": 2}, "b": 9, "c": 3}


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (b"{}", {"a": 1}, {"a": 2}),
        (b'{"a":1}', {}, {"a": 2}),
        (b"[1]", [1, 2], [2, 2]),
        (b"[1,2]", [1], [2]),
        (b"1", [1], [2]),
        (b'{"a":1', {"a": 1}, {"a": 2}),
        (b"", {}, {"a": 2}),
        ('{"a":1}'.encode("utf-16"), {"a": 1}, {"a": 2}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}, {"a": 2}),
    ],
)
def test_a_text_that_is_not_the_values_is_refused(text: bytes, old: Any, new: Any) -> None:
    with pytest.raises(RangeError):
        rewritten(text, old, new)


def test_half_a_surrogate_pair_stays_as_it_is_written() -> None:
    text = b'{"a":"\\ud83d","b":[{"c":"\\udc00"},1]}'
    old = json.loads(text)

    assert rewritten(text, old, {**old, "b": [{**old["b"][0], "d": "\udfff"}, 1]}) == (
        b'{"a":"\\ud83d","b":[{"c":"\\udc00","d":"\\udfff"},1]}'
    )


def test_a_large_body_is_rewritten_in_a_moment() -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "word " * 400}]} for _ in range(1_000)]
    text = json.dumps({"model": "m", "messages": messages}).encode()
    old = msgspec.json.decode(text)
    last = {"role": "user", "content": "short"}
    started = time.perf_counter()
    made = rewritten(text, old, {**old, "messages": [*old["messages"][:-1], last]})

    assert time.perf_counter() - started < 1
    assert made.startswith(text[: len(text) - 2_500])


def test_of_a_changed_body_only_what_is_new_travels_between_processes(tmp_path: Path) -> None:
    output = generated()[0].text
    messages = [
        {"role": "user", "content": "Why?" + " Please." * 10_000},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"c": "x"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": output}]},
    ]
    engine = Engine(tmp_path, 1 << 30, None)
    for body in ({"model": "m", "messages": messages[:1]}, {"model": "m", "messages": messages}):
        job = Job(body=json.dumps(body).encode(), dialect="anthropic")
        made = engine.change(job)
        travels = made.without_body()

        assert travels.with_body(job) == made
        assert len(msgspec.json.encode(travels.pieces)) < len(output) * 2
    assert made.body != job.body
