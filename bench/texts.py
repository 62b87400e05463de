"""The texts of a message list that a measurement is about.

Everything is read straight from the two message shapes, without the package's own providers: a figure must not
depend on the code that it judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from headroom.tokens import counter
from headroom.types import Json

Messages = list[dict[str, Any]]


@lru_cache(maxsize=1)
def _count() -> Any:
    return counter().count


def tokens(texts: Sequence[str]) -> int:
    """o200k tokens of the texts, each counted alone."""
    return sum(_count()(text) for text in texts)


def content_texts(content: Json) -> Iterator[str]:
    """The text of a message or result: a string, or the text blocks of a list."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from (b["text"] for b in content if isinstance(b, dict) and isinstance(b.get("text"), str))


def tool_outputs(messages: Messages) -> list[str]:
    """Every tool result's text in order, one string per result; Anthropic and OpenAI chat shapes."""
    found = []
    for message in messages:
        content = message.get("content")
        if message.get("role") == "tool":
            found.append("".join(content_texts(content)))
        elif isinstance(content, list):
            results = (b for b in content if isinstance(b, dict) and b.get("type") == "tool_result")
            found += ["".join(content_texts(b.get("content"))) for b in results]
    return found


def outputs(messages: Messages) -> list[str]:
    """What a workload is about: its tool results or, where it has none, the first user message (pasted documents)."""
    found = tool_outputs(messages)
    if found:
        return found
    first = next((m for m in messages if m.get("role") == "user"), None)
    return ["".join(content_texts(first.get("content")))] if first else []
