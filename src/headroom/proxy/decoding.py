"""JSON that may be none, or not what it should be: read and written without ever raising on what it says."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from headroom.types import Json


def parsed(data: bytes | bytearray | str) -> Any:
    """`data` as JSON; None if it is none. Lone surrogates, which msgspec refuses, are the slow way's."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def encoded(value: Json, *, sort: bool = False) -> bytes:
    """`value` as JSON, lone surrogates escaped. With `sort`, in the order of the keys: equal values are equal bytes."""
    try:
        return msgspec.json.encode(value, order="sorted" if sort else None)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), sort_keys=sort).encode()


def arguments(text: Json) -> Json:
    """The arguments of a call that a dialect tells as a string; None if they are no JSON object."""
    found = parsed(text or "{}") if text is None or isinstance(text, str) else None
    return found if isinstance(found, dict) else None
