"""A client on `mcp` 2, which speaks the stateless protocol: lists our tools, calls each, and prints what it saw."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from mcp import Client, StdioServerParameters


async def main(given: str) -> None:
    """`given` says, as JSON, how the server is started and what is asked of it."""
    asked: Any = json.loads(given)
    started = time.perf_counter()
    async with Client(StdioServerParameters(command=asked["server"][0], args=asked["server"][1:])) as client:
        tools = (await client.list_tools()).tools
        seconds = time.perf_counter() - started

        async def call(name: str, arguments: dict[str, Any]) -> Any:
            return await client.call_tool(name, arguments)

        results = await asyncio.gather(*(call("headroom_retrieve", args) for args in asked["retrieve"]))
        gone = await call("headroom_retrieve", {"ref": "0123456789ab"})
        compressed = await call("headroom_compress", {"text": asked["text"]})
        stats = await call("headroom_stats", {})
        said = {
            "version": client.protocol_version,
            "seconds": seconds,
            "tools": [tool.name for tool in tools],
            "results": [result.content[0].text for result in results],
            "compressed": compressed.content[0].text,
            "stats": stats.content[0].text,
            "failed": gone.is_error,
            "gone": gone.content[0].text,
        }
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
