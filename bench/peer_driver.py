"""Runs inside the other package's own environment: one JSON object a line in, one a line out.

In: {"messages": [...], "model": "..."}. Out: {"messages": [...], "seconds": s} or {"error": "..."}. The clock runs
around its `compress` call alone; reading, copying and writing JSON are outside. Standard output belongs to the
protocol, so whatever the package prints goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
from typing import Any


def main() -> int:
    """Answers requests until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr
    logging.disable(logging.CRITICAL)
    compress = importlib.import_module("headroom").compress
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(compress, json.loads(line))), file=answers, flush=True)
    return 0


def _answer(compress: Any, request: dict[str, Any]) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        result = compress(request["messages"], model=request["model"])
    except Exception as error:  # noqa: BLE001  whatever it raises is its answer, and a row in the table
        return {"error": f"{type(error).__name__}: {error}"}
    seconds = time.perf_counter() - start
    return {"messages": result.messages, "seconds": seconds}


if __name__ == "__main__":
    sys.exit(main())
