"""JSON-RPC 2.0: a line in, a line or nothing out. What a method does is somebody else's business.

A request that its sender has cancelled is not answered, and not begun if it still waits: the protocol forbids an
answer that nobody expects.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import NoReturn, TypeAlias

from headroom.types import Json

CANCELLED = "notifications/cancelled"
"""The notification by which a sender takes a request back."""

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


class Requests:
    """The requests of one client, answered in any order and in several threads."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._lock = threading.Lock()
        self._waiting: set[str | int] = set()
        """Ids of requests that were read and not answered yet."""
        self._cancelled: set[str | int] = set()
        """Those of them that nobody waits for any more."""

    def read(self, line: bytes) -> Callable[[], bytes | None]:
        """Reads the next line; what is returned does its work, and gives the line that answers it, without its end, or
        None where nothing is to be said. Neither raises.

        A batch, which older clients may send, is answered by a batch.
        """
        if not line.strip():
            return _nothing
        try:
            message = json.loads(line.decode("utf-8"), parse_constant=_no_number)
        except (ValueError, RecursionError):
            return lambda: refused(PARSE_ERROR, "the line is not JSON in UTF-8")
        if isinstance(message, list):
            return lambda: self._batch(message)
        name = _id(message)
        if name is None:
            self._cancel(message)
            return lambda: _encoded(_answer(message, self._handle))
        with self._lock:
            self._waiting.add(name)
        return lambda: self._single(name, message)

    def _single(self, name: str | int, message: Json) -> bytes | None:
        with self._lock:
            wanted = name not in self._cancelled
        line = _encoded(_answer(message, self._handle)) if wanted else None
        with self._lock:
            self._waiting.discard(name)
            if name not in self._cancelled:
                return line
            self._cancelled.discard(name)
        return None

    def _batch(self, messages: list[Json]) -> bytes | None:
        if not messages:
            return refused(INVALID_REQUEST, "the batch is empty")
        answers = [answer for each in messages if (answer := _answer(each, self._handle)) is not None]
        return _encoded(answers or None)

    def _cancel(self, message: Json) -> None:
        """Notes what a message cancels, if it does; only a request that waits can be."""
        if not isinstance(message, dict) or message.get("method") != CANCELLED:
            return
        params = message.get("params")
        name = _id({"id": params.get("requestId")}) if isinstance(params, dict) else None
        with self._lock:
            if name in self._waiting:
                self._cancelled.add(name)


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
    known, method, params = _id(message), message.get("method"), message.get("params", {})
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


def _id(message: Json) -> str | int | None:
    """The id of a message, None where it has none that an answer could name."""
    name = message.get("id") if isinstance(message, dict) else None
    return name if type(name) in (str, int) else None


def _nothing() -> None:
    """The answer to an empty line."""


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
