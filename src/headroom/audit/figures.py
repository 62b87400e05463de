"""How the reports of an audit write numbers: the same value reads the same in a terminal and on a page."""

from __future__ import annotations

import time

NONE = "–"
"""What stands where there is no value."""


MANY = 99_950
"""From here on three digits tell enough."""


def money(value: float | None) -> str:
    """Dollars and cents, hundredths of a cent where it is less than one, no cents where it is thousands, and three
    digits where it is more."""
    if value is None:
        return NONE
    size = abs(value)
    if size < 0.00005:
        return "$0.00"
    digits = 4 if size < 0.01 else 2 if size < 1_000 else 0
    return f"{'-' if value < 0 else ''}${tokens(size) if size >= MANY else f'{size:,.{digits}f}'}"


def share(value: float | None) -> str:
    """A ratio as per cent, with a decimal or two where it is small."""
    if value is None:
        return NONE
    per_cent = 100 * value
    size = abs(per_cent)
    digits = 0 if size >= 9.95 or size < 0.005 else 1 if size >= 0.095 else 2
    return f"{0.0 if size < 0.005 else per_cent:.{digits}f}%"


def change(value: float | None) -> str:
    """A ratio as per cent more or less."""
    return f"{'+' if value and value > 0 else ''}{share(value)}"


def fewer(value: float | None) -> str:
    """How much less something is, as a change of it."""
    return change(None if value is None else -value)


def span(low: str, high: str) -> str:
    """Two written figures as a range; one if they read the same."""
    return low if low == high else f"{low} to {high}"


def whole(value: float | None) -> str:
    """A count, in full."""
    return NONE if value is None else f"{value:,.0f}"


def tokens(value: float | None) -> str:
    """A count of tokens, in three digits where it is large."""
    if value is None:
        return NONE
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= (MANY if unit == "k" else 0.9995 * size):
            scaled = value / size
            return f"{scaled:,.{0 if abs(scaled) >= 99.95 else 1}f}{unit}"
    return whole(value)


def day(seconds: float | None) -> str:
    """A day of UTC as year, month and day."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds)) if seconds else NONE


def short(text: str, columns: int) -> str:
    """`text` on one line, in at most so many columns."""
    line = " ".join(text.split())
    return line if len(line) <= columns else line[: columns - 1] + "…"


def named(session: str) -> str:
    """The beginning of a session's name, by which its agent finds it."""
    return short(session, 13)
