"""Who may talk to the proxy: the programs of this machine, not the pages in their browsers.

A page cannot set its Host or Origin (DNS rebinding and cross-origin requests are told by them), and a program on
another machine must know the token. Relayed requests carry the provider's own credential and need no token of ours on
loopback; everything else needs it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from headroom.running import is_loopback

TOKEN_HEADER = "x-headroom-token"


class Guard:
    """Decides on each request by its Host, Origin and token."""

    def __init__(self, host: str, token: str) -> None:
        self._open = not is_loopback(host)
        """True where other machines can reach the proxy: then every request needs the token."""
        self._token = token

    def refuses(self, headers: Mapping[str, str], own_page: bool) -> str | None:
        """Why a request is refused, as a sentence; None if it may pass.

        Args:
            headers: by lower-case name.
            own_page: True for what the proxy answers itself (figures, metrics, a dry run), False for what it relays.
        """
        named = self._named(headers)
        if not self._open and not is_loopback(_host_of(headers.get("host", ""))):
            return "the Host header names another machine; use 127.0.0.1 or localhost"
        origin = headers.get("origin", "")
        if origin and origin != f"http://{headers.get('host', '')}" and not named:
            return "requests from a web page are not served"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not named:
            return "requests from a web page are not served"
        if (own_page or self._open) and not named:
            return f"the token is missing; send it as {TOKEN_HEADER}, or as ?token="
        return None

    def _named(self, headers: Mapping[str, str]) -> bool:
        given = headers.get(TOKEN_HEADER, "")
        return bool(self._token) and hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())


@lru_cache(maxsize=256)
def _host_of(header: str) -> str:
    """The host of a Host header, without its port; empty for what is none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
