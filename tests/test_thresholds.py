"""Thresholds: how deep a level may go for a kind and size. They take from a level and never add to one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import SettingError, UnknownLevelError, compress, policy
from headroom.policy import LEVELS, Threshold, capped, cuts
from headroom.settings import CONFIG, THRESHOLDS, load
from headroom.store import MemoryStore
from tests.audit_logs import conversation, suite

MESSAGES = conversation(("", {"command": "pytest -v"}, suite(), "Bash"))
ANY = st.builds(
    Threshold, st.sampled_from(["runs", "logs", "*"]), st.sampled_from(list(LEVELS)), st.integers(0, 20_000),
    st.none() | st.integers(0, 20_000),
)  # fmt: skip


def cut(*thresholds: Threshold, level: str = "balanced") -> bool:
    """True if something is left out of a run of 8,103 tokens."""
    made = compress(MESSAGES, level=level, store=MemoryStore(), way_back="tool", thresholds=thresholds)
    return any(part.omissions for part in made.parts)


def test_a_threshold_is_for_a_kind_and_sizes_from_a_number_of_tokens_to_below_another() -> None:
    one = Threshold("runs", "balanced", 1_000, 2_000)

    assert [one.fits("runs", size) for size in (999, 1_000, 1_999, 2_000)] == [False, True, True, False]
    assert not one.fits("logs", 1_500)
    assert Threshold("*", "balanced").fits("logs", 10**9)


@given(
    st.lists(ANY, max_size=4), st.sampled_from(["runs", "logs"]), st.integers(0, 20_000), st.sampled_from(list(LEVELS))
)
def test_the_first_that_fits_counts_and_never_makes_a_level_deeper(
    thresholds: list[Threshold], kind: str, size: int, level: str
) -> None:
    order = list(LEVELS)
    fitting = [one.level for one in thresholds if one.fits(kind, size)]

    found = capped(thresholds, kind, size, LEVELS[level]).name
    assert found == min([level, *fitting[:1]], key=order.index)


@given(st.lists(ANY, max_size=4), st.sampled_from(list(LEVELS)))
def test_where_it_is_said_that_nothing_can_be_cut_no_kind_and_size_is(thresholds: list[Threshold], level: str) -> None:
    if not cuts([LEVELS[level]], thresholds):
        for kind in ("runs", "logs", "other"):
            for size in (0, 999, 5_000, 10**6):
                assert "outline" not in capped(thresholds, kind, size, LEVELS[level]).allows.values()


def test_something_is_left_out_only_where_the_threshold_allows_it() -> None:
    assert cut()
    assert cut(Threshold("runs", "aggressive", 5_000), Threshold("*", "lossless"))
    assert not cut(Threshold("*", "lossless"))
    assert not cut(Threshold("runs", "balanced", 10_000), Threshold("*", "lossless"))
    assert not cut(Threshold("*", "aggressive"), level="lossless")


def test_a_threshold_of_no_level_is_refused() -> None:
    with pytest.raises(UnknownLevelError):
        cut(Threshold("runs", "deep"))


def test_the_settings_files_own_go_before_those_that_calibration_wrote(tmp_path: Path) -> None:
    environ = {"HEADROOM_HOME": str(tmp_path)}
    (tmp_path / THRESHOLDS).write_text('[[thresholds]]\nkind = "runs"\nlevel = "balanced"\n', encoding="utf-8")
    assert load(environ).thresholds == (Threshold("runs", "balanced"),)

    (tmp_path / CONFIG).write_text('[[thresholds]]\nkind = "*"\nlevel = "lossless"\n', encoding="utf-8")
    assert load(environ).thresholds == (Threshold("*", "lossless"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[thresholds]]\nlevel = "balanced"', "the kind of threshold 1 is None"),
        ('[[thresholds]]\nkind = "runs"', "the level of threshold 1 is None; use one of: meter"),
        ('[[thresholds]]\nkind = "runs"\nlevel = "deep"', "the level of threshold 1 is 'deep'"),
        ('[[thresholds]]\nkind = "runs"\nlevel = "meter"\nfrom_tokens = -1', "from_tokens of threshold 1 is -1"),
        ('[[thresholds]]\nkind = "runs"\nlevel = "meter"\nsize = 1', "threshold 1 has the key 'size'"),
        ("thresholds = [1]", "threshold 1 is 1; write each threshold as a table"),
        ("thresholds = 1", "write each threshold as a table"),
        ('level = "balanced"', "level cannot be set in this file; set HEADROOM_LEVEL instead"),
        ("rules = []", "rules cannot be set in this file; set it in config.toml instead"),
    ],
)
def test_a_wrong_threshold_is_refused_with_its_file_and_value(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / THRESHOLDS).write_text(text, encoding="utf-8")

    with pytest.raises(SettingError) as caught:
        load({"HEADROOM_HOME": str(tmp_path)})

    assert says in str(caught.value)
    assert str(tmp_path / THRESHOLDS) in str(caught.value)


def test_the_default_level_may_cut_before_any_calibration() -> None:
    assert cuts([LEVELS[policy.DEFAULT_LEVEL]], ())
