"""What a call of our tool returns: the range it asks for, or a sentence that says what to do instead."""

from __future__ import annotations

from collections.abc import Collection

from headroom import api
from headroom.errors import HeadroomError
from headroom.proxy.retrieve.turn import Answer, Call
from headroom.types import Store

MAX_CHARS = 400_000
"""A longer answer is cut, with the range to ask for next: no model reads more at once."""

NO_MORE = "There are no more retrievals in this turn. Go on with what you have, or ask for the rest later."

NO_OBJECT = "The arguments are no JSON object; call again with ref and one of lines, rows or query."


def redeem(call: Call, store: Store, refs: Collection[str]) -> Answer:
    """The answer to `call`; `refs` are those that this conversation was given: no other can be read."""
    if not isinstance(call.args, dict):
        return Answer(call.id, NO_OBJECT, True)
    args = call.args
    ref = args.get("ref")
    if not isinstance(ref, str) or ref not in refs:
        known = ", ".join(sorted(refs)[:20]) or "none"
        return Answer(call.id, f"No original {ref!r} belongs to this conversation; there are: {known}.", True)
    given = {name: str(args[name]) for name in ("lines", "rows", "path", "query") if args.get(name) not in (None, "")}
    try:
        text = api.retrieve(ref, store=store, **given)
    except HeadroomError as error:
        return Answer(call.id, f"{error}.", True)
    if len(text) > MAX_CHARS:
        cut = text[:MAX_CHARS]
        text = (
            f"{cut}\n[the answer is cut here after {MAX_CHARS:,} of {len(text):,} characters; ask for a smaller range]"
        )
    return Answer(call.id, text or "(empty)")
