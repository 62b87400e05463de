"""Cheap looks at a text that several modules need; each is one pass of C code at most."""

from __future__ import annotations

import re
from collections.abc import Mapping

from headroom.types import Json

_SECRET_FILE = re.compile(
    r"(?:^|[/\\\s'\"=])"
    r"(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.(?:pem|p12|pfx|keystore)|id_(?:rsa|dsa|ecdsa|ed25519))"
    r"(?=$|[\s'\"|;&)])"
)
_NOT_SECRET_FILE = re.compile(r"\.env\.(?:example|sample|template|dist)\b")

# Markers first (a plain substring search), the expression only where one is found: a scan at memory speed.
_SECRET_TEXT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("PRIVATE KEY-----", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("AKIA", re.compile(r"\bAKIA[0-9A-Z]{16}\b")),
    ("ASIA", re.compile(r"\bASIA[0-9A-Z]{16}\b")),
    ("ghp_", re.compile(r"\bghp_[A-Za-z0-9]{36}\b")),
    ("gho_", re.compile(r"\bgho_[A-Za-z0-9]{36}\b")),
    ("github_pat_", re.compile(r"\bgithub_pat_[A-Za-z0-9_]{60,}")),
    ("glpat-", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("sk-ant-", re.compile(r"\bsk-ant-[A-Za-z0-9_-]{24,}")),
    ("sk-", re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]{40,}")),
    ("xox", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}")),
    ("AIza", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("sk_live_", re.compile(r"\bsk_live_[0-9A-Za-z]{20,}")),
)


def holds_secret(text: str) -> bool:
    """True if `text` holds a private key or a token of a known issuer."""
    return any(marker in text and pattern.search(text) for marker, pattern in _SECRET_TEXT)


def names_secret_file(args: Mapping[str, Json]) -> bool:
    """True if a call's arguments name a file that holds secrets (`.env`, `*.pem`, `id_rsa`, key stores)."""
    words = " ".join(v for v in args.values() if isinstance(v, str) and len(v) < 10_000)
    return bool(_SECRET_FILE.search(_NOT_SECRET_FILE.sub("", words)))


def has_surrogate(text: str) -> bool:
    """True if `text` holds an unpaired surrogate, which UTF-8 cannot carry."""
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
