"""Headroom makes what an LLM agent reads smaller before the model sees it. See README.md and ARCHITECTURE.md."""

from __future__ import annotations

__version__ = "0.1.0"
