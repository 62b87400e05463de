"""Runs inside the other package's own environment: one JSON object a line in, one a line out.

In: {"messages": [...], "model": "..."}. Out: {"messages": [...], "seconds": s} or {"error": "..."}. The clocks run
around its `compress` call alone; reading, copying and writing JSON are outside. `seconds` is the smaller of
wall-clock and processor time: the first is less where it uses threads, the second where the machine is busy.
Standard output belongs to the protocol, so whatever the package prints goes to standard error.
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
    wall, processor = time.perf_counter(), time.process_time()
    try:
        result = compress(request["messages"], model=request["model"])
    except Exception as error:  # noqa: BLE001  whatever it raises is its answer, and a row in the table
        return {"error": f"{type(error).__name__}: {error}"}
    seconds = min(time.perf_counter() - wall, time.process_time() - processor)
    return {"messages": result.messages, "seconds": seconds}


if __name__ == "__main__":
    sys.exit(main())
