"""MCP's methods, as far as a server of tools needs them, for both of its eras.

Since 2026-07-28 every request says in its `_meta` which version it speaks, and `server/discover` tells what there is.
Clients before that begin with `initialize`. Nothing is remembered in either case: what a request says is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from headroom import __version__
from headroom.errors import HeadroomError
from headroom.mcp.jsonrpc import INVALID_PARAMS, METHOD_NOT_FOUND, Refused
from headroom.types import Json

MODERN = ("2026-07-28",)
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Versions by era, newest first."""

UNSUPPORTED_VERSION = -32022

VERSION, SERVER = "io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/serverInfo"
"""Keys of `_meta`."""

INFO: Mapping[str, Json] = {"name": "headroom", "version": __version__}

_CAPABILITIES: Mapping[str, Json] = {"tools": {}}
_KEPT: Mapping[str, Json] = {"ttlMs": 3_600_000, "cacheScope": "public"}
"""For how long a client may go by a list, in milliseconds: as long as the server runs, nothing in it changes."""

Work: TypeAlias = Callable[[dict[str, Json]], str]
"""What a tool does: arguments in, text out. A HeadroomError is told to the model as the tool's failure."""


class Tool(NamedTuple):
    """A tool as clients list it, and what it does."""

    name: str
    description: str
    parameters: Mapping[str, Json]
    """JSON Schema of the arguments."""
    work: Work
    read_only: bool = False
    meta: Mapping[str, Json] = {}


class Server:
    """Answers requests: method and parameters in, result out.

    Args:
        tools: what is listed, in this order.
        hidden: what can be called by name but is not listed, for the client's own use.
    """

    def __init__(self, tools: Sequence[Tool], hidden: Mapping[str, Work]) -> None:
        self._list = [_listed(tool) for tool in tools]
        self._work = {**hidden, **{tool.name: tool.work for tool in tools}}
        both: dict[str, Callable[[dict[str, Json]], dict[str, Json]]] = {
            "server/discover": self._discover,  # a client that knows it need not be told that it is one
            "tools/list": lambda params: {"tools": self._list},
            "tools/call": self._call,
        }
        self._modern = both
        self._legacy = {**both, "initialize": self._initialize, "ping": lambda params: {}}

    def handle(self, method: str, params: dict[str, Json]) -> Json:
        """The result of a request. Raises Refused where the protocol has an error for it."""
        meta = params.get("_meta")
        version = meta.get(VERSION) if isinstance(meta, dict) else None
        if version is not None and version not in MODERN:
            told = {"supported": [*MODERN, *LEGACY], "requested": str(version)}
            raise Refused(UNSUPPORTED_VERSION, "this protocol version is not supported", told)
        is_modern = version is not None or method == "server/discover"
        found = (self._modern if is_modern else self._legacy).get(method)
        if found is None:
            raise Refused(METHOD_NOT_FOUND, f"there is no method {method}")
        result = found(params)
        if not is_modern:
            return result
        return {"resultType": "complete", **result, **({} if method == "tools/call" else _KEPT)}

    def _initialize(self, params: dict[str, Json]) -> dict[str, Json]:
        asked = params.get("protocolVersion")
        version = asked if asked in LEGACY else LEGACY[0]
        return {"protocolVersion": version, "capabilities": _CAPABILITIES, "serverInfo": INFO}

    def _discover(self, params: dict[str, Json]) -> dict[str, Json]:
        return {"supportedVersions": list(MODERN), "capabilities": _CAPABILITIES, "_meta": {SERVER: INFO}}

    def _call(self, params: dict[str, Json]) -> dict[str, Json]:
        name, arguments = params.get("name"), params.get("arguments")
        work = self._work.get(name) if isinstance(name, str) else None
        if work is None:
            raise Refused(INVALID_PARAMS, f"there is no tool {name!r:.100}")
        if arguments is not None and not isinstance(arguments, dict):
            raise Refused(INVALID_PARAMS, "arguments must be an object")
        try:
            return _told(work(arguments or {}))
        except HeadroomError as error:
            return _told(f"{error}.", is_error=True)


def _told(text: str, *, is_error: bool = False) -> dict[str, Json]:
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def _listed(tool: Tool) -> Json:
    listed: dict[str, Json] = {"name": tool.name, "description": tool.description, "inputSchema": tool.parameters}
    if tool.read_only:
        listed["annotations"] = {"readOnlyHint": True}
    return {**listed, "_meta": tool.meta} if tool.meta else listed
