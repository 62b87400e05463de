"""What the clients' shell commands print: files that are made anew for every run, the same every time.

Each is as large as tools print them, with one line in it that matters, and below the sizes at which clients cut outputs
themselves.
"""

from __future__ import annotations

import json
from pathlib import Path

ODD = "FATAL PG-5523 connection pool exhausted"
"""The one line of the log that matters."""


def log(service: str, lines: int = 400) -> str:
    """A service's log: heartbeats, and one failure in the middle."""
    made = [
        f"2026-11-01T10:{i // 60:02}:{i % 60:02}Z INFO {service} heartbeat seq={i:04} took={10 + i % 7}ms"
        for i in range(lines)
    ]
    made[lines // 3] = f"2026-11-01T10:02:13Z {ODD} service={service}"
    return "\n".join(made) + "\n"


def orders(rows: int = 170) -> str:
    """A JSON array of like records, one of them refused."""
    made = [
        {
            "id": 7000 + i,
            "customer": f"c-{i * 37 % 9973:04}",
            "status": "shipped",
            "total": 20 + i % 9,
            "currency": "EUR",
        }
        for i in range(rows)
    ]
    made[rows // 2] |= {"status": "REFUSED", "reason": "card expired"}
    return json.dumps(made)


def run(count: int = 300) -> str:
    """A verbose test run: all pass but one."""
    made = [f"tests/test_orders.py::test_case_{i:03} PASSED [{i * 100 // count:3}%]" for i in range(count)]
    made[count // 2] = "tests/test_orders.py::test_refund FAILED [ 50%]"
    tail = ["E   AssertionError: refund of 12 EUR is 21 EUR", f"==== 1 failed, {count - 1} passed in 3.21s ===="]
    return "\n".join([*made, *tail]) + "\n"


PARTS = 240
"""Files of the folder that is listed."""


def fill(folder: Path) -> None:
    """Writes everything that the script's commands print."""
    (folder / "service.log").write_text(log("payments"), encoding="utf-8")
    (folder / "worker.log").write_text(log("mailer"), encoding="utf-8")
    (folder / "orders.json").write_text(orders(), encoding="utf-8")
    (folder / "tests.txt").write_text(run(), encoding="utf-8")
    (folder / "parts").mkdir()
    for number in range(PARTS):
        (folder / "parts" / f"part-{number:04}.parquet").write_bytes(b"x" * (number % 13))
    (folder / "parts" / "LOCK").write_bytes(b"")
