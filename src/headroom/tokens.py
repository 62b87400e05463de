"""The one way to count tokens.

Exact for OpenAI's families; for Claude and Gemini, whose tokenizers are not public, an estimate scaled from
o200k and labelled as one. The vocabularies come with splintr-rs; where it is missing, `TiktokenCounter` counts with a
vocabulary file given by path (nothing is ever downloaded).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from headroom.errors import SettingError
from headroom.types import Counter

try:
    import splintr
except ImportError:  # a platform without a wheel: TiktokenCounter serves there
    splintr = None  # type: ignore[assignment]

SLICE = 200_000
"""Texts are counted in slices of this many characters: a single run of one letter costs more than linear time, and
a cut changes the sum by at most one token."""

SAMPLE_SLICE = 1_500
SAMPLES = 8


class Family(NamedTuple):
    """Models whose name, with a final `-`, starts with `prefix` count as `factor` times `vocabulary`."""

    prefix: str
    vocabulary: str
    factor: float
    estimate: bool


# Factors: ratio of the provider's own count to o200k over code, JSON, logs and prose (reference: the Claude 4.7+
# tokenizer counts about 30 % more than earlier Claude, which counts about 10 % more than o200k; Gemini 8 % more).
FAMILIES: tuple[Family, ...] = (
    Family("gpt-3.5", "cl100k_base", 1.0, False),
    Family("gpt-4-", "cl100k_base", 1.0, False),
    Family("text-embedding-", "cl100k_base", 1.0, False),
    Family("gpt-", "o200k_base", 1.0, False),
    Family("o1", "o200k_base", 1.0, False),
    Family("o3", "o200k_base", 1.0, False),
    Family("o4", "o200k_base", 1.0, False),
    Family("codex", "o200k_base", 1.0, False),
    Family("claude-3", "o200k_base", 1.1, True),
    Family("claude-opus-4-7", "o200k_base", 1.43, True),
    Family("claude-opus-4-8", "o200k_base", 1.43, True),
    Family("claude-opus-4", "o200k_base", 1.1, True),
    Family("claude-sonnet-4", "o200k_base", 1.1, True),
    Family("claude-haiku-4", "o200k_base", 1.1, True),
    Family("claude", "o200k_base", 1.43, True),
    Family("gemini", "o200k_base", 1.08, True),
)
PATTERNS = {
    "o200k_base": "|".join(
        (
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    ),
    "cl100k_base": "|".join(
        (
            r"'(?i:[sdmt]|ll|ve|re)",
            r"[^\r\n\p{L}\p{N}]?\p{L}+",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n]*",
            r"\s+$",
            r"\s*[\r\n]",
            r"\s+(?!\S)",
            r"\s",
        )
    ),
}
"""How each vocabulary splits text before merging, as published by OpenAI in tiktoken (MIT)."""

DEFAULT_FAMILY = Family("", "o200k_base", 1.0, False)


@lru_cache(maxsize=4)
def _splintr(vocabulary: str) -> splintr.AnyTokenizer:
    return splintr.Tokenizer.from_pretrained(vocabulary)


class SplintrCounter:
    """Exact counts from the vocabularies inside splintr-rs, which are loaded (0.1 s, 40 MB) at the first count."""

    estimate = False
    factor = 1.0

    def __init__(self, vocabulary: str) -> None:
        self.name = vocabulary

    @cached_property
    def _tokenizer(self) -> splintr.AnyTokenizer:
        return _splintr(self.name)

    def count(self, text: str) -> int:
        return _sliced(text, self._count)

    def _count(self, text: str) -> int:
        if "<|" in text:  # the buffer form would read `<|endoftext|>` as one special token
            return len(self._tokenizer.encode_ordinary(text))
        return len(self._tokenizer.encode_flat(text)) // 4  # ids of four bytes each: no list of integers is made


class TiktokenCounter:
    """Exact counts from a `.tiktoken` vocabulary file on this machine (base64 token, blank, rank, one per line)."""

    estimate = False
    factor = 1.0

    def __init__(self, vocabulary: str, file: Path) -> None:
        """Raises SettingError if tiktoken is not installed or `file` is no vocabulary."""
        self.name = vocabulary
        try:
            import tiktoken  # noqa: PLC0415  an optional dependency, imported in this module alone
        except ImportError as error:
            raise SettingError("tiktoken is not installed; run: pip install 'headroom[tiktoken]'") from error
        self._encode = tiktoken.Encoding(
            vocabulary, pat_str=PATTERNS[vocabulary], mergeable_ranks=_ranks(file), special_tokens={}
        ).encode_ordinary

    def count(self, text: str) -> int:
        return _sliced(text, lambda s: len(self._encode(s)))


class ScaledCounter:
    """An estimate: another counter's figure times a factor."""

    estimate = True

    def __init__(self, base: Counter, factor: float) -> None:
        self.name = f"{base.name} x {factor:g} (estimate)"
        self.factor = factor
        self._base = base

    def count(self, text: str) -> int:
        return round(self._base.count(text) * self.factor)


