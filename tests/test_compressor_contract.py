"""What every registered compressor promises, over every corpus file, every level and arbitrary text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom import policy
from headroom.compressors import BY_NAME, COMPRESSORS, MARKS
from headroom.compressors._coats import plain
from headroom.errors import FormatError
from headroom.pipeline import decide
from headroom.rendering import Moment
from headroom.store import MemoryStore
from headroom.tokens import counter
from headroom.types import Compressor, Decision, Facts, Item
from tests.samples import Sample, samples
from tests.work import work

CORPUS = samples()
MAY_STAY = frozenset({"raw", "code", "html", "prose", "opaque"})
"""Kinds that a text belongs to even where nothing in it can be said shorter."""

every_compressor = pytest.mark.parametrize("compressor", COMPRESSORS, ids=lambda c: c.name)
every_sample = pytest.mark.parametrize("sample", CORPUS, ids=lambda s: f"{s.kind}/{s.name}")
every_level = pytest.mark.parametrize("level", policy.LEVELS)


def decided(text: str, level: str = "lossless") -> Decision:
    part = Item(role="tool", kind="result", text=text, leaf=())
    at = Moment(level=policy.level(level), counter=counter(), store=MemoryStore())
    return decide("text", [part], at, pinned=False)[0]


def same(original: str, decoded: str) -> bool:
    """Equal text, or JSON with equal values: an independent reading, not the compressor's own `verify`."""
    if original == decoded:
        return True
    return bool(_values(original) == _values(decoded))


def _values(text: str) -> Any:
    """A text as a list of its pieces: JSON documents as typed values, everything between them byte for byte, blanks
    beside a document aside (they are JSON's own white space)."""
    decoder = json.JSONDecoder(parse_int=lambda s: ("number", s), parse_float=lambda s: ("number", s))
    pieces: list[Any] = []
    at = 0
    while at < len(text):
        if text[at] in "[{":
            try:
                value, at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                pass
            else:
                while pieces and isinstance(pieces[-1], str) and pieces[-1].isspace():
                    pieces.pop()
                pieces.append(_inner(value))
                at += len(text[at:]) - len(text[at:].lstrip())
                continue
        pieces.append(text[at])
        at += 1
    return pieces


def _inner(value: Any) -> Any:
    """Opens JSON that is escaped inside a string field, so that two spellings of it compare equal."""
    if isinstance(value, dict):
        return {key: _inner(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_inner(v) for v in value]
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return ("text", _values(value))
    return value


def test_the_corpus_has_samples_of_every_kind() -> None:
    assert {c.name for c in COMPRESSORS} <= {s.kind for s in CORPUS}


def test_names_and_marks_are_unique_and_marks_survive_json_escaping() -> None:
    names = [c.name for c in COMPRESSORS]
    assert len(set(names)) == len(names)
    assert len(set(MARKS)) == len(MARKS)
    assert all(json.dumps(mark)[1:-1] == mark and mark.isascii() for mark in MARKS)


@every_sample
def test_a_sample_is_recognised_as_its_kind_and_becomes_smaller(sample: Sample) -> None:
    decision = decided(sample.text)
    assert decision.kind == sample.kind
    if sample.kind in MAY_STAY:
        encoded = BY_NAME[sample.kind].encode(Facts(sample.text))
        assert (decision.rendering is None) == (encoded is None)
    else:
        assert decision.rendering is not None


@pytest.mark.parametrize("name", [c.name for c in COMPRESSORS if c.marks])
def test_every_kind_that_encodes_makes_a_sample_smaller(name: str) -> None:
    assert any(decided(sample.text).rendering is not None for sample in CORPUS if sample.kind == name)


@every_level
@every_sample
def test_no_sample_grows_at_any_level_and_the_decision_is_deterministic(sample: Sample, level: str) -> None:
    first = decided(sample.text, level)
    assert first.tokens_after <= first.tokens_before
    assert decided(sample.text, level) == first


@every_compressor
@every_sample
def test_whatever_a_compressor_encodes_decodes_to_the_original(compressor: Compressor, sample: Sample) -> None:
    facts = Facts(sample.text)
    rendering = compressor.encode(facts)
    if rendering is not None:
        assert compressor.verify(facts, rendering)
        assert same(sample.text, compressor.decode(rendering))


@every_sample
def test_a_rendering_is_not_rendered_again(sample: Sample) -> None:
    rendering = decided(sample.text).rendering
    if rendering is not None:
        assert decided(rendering).rendering is None


hostile = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            [
                *MARKS,
                "{",
                "}",
                "[",
                '"',
                "\\",
                "\r",
                "\t",
                "\u2028",
                "\ud800",
                "a.py:1:x",
                "     1→x",
                "1\ty",
                "\x1b[0m",
                "\x1b[31mFAILED\x1b[0m x",
            ]
        ),
    ),
    max_size=12,
).map("\n".join)


