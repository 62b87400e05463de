"""The tools that the MCP server lists. Every word here is read by a model in every request: 250 tokens at most.

What does their work takes a while to import, and is asked for at the first call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from headroom.mcp.protocol import Tool
from headroom.retrieval import DESCRIPTION, PARAMETERS, TOOL
from headroom.types import Json


class Calls(Protocol):
    """What does the tools' work: arguments in, text for the model out."""

    def retrieve(self, arguments: Mapping[str, Json]) -> str: ...

    def compress(self, arguments: Mapping[str, Json]) -> str: ...

    def stats(self, arguments: Mapping[str, Json]) -> str: ...


def listed(calls: Callable[[], Calls]) -> tuple[Tool, ...]:
    """The tools, in the order of the list."""
    return (
        Tool(
            TOOL,
            DESCRIPTION,
            PARAMETERS,
            lambda arguments: calls().retrieve(arguments),
            read_only=True,
            meta={"anthropic/alwaysLoad": True},  # a notice names it: the model must not have to search for it
        ),
        Tool(
            "headroom_compress",
            "Shortens a long text and keeps the original.",
            {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
            lambda arguments: calls().compress(arguments),
        ),
        Tool(
            "headroom_stats",
            "What Headroom has spared.",
            {"type": "object", "properties": {}},
            lambda arguments: calls().stats(arguments),
            read_only=True,
        ),
    )