def family(model: str | None) -> Family:
    """The family a model belongs to; provider prefixes and paths (`us.anthropic.`, `models/`) are ignored."""
    if not model:
        return DEFAULT_FAMILY
    name = model.lower().rsplit("/", 1)[-1]
    name = name.rsplit("anthropic.", 1)[-1]
    return next((f for f in FAMILIES if f"{name}-".startswith(f.prefix)), DEFAULT_FAMILY)


@lru_cache(maxsize=32)
def counter(model: str | None = None, vocabulary_dir: Path | None = None) -> Counter:
    """The counter for a model. With `vocabulary_dir`, or without splintr, tiktoken reads `<name>.tiktoken` there.

    Raises SettingError if neither is possible.
    """
    fam = family(model)
    base: Counter
    if vocabulary_dir is not None:
        base = TiktokenCounter(fam.vocabulary, vocabulary_dir / f"{fam.vocabulary}.tiktoken")
    elif splintr is not None:
        base = SplintrCounter(fam.vocabulary)
    else:
        raise SettingError(
            "splintr-rs is not installed; install it, or name the folder of the tiktoken vocabularies "
            "in HEADROOM_VOCABULARY"
        )
    return ScaledCounter(base, fam.factor) if fam.estimate else base


class QuotedCounter:
    """Counts texts as they stand in a string of JSON: as `quoted` makes them."""

    def __init__(self, base: Counter, quoted: Callable[[str], str]) -> None:
        self.name, self.estimate, self.factor = base.name, base.estimate, base.factor
        self._base = base
        self._quoted = quoted

    def count(self, text: str) -> int:
        return self._base.count(self._quoted(text))


def estimate(text: str, count: Counter) -> int:
    """Tokens of `text` from eight evenly spaced samples; exact below 12,000 characters. For choosing, not reporting."""
    if len(text) <= SAMPLE_SLICE * SAMPLES:
        return count.count(text)
    step = (len(text) - SAMPLE_SLICE) // (SAMPLES - 1)
    seen = sum(count.count(text[i * step : i * step + SAMPLE_SLICE]) for i in range(SAMPLES))
    return round(seen * len(text) / (SAMPLES * SAMPLE_SLICE))


def _sliced(text: str, count_slice: Callable[[str], int]) -> int:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")  # an unpaired surrogate cannot be encoded
    if len(text) <= SLICE:
        return count_slice(text)
    return sum(count_slice(text[i : i + SLICE]) for i in range(0, len(text), SLICE))


def _ranks(file: Path) -> dict[bytes, int]:
    try:
        lines = file.read_bytes().splitlines()
        return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}
    except OSError as error:
        raise SettingError(f"cannot read the vocabulary {file}: {error.strerror}; put the file there") from error
    except ValueError as error:
        raise SettingError(f"{file} is not a .tiktoken vocabulary: {error}; replace the file") from error