@every_compressor
@settings(max_examples=150)
@given(hostile)
@example("")
@example("[" * 10_000)
@example('{"a":' * 10_000)
@example('{"a": 1, "a": 2}')
@example("[NaN, 1e400, " + "9" * 40 + "]")
@example("[]")
def test_any_text_is_encoded_exactly_or_not_at_all_and_never_raises(compressor: Compressor, text: str) -> None:
    facts = Facts(text)
    assert 0 <= compressor.fit(facts) <= 1
    rendering = compressor.encode(facts)
    if rendering is not None and compressor.verify(facts, rendering):
        assert same(text, compressor.decode(rendering))


@every_compressor
@settings(max_examples=150)
@given(hostile)
def test_what_is_no_rendering_raises_a_format_error_or_decodes(compressor: Compressor, text: str) -> None:
    try:
        decoded = compressor.decode(text)
    except FormatError:
        return
    assert isinstance(decoded, str)


@settings(max_examples=60)
@given(st.sampled_from(CORPUS), st.sampled_from(MARKS), st.floats(0, 1))
def test_a_text_that_holds_our_format_stays_raw(sample: Sample, mark: str, place: float) -> None:
    at = int(place * len(sample.text))
    decision = decided(sample.text[:at] + mark + sample.text[at:])
    assert decision.rendering is None
    assert decision.reason in ("contains-format", "small")


@every_compressor
@pytest.mark.parametrize(
    "sign", ["0", "a", " ", "/", "../", ".", "-", "|", ":", '"', "<", "[", "\\", "\t", "1 ", "=", "\x1b["]
)
def test_no_long_line_of_one_sign_stalls_a_compressor(compressor: Compressor, sign: str) -> None:
    """An expression that goes back over such a line again and again would never come to its end here."""
    for before, after in (("", ""), ("1 ", "!"), ("a", "\x01"), ("src/a.py:1:", "!")):
        facts = Facts("\n".join([before + sign * 4_000 + after] * 6))
        rendering = compressor.encode(facts) if compressor.fit(facts) >= 0 else None
        if rendering is not None and compressor.verify(facts, rendering):
            assert same(facts.text, compressor.decode(rendering))


def _grown(text: str, times: int) -> str:
    """A text of the same kind, `times` as long: a list with its rows repeated, or lines repeated."""
    try:
        rows = json.loads(text)
    except ValueError:
        return (text if text.endswith("\n") else text + "\n") * times
    return json.dumps(rows * times if isinstance(rows, list) else [rows] * times)


@every_sample
def test_work_grows_nearly_linearly_with_the_text(sample: Sample) -> None:
    compressor = next(c for c in COMPRESSORS if c.name == sample.kind)
    text = plain(sample.text)  # no compressor sees line ends of Windows
    small, large = _grown(text, 2), _grown(text, 8)

    def encode_and_verify(text: str) -> None:
        facts = Facts(text)
        rendering = compressor.encode(facts)
        if rendering is not None:
            compressor.verify(facts, rendering)

    assert work(lambda: encode_and_verify(large)) <= 6 * work(lambda: encode_and_verify(small)) + 5_000
