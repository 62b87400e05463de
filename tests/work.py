"""Counts work, so that its growth can be tested without a clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def work(action: Callable[[], object]) -> int:
    """How many lines of Python and calls of functions `action` executes: its work, independent of the machine."""
    counted = 0

    def trace(_frame: FrameType, _event: str, _arg: object) -> Any:
        nonlocal counted
        counted += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return counted
