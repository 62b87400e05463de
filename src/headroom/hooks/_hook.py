"""What a client's hooks are to the rest: how an event shows a tool's output, and how a smaller one is given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from headroom.configs import Change, Place
from headroom.types import Json, Path, ToolCall

Event: TypeAlias = Mapping[str, Any]
"""What a client says when a tool is done, as decoded JSON."""


class Output(NamedTuple):
    """One tool's output, before the client has given it to the model."""

    call: ToolCall
    value: Json
    """The output in the client's own shape."""
    texts: tuple[Path, ...]
    """Where in `value` the texts stand that the model will read."""
    session: str = ""
    project: str = ""
    """The folder that the client works in."""
    limit: int = 0
    """Characters from which on the client would cut a text itself; 0 for none."""


class Paths(NamedTuple):
    """What an installed hook runs."""

    python: str
    """The interpreter, as an absolute path."""
    home: str
    """Headroom's own folder."""


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A client whose tool outputs can be replaced before its model sees them."""

    client: str
    title: str
    model: str
    """A model that its texts are counted for, since events name none."""
    read: Callable[[Event], Output | None]
    """The output of an event; None for what is left as it is. May raise on what is no event of this client."""
    write: Callable[[Output, Json], dict[str, Json]]
    """The answer that puts a value in the place of `Output.value`."""
    changes: Callable[[Place, Paths, bool], Sequence[Change]]
    """What is written to install the hook; True for the current project alone."""
    tells: tuple[str, ...]
    """What a user should know, a line each."""


class Refusal(NamedTuple):
    """A client whose hooks cannot do it safely."""

    client: str
    title: str
    why: str
    """As a sentence for the user, with what to do instead."""


def word(event: Event, name: str) -> str:
    """The string under a name, or ""."""
    value = event.get(name)
    return value if isinstance(value, str) else ""


def text_at(value: Json, path: Path) -> str:
    """The text at `path`, or "" where there is none."""
    for key in path:
        value = value[key]
    return value if isinstance(value, str) else ""


def blocks(content: Json, *way: str | int) -> tuple[Path, ...]:
    """Where the texts of a list of content blocks stand, the list itself standing at `way`."""
    if not isinstance(content, list):
        return ()
    return tuple((*way, i, "text") for i, block in enumerate(content) if _is_text(block))


def _is_text(block: Json) -> bool:
    return isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str)
