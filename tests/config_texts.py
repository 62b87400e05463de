"""Hypothesis strategies: configuration files in many hands' writing, and what is wanted in them."""

from __future__ import annotations

import json
from typing import NamedTuple

import yaml
from hypothesis import strategies as st

from headroom.configs import Form
from headroom.types import Json

KEYS = st.sampled_from(["env", "model", "a", "b-c", "x y", "ü", "mcp.servers"])
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=6)
_LEAVES: dict[Form, st.SearchStrategy[Json]] = {
    "json": st.none() | st.booleans() | st.integers() | st.sampled_from([0.5, -1e30, 1.0]) | st.text(max_size=6),
    "toml": st.booleans() | st.integers(-(2**60), 2**60) | st.sampled_from([0.5, -1.25]) | _WORDS,
    "yaml": st.none() | st.booleans() | st.integers() | st.sampled_from([0.5, -1.25]) | _WORDS,
}
VALUES: dict[Form, st.SearchStrategy[Json]] = {
    form: st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
                       max_leaves=8)
    for form, leaves in _LEAVES.items()
}  # fmt: skip
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)


class Wanted(NamedTuple):
    """What an owner wants."""

    sets: tuple[tuple[tuple[str, ...], Json], ...]
    appends: tuple[tuple[tuple[str, ...], Json], ...]


def wanted(form: Form) -> st.SearchStrategy[Wanted]:
    pairs = st.lists(st.tuples(PATHS, VALUES[form]), max_size=2).map(tuple)
    return st.builds(Wanted, pairs, pairs)


@st.composite
def texts(draw: st.DrawFn, form: Form) -> str:
    """A file of the form, with comments, blank lines, either newline, and with or without one at its end."""
    table = draw(st.dictionaries(KEYS, VALUES[form], max_size=4))
    text = {"json": _json, "toml": _toml, "yaml": _yaml}[form](draw, table)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def _json(draw: st.DrawFn, value: Json) -> str:
    indent = draw(st.sampled_from([None, 2, 4, "\t"]))
    if draw(st.booleans()):
        colon = draw(st.sampled_from([":", ": "]))
        return json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans()), separators=(",", colon)) + "\n"
    blanks = st.sampled_from(["", "", " ", "\n", "\n  ", " // x, }\n", "/* y: */ ", "\n// z\n\n"])

    def write(value: Json) -> str:
        if not isinstance(value, (dict, list)):
            return json.dumps(value, ensure_ascii=False)
        opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
        if isinstance(value, dict):
            rows = [(json.dumps(key) + draw(blanks) + ":", held) for key, held in value.items()]
        else:
            rows = [("", held) for held in value]
        inside = ",".join(draw(blanks) + name + draw(blanks) + write(held) + draw(blanks) for name, held in rows)
        trailing = "," + draw(blanks) if bool(rows) and draw(st.booleans()) else ""
        return opened + (inside + trailing if rows else draw(blanks)) + closed

    return draw(blanks) + write(value) + draw(blanks)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(draw: st.DrawFn, table: dict[str, Json]) -> str:
    comments = st.sampled_from(["", "", "\n", "# [x]\n", "\n# a = 1\n"])
    ends = st.sampled_from(["", "", " # end", "  "])

    def inline(value: Json) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{_quoted(key)} = {inline(held)}" for key, held in value.items()) + " }"
        if isinstance(value, list):
            gap = draw(st.sampled_from([" ", "\n  ", " # ]\n"]))
            return "[" + "".join(gap + inline(held) + "," for held in value) + gap + "]"
        return _quoted(value) if isinstance(value, str) else json.dumps(value)

    def section(path: tuple[str, ...], table: dict[str, Json]) -> str:
        split = {key: isinstance(held, dict) and draw(st.booleans()) for key, held in table.items()}
        many = {key: isinstance(held, list) and bool(held) and all(isinstance(row, dict) for row in held)
                and draw(st.booleans()) for key, held in table.items()}  # fmt: skip
        text = ""
        for key, held in table.items():
            if not (split[key] or many[key]):
                text += f"{draw(comments)}{_quoted(key)} = {inline(held)}{draw(ends)}\n"
        for key, held in table.items():
            name = ".".join(map(_quoted, (*path, key)))
            if split[key]:
                text += f"{draw(comments)}[{name}]{draw(ends)}\n{section((*path, key), held)}"
            elif many[key]:
                text += "".join(f"{draw(comments)}[[{name}]]\n{section((*path, key), row)}" for row in held)
        return text

    return section((), table) + draw(comments)


def _yaml(draw: st.DrawFn, table: dict[str, Json]) -> str:
    if not table:
        return draw(st.sampled_from(["", "\n", "# nothing\n", "{}\n", "---\n"]))
    text: str = yaml.safe_dump(
        table, allow_unicode=True, sort_keys=False, indent=draw(st.sampled_from([2, 4])),
        default_flow_style=draw(st.sampled_from([False, False, None])), explicit_start=draw(st.booleans()),
    )  # fmt: skip
    rows = text.splitlines(keepends=True)
    for place in draw(st.lists(st.integers(0, len(rows)), max_size=2)):
        rows.insert(place, draw(st.sampled_from(["# x: 1\n", "\n", "   # - y\n"])))
    return "".join(rows)
