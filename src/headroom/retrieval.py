"""The tool `headroom_retrieve`: how it is declared, and what a call of it returns.

The proxy answers it behind the client's back, the MCP server to the client; both offer it in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import islice

from headroom import fragments, ranges, spans
from headroom.errors import RangeError, UnknownRefError, UsageError
from headroom.types import Json, Path, Store

TOOL = "headroom_retrieve"

DESCRIPTION = (
    "Returns what a notice like [… lines 41-252 …] left out of a tool result. Give one of lines, rows (of the array at"
    " path, $.items) or query (words)."
)

PARAMETERS: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "ref": {"type": "string", "description": "named in its first notice"},
        **{name: {"type": "string"} for name in ("lines", "rows", "path", "query")},
    },
    "required": ["ref"],
}
"""JSON Schema of the tool's arguments; with the name and the description at most 120 tokens."""

MAX_CHARS = 400_000
"""A longer answer is cut, with the range to ask for next: no model reads more at once."""


_OPENING = re.compile(r"[\ufeff\s]*[\[{\"]")
"""How JSON begins in which something can be named."""


def redeem(args: Json, store: Store, refs: Collection[str] | None = None) -> str:
    """What a call of the tool returns to the model.

    Args:
        args: the call's arguments as the model wrote them; what they should not be is refused in words for it.
        refs: the originals that the conversation was given, where that is known: no other can be read.

    Raises:
        UsageError: the arguments name no range of such an original.
        StoreError: the store cannot be read.
    """
    if not isinstance(args, dict):
        raise UsageError("The arguments are no JSON object; call again with ref and one of lines, rows or query")
    ref = args.get("ref")
    if not isinstance(ref, str) or (refs is not None and ref not in refs):
        if refs is None:
            raise UsageError(f"{ref!r} is no ref; call again with the name that stands in the notice")
        known = ", ".join(sorted(refs)[:20]) or "none"
        raise UnknownRefError(f"No original {ref!r} belongs to this conversation; there are: {known}")
    given = {name: str(args[name]) for name in ("lines", "rows", "path", "query") if args.get(name) not in (None, "")}
    text = retrieve(store, ref, **given)
    if len(text) > MAX_CHARS:
        cut = text[:MAX_CHARS]
        return (
            f"{cut}\n[the answer is cut here after {MAX_CHARS:,} of {len(text):,} characters; ask for a smaller range]"
        )
    return text or "(empty)"


def retrieve(
    store: Store,
    ref: str,
    *,
    lines: str | None = None,
    query: str | None = None,
    path: str | None = None,
    rows: str | None = None,
) -> str:
    """The original behind `ref`, or the part of it that is asked for; see `api.retrieve`.

    Raises:
        UnknownRefError: nothing is stored under `ref`.
        RangeError: the original has no such lines, rows or path.
        UsageError: two of `lines`, `query` and `rows` were given.
        StoreError: the store cannot be read.
    """
    given = {"lines": lines, "query": query, "rows": rows}
    asked = [name for name, value in given.items() if value is not None]
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} cannot be combined; give one of them")
    text = store.get(ref).text
    if path is not None and path.strip().startswith("@"):
        text = _within(text, path.strip(), rows)
    elif rows is not None or (path or "$").strip() != "$":
        text = _of_document(text, spans.parse_path(path or "$"), rows)
    if lines is not None:
        return ranges.lines(text, lines)
    return ranges.matching(text, query) if query is not None else text


def _of_document(text: str, path: Path, rows: str | None) -> str:
    """The value at `path` of a text that is JSON, or its rows that `rows` names. Raises RangeError."""
    if not _OPENING.match(text):
        raise RangeError("the original is no JSON, so it has no rows and no paths; ask by lines or query")
    data = text.encode("utf-8", "surrogatepass")
    start, end = spans.span(data, path) if rows is None else _rows(data, path, rows)
    return data[start:end].decode("utf-8", "surrogatepass")


def _rows(data: bytes, path: Path, spec: str) -> tuple[int, int]:
    """Start of the first and end of the last row that `spec` names. Raises RangeError."""
    count = sum(1 for _ in spans.rows(data, path))
    first, last = ranges.bounds(spec, count, "row", spans.show(path))
    found = spans.rows(data, path)
    start, end = next(islice(found, first - 1, None))
    return start, end if last == first else next(islice(found, last - first - 1, None))[1]


def _within(text: str, path: str, rows: str | None) -> str:
    """The same where JSON stands in a text, or is not whole, for a path like `@12:5[0].items`. Raises RangeError."""
    start, rest = fragments.find(text, path)
    if not (keys := spans.parse_path(rest)):
        found = list(fragments.items(text, start))
        first, last = ranges.bounds("1-" if rows is None else rows, len(found), "row", path)
        return text[found[first - 1].start : found[last - 1].end]
    for i, item in enumerate(fragments.items(text, start)):
        if str(keys[0]) == str(i if item.key is None else item.key):
            return _of_document(text[item.begins : item.end], keys[1:], rows)
    raise RangeError(f"nothing stands at {path}; name a row that is there, by its number from 0 or its key")
