"""Headroom makes what an LLM agent reads smaller before the model sees it. See README.md and ARCHITECTURE.md.

The public names are loaded when they are first used, so that `import headroom` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headroom.api import Report, Result, compress, retrieve
    from headroom.errors import (
        ConfigError,
        FormatError,
        HeadroomError,
        ProxyError,
        RangeError,
        SettingError,
        StoreError,
        UnknownLevelError,
        UnknownRefError,
        UsageError,
    )

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "FormatError",
    "HeadroomError",
    "ProxyError",
    "RangeError",
    "Report",
    "Result",
    "SettingError",
    "StoreError",
    "UnknownLevelError",
    "UnknownRefError",
    "UsageError",
    "__version__",
    "compress",
    "retrieve",
]

_FROM_API = frozenset({"Report", "Result", "compress", "retrieve"})


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'headroom' has no attribute {name!r}")
    return getattr(importlib.import_module("headroom.api" if name in _FROM_API else "headroom.errors"), name)
