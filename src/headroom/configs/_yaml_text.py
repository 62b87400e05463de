"""Where the values of a YAML text stand, from the events of PyYAML's parser. PyYAML is loaded when a YAML file is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

from headroom.configs._syntax import Broken
from headroom.types import Json


@dataclass(slots=True)
class Node:
    """A value: `text[start:end]`, comments after it not included. A value that is not written is empty."""

    start: int
    end: int
    column: int
    """Of its first character: the keys of a mapping in block style, or the dashes of a list, all begin there."""
    kind: str
    """ "mapping", "list", or "scalar", which aliases count as."""
    flow: bool = False
    """True for a mapping or list in brackets."""
    text: str | None = None
    """Of a scalar."""
    children: list[Child] = field(default_factory=list)


@dataclass(slots=True)
class Child:
    """A key with its value, or an element: `start` is where the key, or the element itself, begins."""

    key: str | None
    start: int
    node: Node


@lru_cache(maxsize=4)
def load(text: str) -> dict[str, Json]:
    """The outermost mapping, shared: not to be changed. Raises Broken."""
    yaml = import_module("yaml")
    try:
        value = yaml.load(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Broken(mark.line + 1 if mark else 1, f"this is not YAML ({error.problem or error.context})") from error
    except yaml.YAMLError as error:
        place = getattr(error, "position", 0)
        raise Broken(text.count("\n", 0, place) + 1, "this is not YAML (a character that it does not allow)") from error
    except (ValueError, RecursionError) as error:
        raise Broken(1, f"this is not YAML that we can read ({error})") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Broken(1, "the outermost value is not a mapping")
    return value


@lru_cache(maxsize=4)
def tree(text: str) -> Node | None:
    """The outermost mapping; None if there is nothing but comments. The text was read by `load` before."""
    yaml = import_module("yaml")
    events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
    for event in events:
        if isinstance(event, yaml.MappingStartEvent):
            return _node(event, events, text)
    return None


def _node(event: Any, events: Iterator[Any], text: str) -> Node:
    start, kind = event.start_mark, type(event).__name__
    node = Node(start.index, event.end_mark.index, start.column, "scalar")
    if kind in ("ScalarEvent", "AliasEvent"):
        node.text = getattr(event, "value", None)
        if getattr(event, "style", None) in ("|", ">"):
            node.end = len(text[: node.end].rstrip())
        return node
    node.kind = "mapping" if kind == "MappingStartEvent" else "list"
    node.flow = bool(event.flow_style)
    for inner in events:
        if type(inner).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
            node.end = inner.end_mark.index if node.flow or not node.children else node.children[-1].node.end
            return node
        first = _node(inner, events, text)
        if node.kind == "list":
            node.children.append(Child(None, first.start, first))
        else:
            node.children.append(Child(first.text, first.start, _node(next(events), events, text)))
    return node
