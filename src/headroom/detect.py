"""Cheap looks at a text that several modules need; each is one pass of C code at most.

Where a look cannot be sure it says "secret": the price is a text left as it is, the gain a key that is never stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headroom.types import Json

_SECRET_FILE = re.compile(
    r"""(?<![\w.-])(?:
        \.env(?:rc|\*|\.[\w.*-]+)?                               # dotenv and direnv
      | [\w.*-]+\.(?:pem|key|p12|pfx|jks|keystore|ppk|kdbx)      # keys, certificates with keys, key stores
      | id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?                     # ssh
      | [._]netrc | \.npmrc | \.pypirc | \.pgpass | \.htpasswd | \.git-credentials
      | \.aws[/\\]credentials | \.docker[/\\]config\.json | \.kube[/\\]config
    )(?![\w-]|\.\w)""",
    re.VERBOSE | re.IGNORECASE,
)
_NOT_SECRET_FILE = re.compile(r"\.env\.(?:example|sample|template|dist)(?![\w-])", re.IGNORECASE)

_NO_FILE_NAMES = frozenset({"pattern", "regex", "query"})
"""Arguments that say what to look for, not where."""

_NESTING = 8
"""How deep arguments are searched for file names: tools nest two or three levels (`{"command": ["bash", …]}`)."""

# Each expression matches where its marker stands: finding markers is a substring search at memory speed, and
# expressions run only there.
_SECRET_TEXT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("-----BEGIN ", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")),
    ("PuTTY-User-Key-File-", re.compile(r"PuTTY-User-Key-File-\d:")),
    ("AGE-SECRET-KEY-1", re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{58}\b")),
    # Amazon's documentation ends its sample keys with EXAMPLE
    ("AKIA", re.compile(r"\bAKIA(?!\w*EXAMPLE\b)[0-9A-Z]{16}\b")),
    ("ASIA", re.compile(r"\bASIA(?!\w*EXAMPLE\b)[0-9A-Z]{16}\b")),
    ("aws_secret_access_key", re.compile(r"aws_secret_access_key[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}\b")),
    ("AWS_SECRET_ACCESS_KEY", re.compile(r"AWS_SECRET_ACCESS_KEY[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}\b")),
    ("ghp_", re.compile(r"\bghp_[A-Za-z0-9]{36}\b")),
    ("gho_", re.compile(r"\bgho_[A-Za-z0-9]{36}\b")),
    ("ghu_", re.compile(r"\bghu_[A-Za-z0-9]{36}\b")),
    ("ghs_", re.compile(r"\bghs_[A-Za-z0-9]{36}\b")),
    ("github_pat_", re.compile(r"\bgithub_pat_[A-Za-z0-9_]{60,}")),
    ("glpat-", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("npm_", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("hf_", re.compile(r"\bhf_[A-Za-z0-9]{34}\b")),
    # a class name such as `sk-loading-spinner-…` is as long as a key, but holds no digit or no capital
    ("sk-", re.compile(r"\bsk-(?=[\w-]*\d)(?=[\w-]*[A-Z])(?:ant-[\w-]{24,}|(?:proj-)?[\w-]{40,})", re.ASCII)),
    ("sk_live_", re.compile(r"\bsk_live_[0-9A-Za-z]{20,}")),
    ("rk_live_", re.compile(r"\brk_live_[0-9A-Za-z]{20,}")),
    ("xox", re.compile(r"\bxox[abeprs]-[A-Za-z0-9-]{20,}")),
    ("xapp-", re.compile(r"\bxapp-\d-[A-Za-z0-9-]{20,}")),
    ("AIza", re.compile(r"\bAIza[0-9A-Za-z_-]{35}(?![\w-])")),
)


def holds_secret(text: str) -> bool:
    """True if `text` holds a private key or a token of a known issuer."""
    return any(pattern.match(text, at) for marker, pattern in _SECRET_TEXT for at in _places(text, marker))


def names_secret_file(args: Mapping[str, Json]) -> bool:
    """True if a call's arguments, nested ones too, name a file that holds secrets (`.env`, `*.pem`, `id_rsa`, …)."""
    return any(
        _SECRET_FILE.search(_NOT_SECRET_FILE.sub("", words))
        for name, value in args.items()
        if name not in _NO_FILE_NAMES
        for words in _strings(value, _NESTING)
    )


def has_surrogate(text: str) -> bool:
    """True if `text` holds an unpaired surrogate, which UTF-8 cannot carry."""
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _places(text: str, marker: str) -> Iterator[int]:
    at = text.find(marker)
    while at >= 0:
        yield at
        at = text.find(marker, at + 1)


def _strings(value: Json, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner, depth - 1)
