"""The demo's conversation: an agent that looks for the cause of an outage and gets a hundred log entries.

One entry is the cause; all others are what a healthy shop writes. Every value is drawn from a hash of the seed, so
that the same seed gives the same bytes on every machine and Python.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

ENTRIES = 100

QUESTION = (
    "Checkout went down this morning. From the production logs: which service failed, with which code, "
    "how many transactions were hit, and what is the fix?"
)
TOOL = "search_logs"
CALL_ID = "toolu_demo_0001"

FACTS: tuple[tuple[str, str], ...] = (
    ("severity", "FATAL"),
    ("service", "payment-gateway"),
    ("code", "PG-5523"),
    ("impact", "1,847 transactions"),
    ("fix", "raise pool.max_size from 60 to 240"),
)
"""What the question asks for, and the words of the log that answer it."""

_ROUTINE: tuple[tuple[str, str, tuple[int, int]], ...] = (
    ("storefront", "rendered page in {} ms", (18, 95)),
    ("cart", "stored basket with {} lines", (1, 12)),
    ("payment-gateway", "card authorised in {} ms", (110, 480)),
    ("stock-keeper", "reserved {} units", (1, 9)),
    ("mailer", "queued receipt, {} waiting", (0, 40)),
    ("session-auth", "token renewed, {} live sessions", (900, 1400)),
)
_REGIONS = ("eu-central", "eu-north", "us-east")
_START = datetime(2026, 3, 9, 6, 40, tzinfo=UTC)


def log(seed: int = 5523) -> str:
    """The log as the tool returns it: a pretty-printed JSON list of ENTRIES objects, one of them FATAL."""
    fatal = ENTRIES // 2 + _drawn(seed, "fatal", below=ENTRIES // 2 - 10)
    moment = _START
    entries = []
    for number in range(ENTRIES):
        moment += timedelta(milliseconds=200 + _drawn(seed, number, "pause", below=9_000))
        entries.append((_fatal if number == fatal else _routine)(f"{seed}/{number}", moment))
    return json.dumps(entries, indent=2)


def conversation(text: str) -> list[dict[str, Any]]:
    """The messages, in Anthropic's form: the question, the agent's call, and `text` as the call's result."""
    arguments = {"window": "06:40-07:00", "limit": ENTRIES}
    call = {"type": "tool_use", "id": CALL_ID, "name": TOOL, "input": arguments}
    return [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CALL_ID, "content": text}]},
    ]


def result_text(messages: Any) -> str:
    """The text of the tool result in such a conversation."""
    text: str = messages[2]["content"][0]["content"]
    return text


def _drawn(*labels: object, below: int) -> int:
    """A number from 0 up to `below`, the same for the same labels."""
    digest = hashlib.sha256("/".join(map(str, labels)).encode()).digest()
    return int.from_bytes(digest[:8]) % below


def _chosen(choices: Sequence[T], *labels: object) -> T:
    return choices[_drawn(*labels, below=len(choices))]


def _entry(seed: str, moment: datetime, level: str, service: str, message: str) -> dict[str, Any]:
    return {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": level,
        "service": service,
        "region": _chosen(_REGIONS, seed, "region"),
        "trace": f"{_drawn(seed, 'trace', below=2**48):012x}",
        "message": message,
    }


def _routine(seed: str, moment: datetime) -> dict[str, Any]:
    service, message, (low, high) = _chosen(_ROUTINE, seed, "service")
    figure = low + _drawn(seed, "figure", below=high - low + 1)
    entry = _entry(seed, moment, "INFO", service, message.format(figure))
    return entry | {"http": {"method": "POST", "status": 200}, "release": "2026.10.2"}


def _fatal(seed: str, moment: datetime) -> dict[str, Any]:
    message = "no free database connection for 30 s (60 of 60 in use), refusing all cards"
    entry = _entry(seed, moment, "FATAL", "payment-gateway", message)
    return entry | {
        "http": {"method": "POST", "status": 503},
        "release": "2026.10.2",
        "code": "PG-5523",
        "impact": "1,847 transactions rejected",
        "fix": "raise pool.max_size from 60 to 240 in deploy/payment-gateway.toml, then restart",
    }
