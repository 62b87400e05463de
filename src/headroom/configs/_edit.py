"""Puts keys into a text and takes them out again; every step is read back and refused if anything else changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from headroom.configs import _dotenv, _jsonc, _toml, _yaml
from headroom.configs._syntax import MISSING, Broken, Path, Refused, Syntax, at, bared, place_of, placed, same, without
from headroom.types import Json

SYNTAXES: Mapping[str, Syntax] = {"json": _jsonc, "toml": _toml, "yaml": _yaml, "env": _dotenv}

Pairs = Sequence[tuple[tuple[str, ...], Json]]

_EMPTY: tuple[Json, ...] = ({}, [], None)

_BARE = frozenset({"", "{}"})
"""Texts that hold nothing, not even a comment."""


def applied(syntax: Syntax, text: str, sets: Pairs, appends: Pairs) -> str:
    """The text with these keys set and these elements in their lists. Raises Broken, Refused."""
    for path, value in sets:
        if not same(at(_tables(syntax, text, path), path), value):
            text = _put(syntax, text, path, value)
    for path, element in appends:
        held = at(_tables(syntax, text, path), path)
        if held is MISSING or (held is None and syntax.NULL_IS_TABLE):
            text = _put(syntax, text, path, [element])
        elif not isinstance(held, list):
            raise Refused(f"{dotted(path)} is not a list")
        elif place_of(element, held) is None:
            new = placed(syntax.load(text), path, [*held, element])
            text = _checked(syntax, lambda: syntax.add(text, path, element), path, new)  # noqa: B023 (called at once)
    return text


def reverted(
    syntax: Syntax, text: str, base: str, sets: Pairs, appends: Pairs, ours: Pairs, kept: tuple[Pairs, Pairs]
) -> str:
    """The text without these edits. A key goes back to how `base` writes it, unless its value is none of `ours` any
    more, or is also wanted by the edits `kept`. Raises Broken, Refused."""
    before = syntax.load(base)
    kept_sets = dict(kept[0])
    for path, _ in reversed(sets):
        held = at(syntax.load(text), path)
        if not any(path == other and same(held, value) for other, value in ours):
            continue
        if path in kept_sets:
            text = text if same(held, kept_sets[path]) else _put(syntax, text, path, kept_sets[path])
        elif at(before, path) is MISSING:
            text = _pruned(syntax, _dropped(syntax, text, path), base, path[:-1])
        elif not same(held, at(before, path)):
            text = _pasted(syntax, text, base, path)
    for path, element in reversed(appends):
        place = place_of(element, at(syntax.load(text), path))
        wanted = any(path == other and same(element, value) for other, value in kept[1])
        if place is not None and not wanted and place_of(element, at(before, path)) is None:
            text = _pruned(syntax, _dropped(syntax, text, (*path, place)), base, path)
    return base if text.strip() in _BARE and base.strip() in _BARE else text


def is_bare(text: str) -> bool:
    """True if nothing is in the text, not even a comment."""
    return text.strip() in _BARE


def faults(syntax: Syntax, text: str, sets: Pairs, appends: Pairs) -> list[str]:
    """What of these edits is no longer in the text, as ends of a sentence. Raises Broken."""
    value = syntax.load(text)
    found = []
    for path, wanted in sets:
        held = at(value, path)
        if not same(held, wanted):
            found.append(f"{dotted(path)} is {'gone' if held is MISSING else 'not what we set'}")
    gone = (path for path, element in appends if place_of(element, at(value, path)) is None)
    return found + [f"our element of {dotted(path)} is gone" for path in gone]


def dotted(path: Iterable[str | int]) -> str:
    return ".".join(map(str, path))


def _tables(syntax: Syntax, text: str, path: Path) -> dict[str, Json]:
    """The value of the text, in which nothing but tables is on the way to `path`. Raises Refused."""
    value = syntax.load(text)
    for end in range(1, len(path)):
        held = at(value, path[:end])
        if held is not MISSING and not isinstance(held, dict) and not (held is None and syntax.NULL_IS_TABLE):
            raise Refused(f"{dotted(path[:end])} is not a table")
    return value


def _checked(syntax: Syntax, edit: Callable[[], str], path: Path, wanted: Json) -> str:
    """The edited text, if it reads as wanted. Raises Refused."""
    text = edit()
    try:
        value = syntax.load(text)
    except Broken as error:
        raise Refused(f"{dotted(path)} cannot be changed here without breaking the file ({error.why})") from error
    if not same(bared(value, path), bared(wanted, path)):
        raise Refused(f"{dotted(path)} cannot be changed here without changing something else")
    return text


def _put(syntax: Syntax, text: str, path: tuple[str, ...], value: Json) -> str:
    new = _checked(syntax, lambda: syntax.put(text, path, value), path, placed(syntax.load(text), path, value))
    if not same(at(syntax.load(new), path), value):
        raise Refused(f"{dotted(path)} cannot be given this value")
    return new


def _dropped(syntax: Syntax, text: str, path: Path) -> str:
    return _checked(syntax, lambda: syntax.drop(text, path), path, without(syntax.load(text), path))


def _pasted(syntax: Syntax, text: str, base: str, path: tuple[str, ...]) -> str:
    """The text with the value at `path` as `base` writes it; if that does not fit here any more, written anew."""
    value = at(syntax.load(base), path)
    try:
        return _checked(
            syntax, lambda: syntax.paste(text, path, syntax.source(base, path)), path,
            placed(syntax.load(text), path, value),
        )  # fmt: skip
    except Refused:
        return _put(syntax, text, path, value)


def _pruned(syntax: Syntax, text: str, base: str, path: tuple[str, ...]) -> str:
    """The text without the tables and lists at the end of `path` that became empty and were not in `base`; one that
    was empty in `base` is written as it was there."""
    before = syntax.load(base)
    for end in range(len(path), -1, -1):
        held, earlier = at(syntax.load(text), path[:end]), at(before, path[:end])
        if held is MISSING:
            continue
        if held not in _EMPTY or (earlier is not MISSING and earlier not in _EMPTY):
            break
        if earlier is not MISSING:
            return _emptied(syntax, text, base, path[:end])
        text = _dropped(syntax, text, path[:end])
    return text


def _emptied(syntax: Syntax, text: str, base: str, path: tuple[str, ...]) -> str:
    """The text with the empty value at `path` as `base` writes it, unless somebody wrote a comment into it since."""
    now, then = ("".join(syntax.source(of, path).split()) for of in (text, base))
    if now not in (then, "", "{}", "[]"):
        return text
    return _checked(
        syntax,
        lambda: syntax.paste(text, path, syntax.source(base, path)),
        path,
        placed(syntax.load(text), path, at(syntax.load(base), path)),
    )
