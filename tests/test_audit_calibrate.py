"""How deep levels may go for a user's own agents: only what is proved is cut, and all of Headroom obeys the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import compress, settings
from headroom.audit import advice
from headroom.audit.calibrate import BOUND, FEWEST_SESSIONS, calibrated, record, text, write
from headroom.audit.rows import LEVELS, Group, Row, Sums
from headroom.errors import SettingError
from headroom.policy import Threshold
from headroom.store import MemoryStore
from tests.audit_logs import conversation, suite
from tests.audit_rows import row

DAY = date(2026, 11, 29)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path))


def outputs(needed: int, lost: float, *, cut: int = 5, kind: str = "runs", size: str = "5-10k") -> Group:
    """Outputs of which something was used, and the share of it, summed over them, that each cutting level hides."""
    sums = Sums(tokens=1, spared=0.0, cut=cut, used=10 * cut, hidden=round(10 * lost), lost=lost)
    return Group(
        tool="Bash", kind=kind, size=size, outputs=needed, tokens=1, dollars=0.0, needed=needed,
        levels={"lossless": replace(sums, cut=0, used=0, hidden=0, lost=0.0), "balanced": sums, "aggressive": sums},
    )  # fmt: skip


def sessions(*groups: Group, count: int = FEWEST_SESSIONS) -> list[Row]:
    return [row(number, groups=groups) for number in range(count)]


def thresholds(rows: list[Row], bound: float = BOUND) -> list[Threshold]:
    return [one.threshold for one in calibrated(rows, bound)]


def test_the_bound_is_half_of_what_is_tolerable() -> None:
    assert advice.BOUND / 2 == BOUND == 0.01


def test_the_deepest_level_that_keeps_the_bound_is_found_by_kind_and_size() -> None:
    runs = outputs(40, 0.0)
    both = outputs(40, 0.0, kind="logs", size=">10k")
    gentle = replace(both, levels={**both.levels, "aggressive": replace(both.levels["aggressive"], lost=1.0)})

    assert thresholds(sessions(runs, gentle)) == [
        Threshold("logs", "balanced", 10_000),
        Threshold("runs", "aggressive", 5_000, 10_000),
    ]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (sessions(outputs(19, 0.0)), "95 outputs and one more that loses all are above 1 %"),
        (sessions(outputs(40, 0.5)), "too much was lost"),
        (sessions(outputs(40, 0.0, cut=0)), "it was never seen to cut anything"),
        (sessions(outputs(400, 0.0), count=FEWEST_SESSIONS - 1), "too few sessions"),
        ([], "nothing is known"),
    ],
)
def test_where_evidence_is_missing_nothing_is_cut(rows: list[Row], why: str) -> None:
    assert thresholds(rows) == [], why


def test_many_short_outputs_do_not_vouch_for_the_long_ones() -> None:
    long, short = outputs(2, 1.0, size=">10k"), outputs(400, 0.0, size="1-2k")

    assert [one.from_tokens for one in thresholds(sessions(long, short))] == [1_000]


@given(
    st.lists(st.tuples(st.integers(0, 300), st.floats(0, 1), st.integers(0, 9)), min_size=1, max_size=9),
    st.floats(0.001, 0.2),
)
def test_what_is_allowed_keeps_the_bound_with_one_more_output_that_loses_all(
    drawn: list[tuple[int, float, int]], bound: float
) -> None:
    rows = [
        row(n, groups=(outputs(needed, share * min(needed, cut), cut=cut),))
        for n, (needed, share, cut) in enumerate(drawn)
    ]

    for one in calibrated(rows, bound):
        assert (one.evidence.lost + 1) / (one.evidence.needed + 1) <= bound
        assert one.evidence.cut > 0


def written(rows: list[Row]) -> Path:
    made = calibrated(rows)
    return write(settings.load().home, text(made, sessions=len(rows), bound=BOUND, day=DAY))


def test_the_file_tells_its_date_and_its_evidence_and_settings_read_it(tmp_path: Path) -> None:
    path = written(sessions(outputs(40, 0.0)))
    said = path.read_text(encoding="utf-8")

    assert path == tmp_path / settings.THRESHOLDS
    assert "on 2026-11-29, from 5 sessions." in said
    assert "200 outputs, 200 of them used, in 5 sessions; 25 cut; 0 of 250 lines used of those hidden" in said
    assert settings.load().thresholds == (Threshold("runs", "aggressive", 5_000, 10_000), Threshold("*", "lossless"))


def test_a_later_calibration_takes_the_place_of_an_earlier_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    written(sessions(outputs(40, 0.0)))
    written([])

    assert settings.load().thresholds == (Threshold("*", "lossless"),)
    assert [file.name for file in tmp_path.iterdir()] == [settings.THRESHOLDS]


def test_compress_leaves_something_out_only_where_that_was_proved() -> None:
    messages = conversation(("", {"command": "pytest -v"}, suite(), "Bash"))

    def cut() -> bool:
        made = compress(messages, level="balanced", store=MemoryStore(), way_back="tool")
        return any(part.omissions for part in made.parts)

    assert cut()
    written([])
    assert not cut()
    written(sessions(outputs(40, 0.0, kind="logs"), outputs(40, 0.0, size=">10k")))
    assert not cut()
    written(sessions(outputs(40, 0.0)))
    assert cut()


def test_a_home_that_cannot_be_written_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingError, match=r"thresholds\.toml cannot be written"):
        write(tmp_path / "file", "")


def test_the_record_holds_what_the_file_says(tmp_path: Path) -> None:
    made = calibrated(sessions(outputs(40, 0.0)))
    told = record(made, path=tmp_path, sessions=5, bound=BOUND, day=DAY)

    assert (told["day"], told["sessions"], told["bound"]) == ("2026-11-29", 5, 0.01)
    assert told["thresholds"] == [
        {"kind": "runs", "level": "aggressive", "from_tokens": 5_000, "below_tokens": 10_000, "size": "5-10k",
         "outputs": 200, "needed": 200, "sessions": 5, "cut": 25, "used": 250, "hidden": 0, "lost": 0.0}
    ]  # fmt: skip
    assert set(LEVELS) >= {one["level"] for one in told["thresholds"]}
