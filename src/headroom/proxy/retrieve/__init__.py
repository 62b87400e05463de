"""Answers `headroom_retrieve` in the proxy, in every dialect."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from headroom.proxy.retrieve.anthropic import Anthropic
from headroom.proxy.retrieve.converse import Converse
from headroom.proxy.retrieve.gemini import Gemini
from headroom.proxy.retrieve.openai_chat import OpenAIChat
from headroom.proxy.retrieve.openai_responses import OpenAIResponses
from headroom.proxy.retrieve.turn import Dialect

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "anthropic": Anthropic(),
        "openai-chat": OpenAIChat(),
        "openai-responses": OpenAIResponses(),
        "gemini": Gemini(),
        "converse": Converse(),
    }
)
"""By the name of the provider."""

__all__ = ["DIALECTS"]
