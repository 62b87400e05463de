"""The source that JavaScript runners and bundlers print around a failure: its numbers follow from the first.

    324 |   const order = make('session');     324 |   const order = make('session');
    325 |                                      |
  > 326 |   await gateway.refund(order);       >   await gateway.refund(order);
        |   ^                                  :   ^
    327 | });                                  | });

The first line stays as it is. Below it `|` opens the line of the next number, `>` the same where it is marked, `:` one
without a number. Any other line ends the snippet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

CLAUSE = "|x below a numbered line of source: the next line; >x the marked one; :x marks"

LEAST, MOST = 3, 40
"""A snippet has so many lines below its first: what is longer is a listing or a table."""

_FIRST = re.compile(r"(?P<lead> +)(?P<number>[1-9]\d{0,6})(?P<bar> ?[|│▕])(?: |\Z)", re.ASCII)
_OPENING = re.compile(r" *(?P<mark>>?) *(?P<number>[1-9]\d{0,6})?\Z", re.ASCII)
_SIGNS = ("|", ">", ":")


class _Form(NamedTuple):
    """How the lines of one snippet begin, as its first line shows it."""

    number: int
    end: int
    """Column at which the numbers end."""
    bar: str

    @classmethod
    def read(cls, line: str) -> _Form | None:
        match = _FIRST.match(line)
        return cls(int(match["number"]), match.end("number"), match["bar"]) if match else None

    def beginning(self, sign: str, below: int, last: int) -> str:
        """That of a line with this sign, `below` numbers further than the first; the last number sets the width."""
        if sign == ":":
            return " " * self.end + self.bar
        if sign == "|":
            return str(self.number + below).rjust(self.end) + self.bar
        width = len(str(last))
        return ("> " + str(self.number + below).rjust(width)).rjust(self.end) + self.bar


def encode(lines: Sequence[str]) -> list[str] | None:
    """The lines with the snippets written so; None where there are none."""
    out: list[str] = []
    found = False
    i, n = 0, len(lines)
    while i < n:
        form = _Form.read(lines[i])
        below = _snippet(lines, i, form) if form else []
        out.append("\\" + lines[i] if lines[i][:1] == "\\" else lines[i])
        out += below
        i += 1 + len(below)
        found = found or bool(below)
        if form and i < n and lines[i].startswith(_SIGNS):
            out.append("\\" + lines[i])
            i += 1
    return out if found else None


def decode(lines: Sequence[str]) -> list[str]:
    """The lines that `encode` was given."""
    out: list[str] = []
    i, n = 0, len(lines)
    while i < n:
        first = lines[i][1:] if lines[i][:1] == "\\" else lines[i]
        out.append(first)
        i += 1
        form = _Form.read(first)
        stop = i
        while form and stop < n and lines[stop].startswith(_SIGNS):
            stop += 1
        if form:
            out += _written(form, lines[i:stop])
            i = stop
    return out


def _written(form: _Form, below: Sequence[str]) -> list[str]:
    """The original lines of a snippet below its first."""
    last = form.number + sum(line[0] != ":" for line in below)
    out: list[str] = []
    at = 0
    for line in below:
        at += line[0] != ":"
        out.append(form.beginning(line[0], at, last) + line[1:])
    return out


def _snippet(lines: Sequence[str], i: int, form: _Form) -> list[str]:
    """The lines below line i as they are written; empty where no snippet with a mark begins there."""
    below: list[str] = []
    at = 0
    cut = form.end + len(form.bar)
    for j in range(i + 1, min(len(lines), i + 1 + MOST)):
        line = lines[j]
        opening = _OPENING.match(line, 0, form.end)
        if opening is None or line[form.end : cut] != form.bar:
            break
        sign = ":" if not opening["number"] else ">" if opening["mark"] else "|"
        at += sign != ":"
        if opening["number"] and int(opening["number"]) != form.number + at:
            break
        below.append(sign + line[cut:])
    while below and _written(form, below) != list(lines[i + 1 : i + 1 + len(below)]):
        below.pop()
    marked = any(line[0] != "|" for line in below)
    return below if len(below) >= LEAST and marked else []
