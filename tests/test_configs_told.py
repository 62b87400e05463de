"""What a journal tells of the edits in force: whose, in which files, with which values."""

from __future__ import annotations

from pathlib import Path

from headroom.configs import Change
from tests.config_samples import journal, sets


def test_the_changes_in_force_are_told_by_owner(tmp_path: Path) -> None:
    wrap = [sets(tmp_path / "b.json", "json", ("env.URL", "x")), sets(tmp_path / "a.toml", "toml", ("model", "x"))]
    mcp = Change(file=tmp_path / "b.json", form="json", appends=((("servers",), {"command": ["a", "b"]}),))
    journal(tmp_path).apply("wrap", wrap)
    journal(tmp_path).apply("mcp", [mcp])

    assert journal(tmp_path).changes("wrap") == [wrap[1], wrap[0]]
    assert journal(tmp_path).changes("mcp") == [mcp]
    assert journal(tmp_path).changes("hooks") == []
    assert journal(tmp_path).interrupted() == []
