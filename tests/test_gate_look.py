"""What would bring back the facts that an outline lost."""

from __future__ import annotations

import json

from headroom import gate

QUIET = [f"2025-03-09 07:{n % 60:02}:00 INFO [worker-{n % 4}] heartbeat ok" for n in range(60)]
LOST = "  2025-03-09 07:30:00 ERROR pool connection refused by db-2"
NOTICE = "[… lines 21-40: 20 × INFO heartbeat · headroom_retrieve('k3f9a2tq7mbn', lines='21-40')]"


def test_the_line_that_states_a_lost_fact_is_named_and_showing_it_suffices() -> None:
    text = "\n".join([*QUIET[:30], LOST, *QUIET[30:]])
    look = gate.look(text, "\n".join([*QUIET[:20], NOTICE, *QUIET[40:]]))
    assert look.lost == gate.lost(text, "\n".join([*QUIET[:20], NOTICE, *QUIET[40:]])) != []
    assert look.lines == {LOST.strip()}
    again = gate.look(text, "\n".join([*QUIET[:20], NOTICE, LOST, *QUIET[40:]]))
    assert again == ([], frozenset())


def test_where_rows_of_json_lost_a_fact_no_line_brings_it_back() -> None:
    rows = [{"id": n, "status": "ok"} for n in range(30)] + [{"id": 30, "status": "failed", "error": "disk full"}]
    look = gate.look(json.dumps({"items": rows}), json.dumps({"items": rows[:2]}))
    assert look.lost != []
    assert look.lines == frozenset()
