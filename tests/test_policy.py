"""The level table: each level allows what the one before it allows, and every reason has its meaning."""

from __future__ import annotations

from typing import get_args

import pytest

from headroom import policy
from headroom.errors import UnknownLevelError
from headroom.types import Action, PartClass

CLASSES: tuple[PartClass, ...] = get_args(PartClass)
STRENGTH = {action: rank for rank, action in enumerate(get_args(Action))}


def test_the_levels_are_in_order_of_strength() -> None:
    assert list(policy.LEVELS) == ["meter", "lossless", "balanced", "aggressive"]


@pytest.mark.parametrize("content", CLASSES)
def test_a_stronger_level_never_allows_less(content: PartClass) -> None:
    strengths = [STRENGTH[level.action(content)] for level in policy.LEVELS.values()]

    assert strengths == sorted(strengths)


@pytest.mark.parametrize("name", sorted(policy.LEVELS))
def test_every_level_decides_about_every_class_of_part(name: str) -> None:
    assert set(policy.LEVELS[name].allows) == set(CLASSES)
    assert policy.LEVELS[name].name == name


def test_meter_changes_nothing() -> None:
    assert {policy.level("meter").action(content) for content in CLASSES} == {"keep"}


def test_lossless_removes_nothing() -> None:
    assert "outline" not in {policy.level("lossless").action(content) for content in CLASSES}


def test_balanced_removes_from_machine_output_alone() -> None:
    balanced = policy.level("balanced")

    assert [content for content in CLASSES if balanced.action(content) == "outline"] == ["machine"]
    assert policy.DEFAULT_LEVEL == "balanced"


def test_small_parts_are_never_touched() -> None:
    assert {level.action("small") for level in policy.LEVELS.values()} == {"keep"}


@pytest.mark.parametrize("name", ["", "Balanced", "max", "loss less", None, 3, ["balanced"]])
def test_an_unknown_level_is_refused_with_the_known_ones(name: object) -> None:
    with pytest.raises(UnknownLevelError) as caught:
        policy.level(name)  # type: ignore[arg-type]

    assert str(caught.value) == f"unknown level {name!r}; use one of: meter, lossless, balanced, aggressive"


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        policy.LEVELS["balanced"] = policy.LEVELS["meter"]  # type: ignore[index]
    with pytest.raises(TypeError):
        policy.LEVELS["meter"].allows["read"] = "outline"  # type: ignore[index]


def test_every_reason_is_one_word_with_a_meaning() -> None:
    for reason, meaning in policy.REASONS.items():
        assert reason == reason.lower()
        assert " " not in reason
        assert len(meaning.split()) >= 3


def test_a_part_that_passes_the_smallest_size_can_save_the_smallest_gain() -> None:
    assert 0 < policy.MIN_GAIN_TOKENS < policy.MIN_TOKENS
    assert 0 < policy.MIN_GAIN_SHARE < 1
    assert policy.TRIED_COMPRESSORS >= 1
