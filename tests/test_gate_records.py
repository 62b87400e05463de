"""The facts gate on JSON that stands in other text, or is not whole: a failed row must stay there as well."""

from __future__ import annotations

import json

import pytest

from headroom import gate
from tests.test_gate import ROWS, WRONG


@pytest.mark.parametrize("fields", WRONG, ids=str)
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "around",
    [
        "Stdout: %s",
        "<output>%s</output>",
        "\ufeff%s",
        "$ get rows\n%s\n[exit code: 0]",
        '... [96 characters omitted] ...": 7}, %s',
        '{"total": 600, "rows": %s, {"id": 61, "mess',
    ],
)
def test_a_row_that_failed_must_stay_whatever_is_around(
    fields: dict[str, object], indent: int | None, around: str
) -> None:
    rows: list[object] = [*ROWS[:30], {**ROWS[30], **fields}, *ROWS[31:]]
    notice = "[… rows 2-29 of @1:9[0]: 28 rows alike]"
    text = around % json.dumps(rows, indent=indent)
    kept = around % json.dumps([rows[0], notice, *rows[29:]], separators=(",", ":"))
    gone = around % json.dumps([*rows[:30], notice, *rows[31:]], separators=(",", ":"))

    assert gate.lost(text, kept) == []
    assert gate.lost(text, gone) != []
