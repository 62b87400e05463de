"""Secrets in a row: lines of logs reach a report, and a line that holds a key must not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from headroom import detect
from headroom.audit.rows import Regret, Row

MASK = "[a line that holds a secret]"

_BEGIN, _END = "-----BEGIN ", "-----END "


def masked(row: Row) -> Row:
    """The row with every line that holds a secret replaced, in all its texts. Its mappings become plain dicts."""
    found: Row = _masked(row)
    return found


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, Mapping):
        return {_masked(key): _masked(inner) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(map(_masked, value))
    if is_dataclass(value) and not isinstance(value, type):
        changes = {field.name: _masked(getattr(value, field.name)) for field in fields(value)}
        if isinstance(value, Regret) and changes["line"] != value.line:
            changes["used"] = MASK  # a part of the secret, which alone may not be known for one
        return replace(value, **changes)
    return value


def hidden(text: str) -> str:
    """`text` without its lines that hold a secret; of a private key, which has many lines, all of them."""
    if not detect.holds_secret(text):
        return text
    kept, inside = [], False
    for line in text.split("\n"):
        holds = detect.holds_secret(line)
        inside = inside or (holds and _BEGIN in line)
        if not (inside or holds):
            kept.append(line)
        elif kept[-1:] != [MASK]:
            kept.append(MASK)
        inside = inside and _END not in line
    shown = "\n".join(kept)
    return MASK if detect.holds_secret(shown) else shown  # a secret that runs over a line's end
