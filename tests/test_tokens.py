"""Token counts: two independent tokenizers agree, families are labelled, and no text makes a counter raise."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import splintr
from hypothesis import given
from hypothesis import strategies as st

from headroom import tokens
from headroom.errors import SettingError

PUBLISHED = {
    "o200k_base": (199_998, "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    "cl100k_base": (100_256, "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
}
"""Size of each vocabulary without special tokens, and the SHA-256 that tiktoken pins for OpenAI's file."""

SAMPLES = {
    "prose": "The service didn't restart; we've seen it before, haven't we? It'll come back.",
    "code": "def f(x: int) -> int:\n\treturn x**2  # two\n\n\nclass A:\n    pass\n",
    "json": '{"id": 1234567890123456789, "ok": true, "tags": ["a", "b"], "n": null, "e": 1.5e-9}',
    "log": "2026-03-01T12:00:00.123Z ERROR [worker-7] db.pool: timeout after 30000 ms (PG-5523)\n" * 3,
    "chinese, japanese, korean": "数据库连接超时。データベース接続がタイムアウトしました。데이터베이스 연결 시간 초과",
    "cyrillic and combining": "Ошибка соединения — e\u0301te\u0301, nai\u0308ve",
    "emoji": "👩‍👩‍👧‍👦 done ✅ 🇩🇪",
    "special token names": "<|endoftext|> <|im_start|>system<|im_end|> <|endofprompt|>",
    "blanks": "a  b   c\t\td \n \n\r\n   \u00a0\u2003x   ",
    "numbers": "1 12 123 1234 12345 3.14159 0x7fff_ffff 1,847",
    "one long word": "x" * 5_000,
    "quotes": "it's IT'S we'RE 'tis ''' `x` \"y\"",
}


