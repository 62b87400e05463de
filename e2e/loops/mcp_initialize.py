"""A client on `mcp` 1, which begins with `initialize`: lists our tools, calls each, and prints what it saw."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main(given: str) -> None:
    """`given` says, as JSON, how the server is started and what is asked of it."""
    asked: Any = json.loads(given)
    started = time.perf_counter()
    server = StdioServerParameters(command=asked["server"][0], args=asked["server"][1:])
    async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as session:
        begun = await session.initialize()
        tools = (await session.list_tools()).tools
        seconds = time.perf_counter() - started
        results = await asyncio.gather(
            *(session.call_tool("headroom_retrieve", args) for args in asked["retrieve"]),
        )
        gone = await session.call_tool("headroom_retrieve", {"ref": "0123456789ab"})
        compressed: Any = await session.call_tool("headroom_compress", {"text": asked["text"]})
        stats: Any = await session.call_tool("headroom_stats", {})
        texts: list[Any] = [result.content[0] for result in (*results, gone, compressed, stats)]
        said = {
            "version": begun.protocolVersion,
            "seconds": seconds,
            "tools": [tool.name for tool in tools],
            "results": [text.text for text in texts[: len(results)]],
            "compressed": texts[-2].text,
            "stats": texts[-1].text,
            "failed": gone.isError,
            "gone": texts[-3].text,
        }
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
