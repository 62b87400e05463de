"""Which request goes where, and what of it is ours to read: a table of paths.

Everything that matches no row is relayed as it is to the upstream its path or its headers point to. A row says which
dialect the body speaks and where in it; nothing else about a provider is known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

from headroom.errors import UsageError
from headroom.types import Path

UPSTREAMS: Mapping[str, str] = MappingProxyType(
    {
        "anthropic": "https://api.anthropic.com",
        "openai": "https://api.openai.com",
        "chatgpt": "https://chatgpt.com",
        "gemini": "https://generativelanguage.googleapis.com",
        "code-assist": "https://cloudcode-pa.googleapis.com",
        "vertex": "https://aiplatform.googleapis.com",
        "bedrock": "https://bedrock-runtime.us-east-1.amazonaws.com",
    }
)
"""The providers' own servers by name. `--upstream NAME=URL` replaces one or adds another."""


class Route(NamedTuple):
    """What a path stands for. `dialect` is a provider's name, empty for what is only relayed."""

    upstream: str
    dialect: str = ""
    at: Path = ()
    """Where the dialect's own body stands in the request body."""
    answers: bool = False
    """True if the model answers: then the way back may be added and the usage is counted."""
    sign: bytes = b""
    """What stands in every body of the dialect, where bodies of others come by the same path."""


class _Row(NamedTuple):
    pattern: re.Pattern[str]
    route: Route


def _row(pattern: str, *route: object) -> _Row:
    return _Row(re.compile(pattern), Route(*route))  # type: ignore[arg-type]


_GENERATE = r"(?:generateContent|streamGenerateContent)"
_ANY = r"(?!/(?:backend-api|v1internal|model|v1beta\d?|v1alpha|v1/projects)/)(?:/[^/]+)*"
"""Gateways, and providers that speak another's dialect, put words of their own before its path (Azure, Groq, Z.ai); but
not the words that lead to an upstream of its own."""

_ROWS = (
    _row(rf"{_ANY}/v1/messages", "anthropic", "anthropic", (), True),
    _row(rf"{_ANY}/v1/messages/count_tokens", "anthropic", "anthropic"),
    _row(r"/v1beta/openai/chat/completions", "gemini", "openai-chat", (), True),
    _row(rf"{_ANY}/chat/completions", "openai", "openai-chat", (), True),
    _row(r"/backend-api/codex/responses", "chatgpt", "openai-responses", (), True),
    _row(r"/backend-api/codex/responses/compact", "chatgpt", "openai-responses"),
    _row(rf"{_ANY}/responses", "openai", "openai-responses", (), True),
    _row(rf"{_ANY}/responses/(?:compact|input_tokens)", "openai", "openai-responses"),
    _row(rf"/v1(?:beta\d?|alpha)?/models/[^/]+:{_GENERATE}", "gemini", "gemini", (), True),
    _row(r"/v1(?:beta\d?|alpha)?/models/[^/]+:countTokens", "gemini", "gemini"),
    _row(rf"/v1internal:{_GENERATE}", "code-assist", "gemini", ("request",), True),
    _row(r"/v1internal:countTokens", "code-assist", "gemini", ("request",)),
    _row(rf"/v1(?:beta1)?/projects/.+/publishers/google/models/[^/]+:{_GENERATE}", "vertex", "gemini", (), True),
    _row(r"/v1(?:beta1)?/projects/.+/publishers/google/models/[^/]+:countTokens", "vertex", "gemini"),
    _row(r"/v1(?:beta1)?/projects/.+/publishers/anthropic/models/count-tokens:rawPredict", "vertex", "anthropic"),
    _row(r"/v1(?:beta1)?/projects/.+/publishers/anthropic/models/[^/]+:(?:rawPredict|streamRawPredict)", "vertex",
         "anthropic", (), True),
    _row(r"/model/[^/]+/invoke(?:-with-response-stream)?", "bedrock", "anthropic", (), True, b'"anthropic_version"'),
    _row(r"/model/[^/]+/converse(?:-stream)?", "bedrock", "converse", (), True),
    _row(r"/model/[^/]+/count-tokens", "bedrock", "converse", ("input", "converse")),
)  # fmt: skip

_RELAYED = (
    (re.compile(r"/backend-api/"), "chatgpt"),
    (re.compile(r"/v1internal"), "code-assist"),
    (re.compile(r"/v1(?:beta\d?|alpha)/"), "gemini"),
    (re.compile(r"/v1/projects/"), "vertex"),
    (re.compile(r"/model/"), "bedrock"),
    (re.compile(r"/(?:anthropic/)?v1/(?:messages|complete|skills)\b"), "anthropic"),
)
"""Where a path goes that no row knows, by how it starts."""

_BY_HEADER = (("anthropic-version", "anthropic"), ("x-api-key", "anthropic"), ("x-goog-api-key", "gemini"))
"""Where it goes if not even its start is known: by what only one provider's clients send. Else to `openai`."""


_MODEL = re.compile(r"/models?/([^/:?]+)")


def find(method: str, path: str, headers: Mapping[str, str], extra: Mapping[str, str]) -> tuple[Route, str]:
    """The route of a request and the path to ask for upstream.

    Args:
        path: the raw path, without the query.
        headers: by lower-case name.
        extra: upstreams of the user's own by name: `/NAME/rest` goes to them as `/rest`.
    """
    name, _, rest = path[1:].partition("/")
    if name in extra and name not in UPSTREAMS:
        own = {key: value for key, value in headers.items() if key != "chatgpt-account-id"}
        route, inner = find(method, f"/{rest}", own, {})
        return route._replace(upstream=name), inner
    if method == "POST":
        for row in _ROWS:
            if row.pattern.fullmatch(path):
                return _credited(row.route, path, headers)
    upstream = next((to for pattern, to in _RELAYED if pattern.match(path)), "")
    upstream = upstream or next((to for header, to in _BY_HEADER if header in headers), "openai")
    return _credited(Route(upstream), path, headers)


def _credited(route: Route, path: str, headers: Mapping[str, str]) -> tuple[Route, str]:
    """A ChatGPT login is no key of the API: its requests go to the server that issued it."""
    if route.upstream != "openai" or "chatgpt-account-id" not in headers:
        return route, path
    return route._replace(upstream="chatgpt"), "/backend-api/codex" + path.removeprefix("/v1")


def model_in(target: str) -> str:
    """The model that a URL names, for dialects whose body does not; empty if it names none."""
    found = _MODEL.search(target)
    return unquote(found[1]) if found else ""


def parse_upstreams(given: tuple[str, ...]) -> dict[str, str]:
    """The upstreams in force by name, from `NAME=URL` words. Raises UsageError."""
    found = dict(UPSTREAMS)
    for word in given:
        name, _, url = word.partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or not re.fullmatch(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?", url):
            raise UsageError(f"{word!r} is no upstream; write NAME=URL, such as openai=http://localhost:11434")
        found[name] = url.rstrip("/")
    return found
