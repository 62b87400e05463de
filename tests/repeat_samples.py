"""Texts as they are sent, for the tests of telling by reference."""

from __future__ import annotations

from collections.abc import Sequence

from headroom.compressors._repeats import Earlier
from headroom.compressors.reading import Reading
from headroom.types import Facts

READING = Reading()
CODE = [f"    result_{i} = compute(first_value[{i}], other_value, key={i * 7})" for i in range(200)]


def numbered(lines: Sequence[str], first: int = 1, form: str = "%6d→") -> str:
    """The lines as a tool numbers them."""
    return "\n".join(form % n + line for n, line in enumerate(lines, first))


def view(lines: Sequence[str], first: int = 1, form: str = "%6d→") -> str:
    """The lines as a numbered view is sent."""
    rendering = READING.encode(Facts(numbered(lines, first, form)))
    assert rendering is not None
    return rendering


def read(name: str, text: str) -> Earlier:
    return Earlier(f"Read {name}", text, "reading")


def ran(command: str, text: str) -> Earlier:
    return Earlier(f"Bash {command}", text, "raw")
