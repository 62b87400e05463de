"""JSON-RPC 2.0: a line in, a line or nothing out. What a method does is somebody else's business."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from headroom.types import Json

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603

Handle: TypeAlias = Callable[[str, dict[str, Json]], Json]
"""Takes a method and its parameters, returns its result or raises Refused."""

log = logging.getLogger("headroom")


class Refused(Exception):
    """A request that gets an error instead of a result."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


def answered(line: bytes, handle: Handle) -> bytes | None:
    """The line that answers `line`, without its end; None where nothing is to be said. Never raises.

    A batch, which older clients may send, is answered by a batch.
    """
    if not line.strip():
        return None
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return refused(PARSE_ERROR, "the line is not JSON in UTF-8")
    if not isinstance(message, list):
        return _encoded(_answer(message, handle))
    if not message:
        return refused(INVALID_REQUEST, "the batch is empty")
    answers = [answer for each in message if (answer := _answer(each, handle)) is not None]
    return _encoded(answers or None)


def refused(code: int, message: str) -> bytes:
    """The answer to a line that does not say what it asks for."""
    line = _encoded(_error(None, code, message))
    assert line is not None
    return line


def _answer(message: Json, handle: Handle) -> Json:
    """What one message is answered with; None for notifications, and for answers to what was never asked."""
    if not isinstance(message, dict):
        return _error(None, INVALID_REQUEST, "a message is a JSON object")
    if "method" not in message and ("result" in message or "error" in message):
        return None
    name, method, params = message.get("id"), message.get("method"), message.get("params", {})
    known = name if type(name) in (str, int) else None
    if message.get("jsonrpc") != "2.0" or not isinstance(method, str) or ("id" in message and known is None):
        return _error(known, INVALID_REQUEST, 'a request has "jsonrpc": "2.0", a method, and a string or number as id')
    if known is None:
        return None
    if not isinstance(params, dict):
        return _error(known, INVALID_PARAMS, "params must be an object")
    try:
        return {"jsonrpc": "2.0", "id": known, "result": handle(method, params)}
    except Refused as error:
        return _error(known, error.code, str(error), error.data)
    except Exception:
        log.exception("%s failed", method)
        return _error(known, INTERNAL_ERROR, f"{method} failed; the server's log on standard error says why")


def _error(name: str | int | None, code: int, message: str, data: Json = None) -> Json:
    error = {"code": code, "message": message}
    return {"jsonrpc": "2.0", "id": name, "error": error if data is None else {**error, "data": data}}


def _encoded(message: Json) -> bytes | None:
    """One line: JSON escapes line ends. Lone surrogates, which strict clients refuse, become question marks."""
    if message is None:
        return None
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