@pytest.fixture(scope="session")
def vocabularies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with real .tiktoken files, written from the vocabularies that splintr-rs carries."""
    folder = tmp_path_factory.mktemp("vocabularies")
    for name, (size, _) in PUBLISHED.items():
        decode = splintr.Tokenizer.from_pretrained(name).decode_token_bytes
        lines = [b"%s %d\n" % (base64.b64encode(bytes(decode(rank))), rank) for rank in range(size)]
        (folder / f"{name}.tiktoken").write_bytes(b"".join(lines))
    return folder


@pytest.fixture(scope="session")
def pair(vocabularies: Path) -> Callable[[str, str], tuple[int, int]]:
    """Counts a text with both tokenizers of a vocabulary."""
    counters = {
        name: (tokens.SplintrCounter(name), tokens.TiktokenCounter(name, vocabularies / f"{name}.tiktoken"))
        for name in PUBLISHED
    }

    def count(name: str, text: str) -> tuple[int, int]:
        exact, reference = counters[name]
        return exact.count(text), reference.count(text)

    return count


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_vocabulary_inside_splintr_is_the_published_one_byte_for_byte(name: str, vocabularies: Path) -> None:
    content = (vocabularies / f"{name}.tiktoken").read_bytes()

    assert hashlib.sha256(content).hexdigest() == PUBLISHED[name][1]


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("sample", SAMPLES)
def test_splintr_and_tiktoken_count_every_sample_alike(
    name: str, sample: str, pair: Callable[[str, str], tuple[int, int]]
) -> None:
    ours, reference = pair(name, SAMPLES[sample])

    assert ours == reference > 0


@given(text=st.text(max_size=400), name=st.sampled_from(sorted(PUBLISHED)))
def test_splintr_and_tiktoken_count_any_text_alike(
    text: str, name: str, pair: Callable[[str, str], tuple[int, int]]
) -> None:
    ours, reference = pair(name, text)

    assert ours == reference


@given(words=st.lists(st.sampled_from([*SAMPLES.values(), " ", "\n", "'s", "\u0301", "\ud800"]), max_size=12))
def test_splintr_and_tiktoken_count_mixed_samples_alike(
    words: list[str], pair: Callable[[str, str], tuple[int, int]]
) -> None:
    ours, reference = pair("o200k_base", "".join(words))

    assert ours == reference


def test_known_counts_are_the_published_ones() -> None:
    count = tokens.counter().count

    assert [count(""), count("hello world"), count("tiktoken is great!")] == [0, 2, 6]


def test_a_long_text_counts_as_the_sum_of_its_slices_give_or_take_one_each() -> None:
    text = SAMPLES["log"] * 2_000
    whole = len(splintr.Tokenizer.from_pretrained("o200k_base").encode_ordinary(text))

    assert len(text) > 2 * tokens.SLICE
    assert abs(tokens.counter().count(text) - whole) <= len(text) // tokens.SLICE


@given(text=st.text(st.characters(codec=None), max_size=200))
def test_unpaired_surrogates_are_counted_as_what_replaces_them(text: str) -> None:
    sent = text.encode("utf-8", "replace").decode("utf-8")

    assert tokens.counter().count(text) == tokens.counter().count(sent)


@pytest.mark.parametrize(
    ("model", "vocabulary", "factor", "estimate"),
    [
        (None, "o200k_base", 1.0, False),
        ("", "o200k_base", 1.0, False),
        ("some-local-model", "o200k_base", 1.0, False),
        ("gpt-5.2-codex", "o200k_base", 1.0, False),
        ("gpt-4o-mini", "o200k_base", 1.0, False),
        ("gpt-4.1", "o200k_base", 1.0, False),
        ("gpt-4-turbo", "cl100k_base", 1.0, False),
        ("gpt-4", "cl100k_base", 1.0, False),
        ("gpt-3.5-turbo", "cl100k_base", 1.0, False),
        ("openai/o3-mini", "o200k_base", 1.0, False),
        ("claude-opus-4-8", "o200k_base", 1.43, True),
        ("claude-sonnet-4-5", "o200k_base", 1.1, True),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "o200k_base", 1.1, True),
        ("anthropic/claude-3-5-haiku-latest", "o200k_base", 1.1, True),
        ("CLAUDE-3-OPUS", "o200k_base", 1.1, True),
        ("models/gemini-2.5-pro", "o200k_base", 1.08, True),
        ("publishers/google/models/gemini-3-pro", "o200k_base", 1.08, True),
    ],
)
def test_a_model_is_counted_by_its_family(model: str | None, vocabulary: str, factor: float, estimate: bool) -> None:
    family = tokens.family(model)

    assert (family.vocabulary, family.factor, family.estimate) == (vocabulary, factor, estimate)


def test_an_estimate_is_scaled_from_o200k_and_says_so() -> None:
    exact, scaled = tokens.counter(), tokens.counter("claude-sonnet-4-5")

    assert (exact.estimate, scaled.estimate) == (False, True)
    assert scaled.name == "o200k_base x 1.1 (estimate)"
    assert scaled.count(SAMPLES["log"]) == round(exact.count(SAMPLES["log"]) * 1.1)


def test_a_vocabulary_folder_makes_tiktoken_count(vocabularies: Path) -> None:
    counter = tokens.counter("gpt-5", vocabularies)

    assert isinstance(counter, tokens.TiktokenCounter)
    assert counter.count(SAMPLES["code"]) == tokens.counter("gpt-5").count(SAMPLES["code"])


def test_a_missing_vocabulary_file_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        tokens.counter("gpt-5", tmp_path)

    file = tmp_path / "o200k_base.tiktoken"
    assert str(caught.value) == f"cannot read the vocabulary {file}: No such file or directory; put the file there"


@pytest.mark.parametrize("content", [b"aGk= 0\nnot a line at all\n", b"aGk= one\n", b"*** \n", b"<html></html>\n"])
def test_a_file_that_is_no_vocabulary_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "o200k_base.tiktoken"
    file.write_bytes(content)

    with pytest.raises(SettingError, match=r"is not a .tiktoken vocabulary: .*; replace the file"):
        tokens.TiktokenCounter("o200k_base", file)


def test_tiktoken_without_the_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tiktoken", None)  # what an import of a missing package finds

    with pytest.raises(SettingError, match=r"pip install 'headroom\[tiktoken\]'"):
        tokens.TiktokenCounter("o200k_base", tmp_path / "o200k_base.tiktoken")


def test_an_estimate_of_a_short_text_is_its_count() -> None:
    count = tokens.counter()
    text = SAMPLES["code"] * 20

    assert tokens.estimate(text, count) == count.count(text)


@pytest.mark.parametrize("sample", ["prose", "code", "json", "log"])
def test_an_estimate_of_a_long_even_text_is_within_three_percent(sample: str) -> None:
    count = tokens.counter()
    text = "".join(f"{i} {SAMPLES[sample]}\n" for i in range(3_000))

    assert tokens.estimate(text, count) == pytest.approx(count.count(text), rel=0.03)
