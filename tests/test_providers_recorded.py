"""Recorded requests of real SDKs to real services: each is known for what it is, and read and written without loss."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from headroom.providers import PROVIDERS, detect, write
from headroom.spans import splice
from headroom.types import Edit
from tests.dialects import SHARED

CASSETTES = SHARED / "wire" / "provider-cassettes.tar.gz"
pytestmark = pytest.mark.skipif(not CASSETTES.is_file(), reason="no recorded requests at ../shared/data/wire")

# The end of the path, without the method that Google puts after a colon, and the dialect spoken there.
ENDPOINTS = {
    "/v1/messages": "anthropic",
    "/v1/messages/count_tokens": "anthropic",
    "/invoke": "anthropic",
    "/chat/completions": "openai-chat",
    "/v1/responses": "openai-responses",
    "/v1/responses/compact": "openai-responses",
    ":generateContent": "gemini",
    ":streamGenerateContent": "gemini",
    ":countTokens": "gemini",
    "/converse": "converse",
    "/converse-stream": "converse",
    "/v1/conversations": None,
}


@cache
def recorded() -> list[tuple[str, Any]]:
    """URL path and decoded body of all requests that have a JSON body."""
    yaml = pytest.importorskip("yaml", reason="PyYAML, which reads the recorded requests, is not installed")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with tarfile.open(CASSETTES) as archive:
        names = sorted(member.name for member in archive if member.isfile() and member.name.endswith(".yaml"))
        files = [archive.extractfile(name) for name in names]
        return [pair for file in files if file is not None for pair in _requests(yaml.load(file, loader))]


def _requests(cassette: Any) -> Iterator[tuple[str, Any]]:
    for interaction in cassette.get("interactions", []):
        request = interaction.get("request", {})
        body = request.get("parsed_body", request.get("body"))
        try:
            body = json.loads(body if isinstance(body, str | bytes) else json.dumps(body, default=str))
        except ValueError:
            continue  # an upload, or a body that was recorded cut off
        if isinstance(body, dict):
            yield urlsplit(request["uri"]).path, body


def test_every_recorded_request_is_detected_as_its_endpoint_says() -> None:
    seen: Counter[str] = Counter()
    for path, body in recorded():
        for ending, name in ENDPOINTS.items():
            if path.endswith(ending):
                provider = detect(body)
                assert (provider and provider.name) == name, (path, body)
                seen[name or "none"] += 1
    assert min(seen[name] for name in ("anthropic", "openai-chat", "openai-responses", "gemini", "converse")) >= 10


def test_every_recorded_request_is_read_and_written_without_loss() -> None:
    parts = 0
    for _, body in recorded():
        for provider in PROVIDERS:
            provider.read(body)
        found = detect(body)
        items = found.read(body) if found else []
        edits = [Edit(i.leaf, i.around(i.text)) for i in items if i.leaf is not None]
        parts += len(edits)
        assert write(body, edits) == body
        document = json.dumps(body, ensure_ascii=False).encode()
        assert splice(document, edits) == document
    assert parts > 100
