"""By what a turn is recognised when the client shows it again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from headroom.proxy.decoding import encoded
from headroom.types import Json


def digest(kind: str, *parts: str | bytes) -> bytes:
    """SHA-256 of something of a kind; lone surrogates, which clients do send, count as they are."""
    made = hashlib.sha256(kind.encode())
    for part in parts:
        made.update(b"\0" + (part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part))
    return made.digest()


_UNIQUE = re.compile(r"(?=[A-Za-z]*\d)[A-Za-z\d]{10,}")
"""What is drawn at random has letters and digits in a row; some servers count instead (`functions.read:0`), and their
ids come again in every conversation."""


def issued(dialect: str, word: str) -> bytes:
    """The key of something that a provider issued and the client shows again: an id, a signature."""
    return digest("issued", dialect, word)


def keys(dialect: str, words: Iterable[str], head: bytes, text: str, *, every: bool = False) -> list[bytes]:
    """The keys of a turn: what the provider issued; where it issued nothing, or with `every`, also its text and place.

    `head` stands for what was said before: a text, or an id that may come again, counts only in its place. Blanks do
    not count: clients trim texts and join them.
    """
    found = [
        issued(dialect, word) if _UNIQUE.search(word) else digest("counted", dialect, head, word)
        for word in words
        if word
    ]
    text = "".join(text.split())
    return [*found, digest("text", dialect, head, text)] if text and (every or not found) else found


def heads(told: Iterable[Json]) -> list[bytes]:
    """For each of these, None for what does not count, a digest of those before it."""
    found: list[bytes] = []
    running = hashlib.sha256()
    for value in told:
        found.append(running.digest())
        if value is not None:
            running.update(encoded(value, sort=True) + b"\0")
    return found


def without(text: str, front: str) -> str:
    """`text` less what it begins with, of which a client may have trimmed the blanks; all of it if it does not."""
    cut = next((cut for cut in (front, front.strip()) if cut and text.startswith(cut)), "")
    rest = text[len(cut) :]
    return rest if rest.strip() else ""
