"""The connection to the providers: headers, proxies, certificates. What the client sent goes on as it came."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.typedefs import LooseHeaders
from multidict import CIMultiDict
from yarl import URL

from headroom.errors import UsageError

HOP_BY_HOP = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "expect",
    }
)  # fmt: skip
"""Headers that belong to one connection (RFC 9110 §7.6.1) or are written anew for the next."""

OURS = "x-headroom-"
"""What starts so is meant for the proxy and goes no further."""

HEADER_BYTES = 64 * 1024
"""A request line, a status line or a header may be this long: identity tokens pass the usual limit of 8 kB, and what a
provider takes is for the provider to say."""

PIECE_BYTES = 2**20
"""A longer body is written in pieces of this length, without a copy of it, so that the event loop is not held up
(aiohttp warns from this size on). Pieces of 2**18 take a fifth more time (measured)."""

PROXY_SECONDS = 10
"""So often it is asked anew which proxy leads to a host: a laptop changes networks, and asking takes 0.1 ms."""

CERTIFICATES = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")
"""Variables that name certificate authorities of the user's own."""


def forwarded(headers: Iterable[tuple[bytes, bytes]], *, plain: bool = False) -> CIMultiDict[str]:
    """A client's headers as they go on: in order, repeated ones repeated, in the client's spelling.

    Args:
        headers: raw names and values.
        plain: True to ask for an answer without content coding, which we must be able to read.
    """
    told = [(name := _decoded(raw), name.lower(), _decoded(value)) for raw, value in headers]
    named = {word.strip().lower() for _, low, value in told if low == "connection" for word in value.split(",")}
    found: CIMultiDict[str] = CIMultiDict()
    spelled: dict[str, str] = {}
    for name, low, value in told:
        if low in HOP_BY_HOP or low in named or low.startswith(OURS) or (plain and low == "accept-encoding"):
            continue
        found.add(spelled.setdefault(low, name), value)  # aiohttp keeps repeated ones only if spelled the same
    if plain:
        found.add("Accept-Encoding", "identity")
    return found


def answered(headers: Iterable[tuple[bytes, bytes]], *, resized: bool = False) -> CIMultiDict[str]:
    """An upstream's headers as they reach the client. The length stays where the bytes do, not if `resized`."""
    found: CIMultiDict[str] = CIMultiDict()
    for name, value in headers:
        told = _decoded(name)
        low = told.lower()
        if (low == "content-length" and not resized) or low not in HOP_BY_HOP:
            found.add(told, _decoded(value))
    return found


def _decoded(word: bytes) -> str:
    """A name or a value as the text that is written as the same bytes again: aiohttp writes UTF-8."""
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word.decode("latin-1")


def trust(environ: Mapping[str, str] | None = None) -> ssl.SSLContext:
    """The system's certificate authorities and the user's, whose files or folders may be missing.

    Raises UsageError where a variable names what holds none.
    """
    environ = os.environ if environ is None else environ
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()  # on Windows the system's own store
    defaults = ssl.get_default_verify_paths()
    for file, folder in ((defaults.openssl_cafile, None), (None, defaults.openssl_capath)):
        if (file and os.path.exists(file)) or (folder and os.path.isdir(folder)):
            context.load_verify_locations(file, folder)
    for name in CERTIFICATES:
        path = environ.get(name, "")
        if path and os.path.exists(path):
            try:
                context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
            except OSError as error:  # an SSLError is one
                raise UsageError(
                    f"{name} names {path}, whose certificates cannot be read ({error.strerror or error});"
                    " correct the variable, or unset it"
                ) from error
    return context


def web_proxy(url: str) -> str | None:
    """The proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY set for `url`."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if proxy_bypass(host):
        return None
    return getproxies().get(parts.scheme)


async def _pieces(body: bytes) -> AsyncIterator[memoryview]:
    view = memoryview(body)
    for start in range(0, len(body), PIECE_BYTES):
        yield view[start : start + PIECE_BYTES]


class _Request(aiohttp.ClientRequest):
    """A request with the client's headers alone. `skip_auto_headers` would be sorted and copied for every request."""

    _skip_auto_headers = CIMultiDict({"Content-Type": None})

    def update_auto_headers(self, skip_auto_headers: Iterable[str] | None) -> None:
        """Adds none."""


class Upstreams:
    """The connections to all upstreams: no limit on their number, no time limit on an answer, nothing decoded."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trust(), ttl_dns_cache=60),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=15),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_Request,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
        )
        self._asked = 0.0
        self._proxies: dict[str, str | None] = {}

    async def send(
        self, method: str, target: str, headers: CIMultiDict[str], body: bytes | AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        """Sends a request as it is, and follows no redirect: the client may not want it."""
        if isinstance(body, bytes) and len(body) > PIECE_BYTES:
            headers = CIMultiDict(headers)
            headers["Content-Length"] = str(len(body))
            data: bytes | AsyncIterator[bytes | memoryview] | None = _pieces(body)
        else:
            data = body
        return await self._session.request(
            method, URL(target, encoded=True), headers=headers, data=data, allow_redirects=False,
            proxy=self._web_proxy(target),
        )  # fmt: skip

    async def connect(self, target: str, headers: LooseHeaders, max_bytes: int) -> aiohttp.ClientWebSocketResponse:
        """Opens a WebSocket whose messages may have so many bytes."""
        return await self._session.ws_connect(
            URL(target, encoded=True), headers=headers, max_msg_size=max_bytes, proxy=self._web_proxy(target)
        )

    async def close(self) -> None:
        """Ends all connections."""
        await self._session.close()

    def _web_proxy(self, target: str) -> str | None:
        """`web_proxy`, remembered for a while."""
        if time.monotonic() > self._asked + PROXY_SECONDS:
            self._asked = time.monotonic()
            self._proxies.clear()
        origin = target[: target.find("/", len("https://"))]
        if origin not in self._proxies:
            self._proxies[origin] = web_proxy(origin)
        return self._proxies[origin]
